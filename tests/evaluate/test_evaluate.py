from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator.commands import main
from pipelines.evaluate import columns
from pipelines.evaluate.files import Choices, evaluate_files
from pipelines.evaluate.medq import evaluate_medq, option_letter
from pipelines.evaluate.qbench import evaluate_qbench
from pipelines.evaluate.regions import evaluate_regions
from schemas.errors import UserError

PERCEPTION, KNOWLEDGE = [6, 5, 4, 3, 2, 100], [1.2, 1.9, 3.3, 3.9, 5.0, 4.8]
S_TRUTH = [
    {"image_path": f"{n}.png", "perception_rating": n, "knowledge_rating": n} for n in range(1, 7)
]
S_TOOLKIT = [
    dict(item, mine={"perception": p, "knowledge": k})
    for item, p, k in zip(S_TRUTH, PERCEPTION, KNOWLEDGE, strict=True)
]
RIGHT = (("yes-or-no", 1, 2), ("what", 3, 4), ("how", 2, 5))
"""Type, right answers, questions."""
U_TRUTH = [
    {"image_path": f"{kind}.png", "question": f"{kind} {n}?", "type": kind, "answer": "A"}
    for kind, _, total in RIGHT
    for n in range(total)
]
U_ANSWERS = ["A" if n < right else "B" for _, right, total in RIGHT for n in range(total)]
U_TOOLKIT = [dict(item, mine=a) for item, a in zip(U_TRUTH, U_ANSWERS, strict=True)]


@pytest.fixture
def score(tmp_path: Path):
    def run(track: str, truth: Any, predictions: Any, convention: str = "website", **more: Any):
        paths = []
        for name, document in (("truth", truth), ("predictions", predictions)):
            paths.append(tmp_path / f"{name}.json")
            paths[-1].write_text(json.dumps(document), encoding="utf-8")
        return evaluate_files(track, *paths, Choices(convention, bootstrap=50), **more)

    return run


def submission(track: str, predictions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"team": "T", "method": "m", "track": track, "predictions": predictions}


def s_submission(ids: Any = range(1, 7)) -> dict[str, Any]:
    values = zip(ids, PERCEPTION, KNOWLEDGE, strict=True)
    return submission("S", [{"id": i, "perception": p, "knowledge": k} for i, p, k in values])


def test_the_golden_vector_of_s(score) -> None:
    expected = {"leaderboard": 63.46, "toolkit": 59.8870, "website": 59.8870}
    for convention, value in expected.items():
        for predictions in (S_TOOLKIT, s_submission()):
            found = score("S", S_TRUTH, predictions, convention)
            assert round(found["score"], 4) == value
            assert found["conventions"] == pytest.approx(expected, abs=1e-4)
    assert found["perception"]["srcc"] == pytest.approx(-1 / 7)
    assert found["perception"]["plcc"] == pytest.approx(0.626968, abs=1e-6)
    assert found["knowledge"]["plcc"] == pytest.approx(0.968511, abs=1e-6)
    clipped = score("S", S_TRUTH, S_TOOLKIT, "leaderboard")
    assert clipped["perception"] == {"srcc": 0.0, "plcc": 0.627, "score": 31.35}
    assert any("clip" in warning for warning in clipped["warnings"])


def test_the_golden_vector_of_u(score) -> None:
    for convention, value in {"website": 52.5, "leaderboard": 52.5, "toolkit": 0.55}.items():
        found = score("U", U_TRUTH, U_TOOLKIT, convention)
        assert found["score"] == value
        assert found["conventions"] == {"website": 52.5, "leaderboard": 52.5, "toolkit": 0.55}
    assert found["accuracy"] == {"yes-or-no": 0.5, "what": 0.75, "how": 0.4}
    website = score("U", U_TRUTH, U_TOOLKIT)
    assert website["accuracy"] == {"yes-or-no": 50, "what": 75, "how": 40}
    assert website["n"] == {"yes-or-no": 2, "what": 4, "how": 5}


def test_u_items_are_joined_on_image_and_question_in_any_order(score) -> None:
    assert score("U", U_TRUTH, U_TOOLKIT[::-1])["score"] == 52.5
    without_names = [{"mine": item["mine"]} for item in U_TOOLKIT]
    assert score("U", U_TRUTH, without_names)["score"] == 52.5


