"""The desk's tabs over a real store: handlers as plain functions."""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from datetime import UTC, datetime, timedelta

import gradio as gr
import pytest

from annotator.api.downloads import zip_stream
from annotator.desk.packages import Choice
from annotator.desk.progress import forecast
from annotator.drafts import Drafts
from annotator.jobs import Jobs
from annotator.queue import Queue, Rest
from annotator.screens.desk import build_desk
from annotator.screens.desk_agreement import agreement_html
from annotator.screens.desk_images import import_result_html
from annotator.screens.desk_methods import compared_html, runs_html
from annotator.screens.desk_outlook import made_html, outlook_html
from annotator.screens.desk_parts import job_html
from annotator.screens.desk_people import links_html, people_html
from annotator.screens.desk_plots import histogram_figure, pairs_figure
from annotator.screens.desk_progress import progress_html
from annotator.screens.desk_rater import given_html, rater_html
from annotator.screens.desk_reader import MosQuery
from annotator.screens.desk_readings import readings_html
from annotator.screens.desk_report_plots import (
    agreement_figure,
    bias_figure,
    more_figure,
    removed_figure,
    scores_figure,
)
from annotator.screens.desk_results import filter_columns
from annotator.screens.desk_words import words_in
from annotator.store import Store
from annotator.store.access import load_study
from annotator.store_desk import StoreDesk
from schemas.errors import UserError
from schemas.facts import Described, RaterAdded, Submitted
from schemas.layout import StudyFolder
from tests.conftest import found, make_images

AT = "2026-11-20T10:00:00.000000Z"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DIMENSIONS = ("validity", "completeness", "clarity", "conformity")
NAMES = {name: name.title() for name in (*DIMENSIONS, "knowledge", "perception")}
SCORES = {"Ada": (5, 4, 5, 1), "Bo": (4, 4, 2, 2), "Cy <b>": (4, 3, 2, 3)}
"""Rater -> score of the first, second, … image, the same on all dimensions."""


@pytest.fixture
def desk(tmp_path):
    found(tmp_path / "study", make_images(tmp_path / "images", 4))
    folder = StudyFolder(tmp_path / "study")
    with Store(folder, load_study(folder)) as store:
        stimuli = store.stimuli()["stimulus"].to_pylist()
        store.append([RaterAdded(AT, rater, "rater") for rater in SCORES])
        store.append(
            [
                Described(
                    AT, one, {"discipline": "physics" if i % 2 else "biology", "caption": one}
                )
                for i, one in enumerate(stimuli)
            ]
        )
        store.append(
            [
                Submitted(
                    AT, f"r{len(rater)}{i}", rater, stimuli[i],
                    dict.fromkeys(DIMENSIONS, float(score)),
                    duration_ms=8000 + 1000 * i, rated_at=AT,
                )
                for rater, scores in SCORES.items()
                for i, score in enumerate(scores)
            ]
        )  # fmt: skip
        desk = StoreDesk(store, patience_s=60)
        desk.store = store
        yield desk


def ended(jobs, kind):
    for _ in range(600):
        job = jobs.last(kind)
        if job is not None and job.state != "running":
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job {kind} does not end")


def test_desk_is_private_to_its_page(desk):
    screen = build_desk(desk, desk.store.study)
    assert [fn for fn in screen.fns.values() if fn.api_visibility == "public"] == []
    assert isinstance(screen, gr.Blocks)
    # Nothing is written by events that could overtake each other, and none shows a spinner.
    queues: dict[int, set[str]] = {}
    for event in screen.fns.values():
        assert (event.concurrency_limit, event.show_progress) == (1, "hidden"), event.name
        for written in event.outputs:
            queues.setdefault(written._id, set()).add(event.concurrency_id)
    assert {id_: found for id_, found in queues.items() if len(found) > 1} == {}


def test_results_follow_filters(desk):
    assert filter_columns(desk.filters())[0] == "discipline"
    everything = desk.mos_page(MosQuery())
    physics = desk.mos_page(MosQuery(where={"discipline": "physics"}))
    assert (everything.n_found, physics.n_found) == (4, 2)
    assert {row.file_name for row in physics.rows} == {"figure-001.png", "figure-003.png"}
    assert physics.rows[0].estimates["validity"].mos == pytest.approx((4 + 4 + 3) / 3)
    assert desk.mos_page(MosQuery(where={"discipline": "none"})).n_found == 0


