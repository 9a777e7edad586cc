"""A server that ends and comes again."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from tests.api.test_rating import get_next, send
from tests.conftest import Site, found, invite_people, make_images, submission


def test_restart_keeps_everybody_and_everything(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    found(folder, make_images(tmp_path / "images", 5))
    site = Site(folder, invite_people(folder, {"Ada": "rater", "Ben": "rater", "Cura": "curator"}))
    try:
        site.start("--public-url", "https://rate.example.org/")
        with site.logged_in("Ada") as ada, site.client() as ben:
            cookie = ben.post(f"/join/{site.tokens['Ben']}").headers["set-cookie"].lower()
            assert "secure" in cookie
            with site.client() as curator:
                curator.post(f"/join/{site.tokens['Cura']}")
                site.cookies["Cura"] = curator.cookies
            # The cookie is Secure now, so it is taken over by hand to plain http.
            ada_cookie = {c.name: c.value or "" for c in ada.cookies.jar}
        with site.client(httpx.Cookies(ada_cookie)) as ada:
            turn = get_next(ada)
            answers = {"feedback": {"text": "half a sentence abou"}}
            draft = ada.put(
                f"/api/drafts/{turn['assignment_id']}",
                json={"answers": answers},
                headers={"Origin": "https://rate.example.org"},
            )
            assert draft.is_success
        assert (folder / "server.json").stat().st_mode & 0o777 == 0o600
        assert (folder / "secret").stat().st_mode & 0o777 == 0o600
        assert site.stop() < 5
        assert not (folder / "server.json").exists()

        site.start()
        with site.client(httpx.Cookies(ada_cookie)) as ada:
            again = get_next(ada)
            assert again["assignment_id"] == turn["assignment_id"]
            assert again["draft"] == {"answers": answers}
            assert again["stimulus"] == turn["stimulus"]
            assert send(ada, submission(again, "after")).json()["accepted"] is True
    finally:
        site.stop()


def test_it_stops_within_five_seconds_while_pages_hold_connections(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    found(folder, make_images(tmp_path / "images", 2))
    site = Site(folder, invite_people(folder, {"Ada": "rater"}))
    opened = threading.Event()

    def hold() -> None:
        url = "/rate/gradio_api/heartbeat/abc"
        try:
            with site.logged_in("Ada") as ada, ada.stream("GET", url) as answer:
                opened.set()
                for _ in answer.iter_bytes():
                    pass
        except httpx.HTTPError:
            pass
        finally:
            opened.set()

    try:
        site.start()
        page = threading.Thread(target=hold)
        page.start()
        assert opened.wait(30)
        with site.logged_in("Ada") as ada:
            get_next(ada)
            took = site.stop()
        assert took < 5
        page.join(10)
    finally:
        site.stop()
