"""Reviewing: decisions as facts, edits that cannot break a question, samples, two reviewers."""

# ruff: noqa: F811 - a fixture of another file

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from annotator.questions import chosen_drafts, draft_embedded, exported_questions
from annotator.questions_review import ReviewDesk
from annotator.screens.review import ReviewTab, agreement_html, draft_html, sample_html
from annotator.store import Store
from annotator.store.questions import drafts
from schemas.errors import UserError
from tests.questions.test_study_questions import _open, folder, imported, submitted  # noqa: F401


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with _open(folder) as opened:
        opened.append([imported(n) for n in range(10, 22)])
        texts = (
            "The labels overlap <b>here</b>.",
            "The labels overlap.",
            "No legend.",
            "图例缺失。",
        )
        opened.append(
            [
                submitted(
                    f"m{n}{rater}", f"s{n}", rater, 2.0, *([texts[n % 4]] if rater == "a" else [])
                )
                for n in range(10, 22)
                for rater in ("a", "b")
            ]
        )
        draft_embedded(opened)
        yield opened


def test_accepting_goes_through_the_drafts_and_into_the_export(store: Store) -> None:
    desk = ReviewDesk(store)
    first = desk.next("cur")
    assert first is not None and first.item.state == "unreviewed"
    assert (
        first.text[first.item.draft.span_start : first.item.draft.span_end] == first.item.draft.span
    )
    desk.decide(first.item.draft.draft, "accept", "cur")
    second = desk.next("cur")
    assert second is not None
    assert (second.n_left, second.n_accepted) == (first.n_left - 1, 1)
    assert second.item.draft.draft != first.item.draft.draft
    exported = exported_questions(chosen_drafts(store)).questions
    assert [q.question_id for q in exported] == [first.item.draft.draft]


def test_a_draft_put_off_comes_last(store: Store) -> None:
    desk = ReviewDesk(store)
    first = desk.next("cur")
    assert first is not None
    later = desk.next("cur", skip=[first.item.draft.draft])
    assert later is not None and later.item.draft.draft != first.item.draft.draft


def test_a_draft_sent_back_waits_again_and_its_history_stays(store: Store) -> None:
    desk = ReviewDesk(store)
    shown = desk.next("cur")
    assert shown is not None
    name = shown.item.draft.draft
    desk.decide(name, "send_back", "cur", reason="span too long")
    # It waits behind what nobody has decided about, and is in no sample.
    rest = [item.draft.draft for item in drafts(store) if item.state == "unreviewed"]
    again, sampled = desk.next("cur", skip=rest[:-1]), desk.next("cur", batch="b", skip=rest)
    assert again is not None and again.item.draft.draft == rest[-1]
    assert sampled is not None and sampled.item.draft.draft in rest
    for other in rest:
        desk.decide(other, "accept", "cur")
    again = desk.next("cur")
    assert again is not None and again.item.draft.draft == name
    assert desk.next("cur", batch="b") is None
    desk.decide(name, "edit", "cur", changes={"question": "Is the  legend absent?"})
    assert desk.find(name).draft.question == "Is the legend absent?"
    assert [r["verdict"] for r in desk.history(name)] == ["send_back", "edit"]
    assert "span too long" in draft_html(again._replace(item=desk.find(name)))