def test_the_leaderboards_answer_file_is_a_truth(score) -> None:
    answers = [
        {"id": n, "type": item["type"], "precision": item["answer"]}
        for n, item in enumerate(U_TRUTH, 1)
    ]
    given = [{"id": n, "type": "x", "precision": a} for n, a in enumerate(U_ANSWERS, 1)]
    assert score("U", {"predictions": answers}, submission("U", given))["score"] == 52.5


def test_two_right_answers_are_100_for_the_leaderboard_only(score) -> None:
    two = submission("U", [{"id": n, "precision": "A"} for n in (7, 8)])
    found = score("U", U_TRUTH, two)
    assert found["conventions"]["leaderboard"] == 50.0
    assert found["conventions"]["website"] == pytest.approx(100 * 0.5 * 2 / 5)
    assert found["conventions"]["toolkit"] == 1.0
    assert found["missing"] == [1, 2, 3, 4, 5, 6, 9, 10, 11]
    scores = [{"id": n, "perception": n, "knowledge": n} for n in (1, 2)]
    found = score("S", S_TRUTH, submission("S", scores))
    assert found["conventions"]["leaderboard"] == 100.0
    assert found["missing"] == [3, 4, 5, 6]
    assert any("not comparable" in warning for warning in found["warnings"])


def test_duplicate_and_unknown_ids_are_named(score) -> None:
    doc = s_submission()
    doc["predictions"] += [doc["predictions"][0], {"id": 99, "perception": 1, "knowledge": 1}]
    found = score("S", S_TRUTH, doc)
    assert (found["duplicate"], found["unknown"]) == ([1], [99])
    assert found["score"] == pytest.approx(59.8870, abs=1e-4)


def test_ids_as_text_match_here_and_not_on_the_leaderboard(score) -> None:
    found = score("S", S_TRUTH, s_submission([str(n) for n in range(1, 7)]))
    assert found["conventions"]["leaderboard"] == 0.0
    assert found["score"] == pytest.approx(59.8870, abs=1e-4)
    assert any("leaderboard leaves these items out" in text for text in found["warnings"])


@pytest.mark.parametrize(
    ("values", "leaderboard", "toolkit"),
    [
        ([3.0] * 6, None, None),
        ([float("nan"), 2, 3, 4, 5, 6], 50.0, None),
        (["1", "2", "3", "4", "5", "6"], 100.0, None),
        (["a", 2, 3, 4, 5, 6], None, None),
    ],
    ids=["constant", "nan", "numbers as text", "text"],
)
def test_odd_predictions_of_one_dimension(score, values, leaderboard, toolkit) -> None:
    predictions = [
        dict(item, mine={"perception": v, "knowledge": item["knowledge_rating"]})
        for item, v in zip(S_TRUTH, values, strict=True)
    ]
    found = score("S", S_TRUTH, predictions)
    assert found["conventions"]["leaderboard"] == leaderboard
    assert found["conventions"]["toolkit"] is toolkit
    assert found["warnings"]
    json.dumps(found, allow_nan=False)


def test_the_misspelt_key_gives_0_in_the_toolkit(score) -> None:
    def respelt(item: dict[str, Any]) -> dict[str, Any]:
        return {k.replace("perception_rating", "perception_raing"): v for k, v in item.items()}

    found = score("S", [respelt(i) for i in S_TRUTH], [respelt(i) for i in S_TOOLKIT])
    assert found["conventions"]["toolkit"] == 0.0
    assert found["score"] == pytest.approx(59.8870, abs=1e-4)
    assert any("perception_raing" in warning for warning in found["warnings"])


def test_a_wrong_type_key_is_said(score) -> None:
    truth = [dict(i, type=i["type"].replace("yes-or-no", "yes/no")) for i in U_TRUTH]
    found = score("U", truth, U_TOOLKIT)
    assert found["score"] == 52.5
    assert found["conventions"]["toolkit"] == pytest.approx((3 / 4 + 2 / 5) / 2)
    assert any("toolkit leaves out 2" in warning for warning in found["warnings"])


