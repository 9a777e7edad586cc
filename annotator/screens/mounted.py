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


def mount_screens(
    app: Any, study: Study, reader: DeskReader, require_role: Callable[[str, Any], str]
) -> None:
    """Mount both screens in the app of the routes.

    Args:
        app: The app.
        study: The study.
        reader: What the desk shows.
        require_role: Returns who is asking, or refuses, given a role and the request.
    """
    gr.mount_gradio_app(
        app,
        build_rating_screen(study),
        path="/rate",
        auth_dependency=lambda request: require_role("rater", request),
        **mount_arguments("rating"),
    )
    gr.mount_gradio_app(
        app,
        build_desk(reader, study),
        path="/desk",
        auth_dependency=lambda request: require_role("curator", request),
        **mount_arguments("desk"),
    )
