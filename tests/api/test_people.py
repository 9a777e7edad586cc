"""Who may come in, and where to."""

from __future__ import annotations

import httpx
import pytest

from tests.api.test_rating import get_next, refused
from tests.conftest import Site, run_command

RATER_ROUTES = [
    ("GET", "/api/next"), ("POST", "/api/submissions"), ("PUT", "/api/drafts/a1"),
    ("POST", "/api/skip"), ("POST", "/api/undo"),
]  # fmt: skip
DESK = [
    "/desk", "/desk/", "/desk/config", "/desk/gradio_api/info", "/desk/gradio_api/queue/data",
    "/desk/gradio_api/startup-events", "/desk/theme.css", "/desk/assets/x.js", "/desk/anything",
]  # fmt: skip
BODY = {"assignment_id": "a1", "client_id": "c", "answers": {}}


def test_health_and_schema_need_no_login(site: Site) -> None:
    with site.client() as nobody:
        health = nobody.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        paths = nobody.get("/openapi.json").json()["paths"]
    assert {"/healthz", "/join/{token}", "/api/next", "/api/submissions", "/api/skip", "/api/undo",
            "/api/drafts/{assignment_id}", "/images/{address}"} <= set(paths)  # fmt: skip
    assert not [path for path in paths if path.startswith("/internal")]


def test_a_link_works_once_and_looking_uses_nothing(site: Site) -> None:
    url = f"/join/{site.tokens['Rater 20']}"
    with site.client() as scanner:
        for _ in range(3):
            assert scanner.get(url).status_code == 200
        assert "Rater 20" in scanner.get(url).text
        for path in ("/healthz", url):
            answer = scanner.head(path)
            assert (answer.status_code, answer.content) == (200, b"")
        assert scanner.head("/join/nope").status_code == 404
        assert not scanner.cookies
    with site.client() as browser:
        claimed = browser.post(url)
        assert (claimed.status_code, claimed.headers["location"]) == (303, "/rate/")
        cookie = claimed.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        assert "path=/" in cookie
        get_next(browser)
        refused(browser.get(url), 410, "invite_used")
    with site.client() as late:
        assert "raters invite" in refused(late.post(url), 410, "invite_used")
        assert not late.cookies
        page = late.get(url, headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        assert page.status_code == 410


def test_unknown_links(site: Site) -> None:
    with site.client() as nobody:
        for token in ("nope", "%ff", "é", "x" * 5000):
            refused(nobody.get(f"/join/{token}"), 404, "invite_unknown")
            refused(nobody.post(f"/join/{token}"), 404, "invite_unknown")


def test_a_newer_link_replaces_the_older(site: Site) -> None:
    again = run_command("raters", "invite", "Rater 21", "--json", data=site.folder).document
    assert again["invite"].startswith(site.url + "/join/")
    with site.client() as browser:
        refused(browser.post(f"/join/{site.tokens['Rater 21']}"), 410, "invite_replaced")
        assert browser.post(again["invite"]).status_code == 303
        get_next(browser)


def test_nobody_sees_nothing(site: Site) -> None:
    with site.client() as nobody:
        for method, path in RATER_ROUTES:
            refused(nobody.request(method, path, json=BODY), 401, "not_logged_in")
        for path in [*DESK, "/rate", "/rate/", "/rate/config", "/rate/gradio_api/info"]:
            assert nobody.get(path).status_code == 401, path
        home = nobody.get("/")
        assert home.status_code == 401
        assert home.headers["content-type"].startswith("text/html")


def test_raters_get_403_on_everything_of_the_desk(site: Site) -> None:
    with site.logged_in("Rater 22") as rater:
        for path in DESK:
            for method in ("GET", "POST", "HEAD", "PUT", "DELETE"):
                answer = rater.request(method, path)
                assert answer.status_code == 403, (method, path, answer.status_code)
        assert rater.get("/rate/").status_code == 200
        assert rater.get("/").headers["location"] == "/rate/"


def test_curators_cannot_rate(site: Site) -> None:
    with site.logged_in("Cura") as curator:
        for method, path in RATER_ROUTES:
            refused(curator.request(method, path, json=BODY), 403, "not_a_rater")
        assert curator.get("/rate/").status_code == 403
        assert curator.get("/desk/").status_code == 200
        assert curator.get("/").headers["location"] == "/desk/"


@pytest.mark.parametrize("who", [None, "Rater 22", "Cura"])
def test_internal_routes_need_the_token(site: Site, who: str | None) -> None:
    browser = site.client() if who is None else site.logged_in(who)
    with browser:
        for method, path in (
            ("GET", "/internal/state"), ("GET", "/internal/tables/raters?seq=99"),
            ("POST", "/internal/facts"),
        ):  # fmt: skip
            for headers in ({}, {"X-Study-Token": "guess"}, {"X-Study-Token": ""}):
                answer = browser.request(method, path, headers=headers)
                refused(answer, 403, "wrong_token")


def test_files_of_the_folder_are_not_served(site: Site) -> None:
    secret = site.folder / "secret"
    # As if a curator had just uploaded it.
    uploaded = site.folder / "tmp" / "uploads" / "a" / "b.txt"
    uploaded.parent.mkdir(parents=True)
    uploaded.write_bytes(secret.read_bytes())
    with site.logged_in("Rater 22") as rater:
        for place in (secret, uploaded, site.folder / "journal.jsonl", site.folder / "server.json"):
            for path in (f"/rate/gradio_api/file={place}", f"/static/../{place}",
                         f"/static/%2e%2e/%2e%2e/{place}", f"/rate/file={place}"):  # fmt: skip
                answer = rater.get(path)
                assert answer.status_code in (403, 404), (path, answer.status_code)
                assert secret.read_bytes() not in answer.content


def test_forged_cookies_are_nobody(site: Site) -> None:
    with site.logged_in("Rater 23") as browser:
        get_next(browser)
        name, value = next(iter(browser.cookies.items()))
    payload, signature = value.split(".", 1)
    import base64

    other = base64.urlsafe_b64encode(b'"Cura"').decode().rstrip("=")
    for forged in (
        f"{other}.{signature}", f"{payload}.{signature[:-2]}xx", payload, "", ".", '"Rater 23"',
        f"{payload}.", "a.b.c",
    ):  # fmt: skip
        with site.client(httpx.Cookies({name: forged})) as forger:
            refused(forger.get("/api/next"), 401, "not_logged_in")


def test_a_disabled_raters_cookie_is_refused_until_enabled(site: Site) -> None:
    with site.logged_in("Rater 24") as browser:
        turn = get_next(browser)
        assert run_command("raters", "disable", "Rater 24", data=site.folder).code == 0
        refused(browser.get("/api/next"), 403, "rater_disabled")
        refused(browser.get(turn["stimulus"]["image_url"]), 403, "rater_disabled")
        assert browser.get("/rate/").status_code == 403
        assert run_command("raters", "enable", "Rater 24", data=site.folder).code == 0
        assert get_next(browser)["assignment_id"] == turn["assignment_id"]
    assert run_command("raters", "disable", "Rater 25", data=site.folder).code == 0
    with site.client() as browser:
        refused(browser.post(f"/join/{site.tokens['Rater 25']}"), 403, "rater_disabled")


def test_what_is_not_there_says_so(site: Site) -> None:
    with site.logged_in("Rater 22") as rater:
        refused(rater.get("/nothing/here"), 404, "not_found")
        answer = rater.delete("/api/next")
        refused(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET"
