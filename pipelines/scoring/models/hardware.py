"""Where a model runs, and how much it is given at once.

On a GPU weights are bf16, pictures are decoded in threads ahead of it and handed over from
pinned memory. Running out of memory halves the batch, for good, and goes on.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import current_process
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from schemas.errors import UserError

__all__ = [
    "PIXELS", "Device", "Inputs", "PixelBudget", "choose_device", "compiled", "in_batches",
    "n_processes", "prepared", "threads_here",
]  # fmt: skip

T = TypeVar("T")
R = TypeVar("R")
Inputs = dict[str, Any]
"""What a model takes for one picture: tensors with a leading axis that batches along."""

PIXELS = {"cuda": 32_000_000, "cpu": 2_000_000}
"""Pixel values (of all channels) that one batch starts with."""


class Device(NamedTuple):
    """A place to run."""

    name: str
    """As torch writes it: cpu, cuda:1."""
    dtype: str
    """As torch writes it: float32, bfloat16, float16."""

    @property
    def is_gpu(self) -> bool:
        """Whether it is a CUDA device."""
        return self.name.startswith("cuda")


def choose_device(n_threads: int | None = None) -> Device:
    """Return this process's GPU, or the CPU.

    Worker processes of one machine spread over its GPUs by the number in their name; a cluster
    that gives each worker one GPU shows it that one only.

    Args:
        n_threads: Of computation on the CPU; default: one a core.
    """
    import torch

    n_gpus = _n_gpus()
    if not n_gpus:
        torch.set_num_threads(n_threads or _n_cores())
        return Device("cpu", "float32")
    number = current_process().name.rpartition("-")[2]
    index = (int(number) - 1) % n_gpus if number.isdigit() else 0
    is_modern = torch.cuda.get_device_capability(index) >= (8, 0)
    return Device(f"cuda:{index}", "bfloat16" if is_modern else "float16")


def n_processes(n_weights: int) -> int:
    """Return how many worker processes share this machine.

    One a GPU. On the CPU one a core, but no more than half of the memory holds copies of the
    weights; few processes then have several cores each.

    Args:
        n_weights: Numbers in the model; four bytes each on the CPU.
    """
    copies = _memory() // 2 // max(4 * n_weights, 1)
    return _n_gpus() or max(1, min(_n_cores(), copies))


def threads_here(n_weights: int) -> int:
    """Return the cores that are this process's own: all, or its share among worker processes."""
    is_worker = current_process().name.startswith("ForkServerProcess")
    return max(1, _n_cores() // n_processes(n_weights)) if is_worker else _n_cores()


def _n_gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _n_cores() -> int:
    return len(os.sched_getaffinity(0))


def _memory() -> int:
    """Return the bytes of memory of this machine, or those its container may use."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    said = limit.read_text().strip() if limit.exists() else "max"
    return min(installed, int(said)) if said.isdigit() else installed


def compiled(function: Callable[..., T]) -> Callable[..., T]:
    """Return a function that `torch.compile` makes faster, after a slow first call.

    Raises, when called:
        UserError: `cannot_compile` where this machine or model does not allow it.
    """
    import torch
    from torch._dynamo.exc import TorchDynamoException

    fast = torch.compile(function)

    def call(*given: Any, **named: Any) -> T:
        try:
            return fast(*given, **named)
        except TorchDynamoException as error:
            fault = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            raise UserError(
                "cannot_compile",
                f"torch.compile fails here ({fault}); leave `compile` out of the .toml file.",
            ) from error

    return call


def prepared(
    prepare: Callable[[T], R], sources: Sequence[T], n_threads: int | None = None
) -> Iterator[R]:
    """Yield `prepare(source)` in order, prepared in threads ahead of who takes it.

    Decoding and resizing leave Python's lock, so threads do; processes would copy the pixels.

    Args:
        prepare: Called in other threads.
        sources: What to prepare.
        n_threads: Default: the cores that this process may use, 16 at most.
    """
    n_threads = min(16, n_threads or _n_cores())
    if n_threads == 1 or len(sources) == 1:
        yield from map(prepare, sources)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        ahead: deque[Any] = deque()
        for source in sources:
            ahead.append(pool.submit(prepare, source))
            # Bounded, so that a fast disk does not fill the memory before a slow model.
            if len(ahead) >= 8 * n_threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


class PixelBudget:
    """How many pixel values one batch may hold; halves when memory runs out."""

    def __init__(self, pixels: int) -> None:
        """Start with a number of pixel values, those of padding and of all channels included."""
        self.pixels = pixels

    def fits(self, n: int, pixels_each: int) -> bool:
        """Return whether n pictures of this size make a batch; one always does."""
        return n == 1 or n * pixels_each <= self.pixels

    def halve(self, n: int, pixels_each: int) -> None:
        """Take half of the n pictures that did not fit for the most from now on."""
        self.pixels = (n // 2) * pixels_each


def in_batches(
    inputs: Iterable[tuple[T, Inputs]],
    forward: Callable[[Inputs], Iterable[R]],
    device: Device,
    budget: PixelBudget,
) -> Iterator[tuple[T, R]]:
    """Yield what a model says of each picture; not in order.

    Pictures of one shape go together, so nothing is padded and nothing depends on neighbours.

    Args:
        inputs: Pictures by name, on the CPU.
        forward: The model: a batch on the device in, one result for each picture out.
        device: Where it runs.
        budget: Kept by the caller over several calls.

    Raises:
        UserError: `out_of_memory` where a single picture is too much.
    """
    waiting: dict[Any, list[tuple[T, Inputs]]] = {}
    for name, one in inputs:
        shape = tuple((key, tuple(value.shape)) for key, value in sorted(one.items()))
        group = waiting.setdefault(shape, [])
        group.append((name, one))
        if not budget.fits(len(group) + 1, _pixels(one)):
            yield from _through(waiting.pop(shape), forward, device, budget)
    for group in waiting.values():
        yield from _through(group, forward, device, budget)


def _through(
    group: list[tuple[T, Inputs]],
    forward: Callable[[Inputs], Iterable[R]],
    device: Device,
    budget: PixelBudget,
) -> Iterator[tuple[T, R]]:
    while group:
        each = _pixels(group[0][1])
        size = next(n for n in range(len(group), 0, -1) if budget.fits(n, each))
        names, parts = zip(*group[:size], strict=True)
        results = _tried(forward, parts, device)
        if results is None:
            _make_room(size, each, budget)
            continue
        yield from zip(names, results, strict=True)
        group = group[size:]


def _tried(
    forward: Callable[[Inputs], Iterable[R]], parts: Sequence[Inputs], device: Device
) -> Iterable[R] | None:
    """Return the results, or None when memory ran out; what was held is let go on return."""
    import torch

    try:
        return forward(_on_device(parts, device))
    except torch.OutOfMemoryError:
        return None
    except RuntimeError as error:
        # The CPU's allocator has no class of its own for it.
        if "allocate memory" in str(error):
            return None
        raise


def _make_room(size: int, pixels_each: int, budget: PixelBudget) -> None:
    import torch

    if size == 1:
        raise UserError(
            "out_of_memory",
            "The memory does not hold the model and one image; use a smaller model, or lower "
            "max_num_patches in its .toml file.",
        )
    budget.halve(size, pixels_each)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _pixels(one: Inputs) -> int:
    return int(one["pixel_values"].numel())


def _on_device(parts: Sequence[Inputs], device: Device) -> Inputs:
    import torch

    dtype = getattr(torch, device.dtype)
    batch = {}
    for key in parts[0]:
        value = torch.cat([part[key] for part in parts])
        if device.is_gpu:
            value = value.pin_memory().to(device.name, non_blocking=True)
        batch[key] = value.to(dtype) if value.is_floating_point() else value
    return batch
