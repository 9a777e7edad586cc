"""On a rater's page: the rater as an instrument, in numbers beside the panel's and in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from annotator.desk.readings import ReadingsPage
from annotator.screens.desk_html import clock_time, table_html
from annotator.screens.desk_words import in_other_languages, say
from pipelines.opinion.reading import Reading

__all__ = ["readings_html"]

_BY_DIMENSION = (
    "bias", "inconsistency", "scale_use", "spread", "longest_run", "drift", "previous_image",
    "test_retest",
)  # fmt: skip
_COUNTS = ("scale_use", "longest_run")
_SIGNED = ("bias", "drift", "previous_image")


def readings_html(page: ReadingsPage | None, names: Mapping[str, str]) -> str:
    """Return what stands out, all numbers by dimension, and every reading as a sentence.

    Args:
        page: The readings of a rater; None while the first are being computed.
        names: Dimension -> its label, in the order of the columns.
    """
    title = f"<h3>{say('readings_title')}</h3>"
    if page is None:
        return f'{title}<p class="soft">{say("computing")}</p>'
    if not page.readings:
        return f'{title}<p class="soft">{say("readings_none")}</p>'
    as_of = f"{say('as_of')} {clock_time(page.computed_at)}"
    state = f"{as_of} · <b>{say('counting')}</b>" if page.is_old else as_of
    whole = [one for one in page.readings if one.group is None]
    return (
        f'{title}<p class="soft">{say("readings_about")} {state}</p>'
        f"{_outstanding(page.readings, names)}{_numbers(whole, names)}"
        f"{_by_group(page.readings, names)}{_sentences(page.readings, names)}"
    )


def _outstanding(readings: Sequence[Reading], names: Mapping[str, str]) -> str:
    asking = [one for one in readings if one.asks]
    if not asking:
        return f"<p>{say('readings_nothing')}</p>"
    said: dict[str, list[Reading]] = {}
    for one in asking:
        said.setdefault(one.figure + one.sentence, []).append(one)
    lines = "".join(
        f"<li><b>{_of(same, names)}</b> {_sentence(same[0])}</li>" for same in said.values()
    )
    return f"<ul>{lines}</ul>"


def _numbers(readings: Iterable[Reading], names: Mapping[str, str]) -> str:
    """Return one line a figure: the rater's number in each dimension, the panel's below it."""
    found = {(one.figure, one.dimension): one for one in readings}
    asked = [name for name in names if any(key[1] == name for key in found)]
    rows = [
        [
            f"{say('reading_' + figure)}<small>{say('unit_' + figure)}</small>",
            *(_number(found.get((figure, name))) for name in asked),
        ]
        for figure in _BY_DIMENSION
        if any(key[0] == figure for key in found)
    ]
    overall = [
        [
            f"{say('reading_' + figure)}<small>{say('unit_' + figure)}</small>",
            _number(found[figure, None]),
        ]
        for figure in ("halo", "speed")
        if (figure, None) in found
    ]
    head = ["", *(escape(names[name]) for name in asked)]
    numeric = set(range(1, len(head)))
    by_dimension = table_html(head, rows, numeric=numeric, is_html_head=True) if rows else ""
    across = table_html(["", ""], overall, numeric={1}) if overall else ""
    return f'<div class="readings">{by_dimension}{across}</div>'


def _by_group(readings: Iterable[Reading], names: Mapping[str, str]) -> str:
    found = {(one.group, one.dimension): one for one in readings if one.group is not None}
    if not found:
        return ""
    asked = [name for name in names if any(key[1] == name for key in found)]
    rows = [
        [escape(group or ""), *(_number(found.get((group, name))) for name in asked)]
        for group in dict.fromkeys(key[0] for key in found)
    ]
    head = [say("discipline"), *(escape(names[name]) for name in asked)]
    table = table_html(head, rows, numeric=set(range(1, len(head))), is_html_head=True)
    return f"<details><summary>{say('readings_by_group')}</summary>{table}</details>"


def _sentences(readings: Sequence[Reading], names: Mapping[str, str]) -> str:
    rows = [[_of([one], names), _sentence(one), f"{one.n:,}"] for one in readings]
    head = ["", say("readings_says"), say("ratings")]
    table = table_html(head, rows, numeric={2}, is_html_head=True)
    return f"<details><summary>{say('readings_all')}</summary>{table}</details>"


def _of(same: Sequence[Reading], names: Mapping[str, str]) -> str:
    """Return what readings of one figure are about."""
    of = [names.get(one.dimension, one.dimension) for one in same if one.dimension is not None]
    where = [escape(", ".join(of))] if of else []
    where += [] if same[0].group is None else [escape(same[0].group)]
    return " · ".join([say(f"reading_{same[0].figure}"), *where])


def _number(one: Reading | None) -> str:
    if one is None:
        return '<span class="soft">–</span>'
    panel = "" if one.panel is None else f"{say('readings_panel')} {_written(one, one.panel)} · "
    mark = ' class="asks"' if one.asks else ""
    return f"<b{mark}>{_written(one, one.value)}</b><small>{panel}n {one.n:,}</small>"


def _written(one: Reading, value: float) -> str:
    if one.figure in _COUNTS:
        return f"{value:.0f}"
    if one.figure == "speed":
        return f"{value:.1f}"
    return f"{value:+.2f}" if one.figure in _SIGNED and value else f"{value:.2f}"


def _sentence(one: Reading) -> str:
    """Return the sentence; languages other than English say it from the catalogue."""
    values = {
        "value": _written(one, one.value),
        "panel": "–" if one.panel is None else _written(one, one.panel),
        "n": f"{one.n:,}",
        "group": one.group or "",
    }
    keys = [f"sentence_{one.figure}" + ("_group" if one.group is not None else "")]
    keys += [f"advice_{one.figure}"] if one.asks else []
    return in_other_languages(one.sentence, keys, values)
