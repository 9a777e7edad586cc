"""Engines: order, death, interruption, errors."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.engine import Failed, InProcess, LocalEngine
from schemas.errors import UserError

ENGINE = LocalEngine(n_workers=2, few=0)
ROOT = Path(__file__).resolve().parents[1]


def twice(number):
    return 2 * number


def slow_first(number):
    time.sleep(0.3 if number == 0 else 0)
    return number


def dies_at_seven(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_dies(number):
    os._exit(3)


def fails(number):
    if number == 5:
        raise UserError("disk_full", "The disk is full.", status=507)
    return number


def inverse(number):
    return 1 / number


def pid(number):
    return os.getpid()


def ours():
    return multiprocessing.active_children()


@pytest.mark.parametrize("engine", [InProcess(), ENGINE])
@pytest.mark.parametrize("n", [0, 1, 5, 100])
def test_results_come_in_order(engine, n):
    assert list(engine.map(twice, iter(range(n)), chunk=3)) == [2 * number for number in range(n)]


def test_a_slow_item_does_not_change_the_order():
    assert list(ENGINE.map(slow_first, range(200), chunk=1)) == list(range(200))


@settings(max_examples=5, deadline=None)
@given(n=st.integers(0, 40), chunk=st.integers(1, 50), n_workers=st.integers(1, 3))
def test_any_shape_gives_the_same(n, chunk, n_workers):
    engine = LocalEngine(n_workers=n_workers, few=3)
    assert list(engine.map(twice, range(n), chunk=chunk)) == [2 * number for number in range(n)]


def test_few_items_stay_in_this_process():
    assert set(LocalEngine(few=3).map(pid, range(3))) == {os.getpid()}
    assert os.getpid() not in set(LocalEngine(few=3).map(pid, range(4)))


def test_a_dead_worker_costs_its_item_only():
    results = list(ENGINE.map(dies_at_seven, range(40), chunk=5))
    assert isinstance(results[7], Failed)
    assert "died" in results[7].reason
    assert results[:7] + results[8:] == [number for number in range(40) if number != 7]


def test_workers_that_all_die():
    results = list(ENGINE.map(always_dies, range(10), chunk=3))
    assert [type(one) for one in results] == [Failed] * 10


def test_errors_come_through_whole():
    with pytest.raises(UserError) as told:
        list(ENGINE.map(fails, range(40), chunk=2))
    assert (told.value.code, told.value.status) == ("disk_full", 507)
    assert not ours()


def test_what_went_before_an_error_is_handed_out_first():
    results = ENGINE.map(fails, range(40), chunk=2)
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(UserError):
        next(results)


def test_unexpected_errors_tell_where_they_arose():
    with pytest.raises(ZeroDivisionError) as told:
        list(ENGINE.map(inverse, range(3)))
    assert "in inverse" in told.value.__notes__[0]


def test_closing_ends_the_workers():
    results = ENGINE.map(twice, range(10_000))
    assert next(results) == 0
    assert ours()
    results.close()
    assert not ours()


SCRIPT = """
import signal, sys, time
sys.path.insert(0, {root!r})
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from pipelines.engine import LocalEngine
if __name__ == "__main__":
    for number in LocalEngine(n_workers=2, few=0).map(time.sleep, [0] * 4 + [60] * 40, chunk=1):
        print("one", flush=True)
"""


def running(marker: str) -> list[str]:
    """Return the command lines of processes started from the script."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker in (entry / "environ").read_bytes().decode(errors="replace"):
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_orphans(tmp_path, how):
    (tmp_path / "main.py").write_text(SCRIPT.format(root=str(ROOT)))
    marker = f"ENGINE_TEST={tmp_path}"
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "main.py")],
        env={**os.environ, "ENGINE_TEST": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"one\n"
    # Ctrl-C reaches the whole group; a kill the one process.
    (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
    _, errors = process.communicate(timeout=120)
    assert process.returncode != 0
    if how == signal.SIGINT:
        assert errors.count(b"Traceback") == 1
    deadline = time.monotonic() + 60
    while running(marker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running(marker) == []
