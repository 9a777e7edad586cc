"""What the data card says of the people and models behind a package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from exports.formats import write_export
from exports.source import ExportOptions, QuestionOrigin
from schemas.question import Question
from tests.exports.making import small_study


def test_the_card_says_who_rated_how_far_they_agree_and_who_wrote_questions(tmp_path: Path) -> None:
    source = replace(
        small_study(tmp_path / "study"),
        agreement=_agreement_of_two(),
        question_origins=[QuestionOrigin("m-1", "yes-no-2", 4, 2, 1, 1)],
        question_notes=["1 of 4 questions were not reviewed."],
    )
    raters = sorted(set(source.ratings["rater"].to_pylist()))
    asked = Question(
        "q1", source.stimuli["stimulus"][0].as_py(), "yes-or-no", "Blurred?", ("Yes", "No"), "A"
    )
    source = replace(source, questions=[asked], expertise={raters[0]: ("simulated",)})
    write_export("csv", source, tmp_path / "csv", ExportOptions())
    card = (tmp_path / "csv" / "README.md").read_text("utf-8")
    assert (
        "| `clarity` | 3 | 2 | 6 | 0.500 | 0.250 to 0.750 | not defined | 0.125 | 0.100 |" in card
    )
    assert f"- 1 of {len(raters)} raters are simulated" in card and "simulated 1." in card
    assert "| `m-1` | `yes-no-2` | 4 | 2 | 1 | 1 |" in card and "1 of 4 questions" in card
    assert raters[0] not in card.split("## Raters")[1].split("##")[0]
    write_export("isrgq", source, tmp_path / "isrgq", ExportOptions())
    assert "1 of 4 questions" not in (tmp_path / "isrgq" / "README.md").read_text("utf-8")


def _agreement_of_two() -> dict[str, object]:
    entry = {
        "n_stimuli": 3, "n_raters": 2, "n_ratings": 6,
        "krippendorff_alpha": {"ordinal": 0.5, "ci95": {"ordinal": [0.25, 0.75]}},
        "icc": {"incomplete": {"a_1": None}}, "leave_one_out_srcc": {"mean": 0.125}, "sos_a": 0.1,
    }  # fmt: skip
    return {"dimensions": {"clarity": entry}, "options": {"bootstrap_replicates": 200}}
