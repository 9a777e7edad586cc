"""Checks of the words in an image: on words made by hand, and laws for any words."""

from __future__ import annotations

import json
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.scoring.checks.axes import find_axes, number_of
from pipelines.scoring.checks.axis_checks import needs_unit
from pipelines.scoring.checks.checking import check_page
from pipelines.scoring.checks.findings import CHECKS
from pipelines.scoring.checks.page import Box, Page, Word

CATALOGUE = json.loads(
    (Path(__file__).parents[2] / "annotator/static/desk_words.json").read_text("utf-8")
)
WIDTH, HEIGHT = 400, 300


def word(text, x, y, *, turn=0, sureness=0.98, size=16):
    """Return a word around (x, y)."""
    long, thick = max(10, 8 * len(text)) / 2, size / 2
    across, down = (thick, long) if turn else (long, thick)
    return Word(text, Box(x - across, y - down, x + across, y + down), sureness, turn)


def ticks_x(values, y=250):
    places = np.linspace(100, 360, len(values))
    return [word(str(value), x, y) for value, x in zip(values, places, strict=True)]


def ticks_y(values, right=70):
    places = np.linspace(230, 40, len(values))
    return [
        Word(str(v), Box(right - 8 * len(str(v)), y - 8, right, y + 8), 0.98)
        for v, y in zip(values, places, strict=True)
    ]


X, Y = ticks_x([0, 20, 40, 60, 80]), ticks_y([0, 5, 10, 15, 20])
X_LABEL, Y_LABEL = word("Time (s)", 230, 275), word("Velocity (m/s)", 20, 140, turn=90)


def page_of(*words, ink=()):
    inked = np.zeros((HEIGHT, WIDTH), bool)
    for left, top, right, bottom in ink:
        inked[top:bottom, left:right] = True
    return Page(tuple(words), WIDTH, HEIGHT, inked)


def found(*words, ink=()):
    return {one.check: one for one in check_page(page_of(*words, ink=ink))}


def test_a_figure_with_all_it_needs_gives_no_finding():
    assert found(*X, *Y, X_LABEL, Y_LABEL) == {}


def test_a_page_without_words_says_nothing():
    assert found() == {}


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("Temperature", True), ("Heat capacity", True), ("Mean pressure", True), ("time", True),
        ("Time (s)", False), ("Time / s", False), ("Time, s", False), ("Temperature K", False),
        ("Relative pressure", False), ("Number of cells", False), ("Intensity", False),
        ("Log concentration", False), ("Time step", False), ("Density", False),
        ("Frequency", False), ("Distance", False), ("Water depth", True), ("p", False), ("", False),
        ("Age", False), ("Timeline", False),
    ],
)  # fmt: skip
def test_which_labels_need_a_unit(text, needed):
    assert needs_unit(text) is needed


def test_a_label_without_unit_is_a_sentence():
    one = found(*X, *Y, X_LABEL, word("Velocity", 20, 140, turn=90))["axis_without_unit"]
    assert one.sentence == "The y axis has no unit: its label says only “Velocity”."
    assert (one.dimension, one.words, one.size) == ("completeness", ("Velocity",), (400, 300))
    assert 0.8 < one.sureness < 1


def test_a_unit_that_was_not_read_but_leaves_ink_is_no_finding():
    label = word("Velocity", 20, 140, turn=90)
    beyond = (14, 80, 26, 98)
    assert "axis_without_unit" not in found(*X, *Y, X_LABEL, label, ink=[beyond])


def test_a_label_that_was_hardly_read_is_no_finding():
    unsure = word("Velocity", 20, 140, turn=90, sureness=0.6)
    assert "axis_without_unit" not in found(*X, *Y, X_LABEL, unsure)


def test_axes_without_label():
    assert found(*X, *Y, Y_LABEL)["axis_without_label"].values == {"axis": "x"}
    assert found(*X, *Y, X_LABEL)["axis_without_label"].values == {"axis": "y"}


@pytest.mark.parametrize(
    "there",
    [
        {"ink": [(150, 268, 300, 280)]},
        {"words": [word("Temperature against time", 180, 15)]},
    ],
)
def test_something_where_the_label_would_be_is_no_finding(there):
    words, missing = there.get("words", []), X_LABEL if "words" in there else Y_LABEL
    assert "axis_without_label" not in found(*X, *Y, missing, *words, ink=there.get("ink", ()))


