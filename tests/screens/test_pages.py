from __future__ import annotations

import pytest

from annotator.screens.pages import error_page, join_page, landing_page


def test_join_page_posts_to_its_own_address_and_names_the_person():
    html = join_page("Ada <L>", "rater", "Figures & tables")
    assert '<form method="post"><button' in html
    assert "Ada &lt;L&gt;" in html
    assert "<h1>Figures &amp; tables</h1>" in html


def test_join_page_says_what_each_role_does():
    assert "You will rate images" in join_page("A", "rater", "T")
    assert "progress and the results" in join_page("A", "curator", "T")


@pytest.mark.parametrize(
    ("code", "status", "heading"),
    [
        ("invite_used", 410, "This invite link does not work"),
        ("invite_unknown", 404, "This invite link does not work"),
        ("not_logged_in", 401, "You are not signed in"),
        ("wrong_role", 403, "This is not for you to see"),
        ("not_found", 404, "There is nothing here"),
        ("internal_error", 500, "That did not work"),
    ],
)
def test_error_page_says_what_happened_and_leads_on(code, status, heading):
    html = error_page(code, "It is <gone>; ask.", status)
    assert heading in html
    assert "It is &lt;gone&gt;; ask." in html
    assert 'href="/"' in html


def test_pages_load_nothing_from_elsewhere():
    for html in (landing_page("T"), join_page("A", "rater", "T"), error_page("x", "y", 500)):
        assert "http:" not in html
        assert "https:" not in html
