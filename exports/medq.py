r"""medq: MedQ-Bench's tables for VLMEvalKit (TSV with images in base64).

Three pitfalls of its reader are avoided. A text of up to 64 characters in `image` would be taken
for the index of another row, so tiny files become PNG, which is longer. Options such as `None` or
`NA` would be read as missing and dropped, so they get a full stop, and the card says how many.
Tabs, quotes and line breaks in texts are quoted as its reader (pandas) expects.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from exports.feedback_texts import conversations_of, feedback_texts
from exports.package import Package
from exports.pictures import Picture
from exports.publish import Contents, ExportReport, LeftOut, exported_splits, publish, put_images
from exports.questions import questions_by_split
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.question import LETTERS, Question
from schemas.text import one_line

__all__ = ["read_medq", "write_medq"]

_REFERENCE = 64
_STOPPED = "texts_with_added_stop"
_MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)  # fmt: skip
_QA = ("index", "image", "question", *LETTERS, "answer", "modality", "question_type")
_CAPTION = ("index", "image", "description")
_PAIR = ("index", "image_a", "image_b", "description")

_READING = """
import pandas as pd
table = pd.read_csv("medqbench_description_test.tsv", sep="\\t", dtype={"index": str})
print(len(table), list(table.columns))
"""


def write_medq(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write questions, descriptions (what raters wrote) and comparisons as TSV.

    Raises:
        UserError: `images_needed` with `--no-images`, since they are inside the tables; and
            those of `publish`.
    """
    if not options.with_images:
        raise UserError(
            "images_needed", "medq tables hold the images themselves; export without --no-images."
        )
    return publish("medq", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    asked = questions_by_split(source, splits, contents)
    texts = feedback_texts(source, splits, contents)
    for stimulus, talks in conversations_of(source, splits, contents).items():
        texts.setdefault(stimulus, []).extend(talk.turns[0][1] for talk in talks)
    used = {s for members in splits.values() for s in members if s in texts} | asked.stimuli
    pairs = {s for pair in source.comparisons for s in (pair.stimulus_a, pair.stimulus_b)}
    exported = {s for members in splits.values() for s in members}
    pictures = put_images(package, source, options, used | (pairs & exported), contents)
    contents.files["images/"] = "the same pictures as files"
    encode = (lambda _: "") if options.is_rehearsal else _encoder(package, pictures)
    for split, members in splits.items():
        name = "dev" if split == "val" else split
        described = ((s, text) for s in members for text in texts.get(s, ()))
        _write(package, contents, f"medqbench_QA_{name}.tsv", _QA,
               (_question(q, encode, contents) for q in asked.by_split[split]))  # fmt: skip
        _write(package, contents, f"medqbench_description_{name}.tsv", _CAPTION,
               ((encode(s), text) for s, text in described))  # fmt: skip
        _write_pairs(package, contents, name, source, set(members), encode)
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
    _name_parted(source, splits, contents)
    _warn(contents)
    return contents


def _name_parted(
    source: ExportSource, splits: Mapping[str, Collection[str]], contents: Contents
) -> None:
    """Count the pairs, and name those whose images are not in one split."""
    split_of = {stimulus: split for split, members in splits.items() for stimulus in members}
    parted = [
        pair
        for pair in source.comparisons
        if len({split_of.get(pair.stimulus_a, ""), split_of.get(pair.stimulus_b)}) > 1
    ]
    contents.left_out += [
        LeftOut(pair.comparison_id, "", "pair_not_in_one_split") for pair in parted
    ]
    if len(source.comparisons) > len(parted):
        contents.counts["comparisons"] = len(source.comparisons) - len(parted)
        contents.warnings += [n for n in source.composed_notes if n not in contents.warnings]


def _write_pairs(
    package: Package,
    contents: Contents,
    name: str,
    source: ExportSource,
    members: Collection[str],
    encode: Callable[[str], str],
) -> None:
    pairs = [c for c in source.comparisons if {c.stimulus_a, c.stimulus_b} <= set(members)]
    stem = f"medqbench_paired_description_{name}"
    published = ((encode(c.stimulus_a), encode(c.stimulus_b), c.description) for c in pairs)
    _write(package, contents, f"{stem}.tsv", _PAIR, published)
    if pairs:
        # VLMEvalKit (e8e78f0) builds lists of two columns and then fails on them; it reads this.
        listed = (
            (f"['{encode(c.stimulus_a)}', '{encode(c.stimulus_b)}']", c.description) for c in pairs
        )
        _write(package, contents, f"{stem}_list.tsv", _CAPTION, listed)


def _write(
    package: Package,
    contents: Contents,
    path: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple[str, ...]],
) -> None:
    """Write a table, numbered from 0, a row at a time; images make rows large."""
    n_rows = 0
    with package.writing(path) as file:
        file.write(_line(columns))
        for number, row in enumerate(rows):
            file.write(_line((str(number), *row)))
            n_rows += 1
    contents.files[path] = f"{n_rows} rows for VLMEvalKit"


def _line(cells: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _encoder(package: Package, pictures: Mapping[str, Picture]) -> Callable[[str], str]:
    def encode(stimulus: str) -> str:
        path = package.root / "images" / pictures[stimulus].name
        text = base64.b64encode(path.read_bytes()).decode()
        return text if len(text) > _REFERENCE else _longer(path)

    return encode


def _longer(path: Path) -> str:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGBA").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def _question(
    question: Question, encode: Callable[[str], str], contents: Contents
) -> tuple[str, ...]:
    options = [_kept(option, contents) for option in question.options]
    options += [""] * (len(LETTERS) - len(options))
    ask = _kept(question.question, contents)
    modality = question.modality
    return (encode(question.stimulus), ask, *options, question.answer, modality, question.type)


def _kept(text: str, contents: Contents) -> str:
    if text.strip() not in _MISSING:
        return text
    contents.counts[_STOPPED] = contents.counts.get(_STOPPED, 0) + 1
    return f"{text.strip()}."


def _warn(contents: Contents) -> None:
    n_changed = contents.counts.get(_STOPPED, 0)
    if n_changed:
        contents.warnings.append(
            f"{n_changed} texts such as 'None' got a full stop, since the reader takes the bare "
            "word for a missing value."
        )


def read_medq(path: Path) -> list[dict[str, Any]]:
    """Read a MedQ-Bench table: one dict a row; images stay base64, references are followed.

    An `answer` given as 0 to 3 becomes its letter; empty options are left out.

    Raises:
        UserError: `file_missing`, `invalid_tsv` or `column_missing`.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UserError("file_missing", f"{path} is missing; name an existing file.") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise UserError(
            "invalid_tsv", f"{path} is no table with tabs: {one_line(error)}. Get it again."
        ) from error
    if "index" not in table.columns:
        raise UserError("column_missing", f"{path} has no column 'index'; get it again.")
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    by_index = {row["index"]: row for row in rows}
    return [_read_row(row, by_index, path) for row in rows]


def _read_row(
    row: dict[str, Any], by_index: Mapping[str, dict[str, Any]], path: Path
) -> dict[str, Any]:
    read = {key: value for key, value in row.items() if not (key in LETTERS and value == "")}
    if 0 < len(row.get("image", "")) <= _REFERENCE:
        if row["image"] not in by_index:
            raise UserError(
                "invalid_tsv",
                f"Row {row['index']} of {path} points to the image of row '{row['image']}', which "
                "is not there; get the file again.",
            )
        read["image"] = by_index[row["image"]]["image"]
    if row.get("answer", "") in tuple("0123"):
        read["answer"] = LETTERS[int(row["answer"])]
    return read
