"""What reading images found, on the desk: of one image with its places, and as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from annotator.desk.checks import Found, FoundIn
from annotator.screens.desk_html import open_link, table_html, thumbnail
from annotator.screens.desk_words import say
from pipelines.scoring.checks.findings import Finding

__all__ = ["findings_html", "found_html", "marks_html"]

_MOST_WORDS = 12
_MOST_LETTERS = 60

Names = Mapping[str, str]


def findings_html(findings: Sequence[Finding] | None, names: Names) -> str:
    """Return what was found in one image, numbered as its marks are; empty where nothing was.

    Args:
        findings: Surest first; None where what was kept cannot be read.
        names: Dimension -> label.
    """
    if findings is None:
        return f'<h3>{say("checks_title")}</h3><p class="bad">{say("checks_damaged")}</p>'
    if not findings:
        return ""
    rows = [
        [f'<b class="mark">{number}</b>', *_about(one, names)]
        for number, one in enumerate(findings, 1)
    ]
    table = table_html(["", *_head()], rows, numeric={3}, is_html_head=True)
    return f'<h3>{say("checks_title")}</h3><p class="soft">{say("checks_about")}</p>{table}'


def marks_html(findings: Sequence[Finding]) -> str:
    """Return numbered frames that lie over the picture where something was found."""
    return "".join(_mark(number, one) for number, one in enumerate(findings, 1))


def _mark(number: int, one: Finding) -> str:
    width, height = one.size
    box = one.box
    if min(width, height) <= 0:
        return ""
    shares = (box.left / width, box.top / height, box.width / width, box.height / height)
    sides = zip(("left", "top", "width", "height"), shares, strict=True)
    style = ";".join(f"{side}:{100 * min(max(share, 0.0), 1.0):.2f}%" for side, share in sides)
    return f'<i class="found" style="{style}"><b>{number}</b></i>'


def found_html(found: Found, names: Names) -> str:
    """Return the list of what was found in all images, surest first.

    Args:
        found: What was found.
        names: Dimension -> label.
    """
    if not found.n_read:
        return f"<p>{say('checks_unread')}</p>"
    if not found.rows:
        return f"<p>{say('checks_none', n=f'{found.n_read:,}')}</p>"
    counts = say(
        "checks_count",
        findings=f"{found.n_findings:,}",
        images=f"{found.n_images:,}",
        read=f"{found.n_read:,}",
    )
    table = table_html(
        ["", "", *_head()],
        [_row(row, names) for row in found.rows],
        numeric={4},
        is_html_head=True,
    )
    more = found.n_findings - len(found.rows)
    rest = f'<p class="soft">{say("and_more", n=f"{more:,}")}</p>' if more > 0 else ""
    return f"<p>{counts}</p>{table}{rest}"


def _row(row: FoundIn, names: Names) -> list[str]:
    return [
        thumbnail(row.stimulus),
        open_link(row.stimulus, row.file_name),
        *_about(row.finding, names),
    ]


def _head() -> list[str]:
    return [say("checks_what"), say("dimension"), say("checks_sureness")]


def _about(one: Finding, names: Names) -> list[str]:
    """Return the cells: sentence with the words it rests on, dimension, sureness."""
    sentence = say(f"check_{one.check}", **{k: _shortened(v) for k, v in one.values.items()})
    words = " · ".join(_shortened(word) for word in one.words[:_MOST_WORDS])
    if len(one.words) > _MOST_WORDS:
        words += " …"
    return [
        f'<p class="text">{sentence}</p><small>{say("checks_words", words=words)}</small>',
        escape(names.get(one.dimension, one.dimension)),
        f"{one.sureness:.0%}",
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
