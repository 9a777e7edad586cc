"""Scoring a study: features of new images, a version learned from the ratings, predictions.

The command and the server's worker do the same, in a process of their own; what they need of the
study comes as one `Material`, what they make goes to the `ScoringFolder`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.clock import iso, now
from annotator.scoring_files import (
    PENDING,
    SEEN,
    SILENT,
    UNREADABLE,
    Card,
    Predictions,
    ScoringFolder,
    picture_name,
)
from annotator.store import Reads
from pipelines.engine import Engine, Failed
from pipelines.opinion.coding import rating_table
from pipelines.opinion.mos import compute_mos
from pipelines.scoring.backends import Scorer, open_scorer
from pipelines.scoring.head import Head
from pipelines.scoring.labels import groups_of, labels_of
from pipelines.scoring.learning import (
    Lesson,
    curve_rows,
    distances,
    learn,
    learning_curve,
    nearest,
    outlook_of,
    rater_spread,
)
from pipelines.scoring.model_file import Learned
from pipelines.scoring.targets import targets_of
from pipelines.splits import Member, find_links
from schemas.layout import StudyFolder
from schemas.study import Study

__all__ = [
    "Material",
    "compute_features",
    "make_version",
    "material_of",
    "rows_of_study",
    "study_scorer",
]

Advance = Callable[[int, int], None]

_SHARD = 1024
_SAMPLE = 5000
_CHUNK = 4096
_KEPT_EVERY_S = 60.0
_CURVE_GROWTH = 1.25


@dataclass(frozen=True)
class Material:
    """What scoring needs of a study; pickles."""

    folder: StudyFolder
    study: Study
    stimuli: pa.Table
    """stimulus, picture, path, phash, details; in the order of import."""
    ratings: pa.Table
    """The ratings that count; nothing of how their images came to be served."""

    @property
    def files(self) -> ScoringFolder:
        """Where what is computed lies."""
        return ScoringFolder(self.folder.scoring)


def material_of(study: Reads) -> Material:
    """Read what scoring needs."""
    rows = study.stimuli().select(
        ["stimulus", "sha256", "suffix", "rendition", "phash", "details", "is_retired"]
    )
    rows = rows.filter(pc.invert(rows["is_retired"]))
    images = study.folder.images
    pictures, paths = [], []
    for sha, suffix, rendition in zip(
        *(rows[name].to_pylist() for name in ("sha256", "suffix", "rendition")), strict=True
    ):
        pictures.append(picture_name(sha, rendition))
        shown = images.original(sha, suffix) if rendition is None else images.rendition(sha)
        # Workers on other machines have working folders of their own.
        paths.append(str(shown.absolute()))
    stimuli = pa.table(
        {
            "stimulus": rows["stimulus"],
            "picture": pa.array(pictures, pa.string()),
            "path": pa.array(paths, pa.string()),
            "phash": rows["phash"],
            "details": rows["details"],
        }
    )
    ratings = study.ratings().drop_columns(["arm", "probability", "is_late"])
    return Material(study.folder, study.study, stimuli, ratings)


def study_scorer(study: Study, home: Path, backend: str = "", model: Path | None = None) -> Scorer:
    """Return the backend that the study file names, or the one given.

    Args:
        study: The study.
        home: Its folder, to which the study file's `scoring.model` is relative.
        backend: Name of another backend; empty for the study file's.
        model: Its model.

    Raises:
        UserError: as `open_scorer`.
    """
    if model is None and study.scoring.model and backend in ("", study.scoring.backend):
        named = Path(study.scoring.model)
        model = home / named if (home / named).exists() else named
    if model is not None and model.exists():
        model = model.absolute()
    return open_scorer(backend or study.scoring.backend, model, targets_of(study))


# -- features --------------------------------------------------------------------------


class _Task:
    """What a worker process does with a batch of files."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def __call__(self, batch: Sequence[str]) -> NDArray[np.float32]:
        return self._scorer.features([Path(path) for path in batch])


