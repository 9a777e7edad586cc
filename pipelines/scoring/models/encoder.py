"""The backend `encoder`: a frozen vision encoder, its pooled features, and the head on them.

A model with a text side also says what it makes of each picture before anyone has rated, by
comparing it with level words (`words.toml`). With reference images, the difference from the
reference is learned from too.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import Head
from pipelines.scoring.models.hardware import n_processes
from pipelines.scoring.models.model_folder import ModelFolder, open_model
from pipelines.scoring.models.words import Words, expected_quality, load_words, start_head
from pipelines.scoring.targets import Targets
from schemas.errors import UserError
from schemas.layout import stimulus_id

__all__ = ["EncoderScorer", "has_text_side", "level_probabilities"]

Features = NDArray[np.float32]

_SETTINGS = frozenset({"max_num_patches", "compile", "words", "references", "srcc"})
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json")


class EncoderScorer:
    """A row is the pooled features, those of the reference less these, and level probabilities."""

    name = "encoder"
    batch = 256
    is_scaled = False
    _table = "words"

    def __init__(self, targets: Targets, model: Path | None = None) -> None:
        """Check the model; weights are loaded where they are first used.

        Args:
            targets: What is predicted.
            model: Folder, `.toml` file or id in the hub cache. Settings in the file:
                `max_num_patches`, `compile`, `words` (a file like `words.toml`), `references`
                (a CSV `stimulus,reference` of image paths).

        Raises:
            UserError: as `open_model` and `load_words`, or `bad_references`.
        """
        self._targets = targets
        self._source = open_model(model, self.name, _SETTINGS)
        self._words = self._chosen_words()
        self._references = _references(self._source)
        self._vision: Any = None
        self._directions: Any = None
        self.model = self._source.name
        self.version = self._hash()

    def __getstate__(self) -> dict[str, Any]:
        # Weights are loaded again in the worker.
        return self.__dict__ | {"_vision": None, "_directions": None}

    @property
    def n_processes(self) -> int | None:
        """Worker processes that share this machine: one a GPU, or as many as memory holds."""
        return n_processes(self._source.n_weights())

    def features(self, images: Sequence[Path]) -> Features:
        """Return `[n, d]`, or `[n, 2 d]` with references, and level probabilities after them."""
        rows = self._loaded().embed(images)
        parts = [rows]
        if self._references:
            parts.append(self._beside_reference(images, rows))
        if self._words is not None:
            parts.append(level_probabilities(rows, self._directions))
        return np.concatenate(parts, axis=1)

    def outlook(self, features: Features) -> Outlook:
        """Return quality by the level words, or the middle of the scale, and the features."""
        n, t = len(features), self._targets
        if self._words is None:
            middle = np.full((n, len(t.names)), (t.low + t.high) / 2)
            return Outlook(middle, features.astype(float))
        width = len(self._words.levels) * len(t.dimensions)
        said = features[:, -width:].astype(float).reshape(n, len(t.dimensions), -1)
        return Outlook(expected_quality(said, t), features[:, :-width].astype(float))

    def answered(self, features: Features) -> NDArray[np.bool_]:
        """Return `[n, t]`, all true."""
        return np.ones((len(features), len(self._targets.names)), bool)

    def start(self) -> Head:
        """Return the head before any rating."""
        known = {} if self._words is None else self._words.srcc
        return start_head({**known, **self._source.srcc()}, self._targets)

    def _chosen_words(self) -> Words | None:
        if not has_text_side(self._source):
            return None
        own = self._source.settings.get("words")
        return load_words(self._table, None if own is None else self._source.home / str(own))

    def _hash(self) -> str:
        seen = hashlib.sha256(f"{self.name}{self._source.fingerprint()}".encode())
        seen.update(repr(self._source.settings.get("max_num_patches")).encode())
        if self._words is not None:
            seen.update(repr([self._words.prompts(d) for d in self._targets.dimensions]).encode())
        for stimulus, path in sorted(self._references.items()):
            stat = path.stat()
            seen.update(f"{stimulus}{stat.st_size}{stat.st_mtime_ns}".encode())
        return seen.hexdigest()[:12]

    def _loaded(self) -> Any:
        from pipelines.scoring.models.vision import VisionModel

        if self._vision is None:
            vision = VisionModel(self._source)
            if self._words is not None:
                self._directions = np.stack(
                    [
                        vision.level_directions(self._words.prompts(dimension))
                        for dimension in self._targets.dimensions
                    ]
                )
            self._vision = vision
        return self._vision

    def _beside_reference(self, images: Sequence[Path], rows: Features) -> Features:
        """Return reference less image; zeros for an image that has no readable reference."""
        references = [self._references.get(stimulus_id(path.stem)) for path in images]
        beside: Features = np.nan_to_num(self._vision.embed(references) - rows)
        return beside


def has_text_side(source: ModelFolder) -> bool:
    """Return whether a model can compare pictures with words."""
    return source.compares_words and any((source.folder / name).exists() for name in _TOKENIZERS)


def level_probabilities(rows: Features, directions: Features) -> Features:
    """Return softmax over the level words, `[n, d · levels]`.

    Args:
        rows: `[n, k]` pooled features.
        directions: `[d, levels, k]` from `VisionModel.level_directions`.
    """
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    logits = np.einsum("nk,dlk->ndl", unit, directions)
    odds = np.exp(logits - logits.max(axis=2, keepdims=True))
    shares: Features = (odds / odds.sum(axis=2, keepdims=True)).astype(np.float32)
    return shares.reshape(len(rows), -1)


def _references(source: ModelFolder) -> Mapping[str, Path]:
    """Return stimulus id -> reference image."""
    if "references" not in source.settings:
        return {}
    path = source.home / str(source.settings["references"])
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found = {
            _named(path.parent, row["stimulus"]): path.parent / row["reference"] for row in rows
        }
    except (OSError, UnicodeDecodeError, KeyError, TypeError, csv.Error) as error:
        raise UserError(
            "bad_references",
            f"{path} cannot be used: it must be a CSV with the columns stimulus, reference "
            f"({error}).",
        ) from error
    absent = next((one for one in found.values() if not one.is_file()), None)
    if absent is not None:
        raise UserError("bad_references", f"{path} names {absent}, which is not there.")
    return found


def _named(folder: Path, stimulus: str) -> str:
    """Return the id of a stimulus that is named by its id or by a file with the same bytes."""
    path = folder / stimulus
    if not path.is_file():
        return stimulus
    return stimulus_id(hashlib.sha256(path.read_bytes()).hexdigest())