def test_histograms_count_every_image_once(desk):
    one = desk.distributions.histograms({})[0]
    assert (one.dimension, one.n, sum(one.counts)) == ("validity", 4, 4)
    assert one.mean == pytest.approx((13 / 3 + 11 / 3 + 9 / 3 + 6 / 3) / 4)
    assert desk.distributions.histograms({"discipline": "physics"})[0].n == 2
    figure = histogram_figure(desk.distributions.histograms({}), NAMES)
    assert "Validity (n = 4 images)" in {note.text for note in figure.layout.annotations}


def test_two_dimensions_are_points_with_names(desk):
    pairs = desk.distributions.pairs("validity", "clarity", {})
    assert pairs.n == len(pairs.x) == len(pairs.stimuli) == 4
    assert pairs.plcc == pytest.approx(1)
    figure = pairs_figure(pairs, NAMES, (1, 5))
    assert figure.layout.title.text == "n = 4 images, Pearson r = 1.00"
    assert figure.layout.xaxis.title.text == "MOS Validity (scale units)"


def test_retired_images_leave_the_plots(desk):
    stimulus = desk.mos_page(MosQuery()).rows[0].stimulus
    desk.decide("retire", stimulus, "broken", "Cura")
    assert desk.distributions.histograms({})[0].n == 3


def test_new_ratings_are_in_the_next_page(desk):
    first = desk.mos_page(MosQuery()).rows[0]
    desk.decide("exclude", "Ada", "asleep", "Cura")
    second = desk.mos_page(MosQuery()).rows[0]
    assert (first.n, second.n) == (3, 2)
    assert second.estimates["validity"].mos == 4.0


def test_methods_side_by_side_then_a_run_is_kept_and_chosen(desk):
    assert desk.comparison.page("validity") is None
    assert "Not compared yet" in compared_html(None)
    desk.comparison.start("Cura")
    assert ended(desk.jobs, "methods").state == "done"
    page = desk.comparison.page("validity")
    assert page.shifts["mean"].largest_shift == 0
    assert page.shifts["zscore"].mean_shift is None
    assert all(row.shift["bias"] == pytest.approx(row.mos["bias"] - row.mos["mean"])
               for row in page.rows)  # fmt: skip
    desk.comparison.save("careful", "p913", "Cura")
    assert ended(desk.jobs, "run").result == "careful"
    desk.comparison.choose("careful")
    (run,) = desk.comparison.runs()
    assert (run.method, run.is_current, run.is_chosen) == ("p913", True, True)
    desk.decide("exclude", "Ada", "asleep", "Cura")
    (run,) = desk.comparison.runs()
    assert not run.is_current
    assert "the ratings have moved on" in runs_html([run])
    assert "The ratings have moved on" in compared_html(desk.comparison.page("validity"))


def test_run_needs_a_name(desk):
    with pytest.raises(UserError, match="1 to 100"):
        desk.comparison.save(" ", "mean", "Cura")


@pytest.mark.parametrize(
    ("missing", "recent", "begun", "reason", "days"),
    [
        (0, 50, 30, "complete", None),
        (100, 0, 30, "nothing_recent", None),
        (100, 9, 30, "too_few", None),
        (100, 70, 30, "", 10),
        (100, 50, 2, "", 4),
        # The first hour's pace is not kept up through the night.
        (100, 50, 0.05, "", 2),
    ],
)
def test_forecast_is_from_the_recent_pace_or_none(missing, recent, begun, reason, days):
    found_ = forecast(missing, recent, NOW - timedelta(days=begun), NOW)
    assert found_.reason == reason
    if days is None:
        assert (found_.per_day, found_.ends_at) == (None, None)
    else:
        assert found_.ends_at[:10] == (NOW + timedelta(days=days)).date().isoformat()


