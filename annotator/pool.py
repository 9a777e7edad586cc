"""What the queue knows of every stimulus: how often rated, by whom, still wanted or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.store import Store
from pipelines.assignment import Keys, stimulus_keys
from schemas.facts import Imported

__all__ = ["Picture", "Pool", "picture_of"]


class Picture(NamedTuple):
    """What serving a stimulus needs to know of its image."""

    sha256: str
    suffix: str
    has_rendition: bool
    width: int
    """As displayed, px."""
    height: int


def picture_of(fact: Imported) -> Picture:
    """Return what serving a stimulus needs to know of its image."""
    return Picture(fact.sha256, fact.suffix, fact.rendition is not None, fact.width, fact.height)


class Pool:
    """Counts by stimulus, as arrays in the order of import; grown as stimuli arrive."""

    def __init__(self, store: Store) -> None:
        """Read everything from the store."""
        stimuli = store.stimuli()
        self.ids: list[str] = stimuli["stimulus"].to_pylist()
        self.place: dict[str, int] = {stimulus: i for i, stimulus in enumerate(self.ids)}
        self.keys: Keys = stimulus_keys(self.ids)
        self.pictures: list[Picture] = [
            Picture(*row)
            for row in zip(
                stimuli["sha256"].to_pylist(),
                stimuli["suffix"].to_pylist(),
                pc.is_valid(stimuli["rendition"]).to_pylist(),
                stimuli["width"].to_pylist(),
                stimuli["height"].to_pylist(),
                strict=True,
            )
        ]
        n = len(self.ids)
        self.n_submissions: NDArray[np.int32] = np.zeros(n, np.int32)
        """Submissions that count."""
        self.n_texts: NDArray[np.int32] = np.zeros(n, np.int32)
        """Submissions that count and carry a text."""
        self.n_leased: NDArray[np.int32] = np.zeros(n, np.int32)
        """Being rated now."""
        self.n_texts_leased: NDArray[np.int32] = np.zeros(n, np.int32)
        """Being rated now by someone who was asked for a text."""
        self.n_reserved: NDArray[np.int32] = np.zeros(n, np.int32)
        """Already fetched by a browser as its next image."""
        self.is_retired: NDArray[np.bool_] = np.zeros(n, np.bool_)
        self.excluded: frozenset[str] = frozenset()
        """Raters whose submissions do not count."""
        self.seen: dict[str, NDArray[np.bool_]] = {}
        """Rater -> which stimuli they have submitted or skipped."""
        self.read_counts(store)
        self._read_seen(store)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, facts: Sequence[Imported]) -> None:
        """Append new stimuli."""
        new = [fact for fact in facts if fact.stimulus not in self.place]
        for fact in new:
            self.place[fact.stimulus] = len(self.ids)
            self.ids.append(fact.stimulus)
            self.pictures.append(picture_of(fact))
        self.keys = np.concatenate([self.keys, stimulus_keys([fact.stimulus for fact in new])])
        for name in ("n_submissions", "n_texts", "n_leased", "n_texts_leased", "n_reserved"):
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(len(new), np.int32)]))
        self.is_retired = np.concatenate([self.is_retired, np.zeros(len(new), np.bool_)])

    def read_counts(self, store: Store) -> None:
        """Read again what curators' decisions change: counts and retired stimuli."""
        counts = store.queue_counts()
        places = self._places(counts["stimulus"])
        self.n_submissions[:] = 0
        self.n_texts[:] = 0
        self.n_submissions[places] = counts["n"].to_numpy()
        self.n_texts[places] = counts["n_text"].to_numpy()
        self.is_retired[:] = False
        self.is_retired[self._places(store.retired_stimuli())] = True
        self.excluded = store.excluded_raters()

    def _read_seen(self, store: Store) -> None:
        pairs = store.rated_pairs()
        places = self._places(pairs["stimulus"])
        raters = pairs["rater"].combine_chunks().dictionary_encode()
        codes = raters.indices.to_numpy(zero_copy_only=False)
        for code, rater in enumerate(raters.dictionary.to_pylist()):
            self.seen_by(rater)[places[codes == code]] = True

    def _places(self, stimuli: pa.ChunkedArray) -> NDArray[np.int64]:
        found = pc.index_in(stimuli, value_set=pa.array(self.ids, pa.string()))
        places: NDArray[np.int64] = found.combine_chunks().to_numpy(zero_copy_only=False)
        return places.astype(np.int64)

    def seen_by(self, rater: str) -> NDArray[np.bool_]:
        """Return the rater's mask, as long as the pool."""
        mask = self.seen.get(rater)
        if mask is None or len(mask) < len(self.ids):
            grown = np.zeros(len(self.ids), np.bool_)
            if mask is not None:
                grown[: len(mask)] = mask
            self.seen[rater] = mask = grown
        return mask

    def has_room(self, place: int, wanted: int) -> bool:
        """Return whether one more rater of this stimulus is wanted."""
        return bool(self.n_submissions[place] + self.n_leased[place] < wanted)

    def open_for(self, rater: str, wanted: int) -> NDArray[np.bool_]:
        """Return which stimuli the rater may get: unseen, not retired, fewer than `wanted`."""
        served = self.n_submissions + self.n_leased
        return (served < wanted) & ~self.is_retired & ~self.seen_by(rater)
