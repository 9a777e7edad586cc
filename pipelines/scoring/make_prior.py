"""Make the shipped priors again: `OMP_NUM_THREADS=1 python -m pipelines.scoring.make_prior`.

For developers; needs `requirements-render.txt`. Renders figures, takes their features, measures
the prior on kinds of figure that it has not seen (four folds), learns on all, writes
`weights/prior-full.safetensors` and `weights/prior-hand.safetensors`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.engine import Failed, LocalEngine
from pipelines.scoring.embedded import embedded_feature_names, extract_features
from pipelines.scoring.features import FEATURE_NAMES
from pipelines.scoring.figures.flaws import DIMENSIONS, FLAWS, KINDS
from pipelines.scoring.figures.otherwise import OTHER_WAYS
from pipelines.scoring.figures.panel import Panel, simulate_panel
from pipelines.scoring.figures.pixels import PIXEL_FLAWS
from pipelines.scoring.figures.rendering import FigureTruth
from pipelines.scoring.lite0 import Lite0
from pipelines.scoring.prior import Prior, PriorOutput, save_prior
from pipelines.scoring.training import Examples, learn_prior

__all__ = [
    "Chunk", "chunks_of", "examples_of", "held_out_kinds", "main", "measure", "rendered",
    "simulated_mos",
]  # fmt: skip

_CHUNK = 200
_N_FOLDS, _N_PANELS = 4, 5
_Z90 = 1.6448536
_FIRST_OTHER, _NEXT_BATCH = 100_000, 200_000
"""Numbers of the first figure whose flaws are done in other ways, and of the next batch's first."""
_BATCHES = (KINDS[:32], KINDS[32:52])
"""Kinds that came together: where kinds are added, figures of the earlier ones stay as they are."""


def examples_of(features: Sequence[NDArray[np.float32]], truths: Sequence[FigureTruth]) -> Examples:
    """Put features and truths of rendered figures together."""
    names = list(FLAWS)
    presence = np.zeros((len(truths), len(names)), np.float32)
    for row, truth in zip(presence, truths, strict=True):
        for name, strength in truth.flaws:
            row[names.index(name)] = strength
    severity = [[truth.severity[d] for d in DIMENSIONS] for truth in truths]
    return Examples(
        np.stack(features),
        tuple(truth.kind for truth in truths),
        np.array(severity, np.float32),
        presence,
    )


