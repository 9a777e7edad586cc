"""Formats for language models: sft, q-align, q-instruct, q-bench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.formats import write_export
from exports.levels import Q_ALIGN_LEVELS, q_align_level, toolkit_level
from exports.medq import read_medq
from exports.package import read_manifest
from exports.q_align import read_q_align
from exports.q_bench import read_q_bench
from exports.q_instruct import read_q_instruct
from exports.questions import option_string, parse_options
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.question import Conversation, Question, question_fault
from tests.exports.test_siqa import ask, small_replace, with_scores

PLAIN = ExportOptions()


def told(source: ExportSource, *texts: tuple[str, str]) -> ExportSource:
    rows = [
        {"submission": f"u{n}", "stimulus": stimulus, "rater": "r", "text": text}
        for n, (stimulus, text) in enumerate(texts)
    ]
    return small_replace(source, feedback=pa.Table.from_pylist(rows, schema=source.feedback.schema))


def test_levels_at_the_edges_of_the_bins() -> None:
    edges = [1, 1.7999, 1.8, 2.6, 3.4, 3.4 + 1e-9, 4.2, 5]
    assert [toolkit_level(score) for score in edges] == [
        "Bad", "Bad", "Poor", "Fair", "Fair", "Good", "Excellent", "Excellent",
    ]  # fmt: skip
    assert [q_align_level(score, 1, 5) for score in (1.8, 2.6, 3.4, 4.2)] == [
        "bad", "poor", "fair", "good",
    ]  # fmt: skip
    # A mean of means that floating point puts beside the edge lies on it.
    assert q_align_level(3.4000000000000004, 1, 5) == "fair"
    assert q_align_level(3.41, 1, 5) == "good"


@given(st.integers(1, 25), st.data())
def test_q_align_bins_are_closed_on_the_right(n_raters: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(n_raters, 5 * n_raters))
    level = Q_ALIGN_LEVELS.index(q_align_level(total / n_raters, 1, 5))
    # s > 1 + 0.8 i and s <= 1 + 0.8 (i + 1), in whole numbers: 5 (total - n) against 4 n i
    above_low = level == 0 or 5 * (total - n_raters) > 4 * n_raters * level
    assert above_low and 5 * (total - n_raters) <= 4 * n_raters * (level + 1)


def test_sft_says_what_the_toolkit_converter_says(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [3.4], [1.0])
    one = study.stimuli["stimulus"][0].as_py()
    study = small_replace(study, questions=(ask(1, one, "yes-or-no", answer="A"),))
    report = write_export("sft", study, tmp_path / "out", PLAIN)
    subjective, objective = json.loads((tmp_path / "out" / "openai_bench_SIQA-S.json").read_text())
    assert subjective == {
        "messages": [
            {
                "role": "system",
                "content": "You are an expert in scientific image analysis. Evaluate the given "
                "image on **Subjective Quality** only:\n\n- Consider technical quality (sharpness, "
                "lighting, legibility) and aesthetic quality (visual appeal, layout balance, "
                "information density).\n- Ignore scientific correctness.\n\nUse exactly one of "
                "these five terms: [Bad, Poor, Fair, Good, Excellent]. Respond ONLY as:\n\n"
                "Subjective: [Quality Word]\n",
            },
            {
                "role": "user",
                "content": "How would you rate the subjective quality of this image?\n<image>",
            },
            {"role": "assistant", "content": "Subjective: Fair"},
        ],
        "images": [f"images/{one}.png"],
    }
    assert objective["messages"][2]["content"] == "Objective: Bad"
    (item,) = json.loads((tmp_path / "out" / "openai_bench_SIQA-U.json").read_text())
    assert item["messages"][1]["content"] == (
        "<image>Answer the following question based on the image.\nQuestion: Question 1?\n"
        "Choices: A. Yes B. No\nRespond with ONLY one uppercase letter: A, B, C, or D."
    )
    assert item["messages"][2]["content"] == "A"
    assert "exactly 3.4" in report.warnings[0]
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert {entry["file_name"] for entry in info.values()} == {
        "openai_bench_SIQA-S.json",
        "openai_bench_SIQA-U.json",
    }


def test_q_align_has_both_tokens_the_truth_and_m_and_M(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1.8, 5.0], [3.0, 4.2])
    a, b = sorted(study.stimuli["stimulus"].to_pylist())
    study = small_replace(study, splits={"train": (a,), "test": (b,)})
    write_export("q-align", study, tmp_path / "out", PLAIN)
    (train,) = json.loads((tmp_path / "out/q_align/train_siqa_perception.json").read_text())
    assert (train["id"], train["image"]) == (f"{a}.png->1.8", f"images/{a}.png")
    assert train["conversations"][0]["value"].endswith(" image?\n<|image|>") or train[
        "conversations"
    ][0]["value"].endswith(("image.\n<|image|>", "picture?\n<|image|>"))
    assert train["conversations"][1] == {
        "from": "gpt",
        "value": "The perception of the image is bad.",
    }
    assert "gt_score" not in train
    (test,) = json.loads((tmp_path / "out/q_sit/test_siqa_knowledge.json").read_text())
    assert test["conversations"][0]["value"] == (
        "Assume you are an image quality evaluator. How would you rate the knowledge of this "
        "image?\n<image>"
    )
    assert test["gt_score"] == 4.2
    levels = read_manifest(tmp_path / "out")["levels"]
    assert (levels["m"], levels["M"]) == (1, 5)
    read = read_q_align(tmp_path / "out/q_align/train_siqa_perception.json")
    assert read == [(f"images/{a}.png", 1.8)]


def test_q_align_reads_scores_as_they_are_published(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"img_path":"a","gt_score":"2.82 "},{"id":"b.jpg->77.3","image":"b"}]')
    assert read_q_align(path) == [("a", 2.82), ("b", 77.3)]
    path.write_text('[{"id":"b.jpg","image":"b"}]')
    with pytest.raises(UserError, match="Item 1"):
        read_q_align(path)


@pytest.mark.parametrize("name", ["q-instruct", "medq"])
def test_texts_that_must_not_leave_are_named_and_not_written(tmp_path: Path, name: str) -> None:
    study = with_scores(tmp_path, [1.0], [2.0])
    one = study.stimuli["stimulus"][0].as_py()
    texts = ((one, "Sharp."), (one, " \n"), (one, "As in secret_7.tif."), (one, "Taken back."))
    withheld = {("u2", texts[2][1]): "names_file", ("u3", texts[3][1]): "removed"}
    report = write_export(
        name, small_replace(told(study, *texts), withheld=withheld), tmp_path / "out", PLAIN
    )
    assert [(entry.item, entry.reason) for entry in report.left_out] == [
        ("u1", "blank_text"), ("u2", "names_file"), ("u3", "removed"),
    ]  # fmt: skip
    files = [*(tmp_path / "out").glob("cleaned_labels_*"), *(tmp_path / "out").glob("*.tsv")]
    written = "".join(path.read_text("utf-8") for path in files)
    assert "Sharp." in written
    assert "secret_7" not in written and "Taken back" not in written


def test_composed_conversations_are_written_whole_with_their_note(tmp_path: Path) -> None:
    study = told(with_scores(tmp_path, [1.0], [2.0]))
    one = study.stimuli["stimulus"][0].as_py()
    talk = Conversation(one, "en", (("Describe it.", "“A <image>.” It is poor."), ("Why?", "“A.”")))
    study = small_replace(study, conversations=(talk,), composed_notes=("Composed by rules.",))
    report = write_export("q-instruct", study, tmp_path / "a", PLAIN)
    path = tmp_path / "a" / "cleaned_labels_test.json"
    (item,) = json.loads(path.read_text("utf-8"))
    assert item["id"] == f"{one}-long-en"
    assert [(turn["from"], turn["value"]) for turn in item["conversations"]] == [
        ("human", "<image>\nDescribe it."), ("gpt", "“A image.” It is poor."),
        ("human", "Why?"), ("gpt", "“A.”"),
    ]  # fmt: skip
    assert "Composed by rules." in report.warnings
    assert report.counts["conversations_composed"] == 1
    report = write_export("medq", study, tmp_path / "b", PLAIN)
    described = read_medq(tmp_path / "b" / "medqbench_description_test.tsv")
    assert [row["description"] for row in described] == ["“A <image>.” It is poor."]
    assert report.warnings.count("Composed by rules.") == 1


def test_q_instruct_has_texts_and_both_forms_of_questions(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1.0], [2.0])
    one = study.stimuli["stimulus"][0].as_py()
    study = small_replace(
        told(study, (one, "Blurred <image>.\nTherefore poor. 😀")),
        questions=(
            ask(1, one, options=("Good", "Fair", "Poor"), answer="C"),
            ask(2, one, options=("left, above", "right"), answer="A"),
        ),
    )
    write_export("q-instruct", study, tmp_path / "out", PLAIN)
    path = tmp_path / "out" / "cleaned_labels_test.json"
    items = json.loads(path.read_text("utf-8"))
    assert [item["id"] for item in items] == [
        f"{one}-1", "q1-open", "q1-choice", "q2-open", "q2-choice",
    ]  # fmt: skip
    turns = [[turn["value"] for turn in item["conversations"]] for item in items]
    assert turns[0][1] == "Blurred image.\nTherefore poor. 😀"
    assert turns[1] == ["<image>\nQuestion 1?", "Poor"]
    assert turns[2] == ["<image>\nQuestion 1?\nA. Good, B. Fair, C. Poor.", "C. Poor"]
    assert turns[4] == ["<image>\nQuestion 2?\nA. left, above\nB. right", "A. left, above"]
    assert all(value.count("<image>") == 1 for (value, _) in turns)
    read = read_q_instruct(path)
    assert (read[1].image, read[1].ask, read[1].answer) == (
        f"images/{one}.png", "Question 1?", "Poor",
    )  # fmt: skip
    path.write_text('[{"image":"a"}]')
    with pytest.raises(UserError, match="Item 1"):
        read_q_instruct(path)


def test_q_bench_answers_are_candidates_word_for_word(tmp_path: Path) -> None:
    study = with_scores(tmp_path, [1.0, 2.0], [2.0, 3.0])
    a, b = sorted(study.stimuli["stimulus"].to_pylist())
    questions = (
        ask(1, a, "how", options=(" High", "Low "), answer="B", concern="in-context other"),
        ask(2, b, "yes-or-no", concern="Distortion"),
    )
    study = small_replace(study, questions=questions, splits={"val": (a,), "test": (b,)})
    write_export("q-bench", study, tmp_path / "out", PLAIN)
    (dev,) = json.loads((tmp_path / "out" / "llvisionqa_dev.json").read_text())
    assert dev == {
        "img_path": f"{a}.png", "question": "Question 1?", "candidates": [" High", "Low "],
        "correct_ans": "Low ", "type": 2, "concern": 3,
    }  # fmt: skip
    (test,) = read_q_bench(tmp_path / "out" / "llvisionqa_test.json")
    assert (test.type, test.concern, test.answer, test.stimulus) == (
        "yes-or-no", "distortion", "B", f"{b}.png",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"correct_ans": "Other"}, {"type": 7}, {"candidates": None}, {"candidates": ["A"]}]
)
def test_q_bench_refuses_questions_without_a_right_answer(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    item = {
        "img_path": "a",
        "question": "?",
        "candidates": ["A", "B"],
        "correct_ans": "A",
        "type": 0,
    }
    (tmp_path / "x.json").write_text(json.dumps([item | change]))
    with pytest.raises(UserError, match="Item 1"):
        read_q_bench(tmp_path / "x.json")


WORDS = st.text(
    st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12
) | st.sampled_from(["B. left", "x A. y", "C) z", "A.", "a, B. b", "line\nB. two"])


@given(st.lists(WORDS, min_size=2, max_size=4))
def test_options_come_back_from_their_one_text(options: list[str]) -> None:
    question = Question("q", "s", "what", "?", tuple(options), "A")
    if question_fault(question) is None:
        expected = tuple(" ".join(option.split()) for option in options)
        assert parse_options(option_string(options)) == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "yes/no"}, "unknown_type"),
        ({"question": " \n"}, "no_question"),
        ({"options": ("a",)}, "option_count"),
        ({"options": tuple("abcde")}, "option_count"),
        ({"options": ("a", " ")}, "empty_option"),
        ({"options": ("a b", "a  b")}, "same_options"),
        ({"answer": "C"}, "no_right_answer"),
        ({"answer": "b"}, "no_right_answer"),
        ({"answer": "AB"}, "no_right_answer"),
        ({}, None),
    ],
)
def test_every_fault_of_a_question_has_its_reason(
    change: dict[str, Any], reason: str | None
) -> None:
    fields = {"type": "what", "question": "?", "options": ("a", "b"), "answer": "B", **change}
    assert question_fault(Question("q", "s", **fields)) == reason
