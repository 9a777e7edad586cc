"""The Dask engine against a scheduler and workers in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed.comm.core import CommClosedError

from pipelines.engine import Failed
from pipelines.engine_dask import DaskEngine
from schemas.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 120


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr("pipelines.engine_dask._CONNECT_S", 2)
    with pytest.raises(UserError, match="No Dask scheduler answers at") as told:
        list(DaskEngine("tcp://127.0.0.1:9").map(str, [1]))
    assert told.value.code == "no_scheduler"


def test_nothing_to_do_needs_no_cluster():
    assert list(DaskEngine("tcp://127.0.0.1:9").map(str, [])) == []


class Shaky:
    """A client whose workers die while they are told what to do."""

    def __init__(self, n_deaths: int) -> None:
        self.n_deaths, self.told, self.status = n_deaths, [], "running"

    def register_plugin(self, plugin, name):
        if self.n_deaths:
            self.n_deaths -= 1
            raise CommClosedError("Stream is closed")
        self.told.append((plugin, name))


def test_a_worker_that_dies_while_it_is_told_is_no_end():
    engine, client = DaskEngine("tcp://127.0.0.1:9"), Shaky(2)
    engine._equip(client, "plugin", "map-1")
    assert client.told == [("plugin", "map-1")]
    with pytest.raises(UserError, match=r"The Dask scheduler at tcp://127\.0\.0\.1:9 is gone"):
        engine._equip(Shaky(100), "plugin", "map-1")


class Cluster:
    """`dask scheduler` and `dask worker`, as people start them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder = folder
        # No second try of a killed task: the engine's own way out is what is tested.
        self.env = {**os.environ, "PYTHONPATH": str(ROOT),
                    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}  # fmt: skip
        self.processes = [
            self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                        "--no-show", "--scheduler-file", str(self.file))
        ]  # fmt: skip
        self._wait(self.file.exists)
        self.workers = [self.add_worker() for _ in range(2)]

    def add_worker(self) -> subprocess.Popen[bytes]:
        # A nanny starts a worker anew after it died, as on a cluster.
        worker = self._start(
            "worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(self.folder), "--host", "127.0.0.1",
        )  # fmt: skip
        self.processes.append(worker)
        return worker

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, *options],
            env=self.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def _wait(self, is_so: Any) -> None:
        deadline = time.monotonic() + WAIT_S
        while not is_so():
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(WAIT_S)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("dask"))
    yield started
    started.stop()


def twice(number):
    return 2 * number


def whoami(number):
    time.sleep(0.05)
    return os.getpid()


def fails_at_five(number):
    if number == 5:
        raise UserError("disk_full", "The disk is full.", status=507)
    return number


def dies_at_seven(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class DiesOnce:
    """Kills the worker that comes to item 40 first."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, number):
        if number == 40 and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return -number


@pytest.mark.heavy
def test_results_stream_back_in_order_from_two_workers(cluster):
    engine = DaskEngine(str(cluster.file))
    pids = list(engine.map(whoami, range(60), chunk=2))
    assert len(pids) == 60
    assert len(set(pids)) == 2
    assert os.getpid() not in pids
    assert list(engine.map(twice, iter(range(1000)), chunk=7)) == list(range(0, 2000, 2))


@pytest.mark.heavy
def test_a_killed_worker_costs_a_chunk_and_no_result(cluster, tmp_path):
    function = DiesOnce(tmp_path / "died")
    found = list(DaskEngine(str(cluster.file)).map(function, range(100), chunk=5))
    assert function.mark.exists()
    assert found == [-number for number in range(100)]


@pytest.mark.heavy
def test_an_item_that_always_kills_is_named_and_the_rest_is_done(cluster):
    found = list(DaskEngine(str(cluster.file)).map(dies_at_seven, range(20), chunk=5))
    assert isinstance(found[7], Failed)
    assert found[:7] + found[8:] == [number for number in range(20) if number != 7]


@pytest.mark.heavy
def test_errors_come_through_whole_after_what_went_before(cluster):
    results = DaskEngine(str(cluster.file)).map(fails_at_five, range(40), chunk=5)
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(UserError) as told:
        next(results)
    assert (told.value.code, told.value.status) == ("disk_full", 507)


@pytest.mark.heavy
def test_workers_that_do_not_see_the_study_say_so(cluster, tmp_path):
    engine = DaskEngine(str(cluster.file), shared=tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"does not see .*elsewhere; keep the study on") as told:
        list(engine.map(twice, range(5)))
    assert told.value.code == "worker_differs"
    (tmp_path / "elsewhere").mkdir()
    assert list(engine.map(twice, range(5))) == [0, 2, 4, 6, 8]


@pytest.mark.heavy
def test_a_scheduler_that_dies_in_the_middle(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        results = DaskEngine(str(cluster.file)).map(whoami, itertools_count(), chunk=1)
        assert next(results)
        os.killpg(cluster.processes[0].pid, signal.SIGKILL)
        with pytest.raises(UserError, match="is gone; start it and run the same again"):
            list(results)
    finally:
        cluster.stop()


@pytest.mark.heavy
def test_closing_takes_back_what_waits(cluster):
    engine = DaskEngine(str(cluster.file))
    results = engine.map(whoami, itertools_count(), chunk=1)
    assert next(results)
    results.close()
    assert list(engine.map(twice, range(3))) == [0, 2, 4]


def itertools_count():
    import itertools

    return itertools.count()