def test_answers_are_letters_only(score) -> None:
    predictions = [dict(item, mine="A. Yes" if n else " a ") for n, item in enumerate(U_TRUTH)]
    found = score("U", U_TRUTH, predictions)
    assert found["score"] == pytest.approx(0.2 * 50)
    assert any("10 answers are not one letter" in warning for warning in found["warnings"])


def test_which_model_is_meant_must_be_clear(score) -> None:
    two = [dict(item, other="A") for item in U_TOOLKIT]
    with pytest.raises(UserError, match="'mine', 'other'"):
        score("U", U_TRUTH, two)


def test_a_submission_is_compared_with_itself_and_with_a_better_one(score, tmp_path) -> None:
    better = tmp_path / "better.json"
    better.write_text(json.dumps([dict(item, mine="A") for item in U_TRUTH]), encoding="utf-8")
    found = score("U", U_TRUTH, U_TOOLKIT, against=better)["against"]
    assert (found["score"], found["difference"]) == (100.0, -47.5)
    assert found["ci95"][1] <= 0 and found["p"] < 0.2
    better.write_text(json.dumps(S_TOOLKIT), encoding="utf-8")
    same = score("S", S_TRUTH, S_TOOLKIT, against=better)["against"]
    assert (same["difference"], same["p"]) == (0.0, 1.0)


def test_isrgq_reads_both_column_orders(tmp_path) -> None:
    (tmp_path / "train.txt").write_text("a.png#4.5#x.png\nb.png#2#y.png\nc.png#3#z.png")
    (tmp_path / "test.txt").write_text("a.png#x.png#4.5\nb.png#y.png#2\nc.png#z.png#3")
    (tmp_path / "mine.csv").write_text("name,score\nc.png,2\na.png,3\nb.png,1\nd.png,1\n")
    for name in ("train.txt", "test.txt"):
        found = evaluate_files(
            "isrgq", tmp_path / name, tmp_path / "mine.csv", Choices(bootstrap=0)
        )
        plcc = 2.5 / (2 * 19 / 6) ** 0.5
        assert found["srcc"] == pytest.approx(1)
        assert found["plcc"] == pytest.approx(plcc)
        assert found["score"] == pytest.approx(0.6 + 0.4 * plcc)
        assert found["unknown"] == ["d.png"]


@pytest.mark.parametrize(
    ("reply", "letter"),
    [("b", "B"), ("C. Low", "C"), ("B) x", "B"), ("D - no", "D"), ("(B)", "B"),
     ("It is a blur: D", "A"), ("none", "NONE")],
)  # fmt: skip
def test_the_letter_rule_of_medq(reply: str, letter: str) -> None:
    assert option_letter(reply) == letter


def test_medq_perception_by_type_and_modality() -> None:
    truth = [
        {"index": "1", "answer": "A", "modality": "CT", "question_type": "what"},
        {"index": "2", "answer": 1, "modality": "CT", "question_type": "how"},
        {"index": "3", "answer": "C", "modality": "MRI", "question_type": "how"},
    ]
    given = [{"index": 1, "prediction": "A. Yes"}, {"index": 2, "prediction": "A"}]
    found = evaluate_medq(truth, given, bootstrap=0)
    assert found["accuracy"] == pytest.approx(100 / 3)
    assert found["by_type"] == {"what": 100, "how": 0}
    assert found["by_modality"] == {"CT": 50, "MRI": 0}
    assert found["missing"] == ["3"]


def test_medq_marks_are_summed_over_metrics_and_averaged_over_rounds() -> None:
    truth = [{"index": "1", "description": "x"}, {"index": "2", "description": "y"}]
    marks = {"preciseness": 1, "consistency": 2, "quality_accuracy": 0}
    given = [
        {"index": "1", "completeness_scores": "[1, 2, None]", **marks},
        {"index": "2", "completeness": 0.5, **marks},
    ]
    found = evaluate_medq(truth, given)
    assert found["metrics"]["completeness"] == pytest.approx((1.5 + 0.5) / 2)
    assert found["score"] == pytest.approx(1 + 1 + 2 + 0)
    with pytest.raises(UserError, match="0 to 2"):
        evaluate_medq(truth, [{"index": "1", "completeness": 2.9}])


