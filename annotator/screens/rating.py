"""The rating screen: one Gradio component that hands over to `static/rating.js`.

Rating itself never uses a Gradio event. The script talks to the HTTP routes, which answer four
to seven times as fast and go on working when Gradio's own connection breaks.
"""

from __future__ import annotations

import json

import gradio as gr

from annotator.screens.look import STATIC
from schemas.study import Study

__all__ = ["build_rating_screen"]

_TEMPLATE = '<div class="rating-root" role="status"></div>'
_MOUNT = """
const root = element.querySelector(".rating-root");
import(props.module)
  .then((screen) => screen.mount(root, JSON.parse(props.options)))
  .catch((error) => {
    root.textContent = props.failed;
    throw error;
  });
"""


def build_rating_screen(study: Study) -> gr.Blocks:
    """Return the page on which a rater rates; mount it with `mount_arguments()`."""
    with gr.Blocks(title=study.title, analytics_enabled=False, fill_width=True) as screen:
        # Not a subclass of gr.HTML: Gradio writes a .pyi file beside the source of each one.
        gr.HTML(
            html_template=_TEMPLATE,
            js_on_load=_MOUNT,
            apply_default_css=False,
            elem_id="rating-screen",
            module=f"{STATIC}/rating.js",
            options=json.dumps({"language": study.language}),
            failed="Reload the page: it did not load. 评分页面未能加载，请刷新页面。",
        )
    screen.queue(default_concurrency_limit=20, api_open=False)
    return screen