@pytest.mark.parametrize("values", [[1990, 2000, 2010, 2020], ["0°", "10°", "20°"], [9, 10, 0.0]])
def test_numbers_that_say_what_they_are_or_are_no_axis_need_no_label(values):
    assert "axis_without_label" not in found(*ticks_x(values), *Y, Y_LABEL)


def test_several_panels_say_nothing_of_labels():
    second = [one._replace(box=Box(*(v - 120 for v in one.box))) for one in X]
    assert "axis_without_label" not in found(*X, *second, *Y)


def test_an_axis_without_numbers_is_seen_by_its_line():
    x, y = word("Alloy composition", 220, 262), word("Porosity (%)", 45, 140, turn=90)
    lines = [(58, 20, 60, 250), (58, 249, 390, 251)]
    said = [one.values for one in check_page(page_of(x, y, ink=lines))]
    assert {"axis": "x", "text": "Alloy composition"} in said
    assert {"axis": "y", "text": "Porosity (%)"} in said
    far = [(80, 20, 82, 230), (80, 229, 390, 231)]
    assert "axis_without_numbers" not in found(x, y, ink=far)


def test_names_of_categories_are_not_taken_for_a_label():
    names = [word(name, x, 262) for name, x in (("Placebo", 120), ("Drug A", 225), ("Diet", 330))]
    y = word("Porosity (%)", 45, 140, turn=90)
    lines = [(58, 20, 60, 250), (58, 249, 390, 251)]
    said = [one.values["axis"] for one in check_page(page_of(*names, y, ink=lines))]
    assert said == ["y"]


def test_numbers_out_of_order():
    one = found(*ticks_x([40, 0, 80, 20, 60]), *Y, X_LABEL, Y_LABEL)["ticks_out_of_order"]
    assert one.sentence == "The numbers along the x axis are not in order: 40, 0, 80, 20, 60."


@pytest.mark.parametrize(
    "values",
    [
        [80, 60, 40, 20, 0], [1, 10, 100, 1000], [10, 5, 0, 5, 10], [0, 20, 90, 60, 80],
        [3, 1, 4, 0, 2], [0, 10, 20, 0, 10, 20], [0.1, 0.5, 0.2],
    ],
)  # fmt: skip
def test_numbers_that_may_stand_so_are_no_finding(values):
    """Turned round, logarithmic, minus or digit misread, names, two panels, too few."""
    assert "ticks_out_of_order" not in found(*ticks_x(values), *Y, X_LABEL, Y_LABEL)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("R² = 1.43", "R²"), ("R2=1.09", "R²"), ("r = −1.62", "r"), ("p = 2.70", "p"),
        ("p=3:01", "p"), ("P = -0.20", "p"), ("r = 3.57", None), ("p = 1.5", None),
        ("P = 1.25", None),
        ("R² = 0.98", None), ("p = 0.003", None), ("p=0072", None), ("p = 1.2 × 10-5", None),
        ("p = 1.2e-05", None), ("r = 1.5 cm", None), ("R² = 1.3x10-2", None), ("pH = 7.40", None),
        ("n = 30", None),
    ],
)  # fmt: skip
def test_statistics(text, name):
    one = found(word(text, 200, 100)).get("impossible_statistic")
    assert (one.values["name"] if one else None) == name


def test_what_else_is_written_tells_a_correlation_from_a_radius():
    fit = word("Linear regression", 200, 60)
    assert "impossible_statistic" in found(word("r = 1.57", 200, 100), fit)


def test_a_statistic_is_told_its_bound():
    said = {one.sentence for one in check_page(page_of(word("r = −1.62", 200, 100)))}
    assert said == {"“r = −1.62” cannot be: r ≥ −1."}


def test_shares_and_latitudes_beyond_their_end():
    coverage = word("Coverage / %", 20, 140, turn=90)
    one = found(*X, *ticks_y([0, 50, 100, 150]), X_LABEL, coverage)["impossible_percentage"]
    assert one.sentence == "“Coverage / %” cannot exceed 100 %, but its axis goes to 150 %."
    assert found(*X, *ticks_y([0, 40, 80, 120]), X_LABEL, coverage) == {}
    latitude = word("Latitude", 20, 140, turn=90)
    assert "impossible_latitude" in found(*X, *ticks_y(["80°", "90°", "100°"]), X_LABEL, latitude)
    assert "impossible_latitude" not in found(*X, *ticks_y([70, 80, 90]), X_LABEL, latitude)


def table(total, *, sureness=0.99, gap=False):
    rows = [("S1", "12.5"), ("S2", "7.0"), ("S3", "30.5"), ("Total", total)]
    cells = []
    for number, (name, value) in enumerate(rows):
        y = 60 + 40 * number
        cells.append(word(name, 60, y))
        if not (gap and number == 1):
            cells.append(word(value, 200, y, sureness=sureness))
    return cells


