"""The rating routes of a real server, and what they refuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conftest import Site, scores, submission


def get_next(browser: httpx.Client) -> dict[str, Any]:
    answer = browser.get("/api/next")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def send(browser: httpx.Client, body: Any) -> httpx.Response:
    return browser.post("/api/submissions", json=body)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check the one shape of errors; return the message."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert error["code"] == code
    assert "\n" not in error["message"]
    return str(error["message"])


def test_next_has_the_promised_shape(site: Site) -> None:
    with site.logged_in("Rater 1") as browser:
        turn = get_next(browser)
        assert {"assignment_id", "stimulus", "steps", "draft", "progress", "upcoming"} <= set(turn)
        assert set(turn["stimulus"]) == {"id", "image_url", "width", "height"}
        assert (turn["stimulus"]["width"], turn["stimulus"]["height"]) == (40, 30)
        rate, text = turn["steps"]
        assert (rate["name"], rate["kind"]) == ("rate", "rate")
        assert [d["name"] for d in rate["dimensions"]] == list(scores())
        for dimension in rate["dimensions"]:
            assert [level["score"] for level in dimension["levels"]] == [1, 2, 3, 4, 5]
            assert all(level["label"] and level["rubric"] for level in dimension["levels"])
        assert (text["name"], text["kind"]) == ("feedback", "text")
        assert turn["draft"] == {}
        assert turn["upcoming"]["image_url"] != turn["stimulus"]["image_url"]


def test_asking_again_gives_the_same(site: Site) -> None:
    with site.logged_in("Rater 1") as browser:
        first = get_next(browser)
        assert [get_next(browser)["assignment_id"] for _ in range(3)] == [
            first["assignment_id"]
        ] * 3


def test_nothing_of_the_model_or_of_others_is_in_an_answer(site: Site) -> None:
    with site.logged_in("Rater 1") as browser:
        text = browser.get("/api/next").text
        for word in ("probability", "arm", "prediction", "mos", "Rater 2", "Cura"):
            assert f'"{word}"' not in text


def test_submit_gives_the_next_and_the_same_client_id_changes_nothing(site: Site) -> None:
    with site.logged_in("Rater 2") as browser:
        turn = get_next(browser)
        done = turn["progress"]["done"]
        body = submission(turn, "one", "The axis has no unit.")
        first = send(browser, body).json()
        assert first["accepted"] is True
        assert first["next"]["assignment_id"] != turn["assignment_id"]
        assert first["next"]["stimulus"]["id"] != turn["stimulus"]["id"]
        assert first["next"]["progress"]["done"] == done + 1
        again = send(browser, body).json()
        assert again == first


def test_the_same_submission_from_many_connections_is_one(site: Site) -> None:
    with site.logged_in("Rater 3") as browser:
        body = submission(get_next(browser), "many")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send(browser, body), range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["submission_id"] for answer in answers}) == 1
        assert get_next(browser)["progress"]["done"] == 1


def test_a_client_id_is_for_one_image(site: Site) -> None:
    with site.logged_in("Rater 4") as browser:
        turn = get_next(browser)
        following = send(browser, submission(turn, "once")).json()["next"]
        refused(send(browser, submission(following, "once")), 409, "client_id_reused")
        refused(send(browser, submission(turn, "twice")), 409, "already_submitted")
        assert get_next(browser)["assignment_id"] == following["assignment_id"]


@pytest.mark.parametrize("score", [0, 6, 4.5, 4.0, "5", None, True, [4], {}, 10**30, -1])
def test_scores_off_the_scale_are_refused(site: Site, score: object) -> None:
    with site.logged_in("Rater 5") as browser:
        turn = get_next(browser)
        message = refused(
            send(browser, submission(turn, "off", clarity=score)), 400, "invalid_score"
        )
        assert "clarity" in message
        assert "1, 2, 3, 4, 5" in message
        assert get_next(browser)["assignment_id"] == turn["assignment_id"]


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        ({"rate": {"scores": scores(beauty=3)}}, 400, "unknown_dimension"),
        ({"rate": {"scores": scores(knowledge=3)}}, 400, "unknown_dimension"),
        ({"rate": {"scores": {"clarity": 3}}}, 400, "missing_score"),
        ({"rate": {"scores": {}}}, 400, "missing_score"),
        ({"rate": {}}, 400, "invalid_answer"),
        ({"rate": None}, 400, "invalid_answer"),
        ({}, 400, "invalid_answer"),
        ({"rate": {"scores": [4, 4, 4, 4]}}, 400, "invalid_answer"),
        ({"rate": {"scores": scores()}, "guess": {}}, 422, "unknown_step"),
        ({"rate": {"scores": scores()}, "feedback": {"text": 5}}, 400, "invalid_answer"),
        ({"rate": {"scores": scores()}, "feedback": "blurred"}, 400, "invalid_answer"),
        ({"rate": {"scores": scores()}, "feedback": ["blurred"]}, 400, "invalid_answer"),
        ({"rate": {"scores": scores()}, "feedback": {"words": "blurred"}}, 400, "invalid_answer"),
        ({"rate": {"scores": scores()}, "feedback": {"text": "x" * 2**20}}, 413, "text_too_long"),
    ],
)
def test_answers_that_are_refused(site: Site, answers: Any, status: int, code: str) -> None:
    with site.logged_in("Rater 5") as browser:
        turn = get_next(browser)
        body = submission(turn, "refused") | {"answers": answers}
        refused(send(browser, body), status, code)
        assert get_next(browser)["assignment_id"] == turn["assignment_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"assignment_id": None}, {"assignment_id": ""}, {"assignment_id": 7},
        {"client_id": None}, {"client_id": ""}, {"client_id": "x" * 201},
        {"answers": []}, {"answers": "rate"}, {"duration_ms": -1}, {"duration_ms": 10**30},
        {"duration_ms": "soon"}, {"view": [1]},
    ],
    ids=str,
)  # fmt: skip
def test_malformed_fields_are_named(site: Site, change: dict[str, Any]) -> None:
    with site.logged_in("Rater 5") as browser:
        body = submission(get_next(browser), "malformed") | change
        assert next(iter(change)) in refused(send(browser, body), 422, "invalid_request")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{}" * 2])
def test_a_body_that_is_no_json_object(site: Site, raw: bytes) -> None:
    with site.logged_in("Rater 5") as browser:
        for method, path in (("POST", "/api/submissions"), ("POST", "/api/skip")):
            answer = browser.request(
                method, path, content=raw, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in (400, 422), answer.text
            assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_json_under_another_type_is_told(site: Site, kind: str) -> None:
    with site.logged_in("Rater 5") as browser:
        answer = browser.post("/api/skip", content="{}", headers={"Content-Type": kind})
        assert "application/json" in refused(answer, 415, "invalid_request")


def test_five_megabytes_are_too_much(site: Site) -> None:
    with site.logged_in("Rater 5") as browser:
        turn = get_next(browser)
        body = submission(turn, "huge", "x" * (5 * 2**20))
        refused(send(browser, body), 413, "body_too_large")
        assert get_next(browser)["assignment_id"] == turn["assignment_id"]


TEXTS = {
    "emoji": "👩🏽‍🔬 scale bar ✅",
    "right to left": "הציר ללא יחידות \u202bמימין\u202c العربية",
    "combining": "e\u0301 \u200d\u00a0 ok",
    "formula": "=HYPERLINK(1)\t\"quoted\", 'single'",
    "lines": "first\nsecond\n\nfourth",
    "markup": "<script>alert(1)</script>&amp;",
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_come_back_as_typed(site: Site, name: str) -> None:
    with site.logged_in("Rater 6") as browser:
        turn = get_next(browser)
        assert (
            send(browser, submission(turn, f"text {name}", TEXTS[name])).json()["accepted"] is True
        )
        undone = browser.post("/api/undo", json={}).json()["next"]
        assert undone["draft"]["answers"]["feedback"]["text"] == TEXTS[name]
        assert undone["draft"]["answers"]["rate"]["scores"] == scores()
        assert browser.post(
            "/api/skip", json={"assignment_id": undone["assignment_id"], "reason": ""}
        ).is_success


def test_nul_and_lone_surrogates_become_replacement_characters(site: Site) -> None:
    raw = '"a\\u0000b\\ud800c"'
    with site.logged_in("Rater 7") as browser:
        turn = get_next(browser)
        head = {"Content-Type": "application/json"}
        draft = browser.put(
            f"/api/drafts/{turn['assignment_id']}",
            content='{"answers":{"feedback":{"text":%s,%s:1}}}' % (raw, raw),  # noqa: UP031
            headers=head,
        )
        assert draft.is_success, draft.text
        kept = get_next(browser)["draft"]["answers"]
        assert kept == {"feedback": {"text": "a\ufffdb\ufffdc", "a\ufffdb\ufffdc": 1}}
        good = submission(turn, "nul", "TEXT")
        import json

        content = json.dumps(good | {"view": {"VIEW": "VIEW"}})
        content = content.replace('"TEXT"', raw).replace('"VIEW"', raw)
        answer = browser.post("/api/submissions", content=content, headers=head)
        assert answer.status_code == 200, answer.text
        undone = browser.post("/api/undo", json={}).json()["next"]
        assert undone["draft"]["answers"]["feedback"]["text"] == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    "path", ["client_id", "assignment_id", "dimension", "step", "draft", "number", "deep"]
)
def test_what_cannot_be_stored_is_refused_and_the_server_goes_on(site: Site, path: str) -> None:
    bad = '"\\ud800"'
    deep = "[" * 300 + "]" * 300
    with site.logged_in("Rater 8") as browser:
        turn = get_next(browser)
        name = turn["assignment_id"]
        good = '{"rate":{"scores":{"validity":4,"completeness":3,"clarity":5,"conformity":2}}}'
        bodies = {
            "client_id": f'{{"assignment_id":"{name}","client_id":{bad},"answers":{good}}}',
            "assignment_id": f'{{"assignment_id":{bad},"client_id":"c","answers":{good}}}',
            "dimension": f'{{"assignment_id":"{name}","client_id":"c",'
            f'"answers":{{"rate":{{"scores":{{{bad}:3}}}}}}}}',
            "step": f'{{"assignment_id":"{name}","client_id":"c","answers":{{{bad}:3}}}}',
            "number": f'{{"assignment_id":"{name}","client_id":"c","answers":{good},'
            '"view":{"zoom":1' + "0" * 40 + "}}",
            "deep": f'{{"assignment_id":"{name}","client_id":"c","answers":{good},'
            f'"view":{{"zoom":{deep}}}}}',
            "draft": f'{{"answers":{{"x":{deep}}}}}',
        }
        url, method = ("/api/submissions", "POST")
        if path == "draft":
            url, method = f"/api/drafts/{name}", "PUT"
        answer = browser.request(
            method, url, content=bodies[path], headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, answer.text
        assert set(answer.json()["error"]) == {"code", "message"}
        assert get_next(browser)["assignment_id"] == name


def test_drafts_are_kept_and_renewed(site: Site) -> None:
    with site.logged_in("Rater 9") as browser:
        turn = get_next(browser)
        answers = {"rate": {"scores": {"clarity": 2}}, "feedback": {"text": "half a sen"}}
        saved = browser.put(f"/api/drafts/{turn['assignment_id']}", json={"answers": answers})
        assert saved.json() == {"saved": True}
        assert get_next(browser)["draft"] == {"answers": answers}
        following = send(browser, submission(turn, "after a draft")).json()["next"]
        assert following["draft"] == {}
        refused(
            browser.put(f"/api/drafts/{turn['assignment_id']}", json={"answers": {}}),
            409,
            "already_submitted",
        )
        for body in ([], {"answers": None}, {"answers": 5}, {}):
            refused(
                browser.put(f"/api/drafts/{following['assignment_id']}", json=body),
                422,
                "invalid_request",
            )


@pytest.mark.parametrize("name", ["..%2f..%2fsecret", "a0000000000000000", "x.json", "%00", "é"])
def test_a_draft_is_only_of_an_assignment_of_ones_own(site: Site, name: str) -> None:
    with site.logged_in("Rater 9") as browser:
        answer = browser.put(f"/api/drafts/{name}", json={"answers": {}})
        assert answer.status_code == 404, answer.text
    assert not list(site.folder.glob("*.part"))


def test_foreign_assignments_are_unknown(site: Site) -> None:
    with site.logged_in("Rater 10") as one, site.logged_in("Rater 11") as other:
        mine, theirs = get_next(one), get_next(other)
        refused(send(one, submission(theirs, "foreign")), 404, "unknown_assignment")
        refused(
            one.put(f"/api/drafts/{theirs['assignment_id']}", json={"answers": {}}),
            404,
            "unknown_assignment",
        )
        refused(
            one.post("/api/skip", json={"assignment_id": theirs["assignment_id"]}),
            404,
            "unknown_assignment",
        )
        assert get_next(one)["assignment_id"] == mine["assignment_id"]
        assert get_next(other)["assignment_id"] == theirs["assignment_id"]


def test_skip_gives_another_and_never_the_same_again(site: Site) -> None:
    with site.logged_in("Rater 12") as browser:
        turn = get_next(browser)
        skipped = browser.post(
            "/api/skip", json={"assignment_id": turn["assignment_id"], "reason": "mine\x00"}
        ).json()
        assert skipped["skipped"] is True
        seen = {turn["stimulus"]["id"]}
        following, n = skipped["next"], 0
        while "assignment_id" in following:
            assert following["stimulus"]["id"] not in seen
            seen.add(following["stimulus"]["id"])
            n += 1
            following = send(browser, submission(following, f"rest {n}")).json()["next"]
        assert (following["done"], following["reason"]) == (True, "all_rated")
        assert following["message"]
        assert len(seen) == 12


def test_undo_goes_back_over_the_last_submissions(site: Site) -> None:
    with site.logged_in("Rater 13") as browser:
        refused(browser.post("/api/undo", json={}), 409, "nothing_to_undo")
        first = get_next(browser)
        second = send(browser, submission(first, "u1", clarity=1)).json()["next"]
        third = send(browser, submission(second, "u2")).json()["next"]
        back = browser.post("/api/undo", json={}).json()["next"]
        assert back["stimulus"]["id"] == second["stimulus"]["id"]
        assert back["correcting"] is True
        further = browser.post("/api/undo", json={}).json()["next"]
        assert further["stimulus"]["id"] == first["stimulus"]["id"]
        assert further["draft"]["answers"]["rate"]["scores"]["clarity"] == 1
        # Each correction leads on to the one before it, then to where the rater was.
        on = send(browser, submission(further, "u3", clarity=5)).json()["next"]
        assert on["assignment_id"] == back["assignment_id"]
        on = send(browser, submission(back, "u4")).json()["next"]
        assert on["assignment_id"] == third["assignment_id"]
        assert on["progress"]["done"] == 2


@pytest.mark.parametrize("path", ["/api/submissions", "/api/skip", "/api/undo"])
@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://[", "http://127.0.0.1:1", "x"]
)
def test_a_foreign_origin_is_refused(site: Site, path: str, origin: str) -> None:
    with site.logged_in("Rater 13") as browser:
        answer = browser.post(path, json={}, headers={"Origin": origin})
        refused(answer, 403, "foreign_origin")


def test_our_own_origin_and_none_are_accepted(site: Site) -> None:
    with site.logged_in("Rater 14") as browser:
        turn = get_next(browser)
        url = f"/api/drafts/{turn['assignment_id']}"
        for headers in ({"Origin": site.url}, {}):
            assert browser.put(url, json={"answers": {}}, headers=headers).is_success


def test_images_are_only_ones_own(site: Site) -> None:
    with site.logged_in("Rater 15") as browser, site.client() as nobody:
        turn = get_next(browser)
        own = browser.get(turn["stimulus"]["image_url"])
        assert (own.status_code, own.headers["content-type"]) == (200, "image/png")
        assert own.headers["cache-control"].startswith("private")
        assert browser.get(f"/images/{turn['assignment_id']}").content == own.content
        assert browser.get(turn["upcoming"]["image_url"]).status_code == 200
        again = browser.get(
            turn["stimulus"]["image_url"], headers={"If-None-Match": own.headers["etag"]}
        )
        assert again.status_code == 304
        for known in ("W/" + own.headers["etag"], f'"other", {own.headers["etag"]}', "*"):
            url = turn["stimulus"]["image_url"]
            assert browser.get(url, headers={"If-None-Match": known}).status_code == 304
        head = browser.head(turn["stimulus"]["image_url"])
        assert (head.content, head.headers["etag"]) == (b"", own.headers["etag"])
        assert head.headers["content-length"] == str(len(own.content))
        small = browser.get(turn["stimulus"]["image_url"], params={"w": 20})
        assert small.status_code == 200
        shown = {turn["stimulus"]["id"], turn["upcoming"]["image_url"].rsplit("/", 1)[1]}
        everything = site_stimuli(site)
        for stimulus in set(everything) - shown:
            refused(browser.get(f"/images/{stimulus}"), 404, "no_such_image")
        for address in ("nope", "..%2fsecret", "%00"):
            assert browser.get(f"/images/{address}").status_code == 404
        for width in ("0", "-1", "x", "1e9"):
            refused(
                browser.get(turn["stimulus"]["image_url"], params={"w": width}),
                422,
                "invalid_request",
            )
        refused(nobody.get(turn["stimulus"]["image_url"]), 401, "not_logged_in")
        refused(nobody.get(f"/images/{turn['assignment_id']}"), 401, "not_logged_in")
    with site.logged_in("Cura") as curator:
        assert all(curator.get(f"/images/{s}").status_code == 200 for s in everything)


def site_stimuli(site: Site) -> list[str]:
    from annotator.store import open_study

    with open_study(site.folder) as study:
        names: list[str] = study.stimuli()["stimulus"].to_pylist()
        return names
