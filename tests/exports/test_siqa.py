"""SIQA files as the toolkit and the leaderboard open them, restated from their readers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from scipy import stats

from exports.formats import write_export
from exports.package import package_faults, read_manifest
from exports.siqa import read_siqa_scores
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.layout import ImageFolder
from schemas.question import Question
from schemas.study import parse_study
from tests.exports.making import PRESET, add_image, png, rate, scores, small_study, source_of

PLAIN = ExportOptions()


def ask(number: int, stimulus: str, type_: str = "what", **more: Any) -> Question:
    given = {"question": f"Question {number}?", "options": ("Yes", "No"), "answer": "B", **more}
    return Question(f"q{number}", stimulus, type_, **given)


def with_scores(folder: Path, perception: list[float], knowledge: list[float]) -> ExportSource:
    images = ImageFolder(folder / "images")
    rows = [add_image(images, png((i, i, i))) for i in range(len(perception))]
    rows.sort(key=lambda row: row["stimulus"])
    empty = {"n": 9, "sos": None, "ci95": None, "ci95_low": None, "ci95_high": None}
    mos = [
        {"stimulus": row["stimulus"], "dimension": name, "mos": value, **empty}
        for row, p, k in zip(rows, perception, knowledge, strict=True)
        for name, value in (("perception", p), ("knowledge", k))
    ]
    return source_of(images, rows, mos=mos)


def toolkit_scores(items: list[dict[str, Any]], model: str) -> dict[str, float]:
    """The formula of SIQA-Eval's eval_pipeline.py on prediction files it would write."""
    found = {}
    for name in ("perception", "knowledge"):
        truth = [item[f"{name}_rating"] for item in items]
        said = [item[model][name] for item in items]
        both = stats.spearmanr(truth, said)[0], stats.pearsonr(truth, said)[0]
        found[name] = max(sum(both) / 2, 0) * 100
    return {**found, "final": (found["perception"] + found["knowledge"]) / 2}


def leaderboard_correlations(truth: list[float], said: list[float]) -> list[float]:
    return [max(stats.spearmanr(truth, said)[0], 0), max(stats.pearsonr(truth, said)[0], 0)]


def test_golden_vector_of_both_official_scorers(tmp_path: Path) -> None:
    truth = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    perception, knowledge = [6, 5, 4, 3, 2, 100], [1.2, 1.9, 3.3, 3.9, 5.0, 4.8]
    write_export("siqa", with_scores(tmp_path, truth, truth), tmp_path / "out", PLAIN)
    items = json.loads((tmp_path / "out" / "bench_SIQA-S.json").read_text("utf-8"))
    for item, p, k in zip(items, perception, knowledge, strict=True):
        item["M"] = {"perception": p, "knowledge": k}
    found = toolkit_scores(items, "M")
    assert found["perception"] == pytest.approx(24.2056, abs=5e-5)
    assert found["knowledge"] == pytest.approx(95.5684, abs=5e-5)
    assert found["final"] == pytest.approx(59.8870, abs=5e-5)

    answers = json.loads((tmp_path / "out" / "answer" / "answer-s.json").read_text("utf-8"))
    by_id = {entry["id"]: entry for entry in answers["predictions"]}
    assert list(by_id) == [1, 2, 3, 4, 5, 6]
    pairs = [
        *leaderboard_correlations([by_id[i]["perception"] for i in by_id], perception),
        *leaderboard_correlations([by_id[i]["knowledge"] for i in by_id], knowledge),
    ]
    assert round(sum(pairs) / 4 * 100, 2) == 63.46


def test_bench_is_an_array_with_exactly_the_toolkit_keys(tmp_path: Path) -> None:
    report = write_export("siqa", small_study(tmp_path), tmp_path / "out", PLAIN)
    items = json.loads((tmp_path / "out" / "bench_SIQA-S.json").read_text("utf-8"))
    assert [list(item) for item in items] == [
        ["image_path", "perception_rating", "knowledge_rating"]
    ] * 2
    found = {(item["perception_rating"], item["knowledge_rating"]) for item in items}
    assert found == {(1.5, 1.5), (3.5, 4.25)}
    for item in items:
        with Image.open(tmp_path / "out" / "images" / item["image_path"]) as image:
            image.convert("RGB")
    assert [(left.reason, left.file_name) for left in report.left_out] == [
        ("no_composite_score", 'odd "name" #1,\n图.png')
    ]
    assert read_manifest(tmp_path / "out")["left_out"][0]["reason"] == "no_composite_score"
    assert package_faults(tmp_path / "out") == []


def test_without_splits_only_bench_files_are_written(tmp_path: Path) -> None:
    write_export("siqa", small_study(tmp_path), tmp_path / "out", PLAIN)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "bench_SIQA-S.json", "bench_SIQA-U.json", "answer", "submission_template", "images",
        "mos.csv", "ratings.csv", "manifest.json", "README.md", "CITATION.cff", "overview.svg",
    }  # fmt: skip
    assert json.loads((tmp_path / "out" / "bench_SIQA-U.json").read_text()) == []