def test_progress_by_rater_and_stimulus(desk):
    view = desk.progress.view("day", NOW)
    assert view.over_time == [("2026-11-20", 12)]
    assert view.per_stimulus == [(3, 4)]
    assert view.forecast.n_missing == 4 * (view.wanted - 3)
    ada = view.raters[0]
    assert (ada.rater, ada.n, ada.median_s) == ("Ada", 4, 9.5)
    assert "Cy &lt;b&gt;" in progress_html(view)


def test_people_are_added_and_links_shown(desk):
    (link,) = desk.people.add(" Dee ", "rater", "physics; optics", "http://here")
    assert (link.rater, link.url[:17]) == ("Dee", "http://here/join/")
    links = desk.people.add_table("name\trole\nEva\trater\n李雷\tcurator", "http://here")
    assert [(one.rater, one.role) for one in links] == [("Eva", "rater"), ("李雷", "curator")]
    assert [one.rater for one in desk.people.add_table("Fay\nGus", "http://here")] == ["Fay", "Gus"]
    html = links_html(links)
    assert f'data-copy="{links[0].url}"' in html
    page = people_html(desk.people.everybody())
    assert "Cy &lt;b&gt;" in page
    assert {one.rater for one in desk.people.everybody("optics")} == {"Dee"}


@pytest.mark.parametrize("table", ["", "name,role\n,rater", "name,role\nAda,rater", "X,boss"])
def test_table_with_a_fault_adds_nobody(desk, table):
    before = len(desk.people.everybody())
    with pytest.raises(UserError):
        desk.people.add_table(table, "http://here")
    assert len(desk.people.everybody()) == before


def test_access_goes_off_and_on(desk):
    desk.people.add("Cura", "curator", "", "http://here")
    desk.people.add("Dee", "rater", "", "http://here")
    desk.people.set_access("Dee", "Cura", enabled=False)
    state = {one.rater: one.state for one in desk.people.everybody()}
    assert state["Dee"] == "disabled"
    desk.people.set_access("Dee", "Cura", enabled=True)
    with pytest.raises(UserError, match="own access"):
        desk.people.set_access("Cura", "Cura", enabled=False)


def test_rater_page_has_use_of_the_scale_and_what_was_given(desk):
    view = desk.raters.view("Ada")
    assert view.use["validity"] == {1.0: 1, 4.0: 1, 5.0: 2}
    assert view.use_of_all["validity"] == {1.0: 1, 2.0: 3, 3.0: 2, 4.0: 4, 5.0: 2}
    assert view.per_day == [("2026-11-20", 4)]
    desk.decide("exclude", "Ada", "asleep", "Cura")
    view = desk.raters.view("Ada")
    html = rater_html(view, desk.overview().decisions, desk.readings.of("Ada"), NAMES)
    assert "excluded from results" in html
    assert "Take back" in html
    assert "Too few ratings that count" in html
    assert "Cura: asleep" in given_html(view, NAMES, DIMENSIONS)
    with pytest.raises(UserError):
        desk.raters.view("nobody")


def test_a_rater_is_read_as_an_instrument(desk):
    page = desk.readings.of("Ada")
    assert not page.is_old
    found_ = {(one.figure, one.dimension, one.group): one for one in page.readings}
    # Ada gave 5, 4, 5, 1 where the MOS are 13/3, 11/3, 3, 2.
    assert found_["bias", "clarity", None].value == pytest.approx(0.5)
    # Images 2 and 4, the physics: 4 - 11/3 and 1 - 2.
    assert found_["bias", "clarity", "physics"].value == pytest.approx(-1 / 3)
    # 8, 9, 10 and 11 s; a submission counts once, however many dimensions it rates.
    speed = found_["speed", None, None]
    assert (speed.value, speed.n) == (9.5, 4)
    html = rater_html(desk.raters.view("Ada"), [], page, NAMES)
    assert "Scores 0.50 above the panel on average" in html
    assert "平均比全体偏离 +0.50 分" in html
    assert '<b>9.5</b><small><span class="say" lang="en">panel</span>' in html
    desk.decide("void", desk.raters.view("Bo").given[0].submission, "odd", "Cura")
    assert desk.readings.of("Ada").computed_at > page.computed_at
    assert "Nothing stands out" in readings_html(desk.readings.of("Cy <b>"), NAMES)


