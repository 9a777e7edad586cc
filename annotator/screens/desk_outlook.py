"""What an export would hold, before it is written: counts, leaks with pictures, figure, card."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from annotator.desk.packages import LEAKS_SHOWN, Before, Made, Outlook
from annotator.screens.desk_html import thumbnail
from annotator.screens.desk_words import say

__all__ = ["before_html", "made_html", "outlook_html"]


def before_html(before: Before) -> str:
    """Return what there is to export."""
    tiles = "".join(
        _tile(n, say(key))
        for n, key in (
            (before.n_stimuli, "images"),
            (before.n_ratings, "ratings"),
            (before.n_texts, "texts"),
            (before.n_raters, "people"),
            (before.n_removed, "taken_out_submissions"),
        )
    )
    return f'<div class="siqa desk"><div class="tiles">{tiles}</div></div>'


def outlook_html(outlook: Outlook) -> str:
    """Return what an export would hold."""
    tiles = _tiles(outlook.splits, outlook.counts, outlook.n_left_out)
    # As a picture, so that nothing in it can reach the page.
    figure = base64.b64encode(outlook.figure.encode()).decode()
    return (
        f"<h3>{say('outlook_as', format=outlook.choice.format)}</h3>"
        f'<div class="tiles">{tiles}</div>{_leaks(outlook)}{_notes(outlook.warnings)}'
        f'<p><img class="figure" alt="Images by discipline and MOS, questions by type" '
        f'src="data:image/svg+xml;base64,{figure}"></p>'
        f"<details><summary>{say('outlook_card')}</summary>"
        f'<pre class="card">{escape(outlook.card)}</pre></details>'
    )


def made_html(made: Made) -> str:
    """Return a finished export: download, size, what it holds and what it does not."""
    size = f"{made.n_bytes / 1e6:,.1f} MB"
    tiles = _tiles(made.splits, made.counts, len(made.left_out))
    return (
        f'<p><a class="button go" href="/exports/{made.package}.zip" download>'
        f"{say('download')}</a> {say('export_about', n=f'{made.n_files:,}', size=size)}</p>"
        f'<div class="tiles">{tiles}</div>{_notes([*made.warnings, *made.left_out[:50]])}'
        f'<p class="soft">{say("export_stays")}</p>'
    )


def _tiles(splits: Mapping[str, int], counts: Mapping[str, int], n_left_out: int) -> str:
    named = [(n, say("outlook_in_split", split=split)) for split, n in splits.items()]
    named += [(n, _count(name)) for name, n in counts.items()]
    if n_left_out:
        named.append((n_left_out, say("outlook_left_out")))
    return "".join(_tile(n, name) for n, name in named)


def _count(name: str) -> str:
    """Return a count's name in words; those that hold a split's name have none of their own."""
    try:
        return say(f"count_{name}")
    except KeyError:
        return escape(name.replace("_", " "))


def _tile(n: int, name: str) -> str:
    return f"<div><b>{n:,}</b><span>{name}</span></div>"


def _notes(texts: Any) -> str:
    lines = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="bad">{lines}</ul>' if lines else ""


def _leaks(outlook: Outlook) -> str:
    if outlook.leaks is None:
        return ""
    n, summary = outlook.leaks["n_leaks"], outlook.leaks["summary"]
    if not n:
        return f"<p>{say('outlook_none_leaks', summary=summary)}</p>"
    shown = outlook.leaks["pairs"][:LEAKS_SHOWN]
    rows = "".join(_pair(pair, outlook.file_names) for pair in shown)
    more = f"<p>{say('outlook_more', n=f'{n - len(shown):,}')}</p>" if n > len(shown) else ""
    head = f"<tr><th colspan=2>{say('outlook_pair')}</th><th>{say('outlook_why')}</th></tr>"
    return (
        f'<p class="said">{say("outlook_leaks", n=f"{n:,}")}</p>'
        f'<div class="scroll"><table class="leaks">{head}{rows}</table></div>{more}'
    )


def _pair(pair: Mapping[str, Any], names: Mapping[str, str]) -> str:
    cells = "".join(
        f"<td>{thumbnail(pair[end])}{escape(names[pair[end]])}<small>{escape(split)}</small></td>"
        for end, split in zip(("first", "second"), pair["splits"], strict=True)
    )
    why = f"{pair['reason'].replace('_', ' ')}<small>{escape(str(pair['detail']))}</small>"
    return f"<tr>{cells}<td>{why}</td></tr>"
