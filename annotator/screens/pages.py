"""Plain pages around the screens: coming in, being refused. HTML strings, no Gradio."""

from __future__ import annotations

from html import escape

from annotator.screens.look import STATIC, head_of, in_all_languages, refusal_in_all_languages

__all__ = ["error_page", "join_page", "landing_page"]

_ADVICE = {
    "invite_used": "advice_used",
    "invite_replaced": "advice_used",
    "invite_unknown": "advice_link",
    "not_logged_in": "advice_link",
    "rater_disabled": "advice_ask",
    "wrong_role": "advice_role",
    "not_a_rater": "advice_role",
    "not_a_curator": "advice_role",
    "not_found": "advice_home",
}


def landing_page(title: str) -> str:
    """Return the start page for people who are not logged in."""
    return _page(
        title,
        f"<h1>{escape(title)}</h1>"
        f"<p>{in_all_languages('landing_text')}</p>"
        f'<p class="soft">{in_all_languages("advice_link")}</p>',
    )


def join_page(rater: str, role: str, title: str) -> str:
    """Return who is invited to what, with a Start button that claims the invite.

    The form posts to its own address, so the token stands nowhere but in the link.

    Args:
        rater: Name of the person invited.
        role: `rater` or `curator`.
        title: Title of the study.
    """
    return _page(
        title,
        f"<h1>{escape(title)}</h1>"
        f"<p>{in_all_languages('join_invited', rater=rater)}</p>"
        f"<p>{in_all_languages('join_as_' + role)}</p>"
        '<form method="post"><button class="go" type="submit" autofocus>'
        f"{in_all_languages('join_start')}</button></form>"
        f'<p class="soft">{in_all_languages("join_once")}</p>',
    )


def error_page(code: str, message: str, status: int) -> str:
    """Return an error as a page: what happened, and a way on.

    Args:
        code: Stable name of the error; chooses the advice.
        message: One line for people, already saying what to do.
        status: HTTP status it is sent with.
    """
    heading = {401: "error_401", 403: "error_403", 404: "error_404"}.get(status, "error_other")
    if code in {"invite_used", "invite_replaced", "invite_unknown"}:
        heading = "error_invite"
    advice = _ADVICE.get(code, "advice_again")
    return _page(
        str(status),
        f"<h1>{in_all_languages(heading)}</h1>"
        f"<p>{refusal_in_all_languages(code, message)}</p>"
        f'<p class="soft">{in_all_languages(advice)}</p>'
        f'<p><a class="button plain" href="/">{in_all_languages("to_start")}</a></p>',
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title>{head_of('pages')}</head>"
        f'<body class="siqa"><main class="card">{body}</main>'
        f'<script src="{STATIC}/speak.js"></script></body></html>'
    )