def test_totals():
    one = found(*table("62.0"))["wrong_total"]
    assert one.values == {"value": "62.0", "sum": "50.0"}
    assert found(*table("50.0")) == found(*table("50.1")) == {}
    assert found(*table("25.0")) == found(*table("12.0")) == {}, "counted twice, a mean"
    assert found(*table("62.0", sureness=0.9)) == found(*table("62.0", gap=True)) == {}


def test_letters_too_small_and_numbers_run_together():
    tiny = [word("control", 60 + 70 * i, 100, size=8) for i in range(5)]
    assert found(*tiny)["tiny_text"].sentence.startswith("Letters are about 4 px high")
    assert found(*tiny[:3]) == {}
    together = Word("0.0000.1250.2500.3750.500", Box(60, 240, 380, 256), 0.8)
    assert "ticks_run_together" in found(together)
    for text in ("0.000 0.125 0.250 0.375 0.500", "0100100111010010110"):
        assert found(together._replace(text=text)) == {}
    assert found(together._replace(sureness=0.5)) == {}


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("Time (sec.)", "s"), ("Time [hrs]", "h"), ("Mass / kgs", "kg"), ("Length (microns)", "µm"),
        ("Velocity (km per sec)", "s"), ("Temperature (deg. C)", "°C"), ("Cp (Joule/mol/K)", "J"),
        ("Hazard ratio (HR)", None), ("Time (hours)", None), ("Rate (counts per second)", None),
        ("Time (s)", None), ("Frequency (Hz)", None), ("Time (min)", None), ("A (second)", None),
    ],
)  # fmt: skip
def test_informal_units(text, symbol):
    one = found(word(text, 200, 270)).get("informal_unit")
    assert (one.values["symbol"] if one else None) == symbol


@pytest.mark.parametrize(
    ("text", "value"),
    [("−1,250.5", -1250.5), ("80 %", 80.0), ("15°", 15.0), ("1e-3", 0.001), ("S1", None),
     ("1.2.3", None), ("", None), ("９", None), ("inf", None), ("9" * 400, None)],
)  # fmt: skip
def test_numbers(text, value):
    assert number_of(text) == value


TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(string.digits + ".-−%°,e", max_size=6),
    st.sampled_from(["Total", "Time", "Latitude", "Time (sec)", "R² = 1.5", "Coverage / %"]),
)
SIDES = st.floats(-5, 500, allow_nan=False)


@st.composite
def words(draw):
    left, top = draw(SIDES), draw(SIDES)
    box = Box(left, top, left + draw(st.floats(0, 200)), top + draw(st.floats(0, 200)))
    return Word(draw(TEXTS), box, draw(st.floats(0, 1)), draw(st.sampled_from([0, 90, 270])))


@settings(max_examples=150, deadline=None)
@given(st.lists(words(), max_size=25), st.integers(0, 2**32 - 1))
def test_any_words_give_findings_that_can_be_said(some, seed):
    ink = np.random.default_rng(seed).random((30, 40)) < 0.3
    for one in check_page(Page(tuple(some), 400, 300, ink)):
        assert one.check in CHECKS
        assert 0 <= one.sureness <= 1
        assert one.words
        assert one.box.left <= one.box.right
        for language in CATALOGUE:
            assert CATALOGUE[language][f"check_{one.check}"].format(**one.values)
        assert one.sentence == CATALOGUE["en"][f"check_{one.check}"].format(**one.values)


@settings(max_examples=60, deadline=None)
@given(st.permutations([*X, *Y, X_LABEL, Y_LABEL]))
def test_the_order_of_words_does_not_matter(some):
    x, y = find_axes(page_of(*some))
    assert [tick.value for tick in x.ticks] == [0, 20, 40, 60, 80]
    assert [tick.value for tick in y.ticks] == [20, 15, 10, 5, 0]
    assert (x.label.text, y.label.text) == ("Time (s)", "Velocity (m/s)")


def test_every_check_has_its_sentence_in_every_language():
    for language, texts in CATALOGUE.items():
        for name, check in CHECKS.items():
            fields = {f for _, f, _, _ in string.Formatter().parse(check.sentence) if f}
            said = {f for _, f, _, _ in string.Formatter().parse(texts[f"check_{name}"]) if f}
            assert said == fields, (language, name)
            assert language != "en" or texts[f"check_{name}"] == check.sentence
