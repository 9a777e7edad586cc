"""Small studies to export: real image files on disk, tables as the store gives them."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from exports.source import DECISIONS, FEEDBACK, MOS, RATINGS, REMOVED, STIMULI, ExportSource
from schemas.layout import ImageFolder, stimulus_id
from schemas.study import parse_study

PRESET = Path(__file__).parents[2] / "schemas" / "presets" / "siqa.toml"
COMPOSITES = {"knowledge": ("validity", "completeness"), "perception": ("clarity", "conformity")}


def table(columns: Mapping[str, pa.DataType], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    schema = pa.schema(list(columns.items()))
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def png(colour: tuple[int, int, int], size: tuple[int, int] = (8, 6)) -> bytes:
    import io

    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def add_image(
    images: ImageFolder,
    content: bytes,
    file_name: str = "a.png",
    *,
    suffix: str = ".png",
    rendition: bytes | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Put a file into the folder of images; return its row of `stimuli`."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = images.original(sha256, suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if rendition is not None:
        images.rendition(sha256).parent.mkdir(parents=True, exist_ok=True)
        images.rendition(sha256).write_bytes(rendition)
    return {
        "stimulus": stimulus_id(sha256), "file_name": file_name,
        "source_path": f"/data/{file_name}", "sha256": sha256, "suffix": suffix, "format": "PNG",
        "width": 8, "height": 6, "n_bytes": len(content), "mode": "RGB", "n_pages": 1,
        "phash": "00ff00ff00ff00ff", "rendition": None if rendition is None else '{"to": "png"}',
        "details": None, "is_retired": False, **more,
    }  # fmt: skip


def rate(
    submission: str, stimulus: str, rater: str, scores: Mapping[str, float], **more: Any
) -> list[dict[str, Any]]:
    return [
        {
            "submission": submission, "stimulus": stimulus, "rater": rater, "dimension": name,
            "score": float(score), "rated_at": "2026-01-02T03:04:05.000006Z", "session": "1",
            "arm": "fewest", "probability": 0.25, "is_late": False, **more,
        }
        for name, score in scores.items()
    ]  # fmt: skip


def scores(validity: int, completeness: int, clarity: int, conformity: int) -> dict[str, float]:
    return {
        "validity": validity,
        "completeness": completeness,
        "clarity": clarity,
        "conformity": conformity,
    }


def mean_rows(ratings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """MOS of rated dimensions and composites; only as much as exports need."""
    scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    given: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in ratings:
        scores[row["stimulus"], row["dimension"]].append(row["score"])
        given[row["stimulus"], row["submission"]][row["dimension"]] = row["score"]
    for (stimulus, _), parts in given.items():
        for name, (first, second) in COMPOSITES.items():
            if first in parts and second in parts:
                scores[stimulus, name].append((parts[first] + parts[second]) / 2)
    return [
        {
            "stimulus": stimulus, "dimension": dimension, "n": len(values),
            "mos": statistics.fmean(values),
            "sos": statistics.stdev(values) if len(values) > 1 else None,
            "ci95": None, "ci95_low": None, "ci95_high": None,
        }
        for (stimulus, dimension), values in scores.items()
    ]  # fmt: skip


def source_of(
    images: ImageFolder,
    stimuli: Sequence[Mapping[str, Any]],
    ratings: Sequence[Mapping[str, Any]] = (),
    *,
    mos: Sequence[Mapping[str, Any]] | None = None,
    removed: Sequence[Mapping[str, Any]] = (),
    feedback: Sequence[Mapping[str, Any]] = (),
    decisions: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> ExportSource:
    text = PRESET.read_text("utf-8")
    return ExportSource(
        study=parse_study(text),
        study_text=text,
        study_id="study-1",
        salt="pepper",
        images=images,
        stimuli=table(STIMULI, stimuli),
        ratings=table(RATINGS, ratings),
        removed=table(REMOVED, removed),
        feedback=table(FEEDBACK, feedback),
        decisions=table(DECISIONS, decisions),
        mos=table(MOS, mean_rows(ratings) if mos is None else mos),
        run={"name": "latest", "method": "mean", "options": {"interval": "t"}},
        versions={"siqa-annotator": "0.1.0"},
        **more,
    )


def small_study(folder: Path, **more: Any) -> ExportSource:
    """Three images: two rated by two raters, one rated on one dimension only."""
    images = ImageFolder(folder / "images")
    rows = [
        add_image(images, png((i * 20, 0, 0)), name)
        for i, name in enumerate(("fig1.png", "fig1.png", 'odd "name" #1,\n图.png'))
    ]
    one, two, three = (row["stimulus"] for row in rows)
    ratings = [
        *rate("u1", one, "alice", scores(5, 4, 3, 2)),
        *rate("u2", one, "bob", scores(4, 4, 5, 4)),
        *rate("u3", two, "alice", scores(1, 2, 1, 2)),
        *rate("u4", three, "bob", {"validity": 3}),
    ]
    rows[0]["details"] = json.dumps({"licence": "CC-BY", "source": "X", "discipline": "geology"})
    return source_of(images, rows, ratings, **more)
