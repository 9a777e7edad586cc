"""The data card (README.md) and CITATION.cff of a package."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from exports.card_panel import agreement_section, questions_section, raters_section
from exports.markdown import line, table
from exports.source import ExportOptions, ExportSource

if TYPE_CHECKING:
    from exports.publish import Contents

__all__ = ["card_text", "citation_text"]

_LICENCE_KEYS = ("licence", "license", "rights")
_SOURCE_KEYS = ("source", "dataset", "origin")


def card_text(name: str, source: ExportSource, options: ExportOptions, contents: Contents) -> str:
    """Return the data card as Markdown."""
    sections = [
        f"# {line(source.study.title)}",
        _opening(name, source),
        _files(contents),
        _reading(contents),
        _composition(source, contents),
        _protocol(source, options),
        _rubric(source),
        _run(source),
        agreement_section(source),
        raters_section(source, options),
        _removed(source),
        questions_section(source) if "questions" in contents.counts else "",
        _left_out(contents),
        _leaks(source),
        _licences(source, contents),
        _limits(source, options, contents),
    ]
    text = "\n\n".join(section for section in sections if section) + "\n"
    return contents.front_matter + text


def _opening(name: str, source: ExportSource) -> str:
    return (
        f"Export `{name}` of the study `{source.study.name}`; `manifest.json` lists every file "
        "with its SHA-256."
    )


def citation_text(source: ExportSource) -> str:
    """Return CITATION.cff (version 1.2.0); authors are for the curator to fill in."""
    title = json.dumps(source.study.title, ensure_ascii=False)
    return (
        "cff-version: 1.2.0\n"
        'message: "If you use this data set, please cite it as below."\n'
        "type: dataset\n"
        f"title: {title}\n"
        "authors:\n"
        f"  - name: {json.dumps(f'The curators of the study {source.study.name}')}\n"
        "identifiers:\n"
        "  - type: other\n"
        f"    value: {json.dumps(source.study_id)}\n"
        '    description: "Id of the study"\n'
    )


def _files(contents: Contents) -> str:
    rows = [(f"`{path}`", text) for path, text in contents.files.items()]
    return "## Files\n\n" + table(("file", "holds"), rows)


def _reading(contents: Contents) -> str:
    return f"## Reading it\n\n```python\n{contents.reading.strip()}\n```"


def _composition(source: ExportSource, contents: Contents) -> str:
    ratings = source.ratings
    rows: list[tuple[str, object]] = [
        *((f"images in split `{split}`", n) for split, n in contents.splits.items()),
        *((name.replace("_", " "), n) for name, n in contents.counts.items()),
        ("stimuli of the study", source.stimuli.num_rows),
        ("raters", pc.count_distinct(ratings["rater"]).as_py()),
        ("submissions", pc.count_distinct(ratings["submission"]).as_py()),
        ("ratings that count", ratings.num_rows),
        ("texts of feedback", source.feedback.num_rows),
    ]
    figure = "![Images by discipline and MOS, questions by type](overview.svg)"
    return "## Composition\n\n" + table(("what", "number"), rows) + "\n\n" + figure


def _protocol(source: ExportSource, options: ExportOptions) -> str:
    study = source.study
    levels = sorted(study.scale.levels, key=lambda level: -level.score)
    scale = ", ".join(f"{level.score} {line(level.label)}" for level in levels)
    lines = [
        f"- Scale: {scale}.",
        f"- Submissions wanted for each stimulus: {study.queue.raters_per_stimulus}.",
        *(
            f"- Step `{step.name}` ({step.kind}): asked from "
            + (
                "every rater."
                if step.raters_per_stimulus is None
                else f"{step.raters_per_stimulus} raters a stimulus."
            )
            for step in study.steps
        ),
        f"- A stimulus was kept for its rater for {study.queue.lease_minutes:g} minutes.",
        f"- A pause over {study.queue.session_gap_minutes:g} minutes began a new session.",
        "- Raters did not see any score, prediction or other rating.",
        f"- Raters appear {'by name' if options.with_names else 'under pseudonyms'}.",
    ]
    return "## How it was collected\n\n" + "\n".join(lines)


def _rubric(source: ExportSource) -> str:
    levels = sorted(source.study.scale.levels, key=lambda level: -level.score)
    parts = [
        f"### {line(dimension.label)} (`{dimension.name}`)\n\n"
        + "\n".join(
            f"- {level.score} {line(level.label)}: {line(dimension.rubric[str(level.score)])}"
            for level in levels
        )
        for dimension in source.study.dimensions
    ]
    composites = [
        f"- `{composite.name}`: weighted mean, per rater, of "
        + ", ".join(f"{part} × {weight:g}" for part, weight in composite.parts.items())
        for composite in source.study.composites
    ]
    composed = "### Composites\n\n" + "\n".join(composites) if composites else ""
    return "\n\n".join(part for part in ("## Rubric", *parts, composed) if part)


def _run(source: ExportSource) -> str:
    rows = [
        (f"`{key}`", _inline(value))
        for key, value in source.run.items()
        if value not in (None, "", [], {})
    ]
    screened = (
        f"\n\nScreening left out {source.screened.num_rows} ratings of "
        f"{pc.count_distinct(source.screened['rater']).as_py()} raters:\n\n"
        + _reasons(source.screened["reason"].to_pylist())
        if source.screened.num_rows
        else "\n\nScreening left out no rating."
    )
    return "## How the scores were computed\n\n" + table(("setting", "value"), rows) + screened


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _reasons(reasons: Iterable[str | None]) -> str:
    counts = Counter(line(reason) if reason else "(no reason given)" for reason in reasons)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return table(("reason", "number"), ordered)


def _removed(source: ExportSource) -> str:
    if source.removed.num_rows == 0:
        return "## Taken out by curators\n\nNothing."
    return f"## Taken out by curators\n\n{source.removed.num_rows} ratings:\n\n" + _reasons(
        source.removed["reason"].to_pylist()
    )


def _left_out(contents: Contents) -> str:
    if not contents.left_out:
        return ""
    shown = contents.left_out[:50]
    more = len(contents.left_out) - len(shown)
    rest = f"\n\n… and {more} more; `manifest.json` names them all." if more else ""
    return (
        f"## Left out of this export ({len(contents.left_out)})\n\n"
        + table(("item", "file", "reason"), shown)
        + rest
    )


def _leaks(source: ExportSource) -> str:
    if source.leak_report is None:
        return ""
    return "## Leaks between splits\n\n" + line(
        source.leak_report.get("summary", "See `leaks.json`.")
    )


def _licences(source: ExportSource, contents: Contents) -> str:
    details = source.details()
    counts = Counter(
        (_first(details[stimulus], _SOURCE_KEYS), _first(details[stimulus], _LICENCE_KEYS))
        for stimulus in contents.pictures
    )
    rows = [(*pair, n) for pair, n in sorted(counts.items())]
    return "## Licences by source\n\n" + table(("source", "licence", "images"), rows)


def _first(details: Mapping[str, Any], keys: Iterable[str]) -> str:
    lower = {key.casefold(): value for key, value in details.items()}
    found = next((lower[key] for key in keys if lower.get(key)), None)
    return line(found) if found is not None else "not stated"


def _limits(source: ExportSource, options: ExportOptions, contents: Contents) -> str:
    few = pc.sum(pc.equal(source.mos["n"], 1)).as_py() or 0
    lines = [line(warning) for warning in contents.warnings]
    if few:
        lines.append(
            f"{few} scores rest on one rating; they have no standard deviation and no interval."
        )
    if source.leak_report is None and len(contents.splits) > 1:
        lines.append("Splits were not searched for leaks.")
    if not options.with_images:
        lines.append("Images are not included; names are those they would have.")
    elif options.keep_metadata:
        lines.append("Images still carry the metadata they came with.")
    lines.append("Scores are the opinions of the raters counted above, not measurements.")
    return "## Known limits\n\n" + "\n".join(f"- {line}" for line in lines)