def compute_features(
    material: Material,
    scorer: Scorer,
    engine: Engine,
    advance: Advance,
    limit: int | None = None,
) -> int:
    """Compute the features of images that have none yet; return how many those were.

    Work that is interrupted goes on where it was: rows are kept by the thousand, or by the minute
    where a model takes its time.

    Args:
        material: The study.
        scorer: The backend.
        engine: Where images are looked at.
        advance: Told what is done and how much there is.
        limit: Look at so many images only.
    """
    files = material.files
    known = files.known_pictures(scorer.version)
    wanted = {
        picture: path
        for picture, path in zip(
            material.stimuli["picture"].to_pylist(), material.stimuli["path"].to_pylist(),
            strict=True,
        )
        if picture not in known
    }  # fmt: skip
    pictures = list(wanted)[:limit]
    kept: list[tuple[list[str], NDArray[np.float32]]] = []
    done, kept_at = 0, time.monotonic()

    def keep() -> None:
        nonlocal kept_at
        kept_at = time.monotonic()
        if kept:
            names = [name for part, _ in kept for name in part]
            files.keep_features(scorer.version, names, np.concatenate([rows for _, rows in kept]))
            kept.clear()

    batches = [pictures[i : i + scorer.batch] for i in range(0, len(pictures), scorer.batch)]
    paths = ([wanted[name] for name in batch] for batch in batches)
    try:
        for batch, rows in zip(batches, engine.map(_Task(scorer), paths, chunk=1), strict=True):
            if not isinstance(rows, Failed):
                # A batch whose worker died has no features: it is tried again next time.
                kept.append((batch, rows))
            done += len(batch)
            advance(done, len(pictures))
            is_late = time.monotonic() - kept_at > _KEPT_EVERY_S
            if is_late or sum(len(part) for part, _ in kept) >= _SHARD:
                keep()
    finally:
        keep()
    return len(pictures)


# -- a version -------------------------------------------------------------------------


class _Rated(NamedTuple):
    """The rated stimuli whose images could be read."""

    places: NDArray[np.intp]
    rows: NDArray[np.float32]


def make_version(material: Material, scorer: Scorer) -> Card:
    """Learn from the ratings there are, predict every stimulus, keep both as a new version.

    Args:
        material: The study.
        scorer: The backend; images without features are taken for unreadable.
    """
    begun = time.perf_counter()
    files, study = material.files, material.study
    lesson, rated = _teach(material, scorer)
    predictions = _predict(material, scorer, lesson, rated)
    names, head = targets_of(study).names, lesson.fitted.head
    card = Card(
        version=files.fresh_version(),
        at=iso(now()),
        backend=scorer.name,
        model=scorer.model,
        scorer=scorer.version,
        n_stimuli=material.stimuli.num_rows,
        n_rated=len(rated.places),
        n_ratings=material.ratings.num_rows,
        seconds=round(time.perf_counter() - begun, 3),
        evidence=dict(zip(names, (e._asdict() for e in head.evidence), strict=True)),
    )
    files.keep_version(card, Learned(head, lesson.projection, names, scorer.version), predictions)
    n_before, _ = files.curve()
    if len(rated.places) >= max(n_before * _CURVE_GROWTH, 1):
        points = learning_curve(lesson, scorer.start(), study.seed)
        files.keep_curve(len(rated.places), curve_rows(points, names))
    return card


def _teach(material: Material, scorer: Scorer) -> tuple[Lesson, _Rated]:
    study = material.study
    mos = _mos(material)
    known = pc.is_in(material.stimuli["stimulus"], value_set=mos["stimulus"].combine_chunks())
    sample, rated = _gather(material, scorer, np.array(known.to_pylist(), bool))
    part = material.stimuli.take(pa.array(rated.places))
    stimuli = part["stimulus"].to_pylist()
    labels = labels_of(mos, stimuli, targets_of(study))
    members = [
        Member(stimulus, phash, json.loads(details))
        for stimulus, phash, details in zip(
            stimuli, part["phash"].to_pylist(), part["details"].to_pylist(), strict=True
        )
    ]
    groups = groups_of(stimuli, find_links(members))
    return learn(scorer, sample, rated.rows, labels, groups, study.seed), rated


def _mos(material: Material) -> pa.Table:
    study = material.study
    ratings = rating_table(
        material.ratings,
        scale=(study.scale.low, study.scale.high),
        dimensions=study.dimension_names,
        levels=sorted(study.scale.scores),
        place="the ratings",
    )
    return compute_mos(ratings, "mean", None, study.composites).stimuli_table()


