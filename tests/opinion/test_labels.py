"""Words and vote shares of a result; a scorer's predictions beside it; both in the report."""

import json

import numpy as np
import pyarrow as pa
import pytest

from pipelines.opinion.agreement import compute_agreement
from pipelines.opinion.labels import label_scores
from pipelines.opinion.mos import compute_mos
from pipelines.opinion.plots import scatter_plot
from pipelines.opinion.prediction_file import read_predictions
from pipelines.opinion.report import report_html
from pipelines.opinion.scorer import compare_scorer
from schemas.errors import UserError
from tests.opinion.strategies import table_of

ROWS = [(f"s{s}", f"r{r}", 1 + (s * r + s) % 5) for s in range(12) for r in range(5)]


def test_words_and_votes_by_hand():
    result = compute_mos(table_of([("a", f"r{i}", x) for i, x in enumerate((3, 3, 3, 3, 5))]))
    row = label_scores(result, "siqa").table.to_pylist()[0]
    assert (row["mos"], row["level"], row["word"]) == (3.4, 4, "Good")
    assert row["soft_label"] == [0, 0, 0.8, 0, 0.2]
    assert row["min_variance"] == pytest.approx([0, 0, 0.6, 0.4, 0])
    assert row["is_whole_votes"]
    for rule, word in (("q-align", "Fair"), ("siqa-as-published", "Fair")):
        assert label_scores(result, rule).table["word"].to_pylist() == [word]
    document = label_scores(result).as_json()
    assert (document["m"], document["M"]) == (1, 5)
    assert document["precision"]["quality"]["n"] == 1
    json.dumps(document, allow_nan=False)


def test_scores_off_the_votes_say_so():
    table = table_of(ROWS)
    adjusted = label_scores(compute_mos(table, "p910")).table
    assert not all(adjusted["is_whole_votes"].to_pylist())
    shares = np.array(adjusted["min_variance"].to_pylist())
    clipped = np.clip(adjusted["mos"].to_numpy(), 1, 5)
    assert shares @ np.arange(1.0, 6) == pytest.approx(clipped)
    rescaled = label_scores(compute_mos(table, "zscore"))
    assert (rescaled.low, rescaled.high) == (0, 100)
    assert set(rescaled.table["min_variance"].to_pylist()) == {None}
    with pytest.raises(UserError, match="no rule 'round'"):
        label_scores(compute_mos(table), "round")


def test_predictions_are_joined_by_stimulus(tmp_path):
    result = compute_mos(table_of(ROWS))
    mos = {row["stimulus"]: row["mos"] for row in result.as_json()["stimuli"]}
    rows = [
        {"stimulus": s, "dimension": "quality", "mean": 2 * x, "predictable": True}
        for s, x in mos.items()
        if s != "s3"
    ]
    rows.append({"stimulus": "s3", "dimension": "quality", "mean": 9, "predictable": False})
    (tmp_path / "p.json").write_text(json.dumps({"predictions": rows}))
    found = compare_scorer(result, read_predictions(tmp_path / "p.json"), replicates=20)["quality"]
    assert (found.figures.n, found.n_without) == (11, 1)
    assert found.figures.plcc == pytest.approx(1)
    (tmp_path / "p.csv").write_text("item,score\n" + "".join(f"{s},{x}\n" for s, x in mos.items()))
    again = compare_scorer(result, read_predictions(tmp_path / "p.csv"), replicates=0)["quality"]
    assert again.figures.rmse == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"stimulus": ["s0"], "votes": ["1"]}, "give stimulus and mean"),
        ({"stimulus": ["s0", "s0"], "mean": ["1", "2"]}, r"twice .* \(row 2\)"),
        ({"stimulus": ["s0"], "mean": ["good"]}, "Row 1 .* 'good', not a number"),
        ({"stimulus": ["s0"], "mean": ["1"], "dimension": ["x"]}, "about 'x'"),
    ],
)
def test_faults_of_predictions_name_the_row(columns, said):
    with pytest.raises(UserError, match=said):
        compare_scorer(compute_mos(table_of(ROWS)), pa.table(columns), replicates=0)


def test_the_report_has_words_readings_and_the_polynomial():
    table = table_of(ROWS)
    result = compute_mos(table)
    predictions = pa.table(
        {"stimulus": list(result.stimuli), "mean": np.linspace(0, 1, len(result.stimuli))}
    )
    report = report_html(
        "P", result, compute_agreement(table, replicates=5),
        command="c", made_at="now", table=table,
        scorer=compare_scorer(result, predictions, replicates=5),
    )  # fmt: skip
    for said in ("Levels and words", "siqa-as-published", "All readings", "Scorer against people"):
        assert said in report
    assert report.count("<polyline") == 1


def test_the_curve_goes_through_what_it_is_given():
    svg = scatter_plot([(0, 0), (10, 10)], [(0, 0), (5, 5), (10, 10)], "x", "y")
    points = svg.split('polyline points="')[1].split('"')[0].split()
    xs, ys = zip(*(map(float, point.split(",")) for point in points), strict=True)
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
    assert ys[0] > ys[1] > ys[2]
