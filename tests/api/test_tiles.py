"""Tiles of large images: to the raters of the image only."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Site, found, invite_people, make_images

SIZE = (7000, 3600)


@pytest.fixture(scope="module")
def large_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    base = tmp_path_factory.mktemp("tiles")
    paths = make_images(base / "images", 1)
    for number in range(3):
        path = base / "images" / f"large-{number}.png"
        Image.linear_gradient("L").rotate(90 * number).resize(SIZE).save(path, compress_level=1)
        paths.append(path)
    found(base / "study", paths)
    running = Site(base / "study", invite_people(base / "study", {"A": "rater", "C": "curator"}))
    running.start()
    yield running
    running.stop()


def error_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_tiles_are_for_the_raters_of_the_image(large_site: Site) -> None:
    with large_site.logged_in("A") as rater, large_site.client() as nobody:
        turn = rater.get("/api/next").json()
        named = [turn["stimulus"], turn["upcoming"]]
        large = [one for one in named if "tiles" in one]
        small = [one for one in named if "tiles" not in one]
        assert large
        assert all((one["width"], one["height"]) == SIZE for one in large)
        url, (lowest, top) = large[0]["tiles"]["url"], large[0]["tiles"]["levels"]
        assert (lowest, top) == (9, 13)
        tile = rater.get(f"{url}/{lowest}/0/0")
        assert (tile.status_code, tile.headers["content-type"]) == (200, "image/png")
        assert "immutable" in tile.headers["cache-control"]
        assert "private" in tile.headers["cache-control"]
        whole = Image.open(io.BytesIO(rater.get(large[0]["image_url"]).content))
        corner = Image.open(io.BytesIO(rater.get(f"{url}/{top}/13/7").content))
        assert corner.size == (7000 - 13 * 512 + 1, 3600 - 7 * 512 + 1)
        assert corner.tobytes() == whole.crop((13 * 512 - 1, 7 * 512 - 1, *SIZE)).tobytes()
        for place in (f"{top}/14/0", f"{top}/0/8", f"{top}/-1/0", "8/0/0", "14/0/0"):
            assert error_of(rater.get(f"{url}/{place}")) == (404, "no_such_tile")
        other = url.replace("/512", "/256")
        assert error_of(rater.get(f"{other}/{top}/0/0")) == (404, "no_such_tile")
        for one in small:
            answer = rater.get(f"{one['image_url']}/tiles/512/9/0/0")
            assert error_of(answer) == (404, "no_such_tile")
        assert error_of(nobody.get(f"{url}/{lowest}/0/0")) == (401, "not_logged_in")
        shown = {one["image_url"] for one in named}
        with large_site.logged_in("C") as curator:
            hidden = [s for s in stimuli(large_site.folder) if f"/images/{s}" not in shown]
            assert hidden
            for stimulus in hidden:
                address = f"/images/{stimulus}/tiles/512/9/0/0"
                assert error_of(rater.get(address)) == (404, "no_such_image")
                assert curator.get(address).status_code in (200, 404)
            assert curator.get(f"{url}/{lowest}/0/0").status_code == 200


def stimuli(folder: Path) -> list[str]:
    from annotator.store import open_study

    with open_study(folder) as study:
        names: list[str] = study.stimuli()["stimulus"].to_pylist()
        return names
