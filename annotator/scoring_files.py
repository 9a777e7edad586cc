"""What the scorer keeps in a study folder: features, versions of the model, predictions.

All of it is computed and can be deleted. It lies in files beside the database because three
processes touch it (a command, the server, its worker) and DuckDB lets in one. Files appear
whole or not at all, and one name is never written twice, so no lock is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.clock import fresh_id, iso, now
from pipelines.scoring.model_file import Learned, save_learned
from schemas.errors import UserError

__all__ = [
    "PENDING", "SEEN", "SILENT", "UNREADABLE", "Card", "FeatureRows", "Predictions",
    "ScoringFolder", "picture_name",
]  # fmt: skip

PENDING, SEEN, UNREADABLE, SILENT = 0, 1, 2, 3
"""States of a picture in `Predictions`."""
_LIST = "rows"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one version of the model; kept for ever."""

    version: str
    """Name; sorts by when it was made."""
    at: str
    backend: str
    model: str
    """Which model the backend used, for people."""
    scorer: str
    """Version of the backend."""
    n_stimuli: int
    n_rated: int
    """Stimuli with ratings that it learned from."""
    n_ratings: int
    """Ratings that count, of all dimensions."""
    seconds: float
    """Time the refit took, without features."""
    evidence: dict[str, dict[str, Any]]
    """Target -> `Evidence` of the head."""


class FeatureRows(NamedTuple):
    """Rows of some pictures."""

    pictures: list[str]
    rows: NDArray[np.float32]
    """`[n, d]`; NaN where a picture cannot be read."""


class Predictions(NamedTuple):
    """What one version says of every stimulus."""

    targets: tuple[str, ...]
    stimuli: pa.Array
    """Ids, `[n]`."""
    mean: NDArray[np.float32]
    """`[n, t]`, never NaN."""
    sd: NDArray[np.float32]
    """`[n, t]`, never NaN."""
    left_out: NDArray[np.float32]
    """`[n, t]` mean predicted without the stimulus's own ratings; NaN where it was not seen."""
    left_out_sd: NDArray[np.float32]
    """`[n, t]`."""
    state: NDArray[np.int8]
    """`[n]`: `SEEN`, `UNREADABLE`, `SILENT` where the model was asked and gave no answer, or
    `PENDING` where nothing has looked at the picture yet."""
    rater_sd: NDArray[np.float32]
    """`[n]` standard deviation of one stimulus's scores between raters, drawn to that of all."""
    novelty: NDArray[np.float32]
    """`[n]` distance to the rated stimuli, 0 near to 1 far; 1 while none is rated."""
    oddity: NDArray[np.float32]
    """`[n]` how far the picture lies from what the backend knows; NaN where it was not seen."""


def picture_name(sha: str, rendition: str | None) -> str:
    """Return the name of the picture that is shown of a stimulus: what is kept is kept by it.

    Args:
        sha: Of the original.
        rendition: How another picture was made of it (JSON), or None.
    """
    made = "" if rendition is None else "-" + hashlib.sha256(rendition.encode()).hexdigest()[:8]
    return sha + made


