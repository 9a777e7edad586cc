"""Conventions of the opinion statistics, each with its default.

docs/statistics.md gives the reason for every default and its source.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import UserError

__all__ = ["METHODS", "Method", "MosOptions", "mos_options", "options_of"]

Method = Literal[
    "mean", "bt500", "bias", "p913", "p910", "zscore", "correlation", "iqr", "mad"
]  # fmt: skip
METHODS: tuple[Method, ...] = (
    "mean", "bt500", "bias", "p913", "p910", "zscore", "correlation", "iqr", "mad",
)  # fmt: skip
"""Every way to compute MOS, in the order they are explained."""

_Share = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]


class MosOptions(BaseModel):
    """Every convention on which implementations disagree; a method reads those it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: Literal["t", "normal"] | None = None
    """95 % interval: Student t with n - 1 degrees of freedom, or normal quantile; None means
    t, and normal for `p910`, whose standard errors are defined that way."""
    ddof: Literal[0, 1] = 1
    """Divisor n - ddof of standard deviations inside screening rules and z-scores."""
    denominator: Literal["own", "all"] = "own"
    """BT.500: share of a rater's outliers among own presentations, or among all there are."""
    constant: Literal["skip", "count"] = "skip"
    """BT.500: presentations that everyone scored the same say nothing (skip), or count as
    above and below for every rater (count)."""
    strict: bool | None = None
    """Whether a value exactly on a threshold stays in; None takes each rule's own text:
    no for `bt500` and `p913`, yes for `correlation`, `iqr` and `mad`."""
    repetitions: Literal["pool", "separate"] = "pool"
    """BT.500: repetitions of a stimulus form one distribution, or one each."""

    normal_sigmas: _Positive = 2.0
    """BT.500: distance from the mean, in SD, where the kurtosis is that of a normal one."""
    other_sigmas: _Positive = math.sqrt(20)
    """BT.500: the same for any other kurtosis."""
    kurtosis_low: float = 2.0
    """BT.500: kurtosis from which a distribution counts as normal."""
    kurtosis_high: float = 4.0
    """BT.500: kurtosis up to which a distribution counts as normal."""
    outlier_share: _Share = 0.05
    """BT.500: share of outliers above which a rater may be rejected."""
    one_sidedness: _Share = 0.3
    """BT.500: |P - Q| / (P + Q) below which outliers count as erratic and not as bias."""

    bias_estimate: Literal["once", "least-squares"] = "once"
    """Rater bias against the plain MOS (P.913), or the least-squares solution."""

    tolerance: _Positive = 1e-8
    """P.910: stop when the L2 norm of the change of all scores is below this."""
    max_iterations: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """P.910 and least-squares bias: give up, with a warning, after this many."""
    weight_epsilon: _NotNegative = 1e-8
    """P.910: added to the variance of a rater before it is inverted."""
    sigma_floor: _NotNegative = 0.01
    """P.910: share of the scale's range; a rater whose inconsistency falls below it is
    weighted like the median rater, with a warning; 0 switches the guard off."""

    rescale: Literal["hundred", "none"] = "hundred"
    """Z-score: 100 (z + 3) / 6, or z itself."""
    zscore_screening: bool = False
    """Z-score: screen raters on their z-scores by BT.500 first."""

    coefficient: Literal["pearson", "spearman", "min"] = "pearson"
    """Correlation: which coefficient, or the smaller of both (BT.1788)."""
    comparison: Literal["leave-one-out", "part-whole"] = "leave-one-out"
    """Correlation: against the MOS of the others, or the MOS with the rater in it."""
    rule: Literal["fixed", "adaptive"] = "fixed"
    """Correlation: reject below `correlation_threshold`, or below the smaller of
    `adaptive_ceiling` and mean - SD of all raters' coefficients (BT.1788)."""
    correlation_threshold: Annotated[float, Field(ge=-1, le=1)] = 0.75
    """Correlation: threshold of the fixed rule."""
    adaptive_ceiling: Annotated[float, Field(ge=-1, le=1)] = 0.7
    """Correlation: highest threshold that the adaptive rule may take."""
    min_common: Annotated[int, Field(ge=2)] = 3
    """Correlation: stimuli shared with others below which a rater gets no verdict."""

    min_ratings: Annotated[int, Field(ge=1)] = 6
    """Single-rating rules: stimuli with fewer ratings are left alone."""
    iqr_factor: _Positive = 1.5
    """IQR: fences lie this many interquartile ranges outside the quartiles."""
    iqr_floor: _NotNegative = 0.7
    """IQR: interquartile range used where the quartiles coincide, in score units."""
    mad_threshold: _Positive = 3.5
    """MAD: modified z-score 0.6745 |x - median| / MAD above which a rating is removed."""
    mad_fallback: Literal["mean-deviation", "floor", "skip", "none"] = "mean-deviation"
    """MAD is 0: use 1.253314 x mean absolute deviation, use `mad_floor`, leave the stimulus
    alone, or remove everything off the median."""
    mad_floor: _Positive = 0.5
    """MAD: value used by the fallback `floor`, in score units."""


_SCREENING = (
    "ddof", "denominator", "constant", "strict", "repetitions", "normal_sigmas",
    "other_sigmas", "kurtosis_low", "kurtosis_high", "outlier_share", "one_sidedness",
)  # fmt: skip
_BIAS = ("bias_estimate",)
_READ: dict[str, tuple[str, ...]] = {
    "mean": (),
    "bt500": _SCREENING,
    "bias": _BIAS,
    "p913": (*_BIAS, *_SCREENING),
    "p910": ("tolerance", "max_iterations", "weight_epsilon", "sigma_floor"),
    "zscore": ("ddof", "rescale", "zscore_screening"),
    "correlation": (
        "coefficient", "comparison", "rule", "correlation_threshold", "adaptive_ceiling",
        "min_common", "ddof", "strict",
    ),
    "iqr": ("min_ratings", "iqr_factor", "iqr_floor", "strict"),
    "mad": ("min_ratings", "mad_threshold", "mad_fallback", "mad_floor", "strict"),
}  # fmt: skip
_OWN_STRICTNESS = {"bt500": False, "p913": False, "correlation": True, "iqr": True, "mad": True}


def mos_options(**values: Any) -> MosOptions:
    """Return options with these values changed.

    Raises:
        UserError: `invalid_option`, naming the option.
    """
    try:
        return MosOptions(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][:1])
        if first["type"] == "extra_forbidden":
            known = ", ".join(MosOptions.model_fields)
            message = f"There is no option '{name}'; the options are {known}."
        else:
            message = f"Option {name} = {first['input']!r}: {first['msg']}; give another value."
        raise UserError("invalid_option", message) from error


def options_of(method: Method, options: MosOptions) -> dict[str, Any]:
    """Return the options that `method` reads, with every default resolved, for the record.

    >>> options_of("iqr", MosOptions())["strict"]
    True
    """
    values = options.model_dump()
    values["interval"] = values["interval"] or ("normal" if method == "p910" else "t")
    if values["strict"] is None:
        values["strict"] = _OWN_STRICTNESS.get(method, False)
    names = ("interval", *_READ[method])
    if method == "zscore" and options.zscore_screening:
        names += tuple(name for name in _SCREENING if name not in names)
    if method in ("bias", "p913") and options.bias_estimate == "least-squares":
        names += ("max_iterations",)
    return {name: values[name] for name in names}
