"""Real reading: figures drawn on the spot in, findings out, without a network."""

from __future__ import annotations

import pickle
import socket

import pytest
from PIL import Image

from pipelines.scoring.checks.checking import Checker
from pipelines.scoring.checks.reading import Reader, check_reader
from schemas.errors import UserError
from tests.scoring.figures_with_words import draw_plot, draw_table


@pytest.fixture
def offline(monkeypatch):
    def refuse(*given):
        raise AssertionError(f"reading asked for {given}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_what_is_wrong_is_found_and_nothing_else(tmp_path, offline):
    pytest.importorskip("rapidocr", reason="the optional extra requirements-ocr.txt")
    good = draw_plot(tmp_path / "good.png", x_label="Time (s)", y_label="Velocity (m/s)")
    bad = draw_plot(
        tmp_path / "bad.png", x_label="Time (sec)", y_label="Velocity", note="R² = 1.43"
    )
    table = draw_table(tmp_path / "table.png", 158)
    torn = tmp_path / "torn.png"
    torn.write_bytes(good.read_bytes()[:900])
    checker = pickle.loads(pickle.dumps(Checker()))
    on_good, on_bad, on_table, on_torn = checker([str(p) for p in (good, bad, table, torn)])
    assert on_good == on_torn == []
    assert {one.check for one in on_bad} == {
        "axis_without_unit", "informal_unit", "impossible_statistic",
    }  # fmt: skip
    assert [(one.check, one.values) for one in on_table] == [
        ("wrong_total", {"value": "158", "sum": "138"})
    ]


def test_turned_texts_thin_digits_and_transparent_paper(tmp_path):
    pytest.importorskip("rapidocr", reason="the optional extra requirements-ocr.txt")
    path = draw_plot(tmp_path / "plot.png", x_label="Depth (m)", y_label="Temperature (K)")
    with Image.open(path) as image:
        page = Reader().read(image)
        empty = Reader().read(Image.new("RGBA", (64, 48)))
    turned = {word.text: word.turn for word in page.words}
    assert (turned["Temperature (K)"], turned["Depth (m)"], turned["40"]) == (90, 0, 0)
    assert {0} == {turn for text, turn in turned.items() if len(text) == 1}
    assert (page.width, page.height) == (462, 352)
    assert empty.words == ()
    assert not empty.ink.any()


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(UserError, match=r"pip install -r requirements-ocr\.txt") as caught:
        check_reader()
    assert caught.value.code == "ocr_missing"
