"""What the desk's tabs share: how clicks come in, how events run, how a job is shown."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from annotator.jobs import Job
from annotator.screens.desk_html import button, clock_time, note
from annotator.screens.desk_words import refused, say
from schemas.errors import UserError

__all__ = ["QUIET", "address_of", "author_of", "clickable", "in_order", "job_html", "refusal"]

_CLICKS = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) trigger("click", JSON.parse(button.dataset.do));
});
"""

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For every event: no spinner over what can be read, not an API."""


def in_order(tab: str, *, again: bool = False) -> dict[str, Any]:
    """Return the arguments of an event that writes what other events of `tab` write too.

    They run one after the other: an older, slower answer must not replace a newer one.

    Args:
        tab: Name of what they write.
        again: Whether it may be asked again before the answer; Gradio drops the second click
            otherwise, which is right where something is made, wrong where something is shown.
    """
    return {
        **QUIET,
        "concurrency_id": tab,
        "concurrency_limit": 1,
        "trigger_mode": "multiple" if again else "once",
    }


def clickable(name: str) -> gr.HTML:
    """Return a piece of page whose `data-do` buttons raise its click event."""
    return gr.HTML("", js_on_load=_CLICKS, apply_default_css=False, elem_id=name)


def author_of(request: gr.Request) -> str:
    """Return the curator who is asking."""
    return request.username or ""


def address_of(request: gr.Request, public_url: str | None) -> str:
    """Return the address for links: the public one, else the one the curator's browser uses."""
    if public_url:
        return public_url
    origin = request.headers.get("origin")
    return str(origin or f"http://{request.headers.get('host', '')}")


def refusal(error: UserError) -> str:
    """Return what a user error says, in the page."""
    return note(refused(error), is_bad=True)


def job_html(job: Job | None, result: str = "") -> str:
    """Return a job as it stands: progress and cancel, or how it ended and `result`.

    Args:
        job: The job; nothing is shown for None.
        result: HTML of what a finished job brought.
    """
    if job is None:
        return ""
    head = f"<h3>{note_title(job)}</h3>"
    if job.state == "running":
        return f'<div class="siqa desk"><div class="job">{head}{_meter(job)}</div></div>'
    failed = refused(UserError(job.code, job.message))
    body = {"done": result, "failed": f'<p class="bad">{failed}</p>'}.get(job.state, "")
    close = button(say("dismiss"), do="dismiss", target=job.kind)
    return f'<div class="siqa desk"><div class="job">{head}{body}{close}</div></div>'


def note_title(job: Job) -> str:
    """Return what is or was done, by whom, and when it ended."""
    ended = f"{say('job_' + job.state)} {clock_time(job.ended_at)}" if job.ended_at else ""
    title = say(f"doing_{job.key}", **job.values) if job.key else escape(job.title)
    return f'{title} <small class="soft">{say("by", who=job.author)} {ended}</small>'


def _meter(job: Job) -> str:
    stop = button(say("cancel"), do="cancel", target=job.kind)
    if job.is_cancelling:
        stop = say("cancelling")
    if not job.n_total:
        return f'<div class="meter unknown"><i></i></div><p>{say("working")} {stop}</p>'
    share = f"{100 * job.n_done / job.n_total:.1f}"
    return (
        f'<div class="meter" role="progressbar" aria-valuenow="{share}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-labelledby="done-{job.kind}">'
        f'<i style="width:{share}%"></i></div>'
        f'<p id="done-{job.kind}">'
        f"{say('job_of', done=f'{job.n_done:,}', total=f'{job.n_total:,}')} {stop}</p>"
    )
