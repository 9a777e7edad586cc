"""How a Gradio screen is mounted: look, and everything switched off that would leave the house."""

from __future__ import annotations

from typing import Any

import gradio as gr

from annotator.screens.look import head_of, modules_head

__all__ = ["mount_arguments"]

_FONTS = ["system-ui", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans CJK SC", "sans-serif"]
_MONO = ["ui-monospace", "Consolas", "DejaVu Sans Mono", "monospace"]
_PAGE_CSS = """
body { background: var(--bg) !important; }
.gradio-container { background: var(--bg) !important; }
"""


def mount_arguments(style: str = "rating") -> dict[str, Any]:
    """Return the keyword arguments for `gr.mount_gradio_app`.

    Args:
        style: Name of the page's own style sheet in `static/`: `rating` or `desk`.
    """
    return {
        "theme": gr.themes.Base(font=_FONTS, font_mono=_MONO),
        "css": _PAGE_CSS,
        "head": head_of(style) + (modules_head() if style == "rating" else ""),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "show_error": True,
    }
