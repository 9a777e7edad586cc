"""Under which address people reach the study."""

from __future__ import annotations

from annotator.store import Reads, SnapshotStore
from schemas.errors import UserError

__all__ = ["checked_public_url", "public_address"]

_DEFAULT = "http://127.0.0.1:7860"


def public_address(study: Reads) -> str:
    """Return the address for links: --public-url as kept, else the running server, else local."""
    kept = study.settings().get("public_url")
    if kept:
        return kept
    # An address left behind by a killed server is nobody's; a snapshot comes from a live one.
    return study.server.url if isinstance(study, SnapshotStore) else _DEFAULT


def checked_public_url(url: str) -> str:
    """Return a public URL without trailing slash.

    Raises:
        UserError: `invalid_url`.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UserError(
            "invalid_url", f"'{url}' is no address; give one such as https://rate.example.org."
        )
    return url.rstrip("/")
