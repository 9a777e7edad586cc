"""Options of every command that asks a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.questions.client import Asker

__all__ = [
    "BaseUrl",
    "Batch",
    "Budget",
    "Concurrency",
    "Deadline",
    "Model",
    "PriceIn",
    "PriceOut",
    "Wait",
    "spending",
    "told_of_budget",
]

BaseUrl = Annotated[
    str, typer.Option(metavar="URL", help="OpenAI-compatible endpoint, ending in /v1.")
]
Model = Annotated[str, typer.Option(metavar="NAME", help="Model to ask.")]
Concurrency = Annotated[int, typer.Option(min=1, max=512, help="Requests at a time.")]
Deadline = Annotated[
    float, typer.Option(metavar="SECONDS", min=0.1, help="Longest wait for one answer.")
]
PriceIn = Annotated[
    float | None, typer.Option(metavar="USD", min=0, help="Price of a million tokens read.")
]
PriceOut = Annotated[
    float | None, typer.Option(metavar="USD", min=0, help="Price of a million tokens written.")
]
Budget = Annotated[
    float | None, typer.Option(metavar="USD", min=0, help="Ask nothing that could exceed it.")
]

Batch = Annotated[bool, typer.Option("--batch", help="Ask through the service's Batch API.")]
Wait = Annotated[bool, typer.Option(help="With --batch: stay until the batches have ended.")]


def spending(asker: Asker) -> dict[str, Any]:
    """Return what a run has spent, as every such command reports it."""
    return {
        "stopped_by_budget": asker.stopped_by_budget,
        "over_budget_usd": asker.over_budget_usd,
        "cost_usd": asker.spent_usd if asker.price else None,
    }


def told_of_budget(asker: Asker) -> list[str]:
    """Return what people must know about the budget."""
    said = []
    if asker.stopped_by_budget:
        said.append("Note: the budget of this run is used up; run the same again to go on.")
    if asker.over_budget_usd:
        said.append(
            f"Note: {asker.over_budget_usd:.4f} USD more than the budget were spent, since the "
            "server wrote more than it was allowed."
        )
    return said
