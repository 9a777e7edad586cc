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


def test_a_mirrored_or_turned_mark_is_read_as_the_same_mark_in_another_position():
    page = _drawn(["Rate", "47"], [(150, 150), (260, 180)])
    windows = windows_of(find_marks(page).letters)
    faces = read_glyphs(glyph_inputs(page, windows)).faces
    mirrored = windows._replace(x=page.shape[1] - windows.x)
    of_mirrored = read_glyphs(glyph_inputs(page[:, ::-1], mirrored)).faces
    np.testing.assert_allclose(of_mirrored, faces[:, [4, 5, 6, 7, 0, 1, 2, 3, 8]], atol=2e-3)
    turned = windows._replace(
        y=page.shape[1] - windows.x, x=windows.y, height=windows.width, width=windows.height
    )
    of_turned = read_glyphs(glyph_inputs(np.rot90(page), turned)).faces
    np.testing.assert_allclose(of_turned, faces[:, [3, 0, 1, 2, 5, 6, 7, 4, 8]], atol=2e-3)
    assert faces[:, 0].sum() > faces[:, 4].sum()
