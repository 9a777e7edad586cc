"""The study as a command sees it through a running server."""

from __future__ import annotations

import pytest

from annotator.store import SnapshotStore, open_study
from annotator.store.check import table_differences
from schemas.errors import UserError
from schemas.facts import Setting
from tests.conftest import Site, submission
from tests.store.making import AT, everything, opened


def test_the_snapshot_equals_what_the_store_reads(site: Site) -> None:
    with site.logged_in("Rater 1") as browser:
        turn = browser.get("/api/next").json()
        for n in range(4):
            body = submission(turn, f"c{n}", "a text 👩🏽‍🔬")
            turn = browser.post("/api/submissions", json=body).json()["next"]
        browser.post("/api/undo", json={})
        browser.post("/api/skip", json={"assignment_id": turn["assignment_id"], "reason": "x"})
    with open_study(site.folder) as study:
        assert isinstance(study, SnapshotStore)
        study.append([Setting(AT, "k", "through the server"), Setting(AT, "k", "again")])
        assert study.append_many(Setting(AT, "n", str(n)) for n in range(12)) == 12
        assert "k" not in study.settings()
        study.refresh()
        assert (study.settings()["k"], study.settings()["n"]) == ("again", "11")
        through = everything(study)
        views = [study.stimuli(), study.ratings(), study.feedback(), study.submissions()]
        people = study.raters()
        assert not list(table_differences(study, *study.position()))
        with pytest.raises(UserError) as error:
            study.append([Setting(AT, "k", "\ud800")])
        assert error.value.code == "unstorable"
    site.stop()
    with opened(study.folder) as store:
        assert everything(store) == through
        assert [store.stimuli(), store.ratings(), store.feedback(), store.submissions()] == views
        assert store.raters() == people
    site.start()


def test_an_address_left_by_a_killed_server_does_not_matter(site: Site) -> None:
    import signal

    site.stop(signal.SIGKILL)
    assert (site.folder / "server.json").exists()
    with open_study(site.folder) as study:
        assert not isinstance(study, SnapshotStore)
        assert study.counts()["stimuli"] == 12
    site.start()