def test_splits_get_the_names_and_spelling_of_the_published_data(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1, 2, 3, 4], [5, 4, 3, 2])
    a, b, c, d = sorted(study.stimuli["stimulus"].to_pylist())
    splits = {"train": (d, a), "val": (b,), "test": (c,)}
    questions = (ask(1, a), ask(2, b, "how"), ask(3, c, "yes-or-no", explanation="because"))
    source = small_replace(study, splits=splits, questions=questions)
    report = write_export("siqa", source, tmp_path / "out", PLAIN)
    out = tmp_path / "out"
    assert report.splits == {"train": 2, "val": 1, "test": 1}
    lines = [json.loads(line) for line in (out / "train_SIQA-S.jsonl").read_text().splitlines()]
    assert lines == [
        {"pid": 4, "image_path": f"images/{d}.png", "perception_raing": 4, "knowledge_rating": 2},
        {"pid": 1, "image_path": f"images/{a}.png", "perception_raing": 1, "knowledge_rating": 5},
    ]
    assert len((out / "SIQA-S-valid.jsonl").read_text().splitlines()) == 1
    assert [item["image_path"] for item in json.loads((out / "bench_SIQA-S.json").read_text())] == [
        f"{c}.png"
    ]
    assert list(json.loads((out / "train_SIQA-U.jsonl").read_text())) == [
        "image_path", "class", "category", "type", "question", "option", "answer", "explantion",
        "difficulty", "is_wrong", "precision",
    ]  # fmt: skip
    assert json.loads((out / "SIQA-U-valid.jsonl").read_text())["type"] == "how"
    assert (out / "answer_val" / "answer-u.json").exists()
    assert not (out / "answer_train").exists()


def small_replace(source: ExportSource, **changes: Any) -> ExportSource:
    import dataclasses

    return dataclasses.replace(source, **changes)


def test_questions_as_the_toolkit_reads_them(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    one, two, three = sorted(study.stimuli["stimulus"].to_pylist())
    questions = (
        ask(1, one, "yes-or-no", options=("Yes", "No"), answer="A"),
        ask(2, two, "what", options=("Axis B. left", "Axis A"), answer="A"),
        ask(3, three, "how", options=("Good: x", "Fair", "Poor"), answer="C"),
        ask(4, one, "yes/no"),
        ask(5, one, answer="D"),
        ask(6, one, answer=""),
        ask(7, "unknown"),
    )
    report = write_export(
        "siqa", small_replace(study, questions=questions), tmp_path / "out", PLAIN
    )
    items = json.loads((tmp_path / "out" / "bench_SIQA-U.json").read_text("utf-8"))
    assert [list(item) for item in items] == [
        ["image_path", "question", "option", "answer", "type"]
    ] * 3
    assert [item["option"] for item in items] == [
        "A. Yes B. No",
        "A. Axis B. left\nB. Axis A",
        "A. Good: x B. Fair C. Poor",
    ]
    for item in items:
        assert (tmp_path / "out" / "images" / item["image_path"]).is_file()
    answers = json.loads((tmp_path / "out" / "answer" / "answer-u.json").read_text())
    assert answers["predictions"] == [
        {"id": 1, "type": "yes-or-no", "precision": "A"},
        {"id": 2, "type": "what", "precision": "A"},
        {"id": 3, "type": "how", "precision": "C"},
    ]
    template = json.loads(
        (tmp_path / "out" / "submission_template" / "TeamName-u.json").read_text()
    )
    assert (template["track"], len(template["predictions"])) == ("U", 3)
    reasons = {left.item: left.reason for left in report.left_out if left.item.startswith("q")}
    assert reasons == {
        "q4": "unknown_type",
        "q5": "no_right_answer",
        "q6": "no_right_answer",
        "q7": "image_not_exported",
    }
    assert report.counts["questions"] == 3


def test_same_study_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_export("siqa", small_study(tmp_path), tmp_path / name, PLAIN)
    first, second = read_manifest(tmp_path / "a"), read_manifest(tmp_path / "b")
    assert first == second
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("a", "b")]
    assert manifests[0] == manifests[1]


def test_votes_and_ratings_go_along(tmp_path: Path) -> None:
    import pandas as pd

    study = small_study(tmp_path)
    screened = [{"stimulus": r["stimulus"], "rater": "bob", "dimension": "clarity", "score": 5.0,
                 "reason": "bt500"} for r in study.ratings.to_pylist()
                if r["rater"] == "bob" and r["dimension"] == "clarity"]  # fmt: skip
    from exports.source import SCREENED
    from tests.exports.making import table

    study = small_replace(study, screened=table(SCREENED, screened))
    write_export("siqa", study, tmp_path / "out", PLAIN)
    mos = pd.read_csv(tmp_path / "out" / "mos.csv").set_index(["stimulus", "dimension"])
    one = study.ratings["stimulus"][0].as_py()
    assert json.loads(mos.loc[(one, "validity"), "votes"]) == {"4": 1, "5": 1}
    assert json.loads(mos.loc[(one, "clarity"), "votes"]) == {"3": 1}
    assert mos.loc[(one, "validity"), "mos"] == 4.5
    ratings = pd.read_csv(tmp_path / "out" / "ratings.csv")
    assert len(ratings) == 4 + 4 + 4 - 1
    assert ratings["rater"].str.fullmatch(r"R-[0-9a-f]{8}").all()
    bare = ExportOptions(with_ratings=False)
    write_export("siqa", study, tmp_path / "bare", bare)
    assert not (tmp_path / "bare" / "ratings.csv").exists()


