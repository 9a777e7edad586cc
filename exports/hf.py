"""hf: a folder that `datasets.load_dataset` reads: Parquet with embedded images, and Croissant.

One row an image: the picture that was judged, its names, the import manifest's columns as JSON,
and for every dimension and composite its MOS, n, SD, half-width and votes. Questions are a second
configuration. Split `val` is `validation`, as there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from exports.croissant import croissant
from exports.opinions import vote_histogram
from exports.package import Package
from exports.pictures import plan_picture
from exports.publish import Contents, ExportReport, exported_splits, publish
from exports.questions import SplitQuestions, questions_by_split
from exports.source import ExportOptions, ExportSource
from exports.tabular import json_cell
from schemas.errors import UserError

__all__ = ["read_hf", "write_hf"]

_SHARD_BYTES = 400 << 20
_GROUP_BYTES = 32 << 20
_NUMBERS = {"mos": pa.float64(), "n": pa.int64(), "sos": pa.float64(), "ci95": pa.float64()}
_QUESTION_SCHEMA = pa.schema({
    "question_id": pa.string(), "stimulus": pa.string(), "type": pa.string(),
    "question": pa.string(), "options": pa.list_(pa.string()), "answer": pa.string(),
    "explanation": pa.string(), "difficulty": pa.string(), "dimension": pa.string(),
    "category": pa.string(), "discipline": pa.string(),
})  # fmt: skip

_READING = """
from pathlib import Path
from datasets import load_dataset
scores = load_dataset(str(Path.cwd()), "scores")
for name, split in scores.items():
    print(name, split.num_rows, split[0]["image"].size, split[0]["stimulus"])
