"""The screens in the app: raters' at /rate, curators' at /desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator.screens.desk import build_desk
from annotator.screens.desk_reader import DeskReader
from annotator.screens.mounting import mount_arguments
from annotator.screens.rating import build_rating_screen
from schemas.study import Study

__all__ = ["mount_screens"]


def mount_screens(app: Any, study: Study, reader: DeskReader, who: Callable[[Any], str]) -> None:
    """Mount both screens in the app of the routes.

    Args:
        app: The app.
        study: The study.
        reader: What the desk shows.
        who: Returns who is asking, given the request; the app lets nobody else in.
    """
    screens = {
        "rating": ("/rate", build_rating_screen(study)),
        "desk": ("/desk", build_desk(reader, study)),
    }
    for style, (path, screen) in screens.items():
        gr.mount_gradio_app(app, screen, path=path, auth_dependency=who, **mount_arguments(style))
