"""The part of the scorer that learns from a study's ratings.

For each target (dimension or composite) the observed MOS is explained as the prior's quality,
shifted and stretched, plus a ridge on the prior's outputs:

    mos = prior + a + b (prior − 3) + z·w + e,   w ~ N(0, s² I / k),   var(e) = τ² + σ²/n

with σ² the raters' variance (a stimulus with few or disagreeing raters weighs less). How far the
ridge may go (s) is settled by cross-validation for each target: candidates are averaged, each
weighed by its likelihood on left-out stimuli, less 1 + 50/n standard errors of n stimuli for all
but s = 0, the prior alone. So labels never make it worse than the folds can tell. Intervals come
from the posterior and are stretched so that 90 % of the left-out stimuli lie inside
(split-conformal; Lei et al., JASA 113, 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MIN_RATED", "MIN_SRCC", "Evidence", "Fitted", "Head", "Labels", "Target", "fit_all",
    "fit_head", "prior_head",
]  # fmt: skip

Array = NDArray[np.float64]

MIN_RATED = 20
"""Rated stimuli below which a target is not learned; the prior speaks alone."""
MIN_SRCC = 0.3
"""Rank correlation, on left-out stimuli, below which a target is not predictable yet."""
_REACH = (0.0, 0.1, 0.2, 0.4, 0.8, 1.5)
"""Candidates for s, in scale points."""
_SHIFT_SD, _STRETCH_SD = 1.0, 0.5
_Z90 = 1.6448536
_LEAST_SHARE = 0.02
"""Candidates that would count less are left out, which spares time."""
_FEW = 50.0
"""Rated stimuli at which caution doubles: errors of folds go together, so that the standard error
from few of them is too small."""
_PRIOR_WEIGHT = 8.0
"""Ratings that the pooled raters' variance counts for beside a stimulus's own."""


class Labels(NamedTuple):
    """What a study knows about n rated stimuli."""

    mos: Array
    """`[n, t]` mean opinion score; NaN where a target has none."""
    n_ratings: Array
    """`[n, t]` ratings behind each; 0 where there are none."""
    sos: Array
    """`[n, t]` standard deviation of the scores (ddof 1); NaN below two ratings."""


class Evidence(NamedTuple):
    """How well one target is predicted, on stimuli that the head had not seen."""

    n_rated: int
    srcc: float | None
    """Spearman's rank correlation with MOS; None below `MIN_RATED`."""
    plcc: float | None
    """Pearson's correlation."""
    rmse: float | None
    """Root mean square error, scale points."""
    coverage90: float | None
    """Share of MOS inside the 90 % intervals."""
    prior_srcc: float | None
    """Rank correlation of the prior alone on the same stimuli."""
    reach: float
    """Mean s of the candidates by their weight; 0 is the prior alone."""
    is_predictable: bool
    reason: str
    """Why not; empty where it is."""


class Target(NamedTuple):
    """Posterior of one target."""

    weights: Array
    """`[k + 2]` mean of shift, stretch and ridge weights."""
    covariance: Array
    """`[k + 2, k + 2]`, or `[2, 2]` where the ridge is off."""
    noise: float
    """Variance of a MOS around the prediction, without the posterior's part."""
    widen: float
    """Factor that makes 90 % intervals hold 90 %."""


