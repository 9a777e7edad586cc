"""Whether a table of ratings fits into the memory that is free, asked before it is read."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import UserError

__all__ = ["check_memory", "free_memory"]

_BYTES_A_RATING = 115
"""Highest use measured per rating, by the method that holds most (docs/statistics.md)."""
_SMALL_FILE = 1 << 28
"""Files below this are read without asking."""
_SAMPLE = 1 << 20
"""Bytes from which the length of a row is taken."""


def check_memory(path: Path) -> None:
    """Raise where the ratings of a CSV file would not fit into the memory that is free.

    Raises:
        UserError: `too_many_ratings`, with the numbers.
    """
    size = path.stat().st_size
    free = free_memory() if size >= _SMALL_FILE else None
    if free is None:
        return
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    n_rows = int(size / len(sample) * max(sample.count(b"\n"), 1))
    needed = n_rows * _BYTES_A_RATING
    if needed > free:
        raise UserError(
            "too_many_ratings",
            f"{path.name} holds about {n_rows / 1e6:.0f} million ratings, which need about "
            f"{needed / 1e9:.0f} GB of memory where {free / 1e9:.0f} GB are free; take a larger "
            "machine, or one file for each dimension or group of stimuli.",
        )


def free_memory(root: Path = Path("/")) -> int | None:
    """Return bytes that can be had without swapping; None where the system does not say.

    Args:
        root: Where `proc` and `sys` are.
    """
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable")]
    if not kilobytes:
        return None
    return min(kilobytes[0] * 1024, _left_in_group(root / "sys/fs/cgroup", kilobytes[0] * 1024))


def _left_in_group(group: Path, otherwise: int) -> int:
    """Return what the control group of a container still allows."""
    try:
        limit = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return otherwise
    return int(limit) - used if limit.isdigit() else otherwise
