"""csv: what goes out comes back."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.csv_reading import CsvExport, read_csv_export
from exports.formats import write_export
from exports.package import package_faults
from exports.pseudonyms import pseudonyms
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.layout import ImageFolder
from schemas.question import Question
from tests.exports.making import add_image, png, rate, small_study, source_of

NAMED = ExportOptions(with_names=True)


def same(table: pa.Table, other: pa.Table) -> None:
    assert table.schema.names == other.schema.names
    assert table.schema.types == other.schema.types
    assert sorted(map(repr, table.to_pylist())) == sorted(map(repr, other.to_pylist()))


def same_study(source: ExportSource, back: CsvExport) -> None:
    assert back.study_text == source.study_text
    assert back.study_id == source.study_id
    given_rows = source.stimuli.sort_by("stimulus").to_pylist()
    for row, read in zip(given_rows, back.stimuli.to_pylist(), strict=True):
        details = json.loads(row.pop("details") or "{}")
        assert json.loads(read.pop("details") or "{}") == details
        assert read == row
    same(source.ratings, back.ratings)
    same(source.removed, back.removed)
    same(source.feedback, back.feedback)
    same(source.decisions, back.decisions)
    assert back.questions == tuple(source.questions)
    assert back.splits == source.splits
    assert list(back.extra) == list(source.extra)
    for stem, table in source.extra.items():
        same(table, back.extra[stem])


def round_trip(source: ExportSource, folder: Path, options: ExportOptions = NAMED) -> CsvExport:
    write_export("csv", source, folder / "out", options)
    assert package_faults(folder / "out") == []
    return read_csv_export(folder / "out")


# Everything that a person or a file can bring, except what UTF-8 cannot hold.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["", " ", "=1+1", "+x", "-x", "@x", '"', '""', ",", "\n", "\r\n", "\r", "a\tb", "NA", "null",
     "NaN", "true", "007", "1e5", "\ufeffx", "\u2028", "'", "\\", "#", "مرحبا", "😀"]
)  # fmt: skip
MAYBE = st.none() | TEXT
REAL = st.none() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.none() | st.booleans() | st.integers() | REAL | TEXT | st.lists(TEXT, max_size=2)
DETAILS = st.none() | st.dictionaries(
    TEXT | st.sampled_from(["file_name", "stimulus"]), JSON, max_size=4
)


@st.composite
def studies(draw: st.DrawFn, rows: list[dict[str, Any]], images: ImageFolder) -> ExportSource:
    stimuli = [
        {
            **row,
            "file_name": draw(TEXT), "source_path": draw(MAYBE),
            "rendition": draw(st.none() | st.just('{"a": 1}')), "is_retired": draw(st.booleans()),
            "details": None if (d := draw(DETAILS)) is None else json.dumps(d),
        }
        for row in rows[: draw(st.integers(0, len(rows)))]
    ]  # fmt: skip
    ids = [row["stimulus"] for row in stimuli]
    raters = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    names = st.sampled_from(raters)
    ratings, removed, feedback = [], [], []
    for number in range(draw(st.integers(0, 5)) if ids else 0):
        one = rate(
            f"u{number}", draw(st.sampled_from(ids)), draw(names),
            draw(st.dictionaries(TEXT, st.floats(-9, 9), max_size=3)),
            rated_at=draw(MAYBE), session=draw(MAYBE), arm=draw(MAYBE), probability=draw(REAL),
            is_late=draw(st.booleans()),
        )  # fmt: skip
        if draw(st.booleans()):
            keys = ("submission", "stimulus", "rater", "dimension", "score")
            removed += [{**{key: row[key] for key in keys}, "reason": draw(MAYBE)} for row in one]
        else:
            ratings += one
        if draw(st.booleans()):
            feedback.append(
                {"submission": f"u{number}", "stimulus": ids[0], "rater": draw(names),
                 "dimension": draw(MAYBE), "text": draw(TEXT), "written_at": draw(MAYBE)}
            )  # fmt: skip
    decisions = [
        {"decision": f"d{n}", "action": draw(st.sampled_from(["void", "exclude", "retire"])),
         "target": draw(names), "author": draw(names), "reason": draw(TEXT), "at": draw(MAYBE),
         "is_reversed": draw(st.booleans())}
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    questions = tuple(
        Question(f"q{n}", draw(TEXT), "what", draw(TEXT), tuple(draw(st.lists(TEXT, max_size=4))),
                 draw(TEXT), dimension=draw(MAYBE))
        for n in range(draw(st.integers(0, 2)))
    )  # fmt: skip
    extra = pa.table(
        {
            "rater": pa.array(raters, pa.string()),
            "n": pa.array([draw(st.none() | st.integers(-9, 9)) for _ in raters], pa.int32()),
            "is_on": pa.array([draw(st.none() | st.booleans()) for _ in raters], pa.bool_()),
            "expertise": pa.array(
                [draw(st.none() | st.lists(TEXT, max_size=2)) for _ in raters],
                pa.list_(pa.string()),
            ),
        }
    )
    splits = None if not ids or draw(st.booleans()) else {"train": tuple(ids[:1])}
    return source_of(
        images, stimuli, ratings, mos=[], removed=removed, feedback=feedback,
        decisions=decisions, questions=questions, extra={"raters": extra}, splits=splits,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], ImageFolder]:
    images = ImageFolder(tmp_path_factory.mktemp("pool"))
    return [add_image(images, png((i, 0, 0))) for i in range(3)], images


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_study_comes_back(
    pool: tuple[list[dict[str, Any]], ImageFolder], data: st.DataObject
) -> None:
    source = data.draw(studies(*pool))
    with tempfile.TemporaryDirectory() as folder:
        same_study(source, round_trip(source, Path(folder)))


def test_images_come_back_byte_for_byte(tmp_path: Path) -> None:
    source = small_study(tmp_path)
    back = round_trip(source, tmp_path)
    for row in source.stimuli.to_pylist():
        original = source.images.original(row["sha256"], row["suffix"])
        assert back.images[row["stimulus"]].read_bytes() == original.read_bytes()
        assert back.images[row["stimulus"]].stat().st_nlink == 1


def test_headers_are_the_promised_ones(tmp_path: Path) -> None:
    round_trip(small_study(tmp_path), tmp_path)
    heads = {
        path.stem: path.read_text("utf-8").split("\n")[0]
        for path in (tmp_path / "out").glob("*.csv")
    }
    assert heads["stimuli"] == (
        "stimulus,file_name,source_path,sha256,width,height,licence,source,discipline"
    )
    assert heads["ratings"] == (
        "submission,stimulus,file_name,rater,dimension,score,rated_at,session,arm,probability"
    )
    assert heads["feedback"] == "submission,stimulus,file_name,rater,dimension,text,written_at"


def test_raters_are_pseudonyms_everywhere_unless_named(tmp_path: Path) -> None:
    decisions = [
        {"decision": "d1", "action": "exclude", "target": "alice", "author": "bob", "reason": "x",
         "at": "2026-01-01T00:00:00.000000Z", "is_reversed": False}
    ]  # fmt: skip
    base = small_study(tmp_path)
    source = dataclasses.replace(
        base,
        decisions=pa.Table.from_pylist(decisions, schema=base.decisions.schema),
        extra={"raters": pa.table({"rater": ["alice", "bob"]})},
    )
    back = round_trip(source, tmp_path, ExportOptions())
    texts = [
        path.read_text("utf-8")
        for path in (tmp_path / "out").rglob("*.*")
        if path.suffix in (".csv", ".json", ".md")
    ]
    assert not any("alice" in text or "bob" in text for text in texts)
    shown = pseudonyms(["alice", "bob"], source.salt)
    assert set(back.ratings["rater"].to_pylist()) == set(shown.values())
    assert back.decisions.to_pylist()[0]["target"] == shown["alice"]
    assert back.extra["raters"]["rater"].to_pylist() == sorted(shown.values())


@given(st.lists(st.text(max_size=5) | st.from_regex(r"R-[0-9a-f]{8}", fullmatch=True)), st.text())
def test_pseudonyms_are_stable_unique_and_kept(names: list[str], salt: str) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in names]
    salt = salt.encode("utf-8", "replace").decode()
    shown = pseudonyms(names, salt)
    assert len(set(shown.values())) == len(set(names))
    assert pseudonyms(reversed(names), salt) == shown
    assert pseudonyms(shown.values(), "another salt") == {v: v for v in shown.values()}


def test_equal_pseudonyms_get_longer() -> None:
    taken = pseudonyms(["alice"], "salt")["alice"]
    shown = pseudonyms(["alice", taken], "salt")
    assert shown[taken] == taken
    assert shown["alice"].startswith(taken)
    assert len(shown["alice"]) == 18


def test_without_images_names_stay_and_files_do_not(tmp_path: Path) -> None:
    source = small_study(tmp_path)
    back = round_trip(source, tmp_path, ExportOptions(with_images=False))
    assert back.images == {}
    assert back.stimuli.num_rows == 3
    assert not (tmp_path / "out" / "images").exists()


def test_metadata_in_original_files_is_said(tmp_path: Path) -> None:
    from tests.exports.test_metadata import exif, picture, saved

    images = ImageFolder(tmp_path / "images")
    row = add_image(images, saved(picture(1), "JPEG", exif=exif()), "x.jpg", suffix=".jpg")
    report = write_export("csv", source_of(images, [row]), tmp_path / "out", NAMED)
    assert report.warnings[0].startswith("1 images carry metadata")


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("ratings.csv", None, "file_missing"),
        ("ratings.csv", b"submission,stimulus\nu,s\n", "column_missing"),
        ("ratings.csv", b"a,b\n1\n", "invalid_csv"),
        ("ratings.csv", b"\xff\xfe\n", "invalid_csv"),
        ("ratings.csv", b"", "invalid_csv"),
        ("stimuli.csv", b"stimulus,stimulus\n", "invalid_csv"),
        ("stimuli.csv", b"stimulus,file_name\n", "column_missing"),
        ("study.toml", None, "file_missing"),
        ("study.toml", b"\xff", "invalid_text"),
        ("manifest.json", None, "not_a_package"),
    ],
)
def test_a_spoilt_folder_is_refused(
    tmp_path: Path, file: str, content: bytes | None, code: str
) -> None:
    write_export("csv", small_study(tmp_path), tmp_path / "out", NAMED)
    path = tmp_path / "out" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_csv_export(tmp_path / "out")
    assert caught.value.code == code
    assert file in caught.value.message


def test_a_byte_order_mark_and_a_new_column_are_accepted(tmp_path: Path) -> None:
    write_export("csv", small_study(tmp_path), tmp_path / "out", NAMED)
    path = tmp_path / "out" / "ratings.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_csv_export(tmp_path / "out").ratings.num_rows == 13


def test_a_very_long_text_comes_back(tmp_path: Path) -> None:
    base = small_study(tmp_path)
    text = 'x"\n,' * 400_000
    row = {"submission": "u1", "stimulus": "s", "rater": "alice", "text": text}
    feedback = pa.Table.from_pylist([row], schema=base.feedback.schema)
    back = round_trip(dataclasses.replace(base, feedback=feedback), tmp_path)
    assert back.feedback["text"].to_pylist() == [text]
