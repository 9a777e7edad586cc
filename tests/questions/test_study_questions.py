"""Drafts in a study: kept as facts, reviewed, exported; drafting again adds what is new."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from annotator.commands.line import main
from annotator.questions import chosen_drafts, draft_embedded, exported_questions
from annotator.results import export_source
from annotator.store import Store
from annotator.store.access import load_study
from annotator.store.questions import answered_calls, calls, drafts, spent
from annotator.store.questions_page import count_drafts
from schemas.facts import (
    Called,
    Decided,
    Described,
    Drafted,
    Imported,
    RaterAdded,
    Reviewed,
    Submitted,
    fact_from,
)
from schemas.facts import Feedback as Text
from schemas.layout import StudyFolder

AT = "2026-11-21T10:00:00.000000Z"
TEXTS = (
    ("No legend. Therefore completeness is poor.", 1.0),
    ("The labels overlap.", 2.0),
    ("图例缺失。", 1.0),
)


def imported(n: int) -> Imported:
    phash = f"{0x1234567890ABCDEF * (n + 3) % 2**64:016x}"
    return Imported(
        AT, f"s{n}", f"{n:064x}", f"f{n}.png", ".png", "PNG", 9, 9, 9, "RGB", 1, phash, None
    )


def submitted(name: str, stimulus: str, rater: str, score: float, *texts: str) -> Submitted:
    scores = dict.fromkeys(("validity", "completeness", "clarity", "conformity"), score)
    return Submitted(AT, name, rater, stimulus, scores, tuple(Text(text) for text in texts))


@pytest.fixture
def folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "study"
    assert main(["--data", str(path), "study", "init", "--preset", "siqa"]) == 0
    with _open(path) as store:
        store.append([imported(n) for n in range(3)])
        for n, (text, score) in enumerate(TEXTS):
            store.append(
                [submitted(f"r{n}a", f"s{n}", "ann", score, text),
                 submitted(f"r{n}b", f"s{n}", "bob", score)]
            )  # fmt: skip
    capfd.readouterr()
    return path


def _open(path: Path) -> Store:
    study = StudyFolder(path)
    return Store(study, load_study(study))


def _json(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capfd.readouterr()
    assert main([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_draft_keeps_checked_drafts_and_again_adds_nothing(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = _json(capfd, "--data", str(folder), "questions", "draft")
    assert first["feedback"] == 3
    assert first["kept"] == 9
    assert {row["check"] for row in first["checks"]} >= {"answer_supported", "blind_guess"}
    assert _json(capfd, "--data", str(folder), "draft")["added"] == 0
    with _open(folder) as store:
        store.append([submitted("r3", "s1", "eve", 2.0, "The scale bar is missing.")])
    assert _json(capfd, "--data", str(folder), "draft")["kept"] == 3


def test_a_dry_run_keeps_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _json(capfd, "--data", str(folder), "draft", "--dry-run")["kept"] == 9
    assert _json(capfd, "--data", str(folder), "questions", "list")["questions"] == []


def test_what_was_dropped_for_ratings_is_checked_again(folder: Path) -> None:
    with _open(folder) as store:
        store.append([submitted("x1", "s1", rater, 5.0) for rater in ("c", "d", "e", "f")][:1])
        store.append([submitted(f"x{r}", "s1", r, 5.0) for r in ("c", "d")])
        draft_embedded(store)
        before = {i.draft.draft: i for i in drafts(store) if i.draft.stimulus == "s1"}
        assert {item.state for item in before.values()} == {"dropped"}
        store.append([Decided(AT, "d1", "exclude", r, "cur", "guest") for r in ("c", "d")])
        draft_embedded(store)
        after = {i.draft.draft: i.state for i in drafts(store) if i.draft.stimulus == "s1"}
    assert set(after.values()) == {"unreviewed"}
    assert {d for d, i in before.items() if i.draft.type != "how"} <= set(after)


def test_the_last_review_holds_and_edits_are_kept_beside_the_draft(folder: Path) -> None:
    with _open(folder) as store:
        draft_embedded(store)
        name = drafts(store)[0].draft.draft
        store.append(
            [Reviewed(AT, name, "cur", "edit", changes={"question": "Is a legend missing here?"}),
             Reviewed(AT, name, "eve", "reject", "not visible"),
             Reviewed(AT, name, "cur", "accept")]
        )  # fmt: skip
        item = drafts(store)[0]
    assert item.state == "accepted"
    assert item.draft.question == "Is a legend missing here?"
    assert item.drafted.question != item.draft.question
    assert [review.verdict for review in item.reviews] == ["edit", "reject", "accept"]


def test_only_accepted_questions_are_exported_unless_the_curator_says_so(folder: Path) -> None:
    with _open(folder) as store:
        draft_embedded(store)
        assert exported_questions(chosen_drafts(store)) == ([], [], [])
        names = [item.draft.draft for item in drafts(store)]
        store.append(
            [Reviewed(AT, names[0], "cur", "accept"), Reviewed(AT, names[1], "cur", "reject", "no")]
        )
        accepted, notes, _ = exported_questions(chosen_drafts(store))
        chosen = chosen_drafts(store, include_unreviewed=True)
        everything, told, origins = exported_questions(chosen)
        counts = count_drafts(store)
    assert [question.question_id for question in accepted] == [names[0]]
    assert notes == []
    assert len(everything) == len(names) - 1
    assert "were not reviewed" in told[0]
    assert [(o.model, o.n, o.n_accepted, o.n_unreviewed) for o in origins] == [
        ("embedded", len(names) - 1, 1, len(names) - 2)
    ]
    assert counts["states"]["accepted"] == 1 and counts["states"]["rejected"] == 1


def test_composed_texts_rest_on_accepted_drafts_unless_the_curator_says_so(
    folder: Path, tmp_path: Path
) -> None:
    with _open(folder) as store:
        for number, (score, text) in enumerate(
            ((1.0, "The labels overlap."), (5.0, "Sharp labels."))
        ):
            about = Described(AT, f"s{5 + number}", {"discipline": "physics"})
            ratings = [submitted(f"c{number}{r}", f"s{5 + number}", r, score, text) for r in "xyz"]
            store.append([imported(5 + number), about, *ratings])
        draft_embedded(store)
        before = export_source(store)
        assert (before.comparisons, before.conversations, before.composed_notes) == ([], [], [])
        unseen = export_source(store, include_unreviewed=True)
        names = [i.draft.draft for i in drafts(store) if i.draft.stimulus in ("s5", "s6")]
        store.append([Reviewed(AT, name, "cur", "accept") for name in names])
        seen = export_source(store)
    assert [talk.stimulus for talk in seen.conversations] == ["s5", "s6"]
    assert len(unseen.comparisons) == 1 and unseen.comparisons == seen.comparisons
    assert "were not reviewed" in unseen.composed_notes[0]
    assert "no person has read them whole" in seen.composed_notes[0]
    assert "were not reviewed" not in seen.composed_notes[0]


def test_feedback_that_leaks_or_was_taken_out_is_withheld_from_exports(folder: Path) -> None:
    texts = {"l1": "As Bob said, no legend.", "l2": "I gave it 2/5.", "l3": "Like fig_2.png.",
             "l4": "Taken back.", "l5": "Fine labels."}  # fmt: skip
    with _open(folder) as store:
        store.append([
            RaterAdded(AT, "Bob", "rater"),
            *(submitted(n, "s1", f"x{n}", 3.0, text) for n, text in texts.items()),
            Decided(AT, "d1", "void", "l4", "cur", "mistake"),
        ])  # fmt: skip
        withheld = export_source(store).withheld
    assert {submission: reason for (submission, _), reason in withheld.items()} == {
        "l1": "names_rater", "l2": "names_score", "l3": "names_file", "l4": "removed",
    }  # fmt: skip


def test_a_voided_submission_takes_its_questions_with_it(folder: Path) -> None:
    with _open(folder) as store:
        draft_embedded(store)
        n = len(drafts(store))
        store.append([Decided(AT, "d1", "void", "r0a", "cur", "test")])
        left = drafts(store)
        assert len(left) < n and "r0a" not in {item.draft.submission for item in left}
        assert len(drafts(store, with_removed=True)) == n


def test_export_siqa_holds_them_and_the_card_says_what_nobody_saw(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image as Picture

    images = tmp_path / "images"
    images.mkdir()
    Picture.effect_noise((40, 40), 80).convert("RGB").save(images / "real.png")
    _json(capfd, "--data", str(folder), "import", str(images))
    with _open(folder) as store:
        stimulus = next(s for s in store.stimuli()["stimulus"].to_pylist() if len(s) > 4)
        store.append([Decided(AT, f"d{n}", "retire", f"s{n}", "cur", "no file") for n in range(3)])
        store.append(
            [
                submitted("q1", stimulus, "ann", 1.0, "No legend."),
                submitted("q2", stimulus, "bob", 2.0),
            ]
        )
    _json(capfd, "--data", str(folder), "draft")
    plain = tmp_path / "plain"
    _json(capfd, "--data", str(folder), "export", "siqa", "--out", str(plain))
    assert json.loads((plain / "bench_SIQA-U.json").read_text("utf-8")) == []
    seen = tmp_path / "seen"
    _json(
        capfd, "--data", str(folder), "export", "siqa", "--out", str(seen), "--include-unreviewed"
    )
    items = json.loads((seen / "bench_SIQA-U.json").read_text("utf-8"))
    assert {item["type"] for item in items} == {"yes-or-no", "what", "how"}
    assert "3 of 3 questions were not reviewed" in (seen / "README.md").read_text("utf-8")


def test_facts_survive_the_journal_and_a_rebuild(folder: Path) -> None:
    call = Called(AT, "c1", "draft", "r0a:0", 0, "draft-1", "m", {"seed": 1}, "answered", "{}", 10,
                  5, 0.25, 12, 2)  # fmt: skip
    with _open(folder) as store:
        draft_embedded(store)
        store.append([call, dataclasses.replace(call, call="c2", outcome="timeout", cost_usd=None)])
        stored = drafts(store)
        store.append(
            [Reviewed(AT, stored[0].draft.draft, "cur", "edit", changes={"options": ["a", "b"]})]
        )
        before = drafts(store)
        ledger = spent(store)
        assert answered_calls(store, "draft", "draft-1", "m") == {("r0a:0", 0)}
        assert [c["parameters"] for c in calls(store, "draft")] == [{"seed": 1}] * 2
    study = StudyFolder(folder)
    with Store(study, load_study(study), rebuild=True) as store:
        assert drafts(store) == before
        assert spent(store) == ledger
    assert before[0].draft.options == ("a", "b")
    assert ledger == [
        {"model": "m", "purpose": "draft", "calls": 2, "failed": 1, "attempts": 4,
         "tokens_in": 20, "tokens_out": 10, "cost_usd": 0.25}
    ]  # fmt: skip


def test_a_drafted_fact_reads_back_as_it_was_written(folder: Path) -> None:
    with _open(folder) as store:
        entry = store.append([Drafted(AT, "q", "s", "r", {"a": 1}, (("c", "keep", ""),), True)])[0]
    assert fact_from(json.loads(json.dumps(entry.fact.as_json()))) == entry.fact


def test_list_shows_states_and_refuses_unknown_ones(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _json(capfd, "--data", str(folder), "draft")
    listed = _json(capfd, "--data", str(folder), "questions", "list", "--state", "unreviewed")
    assert len(listed["questions"]) == 9
    page = _json(capfd, "--data", str(folder), "questions", "list", "--limit", "4", "--offset", "6")
    assert page["questions"] == listed["questions"][6:9] and page["total"] == 9
    item = listed["questions"][0]
    assert item["answer_text"] in item["options"]
    assert {check["outcome"] for check in item["checks"]} <= {"keep", "not_run"}
    assert main(["--data", str(folder), "questions", "list", "--state", "odd", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "unknown_state"