def test_agreement_is_kept_until_ratings_move_on(desk):
    assert "Not computed yet" in agreement_html(None, NAMES, is_now=False)
    desk.agreement.start("Cura")
    assert ended(desk.jobs, "agreement").state == "done"
    page, is_now = desk.agreement.page()
    assert is_now
    assert page.document["dimensions"]["validity"]["n_ratings"] == 12
    assert "0%" in agreement_html(page, NAMES, is_now=True)
    desk.decide("exclude", "Ada", "asleep", "Cura")
    assert not desk.agreement.page()[1]


def test_figures_are_of_the_ratings_of_now(desk):
    assert desk.figures.page("validity", "mean", "Cura") is None
    assert ended(desk.jobs, "figures").state == "done"
    page = desk.figures.page("validity", "mean", "Cura")
    assert not page.is_old
    assert [mos for mos, _ in page.scores] == pytest.approx([6 / 3, 9 / 3, 11 / 3, 13 / 3])
    by_name = {one.rater: one for one in page.raters}
    assert by_name["Ada"].bias == pytest.approx(3.75 - 39 / 12)
    assert page.removed["clarity"] == (0, 12)
    assert page.curve[0][0] == 2
    assert page.curve[0][1] > page.curve[-1][1]
    assert page.n_so_far == 3
    assert agreement_figure(page, NAMES) is None
    desk.agreement.start("Cura")
    ended(desk.jobs, "agreement")
    page = desk.figures.page("validity", "mean", "Cura")
    assert len(page.alphas) > 2
    chinese = words_in("zh")
    for draw in (scores_figure, bias_figure, removed_figure, agreement_figure, more_figure):
        english, other = draw(page, NAMES), draw(page, NAMES, chinese)
        for figure in (english, other):
            layout = figure.layout
            assert re.search(r"\bn\b|评分数", layout.title.text)
            assert layout.xaxis.title.text
        assert english.layout.title.text != other.layout.title.text
        assert english.layout.xaxis.title.text != other.layout.xaxis.title.text
    desk.decide("exclude", "Ada", "asleep", "Cura")
    assert desk.figures.page("validity", "mean", "Cura").is_old
    ended(desk.jobs, "figures")
    assert desk.figures.page("validity", "mean", "Cura").n_removed_before == 16
    with pytest.raises(UserError, match="no method"):
        desk.figures.page("validity", "best", "Cura")


def test_uploads_and_zips_come_in_with_their_names(desk, tmp_path):
    new = make_images(tmp_path / "new", 3, first=50)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    packed = tmp_path / "more.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(new[1], "deep/b.png")
        archive.write(new[2], "deep/c.png")
        archive.writestr("manifest.csv", "file_name,discipline\nb.png,geology\nc.png,geology\n")
    known = tmp_path / "images" / "figure-000.png"
    uploads = tmp_path / "uploads"
    sent = [uploads / f"{n}" / path.name for n, path in enumerate([new[0], bad, known, packed])]
    for one, path in zip(sent, [new[0], bad, known, packed], strict=True):
        one.parent.mkdir(parents=True)
        shutil.copy(path, one)
    desk.incoming.upload(sent, None, "Cura", uploads=uploads)
    report = ended(desk.jobs, "import").result
    assert report["added"] == 3
    assert len(report["duplicates"]) == 1
    (rejected,) = report["rejected"]
    assert re.match(r"upload 2\d{3}-.*/bad\.png$", rejected["path"])
    assert "bad.png" in import_result_html(report)
    assert desk.mos_page(MosQuery(where={"discipline": "geology"})).n_found == 2
    assert list(desk.store.folder.temporary.glob("upload*")) == []
    assert list(uploads.iterdir()) == []
    assert known.exists()


@pytest.mark.parametrize("name", ["../out.png", "/abs.png", "a\\..\\b.png"])
def test_zip_that_leads_outside_is_refused(desk, tmp_path, name):
    packed = tmp_path / "evil.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"x")
    desk.incoming.upload([packed], None, "Cura", uploads=None)
    job = ended(desk.jobs, "import")
    assert job.state == "failed"
    assert "leads outside" in job_html(job)


