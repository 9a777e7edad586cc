"""Checks of a study's images: read each once, keep what was found, give it to people and scripts.

For curators only. No score, no order and no export is made of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from annotator.scoring import Material
from annotator.scoring_files import ScoringFolder
from pipelines.engine import Engine, Failed
from pipelines.scoring.checks.checking import CHECKS_VERSION, Checker
from pipelines.scoring.checks.findings import Finding
from pipelines.scoring.checks.page import Box
from schemas.errors import UserError

__all__ = ["compute_checks", "finding_rows", "findings_by_picture", "findings_by_stimulus"]

Findings = Mapping[str, Sequence[Finding]]

_BATCH = 4
_SHARD = 1024
_KEPT_EVERY_S = 60.0


def compute_checks(material: Material, engine: Engine, advance: Callable[[int, int], None]) -> int:
    """Read the images that no check has read yet; return how many those were.

    Work that is interrupted goes on where it was: findings are kept by the minute.

    Args:
        material: The study.
        engine: Where images are read.
        advance: Told what is done and how much there is.

    Raises:
        UserError: `ocr_missing` where the reader is not installed.
    """
    files = material.files
    known = files.checked_pictures(CHECKS_VERSION)
    columns = (material.stimuli[name].to_pylist() for name in ("picture", "path"))
    wanted = {picture: path for picture, path in zip(*columns, strict=True) if picture not in known}
    pictures = list(wanted)
    batches = [pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH)]
    paths = ([wanted[name] for name in batch] for batch in batches)
    kept: dict[str, str] = {}
    done, kept_at = 0, time.monotonic()
    try:
        for batch, found in zip(batches, engine.map(Checker(), paths, chunk=1), strict=True):
            if not isinstance(found, Failed):
                # A batch whose worker died is tried again next time.
                kept |= {name: _text(one) for name, one in zip(batch, found, strict=True)}
            done += len(batch)
            advance(done, len(pictures))
            if time.monotonic() - kept_at > _KEPT_EVERY_S or len(kept) >= _SHARD:
                _keep(files, kept)
                kept_at = time.monotonic()
    finally:
        _keep(files, kept)
    return len(pictures)


def _keep(files: ScoringFolder, kept: dict[str, str]) -> None:
    if kept:
        files.keep_findings(CHECKS_VERSION, list(kept), list(kept.values()))
        kept.clear()


def findings_by_picture(files: ScoringFolder) -> dict[str, list[Finding]]:
    """Return what was found, by picture; pictures without findings are left out.

    Raises:
        UserError: `checks_unreadable` where a file is damaged.
    """
    try:
        return {name: _findings(text) for name, text in files.findings(CHECKS_VERSION)}
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise UserError(
            "checks_unreadable",
            f"What was read in images cannot be read ({type(error).__name__}); delete "
            "scoring/checks in the study's folder and run `score --checks` again.",
        ) from error


def findings_by_stimulus(material: Material) -> dict[str, list[Finding]]:
    """Return what was found, by stimulus; stimuli without findings are left out.

    Raises:
        UserError: as `findings_by_picture`.
    """
    found = findings_by_picture(material.files)
    columns = (material.stimuli[name].to_pylist() for name in ("stimulus", "picture"))
    return {
        stimulus: found[picture]
        for stimulus, picture in zip(*columns, strict=True)
        if picture in found
    }


def finding_rows(findings: Findings, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield one row for every finding, for `--json`.

    Args:
        findings: From `findings_by_stimulus`.
        names: Stimulus -> file name.
    """
    for stimulus, found in findings.items():
        for one in found:
            yield {
                "stimulus": stimulus,
                "file_name": names[stimulus],
                "check": one.check,
                "dimension": one.dimension,
                "sentence": one.sentence,
                "box": [round(value) for value in one.box],
                "words": list(one.words),
                "sureness": one.sureness,
            }


def _text(findings: Sequence[Finding]) -> str:
    rows = [
        {
            "check": one.check,
            "values": dict(one.values),
            "box": [round(value, 1) for value in one.box],
            "words": one.words,
            "sureness": one.sureness,
            "size": one.size,
        }
        for one in findings
    ]
    return json.dumps(rows, ensure_ascii=False)


def _findings(text: str) -> list[Finding]:
    return [
        Finding(
            row["check"], row["values"], Box(*row["box"]), tuple(row["words"]),
            row["sureness"], tuple(row["size"]),
        )
        for row in json.loads(text)
    ]  # fmt: skip
