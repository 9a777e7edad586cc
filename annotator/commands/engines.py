"""`--engine` and `--scheduler`: where a command does its work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.engine import Engine

__all__ = ["EngineOption", "SchedulerOption", "check_engine", "chosen_engine"]

EngineOption = Annotated[
    str, typer.Option("--engine", metavar="NAME", help="Where images are looked at: local, dask.")
]
SchedulerOption = Annotated[
    str,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="Of the Dask cluster, or its scheduler file."
    ),
]


def check_engine(name: str, scheduler: str) -> None:
    """Check that both options fit together.

    Raises:
        typer.BadParameter: they do not.
    """
    if name not in ("local", "dask"):
        raise typer.BadParameter(f"There is no engine '{name}'; use local or dask.")
    if (name == "dask") != bool(scheduler):
        raise typer.BadParameter("--engine dask and --scheduler ADDRESS go together.")


def chosen_engine(scheduler: str, folder: Path, n_processes: int | None = None) -> Engine:
    """Return the cluster of a scheduler, or processes on this machine where none is named.

    Args:
        scheduler: Address or file; empty for this machine.
        folder: Of the study; workers of a cluster must see it.
        n_processes: On this machine; None for one a core.
    """
    from pipelines.engine import LocalEngine
    from pipelines.engine_dask import DaskEngine

    return DaskEngine(scheduler, folder) if scheduler else LocalEngine(n_processes)