def test_folder_of_the_server_must_be_there(desk):
    for folder in ("", "relative", "/no/such/folder"):
        with pytest.raises(UserError, match="nothing at"):
            desk.incoming.folder(folder, "", "Cura")


def test_export_is_made_and_streams_as_one_zip(desk):
    assert desk.packages.before().n_ratings == 48
    desk.packages.start(Choice("csv"), "Cura")
    job = ended(desk.jobs, "export")
    assert job.state == "done", job.message
    made = desk.packages.find(job.result.package)
    assert f"/exports/{made.package}.zip" in made_html(made)
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(made.folder)))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        ratings = archive.read(f"{made.folder.name}/ratings.csv").decode()
    assert len(names) == made.n_files
    assert "Ada" not in ratings
    assert len(ratings.splitlines()) == 49
    with pytest.raises(UserError, match="no longer there"):
        desk.packages.find("p0")


def test_an_export_is_seen_before_it_is_written(desk):
    stimuli = desk.store.stimuli()["stimulus"].to_pylist()
    paper = [Described(AT, one, {"paper": "P <1>", "split": s}) for one, s in
             zip(stimuli, ["train", "test", "train", "test"], strict=True)]  # fmt: skip
    desk.store.append(paper)
    before = sorted(desk.store.folder.temporary.rglob("*"))
    desk.packages.look(Choice("siqa", splits="manifest"), "Cura")
    job = ended(desk.jobs, "outlook")
    assert job.state == "done", job.message
    assert job.result.splits == {"train": 2, "test": 2}
    pairs = job.result.leaks["pairs"]
    assert "paper" in {pair["reason"] for pair in pairs}
    html = outlook_html(job.result)
    assert html.count('<img class="thumb"') == 2 * len(pairs)
    assert "P &lt;1&gt;" in html and "data:image/svg+xml" in html and "## Composition" in html
    assert sorted(desk.store.folder.temporary.rglob("*")) == before
    desk.packages.start(Choice("siqa", splits="manifest"), "Cura")
    assert "leak" in ended(desk.jobs, "export").message
    desk.packages.start(Choice("siqa", splits="manifest", accept_leaks="as published"), "Cura")
    job = ended(desk.jobs, "export")
    assert job.state == "done", job.message
    card = (job.result.folder / "README.md").read_text("utf-8")
    assert "Accepted by the curator: as published" in card


def test_one_job_of_a_kind_and_cancel():
    jobs = Jobs()

    def work(advance):
        for n in range(2000):
            advance(n, 2000)
            time.sleep(0.005)

    jobs.start("import", "Taking in", "Cura", work)
    with pytest.raises(UserError, match="still running"):
        jobs.start("import", "Taking in", "Dee", work)
    jobs.cancel("import")
    job = ended(jobs, "import")
    assert job.state == "cancelled"
    assert 0 < job.n_done < 2000
    assert "cancelled" in job_html(job)
    jobs.dismiss("import")
    assert jobs.last("import") is None


def test_mistake_in_a_job_is_said_and_not_lost(caplog):
    jobs = Jobs()
    jobs.start("run", "Dividing", "Cura", lambda advance: 1 // 0)
    job = ended(jobs, "run")
    assert (job.state, "log says more" in job.message) == ("failed", True)
    assert "ZeroDivisionError" in caplog.text


def test_closed_study_serves_nobody_and_reopens(desk):
    store = desk.store
    desk.people.add("Dee", "rater", "", "http://here")
    queue = Queue(store, Drafts(store.folder.drafts), lambda: NOW)
    turn, _ = queue.current("Dee")
    desk.set_closed("Cura", closed=True)
    rest, _ = queue.current("Dee")
    assert isinstance(rest, Rest)
    assert (rest.reason, rest.can_undo) == ("study_closed", False)
    with pytest.raises(UserError, match="closed rating"):
        queue.go_back("Ada")
    assert desk.is_closed()
    desk.set_closed("Cura", closed=False)
    again, _ = queue.current("Dee")
    assert again.lease.assignment == turn.lease.assignment
