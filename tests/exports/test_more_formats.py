"""medq, isrgq, hf, label-studio, regions."""

from __future__ import annotations

import ast
import base64
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from exports.formats import FORMATS, write_export
from exports.hf import read_hf
from exports.isrgq import read_isrgq
from exports.label_studio import labelling_config, read_label_studio
from exports.masks import mask_image, mask_rle, rle_area, rle_image
from exports.medq import read_medq
from exports.package import package_faults, read_manifest
from exports.regions import read_regions
from exports.source import ExportOptions
from exports.workbook import read_workbook, workbook_bytes
from schemas.errors import UserError
from schemas.layout import ImageFolder
from schemas.question import Comparison
from schemas.study import parse_study
from tests.exports.making import PRESET, add_image, png, rate, small_study, source_of
from tests.exports.test_conversations import told
from tests.exports.test_siqa import ask, small_replace, with_scores

PLAIN = ExportOptions()


def full_study(folder: Path) -> Any:
    """The small study with texts, questions, a comparison and a region."""
    study = small_study(folder)
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    return small_replace(
        told(study, (a, "One\ttab, a \"quote\"\nand a line."), (b, "=x")),
        questions=(ask(1, a, options=("None", "NA"), answer="A"), ask(2, c, "how")),
        comparisons=(Comparison("c1", a, b, "A is sharper."),),
        regions=({"stimulus": a, "region_id": "r1", "bbox_xyxy": [1, 1, 4, 3], "rater": "alice",
                  "distortions": [{"type": "blur", "severity": "mild"}]},),
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_gives_a_whole_package_twice_the_same(tmp_path: Path, name: str) -> None:
    for out in ("a", "b"):
        write_export(name, full_study(tmp_path), tmp_path / out, PLAIN)
        assert package_faults(tmp_path / out) == []
    first, second = ((tmp_path / out / "manifest.json").read_bytes() for out in ("a", "b"))
    assert first == second
    manifest = read_manifest(tmp_path / "a")
    assert manifest["format"] == name
    assert {"README.md", "CITATION.cff", "mos.csv"} <= set(manifest["files"])
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file() and path.suffix not in (".png", ".parquet", ".xlsx"):
            text = path.read_text("utf-8")
            assert "alice" not in text and "pepper" not in text, path


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_takes_an_empty_study_and_three_splits(tmp_path: Path, name: str) -> None:
    empty = source_of(ImageFolder(tmp_path / "images"), [])
    write_export(name, empty, tmp_path / "empty", PLAIN)
    assert package_faults(tmp_path / "empty") == []
    study = full_study(tmp_path)
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    split = small_replace(study, splits={"train": (a,), "val": (b,), "test": (c,)})
    write_export(name, split, tmp_path / "split", PLAIN)
    assert package_faults(tmp_path / "split") == []


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UserError, match="siqa"):
        write_export("zip", None, Path("x"), PLAIN)  # type: ignore[arg-type]


# medq


def test_medq_tables_as_pandas_reads_them(tmp_path: Path) -> None:
    study = full_study(tmp_path)
    report = write_export("medq", study, tmp_path / "out", PLAIN)
    questions = pd.read_csv(tmp_path / "out" / "medqbench_QA_test.tsv", sep="\t")
    assert list(questions["index"]) == [0, 1]
    assert list(questions["A"]) == ["None.", "Yes"]
    assert questions["C"].isna().all()
    assert list(questions["question_type"]) == ["what", "how"]
    assert report.counts["texts_with_added_stop"] == 2
    for text in questions["image"]:
        with Image.open(io.BytesIO(base64.b64decode(text))) as image:
            assert image.size == (8, 6)
    captions = pd.read_csv(tmp_path / "out" / "medqbench_description_test.tsv", sep="\t")
    assert sorted(captions["description"]) == ["=x", 'One\ttab, a "quote"\nand a line.']
    pairs = pd.read_csv(tmp_path / "out" / "medqbench_paired_description_test.tsv", sep="\t")
    assert list(pairs.columns) == ["index", "image_a", "image_b", "description"]
    assert list(pairs["description"]) == ["A is sharper."]
    listed = pd.read_csv(tmp_path / "out" / "medqbench_paired_description_test_list.tsv", sep="\t")
    both = ast.literal_eval(listed["image"][0])
    assert both == [pairs["image_a"][0], pairs["image_b"][0]]


