"""The screens in the app: raters' at /rate, curators' at /desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator.screens.desk import build_desk
from annotator.screens.desk_words import language_choice
from annotator.screens.early import EarlyScripts
from annotator.screens.look import STATIC
from annotator.screens.mounting import mount_arguments
from annotator.screens.rating import build_rating_screen
from annotator.store_desk import StoreDesk
from schemas.study import Study

__all__ = ["mount_screens"]


def mount_screens(
    app: Any,
    study: Study,
    store: StoreDesk,
    who: Callable[[Any], str],
    public_url: Callable[[], str | None] = lambda: None,
) -> None:
    """Mount both screens in the app of the routes.

    Args:
        app: The app.
        study: The study.
        store: What the desk shows and does.
        who: Returns who is asking, given the request; the app lets nobody else in.
        public_url: Returns the address for invite links where one is kept.
    """
    screens = {
        "rating": ("/rate", build_rating_screen(study)),
        "desk": ("/desk", build_desk(store, study, public_url)),
    }
    for style, (path, screen) in screens.items():
        gr.mount_gradio_app(
            app,
            screen,
            path=path,
            auth_dependency=who,
            i18n=language_choice() if style == "desk" else None,
            **mount_arguments(style),
        )
    scripts = "".join(f'<script src="{STATIC}/{name}.js"></script>' for name in ("theme", "desk"))
    app.add_middleware(EarlyScripts, path="/desk/", tags=scripts)