def simulated_mos(severity: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """Return `[n, 4]` MOS of twenty simulated raters, two of them careless."""
    quality = {
        str(i): dict(zip(DIMENSIONS, (5 - 4 * row).tolist(), strict=True))
        for i, row in enumerate(severity)
    }
    total = np.zeros(severity.shape)
    for rating in simulate_panel(quality, seed, Panel(n_careless=2)):
        total[int(rating.stimulus), DIMENSIONS.index(rating.dimension)] += rating.score
    return total / Panel().n_raters


def held_out_kinds(
    examples: Examples, names: Sequence[str], folds: int = _N_FOLDS
) -> Iterator[tuple[NDArray[np.intp], PriorOutput]]:
    """Yield, fold by fold, figures and what a prior says that has not seen their kinds."""
    fold_of = np.array([KINDS.index(kind) % folds for kind in examples.kinds])
    for fold in range(folds):
        seen = examples.of_kinds(KINDS[fold::folds], inside=False)
        out = np.flatnonzero(fold_of == fold)
        yield out, learn_prior(seen, names, len(FEATURE_NAMES))(examples.features[out])


def _measured(
    prior: Prior, examples: Examples, names: Sequence[str], seed: int, record: Path
) -> Prior:
    """Return the prior with its rank correlations and residuals on held-out kinds.

    What was said about each fold is written to `record`, for benchmarks.
    """
    from scipy.stats import spearmanr

    panels = [simulated_mos(examples.severity, seed + i) for i in range(_N_PANELS)]
    correlations, errors = [], []
    for fold, (out, said) in enumerate(held_out_kinds(examples, names)):
        np.savez(record.with_name(f"{record.name}-{fold}.npz"), rows=out, **said._asdict())
        for mos in panels:
            pairs = zip(said.quality.T, mos[out].T, strict=True)
            correlations.append([float(spearmanr(*pair).statistic) for pair in pairs])
            errors.append(said.quality - mos[out])
    mean = np.mean(correlations, axis=0).round(3).tolist()
    sd = (np.quantile(np.abs(np.concatenate(errors)), 0.9, axis=0) / _Z90).round(3).tolist()
    return replace(
        prior,
        srcc=dict(zip(DIMENSIONS, mean, strict=True)),
        residual_sd=dict(zip(DIMENSIONS, sd, strict=True)),
    )


class Chunk(NamedTuple):
    """Some figures in turn and the file that keeps what was measured on them."""

    start: int
    path: Path
    is_other: bool = False
    """Whether flaws are done in other ways."""
    n_figures: int = _CHUNK
    kinds: tuple[str, ...] = KINDS
    """Kinds of figure, in turn."""


def chunks_of(n_figures: int, n_others: int, cache: Path) -> list[Chunk]:
    """Return the chunks of so many figures of each kind, those with flaws in other ways last."""
    chunks = []
    for is_other, each in ((False, n_figures), (True, n_others)):
        for batch, kinds in enumerate(_BATCHES):
            for done in range(0, each * len(kinds), _CHUNK):
                size = min(_CHUNK, each * len(kinds) - done)
                number = batch * _NEXT_BATCH + done
                # A short one says so, or another number of figures would find it on disk.
                name = f"{'other-' * is_other}{number:06d}{f'-{size}' * (size < _CHUNK)}.npz"
                start = number + _FIRST_OTHER * is_other
                chunks.append(Chunk(start, cache / name, is_other, size, kinds))
    return chunks


def rendered(chunks: Sequence[Chunk], n_workers: int | None = None) -> Examples:
    """Render and measure figures in several processes; chunks on disk are read instead.

    The result does not depend on the number of processes.

    Args:
        chunks: Figures and their files.
        n_workers: Processes; default: one a core.

    Raises:
        RuntimeError: where a process died; what is on disk by then is used the next time.
    """
    for chunk in chunks:
        chunk.path.parent.mkdir(parents=True, exist_ok=True)
    missing = [chunk for chunk in chunks if not chunk.path.exists()]
    engine = LocalEngine(n_workers, few=0)
    for chunk, done in zip(missing, engine.map(measure, missing, chunk=1), strict=True):
        if isinstance(done, Failed):
            raise RuntimeError(f"figures from {chunk.start}: {done.reason}")
        sys.stderr.write(f"{chunk.path.name}\n")
    parts = [np.load(chunk.path) for chunk in chunks]
    return Examples(
        np.concatenate([part["features"] for part in parts]),
        tuple(str(kind) for part in parts for kind in part["kinds"]),
        np.concatenate([part["severity"] for part in parts]),
        np.concatenate([part["presence"] for part in parts]),
    )


@cache
def _network() -> Lite0:
    return Lite0.bundled()


def measure(chunk: Chunk) -> None:
    """Render the figures of a chunk, take their features and write its file, whole or not."""
    from pipelines.scoring.figures.sampling import draw_figures

    ways = OTHER_WAYS if chunk.is_other else PIXEL_FLAWS
    drawn = draw_figures(chunk.start, chunk.start + chunk.n_figures, chunk.kinds, ways=ways)
    features, truths = [], []
    for image, truth in drawn:
        features.append(extract_features(image, _network()))
        truths.append(truth)
    unfinished = chunk.path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **examples_of(features, truths)._asdict())
    unfinished.replace(chunk.path)


def main() -> None:
    """Render, measure, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=int, default=400, help="figures of each kind")
    parser.add_argument("--others", type=int, default=25, help="of each kind, spoilt in other ways")
    parser.add_argument("--cache", type=Path, default=Path("build/prior"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    examples = rendered(chunks_of(given.figures, given.others, given.cache), given.workers)
    for name, with_network in (("full", True), ("hand", False)):
        names = embedded_feature_names(with_network=with_network)
        part = examples._replace(features=examples.features[:, : len(names)])
        prior = learn_prior(part, names, len(FEATURE_NAMES))
        prior = _measured(prior, part, names, given.seed, given.cache / name)
        save_prior(prior, given.out / f"prior-{name}.safetensors")
        sys.stderr.write(f"{name}: held-out kinds {prior.srcc}, residual {prior.residual_sd}\n")


if __name__ == "__main__":
    main()
