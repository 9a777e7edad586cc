"""The report says where more ratings help and whom to calibrate."""

import re

import pyarrow as pa

from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.coding import rating_table
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.report import report_html
from pipelines.opinion.report_comparison import moved_html
from tests.opinion.strategies import arrow


def _panel(bias):
    rows = [
        {"stimulus": f"s{item:02d}", "rater": rater, "score": min(5, max(1, level + shift))}
        for item, level in enumerate([1, 2, 3, 4, 5] * 8)
        for rater, shift in {
            "steady": 0,
            "other": 0,
            "third": (item % 3) - 1,
            "harsh": bias,
        }.items()
    ]
    return rating_table(pa.Table.from_pylist(rows), scale=(1, 5))


def _report(table):
    return report_html(
        "Panel",
        compute_mos(table),
        compute_agreement(table, replicates=10),
        command="python app.py agreement",
        made_at="2026-01-01",
        table=table,
    )


def test_a_harsh_rater_is_named_for_calibration_and_a_plain_panel_is_not():
    harsh = _report(_panel(-2))
    assert "calibrate with anchor images" in harsh
    assert harsh.index("harsh</td>") > harsh.index("Raters as instruments")
    assert "calibrate with anchor images" not in _report(_panel(0))


def test_the_stimulus_with_fewest_ratings_comes_first():
    rows = [
        {"stimulus": stimulus, "rater": f"r{n}", "score": 1 + (n * 7 + len(stimulus)) % 5}
        for stimulus, votes in {"aa": 9, "b": 3, "ccc": 9}.items()
        for n in range(votes)
    ]
    report = _report(rating_table(pa.Table.from_pylist(rows), scale=(1, 5)))
    section = report[report.index("How many more raters?") :]
    assert section.index(">b</td>") < section.index(">aa</td>")
    assert "http" not in section.replace("http://www.w3.org/2000/svg", "")


def test_what_other_methods_leave_out_is_counted_by_dimension():
    rows = [("a", f"r{r}", 3 + (r == 0) * 2) for r in range(7)] + [("b", "r0", 2), ("b", "r1", 2)]
    dimensions = ["x"] * 7 + ["y"] * 2
    table = rating_table(arrow(rows).append_column("dimension", [dimensions]), scale=(1, 5))
    html = moved_html(compute_mos(table), [compute_mos(table, "iqr"), compute_mos(table, "zscore")])
    cells = [re.findall("<td[^>]*>([^<]*)", line) for line in html.split("<tr>")[2:]]
    assert cells[0][:2] + cells[0][5:] == ["iqr", "x", "1"]
    assert cells[1][:2] + cells[1][5:] == ["iqr", "y", "not applicable"]
    assert cells[2][2:4] == ["–", "–"]
