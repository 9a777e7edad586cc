"""What can be wrong with a figure, on which dimension, and how much it costs there.

Every flaw belongs to exactly one dimension, so that a rating scale and a scorer can be checked
against known causes. The table is data: the other files of this folder draw them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.errors import UserError

__all__ = [
    "DIMENSIONS",
    "FLAWS",
    "KINDS",
    "Flaw",
    "flaws_of_kind",
    "parse_flaws",
    "quality_of",
    "severity_of",
]

DIMENSIONS = ("validity", "completeness", "clarity", "conformity")
"""The four dimensions that own the flaws."""

PLOTS = ("line", "scatter", "bar", "histogram", "box", "spectrum", "phase", "contour", "heatmap")
"""Kinds on two numeric axes."""
PICTURES = ("micrograph", "gel", "radiograph")
"""Kinds made of grey values, without axes."""
DIAGRAMS = ("flow", "molecule", "table")
"""Kinds made of shapes and text."""
KINDS = (
    *PLOTS, "map", *PICTURES, *DIAGRAMS,
    "survival", "fluorescence", "network", "panels", "violin", "starfield", "tree", "pie",
    "traces", "diffraction", "equation", "photograph", "polar", "correlation", "surface", "vectors",
    "forest", "volcano", "roc", "manhattan", "areas", "loglog", "paired", "stacked", "histology",
    "ultrasound", "thermogram", "satellite", "circuit", "crystal", "venn", "timeline", "clustermap",
    "ternary", "spectrogram", "section",
)  # fmt: skip
"""All kinds of figure. New ones go last: every fourth kind is held out of training together, and
figures of earlier kinds stay as they are (`make_prior`)."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that can be wrong."""

    name: str
    """Stable snake_case name."""
    dimension: str
    """The one dimension it lowers."""
    weight: float
    """Share of the dimension's range that it costs at full severity, 0–1."""
    kinds: tuple[str, ...]
    """Kinds of figure it can be drawn into."""
    sentence: str
    """What an expert would say is seen."""
    graded: bool = False
    """True where severity changes what is drawn, False where it is there or not."""


def _flaws(dimension: str, *rows: tuple[str, float, tuple[str, ...], str, bool]) -> list[Flaw]:
    return [Flaw(name, dimension, w, kinds, text, graded) for name, w, kinds, text, graded in rows]


_ALL = KINDS
_NUMERIC = (*PLOTS, "survival", "violin", "panels", "vectors", "forest", "volcano", "roc",
            "manhattan", "areas", "loglog", "paired", "stacked", "spectrogram",
            "section")  # fmt: skip
_AXED = (*_NUMERIC, "map")
_SERIES = ("line", "scatter", "bar", "survival", "network", "pie", "polar", "volcano", "roc",
           "areas", "loglog", "crystal", "ternary", "section")  # fmt: skip
_IMAGES = (*PICTURES, "fluorescence", "starfield", "diffraction", "photograph", "histology",
           "ultrasound", "thermogram", "satellite")  # fmt: skip
_SCALED = ("micrograph", "map", "radiograph", "fluorescence", "starfield", "diffraction",
           "photograph", "tree", "histology", "ultrasound", "satellite")  # fmt: skip
_SCHEMES = (*DIAGRAMS, "network", "tree", "equation", "circuit", "crystal", "venn", "timeline")
_WRITTEN = (*_AXED, "flow", "table", "network", "tree", "pie", "traces", "polar", "correlation",
            "surface", "equation", "circuit", "crystal", "venn", "timeline", "clustermap",
            "ternary")  # fmt: skip
_TICKED = tuple(kind for kind in _NUMERIC if kind not in ("panels", "stacked"))
_CAPITAL = tuple(kind for kind in _WRITTEN if kind != "equation")
_CROWDED = tuple(kind for kind in _WRITTEN if kind not in ("polar", "pie", "crystal"))
_DRAWN = (*_AXED, *_SCHEMES, "pie", "traces", "polar", "correlation", "surface", "clustermap",
          "ternary")  # fmt: skip

