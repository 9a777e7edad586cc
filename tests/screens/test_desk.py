"""The desk's handlers as plain functions."""

from __future__ import annotations

import re

import pytest

from annotator.screens.desk import Desk
from annotator.screens.desk_reader import MosQuery
from schemas.errors import UserError
from schemas.study import parse_study
from tests.screens.conftest import ROOT
from tests.screens.desk_fake import MemoryDesk

STUDY = parse_study((ROOT / "schemas" / "presets" / "siqa.toml").read_text(encoding="utf-8"))


def desk(**how):
    return Desk(MemoryDesk(**how), STUDY)


def test_overview_counts():
    html = desk().show_overview()
    assert "<b>37%</b>" in html
    assert "submissions of 1,080 wanted" in html


@pytest.mark.parametrize(
    ("how", "advice"),
    [
        ({"n": 0, "n_raters": 0}, "app.py import FOLDER"),
        ({"n": 9, "n_raters": 0}, "app.py raters add NAME"),
    ],
)
def test_empty_study_says_what_to_do_next(how, advice):
    assert advice in desk(**how).show_overview()


def test_results_come_a_page_at_a_time():
    html, query = desk(n=100_000).show_mos(MosQuery())
    assert html.count("<img") == 50
    assert "100,000 images" in html
    assert "page 1 of 2,000" in html
    before, after = re.findall(r'<button[^>]*"turn"[^>]*>'.replace('"', "&quot;"), html)[:2]
    assert "disabled" in before
    assert "disabled" not in after
    _, query = desk(n=100_000).turn(query, 0)
    assert query.page == 1
    html, query = desk(n=100_000).turn(MosQuery(page=2000), 2001)
    assert query.page == 2000
    assert "turn" not in desk(n=50).show_mos(MosQuery())[0]


def test_estimates_that_do_not_exist_are_a_dash():
    html, _ = desk().show_mos(MosQuery(search="00000"))
    assert html.count('<span class="soft">–</span>') == 6
    html, _ = desk().show_mos(MosQuery(search="00001"))
    assert "<b>3.67</b> ± 3.79<small>SD 1.53 · n 3</small>" in html
    assert "<b>4.00</b><small>n 1</small>" in html


def test_sorting_twice_turns_round():
    _, query = desk().sort(MosQuery(page=2), "mos:clarity")
    assert (query.sort, query.descending, query.page) == ("mos:clarity", False, 1)
    _, query = desk().sort(query, "mos:clarity")
    assert query.descending


def test_search_without_result_says_so():
    html, query = desk().search(MosQuery(page=3), " nothing <here> ")
    assert "“nothing &lt;here&gt;”" in html
    assert query.search == "nothing <here>"


def test_texts_of_raters_stay_text():
    html, message = desk().show_stimulus("s0001")
    assert message == ""
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "R &lt;1&gt;" in html
    assert not re.search(r"<b>bold", html)


def test_unknown_image_is_one_line():
    page, message = desk().show_stimulus("zzz")
    assert page == ""
    assert "There is no stimulus &#x27;zzz&#x27;; search for it in Results." in message


def test_decision_needs_a_reason_and_can_be_taken_back():
    one = desk()
    void = {"do": "void", "target": "v1", "about": "R <1>"}
    with pytest.raises(UserError):
        one.decide(void, "  ", "Dr. Curie")
    assert "The submission of R &lt;1&gt; is voided." in one.decide(void, "careless", "Dr. Curie")
    assert "taken out" in one.show_stimulus("s0001")[0]
    one.decide({"do": "reverse", "target": "d0", "about": "it"}, "mistake", "Dr. Noether")
    html = one.show_stimulus("s0001")[0]
    assert "taken back" in html
    assert "by Dr. Noether" in html
    assert "taken out" not in html