@dataclass(frozen=True, slots=True)
class Head:
    """Fitted head: predicts mean and standard deviation for each target."""

    targets: tuple[Target, ...]
    evidence: tuple[Evidence, ...]
    scale: tuple[float, float]
    """Lowest and highest score."""

    def predict(self, prior: Array, inputs: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, each `[n, t]`, never NaN.

        The deviation is that of the MOS that the study's raters would give; mean ± 1.645
        deviations is the 90 % interval.

        Args:
            prior: `[n, t]` quality by the prior, on the study's scale.
            inputs: `[n, k]` the prior's inputs.
        """
        means, deviations = [], []
        for column, target in enumerate(self.targets):
            design = _design(prior[:, column], inputs, self.scale, target.weights.size > 2)
            mean = prior[:, column] + design @ target.weights
            x = design.astype(np.float32)
            spread = ((x @ target.covariance.astype(np.float32)) * x).sum(axis=1)
            means.append(mean.clip(*self.scale))
            deviations.append(target.widen * np.sqrt(spread.clip(0) + target.noise))
        return np.stack(means, axis=1), np.stack(deviations, axis=1)


def prior_head(
    srcc: Sequence[float], residual_sd: Sequence[float], scale: tuple[float, float] = (1.0, 5.0)
) -> Head:
    """Return the head of a study without ratings: the prior as it is.

    Args:
        srcc: The prior's rank correlation for each target, on kinds of figure it had not seen.
        residual_sd: Standard deviation of MOS around it, scale points.
        scale: Lowest and highest score.
    """
    targets = [_untouched(sd) for sd in residual_sd]
    return Head(tuple(targets), tuple(_unlearned(0, r) for r in srcc), scale)


def _untouched(residual_sd: float) -> Target:
    return Target(np.zeros(2), np.zeros((2, 2)), residual_sd**2, 1.0)


def _unlearned(n_rated: int, prior_srcc: float) -> Evidence:
    good = prior_srcc >= MIN_SRCC
    reason = "" if good else (
        f"Not predictable yet: {n_rated} rated stimuli, {MIN_RATED} are needed to learn from."
    )  # fmt: skip
    return Evidence(n_rated, None, None, None, None, None, 0.0, good, reason)


class Fitted(NamedTuple):
    """A head, and what it said of each stimulus while that was left out of the fit."""

    head: Head
    left_out: Array
    """`[n, t]` mean predicted without the stimulus; NaN where it has no MOS, or too few have."""
    left_out_sd: Array
    """`[n, t]` its standard deviation."""


def fit_head(
    prior: Array,
    inputs: Array,
    labels: Labels,
    start: Head,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Head:
    """Learn from ratings; arguments and errors as `fit_all`.

    Returns:
        Head with honest evidence for each target.
    """
    return fit_all(prior, inputs, labels, start, seed, groups).head


def fit_all(
    prior: Array,
    inputs: Array,
    labels: Labels,
    start: Head,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> Fitted:
    """Learn from ratings and keep what was predicted of each stimulus without it.

    Args:
        prior: `[n, t]` quality by the prior, on the study's scale.
        inputs: `[n, k]` the prior's inputs.
        labels: Ratings of the same stimuli.
        start: `prior_head` of the study: speaks for targets with too few ratings.
        seed: Seeds the folds.
        groups: Source of each stimulus; one source is never on both sides of a fold.
    """
    n, t = prior.shape
    left_out, left_out_sd = np.full((n, t), np.nan), np.full((n, t), np.nan)
    targets, evidence = [], []
    for column in range(t):
        part = Labels(*(table[:, column] for table in labels))
        target, known, out = _fit_target(
            prior[:, column], inputs, part, start, column, seed, groups
        )
        targets.append(target)
        evidence.append(known)
        if out is not None:
            left_out[out.rows, column] = out.mean
            left_out_sd[out.rows, column] = out.sd
    return Fitted(Head(tuple(targets), tuple(evidence), start.scale), left_out, left_out_sd)


class _LeftOut(NamedTuple):
    rows: NDArray[np.intp]
    mean: Array
    sd: Array


def _fit_target(
    prior: Array, inputs: Array, labels: Labels, start: Head, column: int, seed: int,
    groups: Sequence[str] | None,
) -> tuple[Target, Evidence, _LeftOut | None]:  # fmt: skip
    rated = np.flatnonzero(np.isfinite(labels.mos) & (labels.n_ratings > 0))
    if rated.size < MIN_RATED or float(np.ptp(labels.mos[rated])) < 1e-9:
        predictable = start.evidence[column].is_predictable
        known = _unlearned(rated.size, 1.0 if predictable else 0.0)
        return start.targets[column], known, None
    y = labels.mos[rated] - prior[rated]
    rater_variance = _rater_variance(labels, rated)
    folds = _folds(rated.size, seed, None if groups is None else [groups[i] for i in rated])
    design = _design(prior[rated], inputs[rated], start.scale, True)
    weight = 1 / (_unexplained(design, y, rater_variance) + rater_variance)
    parts = [_part(design, y, weight, np.flatnonzero(folds == f)) for f in np.unique(folds)]
    whole = _Moments(sum(p.sums.gram for p in parts), sum(p.sums.moment for p in parts))  # type: ignore[arg-type]
    mix = _weighed(np.array([_left_out(parts, whole, y, reach) for reach in _REACH]))
    error, reach = mix.error, float(mix.shares @ _REACH)
    spread = _left_out_spread(parts, whole, y.size, mix)
    noise = max(float(np.mean(error**2 - spread)), 0.01)
    ratio = np.abs(error) / np.sqrt(spread + noise)
    widen = _conformal(ratio)
    left_out = labels.mos[rated] - error
    evidence = _evidence(labels.mos[rated], left_out, prior[rated], ratio / widen, reach)
    weights, covariance = _averaged(whole, mix.shares)
    target = Target(weights, covariance, noise, widen)
    sd = widen * np.sqrt(spread + noise)
    return target, evidence, _LeftOut(rated, left_out.clip(*start.scale), sd)


def _rater_variance(labels: Labels, rated: NDArray[np.intp]) -> Array:
    """Return the variance of each MOS that comes from its raters, σ²/n.

    A stimulus's own variance is drawn to the pooled one, which counts for eight ratings.
    """
    n = labels.n_ratings[rated]
    own = np.nan_to_num(labels.sos[rated]) ** 2
    freedom = np.where(np.isfinite(labels.sos[rated]), np.maximum(n - 1, 0), 0)
    pooled = float((own * freedom).sum() / freedom.sum()) if freedom.sum() else 0.6
    shrunk = (own * freedom + max(pooled, 0.05) * _PRIOR_WEIGHT) / (freedom + _PRIOR_WEIGHT)
    variance: Array = shrunk / n
    return variance


def _design(prior: Array, inputs: Array, scale: tuple[float, float], wide: bool) -> Array:
    """Return `[n, 2]` shift and stretch, or `[n, 2 + k]` with the ridge's inputs."""
    middle = sum(scale) / 2
    affine = np.stack([np.ones_like(prior), prior - middle], axis=1)
    return np.concatenate([affine, inputs], axis=1) if wide else affine


def _folds(n: int, seed: int, groups: Sequence[str] | None) -> NDArray[np.intp]:
    """Return the fold of each of n stimuli; five folds, ten below 60 stimuli."""
    n_folds = 5 if n >= 60 else 10
    rng = np.random.default_rng(seed)
    if groups is None or len(set(groups)) < 2 * n_folds:
        return rng.permutation(n) % n_folds
    names = sorted(set(groups))
    place = dict(zip(names, rng.permutation(len(names)) % n_folds, strict=True))
    return np.array([place[name] for name in groups])


class _Moments(NamedTuple):
    """Weighted sums over some stimuli; sums of disjoint sets add up."""

    gram: Array
    """`[k + 2, k + 2]`."""
    moment: Array
    """`[k + 2]`."""

    def without(self, other: _Moments) -> _Moments:
        """Return the sums over this set less a part of it."""
        return _Moments(self.gram - other.gram, self.moment - other.moment)


class _Part(NamedTuple):
    """One fold."""

    rows: NDArray[np.intp]
    design: NDArray[np.float32]
    y: Array
    sums: _Moments


def _part(design: Array, y: Array, weight: Array, rows: NDArray[np.intp]) -> _Part:
    x = design[rows].astype(np.float32)
    return _Part(rows, x, y[rows], _moments(x, y[rows], weight[rows]))


def _moments(x: NDArray[Any], y: Array, weight: Array) -> _Moments:
    # A product of a matrix with itself is symmetric, which costs half.
    root = np.sqrt(weight).astype(x.dtype)
    scaled = x * root[:, None]
    return _Moments(
        (scaled.T @ scaled).astype(float), (scaled.T @ (root * y).astype(x.dtype)).astype(float)
    )


def _precision(sums: _Moments, reach: float) -> Array:
    size = sums.moment.size if reach else 2
    precision = np.full(size, max(1, size - 2) / max(reach, 1e-9) ** 2)
    precision[:2] = 1 / _SHIFT_SD**2, 1 / _STRETCH_SD**2
    whole: Array = sums.gram[:size, :size] + np.diag(precision)
    return whole


def _posterior(sums: _Moments, reach: float) -> tuple[Array, Array]:
    """Return mean and covariance of the weights; two of them where the ridge is off."""
    covariance = np.linalg.inv(_precision(sums, reach)).astype(float)
    return covariance @ sums.moment[: len(covariance)], covariance


def _unexplained(design: Array, y: Array, rater_variance: Array) -> float:
    """Return τ², the variance that neither features nor raters' noise explain.

    From a fit of middle reach on at most 2,000 stimuli, which settles it well enough.
    """
    rows = np.zeros(y.size, bool)
    rows[:: max(1, y.size // 2000)] = True
    tau = max(float(np.var(y)) * 0.5, 0.02)
    sums = _moments(design[rows], y[rows], 1 / (tau + rater_variance[rows]))
    mean, covariance = _posterior(sums, _REACH[len(_REACH) // 2])
    rest = y[rows] - design[rows] @ mean
    freedom = max(rest.size - float((covariance * sums.gram).sum()), 2.0)
    tau = float((rest**2).sum()) / freedom - float(rater_variance.mean())
    return float(max(tau, 0.02))


def _left_out(parts: Sequence[_Part], whole: _Moments, y: Array, reach: float) -> Array:
    """Return the errors of stimuli that stood outside the fit."""
    error = np.zeros_like(y)
    for part in parts:
        rest = whole.without(part.sums)
        precision = _precision(rest, reach)
        mean = np.linalg.solve(precision, rest.moment[: len(precision)])
        error[part.rows] = part.y - part.design[:, : mean.size] @ mean.astype(np.float32)
    return error


class _Mix(NamedTuple):
    """Candidates of `_REACH`, averaged."""

    shares: Array
    """`[6]`, sum 1."""
    errors: Array
    """`[6, n]` of stimuli that stood outside the fit."""
    error: Array
    """`[n]` of the average."""


def _weighed(errors: Array) -> _Mix:
    """Return the candidates' shares from their errors on left-out stimuli, `[6, n]`.

    Gaussian likelihood with each candidate's own variance, as pseudo-Bayesian model averaging
    with its standard error off (Yao, Vehtari, Simpson, Gelman, Bayesian Analysis 13, 2018).
    """
    squares = errors**2
    variance = squares.mean(axis=1, keepdims=True) + 1e-9
    likelihood = -0.5 * (np.log(variance) + squares / variance)
    gain = likelihood - likelihood[0]
    n = errors.shape[1]
    total = gain.sum(axis=1) - (1 + _FEW / n) * gain.std(axis=1) * np.sqrt(n)
    shares = np.exp(total - total.max())
    shares[shares < _LEAST_SHARE * shares.sum()] = 0
    shares /= shares.sum()
    return _Mix(shares, errors, shares @ errors)


def _averaged(sums: _Moments, shares: Array) -> tuple[Array, Array]:
    """Return mean and covariance of the weights over the candidates."""
    known = [
        (share, *_posterior(sums, reach))
        for share, reach in zip(shares, _REACH, strict=True)
        if share
    ]
    size = max(mean.size for _, mean, _ in known)
    rows = [(share, np.pad(mean, (0, size - mean.size)), cov) for share, mean, cov in known]
    average: Array = np.sum([share * mean for share, mean, _ in rows], axis=0)
    covariance = np.zeros((size, size))
    for share, mean, part in rows:
        covariance[: len(part), : len(part)] += share * part
        covariance += share * np.outer(mean - average, mean - average)
    return average, covariance


def _left_out_spread(parts: Sequence[_Part], whole: _Moments, n: int, mix: _Mix) -> Array:
    """Return the variance of the same predictions: posterior, and between the candidates."""
    spread: Array = mix.shares @ (mix.errors - mix.error) ** 2
    for share, reach in zip(mix.shares, _REACH, strict=True):
        if not share:
            continue
        for part in parts:
            _, covariance = _posterior(whole.without(part.sums), reach)
            x = part.design[:, : len(covariance)]
            own = ((x @ covariance.astype(np.float32)) * x).sum(axis=1)
            spread[part.rows] += share * own.clip(0)
    return spread


def _conformal(ratio: Array) -> float:
    """Return the factor by which deviations must grow so that 90 % intervals hold."""
    level = min(1.0, np.ceil(0.9 * (ratio.size + 1)) / ratio.size)
    return float(max(np.quantile(ratio, level, method="higher") / _Z90, 0.2))


def _evidence(mos: Array, left_out: Array, prior: Array, ratio: Array, reach: float) -> Evidence:
    from scipy.stats import pearsonr

    flat = float(np.ptp(left_out)) < 1e-9
    srcc = 0.0 if flat else _rank_correlation(left_out, mos)
    low = np.tanh(np.arctanh(min(srcc, 0.999)) - 1.96 / np.sqrt(max(mos.size - 3, 1)))
    good = bool(srcc >= MIN_SRCC and low > 0)
    reason = "" if good else (
        f"Not predictable yet: rank correlation {srcc:.2f} on {mos.size} rated stimuli that were "
        f"left out; {MIN_SRCC:.2f} is needed."
    )  # fmt: skip
    prior_flat = float(np.ptp(prior)) < 1e-9
    return Evidence(
        n_rated=mos.size,
        srcc=srcc,
        plcc=0.0 if flat else float(pearsonr(left_out, mos).statistic),
        rmse=float(np.sqrt(np.mean((left_out - mos) ** 2))),
        coverage90=float(np.mean(ratio <= _Z90)),
        prior_srcc=0.0 if prior_flat else _rank_correlation(prior, mos),
        reach=reach,
        is_predictable=good,
        reason=reason,
    )


def _rank_correlation(a: Array, b: Array) -> float:
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])
