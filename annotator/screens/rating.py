"""The rating screen: one Gradio component that hands over to `static/rating.js`.

Rating itself never uses a Gradio event. The script talks to the HTTP routes, which answer four
to seven times as fast and go on working when Gradio's own connection breaks.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from annotator.screens.mounting import STATIC
from schemas.study import Study

__all__ = ["RatingScreen", "build_rating_screen"]

_MOUNT = """
import(props.module).then(
  (screen) => screen.mount(element.querySelector(".rating-root"), JSON.parse(props.options)),
).catch((error) => { element.querySelector(".rating-root").textContent = props.failed; throw error; });
"""


class RatingScreen(gr.HTML):
    """Place where the browser puts the rating screen; it has no value and no events."""

    def __init__(self, language: str = "en", **more: Any) -> None:
        """Make the component for a study written in `language`."""
        super().__init__(
            value="",
            html_template='<div class="rating-root" role="status"></div>',
            js_on_load=_MOUNT,
            apply_default_css=False,
            elem_id="rating-screen",
            module=f"{STATIC}/rating.js",
            options=json.dumps({"language": language}),
            failed="The rating screen did not load. Reload the page.",
            **more,
        )

    def api_info(self) -> dict[str, Any]:
        """Return the type of its value, which is always the empty string."""
        return {"type": "string"}


def build_rating_screen(study: Study) -> gr.Blocks:
    """Return the page on which a rater rates; mount it with `mount_arguments()`."""
    with gr.Blocks(title=study.title, analytics_enabled=False, fill_width=True) as screen:
        RatingScreen(language=study.language)
    screen.queue(default_concurrency_limit=20, api_open=False)
    return screen
