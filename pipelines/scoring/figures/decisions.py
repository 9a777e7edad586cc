"""Kind of figure that judges decisions: ROC, precision and calibration curves of classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.scoring.figures.captions import decimals, label_titled
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.sizes import axes_ems, enlarge
from pipelines.scoring.figures.topics import Quantity

__all__ = ["roc"]

_MODELS = (
    ("Random forest", "RF"), ("Logistic regression", "LR"), ("Support vectors", "SVM"),
    ("Neural network", "NN"), ("Boosted trees", "GBT"), ("Clinical score", "CS"),
    ("Biomarker 1", "B1"), ("Biomarker 2", "B2"), ("Radiologist", "Rad"),
)  # fmt: skip
_QUALITIES = {
    "roc": (("False positive rate", "True positive rate"), "AUC"),
    "precision": (("Recall", "Precision"), "AP"),
    "calibration": (("Predicted risk", "Observed share"), "Brier"),
}


def roc(sheet: Sheet) -> None:
    """Curves of classifiers: ROC, precision over recall, or calibration."""
    rng, style = sheet.rng, sheet.style
    form = sheet.pick(("roc", "roc", "precision", "calibration"))
    enlarge(sheet, 3.6, 3.1)
    ax = sheet.axes(has_legend=True)
    labels, what = _QUALITIES[form]
    if form == "roc" and rng.random() < 0.4:
        labels = ("1 − specificity", "Sensitivity")
    is_long = style.legend_place == "inside" and axes_ems(sheet, ax)[0] > 36
    is_stepped, prevalence = bool(rng.random() < 0.5), float(rng.uniform(0.15, 0.5))
    values, side = list[float](), 1 if rng.random() < 0.7 else -1
    for i, k in enumerate(rng.permutation(len(_MODELS))[: int(rng.integers(2, 5))]):
        x, y, value = _performance(rng, form, is_stepped, prevalence)
        wrong = side * float(rng.uniform(1.12, 1.9))
        values.append(wrong if sheet.has("impossible_statistic") else float(value))
        text = decimals(values[i])
        long, short = _MODELS[k]
        name = f"{long} ({what} = {text})" if is_long else f"{short}, {what} {text}"
        ax.plot(x, y, color=style.colours[i], linewidth=sheet.line_width, alpha=sheet.alpha,
                label=name, linestyle=("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))[i],
                drawstyle="steps-post" if is_stepped and form == "roc" else "default",
                marker=style.markers[i] if form == "calibration" else "",
                markersize=style.marker_size)  # fmt: skip
    if form != "precision":
        ax.plot([0, 1], [0, 1], color=sheet.ink, linewidth=0.8, linestyle=":", alpha=0.8)
    edge = sheet.pick((0.0, 0.02))
    ax.set(xlim=(-edge, 1 + edge), ylim=(-edge, 1.02 + edge))
    x_name, y_name = (Quantity(label, "", "", 0, 1) for label in labels)
    title = sheet.pick(("Test set", "Validation", "Five-fold mean"))
    label_titled(sheet, ax, x_name, y_name, title)
    sheet.legend(ax)
    is_lost = sheet.has("missing_legend") and sheet.has("impossible_statistic")
    if style.legend_place != "inside" or is_lost:
        x, ha = (0.04, "left") if form == "precision" else (0.96, "right")
        text = sheet.words("Mean ") + f"{what} = {decimals(float(np.mean(values)))}"
        ax.text(x, 0.05, text, ha=ha, transform=ax.transAxes, **sheet.font(0.9))
    sheet.finish(ax)


def _performance(rng: Any, form: str, is_stepped: bool, prevalence: float) -> tuple[Any, Any, Any]:
    """Return the curve of a classifier, x and y, and the number that sums it up."""
    from scipy.special import ndtr, ndtri

    gap = float(rng.uniform(0.9, 2.3))
    if form == "calibration":
        x = (np.arange(10) + 0.5) / 10
        odds = np.log(x / (1 - x)) * rng.uniform(0.6, 1.5) + rng.uniform(-0.7, 0.7)
        y = np.clip(1 / (1 + np.exp(-odds)) + rng.normal(0, 0.02, 10), 0.01, 0.99)
        return x, y, rng.uniform(0.05, 0.22)
    false = np.linspace(0, 1, 161) ** 2
    true = ndtr(gap + rng.uniform(0.8, 1.2) * ndtri(false))
    if is_stepped:
        ill, well = rng.normal(gap, 1, int(rng.integers(25, 80))), rng.normal(0, 1, 70)
        cuts = np.sort(np.append(ill, well))[::-1]
        false, true = (np.append(0, (some >= cuts[:, None]).mean(axis=1)) for some in (well, ill))
    if form == "roc":
        return false, true, np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2)
    hits, misses = true[1:] * prevalence, false[1:] * (1 - prevalence)
    precision = hits / (hits + misses)
    return true[1:], precision, np.sum(np.diff(true) * precision)