class ScoringFolder:
    """`scoring/` of a study folder."""

    def __init__(self, root: Path) -> None:
        """Name the folder; it is made when something is written."""
        self.root = root

    # -- features ----------------------------------------------------------------------

    def known_pictures(self, scorer: str) -> set[str]:
        """Return the pictures whose features are kept for a version of a backend."""
        return _pictures_in(self._shards(scorer))

    def features(self, scorer: str) -> Iterator[FeatureRows]:
        """Yield what is kept, a shard at a time; a picture may come twice, with equal rows."""
        for shard in self._shards(scorer):
            table = _read(shard, ["picture", _LIST])
            if table.num_rows:
                yield FeatureRows(table["picture"].to_pylist(), _matrix(table[_LIST]))

    def keep_features(
        self, scorer: str, pictures: Sequence[str], rows: NDArray[np.float32]
    ) -> None:
        """Keep rows of some pictures as one shard."""
        table = pa.table({"picture": pa.array(pictures, pa.string()), _LIST: _lists(rows)})
        _write(table, self._features(scorer) / f"{fresh_id('f')}.arrow")

    def _features(self, scorer: str) -> Path:
        return self.root / "features" / scorer

    def _shards(self, scorer: str) -> list[Path]:
        return sorted(self._features(scorer).glob("*.arrow"))

    # -- checks ------------------------------------------------------------------------

    def checked_pictures(self, checks: str) -> set[str]:
        """Return the pictures that a version of the checks has read."""
        return _pictures_in(self.check_shards(checks))

    def check_shards(self, checks: str) -> list[Path]:
        """Return the files of findings; one that is there never changes."""
        return sorted((self.root / "checks" / checks).glob("*.arrow"))

    def findings(self, checks: str) -> Iterator[tuple[str, str]]:
        """Yield pictures in which something was found, and what, as JSON."""
        for shard in self.check_shards(checks):
            table = _read(shard, ["picture", "findings"])
            table = table.filter(pc.not_equal(table["findings"], "[]"))
            yield from zip(table["picture"].to_pylist(), table["findings"].to_pylist(), strict=True)

    def keep_findings(self, checks: str, pictures: Sequence[str], findings: Sequence[str]) -> None:
        """Keep what was found in some pictures, as JSON, `[]` for nothing, as one shard."""
        table = pa.table(
            {
                "picture": pa.array(pictures, pa.string()),
                "findings": pa.array(findings, pa.string()),
            }
        )
        _write(table, self.root / "checks" / checks / f"{fresh_id('c')}.arrow")

    # -- versions ----------------------------------------------------------------------

    def fresh_version(self) -> str:
        """Return the name of a new version."""
        return iso(now())[:23].translate(str.maketrans("", "", "-:.")) + fresh_id("v")[-4:]

    def keep_version(self, card: Card, learned: Learned, predictions: Predictions) -> None:
        """Keep a version and make it the current one; predictions of older ones are deleted."""
        models = self.root / "models"
        models.mkdir(parents=True, exist_ok=True)
        save_learned(learned, models / f"{card.version}.safetensors")
        _write(_table(predictions), self._predictions(card.version))
        line = json.dumps(asdict(card), ensure_ascii=False, allow_nan=False) + "\n"
        with (self.root / "versions.jsonl").open("ab", buffering=0) as file:
            file.write(line.encode())
        part = self.root / f"current.{os.getpid()}.part"
        part.write_text(card.version, encoding="utf-8")
        part.replace(self.root / "current")
        for older in (self.root / "predictions").glob("*.arrow"):
            if older.stem < card.version:
                older.unlink(missing_ok=True)

    def current(self) -> str | None:
        """Return the name of the current version, or None before the first."""
        try:
            return (self.root / "current").read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def cards(self) -> list[Card]:
        """Return the cards of all versions, oldest first; lines that are damaged are left out."""
        try:
            lines = (self.root / "versions.jsonl").read_text("utf-8", "replace").splitlines()
        except OSError:
            return []
        found = [_card(line) for line in lines]
        return [card for card in found if card is not None]

    def card(self, version: str) -> Card:
        """Return the card of a version.

        Raises:
            UserError: `predictions_unreadable` where it has none.
        """
        for card in reversed(self.cards()):
            if card.version == version:
                return card
        raise UserError(
            "predictions_unreadable",
            f"Version {version} of the model has no card in versions.jsonl; run `score` again.",
        )

    def keep_curve(self, n_rated: int, points: list[dict[str, Any]]) -> None:
        """Keep a learning curve in place of the last."""
        document = json.dumps({"n_rated": n_rated, "points": points}, allow_nan=False)
        part = self.root / f"curve.{os.getpid()}.part"
        part.write_text(document, encoding="utf-8")
        part.replace(self.root / "curve.json")

    def curve(self) -> tuple[int, list[dict[str, Any]]]:
        """Return how many stimuli were rated at the last learning curve, and its points.

        A point has n, target, srcc of left-out stimuli, and prior_srcc of the backend alone.
        """
        try:
            document = json.loads((self.root / "curve.json").read_text(encoding="utf-8"))
            return int(document["n_rated"]), list(document["points"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, []

    def note_failure(self, message: str) -> None:
        """Keep why the server could not learn, in one line; nothing after it could."""
        path = self.root / "failure"
        if message:
            self.root.mkdir(parents=True, exist_ok=True)
            path.write_text(message, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)

    def failure(self) -> str:
        """Return why the server could not learn last time; empty where it could."""
        try:
            return (self.root / "failure").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def model_file(self, version: str) -> Path:
        """Return where a version's head lies."""
        return self.root / "models" / f"{version}.safetensors"

    def predictions(self, version: str) -> Predictions:
        """Return what a version says.

        Raises:
            UserError: `predictions_unreadable` where the file is absent or damaged.
        """
        path = self._predictions(version)
        try:
            table = _read(path)
            metadata = table.schema.metadata or {}
            return Predictions(
                targets=tuple(json.loads(metadata[b"targets"])),
                stimuli=table["stimulus"].combine_chunks(),
                mean=_matrix(table["mean"]),
                sd=_matrix(table["sd"]),
                left_out=_matrix(table["left_out"]),
                left_out_sd=_matrix(table["left_out_sd"]),
                state=table["state"].to_numpy(),
                rater_sd=table["rater_sd"].to_numpy(),
                novelty=table["novelty"].to_numpy(),
                oddity=table["oddity"].to_numpy(),
            )
        except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
            raise UserError(
                "predictions_unreadable",
                f"The predictions {path.name} cannot be read ({type(error).__name__}); run `score` "
                "again.",
            ) from error

    def _predictions(self, version: str) -> Path:
        return self.root / "predictions" / f"{version}.arrow"


def _pictures_in(shards: Iterable[Path]) -> set[str]:
    known: set[str] = set()
    for shard in shards:
        known.update(_read(shard, ["picture"])["picture"].to_pylist())
    return known


def _card(line: str) -> Card | None:
    try:
        values = json.loads(line)
        return Card(**{field.name: values[field.name] for field in fields(Card)})
    except (ValueError, KeyError, TypeError):
        return None


def _table(predictions: Predictions) -> pa.Table:
    p = predictions
    columns = {
        "stimulus": p.stimuli,
        "mean": _lists(p.mean),
        "sd": _lists(p.sd),
        "left_out": _lists(p.left_out),
        "left_out_sd": _lists(p.left_out_sd),
        "state": pa.array(p.state, pa.int8()),
        "rater_sd": pa.array(p.rater_sd, pa.float32()),
        "novelty": pa.array(p.novelty, pa.float32()),
        "oddity": pa.array(p.oddity, pa.float32()),
    }
    return pa.table(columns).replace_schema_metadata({"targets": json.dumps(p.targets)})


def _lists(rows: NDArray[np.float32]) -> pa.Array:
    values = pa.array(np.ascontiguousarray(rows, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(values, rows.shape[1])


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    width = column.type.list_size
    rows: NDArray[np.float32] = (
        column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    )
    return rows


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    part.replace(path)


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    return table if columns is None else table.select(list(columns))