FLAWS: dict[str, Flaw] = {
    flaw.name: flaw
    for flaw in (
        *_flaws(
            "validity",
            ("impossible_value", 0.8,
             ("line", "scatter", "bar", "box", "spectrum", "survival", "violin", "areas", "paired"),
             "The y axis is a fraction in per cent, but values go far beyond 100 %", False),
            ("impossible_statistic", 0.7,
             ("line", "scatter", "bar", "histogram", "box", "survival", "violin", "correlation",
              "forest", "roc", "loglog", "paired", "clustermap"),
             "The statistic written in the plot cannot have this value", False),
            ("permuted_ticks", 0.7, (*_NUMERIC, "traces", "surface", "timeline", "ternary"),
             "The numbers along the axis are not in order", False),
            ("contradicting_fit", 0.75, ("line", "scatter", "spectrum", "loglog"),
             "The fitted curve runs against the data", False),
            ("legend_mismatch", 0.6, _SERIES,
             "The legend names colours and symbols that the plot does not use", False),
            ("wrong_scale_bar", 0.75, _SCALED,
             "The scale bar has a unit that is impossible for this object", False),
            ("wrong_total", 0.75, ("table", "pie", "venn"),
             "The totals are not the sums of their parts", False),
            ("wrong_valence", 0.8, ("molecule",), "Carbon atoms have too many bonds", False),
            ("copied_region", 0.8, _IMAGES, "A region of the picture appears twice", False),
            ("reversed_arrow", 0.65, ("flow",),
             "Arrows of the scheme point back to where they come from", False),
            ("detached_error_bars", 0.55, ("line", "scatter", "bar", "forest"),
             "The error bars do not contain the values they belong to", False),
            ("wrong_formula", 0.7,
             ("line", "scatter", "phase", "flow", "contour", "equation", "vectors", "circuit"),
             "The formula written in the figure is wrong", False),
            ("exchanged_phases", 0.85, ("phase",),
             "The phase regions carry each other's names", False),
            ("impossible_coordinates", 0.75, ("map",),
             "The map shows latitudes beyond 90 degrees", False),
        ),
        *_flaws(
            "completeness",
            ("missing_x_label", 0.5, (*_AXED, "traces", "surface"),
             "The x axis has no label", False),
            ("missing_y_label", 0.5, (*_AXED, "traces", "surface", "polar"),
             "The y axis has no label", False),
            ("missing_unit", 0.4,
             ("line", "scatter", "bar", "histogram", "box", "spectrum", "phase", "contour",
              "table", "survival", "violin", "panels", "traces", "polar", "surface", "vectors",
              "areas", "loglog", "paired", "stacked", "spectrogram", "section", "circuit"),
             "The quantities have no unit", False),
            ("missing_legend", 0.5, (*_SERIES, "traces"),
             "The series are not named in a legend", False),
            ("missing_colorbar", 0.55,
             ("heatmap", "contour", "map", "correlation", "surface", "thermogram", "clustermap",
              "spectrogram"),
             "The colours have no colour bar", False),
            ("missing_scale_bar", 0.55, _SCALED, "There is no scale bar", False),
            ("missing_error_bars", 0.3, ("line", "scatter", "bar", "forest"),
             "The values have no error bars", False),
            ("missing_tick_labels", 0.6,
             (*_AXED, "traces", "polar", "surface", "correlation", "ternary"),
             "The axes carry no numbers", False),
            ("missing_axes", 0.8, _NUMERIC, "The axes are missing altogether", False),
            ("missing_panel", 0.6, ("micrograph", "gel", "fluorescence", "panels", "stacked"),
             "One panel is empty", False),
            ("missing_lane_labels", 0.6, ("gel",), "The lanes are not labelled", False),
            ("missing_header", 0.7, ("table",), "The columns have no headings", False),
            ("missing_node_labels", 0.65,
             ("flow", "molecule", "network", "tree", "pie", "photograph",
              "correlation", "volcano", "circuit", "venn", "timeline", "clustermap", "ternary"),
             "Parts of the scheme have no names", False),
            ("missing_peak_labels", 0.35, ("spectrum",), "The peaks are not assigned", False),
            ("cut_off", 0.65, _ALL, "The figure is cut off at the edge", True),
        ),
        *_flaws(
            "clarity",
            ("blur", 0.9, _ALL, "The image is out of focus", True),
            ("motion_blur", 0.8, _ALL, "The image is smeared in one direction", True),
            ("noise", 0.75, _ALL, "Noise covers the content", True),
            ("compression", 0.8, _ALL, "Compression blocks are visible around edges", True),
            ("low_resolution", 0.9, _ALL, "The resolution is so low that pixels show", True),
            ("low_contrast", 0.75, _ALL, "The contrast is weak", True),
            ("tiny_text", 0.6,
             (*_WRITTEN, "gel", "photograph", "fluorescence", "ultrasound", "thermogram"),
             "The text is too small to read", True),
            ("overlapping_text", 0.6, _CROWDED, "Texts overlap each other", False),
            ("clutter", 0.5, (*_NUMERIC, "traces"), "Grid lines and marks crowd the data", True),
            ("overplotting", 0.55, ("line", "scatter", "volcano"),
             "So many marks overlap that the data cannot be told apart", True),
            ("crowded_ticks", 0.4, _TICKED, "The tick labels run into each other", False),
            ("banding", 0.5, (*_IMAGES, "heatmap", "map", "contour", "spectrogram"),
             "Few grey levels leave visible bands", True),
            ("glare", 0.55, _ALL, "Uneven light washes out a part of the image", True),
            ("ringing", 0.45, _ALL, "Oversharpening leaves bright edges", True),
            ("faint_lines", 0.5,
             ("line", "spectrum", "phase", "flow", "molecule", "survival", "panels", "network",
              "tree", "traces", "roc", "loglog", "stacked", "circuit", "timeline", "ternary"),
             "Lines are so faint that they are easily missed", True),
        ),
        *_flaws(
            "conformity",
            ("rainbow_colour_map", 0.5,
             ("heatmap", "contour", "map", "correlation", "surface", "clustermap", "spectrogram"),
             "A rainbow colour map suggests steps that are not in the data", False),
            ("pseudo_3d", 0.55, ("bar", "histogram", "pie"),
             "The bars have a three-dimensional effect without a third quantity", False),
            ("informal_font", 0.45, (*_DRAWN, "gel", "photograph"),
             "The font is that of a comic or a note", False),
            ("tilt", 0.5, _ALL, "The figure is tilted", True),
            ("garish_background", 0.55, _DRAWN, "The background is in a loud colour", False),
            ("informal_units", 0.4,
             ("line", "scatter", "bar", "histogram", "box", "spectrum", "survival", "violin",
              "panels", "traces", "polar", "surface", "vectors", "areas", "loglog", "paired",
              "stacked", "spectrogram", "section", "circuit"),
             "Units are not written as the SI asks", False),
            ("reversed_axis", 0.5,
             ("line", "scatter", "bar", "contour", "survival", "violin", "paired", "roc"),
             "The axis runs against the usual direction", False),
            ("mirrored", 0.75, _ALL, "The figure is mirrored", False),
            ("stretched", 0.5, _ALL, "The figure is stretched in one direction", True),
            ("watermark", 0.5, _ALL, "A watermark lies over the content", True),
            ("screenshot", 0.5, _ALL, "Parts of a program window were captured too", False),
            ("capitals", 0.3, _CAPITAL, "All texts are in capitals", False),
            ("truncated_axis", 0.5, ("bar",), "The bars do not start at zero", False),
            ("decoration", 0.5, _DRAWN, "Clip art decorates the figure", False),
            ("unusual_style", 0.4, _DRAWN,
             "Thick frames and shadows are unusual in a journal", False),
        ),
    )
}  # fmt: skip
"""Name -> flaw. 59 flaws."""