@pytest.mark.parametrize(
    ("verdict", "given", "code"),
    [
        ("reject", {"reason": "  "}, "no_reason"),
        ("send_back", {}, "no_reason"),
        ("edit", {"changes": {}}, "nothing_changed"),
        ("edit", {"changes": {"question": " "}}, "invalid_edit"),
        ("edit", {"changes": {"options": ["Yes"]}}, "invalid_edit"),
        ("edit", {"changes": {"options": ["Yes", "Yes", "No", "no"]}}, "invalid_edit"),
        ("edit", {"changes": {"answer": "B"}}, "invalid_edit"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    store: Store, verdict: str, given: dict[str, Any], code: str
) -> None:
    desk = ReviewDesk(store)
    shown = desk.next("cur")
    assert shown is not None
    with pytest.raises(UserError) as told:
        desk.decide(shown.item.draft.draft, verdict, "cur", **given)
    assert told.value.code == code
    assert desk.history(shown.item.draft.draft) == []


def test_an_unknown_draft_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match="no draft 'q0'"):
        ReviewDesk(store).decide("q0", "accept", "cur")


def test_the_rest_is_accepted_on_a_sample_and_the_reason_says_so(store: Store) -> None:
    desk = ReviewDesk(store)
    batch = desk.new_sample()
    with pytest.raises(UserError) as told:
        desk.accept_rest(batch, "cur")
    assert told.value.code == "sample_too_small"
    order = []
    for number in range(10):
        shown = desk.next("cur", batch=batch)
        assert shown is not None
        order.append(shown.item.draft.draft)
        verdict = "reject" if number == 3 else "accept"
        desk.decide(order[-1], verdict, "cur", reason="unsure", batch=batch)
    assert order != [item.draft.draft for item in drafts(store)][:10]
    sample = desk.sample(batch)
    assert (sample.n, sample.n_wrong) == (10, 1)
    # Wilson, 1 of 10.
    assert sample.interval == pytest.approx((0.0179, 0.4042), abs=5e-5)
    assert "1.8%" in sample_html(sample) and "40.4%" in sample_html(sample)
    desk.accept_rest(batch, "cur", least=10)
    states = {item.state for item in drafts(store) if item.is_kept}
    assert states == {"accepted", "rejected"}
    unseen = [
        i for i in drafts(store) if i.reviews and i.reviews[-1].reason.startswith("accepted unseen")
    ]
    assert len(unseen) == sample.n_unreviewed
    assert "1 of 10 sampled" in unseen[0].reviews[-1].reason
    assert desk.sample(batch).n == 10


def test_two_reviewers_and_their_kappa(store: Store) -> None:
    desk = ReviewDesk(store)
    names = [item.draft.draft for item in drafts(store) if item.is_kept][:8]
    for number, name in enumerate(names):
        desk.decide(name, "accept" if number < 5 else "reject", "cur", reason="x")
    for _ in names:
        shown = desk.next("eve", second=True)
        assert shown is not None
        name = shown.item.draft.draft
        desk.decide(name, "accept" if names.index(name) < 4 else "reject", "eve", reason="x")
    assert desk.next("eve", second=True) is None
    (found,) = desk.agreement()
    # Agreement 7/8; by chance 5/8 · 4/8 + 3/8 · 4/8 = 1/2; kappa 3/4.
    assert (found.reviewers, found.n, found.kappa) == (("cur", "eve"), 8, pytest.approx(0.75))
    assert "0.75" in agreement_html([found])


def test_the_page_marks_the_span_and_escapes_what_people_typed(store: Store) -> None:
    desk = ReviewDesk(store)
    n_shown = 0
    while (shown := desk.next("cur")) is not None:
        n_shown += 1
        page = draft_html(shown)
        assert "<b>here</b>" not in page
        assert "<mark>" in page
        desk.decide(shown.item.draft.draft, "accept", "cur")
    assert n_shown > 10
    assert "<mark>" not in draft_html(None)


def test_a_sample_counts_each_draft_once_by_its_first_decision(store: Store) -> None:
    desk = ReviewDesk(store)
    first, second, *_ = (item.draft.draft for item in drafts(store))
    for draft, verdict in ((first, "send_back"), (first, "accept"), (second, "accept")):
        desk.decide(draft, verdict, "cur", reason="x", batch="b")
    sample = desk.sample("b")
    assert (sample.n, sample.n_wrong) == (2, 1)


def test_a_second_opinion_is_asked_before_the_first_is_told(store: Store) -> None:
    desk = ReviewDesk(store)
    shown = desk.next("cur")
    assert shown is not None
    desk.decide(shown.item.draft.draft, "reject", "cur", reason="cannot be seen")
    again = desk.next("eve", second=True)
    assert again is not None
    assert "cannot be seen" in draft_html(again)
    assert "cannot be seen" not in draft_html(again, with_history=False)


def test_the_tab_shows_decides_and_says_what_was_wrong(store: Store) -> None:
    import gradio as gr

    with gr.Blocks():
        tab = ReviewTab(ReviewDesk(store))
    request: Any = SimpleNamespace(username="cur")
    draft, page, *_, sitting = tab.show(False, tab.sitting.value, request)
    assert draft in {item.draft.draft for item in drafts(store)} and "<mark>" in page
    refused = tab._decider("reject")(draft, "", "", "", False, sitting, request)
    assert "Say why" in refused[5]
    decided = tab._decider("accept")(draft, "", "", "", False, sitting, request)
    assert decided[0] not in ("", draft)
    assert "drafts of it at least" in tab.accept_rest(False, sitting, request)[5]


def test_a_key_pressed_before_the_next_draft_was_shown_decides_nothing(store: Store) -> None:
    import gradio as gr

    with gr.Blocks():
        tab = ReviewTab(ReviewDesk(store))
    request: Any = SimpleNamespace(username="cur")
    draft, *_, sitting = tab.show(False, tab.sitting.value, request)
    *_, after = tab._decider("accept")(draft, "", "", "", False, sitting, request)
    for verdict in ("accept", "edit", "reject", "send_back", "later"):
        late = tab._decider(verdict)(draft, "why", "Another?", "Yes\nNo", False, after, request)
        assert set(map(str, late)) == {str(gr.skip())}
    assert [i.draft.draft for i in drafts(store) if i.reviews] == [draft]
    # The server was started again: the page is shown anew, nothing is decided.
    again = tab._decider("reject")(draft, "why", "", "", False, tab.sitting.value, request)
    assert again[0] == after.draft
