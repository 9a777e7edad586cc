"""Nothing of the model reaches a rater: every route and page is asked, as a rater, for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from annotator.commands import main
from annotator.scoring import material_of
from annotator.scoring_checks import findings_by_stimulus
from annotator.store import open_study
from pipelines.scoring.checks.checking import CHECKS_VERSION
from tests.conftest import Site, found, invite_people, make_images, submission
from tests.serving.test_scoring import with_model

WORDS = re.compile(
    r'"(arm|probability|propensity|predict\w*|predictable|sd|stratum|strata|novelty|gain|'
    r"left_out|scorer|evidence|model_share|mos)\"",
    re.IGNORECASE,
)


FINDING = {
    "check": "axis_without_unit", "values": {"axis": "y", "text": "Wombat speed"},
    "box": [4.0, 3.0, 20.0, 9.0], "words": ["Wombat speed"], "sureness": 0.873, "size": [40, 30],
}  # fmt: skip
SAID = re.compile(r"wombat|axis_without|its label says only|0\.873", re.IGNORECASE)


def keep_findings(folder: Path) -> None:
    """Keep a finding in every image, as `score --checks` does."""
    with open_study(folder) as study:
        material = material_of(study)
        pictures = material.stimuli["picture"].to_pylist()
        found_in = [json.dumps([FINDING])] * len(pictures)
        material.files.keep_findings(CHECKS_VERSION, pictures, found_in)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, list[dict]]]:
    """A server whose queue the model orders, and what the model says."""
    base = tmp_path_factory.mktemp("blind")
    folder = base / "study"
    found(folder, make_images(base / "images", 12), with_model)
    out = base / "predictions.json"
    assert main(["--data", str(folder), "score", "--out", str(out)]) == 0
    keep_findings(folder)
    site = Site(folder, invite_people(folder, {"Ada": "rater", "Cura": "curator"}))
    site.start()
    yield site, json.loads(out.read_text())["predictions"]
    site.stop()


def paths_of(site: Site, browser: httpx.Client) -> list[tuple[str, str]]:
    """Return (method, path) of every route in the schema and every screen, file and guess."""
    turn = browser.get("/api/next").json()
    stimulus, assignment = turn["stimulus"]["id"], turn["assignment_id"]
    named = {"address": stimulus, "assignment_id": assignment, "stimulus": stimulus}
    found = []
    for path, methods in browser.get("/openapi.json").json()["paths"].items():
        filled = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: named.get(m.group(1), "x"), path)
        found += [(method.upper(), filled) for method in methods]
    scoring = [str(p.relative_to(site.folder)) for p in site.folder.rglob("scoring/**/*")]
    guesses = ["/rate/", "/rate/config", "/rate/info", "/rate/gradio_api/info", "/rate/theme.css"]
    guesses += ["/desk/", "/desk/config", "/desk/gradio_api/info", "/internal/state"]
    guesses += ["/internal/tables/assignments?seq=9", "/openapi.json", "/healthz", "/", "/static/"]
    for place in scoring:
        for prefix in ("", "/static/../", "/images/", "/images/..%2F..%2F", "/study/"):
            guesses.append(f"{prefix}/{place}".replace("//", "/"))
        full = site.folder / place
        guesses += [f"/rate/gradio_api/file={full}", f"/desk/gradio_api/file={full}"]
    return found + [("GET", path) for path in guesses]


def test_no_route_or_page_tells_a_rater_what_the_model_says(
    scored: tuple[Site, list[dict]],
) -> None:
    site, predictions = scored
    numbers = {f"{row[key]:.6f}"[:6] for row in predictions for key in ("mean", "sd")}
    numbers -= {number for number in numbers if float(number) == round(float(number))}
    assert len(numbers) > 20
    with site.logged_in("Ada") as browser:
        asked = paths_of(site, browser)
        assert len(asked) > 40
        answers = []
        for n in range(5):
            turn = browser.get("/api/next").json()
            sent = browser.post("/api/submissions", json=submission(turn, f"c{n}", "words"))
            assert sent.status_code == 200
            answers += [sent, browser.get("/api/next")]
        answers += [browser.post("/api/undo", json={}), browser.get("/api/next")]
        answers += [browser.request(method, path, json={}) for method, path in asked]
    n_good = 0
    for answer in answers:
        if answer.headers.get("content-type", "").startswith("image/"):
            continue
        n_good += answer.status_code == 200
        where = f"{answer.request.method} {answer.request.url.path}"
        body = answer.text
        headers = str(answer.headers)
        assert not any(number in body for number in numbers), where
        assert not any(number in headers for number in numbers), where
        assert not SAID.search(body), (where, SAID.search(body))
        assert not SAID.search(headers), where
        if not answer.request.url.path.startswith("/openapi"):
            assert not WORDS.search(body), (where, WORDS.search(body))
        if answer.request.url.path.startswith(("/desk", "/internal")):
            assert answer.status_code in (403, 404), where
    assert n_good > 15


def test_the_search_would_find_it(scored: tuple[Site, list[dict]]) -> None:
    """The words and numbers looked for are those of the predictions and of the facts."""
    site, predictions = scored
    assert WORDS.search(json.dumps(predictions[0]))
    facts = Path(site.folder / "journal.jsonl").read_text()
    assert WORDS.search(facts)
    assert f"{predictions[0]['mean']:.6f}"[:6] in json.dumps(predictions)
    with site.logged_in("Cura") as browser:
        assert browser.get("/desk/").status_code == 200
    with open_study(site.folder) as study:
        (sentence,) = {
            one.sentence for found_in in findings_by_stimulus(material_of(study)).values()
            for one in found_in
        }  # fmt: skip
    assert SAID.search(sentence)