"""


def write_hf(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the study as a Hugging Face folder.

    Raises:
        UserError: `images_needed` with `--no-images`; and those of `publish`.
    """
    if not options.with_images:
        raise UserError(
            "images_needed", "hf tables hold the images themselves; export without --no-images."
        )
    return publish("hf", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = {
        _split_name(name): members for name, members in exported_splits(source, contents).items()
    }
    asked = questions_by_split(source, splits, contents)
    columns = _score_columns(source)
    sizes = dict(
        zip(
            source.stimuli["stimulus"].to_pylist(),
            source.stimuli["n_bytes"].to_pylist(),
            strict=True,
        )
    )
    for split, members in splits.items():
        shards = list(_shards(members, sizes))
        for number, shard in enumerate(shards):
            path = f"data/{split}-{number:05}-of-{len(shards):05}.parquet"
            _write_shard(package, path, source, options, shard, columns, contents)
            contents.files[path] = f"{len(shard)} images of split `{split}` with scores"
        contents.splits[split] = len(members)
        if asked.n_by_split[split]:
            _write_questions(package, contents, split, asked.by_split[split])
    contents.counts["images"] = len(contents.pictures)
    contents.front_matter = _front_matter(splits, asked.n_by_split)
    schemas = {"data/": _schema(columns), "questions/": _QUESTION_SCHEMA}
    package.write_json("croissant.json", croissant(source.study, package.files, schemas))
    contents.files["croissant.json"] = "metadata for machines (Croissant 1.0)"
    return contents


def _split_name(name: str) -> str:
    return "validation" if name == "val" else re.sub(r"\W", "_", name)


def _shards(members: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    shard: list[str] = []
    n_bytes = 0
    for stimulus in members:
        if shard and n_bytes + sizes[stimulus] > _SHARD_BYTES:
            yield shard
            shard, n_bytes = [], 0
        shard.append(stimulus)
        n_bytes += sizes[stimulus]
    yield shard


def _score_columns(source: ExportSource) -> dict[str, dict[str, Any]]:
    """Return column -> stimulus -> value, for every dimension and composite."""
    votes = vote_histogram(source)
    columns: dict[str, dict[str, Any]] = {}
    for name in (*source.study.dimension_names, *source.study.composite_names):
        rows = source.mos.filter(pc.field("dimension") == name).to_pylist()
        for number in _NUMBERS:
            columns[f"{name}_{number}"] = {row["stimulus"]: row[number] for row in rows}
        if name in source.study.dimension_names:
            columns[f"{name}_votes"] = {
                stimulus: json.dumps(counts)
                for (stimulus, dimension), counts in votes.items()
                if dimension == name
            }
    return columns


def _schema(columns: Iterable[str]) -> pa.Schema:
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [
        ("image", image),
        ("stimulus", pa.string()),
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("details", pa.string()),
        *((name, _NUMBERS.get(name.rpartition("_")[2], pa.string())) for name in columns),
    ]
    features = {name: _feature(kind) for name, kind in fields}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(fields, metadata=metadata)


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"_type": "Image"}
    names = {pa.string(): "string", pa.int64(): "int64", pa.float64(): "float64"}
    return {"dtype": names[kind], "_type": "Value"}


def _write_shard(
    package: Package,
    path: str,
    source: ExportSource,
    options: ExportOptions,
    members: Sequence[str],
    columns: Mapping[str, Mapping[str, Any]],
    contents: Contents,
) -> None:
    schema = _schema(columns)
    with package.adopting(path) as target, pq.ParquetWriter(target, schema) as writer:
        rows: list[dict[str, Any]] = []
        n_bytes = 0
        for row in _rows(source, options, members, columns, contents):
            rows.append(row)
            n_bytes += len(row["image"]["bytes"])
            if n_bytes > _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                rows, n_bytes = [], 0
        writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _rows(
    source: ExportSource,
    options: ExportOptions,
    members: Sequence[str],
    columns: Mapping[str, Mapping[str, Any]],
    contents: Contents,
) -> Iterator[dict[str, Any]]:
    places = {s: place for place, s in enumerate(source.stimuli["stimulus"].to_pylist())}
    for stimulus in members:
        row = source.stimuli.slice(places[stimulus], 1).to_pylist()[0]
        plan = plan_picture(row, source.images, keep_metadata=options.keep_metadata)
        contents.pictures[stimulus] = plan.picture
        if options.progress is not None:
            options.progress(len(contents.pictures), source.stimuli.num_rows)
        yield {
            "image": {"bytes": b"".join(plan.pieces), "path": f"images/{plan.picture.name}"},
            "stimulus": stimulus,
            "file_name": row["file_name"],
            "width": row["width"],
            "height": row["height"],
            "details": None if not row["details"] else json_cell(json.loads(row["details"])),
            **{name: values.get(stimulus) for name, values in columns.items()},
        }


def _write_questions(
    package: Package, contents: Contents, split: str, questions: SplitQuestions
) -> None:
    path = f"questions/{split}-00000-of-00001.parquet"
    with package.adopting(path) as target, pq.ParquetWriter(target, _QUESTION_SCHEMA) as writer:
        for batch in _batches(questions, 10_000):
            writer.write_table(pa.Table.from_pylist(batch, schema=_QUESTION_SCHEMA))
    contents.files[path] = f"questions of split `{split}`"


def _batches(questions: SplitQuestions, size: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for question in questions:
        batch.append({name: getattr(question, name) for name in _QUESTION_SCHEMA.names})
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


def _front_matter(splits: Iterable[str], n_questions: Mapping[str, int]) -> str:
    lines = ["---", "configs:", "- config_name: scores", "  default: true", "  data_files:"]
    for split in splits:
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    if any(n_questions.values()):
        lines += ["- config_name: questions", "  data_files:"]
        for split in n_questions:
            lines += [f"  - split: {split}", f"    path: questions/{split}-*.parquet"]
    return "\n".join([*lines, "---", "", ""])


def read_hf(folder: Path) -> dict[str, pa.Table]:
    """Return split -> table of the configuration `scores`, images as bytes and path.

    Raises:
        UserError: `not_hf` where there is no Parquet file under `data/`, or one is damaged.
    """
    splits: dict[str, list[pa.Table]] = {}
    try:
        for path in sorted((folder / "data").glob("*.parquet")):
            splits.setdefault(path.name.split("-")[0], []).append(pq.read_table(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError("not_hf", f"{path} cannot be read: {error}. Get it again.") from error
    if not splits:
        raise UserError("not_hf", f"{folder} has no data/*.parquet; name a Hugging Face folder.")
    return {split: pa.concat_tables(tables) for split, tables in splits.items()}
