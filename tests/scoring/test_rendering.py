"""Rendered figures: every kind, every flaw is visible, same seed same pixels."""

import numpy as np
import pytest

from pipelines.scoring.figures import KINDS, draw_flaws, render
from pipelines.scoring.figures.flaws import FLAWS, flaws_of_kind
from pipelines.scoring.figures.pixels import PIXEL_FLAWS
from pipelines.scoring.figures.style import draw_style
from schemas.errors import UserError

pytest.importorskip("matplotlib", reason="rendering needs requirements-render.txt")


@pytest.mark.parametrize(
    "kind", [*KINDS[:16], *(pytest.param(kind, marks=pytest.mark.heavy) for kind in KINDS[16:])]
)
def test_same_seed_same_pixels_other_seed_other_pixels(kind):
    first, truth = render(kind, 4)
    again, _ = render(kind, 4)
    other, _ = render(kind, 5)
    assert np.array_equal(np.asarray(first), np.asarray(again))
    assert first.size != other.size or not np.array_equal(np.asarray(first), np.asarray(other))
    assert min(first.size) >= 100
    assert np.asarray(first).std() > 5
    assert truth.quality == dict.fromkeys(truth.quality, 5.0)


@pytest.mark.parametrize("number", range(len(FLAWS)))
def test_every_flaw_changes_the_picture_and_its_own_dimension(number):
    flaw = list(FLAWS.values())[number]
    kind = flaw.kinds[number % len(flaw.kinds)]
    clean = np.asarray(render(kind, 9)[0])
    image, truth = render(kind, 9, [(flaw.name, 1.0)])
    pixels = np.asarray(image)
    assert pixels.shape != clean.shape or not np.array_equal(pixels, clean)
    assert [d for d, value in truth.quality.items() if value < 5] == [flaw.dimension]


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(16, len(KINDS)))
def test_later_kinds_draw_the_flaws_of_content_that_they_claim(number):
    kind = KINDS[number]
    own = [flaw.name for flaw in flaws_of_kind(kind) if flaw.name not in PIXEL_FLAWS]
    clean = np.asarray(render(kind, 3)[0]).astype(int)
    for name in own:
        spoilt = np.asarray(render(kind, 3, [(name, 1.0)])[0]).astype(int)
        assert spoilt.shape != clean.shape or (np.abs(spoilt - clean) > 12).sum() >= 20, name


def _brightness(colour):
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def test_every_style_can_be_read_and_has_a_usual_size():
    styles = [draw_style(np.random.default_rng(seed)) for seed in range(400)]
    for style in styles:
        for ground in (style.background, style.panel):
            low, high = sorted((_brightness(style.ink), _brightness(ground)))
            # 4.5 : 1 is what WCAG 2 asks of text.
            assert (high + 0.05) / (low + 0.05) >= 4.5, style
        assert 150 <= style.height * style.dpi <= 2600
        assert 240 <= style.width * style.dpi <= 1800
    assert len({(style.ink, style.panel, style.frame, style.grid) for style in styles}) > 15


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
def test_drawn_flaws_can_be_rendered(kind):
    for seed in range(2):
        flaws = draw_flaws(kind, seed)
        _, truth = render(kind, seed, flaws)
        assert dict(truth.flaws) == dict(flaws)
        assert draw_flaws(kind, seed) == flaws


def test_ungraded_flaws_count_fully():
    _, truth = render("line", 1, [("missing_legend", 0.2)])
    assert truth.flaws == (("missing_legend", 1.0),)
    assert truth.severity["completeness"] == FLAWS["missing_legend"].weight


@pytest.mark.parametrize(
    ("kind", "flaws", "code"),
    [
        ("lines", [], "unknown_kind"),
        ("line", [("smudge", 1.0)], "unknown_flaw"),
        ("table", [("wrong_valence", 1.0)], "flaw_not_in_kind"),
    ],
)
def test_wrong_orders_are_refused_by_name(kind, flaws, code):
    with pytest.raises(UserError) as caught:
        render(kind, 1, flaws)
    assert caught.value.code == code
