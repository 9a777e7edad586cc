"""The order of numbers along axes is read; letters on filled boxes are found."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.scoring.glyphs import glyph_inputs, read_glyphs, windows_of
from pipelines.scoring.letters import find_marks
from pipelines.scoring.ticks import find_numbers, tick_features


def _drawn(texts, places, size=(520, 340), paper=255):
    image = Image.new("L", size, paper)
    font = ImageFont.load_default(18)
    for text, place in zip(texts, places, strict=True):
        ImageDraw.Draw(image).text(place, text, 0, font, anchor="mm")
    return np.asarray(image)


def _ticks(page):
    marks = find_marks(page)
    windows = windows_of(marks.letters)
    said = read_glyphs(glyph_inputs(page, windows))
    return tick_features(find_numbers(windows, said, marks.boxes))


ROW = [(60 + 65 * i, 300) for i in range(7)]
COLUMN = [(40, 300 - 42 * i) for i in range(7)]


@pytest.mark.parametrize(("places", "axis"), [(ROW, "x"), (COLUMN, "y")])
def test_the_order_of_numbers_along_an_axis_is_read(places, axis):
    texts = [str(10 * i) for i in range(1, 8)]
    rising, falling = _ticks(_drawn(texts, places)), _ticks(_drawn(texts[::-1], places))
    assert rising[f"ticks_{axis}"] == pytest.approx(np.log1p(7))
    assert rising[f"ticks_{axis}_order"] > 0.4
    assert falling[f"ticks_{axis}_order"] < -0.4


def test_letters_on_a_filled_box_are_found_and_marks_without_letters_say_nothing():
    page = np.full((200, 300), 255, np.uint8)
    page[50:150, 50:250] = _drawn(["Sample"], [(100, 50)], (200, 100), paper=150)
    assert len(find_marks(page).letters.top) >= 4
    blank = _ticks(np.full((40, 40), 255, np.uint8))
    assert set(blank.values()) == {0.0}
