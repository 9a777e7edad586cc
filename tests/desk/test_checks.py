"""What reading the images found, on the desk: of one image, of all, damaged, nothing, hostile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotator.desk.checks import CheckView
from annotator.scoring import material_of
from annotator.scoring_files import ScoringFolder
from annotator.screens.desk import Desk
from annotator.screens.desk_checks import found_html
from annotator.store import Store
from annotator.store_desk import StoreDesk
from pipelines.scoring.checks.checking import CHECKS_VERSION
from schemas.errors import UserError
from schemas.layout import StudyFolder
from tests.conftest import found, make_images
from tests.store.making import opened

NAMES = {"completeness": "Completeness", "validity": "Validity"}


def kept(check: str, sureness: float, **values: str) -> dict:
    return {
        "check": check, "values": values, "box": [4, 3, 20, 9], "words": ["Velo<b>city", "x" * 300],
        "sureness": sureness, "size": [40, 30],
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path):
    found(tmp_path / "study", make_images(tmp_path / "images", 4))
    with opened(StudyFolder(tmp_path / "study")) as store:
        yield store


def keep(store: Store) -> list[str]:
    """Keep findings in two of three images that were read; return all pictures."""
    pictures = material_of(store).stimuli["picture"].to_pylist()
    label = kept("axis_without_label", 0.7, axis="x")
    unit = kept("axis_without_unit", 0.9, axis="y", text="<script>" + "y" * 300)
    texts = [json.dumps(one) for one in ([label], [unit, label], [])]
    ScoringFolder(store.folder.scoring).keep_findings(CHECKS_VERSION, pictures[:3], texts)
    return pictures


def test_the_list_is_sorted_by_sureness_and_leaves_retired_images_out(store: Store) -> None:
    view = CheckView(store)
    assert view.all() == ((), 0, 0, 0)
    keep(store)
    all_of_it = view.all()
    assert [(r.file_name, r.finding.check) for r in all_of_it.rows] == [
        ("figure-001.png", "axis_without_unit"),
        ("figure-000.png", "axis_without_label"),
        ("figure-001.png", "axis_without_label"),
    ]
    assert all_of_it[1:] == (3, 2, 3)
    StoreDesk(store).decide("retire", all_of_it.rows[0].stimulus, "seen", "Cura")
    assert view.all()[1:] == (1, 1, 2)


def test_pages_say_it_in_both_languages_and_escape_it(store: Store) -> None:
    keep(store)
    desk = Desk(StoreDesk(store, patience_s=60), store.study)
    whole = found_html(CheckView(store).all(), NAMES)
    page, refused = desk.show_stimulus("figure-001.png")
    assert refused == ""
    for html in (whole, page):
        assert "The x axis has numbers and no label." in html
        assert "x 轴有数字，但没有标签。" in html
        assert "&lt;script&gt;" in html
        assert "Velo&lt;b&gt;city" in html
        assert "<script" not in html
        assert "y" * 100 not in html
    assert "3 findings in 2 of 3 images read" in whole
    assert page.count('class="found"') == page.count('class="mark"') == 2
    assert "left:10.00%;top:10.00%;width:40.00%;height:20.00%" in page
    plain, _ = desk.show_stimulus("figure-003.png")
    assert "axis" not in plain


def test_nothing_read_nothing_found_and_damage_are_sentences(store: Store) -> None:
    assert "No image was read yet" in found_html(CheckView(store).all(), NAMES)
    pictures = material_of(store).stimuli["picture"].to_pylist()
    ScoringFolder(store.folder.scoring).keep_findings(CHECKS_VERSION, pictures[:1], ["[]"])
    assert "Nothing was found in 1 images" in found_html(CheckView(store).all(), NAMES)
    (shard,) = ScoringFolder(store.folder.scoring).check_shards(CHECKS_VERSION)
    shard.with_name("torn.arrow").write_bytes(b"torn")
    with pytest.raises(UserError, match="scoring/checks"):
        CheckView(store).all()
    page, _ = Desk(StoreDesk(store, patience_s=60), store.study).show_stimulus("figure-000.png")
    assert "delete scoring/checks" in page
