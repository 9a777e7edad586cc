from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from annotator.commands import main


def png(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (number % 256, number // 256, 7)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def run(tmp_path: Path, capsys):
    def call(*line: str, code: int = 0):
        capsys.readouterr()
        assert main(["--data", str(tmp_path / "study"), "--json", *line]) == code
        return json.loads(capsys.readouterr().out)

    call("study", "init", "--preset", "siqa")
    return call


def details(run, tmp_path: Path) -> dict[str, dict[str, object]]:
    """File name -> columns, as `export csv` gives them back."""
    run("export", "csv", "--out", str(tmp_path / "back"))
    with (tmp_path / "back" / "stimuli.csv").open(encoding="utf-8", newline="") as file:
        return {row["file_name"]: row for row in csv.DictReader(file)}


def test_isrgq_votes_become_ratings_and_their_mean_is_the_published_mos(run, tmp_path) -> None:
    votes = {"a_x2_1x2.png": [1, 2, 5] * 7, "b_x4_2x4.png": [3, 4, 4] * 7, "c.png": [2] * 21}
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Image_name", "LR_ref", "HR_ref", *(f"P{n}" for n in range(1, 22)), "MOS"])
    for number, (name, given) in enumerate(votes.items()):
        (tmp_path / name).write_bytes(png(number))
        sheet.append([name, "lr.png", "hr.png", *given, sum(given) / 21])
    book.save(tmp_path / "train.xlsx")
    line = ("import", str(tmp_path / "train.xlsx"), "--format", "isrgq")
    assert run(*line, code=1)["error"]["code"] == "unknown_dimension"
    report = run(*line, "--map", "votes=clarity")
    assert (report["added"], report["ratings"], report["rejected"]) == (3, 63, [])
    rows = [r for r in run("mos")["stimuli"] if r["dimension"] == "clarity"]
    found = sorted(row["mos"] for row in rows)
    expected = sorted(sum(given) / 21 for given in votes.values())
    assert found == pytest.approx(expected, abs=1e-12)
    assert all(row["n"] == 21 for row in rows)
    again = run(*line, "--map", "votes=clarity")
    assert (again["added"], again["ratings"]) == (0, 0)


def test_published_scores_become_columns_and_that_is_said(run, tmp_path) -> None:
    (tmp_path / "images").mkdir()
    for number in range(2):
        (tmp_path / "images" / f"{number}.png").write_bytes(png(number))
    items = [
        {"pid": n, "image_path": f"images/{n}.png", "perception_raing": 2.5, "knowledge_rating": 3}
        for n in range(2)
    ]
    file = tmp_path / "train_SIQA-S.jsonl"
    file.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    report = run("import", str(file), "--format", "siqa")
    assert (report["added"], report["ratings"]) == (2, 0)
    assert "no single votes" in report["notes"][0]
    assert details(run, tmp_path)["0.png"]["perception_rating"] == "2.5"


def test_published_questions_become_questions_and_go_out_as_they_came(run, tmp_path) -> None:
    for n in range(2):
        (tmp_path / f"{n}.png").write_bytes(png(n))
    items = [
        {
            "image_path": f"{n}.png", "class": "physics", "category": "plot", "type": kind,
            "question": f"{kind} is it, 图{n}?", "option": option, "answer": answer,
            "explantion": "seen", "difficulty": "easy", "is_wrong": False, "precision": "",
        }
        for n in range(2)
        for kind, option, answer in (
            ("yes-or-no", "A. Yes B. No", "B"),
            ("what", "A. One B. Two C. Three D. Four", "C"),
            ("how", "A. Panel B. left\nB. Panel A", "A"),
        )
    ]  # fmt: skip
    open_ended = {"image_path": "0.png", "question": "Say more.", "answer": "It is blurred."}
    file = tmp_path / "train_SIQA-U.jsonl"
    file.write_text("\n".join(map(json.dumps, [*items, open_ended])), encoding="utf-8-sig")
    report = run("import", str(file), "--format", "siqa")
    assert (report["added"], report["questions"]) == (2, 6)
    assert "1 rows are no multiple choice" in report["notes"][0]
    assert json.loads(details(run, tmp_path)["0.png"]["questions"]) == [
        {"question": "Say more.", "answer": "It is blurred."}
    ]
    assert run("import", str(file), "--format", "siqa")["questions"] == 0
    assert run("questions", "list")["states"]["accepted"] == 6
    run("export", "siqa", "--out", str(tmp_path / "out"), "--splits", "train=0.5,test=0.5")
    lines = (tmp_path / "out" / "train_SIQA-U.jsonl").read_text("utf-8").splitlines()
    out = [json.loads(line) for line in lines]
    bench = json.loads((tmp_path / "out" / "bench_SIQA-U.json").read_text("utf-8"))
    assert len(out) == len(bench) == 3
    kept = [{k: v for k, v in item.items() if k != "image_path"} for item in items]
    for item in out:
        assert {k: v for k, v in item.items() if k != "image_path"} in kept
    for item in bench:
        assert any(item.items() - {("image_path", item["image_path"])} <= k.items() for k in kept)


def test_questions_of_one_image_stay_together(run, tmp_path) -> None:
    (tmp_path / "f.png").write_bytes(png(1))
    items = [{"image_path": "f.png", "question": q, "answer": "A", "type": "what"} for q in "xy"]
    (tmp_path / "bench_SIQA-U.json").write_text(json.dumps(items), encoding="utf-8")
    report = run("import", str(tmp_path / "bench_SIQA-U.json"), "--format", "siqa")
    assert report["added"] == 1
    kept = json.loads(details(run, tmp_path)["f.png"]["questions"])
    assert [item["question"] for item in kept] == ["x", "y"]


def test_llava_and_the_score_in_its_id(run, tmp_path) -> None:
    (tmp_path / "k.jpg").write_bytes(png(1))
    item = {
        "id": "k.jpg->77.38", "image": "k.jpg",
        "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "good"}],
    }  # fmt: skip
    (tmp_path / "q.json").write_text(json.dumps([item]), encoding="utf-8")
    assert run("import", str(tmp_path / "q.json"), "--format", "llava")["added"] == 1
    assert float(details(run, tmp_path)["k.jpg"]["gt_score"]) == 77.38


def test_medq_pictures_come_from_the_table_and_from_references(run, tmp_path) -> None:
    rows = [
        ["index", "image", "question", "A", "B", "answer", "question_type"],
        ["1", base64.b64encode(png(3)).decode(), "q?", "Yes", "No", "A", "Yes-No"],
        ["2", "1", "r?", "Yes", "No", "1", "What"],
    ]
    text = "\n".join(map("\t".join, rows))
    (tmp_path / "m.tsv").write_text(text, encoding="utf-8")
    report = run("import", str(tmp_path / "m.tsv"), "--format", "medq")
    assert (report["added"], report["rejected"]) == (1, [])
    assert report["questions"] == 2


def test_hugging_face_parquet_with_embedded_pictures(run, tmp_path) -> None:
    (tmp_path / "set" / "data").mkdir(parents=True)
    rows = [
        {"image": {"bytes": png(n), "path": f"{n}.png"}, "pid": n, "image_path": f"images/{n}.png"}
        for n in range(3)
    ]
    file = tmp_path / "set" / "data" / "train-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    report = run("import", str(tmp_path / "set"), "--format", "hf")
    assert (report["added"], report["rejected"]) == (3, [])
    assert details(run, tmp_path)["2.png"]["split"] == "train"


def test_columns_are_renamed(run, tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "t.csv").write_text("bild,fach\na.png,physics\n", encoding="utf-8")
    line = ("import", str(tmp_path / "t.csv"), "--format", "csv", "--map")
    assert run(*line, "bild=image", "--map", "fach=discipline")["added"] == 1
    assert details(run, tmp_path)["a.png"]["discipline"] == "physics"
    assert run(*line, "nothing=image", code=1)["error"]["code"] == "missing_column"
    (tmp_path / "r.csv").write_text("bild,wer,was,note\na.png,Ann,clarity,4\n", encoding="utf-8")
    maps = ("bild=stimulus", "wer=rater", "was=dimension", "note=score")
    line = ("import", str(tmp_path / "r.csv"), "--format", "ratings")
    assert run(*line, *(word for m in maps for word in ("--map", m)))["ratings"] == 1


def test_label_studio_annotations_become_ratings(run, tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    result = {"from_name": "clarity", "to_name": "image", "type": "choices",
              "value": {"choices": ["4 Good"]}}  # fmt: skip
    task = {
        "data": {"image": "a.png"},
        "annotations": [
            {"completed_by": {"email": who}, "created_at": "2026-01-02T03:04:05Z",
             "result": [result]}
            for who in ("ann@example.org", "bob@example.org")
        ],
    }  # fmt: skip
    (tmp_path / "ls.json").write_text(json.dumps([task]), encoding="utf-8")
    report = run("import", str(tmp_path / "ls.json"), "--format", "label-studio")
    assert (report["added"], report["ratings"]) == (1, 2)
    assert run("import", str(tmp_path / "ls.json"), "--format", "label-studio")["ratings"] == 0


ODD = ("a b.png", "q'uo\"te.png", "ha#sh.png", "new\nline.png", "图像é.png", "=cmd.png", "-x.png")


@pytest.fixture
def odd(run, tmp_path):
    """Images of odd names, two of one name, rated, with a question each."""
    (tmp_path / "odd" / "sub").mkdir(parents=True)
    for n, name in enumerate((*ODD, "same.png", "sub/same.png")):
        (tmp_path / "odd" / name).write_bytes(png(n))
    assert run("import", str(tmp_path / "odd"))["added"] == len(ODD) + 2
    rows = [
        [name, rater, dimension, 2 + (rater == "=Bo"), '=1+1\tso, "he"\nsaid']
        for name in ODD
        for rater in ("Zoë", "=Bo")
        for dimension in ("validity", "completeness", "clarity", "conformity")
    ]
    with (tmp_path / "r.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerows([["stimulus", "rater", "dimension", "score", "feedback"], *rows])
    assert run("ratings", "import", str(tmp_path / "r.csv"))["ratings"] == len(rows)
    items = [
        {"image_path": name, "type": "what", "question": f"Tab\there {n}?",
         "option": "A. Panel B. left\nB. x", "answer": "AB"[n % 2]}
        for n, name in enumerate(ODD)
    ]  # fmt: skip
    file = tmp_path / "odd" / "bench_SIQA-U.json"
    file.write_text(json.dumps(items), encoding="utf-8")
    assert run("import", str(file), "--format", "siqa")["questions"] == len(ODD)
    return run


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("siqa", ("bench_SIQA-U.json", "images")),
        ("hf", ("",)),
        ("medq", ("medqbench_QA_test.tsv",)),
        ("q-bench", ("llvisionqa_test.json", "images")),
    ],
)
def test_questions_on_images_of_odd_names_come_back_from_an_export(
    odd, tmp_path, name, files
) -> None:
    out = tmp_path / "out"
    odd("export", name, "--out", str(out))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    new = ("--data", str(tmp_path / "new"))
    odd(*new, "study", "init", "--preset", "siqa")
    paths = [str(out / file) if file else str(out) for file in files]
    report = odd(*new, "import", *paths, "--format", name)
    assert report["rejected"] == [] and report["questions"] == len(ODD)
    asked = []
    for place in ((), new):
        back = tmp_path / f"csv{len(place)}"
        odd(*place, "export", "csv", "--out", str(back))
        with (back / "questions.csv").open(encoding="utf-8", newline="") as file:
            asked.append(
                sorted((r["stimulus"], r["options"], r["answer"]) for r in csv.DictReader(file))
            )
        with (back / "stimuli.csv").open(encoding="utf-8", newline="") as file:
            names = {row["file_name"] for row in csv.DictReader(file)}
        assert names >= set(ODD) or (place and name != "hf")
    assert asked[0] == asked[1]


def test_label_studio_texts_keep_their_dimension_and_one_person_may_annotate_again(
    run, tmp_path
) -> None:
    (tmp_path / "a.png").write_bytes(png(1))

    def annotation(at: str, level: str | None, **texts: str) -> dict[str, object]:
        result = [
            {"from_name": name.replace("_", "-"), "to_name": "image", "type": "textarea",
             "value": {"text": [text]}} for name, text in texts.items()
        ]  # fmt: skip
        if level:
            result.append({"from_name": "clarity", "to_name": "image", "type": "choices",
                           "value": {"choices": [level]}})  # fmt: skip
        who = {"email": "ann@example.org"}
        return {"completed_by": who, "created_at": f"2026-01-0{at}T00:00:00Z", "result": result}

    only_text = annotation("3", None, feedback="seen again")
    first = annotation("1", "4 Good", feedback_clarity="axis is small", feedback="fine")
    tasks = [{"data": {"image": "a.png"}, "annotations": [only_text, first]}]
    file = tmp_path / "ls.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    line = ("import", str(file), "--format", "label-studio")
    report = run(*line)
    assert (report["ratings"], report["feedback"], report["notes"]) == (1, 3, [])
    run("export", "csv", "--out", str(tmp_path / "out"), "--with-names")
    text = (tmp_path / "out" / "feedback.csv").read_text("utf-8")
    assert '"clarity","axis is small"' in text
    assert run(*line)["feedback"] == 0
    tasks[0]["annotations"] += [annotation("5", "2 Poor"), annotation("4", "1 Bad")]
    first["result"][-1]["value"]["choices"] = ["5 Excellent"]
    file.write_text(json.dumps(tasks), encoding="utf-8")
    report = run(*line)
    assert report["ratings"] == 2
    assert "changed after they were taken in" in report["notes"][0]
    assert sorted(r["score"] for r in ratings_of(run, tmp_path)) == ["1", "2", "4"]


def ratings_of(run, tmp_path: Path) -> list[dict[str, str]]:
    run("export", "csv", "--out", str(tmp_path / "again"))
    with (tmp_path / "again" / "ratings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_image_that_is_not_there_is_named(run, tmp_path) -> None:
    (tmp_path / "t.txt").write_text("x.png#3.5#y.png", encoding="utf-8")
    report = run("import", str(tmp_path / "t.txt"), "--format", "isrgq")
    assert report["added"] == 0
    assert re.search("x.png", report["rejected"][0]["path"])
