"""Splits of a study for an export: made or given, searched for leaks, and kept."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from annotator.embeddings import Embedding, image_embeddings
from annotator.names import StimulusNames
from annotator.store import Reads
from exports.overview import DISCIPLINE_KEYS
from exports.source import ExportSource
from pipelines.evaluate.reading import read_rows
from pipelines.splits import Member, find_links, leak_report, make_splits
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["keep_splits", "searched_splits", "with_splits"]

_BINS = 5
_SHOWN = 5


def with_splits(
    source: ExportSource, study: Reads, wanted: str, accept_leaks: str = ""
) -> ExportSource:
    """Return the source with its splits and the report on leaks.

    Args:
        source: What is exported.
        study: The study.
        wanted: `NAME=SHARE,…`, the word `manifest` for its column `split`, or a CSV file with
            `stimulus,split`.
        accept_leaks: Why a split that leaks is exported all the same.

    Raises:
        UserError: `invalid_splits`, `too_few_groups`, or `leaking_splits` naming the pairs.
    """
    split = searched_splits(source, study, wanted)
    report = dict(split.leak_report or {})
    if report["n_leaks"] and not accept_leaks.strip():
        raise _leaking(report, source.file_names())
    if report["n_leaks"]:
        reason = " ".join(accept_leaks.split())
        report["accepted"] = reason
        report["summary"] += f" Accepted by the curator: {reason}"
    return replace(split, leak_report=report)


def searched_splits(source: ExportSource, study: Reads, wanted: str) -> ExportSource:
    """Return the source with its splits and the report on leaks, whether they leak or not.

    Raises:
        UserError: `invalid_splits` or `too_few_groups`.
    """
    members = _members(source, image_embeddings(study.folder, source.stimuli))
    links = find_links(members)
    if "=" in wanted:
        shares = _shares(wanted)
        earlier = _kept(study, shares, source.seed)
        splits = make_splits(members, links, shares, source.seed, earlier)
    else:
        splits = _given(members, study, wanted)
    return replace(source, splits=splits, leak_report=leak_report(members, links, splits))


def keep_splits(source: ExportSource, study: Reads, wanted: str) -> None:
    """Keep who is where, so that the next export with the same shares and seed leaves it so."""
    if source.splits is None or "=" not in wanted:
        return
    path = _place(study, _shares(wanted), source.seed)
    part = path.with_suffix(".part")
    text = json.dumps({name: list(found) for name, found in source.splits.items()}, indent=1)
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise UserError(
            "splits_not_kept",
            f"The package is written, but {path} could not be ({error.strerror}), so a later "
            "export may split otherwise; make the study's folder writable and export again.",
        ) from error


def _place(study: Reads, shares: Mapping[str, float], seed: int) -> Path:
    key = json.dumps([sorted(shares.items()), seed])
    name = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    return study.folder.splits / f"{name}.json"


def _kept(study: Reads, shares: Mapping[str, float], seed: int) -> dict[str, str]:
    try:
        kept = json.loads(_place(study, shares, seed).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(
            "invalid_splits",
            f"{_place(study, shares, seed)} is damaged; remove it to have the splits made anew.",
        ) from error
    return {stimulus: name for name, members in kept.items() for stimulus in members}


def _members(source: ExportSource, embeddings: Mapping[str, Embedding]) -> list[Member]:
    rows = source.stimuli.filter(pc.invert(source.stimuli["is_retired"]))
    details = source.details()
    bins, types = _mos_bins(source), _question_types(source)
    columns = zip(rows["stimulus"].to_pylist(), rows["phash"].to_pylist(), strict=True)
    return [
        Member(
            s,
            phash,
            details[s],
            f"{_discipline(details[s])}/{bins.get(s, '')}/{types.get(s, '')}",
            embeddings.get(s),
        )
        for s, phash in sorted(columns)
    ]


def _question_types(source: ExportSource) -> dict[str, str]:
    """Return stimulus -> the types of the questions about it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for question in source.questions:
        found[question.stimulus].add(question.type)
    return {stimulus: "+".join(sorted(types)) for stimulus, types in found.items()}