def flaws_of_kind(kind: str) -> tuple[Flaw, ...]:
    """Return the flaws that can be drawn into a kind of figure, in the order of the table."""
    return tuple(flaw for flaw in FLAWS.values() if kind in flaw.kinds)


def severity_of(flaws: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return how much is wrong on each dimension.

    Flaws add up like independent losses, `1 − Π(1 − weight · severity)`, so that two flaws are
    worse than one and nothing exceeds 1.

    Args:
        flaws: Pairs of name and severity, 0 (none) to 1 (full).

    Returns:
        Dimension -> severity, 0–1.

    >>> severity_of([("missing_x_label", 1.0), ("missing_y_label", 0.5)])["completeness"]
    0.625
    """
    kept = dict.fromkeys(DIMENSIONS, 1.0)
    for name, severity in flaws:
        flaw = FLAWS[name]
        kept[flaw.dimension] *= 1.0 - flaw.weight * severity
    return {dimension: 1.0 - share for dimension, share in kept.items()}


def quality_of(flaws: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the quality on each dimension: 5 without a flaw, down to 1.

    >>> quality_of([("missing_x_label", 1.0)])["completeness"]
    3.0
    """
    return {name: 5.0 - 4.0 * severity for name, severity in severity_of(flaws).items()}


def parse_flaws(text: str) -> list[tuple[str, float]]:
    """Read flaws as tables write them: `name:severity;name:severity`.

    Raises:
        UserError: `unknown_flaw` for a name that is not in the table.

    >>> parse_flaws("blur:0.5;tilt:1")
    [('blur', 0.5), ('tilt', 1.0)]
    """
    pairs = [part.partition(":") for part in text.split(";") if part]
    unknown = [name for name, _, _ in pairs if name not in FLAWS]
    if unknown:
        raise UserError(
            "unknown_flaw", f"There is no flaw '{unknown[0]}'; see pipelines/scoring/figures/flaws."
        )
    return [(name, float(severity)) for name, _, severity in pairs]
