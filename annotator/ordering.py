"""What the model would serve first: kept ready for the queue, made anew beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.queue import Counts
from annotator.scoring_files import SEEN, Card, Predictions, ScoringFolder
from pipelines.assignment import ModelOrder
from pipelines.scoring.acquisition import Goal, Pool, model_order
from schemas.errors import UserError

__all__ = ["Ordering"]


class Ordering:
    """The order of a running server; `current` is read by the queue, `refresh` by one thread."""

    def __init__(self, root: Path, goal: Goal) -> None:
        """Begin without an order.

        Args:
            root: The folder of the scorer.
            goal: What a further rating should gain.
        """
        self._files, self._goal = ScoringFolder(root), goal
        self._order: ModelOrder | None = None
        self._known: tuple[Card, Predictions] | None = None
        self.version: str | None = None
        """Version that was looked at last."""

    def current(self) -> ModelOrder | None:
        """Return the order, or None where there is none: then chance serves."""
        return self._order

    def refresh(self, counts: Counts) -> str:
        """Make the order anew from the newest version; without one that can be read, drop it.

        Args:
            counts: From the queue.

        Returns:
            Why it was dropped, for people; nothing where all is well.
        """
        version, fault = self._files.current(), ""
        try:
            if version is None:
                self._known = None
            elif self._known is None or self._known[0].version != version:
                self._known = self._read(version)
        except UserError as error:
            self._known, fault = None, error.message
        self.version = version
        self._order = None if self._known is None else _ordered(*self._known, counts, self._goal)
        return fault

    def _read(self, version: str) -> tuple[Card, Predictions]:
        return self._files.card(version), self._files.predictions(version)


def _ordered(card: Card, predictions: Predictions, counts: Counts, goal: Goal) -> ModelOrder | None:
    found = pc.index_in(pa.array(counts.stimuli, pa.string()), value_set=predictions.stimuli)
    row = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.intp)
    columns = part_takers(card, predictions)
    pool = Pool(
        predictions.mean[row][:, columns],
        predictions.sd[row][:, columns],
        counts.n,
        predictions.rater_sd[row],
        predictions.novelty[row],
    )
    return model_order(pool, (row >= 0) & (predictions.state[row] == SEEN), goal)


def part_takers(card: Card, predictions: Predictions) -> list[int]:
    """Return the columns that take part in ordering: those that can be predicted."""
    return [
        column
        for column, target in enumerate(predictions.targets)
        if card.evidence.get(target, {}).get("is_predictable")
    ]