def test_retired_and_unsplit_stimuli_stay_out_and_are_named(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1, 2, 3], [1, 2, 3])
    a, b, c = sorted(study.stimuli["stimulus"].to_pylist())
    rows = study.stimuli.to_pylist()
    for row in rows:
        row["is_retired"] = row["stimulus"] == a
    import pyarrow as pa

    study = small_replace(
        study,
        stimuli=pa.Table.from_pylist(rows, schema=study.stimuli.schema),
        splits={"test": (a, b)},
    )
    report = write_export("siqa", study, tmp_path / "out", PLAIN)
    assert {(left.item, left.reason) for left in report.left_out} == {
        (a, "retired"),
        (c, "in_no_split"),
    }
    assert [path.stem for path in (tmp_path / "out" / "images").iterdir()] == [b]


def test_a_split_of_another_study_is_refused(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1, 2], [1, 2])
    a, b = sorted(study.stimuli["stimulus"].to_pylist())
    for splits, code in (
        ({"train": (a,), "test": (a, b)}, "split_overlap"),
        ({"test": ("nobody",)}, "unknown_stimulus"),
    ):
        with pytest.raises(UserError) as caught:
            write_export("siqa", small_replace(study, splits=splits), tmp_path / "out", PLAIN)
        assert caught.value.code == code
        assert not (tmp_path / "out").exists()


def test_a_study_without_the_composites_is_refused(tmp_path: Path) -> None:
    text = PRESET.read_text("utf-8")
    text = text.replace('name = "perception"', 'name = "looks"')
    study = small_replace(small_study(tmp_path), study=parse_study(text))
    with pytest.raises(UserError, match=r"no perception.*\[\[composites\]\]"):
        write_export("siqa", study, tmp_path / "out", PLAIN)


def test_an_empty_study_gives_empty_arrays(tmp_path: Path) -> None:
    source = source_of(ImageFolder(tmp_path / "images"), [])
    write_export("siqa", source, tmp_path / "out", PLAIN)
    assert json.loads((tmp_path / "out" / "bench_SIQA-S.json").read_text()) == []
    assert package_faults(tmp_path / "out") == []


def test_scores_read_back_in_both_spellings(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '\ufeff{"pid":1,"image_path":"a","perception_raing":3.1,"knowledge_rating":2}\n', "utf-8"
    )
    expected = [{"image_path": "a", "perception": 3.1, "knowledge": 2}]
    assert read_siqa_scores(path) == expected
    path.write_text('[{"image_path":"a","perception_rating":3.1,"knowledge_rating":2}]')
    assert read_siqa_scores(path) == expected
    for wrong in ('{"image_path":"a","perception_rating":"3"}', "[1]", "{", "\ud800"):
        path.write_bytes(wrong.encode("utf-8", "surrogatepass"))
        with pytest.raises(UserError):
            read_siqa_scores(path)


@pytest.mark.parametrize("name", ["siqa", "csv"])
def test_the_reading_example_of_the_card_runs(tmp_path: Path, name: str) -> None:
    write_export(name, small_study(tmp_path), tmp_path / "out", PLAIN)
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    code = card.split("```python\n")[1].split("\n```")[0]
    assert len(code.splitlines()) <= 5
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "out", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_scale_other_than_the_challenge_is_said(tmp_path: Path) -> None:
    images = ImageFolder(tmp_path / "images")
    row = add_image(images, png((1, 2, 3)))
    source = source_of(images, [row], rate("u", row["stimulus"], "r", scores(1, 2, 3, 4)))
    text = PRESET.read_text("utf-8")
    levels = 'levels = [{ score = 0, label = "No" }, { score = 1, label = "Yes" }]'
    head, rest = text.split("levels = [", 1)
    study = parse_study(
        "\n".join(
            line
            for line in (head + levels + rest.split("]\n", 1)[1]).splitlines()
            if line.split(" ")[0] not in {"5", "4", "3", "2"}
        ).replace("\n1 = ", '\n0 = "n"\n1 = ')
    )
    report = write_export("siqa", small_replace(source, study=study), tmp_path / "out", PLAIN)
    assert "scale is 0 to 1" in report.warnings[0]
    assert report.warnings[0] in (tmp_path / "out" / "README.md").read_text("utf-8")
