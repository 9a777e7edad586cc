"""Draw one figure with known flaws, and draw which flaws it shall have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.scoring.figures import (
    charts,
    circuits,
    clusters,
    courses,
    crystals,
    decisions,
    diagrams,
    effects,
    fields,
    genomes,
    laws,
    pictures,
    plots,
    satellites,
    scenes,
    schemes,
    sections,
    sets,
    shares,
    spectrograms,
    thermograms,
    timelines,
    tissues,
    triangles,
    ultrasounds,
)  # fmt: skip
from pipelines.scoring.figures.flaws import (
    DIMENSIONS,
    FLAWS,
    KINDS,
    flaws_of_kind,
    quality_of,
    severity_of,
)
from pipelines.scoring.figures.pixels import PIXEL_FLAWS, Spoiler, spoil
from pipelines.scoring.figures.sheet import Sheet
from pipelines.scoring.figures.style import draw_style
from schemas.errors import UserError

__all__ = ["FigureTruth", "draw_flaws", "render"]

_DRAWERS: dict[str, Callable[[Sheet], None]] = {
    "line": plots.line, "scatter": plots.scatter, "bar": plots.bar, "histogram": plots.histogram,
    "box": plots.box, "spectrum": plots.spectrum, "phase": plots.phase, "contour": plots.contour,
    "heatmap": plots.heatmap, "map": plots.geographic, "micrograph": pictures.micrograph,
    "gel": pictures.gel, "radiograph": pictures.radiograph, "flow": diagrams.flow,
    "molecule": diagrams.molecule, "table": diagrams.table,
    "survival": charts.survival, "fluorescence": scenes.fluorescence, "network": schemes.network,
    "panels": charts.panels, "violin": charts.violin, "starfield": scenes.starfield,
    "tree": schemes.tree, "pie": charts.pie, "traces": charts.traces,
    "diffraction": scenes.diffraction, "equation": schemes.equation,
    "photograph": scenes.photograph, "polar": charts.polar, "correlation": fields.correlation,
    "surface": fields.surface, "vectors": fields.vectors,
    "forest": effects.forest, "volcano": effects.volcano, "roc": decisions.roc,
    "manhattan": genomes.manhattan, "areas": shares.areas, "loglog": laws.loglog,
    "paired": courses.paired, "stacked": courses.stacked, "histology": tissues.histology,
    "ultrasound": ultrasounds.ultrasound, "thermogram": thermograms.thermogram,
    "satellite": satellites.satellite, "circuit": circuits.circuit,
    "crystal": crystals.crystal, "venn": sets.venn,
    "timeline": timelines.timeline, "clustermap": clusters.clustermap,
    "ternary": triangles.ternary, "spectrogram": spectrograms.spectrogram,
    "section": sections.section,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FigureTruth:
    """What is known about a rendered figure."""

    kind: str
    """Kind of figure."""
    flaws: tuple[tuple[str, float], ...]
    """Pairs of flaw and severity, 0–1."""
    severity: dict[str, float]
    """Dimension -> how much is wrong, 0–1."""
    quality: dict[str, float]
    """Dimension -> quality, 5 (nothing wrong) to 1."""


def render(
    kind: str,
    seed: int,
    flaws: Sequence[tuple[str, float]] = (),
    ways: Mapping[str, Spoiler] = PIXEL_FLAWS,
) -> tuple[Image.Image, FigureTruth]:
    """Draw a figure; same arguments on the same machine, same pixels.

    Args:
        kind: One of `KINDS`.
        seed: Seeds content and style; the same seed with other flaws keeps style and content
            as far as the flaws allow.
        flaws: Pairs of name and severity 0–1; severity counts as 1 for flaws that are not graded.
        ways: How the flaws of the finished picture are done; `otherwise` has another table.

    Returns:
        The figure as RGB and what is known about it.

    Raises:
        UserError: `unknown_kind`, `unknown_flaw`, or `flaw_not_in_kind`.
        ImportError: when matplotlib is missing (requirements-render.txt).
    """
    from matplotlib import rc_context

    wanted = _checked(kind, flaws)
    style_rng, content_rng, pixel_rng = (np.random.default_rng([seed, i]) for i in range(3))
    sheet = Sheet(draw_style(style_rng), wanted, content_rng)
    with rc_context(sheet.settings):
        _DRAWERS[kind](sheet)
        pixels = sheet.pixels()
    image = spoil(Image.fromarray(pixels), wanted, pixel_rng, ways)
    pairs = tuple(wanted.items())
    return image, FigureTruth(kind, pairs, severity_of(pairs), quality_of(pairs))


def _checked(kind: str, flaws: Iterable[tuple[str, float]]) -> dict[str, float]:
    if kind not in _DRAWERS:
        raise UserError(
            "unknown_kind", f"There is no kind of figure '{kind}'; use {', '.join(KINDS)}."
        )
    wanted = {}
    for name, severity in flaws:
        if name not in FLAWS:
            raise UserError("unknown_flaw", f"There is no flaw '{name}'; see FLAWS.")
        flaw = FLAWS[name]
        if kind not in flaw.kinds:
            raise UserError(
                "flaw_not_in_kind",
                f"'{name}' cannot be drawn into a {kind}; it goes with {', '.join(flaw.kinds)}.",
            )
        wanted[name] = float(severity) if flaw.graded else 1.0
    return wanted


_EXCLUSIVE = (
    {"missing_axes", "missing_x_label", "missing_y_label", "missing_tick_labels", "permuted_ticks",
     "crowded_ticks"},
    {"missing_legend", "legend_mismatch"},
    {"missing_scale_bar", "wrong_scale_bar"},
    {"missing_error_bars", "detached_error_bars"},
    {"missing_unit", "informal_units"},
    {"blur", "motion_blur", "low_resolution"},
    {"crowded_ticks", "truncated_axis"},
)  # fmt: skip
"""Flaws that hide each other or cannot be seen together."""


def draw_flaws(kind: str, seed: int, rate: float = 0.55) -> list[tuple[str, float]]:
    """Draw the flaws of one figure: on each dimension none, one, or now and then two.

    Args:
        kind: Kind of figure.
        seed: Same seed, same flaws.
        rate: Chance that a dimension has a flaw.
    """
    rng = np.random.default_rng([seed, 7])
    chosen: dict[str, float] = {}
    for dimension in rng.permutation(DIMENSIONS):
        owned = [flaw for flaw in flaws_of_kind(kind) if flaw.dimension == dimension]
        n_flaws = int(rng.random() < rate) + int(rng.random() < rate * 0.3)
        for flaw in [owned[i] for i in rng.permutation(len(owned))][:n_flaws]:
            if not any(flaw.name in group and group & set(chosen) for group in _EXCLUSIVE):
                severity = float(rng.uniform(0.15, 1.0)) if flaw.graded else 1.0
                chosen[flaw.name] = round(severity, 2)
    return list(chosen.items())
