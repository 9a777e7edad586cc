"""The HTTP routes, and the app that the screens are mounted in."""

from annotator.api.app import build_app
from annotator.api.server import Server

__all__ = ["Server", "build_app"]
