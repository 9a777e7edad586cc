"""The desk's pages as HTML strings. Every text from outside is escaped here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from annotator.screens.desk_reader import (
    Decision,
    Estimate,
    MosPage,
    MosQuery,
    Overview,
    RaterRow,
    StimulusView,
    Vote,
)

__all__ = [
    "header_html",
    "mos_html",
    "notice_html",
    "overview_html",
    "pending_html",
    "stimulus_html",
]

Names = Mapping[str, str]
"""Dimension or composite -> its label, in the order of the columns."""

_STATES = {
    "invited": "invited, link not used yet",
    "active": "active",
    "disabled": "access switched off",
    "excluded": "excluded from results",
    "imported": "from an import, no login",
}


def header_html(title: str) -> str:
    """Return the line on top of the desk: study, theme, sign out."""
    return (
        f'<div class="siqa desk-head"><h1>{escape(title)}</h1>'
        '<span class="soft">curator’s desk</span>'
        '<button type="button" class="link push" onclick="siqaTheme.toggle()">light / dark</button>'
        '<form method="post" action="/leave" onsubmit="return confirm('
        "'Sign out here? To come back you need a new invite link.'"
        ')"><button class="link">sign out</button></form></div>'
    )


def overview_html(overview: Overview) -> str:
    """Return progress in numbers, what to do next, and one line for each person."""
    tiles = [
        (f"{overview.share_complete:.0%}", "of the submissions wanted"),
        (f"{overview.n_submissions:,}", f"submissions of {overview.n_wanted:,} wanted"),
        (f"{overview.n_complete:,}", f"images complete of {overview.n_stimuli:,}"),
        (f"{overview.n_texts:,}", "texts"),
        (f"{overview.n_removed:,}", "ratings taken out"),
    ]
    numbers = "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in tiles)
    share = f"{100 * overview.share_complete:.1f}"
    return (
        f'<div class="siqa desk"><div class="meter" role="progressbar" aria-valuenow="{share}"'
        f' aria-valuemin="0" aria-valuemax="100" aria-label="Progress of the study">'
        f'<i style="width:{share}%"></i></div><div class="tiles">{numbers}</div>'
        f"{_next_step(overview)}{_raters(overview.raters)}{_history(overview.decisions)}</div>"
    )


def _next_step(overview: Overview) -> str:
    raters = [row for row in overview.raters if row.role == "rater"]
    if not overview.n_stimuli:
        return _empty("No images yet.", "Bring some in: python app.py import FOLDER")
    if not raters:
        return _empty("Nobody to rate yet.", "Invite somebody: python app.py raters add NAME")
    if not overview.n_submissions:
        return _empty(
            "No ratings yet.", "Send people their invite links; this page shows what comes in."
        )
    return ""


def _raters(raters: Sequence[RaterRow]) -> str:
    if not raters:
        return ""
    rows = [
        [
            escape(row.rater),
            escape(row.role),
            f"{row.n_submissions:,}",
            f"{row.n_texts:,}",
            _time(row.last_at),
            f"{_STATES.get(row.state, escape(row.state))} {_exclude(row)}",
        ]
        for row in raters
    ]
    head = ["Person", "Role", "Submissions", "Texts", "Last (UTC)", "State"]
    return "<h2>People</h2>" + _table(head, rows, numeric={2, 3})


def _exclude(row: RaterRow) -> str:
    if row.role != "rater" or row.state == "excluded":
        return ""
    return _button("Exclude…", do="exclude", target=row.rater, about=f"rater {row.rater}")


def mos_html(page: MosPage, query: MosQuery, names: Names) -> str:
    """Return one page of the table of stimuli, with headers that sort."""
    if not page.rows:
        return _nothing_found(query)
    columns = {"file_name": "Image", "n": "n"} | {f"mos:{name}": names[name] for name in names}
    head = [
        '<span class="unseen">picture</span>',
        *(_sorter(key, label, query) for key, label in columns.items()),
    ]
    rows = [
        [
            _thumbnail(row.stimulus),
            _open(row.stimulus, row.file_name) + (_tag("retired") if row.is_retired else ""),
            f"{row.n}",
            *(_estimate(row.estimates.get(name)) for name in names),
        ]
        for row in page.rows
    ]
    about = (
        f'<p class="soft">{page.n_found:,} images · page {page.page:,} of {page.n_pages:,} · '
        "each cell: MOS ± half-width of the 95 % interval, below it SD and n</p>"
    )
    body = _table(head, rows, numeric=set(range(2, len(head))), is_html_head=True)
    return f'<div class="siqa desk">{about}{body}</div>'


def _nothing_found(query: MosQuery) -> str:
    if query.search:
        text = _empty(f"No image matches “{query.search}”.", "Search for less, or empty the box.")
    else:
        text = _empty("No images yet.", "Bring some in: python app.py import FOLDER")
    return f'<div class="siqa desk">{text}</div>'


def _sorter(key: str, label: str, query: MosQuery) -> str:
    is_it = query.sort == key
    arrow = (" ↓" if query.descending else " ↑") if is_it else ""
    return _button(f"{label}{arrow}", do="sort", target=key, kind="sorter", pressed=is_it)


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None or estimate.mos is None:
        return '<span class="soft">–</span>'
    interval = "" if estimate.ci95 is None else f" ± {estimate.ci95:.2f}"
    spread = "" if estimate.sos is None else f"SD {estimate.sos:.2f} · "
    return f"<b>{estimate.mos:.2f}</b>{interval}<small>{spread}n {estimate.n}</small>"


def stimulus_html(view: StimulusView, names: Names, dimensions: Sequence[str]) -> str:
    """Return one stimulus: picture, numbers, votes, texts, history."""
    source = f"/images/{escape(view.stimulus, quote=True)}"
    tag = _tag("retired") if view.is_retired else ""
    retire = "" if view.is_retired else _button(
        "Retire image…", do="retire", target=view.stimulus, about=f"image {view.file_name}"
    )  # fmt: skip
    numbers = _table(list(names.values()), [[_estimate(view.estimates.get(n)) for n in names]])
    return (
        f'<div class="siqa desk stimulus"><div class="row"><h2>{escape(view.file_name)}</h2>{tag}'
        f'<span class="soft">{view.width} × {view.height} px · {escape(view.stimulus)}</span>'
        f"{retire}</div>"
        f'<a class="picture" href="{source}" target="_blank" rel="noopener">'
        f'<img src="{source}?w=1024" alt="{escape(view.file_name, quote=True)}"></a>'
        f"{numbers}{_votes(view.votes, dimensions, names)}{_history(view.decisions)}"
        f"{_about(view)}</div>"
    )


def _votes(votes: Sequence[Vote], dimensions: Sequence[str], names: Names) -> str:
    if not votes:
        return "<h3>Votes</h3>" + _empty("Nobody has rated this image yet.", "")
    rows = [
        [
            f'<span class="nowrap">{escape(vote.rater)}</span>',
            *(_score(vote.scores.get(name)) for name in dimensions),
            "".join(f'<p class="text">{escape(text)}</p>' for text in vote.texts),
            f"{_time(vote.at)}{_seconds(vote.duration_ms)}",
            _vote_state(vote),
        ]
        for vote in votes
    ]
    head = ["Rater", *(names[name] for name in dimensions), "Text", "When (UTC)", ""]
    muted = {i for i, v in enumerate(votes) if v.removed_because is not None or v.is_corrected}
    numeric = set(range(1, 1 + len(dimensions)))
    return "<h3>Votes</h3>" + _table(head, rows, numeric=numeric, muted=muted)


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _seconds(duration_ms: int | None) -> str:
    return "" if duration_ms is None else f"<small>after {duration_ms / 1000:.0f} s</small>"


def _vote_state(vote: Vote) -> str:
    if vote.removed_because is not None:
        return _tag("taken out") + f"<small>{escape(vote.removed_because)}</small>"
    if vote.is_corrected:
        return _tag("corrected later")
    void = _button(
        "Void…", do="void", target=vote.submission, about=f"the submission of {vote.rater}"
    )
    return (_tag("late") if vote.is_late else "") + void


def _history(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return ""
    rows = [
        [
            _time(one.at),
            f"{escape(one.action)} {escape(one.target)}",
            escape(one.reason),
            escape(one.author),
            _undo(one),
        ]
        for one in decisions
    ]
    head = ["When (UTC)", "Decision", "Reason", "By", ""]
    return "<h3>Decisions</h3>" + _table(head, rows)


def _undo(decision: Decision) -> str:
    if decision.reversed_at is not None:
        return f"taken back {_time(decision.reversed_at)} by {escape(decision.reversed_by or '')}"
    about = f"the decision “{decision.action} {decision.target}”"
    return _button("Take back…", do="reverse", target=decision.decision, about=about)


def _about(view: StimulusView) -> str:
    facts: list[tuple[str, Any]] = [("came as", path) for path in view.sightings]
    facts += [] if view.rendition is None else [("displayed", view.rendition)]
    facts += list(view.details.items())
    rows = [[escape(str(name)), escape(str(value))] for name, value in facts]
    return "<h3>About the file</h3>" + _table(["", ""], rows) if rows else ""


def pending_html(action: str, about: str) -> str:
    """Return the question that stands above the reason, before a decision is taken."""
    does = {
        "void": "Void {about}: its ratings and texts no longer count.",
        "exclude": "Exclude {about}: no rating of this person counts any more.",
        "retire": "Retire {about}: it is shown to nobody and leaves the results.",
        "reverse": "Take back {about}: what it took out counts again.",
    }[action]
    return f'<div class="siqa desk"><p><b>{escape(does.format(about=about))}</b></p></div>'


def notice_html(message: str) -> str:
    """Return one line that says what happened, or nothing for an empty message."""
    if not message:
        return ""
    return (
        '<div class="siqa desk"><p class="said" role="status" title="Click to close"'
        f' onclick="this.remove()">{escape(message)}</p></div>'
    )


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: set[int] | None = None,
    muted: set[int] | None = None,
    is_html_head: bool = False,
) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if place in (numeric or ()) else ''}>{cell}</{tag}>"
            for place, cell in enumerate(row)
        )

    unseen = '<span class="unseen">more</span>'
    names = cells([one if is_html_head else escape(one) or unseen for one in head], "th")
    top = f"<tr>{names}</tr>" if any(head) else ""
    body = "".join(
        f"<tr{' class=muted' if place in (muted or ()) else ''}>{cells(row, 'td')}</tr>"
        for place, row in enumerate(rows)
    )
    return f'<div class="scroll"><table>{top}{body}</table></div>'


def _button(
    label: str, *, do: str, target: str, about: str = "", kind: str = "small", pressed: bool = False
) -> str:
    said = escape(json.dumps({"do": do, "target": target, "about": about}), quote=True)
    state = ' aria-pressed="true"' if pressed else ""
    return f'<button type="button" class="{kind}" data-do="{said}"{state}>{escape(label)}</button>'


def _open(stimulus: str, file_name: str) -> str:
    return _button(file_name, do="open", target=stimulus, kind="opener")


def _thumbnail(stimulus: str) -> str:
    source = escape(f"/images/{stimulus}?w=96", quote=True)
    return f'<img class="thumb" loading="lazy" decoding="async" alt="" src="{source}">'


def _tag(text: str) -> str:
    return f'<span class="tag">{escape(text)}</span> '


def _time(at: str | None) -> str:
    if at is None:
        return '<span class="soft">never</span>'
    return f'<time datetime="{escape(at, quote=True)}">{escape(at[:16].replace("T", " "))}</time>'


def _empty(what: str, then: str) -> str:
    return f'<div class="empty"><b>{escape(what)}</b><p>{escape(then)}</p></div>'
