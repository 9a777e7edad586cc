"""What each method is, in one sentence with its source, for reports and cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["AGREEMENT_SOURCES", "METHOD_TEXT", "methods_paragraph"]

METHOD_TEXT: Mapping[str, str] = {
    "mean": "MOS is the mean of all ratings of a stimulus (ITU-T P.800.1).",
    "bt500": "Raters were screened by ITU-R BT.500-14 A1-2.3.1 (share and one-sidedness of "
    "outlying scores), in one pass, on each dimension.",
    "bias": "Each rater's mean offset from the MOS was taken off (ITU-T P.913 12.4).",
    "p913": "Each rater's mean offset was taken off (ITU-T P.913 12.4), then raters were "
    "screened by ITU-R BT.500-14 A1-2.3.1.",
    "p910": "Quality, bias and inconsistency were estimated together by the alternating "
    "projection of ITU-T P.910 (11/21) Annex E (Li et al., HVEI 2020).",
    "zscore": "Scores were standardised within each rater and session (Sheikh et al. 2006) and "
    "rescaled by 100 (z + 3) / 6 unless the options say otherwise.",
    "correlation": "Raters were screened by their correlation with the panel (ITU-T P.913; ITU-R "
    "BT.1788 for the adaptive rule).",
    "iqr": "Single ratings outside the Tukey fences of their stimulus were removed, in one pass.",
    "mad": "Single ratings with a large modified z-score (Iglewicz & Hoaglin 1993) were removed, "
    "in one pass.",
}
"""Method -> sentence."""

AGREEMENT_SOURCES = (
    "Agreement: Krippendorff's alpha (Krippendorff 2011) with percentile intervals from a "
    "bootstrap over stimuli; intraclass correlation (McGraw & Wong 1996) on stimuli that all "
    "raters rated and, for incomplete designs, from Henderson's method 3; Kendall's W with "
    "correction for ties; Gwet's AC2 (Gwet 2014) and Cohen's weighted kappa over all levels of "
    "the scale; Spearman correlation of each rater with the mean of the others; the SOS "
    "parameter a (Hossfeld et al. 2011), variances with divisor n. A rater's repetitions of a "
    "stimulus do not count as agreement: the first rating does."
)
"""One paragraph on every coefficient."""


def methods_paragraph(method: str, options: Mapping[str, Any]) -> str:
    """Return the method's sentence, its interval and every option that ran.

    >>> methods_paragraph("mean", {"interval": "t"}).startswith("MOS is the mean")
    True
    """
    interval = (
        "Student's t with n - 1 degrees of freedom"
        if options.get("interval") == "t"
        else "the normal quantile 1.96"
    )
    values = ", ".join(f"{name} = {value}" for name, value in options.items())
    return (
        f"{METHOD_TEXT[method]} 95 % intervals use {interval}; standard deviations of opinion "
        f"scores have divisor n - 1 except for p910. Options: {values}."
    )
