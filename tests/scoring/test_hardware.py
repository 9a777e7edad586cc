"""Batches, memory that runs out, and pictures prepared ahead."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.scoring.models import hardware
from pipelines.scoring.models.hardware import Device, PixelBudget, in_batches, prepared
from pipelines.scoring.models.model_folder import open_model
from pipelines.scoring.models.vision import VisionModel
from schemas.errors import UserError
from tests.scoring import tiny_models

CPU = Device("cpu", "float32")


def inputs(widths):
    return [(n, {"pixel_values": torch.full((1, width), float(n))}) for n, width in
            enumerate(widths)]  # fmt: skip


OUT_OF_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
)


class Gpu:
    """A model on a device that holds so many values at once."""

    def __init__(self, holds: int, error: Exception = OUT_OF_MEMORY[0]) -> None:
        self.holds, self.batches, self.error = holds, [], error

    def __call__(self, batch):
        values = batch["pixel_values"]
        if values.numel() > self.holds:
            raise self.error
        self.batches.append(tuple(values.shape))
        return values[:, 0].tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), max_size=40), st.integers(4, 60), st.integers(1, 200))
def test_everything_comes_out_once_whatever_the_memory(widths, holds, pixels):
    gpu = Gpu(holds)
    found = dict(in_batches(inputs(widths), gpu, CPU, PixelBudget(pixels)))
    assert found == {n: float(n) for n in range(len(widths))}
    assert all(n * width <= max(holds, 4) for n, width in gpu.batches)


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_halves_the_batch_for_good(error):
    gpu, budget = Gpu(30, error), PixelBudget(160)
    assert len(dict(in_batches(inputs([10] * 32), gpu, CPU, budget))) == 32
    # 16 did not fit, nor 8, nor 4; after that nothing runs out again.
    assert [n for n, _ in gpu.batches] == [2] * 16
    assert budget.pixels == 20


def test_other_errors_are_not_taken_for_it():
    with pytest.raises(RuntimeError, match="shapes"):
        dict(in_batches(inputs([100]), Gpu(30, RuntimeError("shapes")), CPU, PixelBudget(1000)))


def test_one_image_too_large_is_said():
    with pytest.raises(UserError, match="does not hold the model and one image"):
        dict(in_batches(inputs([100]), Gpu(holds=30), CPU, PixelBudget(1000)))


def test_a_real_encoder_goes_on_when_memory_runs_out(tmp_path):
    tiny_models.dinov2(tmp_path / "model")
    images = tiny_models.pictures(tmp_path / "images", sizes=((40, 40),) * 9)
    vision = VisionModel(open_model(tmp_path / "model", "encoder", frozenset()), CPU)
    expected = vision.embed(images)
    pool, runs = vision._pooled, []

    def tight(batch):
        runs.append(len(batch["pixel_values"]))
        if runs[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return pool(batch)

    vision._pooled = tight
    torch.testing.assert_close(vision.embed(images), expected, atol=1e-5, rtol=0)
    assert runs == [9, 4, 2, 2, 2, 2, 1]


def test_preparation_runs_ahead_in_order():
    gate, started = threading.Event(), []

    def prepare(number):
        started.append(number)
        if number == 1:
            gate.set()
        else:
            assert gate.wait(60)
        return number

    # The first waits for the second: only threads ahead of the taker let this end.
    assert list(prepared(prepare, [0, 1, 2], n_threads=2)) == [0, 1, 2]
    assert sorted(started) == [0, 1, 2]


def test_half_precision_says_nearly_the_same(tmp_path):
    tiny_models.siglip2(tmp_path / "model")
    images = tiny_models.pictures(tmp_path / "images")
    source = open_model(tmp_path / "model", "encoder", frozenset())
    whole, half = (VisionModel(source, Device("cpu", kind)) for kind in ("float32", "bfloat16"))
    assert half._model.dtype == torch.bfloat16
    expected, found = whole.embed(images), half.embed(images)
    assert found.dtype == expected.dtype
    assert 0 < abs(found - expected).max() < 0.03 * abs(expected).max()


def test_processes_are_as_many_as_memory_holds(monkeypatch):
    monkeypatch.setattr(hardware, "_n_cores", lambda: 16)
    monkeypatch.setattr(hardware, "_memory", lambda: 64_000_000_000)
    # Thousands of weights: one a core. SigLIP 2 so400m: 4.5 GB each. A VLM of 4 G: one.
    assert [hardware.n_processes(n) for n in (5_000, 1_136_000_000, 4_000_000_000, 10**12)] == [
        16, 7, 2, 1,
    ]  # fmt: skip
    monkeypatch.setattr(hardware, "_n_gpus", lambda: 3)
    assert hardware.n_processes(4_000_000_000) == 3


def test_worker_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr(hardware, "_n_cores", lambda: 16)
    monkeypatch.setattr(hardware, "_memory", lambda: 64_000_000_000)
    assert hardware.threads_here(4_000_000_000) == 16
    monkeypatch.setattr(multiprocessing.current_process(), "_name", "ForkServerProcess-2")
    assert hardware.threads_here(4_000_000_000) == 8
    assert hardware.threads_here(5_000) == 1


def test_a_machine_that_cannot_compile_says_so():
    def shy(batch):
        raise torch._dynamo.exc.BackendCompilerFailed(shy, ValueError("no compiler"), None)

    with pytest.raises(UserError, match=r"torch\.compile fails here .*leave `compile` out"):
        hardware.compiled(torch.compiler.disable(shy))({})
    assert hardware.compiled(torch.compiler.disable(len))([1, 2]) == 2