def test_qbench_by_type_and_concern() -> None:
    base = {"candidates": ["High", "Low"], "correct_ans": "Low"}
    truth = [
        {"img_path": "1.jpg", "question": "q", "type": 2, "concern": 0, **base},
        {"img_path": "2.jpg", "question": "q", "type": 0, "concern": 3, **base},
    ]
    given = [{**truth[0], "response": "B."}, {**truth[1], "response": "A or B"}]
    found = evaluate_qbench(truth, given, bootstrap=0)
    assert found["by_type"] == {"how": 100, "yes-or-no": 0}
    assert found["by_concern"] == {"distortion": 100, "in-context other": 0}
    rounds = [
        {"img_path": "1.jpg", "completeness": c, "precision": 1, "relevance": 2} for c in (0, 1)
    ]
    found = evaluate_qbench(truth[:1], rounds)
    assert (found["score"], found["out_of"]) == (3.5, 6)
    assert found["rounds"] == {"min": 2, "max": 2}


def test_regions() -> None:
    def record(box: list[int], kind: str = "blur", severity: str = "mild") -> dict[str, Any]:
        region = {
            "region_id": 1, "bbox_xyxy": box, "distortions": [{"type": kind, "severity": severity}],
        }  # fmt: skip
        return {"image": "a.png", "width": 4, "height": 3, "regions": [region]}

    found = evaluate_regions([record([0, 0, 2, 2])], [record([1, 0, 3, 2], severity="strong")])
    assert found["miou"] == pytest.approx(2 / 6)
    assert found["referring_accuracy"] == {"type": 1.0, "type_and_severity": 0.0, "n": 1}
    # 4 x 3 px, down the columns: 2 outside, 2 inside, the rest outside.
    runs = {"mask_rle": {"size": [3, 4], "counts": [1, 1, 10]}, "distortions": [{"type": "blur"}]}
    truth = [{"image": "a.png", "width": 4, "height": 3, "regions": [runs]}]
    found = evaluate_regions(truth, [record([0, 0, 1, 2])])
    assert found["miou"] == pytest.approx(1 / 2)
    assert evaluate_regions(truth, [])["miou"] == 0


def test_the_command_gives_one_document(tmp_path, capsys) -> None:
    truth, given = tmp_path / "t.json", tmp_path / "p.json"
    truth.write_text("\ufeff" + json.dumps(U_TRUTH), encoding="utf-8")
    given.write_text("\n".join(map(json.dumps, U_TOOLKIT)), encoding="utf-8")
    line = ["evaluate", "--track", "U", "--truth", str(truth), "--predictions", str(given)]
    assert main(["--json", *line]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["score"] == 52.5
    assert document["published"][0]["rows"][0]["score"] == 42.79
    given.write_text('[{"mine": "A"', encoding="utf-8")
    assert main(["--json", *line]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unreadable_file"
    assert main(["--json", *line, "--convention", "x"]) == 2


@pytest.mark.parametrize("form", ["array", "lines", "submission"])
def test_large_files_are_read_in_pieces_as_whole(tmp_path, form, monkeypatch) -> None:
    """Texts with what looks like the end of an item, odd keys and NaN come through pieces."""
    monkeypatch.setattr(columns, "_PIECE", 200)
    items = [
        {
            "image_path": f"{n} }},\n{{ ü.png", "id": n,
            "perception": [n, n + 0.5, "3", None][n % 4],
            "m": {"perception": float(n), "knowledge": float("nan") if n == 7 else 1.0},
            **({"odd": [{"a": 1}, {"b": 2}]} if n % 5 == 0 else {}),
        }
        for n in range(60)
    ]  # fmt: skip
    path = tmp_path / "items.json"
    text = {
        "array": json.dumps(items, indent=1),
        "lines": "\n".join(map(json.dumps, items)) + "\n",
        "submission": json.dumps({"team": "T", "predictions": items, "track": "S"}),
    }[form]
    path.write_text(text, encoding="utf-8-sig")
    found = columns.read_columns(path)
    assert len(found.items._sizes) > 3, "it was not read in pieces"
    assert found.head == ({"team": "T", "track": "S"} if form == "submission" else None)
    for name in ("image_path", "id", "perception", "odd"):
        assert found.items.values(name) == [item.get(name) for item in items]
    np.testing.assert_equal(found.items.values("m"), [item["m"] for item in items])
    assert list(found.items.keys)[:4] == ["image_path", "id", "perception", "m"]