def test_medq_images_are_never_taken_for_references(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path / "images")
    out = io.BytesIO()
    Image.new("P", (1, 1)).save(out, "GIF")
    tiny = out.getvalue()
    assert len(base64.b64encode(tiny)) <= 64
    row = add_image(images, tiny, "x.gif", suffix=".gif")
    study = small_replace(source_of(images, [row]), questions=(ask(1, row["stimulus"]),))
    write_export("medq", study, tmp_path / "out", PLAIN)
    (read,) = read_medq(tmp_path / "out" / "medqbench_QA_test.tsv")
    assert len(read["image"]) > 64
    with Image.open(io.BytesIO(base64.b64decode(read["image"]))) as image:
        assert image.size == (1, 1)
    assert read["answer"] == "B"


def test_medq_reads_references_and_numbered_answers(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    long = "x" * 100
    path.write_text(
        f"index\timage\tquestion\tA\tB\tanswer\n7\t{long}\t?\ta\tb\t1\n8\t7\t?\ta\t\tA\n"
    )
    first, second = read_medq(path)
    assert (first["answer"], second["answer"]) == ("B", "A")
    assert second["image"] == long
    assert "B" not in second
    path.write_text("index\timage\n8\t7\n")
    with pytest.raises(UserError, match="Row 8"):
        read_medq(path)
    with pytest.raises(UserError) as caught:
        read_medq(tmp_path / "none.tsv")
    assert caught.value.code == "file_missing"


# isrgq


def isrgq_study(folder: Path) -> Any:
    images = ImageFolder(folder / "images")
    names = ("ATD_x4_0820x4.png", "bad#name.png", "ATD_x2_0813x2.png")
    rows = [
        add_image(images, png((n, 9, 9)), name, details=json.dumps({"LR_ref": f"lr{n}.png"}))
        for n, name in enumerate(names)
    ]
    ratings = [
        one
        for n, row in enumerate(rows)
        for rater, score in (("r1", 1 + n), ("r2", 4), ("r3", 3))
        if (n, rater) != (2, "r2")
        for one in rate(f"u{n}{rater}", row["stimulus"], rater, {"quality": score})
    ]
    text = PRESET.read_text("utf-8")
    one = text.replace('name = "validity"', 'name = "quality"').split("[[dimensions]]")
    steps = "[[steps]]" + text.split("[[steps]]", 1)[1]
    study = parse_study("[[dimensions]]".join(one[:2]) + steps)
    return small_replace(source_of(images, rows, ratings), study=study), rows


def test_isrgq_lists_have_the_two_published_orders(tmp_path: Path) -> None:
    study, rows = isrgq_study(tmp_path)
    a, b, c = (row["stimulus"] for row in rows)
    write_export("isrgq", small_replace(study, splits={"train": (a,), "val": (b,), "test": (c,)}),
                 tmp_path / "out", PLAIN)  # fmt: skip
    assert (tmp_path / "out" / "train.txt").read_text() == (
        "ATD_x4_0820x4.png#2.6666666666666665#lr0.png"
    )
    assert (tmp_path / "out" / "val.txt").read_text() == f"{b}.png#3#lr1.png"
    assert (tmp_path / "out" / "test.txt").read_text() == "ATD_x2_0813x2.png#lr2.png#3"
    for name in ("ATD_x4_0820x4.png", f"{b}.png", "ATD_x2_0813x2.png"):
        assert (tmp_path / "out" / "images" / name).is_file()
    (row,) = read_isrgq(tmp_path / "out" / "train.txt")
    assert row == ("ATD_x4_0820x4.png", 2.6666666666666665, "lr0.png")
    assert read_isrgq(tmp_path / "out" / "test.txt")[0] == ("ATD_x2_0813x2.png", 3.0, "lr2.png")
    book = read_workbook(tmp_path / "out" / "test.xlsx")
    assert book == [
        ("Image_name", "LR_ref", "HR_ref", "P1", "P2", "P3", "MOS"),
        ("ATD_x2_0813x2.png", "lr2.png", None, *book[1][3:6], 3),
    ]
    assert sorted(book[1][3:6], key=str) == [3, 3, None]


def test_isrgq_refuses_other_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    for text in ("a#b#c", "a#1", "a#1#b#c"):
        path.write_text(f"x#1#y\n{text}\n")
        with pytest.raises(UserError, match="Line 2"):
            read_isrgq(path)


def test_workbooks_hold_texts_as_texts_and_no_clock(tmp_path: Path) -> None:
    rows = [("a", "=1+1"), ("b", 2.5)]
    first = workbook_bytes(rows)
    assert first == workbook_bytes(rows)
    (tmp_path / "x.xlsx").write_bytes(first)
    assert read_workbook(tmp_path / "x.xlsx") == rows
    (tmp_path / "y.xlsx").write_bytes(b"no zip")
    with pytest.raises(UserError, match="Excel"):
        read_workbook(tmp_path / "y.xlsx")


# hf


def test_hf_tables_hold_images_scores_and_features(tmp_path: Path) -> None:
    study = full_study(tmp_path)
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    study = small_replace(study, splits={"train": (a, b), "val": (c,)})
    write_export("hf", study, tmp_path / "out", PLAIN)
    tables = read_hf(tmp_path / "out")
    assert {name: table.num_rows for name, table in tables.items()} == {"train": 2, "validation": 1}
    row = tables["train"].to_pylist()[0]
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        assert image.size == (8, 6)
    mos = study.mos_by_stimulus("validity")
    assert row["validity_mos"] == mos[row["stimulus"]]
    assert sum(json.loads(row["validity_votes"]).values()) == row["validity_n"]
    path = next((tmp_path / "out" / "data").glob("train-*.parquet"))
    features = json.loads(pq.read_schema(path).metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert set(features) == set(tables["train"].column_names)
    front = (tmp_path / "out" / "README.md").read_text("utf-8").split("---\n")[1]
    assert "  - split: validation\n    path: data/validation-*.parquet\n" in front
    questions = pq.read_table(next((tmp_path / "out" / "questions").glob("train-*.parquet")))
    assert questions["options"].to_pylist() == [["None", "NA"]]


def test_hf_croissant_names_every_column_of_every_table(tmp_path: Path) -> None:
    write_export("hf", full_study(tmp_path), tmp_path / "out", PLAIN)
    described = json.loads((tmp_path / "out" / "croissant.json").read_text("utf-8"))
    files = read_manifest(tmp_path / "out")["files"]
    paths = [table["contentUrl"] for table in described["distribution"]]
    assert paths == [path for path in sorted(files) if path.endswith(".parquet")]
    for table, records in zip(described["distribution"], described["recordSet"], strict=True):
        assert table["sha256"] == files[table["contentUrl"]]["sha256"]
        names = {field["name"] for field in records["field"]}
        assert names == set(pq.read_schema(tmp_path / "out" / table["contentUrl"]).names)


@pytest.mark.parametrize("name", ["hf", "medq"])
def test_formats_that_embed_images_refuse_to_go_without(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError) as caught:
        write_export(
            name, small_study(tmp_path), tmp_path / "out", ExportOptions(with_images=False)
        )
    assert caught.value.code == "images_needed"


def test_hf_damage_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data"):
        read_hf(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test-0.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="cannot be read"):
        read_hf(tmp_path)


def test_medq_names_pairs_whose_images_are_not_in_one_split(tmp_path: Path) -> None:
    study = full_study(tmp_path)
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    parted = small_replace(
        study, splits={"train": (a, c), "test": (b,)}, composed_notes=("Composed by rules.",)
    )
    report = write_export("medq", parted, tmp_path / "parted", PLAIN)
    assert ("c1", "pair_not_in_one_split") in [(x.item, x.reason) for x in report.left_out]
    assert "Composed by rules." not in report.warnings
    whole = small_replace(parted, splits={"train": (a, b), "test": (c,)})
    report = write_export("medq", whole, tmp_path / "whole", PLAIN)
    assert report.counts["comparisons"] == 1 and "Composed by rules." in report.warnings


# label-studio


def test_label_studio_annotations_fit_their_configuration(tmp_path: Path) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    study = told(small_study(tmp_path), ("x", "not rated"))
    texts = study.feedback.to_pylist()
    texts[0] |= {"submission": "u1", "dimension": "clarity", "text": "Blurred\n😀"}
    study = small_replace(study, feedback=pa.Table.from_pylist(texts, schema=study.feedback.schema))
    report = write_export("label-studio", study, tmp_path / "out", PLAIN)
    assert report.counts["annotations"] == 4
    interface = LabelInterface((tmp_path / "out" / "labelling_config.xml").read_text("utf-8"))
    interface.validate()
    tasks = json.loads((tmp_path / "out" / "tasks_test.json").read_text("utf-8"))
    for task in tasks:
        for annotation in task["annotations"]:
            assert interface.validate_annotation({"id": 1, **annotation})
    assert all("predictions" not in task for task in tasks)


def test_label_studio_comes_back(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    write_export("label-studio", study, tmp_path / "out", ExportOptions(with_names=True))
    read = read_label_studio(tmp_path / "out" / "tasks_test.json", study.study)
    found = {
        (one.stimulus, one.rater, name, score) for one in read for name, score in one.scores.items()
    }
    columns = ("stimulus", "rater", "dimension", "score")
    assert found == {tuple(row[c] for c in columns) for row in study.ratings.to_pylist()}
    assert {one.at for one in read} == {"2026-01-02T03:04:05.000006Z"}


def test_label_studio_reads_what_its_server_exports(tmp_path: Path) -> None:
    task = {
        "data": {"image": "/data/upload/1/a.png"},
        "annotations": [
            {
                "completed_by": {"id": 3, "email": "a@example.org"},
                "lead_time": 2.5,
                "created_at": "2026-01-01T00:00:00Z",
                "result": [
                    {"from_name": "validity", "value": {"rating": 4}},
                    {"from_name": "clarity", "value": {"choices": ["Poor"]}},
                    {"from_name": "feedback-clarity", "value": {"text": "small"}},
                ],
            },
            {"completed_by": 4, "was_cancelled": True, "result": []},
        ],
        "predictions": [{"result": [{"from_name": "validity", "value": {"rating": 1}}]}],
    }
    (tmp_path / "x.json").write_text(json.dumps([task]))
    study = parse_study(PRESET.read_text("utf-8"))
    (one,) = read_label_studio(tmp_path / "x.json", study)
    assert (one.rater, one.duration_ms) == ("a@example.org", 2500)
    assert one.scores == {"validity": 4.0, "clarity": 2.0}
    assert one.texts == [("clarity", "small")]
    task["annotations"][0]["result"][1]["value"]["choices"] = ["Meh"]
    (tmp_path / "x.json").write_text(json.dumps([task]))
    with pytest.raises(UserError, match=r"Task 1.*Meh"):
        read_label_studio(tmp_path / "x.json", study)


def test_scores_between_levels_are_named_as_left_out(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path / "images")
    row = add_image(images, png((1, 1, 1)))
    source = source_of(images, [row], rate("u1", row["stimulus"], "r", {"validity": 4.5}))
    report = write_export("label-studio", source, tmp_path / "out", PLAIN)
    assert [left.reason for left in report.left_out] == ["score_off_scale"]


def test_rubrics_with_markup_do_not_break_the_configuration() -> None:
    study = parse_study(PRESET.read_text("utf-8").replace("a detail is", '<b>&\\"detail\\" is'))
    assert "&lt;b&gt;&amp;" in labelling_config(study)


# regions

MASKS = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(st.booleans(), min_size=size[0] * size[1], max_size=size[0] * size[1]),
    )
)


@given(MASKS)
def test_run_lengths_come_back_and_go_down_the_columns(
    mask: tuple[tuple[int, int], list[bool]],
) -> None:
    (width, height), inside = mask
    pixels = np.array(inside).reshape(height, width)
    image = Image.fromarray((pixels * 255).astype(np.uint8))
    rle = mask_rle(image)
    assert rle["size"] == [height, width]
    assert sum(rle["counts"]) == width * height
    assert rle_area(rle) == pixels.sum()
    filled = np.repeat(np.arange(len(rle["counts"])) % 2 == 1, rle["counts"])
    assert (pixels == filled.reshape(width, height).T).all()
    assert rle_image(rle).tobytes() == image.tobytes()


def test_compressed_run_lengths_are_read() -> None:
    # pycocotools.mask.encode of a 4 x 3 array whose second column and last pixel are set
    assert rle_image({"size": [4, 3], "counts": "443M"}).tobytes() == (
        b"\x00\xff\x00" * 3 + b"\x00\xff\xff"
    )


def test_shapes_become_masks() -> None:
    box = mask_image({"bbox_xyxy": [1, 1, 3, 2]}, (4, 3))
    assert (np.asarray(box) // 255).tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    outline = mask_image({"polygon": [[0, 0], [3, 0], [3, 2], [0, 2]]}, (4, 3))
    assert outline.getbbox() == (0, 0, 4, 3)


def test_regions_are_written_three_ways_and_read_back(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1.0, 2.0], [1.0, 2.0])
    a, b = sorted(study.stimuli["stimulus"].to_pylist())
    regions = (
        {"stimulus": a, "region_id": "r1", "bbox_xyxy": [1, 1, 4, 3], "semantic": "axis",
         "distortions": [{"type": "blur", "severity": "mild"}], "description": "soft"},
        {"stimulus": a, "region_id": "r2", "polygon": [[0, 0], [2, 0], [2, 2]], "distortions": []},
        {"stimulus": b, "region_id": "r3", "bbox_xyxy": [90, 90, 99, 99], "distortions": []},
        {"stimulus": b, "region_id": "r4", "distortions": []},
        {"stimulus": b, "region_id": "r5", "mask_rle": {"size": [2, 2], "counts": [0, 4]}},
        {"stimulus": "gone", "region_id": "r6", "bbox_xyxy": [0, 0, 1, 1]},
    )  # fmt: skip
    report = write_export("regions", small_replace(study, regions=regions), tmp_path / "out", PLAIN)
    assert {left.item: left.reason for left in report.left_out} == {
        "r3": "outside_the_image",
        "r4": "no_valid_shape",
        "r5": "mask_of_another_size",
        "r6": "image_not_exported",
    }
    first, _ = read_regions(tmp_path / "out" / "regions_test.jsonl")
    assert (first["region_id"], first["bbox_xyxy"], first["semantic"]) == (
        "r1",
        [1, 1, 4, 3],
        "axis",
    )
    assert rle_area(first["mask_rle"]) == 6
    coco = json.loads((tmp_path / "out" / "coco_test.json").read_text())
    assert coco["categories"] == [{"id": 1, "name": "blur"}, {"id": 2, "name": "unnamed"}]
    assert coco["annotations"][0]["bbox"] == [1, 1, 3, 2]
    assert coco["annotations"][0]["area"] == 6
    (entry,) = json.loads((tmp_path / "out" / "qground_test.json").read_text())
    assert (entry["id"], [ann["quality"] for ann in entry["ann_list"]]) == (a, ["blur", "unnamed"])
    with Image.open(tmp_path / "out" / "masks" / f"{a}.png") as mask:
        assert mask.size == (8, 6)
        assert mask.getpixel((3, 2)) == 1
    assert read_manifest(tmp_path / "out")["mask_values"] == {"blur": 1, "unnamed": 2}
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"image":"a","width":1,"height":1,"regions":[{"mask_rle":{"size":[1,1],"counts":[9]}}]}'
    )
    with pytest.raises(UserError, match="Record 1"):
        read_regions(path)


def test_regions_are_part_of_csv_under_pseudonyms(tmp_path: Path) -> None:
    from exports.csv_reading import read_csv_export

    study = full_study(tmp_path)
    write_export("csv", study, tmp_path / "out", ExportOptions(with_names=True))
    assert read_csv_export(tmp_path / "out").regions == tuple(study.regions)
    assert dataclasses.is_dataclass(study)