def _discipline(details: Mapping[str, Any]) -> str:
    lower = {name.casefold(): value for name, value in details.items()}
    return str(next((lower[name] for name in DISCIPLINE_KEYS if lower.get(name)), ""))


def _mos_bins(source: ExportSource) -> dict[str, int]:
    """Return stimulus -> fifth of the scale that the mean of its dimensions' MOS lies in.

    A mean on an edge must fall on the same side whatever the order of the rows: sums are exact,
    and what floating point adds beyond nine digits does not count.
    """
    low, high = source.study.scale.low, source.study.scale.high
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for row in source.mos.select(["stimulus", "mos"]).to_pylist():
        if row["mos"] is not None:
            scores[row["stimulus"]].append(row["mos"])
    fifths = {
        stimulus: (math.fsum(values) / len(values) - low) / (high - low) * _BINS
        for stimulus, values in scores.items()
    }
    return {stimulus: min(_BINS - 1, int(round(at, 9))) for stimulus, at in fifths.items()}


def _shares(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        name = name.strip()
        try:
            share = float(number)
        except ValueError:
            share = 0.0
        is_word = name.replace("_", "").replace("-", "").isalnum()
        if not is_word or name in shares or not 0 < share < float("inf"):
            raise UserError(
                "invalid_splits",
                f"--splits {one_line(text, 60)}: '{one_line(part, 30)}' is not NAME=SHARE with a "
                "share above 0 and a name of its own; write e.g. train=0.8,val=0.1,test=0.1.",
            )
        shares[name] = share
    if abs(sum(shares.values()) - 1) > 0.001:
        raise UserError(
            "invalid_splits",
            f"--splits {one_line(text, 60)}: the shares sum to {sum(shares.values()):g}, not 1.",
        )
    return shares


def _given(members: Sequence[Member], study: Reads, wanted: str) -> dict[str, tuple[str, ...]]:
    split_of = _from_manifest(members) if wanted == "manifest" else _from_file(wanted, study)
    splits: dict[str, tuple[str, ...]] = {}
    for member in members:
        name = split_of.get(member.stimulus)
        if name:
            splits[name] = (*splits.get(name, ()), member.stimulus)
    if not splits:
        raise UserError(
            "invalid_splits",
            f"--splits {one_line(wanted, 60)} puts no image of this study into a split; give "
            "shares, a manifest column 'split', or a CSV with stimulus,split.",
        )
    return splits


def _from_manifest(members: Sequence[Member]) -> dict[str, str]:
    return {m.stimulus: str(m.details["split"]) for m in members if m.details.get("split")}


def _from_file(wanted: str, study: Reads) -> dict[str, str]:
    path = Path(wanted)
    if not path.is_file():
        raise UserError(
            "invalid_splits",
            f"--splits {one_line(wanted, 60)} is neither shares (train=0.8,val=0.1,test=0.1), nor "
            "the word manifest, nor a file.",
        )
    names = StimulusNames(study)
    found: dict[str, str] = {}
    for number, row in enumerate(read_rows(path), 1):
        if not row.get("stimulus") or not row.get("split"):
            raise UserError(
                "invalid_splits",
                f"{path.name}: row {number} lacks stimulus or split; the header is stimulus,split.",
            )
        stimulus, split = names.resolve(str(row["stimulus"]), f"row {number}"), str(row["split"])
        if found.setdefault(stimulus, split) != split:
            raise UserError(
                "invalid_splits",
                f"{path.name}: row {number} puts {stimulus} into a second split; keep one.",
            )
    return found


def _leaking(report: Mapping[str, Any], names: Mapping[str, str]) -> UserError:
    shown = "; ".join(
        f"{pair['first']} ({names[pair['first']]}, {pair['splits'][0]}) and {pair['second']} "
        f"({names[pair['second']]}, {pair['splits'][1]}): {pair['reason']} {pair['detail']}"
        for pair in report["pairs"][:_SHOWN]
    )
    more = f"; and {report['n_leaks'] - _SHOWN} more" if report["n_leaks"] > _SHOWN else ""
    return UserError(
        "leaking_splits",
        f"The splits leak, {report['n_leaks']} pairs: {shown}{more}. Put each pair into one "
        "split, or export with --accept-leaks REASON, which goes into the card.",
        status=409,
    )