def _gather(
    material: Material, scorer: Scorer, is_rated: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], _Rated]:
    """Return rows of a sample of the pool, where a projection needs one, and those rated."""
    step = max(1, -(-material.stimuli.num_rows // _SAMPLE))
    sample, places, rows = [], [], []
    for at, part in rows_of_study(material, scorer):
        if not scorer.is_scaled:
            sample.append(part[at % step == 0])
        kept = is_rated[at]
        places.append(at[kept])
        rows.append(part[kept])
    if not rows:
        return np.zeros((0, 1), np.float32), _Rated(
            np.zeros(0, np.intp), np.zeros((0, 1), np.float32)
        )
    found = np.concatenate(places)
    order = np.argsort(found)
    rated = _Rated(found[order], np.concatenate(rows)[order])
    return np.concatenate(sample) if sample else rated.rows[:0], rated


def rows_of_study(
    material: Material, scorer: Scorer
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Yield places and rows of what is kept and readable, every place once, in pieces."""
    place: dict[str, list[int]] = {}
    for number, picture in enumerate(material.stimuli["picture"].to_pylist()):
        place.setdefault(picture, []).append(number)
    for shard in material.files.features(scorer.version):
        is_there = np.isfinite(shard.rows.sum(axis=1)).tolist()
        found = [
            (one, number)
            for number, picture in enumerate(shard.pictures)
            if is_there[number]
            for one in place.pop(picture, ())
        ]
        for first in range(0, len(found), _CHUNK):
            at, rows = zip(*found[first : first + _CHUNK], strict=True)
            yield np.array(at, np.intp), shard.rows[list(rows)]


def _predict(material: Material, scorer: Scorer, lesson: Lesson, rated: _Rated) -> Predictions:
    head, names = lesson.fitted.head, targets_of(material.study).names
    n, t = material.stimuli.num_rows, len(names)
    mean, sd = _unknown(head, n, t)
    state = _states(material, scorer)
    novelty: NDArray[np.float32] = np.ones(n, np.float32)
    oddity: NDArray[np.float32] = np.full(n, np.nan, np.float32)
    anchors = nearest(lesson.outlook.inputs, material.study.seed)
    for at, rows in rows_of_study(material, scorer):
        outlook = outlook_of(scorer, rows, lesson.projection)
        mean[at], sd[at] = head.predict(*outlook)
        state[at] = np.where(scorer.answered(rows).all(axis=1), SEEN, SILENT)
        oddity[at] = (outlook.inputs**2).mean(axis=1)
        if anchors is not None:
            novelty[at] = distances(outlook.inputs, anchors)
    left_out, left_out_sd = _without_own(lesson, rated, state, mean, sd)
    return Predictions(
        targets=names,
        stimuli=material.stimuli["stimulus"].combine_chunks(),
        mean=mean,
        sd=sd,
        left_out=left_out,
        left_out_sd=left_out_sd,
        state=state,
        oddity=oddity,
        rater_sd=_rater_sd(lesson, rated, n),
        novelty=(novelty / max(float(novelty.max(initial=0)), 1e-9)).astype(np.float32),
    )


def _without_own(
    lesson: Lesson,
    rated: _Rated,
    state: NDArray[np.int8],
    mean: NDArray[np.float32],
    sd: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what is expected of each stimulus by a head that did not see its ratings."""
    found = []
    for whole, part in ((mean, lesson.fitted.left_out), (sd, lesson.fitted.left_out_sd)):
        values = np.where((state == SEEN)[:, None], whole, np.nan).astype(np.float32)
        own = values[rated.places]
        values[rated.places] = np.where(np.isfinite(part), part, own)
        found.append(values)
    return found[0], found[1]


def _states(material: Material, scorer: Scorer) -> NDArray[np.int8]:
    """Return `UNREADABLE` for pictures that were looked at, `PENDING` for others."""
    known = pa.array(sorted(material.files.known_pictures(scorer.version)), pa.string())
    is_known = pc.is_in(material.stimuli["picture"], value_set=known)
    return np.where(np.array(is_known.to_pylist(), bool), UNREADABLE, PENDING).astype(np.int8)


def _rater_sd(lesson: Lesson, rated: _Rated, n: int) -> NDArray[np.float32]:
    pooled, own = rater_spread(lesson.labels)
    found = np.full(n, pooled, np.float32)
    found[rated.places] = own
    return found


def _unknown(head: Head, n: int, t: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the middle of the scale and a deviation as wide as an even spread over it."""
    low, high = head.scale
    mean = np.full((n, t), (low + high) / 2, np.float32)
    return mean, np.full((n, t), (high - low) / 12**0.5, np.float32)
