"""How well a scorer's predictions follow people's MOS.

Sources: ITU-T P.1401 for the figures; VQEG 2003 for the 4- and 5-parameter logistic maps;
the fourth-order polynomial is the one ISRG-Q draws.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipelines.opinion.table import Floats
from schemas.errors import UserError

__all__ = [
    "Fit",
    "ScorerFigures",
    "fit_logistic",
    "kendall_tau",
    "logistic4",
    "logistic5",
    "pearson",
    "scorer_figures",
    "spearman",
]

_MOST_CALLS = 20_000
"""Function evaluations after which a logistic fit is given up."""


@dataclass(frozen=True)
class Fit:
    """A map from predictions to the scale of the MOS, and figures after it."""

    kind: str
    """`logistic4`, `logistic5`, `polynomial4`, or `linear` where the wanted one failed."""
    parameters: tuple[float, ...]
    """Of the map, in the order of its formula."""
    plcc: float
    """Pearson correlation of mapped predictions with MOS."""
    rmse: float
    """Root mean square error of mapped predictions, in score units."""
    fallback: str | None = None
    """Why the linear map stands here instead."""


@dataclass(frozen=True)
class ScorerFigures:
    """Figures of one scorer on one dimension; NaN where not defined."""

    n: int
    """Pairs of prediction and MOS."""
    srcc: float
    """Spearman's rank correlation."""
    krcc: float
    """Kendall's tau-b."""
    plcc: float
    """Pearson's correlation of the raw predictions."""
    rmse: float
    """Root mean square error of the raw predictions, in score units."""
    logistic4: Fit
    """After the 4-parameter logistic map."""
    logistic5: Fit
    """After the 5-parameter logistic map."""
    polynomial4: Fit
    """After the fourth-order polynomial; coefficients highest power first."""
    ci95: dict[str, tuple[float, float]]
    """Percentile bootstrap over stimuli, for `srcc`, `plcc` and `rmse`."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures; what is not defined is None."""
        document: dict[str, Any] = _without_nan(asdict(self))
        return document


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def scorer_figures(
    predicted: Floats, mos: Floats, *, replicates: int = 1000, seed: int = 0
) -> ScorerFigures:
    """Compare predictions with MOS.

    Args:
        predicted: One prediction per stimulus, shape (n,), any unit.
        mos: MOS of the same stimuli, shape (n,).
        replicates: Bootstrap replicates.
        seed: Seed of the bootstrap.

    Raises:
        UserError: `unequal_lengths` or `not_finite`; leave out stimuli without a value.
    """
    x, y = np.asarray(predicted, float), np.asarray(mos, float)
    if x.shape != y.shape or x.ndim != 1:
        raise UserError(
            "unequal_lengths",
            f"{x.size} predictions stand beside {y.size} MOS; give one of each per stimulus.",
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError("not_finite", "A prediction or MOS is not a number; leave it out.")
    return ScorerFigures(
        n=len(x),
        srcc=spearman(x, y),
        krcc=kendall_tau(x, y),
        plcc=pearson(x, y),
        rmse=_rmse(x, y),
        logistic4=fit_logistic(x, y, 4),
        logistic5=fit_logistic(x, y, 5),
        polynomial4=_polynomial(x, y),
        ci95=_bootstrap(x, y, replicates, seed),
    )


def pearson(x: Floats, y: Floats) -> float:
    """Return Pearson's r; NaN below two pairs or where one side is constant."""
    if len(x) < 2:
        return math.nan
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy = float(dx @ dx), float(dy @ dy)
    tiny = 1e-26 * len(x)
    if xx <= tiny * float(x @ x) / len(x) or yy <= tiny * float(y @ y) / len(y):
        return math.nan
    return float(np.clip(float(dx @ dy) / math.sqrt(xx * yy), -1, 1))


def spearman(x: Floats, y: Floats) -> float:
    """Return Spearman's rank correlation, ties sharing their mean rank; NaN as `pearson`."""
    from scipy.stats import rankdata

    if len(x) < 2:
        return math.nan
    return pearson(np.asarray(rankdata(x), float), np.asarray(rankdata(y), float))


def kendall_tau(x: Floats, y: Floats) -> float:
    """Return Kendall's tau-b; NaN below two pairs or where one side is constant."""
    from scipy.stats import kendalltau

    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    return float(kendalltau(x, y).statistic)


def _rmse(x: Floats, y: Floats) -> float:
    return math.sqrt(float(np.mean((x - y) ** 2))) if len(x) else math.nan


def logistic4(x: Floats, b1: float, b2: float, b3: float, b4: float) -> Floats:
    """Return b2 + (b1 - b2) / (1 + exp(-(x - b3) / |b4|))."""
    from scipy.special import expit

    mapped: Floats = b2 + (b1 - b2) * expit((x - b3) / (abs(b4) or 1e-12))
    return mapped


def logistic5(x: Floats, b1: float, b2: float, b3: float, b4: float, b5: float) -> Floats:
    """Return b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5."""
    from scipy.special import expit

    mapped: Floats = b1 * (0.5 - expit(-b2 * (x - b3))) + b4 * x + b5
    return mapped


def fit_logistic(x: Floats, y: Floats, n_parameters: int) -> Fit:
    """Fit a logistic map by least squares, by standardised predictions; linear where that fails.

    The map is monotone in the 4-parameter form. A fit that fails, has fewer pairs than
    parameters + 1 or lies worse than a straight line gives way to the line, and says so.

    Args:
        x: Predictions.
        y: MOS.
        n_parameters: 4 or 5.
    """
    line = _line(x, y)
    if len(x) <= n_parameters or np.ptp(x) == 0:
        return _instead(line, f"{len(x)} pairs are too few, or all predictions are equal")
    function: Callable[..., Floats] = logistic4 if n_parameters == 4 else logistic5
    # Fitted on standardised predictions: started at a mean of 1e-16, the solver's relative
    # steps would leave that parameter where it is.
    centre, spread = float(x.mean()), float(x.std())
    z = (x - centre) / spread
    rising = pearson(x, y) >= 0
    ends = (float(y.max()), float(y.min()))
    start: tuple[float, ...] = (*(ends if rising else ends[::-1]), 0.0, 0.25)
    if n_parameters == 5:
        slope = line.parameters[0] * spread
        start = (float(np.ptp(y)), 1.0, 0.0, slope, float(y.mean()))
    from scipy.optimize import OptimizeWarning, curve_fit

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            found, _ = curve_fit(function, z, y, p0=start, maxfev=_MOST_CALLS)
    except (RuntimeError, FloatingPointError) as error:
        return _instead(line, f"the fit did not converge ({str(error)[:60]})")
    mapped = function(z, *found)
    if not np.isfinite(mapped).all() or _rmse(mapped, y) > line.rmse * (1 + 1e-9):
        return _instead(line, "the fit lies worse than a straight line")
    parameters = _unstandardised([float(value) for value in found], centre, spread)
    return Fit(f"logistic{n_parameters}", parameters, pearson(mapped, y), _rmse(mapped, y))


def _unstandardised(found: list[float], centre: float, spread: float) -> tuple[float, ...]:
    """Return the parameters of a fit on (x - centre) / spread for x itself."""
    if len(found) == 4:
        return found[0], found[1], centre + spread * found[2], spread * found[3]
    b1, b2, b3, b4, b5 = found
    return b1, b2 / spread, centre + spread * b3, b4 / spread, b5 - b4 * centre / spread


def _instead(line: Fit, why: str) -> Fit:
    return Fit(line.kind, line.parameters, line.plcc, line.rmse, why)


def _line(x: Floats, y: Floats) -> Fit:
    if len(x) < 2 or np.ptp(x) == 0:
        level = float(y.mean()) if len(y) else math.nan
        return Fit("linear", (0.0, level), math.nan, _rmse(np.full_like(y, level), y))
    slope = float(np.cov(x, y, ddof=0)[0, 1] / x.var())
    offset = float(y.mean() - slope * x.mean())
    mapped = slope * x + offset
    return Fit("linear", (slope, offset), pearson(mapped, y), _rmse(mapped, y))


def _polynomial(x: Floats, y: Floats) -> Fit:
    if len(np.unique(x)) <= 5:
        return _instead(_line(x, y), "fewer than six different predictions")
    centre, scale = float(x.mean()), float(x.std())
    coefficients = np.polyfit((x - centre) / scale, y, 4)
    mapped: Floats = np.asarray(np.polyval(coefficients, (x - centre) / scale), np.float64)
    unscaled = np.poly1d(coefficients)(np.poly1d([1 / scale, -centre / scale]))
    parameters = tuple(float(value) for value in np.atleast_1d(unscaled.coeffs))
    return Fit("polynomial4", parameters, pearson(mapped, y), _rmse(mapped, y))


def _bootstrap(x: Floats, y: Floats, replicates: int, seed: int) -> dict[str, tuple[float, float]]:
    generator = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"srcc": [], "plcc": [], "rmse": []}
    for _ in range(replicates if len(x) > 1 else 0):
        drawn = generator.integers(len(x), size=len(x))
        found["srcc"].append(spearman(x[drawn], y[drawn]))
        found["plcc"].append(pearson(x[drawn], y[drawn]))
        found["rmse"].append(_rmse(x[drawn], y[drawn]))
    return {name: _percentiles(values) for name, values in found.items()}


def _percentiles(values: list[float]) -> tuple[float, float]:
    defined = [value for value in values if math.isfinite(value)]
    if not defined:
        return math.nan, math.nan
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)
