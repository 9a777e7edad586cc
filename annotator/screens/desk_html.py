"""The desk's pages as HTML strings. Every text from outside is escaped here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import count
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
from annotator.screens.desk_words import say

__all__ = [
    "button",
    "clock_time",
    "empty",
    "estimate_html",
    "header_html",
    "history_html",
    "mos_html",
    "note",
    "notice_html",
    "open_link",
    "overview_html",
    "pager",
    "pending_html",
    "rater_link",
    "stimulus_html",
    "table_html",
    "tag",
    "thumbnail",
]

_SAID = count(1)

Names = Mapping[str, str]
"""Dimension or composite -> its label, in the order of the columns."""


def header_html(title: str) -> str:
    """Return the line on top of the desk: study, theme, sign out."""
    return (
        f'<div class="siqa desk-head"><h1>{escape(title)}</h1>'
        f'<span class="soft">{say("desk")}</span>'
        '<button type="button" class="link push" onclick="siqaLanguage.turn()">'
        f"{say('other_language')}</button>"
        '<button type="button" class="link" onclick="siqaTheme.toggle()">'
        f"{say('theme')}</button>"
        '<form method="post" action="/leave" onsubmit="return confirm('
        "this.querySelector('.sure').innerText)"
        f'"><span class="sure unseen" aria-hidden="true">{say("sign_out_sure")}</span>'
        f'<button class="link">{say("sign_out")}</button></form></div>'
    )


def overview_html(overview: Overview) -> str:
    """Return progress in numbers, what to do next, and one line for each person."""
    tiles = [
        (f"{overview.share_complete:.0%}", say("wanted_share")),
        (f"{overview.n_submissions:,}", say("submissions_of", n=f"{overview.n_wanted:,}")),
        (f"{overview.n_complete:,}", say("complete_of", n=f"{overview.n_stimuli:,}")),
        (f"{overview.n_texts:,}", say("texts")),
        (f"{overview.n_removed:,}", say("ratings_taken_out")),
    ]
    numbers = "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in tiles)
    share = f"{100 * overview.share_complete:.1f}"
    return (
        f'<div class="siqa desk"><div class="meter" role="progressbar" aria-valuenow="{share}"'
        f' aria-valuemin="0" aria-valuemax="100" aria-labelledby="share-of-wanted">'
        f'<i style="width:{share}%"></i></div>'
        f'<div class="tiles" id="share-of-wanted">{numbers}</div>'
        f"{_demo(overview)}{_next_step(overview)}{_raters(overview.raters)}{history_html(overview.decisions)}</div>"
    )


def _demo(overview: Overview) -> str:
    if not overview.is_demo:
        return ""
    then = f"{say('is_demo_then')} {_to_tab('studies')}"
    return f'<p class="said"><b>{say("is_demo")}</b> {then}</p>'


def _to_tab(tab: str) -> str:
    return button(say(f"go_{tab}"), do="tab", target=tab)


def _next_step(overview: Overview) -> str:
    raters = [row for row in overview.raters if row.role == "rater"]
    if not overview.n_stimuli:
        return empty(say("no_images"), f"{say('no_images_then')}<br>{_to_tab('images')}")
    if not raters:
        return empty(say("no_raters"), f"{say('no_raters_then')}<br>{_to_tab('people')}")
    if not overview.n_submissions:
        return empty(say("no_ratings"), f"{say('no_ratings_then')}<br>{_to_tab('people')}")
    return ""


def _raters(raters: Sequence[RaterRow]) -> str:
    if not raters:
        return ""
    rows = [
        [
            _rater(row),
            say(f"role_{row.role}"),
            f"{row.n_submissions:,}",
            f"{row.n_texts:,}",
            clock_time(row.last_at),
            f"{say('state_' + row.state)} {_exclude(row)}",
        ]
        for row in raters
    ]
    keys = ("people_name", "people_role", "people_n", "people_texts", "people_last",
            "people_state")  # fmt: skip
    head = [say(key) for key in keys]
    return f"<h2>{say('tab_people')}</h2>" + table_html(
        head, rows, numeric={2, 3}, is_html_head=True
    )


def _rater(row: RaterRow) -> str:
    return escape(row.rater) if row.role != "rater" else rater_link(row.rater)


def _exclude(row: RaterRow) -> str:
    if row.role != "rater" or row.state == "excluded":
        return ""
    return button(say("exclude"), do="exclude", target=row.rater, about=row.rater)


def mos_html(page: MosPage, query: MosQuery, names: Names) -> str:
    """Return one page of the table of stimuli, with headers that sort."""
    if not page.rows and page.is_old and page.as_of is None:
        return f'<div class="siqa desk">{empty(say("computing"), say("computing_then"))}</div>'
    if not page.rows:
        return _nothing_found(query)
    columns = {"file_name": say("image"), "n": "n"}
    columns |= {f"mos:{name}": escape(names[name]) for name in names}
    head = [
        f'<span class="unseen">{say("picture")}</span>',
        *(_sorter(key, label, query) for key, label in columns.items()),
    ]
    rows = [
        [
            thumbnail(row.stimulus),
            open_link(row.stimulus, row.file_name)
            + (tag(say("retired")) if row.is_retired else ""),
            f"{row.n}",
            *(estimate_html(row.estimates.get(name)) for name in names),
        ]
        for row in page.rows
    ]
    turn = pager(page.page, page.n_pages)
    about = f"{say('n_images', n=f'{page.n_found:,}')} · {say('plain_cell')}{_as_of(page)}"
    body = table_html(head, rows, numeric=set(range(2, len(head))), is_html_head=True)
    again = f'<div class="row end">{turn}</div>' if turn else ""
    return (
        f'<div class="siqa desk"><div class="row"><p class="soft">{about}</p>{turn}</div>'
        f"{body}{again}</div>"
    )


def pager(page: int, n_pages: int) -> str:
    """Return where one is and the buttons before and after; nothing where there is one page.

    They raise clicks `turn` with the page wanted.
    """
    if n_pages < 2:
        return ""
    before = button(say("previous"), do="turn", target=str(page - 1), is_off=page <= 1)
    after = button(say("next"), do="turn", target=str(page + 1), is_off=page >= n_pages)
    where = say("page_of", page=f"{page:,}", pages=f"{n_pages:,}")
    return f'<span class="pager">{before}<span class="soft">{where}</span>{after}</span>'


def _as_of(page: MosPage) -> str:
    if not page.is_old:
        return ""
    return f" · {say('as_of')} {clock_time(page.as_of)} · <b>{say('counting')}</b>"


def _nothing_found(query: MosQuery) -> str:
    if query.search or query.where:
        searched = f" “{escape(query.search)}”" if query.search else ""
        text = empty(f"{say('no_match')}{searched}", say("no_match_then"))
    else:
        text = empty(say("no_images"), say("no_images_then"))
    return f'<div class="siqa desk">{text}</div>'


def _sorter(key: str, label: str, query: MosQuery) -> str:
    is_it = query.sort == key
    arrow = (" ↓" if query.descending else " ↑") if is_it else ""
    return button(f"{label}{arrow}", do="sort", target=key, kind="sorter", pressed=is_it)


def estimate_html(estimate: Estimate | None) -> str:
    """Return MOS ± interval, below it SD and n; a dash where there is none."""
    if estimate is None or estimate.mos is None:
        return '<span class="soft">–</span>'
    interval = "" if estimate.ci95 is None else f" ± {estimate.ci95:.2f}"
    spread = "" if estimate.sos is None else f"SD {estimate.sos:.2f} · "
    return f"<b>{estimate.mos:.2f}</b>{interval}<small>{spread}n {estimate.n}</small>"


def stimulus_html(
    view: StimulusView,
    names: Names,
    dimensions: Sequence[str],
    *,
    marks: str = "",
    findings: str = "",
) -> str:
    """Return one stimulus: picture, numbers, votes, texts, history.

    Args:
        view: All about it.
        names: Dimension or composite -> label.
        dimensions: Those that are rated.
        marks: HTML that lies over the picture.
        findings: HTML of what reading it found.
    """
    source = f"/images/{escape(view.stimulus, quote=True)}"
    retired = tag(say("retired")) if view.is_retired else ""
    retire = "" if view.is_retired else button(
        say("retire"), do="retire", target=view.stimulus, about=view.file_name
    )  # fmt: skip
    numbers = table_html(
        list(names.values()), [[estimate_html(view.estimates.get(n)) for n in names]]
    )
    return (
        '<div class="siqa desk stimulus"><div class="row">'
        f"<h2>{escape(view.file_name)}</h2>{retired}"
        f'<span class="soft">{view.width} × {view.height} px · {escape(view.stimulus)}</span>'
        f"{retire}</div>"
        f'<a class="picture" href="{source}" target="_blank" rel="noopener">'
        f'<span class="marked"><img src="{source}?w=1024" '
        f'alt="{escape(view.file_name, quote=True)}">{marks}</span></a>'
        f"{numbers}{findings}{_votes(view.votes, dimensions, names)}{history_html(view.decisions)}"
        f"{_about(view)}</div>"
    )


def _votes(votes: Sequence[Vote], dimensions: Sequence[str], names: Names) -> str:
    if not votes:
        return _votes_title() + empty(say("no_ratings"), "")
    rows = [
        [
            rater_link(vote.rater),
            *(_score(vote.scores.get(name)) for name in dimensions),
            "".join(f'<p class="text">{escape(text)}</p>' for text in vote.texts),
            f"{clock_time(vote.at)}{_seconds(vote.duration_ms)}",
            _vote_state(vote),
        ]
        for vote in votes
    ]
    labels = (escape(names[name]) for name in dimensions)
    head = [say("tab_rater"), *labels, say("text"), say("when"), ""]
    muted = {i for i, v in enumerate(votes) if v.removed_because is not None or v.is_corrected}
    numeric = set(range(1, 1 + len(dimensions)))
    return _votes_title() + table_html(head, rows, numeric=numeric, muted=muted, is_html_head=True)


def _votes_title() -> str:
    return f"<h3>{say('votes')}</h3>"


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _seconds(duration_ms: int | None) -> str:
    if duration_ms is None:
        return ""
    return f"<small>{say('after_seconds', n=f'{duration_ms / 1000:.0f}')}</small>"


def _vote_state(vote: Vote) -> str:
    if vote.removed_because is not None:
        return tag(say("taken_out")) + f"<small>{escape(vote.removed_because)}</small>"
    if vote.is_corrected:
        return tag(say("corrected"))
    void = button(say("void"), do="void", target=vote.submission, about=vote.rater)
    return (tag(say("late")) if vote.is_late else "") + void


def history_html(decisions: Sequence[Decision]) -> str:
    """Return decisions with what undoes them; nothing where there is none."""
    if not decisions:
        return ""
    rows = [
        [
            clock_time(one.at),
            f"{say('did_' + one.action)} {_target(one)}",
            escape(one.reason),
            escape(one.author),
            _undo(one),
        ]
        for one in decisions
    ]
    head = [say("when"), say("decision"), say("reason"), say("decided_by"), ""]
    return f"<h3>{say('decisions')}</h3>" + table_html(head, rows, is_html_head=True)


def _target(decision: Decision) -> str:
    if decision.action == "retire":
        return open_link(decision.target, decision.target)
    if decision.action == "exclude":
        return rater_link(decision.target)
    return f"<code>{escape(decision.target)}</code>"


def _undo(decision: Decision) -> str:
    if decision.reversed_at is not None:
        who = say("by", who=decision.reversed_by or "–")
        return f"{say('taken_back')} {clock_time(decision.reversed_at)} {who}"
    return button(say("take_back"), do="reverse", target=decision.decision, about=decision.target)


def _about(view: StimulusView) -> str:
    facts: list[tuple[str, Any]] = [(say("came_as"), path) for path in view.sightings]
    facts += [] if view.rendition is None else [(say("displayed"), view.rendition)]
    facts += [(escape(str(name)), value) for name, value in view.details.items()]
    rows = [[name, escape(str(value))] for name, value in facts]
    return f"<h3>{say('about_file')}</h3>" + table_html(["", ""], rows) if rows else ""


def pending_html(action: str, about: str) -> str:
    """Return the question that stands above the reason, before a decision is taken."""
    question = say(f"{action}_sure", about=about)
    return f'<div class="siqa desk"><p><b>{question}</b></p></div>'


def notice_html(said: str) -> str:
    """Return one line that says what happened, or nothing where nothing is said.

    Args:
        said: HTML. It is shown again when it is said again, though it was clicked away.
    """
    if not said:
        return ""
    return (
        f'<div class="siqa desk" data-said="{next(_SAID)}">'
        f'<p class="said" role="status">{said}'
        f'<button type="button" class="link" data-hush>{say("dismiss")}</button></p></div>'
    )


def table_html(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: set[int] | None = None,
    muted: set[int] | None = None,
    is_html_head: bool = False,
) -> str:
    """Return a table that scrolls sideways; cells are HTML."""

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if place in (numeric or ()) else ''}>{cell}</{tag}>"
            for place, cell in enumerate(row)
        )

    unseen = f'<span class="unseen">{say("more")}</span>'
    names = cells([one if is_html_head else escape(one) or unseen for one in head], "th")
    top = f"<tr>{names}</tr>" if any(head) else ""
    body = "".join(
        f"<tr{' class=muted' if place in (muted or ()) else ''}>{cells(row, 'td')}</tr>"
        for place, row in enumerate(rows)
    )
    return f'<div class="scroll"><table>{top}{body}</table></div>'


def note(said: str, *, is_bad: bool = False) -> str:
    """Return one line that says what happened or what is wrong, given as HTML."""
    kind = "bad" if is_bad else "soft"
    return f'<div class="siqa desk"><p class="{kind}" role="status">{said}</p></div>'


def button(
    text: str,
    *,
    do: str,
    target: str,
    about: str = "",
    kind: str = "small",
    pressed: bool = False,
    is_off: bool = False,
) -> str:
    """Return a button that raises its panel's click event; `text` is HTML."""
    said = escape(json.dumps({"do": do, "target": target, "about": about}), quote=True)
    state = (' aria-pressed="true"' if pressed else "") + (" disabled" if is_off else "")
    return f'<button type="button" class="{kind}" data-do="{said}"{state}>{text}</button>'


def rater_link(rater: str) -> str:
    """Return a button that opens the page of a rater."""
    return button(escape(rater), do="rater", target=rater, kind="opener")


def open_link(stimulus: str, file_name: str) -> str:
    """Return a button that opens the page of a stimulus."""
    return button(escape(file_name), do="open", target=stimulus, kind="opener")


def thumbnail(stimulus: str) -> str:
    """Return the small picture of a stimulus."""
    source = escape(f"/images/{stimulus}?w=96", quote=True)
    return f'<img class="thumb" loading="lazy" decoding="async" alt="" src="{source}">'


def tag(text: str) -> str:
    """Return a word in a frame; `text` is HTML."""
    return f'<span class="tag">{text}</span> '


def clock_time(at: str | None) -> str:
    """Return a time (ISO 8601, UTC) to the minute."""
    if at is None:
        return f'<span class="soft">{say("never")}</span>'
    return f'<time datetime="{escape(at, quote=True)}">{escape(at[:16].replace("T", " "))}</time>'


def empty(what: str, then: str) -> str:
    """Return a box that says that there is nothing, and what to do; both are HTML."""
    return f'<div class="empty"><b>{what}</b><p>{then}</p></div>'
