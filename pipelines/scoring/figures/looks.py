"""Looks of the programs and journals that figures come from. Data only; none of it is a flaw."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["LOOKS", "Look"]


class Look(NamedTuple):
    """What one program or journal makes of a figure; what is empty is drawn freely."""

    name: str
    share: float
    """Chance of this look; all sum to 1."""
    papers: tuple[str, ...] = ()
    """Colours around the axes."""
    panel: str = ""
    """Colour behind the data."""
    ink: str = "black"
    fonts: tuple[str, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()
    maps: tuple[str, ...] = ()
    frame: str = ""
    """`box`, `open` (no lines at the top and on the right) or `none`."""
    grid: str = ""
    """`both`, `y` or `none`."""
    rc: dict[str, Any] = {}  # noqa: RUF012 (read only)
    """Settings of matplotlib."""


_SANS = ("Liberation Sans", "Nimbus Sans", "Arial", "Helvetica", "DejaVu Sans")
_SERIF = ("STIXGeneral", "Liberation Serif", "DejaVu Serif", "Noto Serif CJK JP")
_ALL_SIDES = {"xtick.top": True, "ytick.right": True, "xtick.direction": "in",
              "ytick.direction": "in"}  # fmt: skip
_NO_TICKS = {"xtick.major.size": 0, "ytick.major.size": 0}

LOOKS: tuple[Look, ...] = (
    Look("plain", 0.30),
    Look("numeric", 0.08, fonts=_SANS, frame="box",
         cycles=(("#0072bd", "#d95319", "#edb120", "#7e2f8e"),),
         rc=_ALL_SIDES | {"axes.linewidth": 0.6, "axes.titleweight": "bold",
                          "legend.fancybox": False, "legend.edgecolor": "black"}),
    Look("terminal", 0.06, papers=("white",), frame="box",
         cycles=(("#9400d3", "#009e73", "#56b4e9", "#e69f00"), ("#ff0000", "#00a000", "#0000ff",
                 "#a000a0")),
         rc=_ALL_SIDES | {"axes.linewidth": 1.0, "grid.linestyle": ":", "grid.color": "#808080"}),
    Look("spreadsheet", 0.07, papers=("white",), ink="#595959", fonts=_SANS, frame="none",
         grid="y", cycles=(("#4472c4", "#ed7d31", "#a5a5a5", "#ffc000"),
                           ("#4f81bd", "#c0504d", "#9bbb59", "#8064a2")),
         rc=_NO_TICKS | {"grid.color": "#d9d9d9", "grid.linewidth": 0.8}),
    Look("old spreadsheet", 0.04, papers=("white",), panel="#c0c0c0", fonts=_SANS, frame="box",
         grid="y", cycles=(("#000080", "#993366", "#006411", "#ffffcc"),),
         rc={"grid.color": "black", "grid.linewidth": 0.6, "legend.fancybox": False,
             "legend.edgecolor": "black"}),
    Look("grammar", 0.08, papers=("white",), panel="#ebebeb", ink="#333333", fonts=_SANS,
         frame="none", grid="both", cycles=(("#f8766d", "#00ba38", "#619cff", "#c77cff"),),
         rc={"grid.color": "white", "grid.linewidth": 1.1}),
    Look("white grid", 0.06, papers=("white",), ink="#262626", fonts=_SANS, frame="box",
         grid="both", cycles=(("#4c72b0", "#dd8452", "#55a868", "#c44e52"),),
         rc=_NO_TICKS | {"axes.edgecolor": "#cccccc", "grid.color": "#cccccc",
                         "grid.linewidth": 0.9}),
    Look("lilac grid", 0.03, papers=("white",), panel="#eaeaf2", ink="#262626", fonts=_SANS,
         frame="none", grid="both", cycles=(("#4c72b0", "#dd8452", "#55a868", "#c44e52"),),
         rc=_NO_TICKS | {"grid.color": "white", "grid.linewidth": 1.0}),
    Look("old journal", 0.08, papers=("white", "#fbfaf5", "#f6f3ea"), fonts=_SERIF, frame="box",
         grid="none", cycles=(("#000000", "#555555", "#888888", "#aaaaaa"), ("#000000", "#333333",
                              "#777777", "#bbbbbb")), maps=("gray", "Greys", "bone"),
         rc=_ALL_SIDES | {"xtick.minor.visible": True, "ytick.minor.visible": True,
                          "axes.linewidth": 0.8, "mathtext.fontset": "stix"}),
    Look("typeset", 0.07, papers=("white",), fonts=("cmr10", "STIXGeneral"), frame="box",
         cycles=(("#0000ff", "#ff0000", "#996633", "#000000"), ("#1b9e77", "#d95f02", "#7570b3",
                 "#e7298a")),
         rc=_ALL_SIDES | {"axes.linewidth": 0.5, "mathtext.fontset": "cm",
                          "grid.linewidth": 0.4, "legend.fancybox": False,
                          "legend.edgecolor": "black"}),
    Look("statistics", 0.05, papers=("white",), fonts=_SANS, grid="none",
         cycles=(("#000000", "#df536b", "#61d04f", "#2297e6"),),
         rc={"axes.linewidth": 0.7, "xtick.major.size": 5.5, "ytick.major.size": 5.5,
             "axes.titleweight": "bold"}),
    Look("laboratory", 0.05, papers=("white",), fonts=_SANS, frame="box", grid="none",
         cycles=(("#000000", "#ff0000", "#0000ff", "#008080"),),
         rc={"axes.linewidth": 1.6, "axes.labelweight": "bold", "xtick.major.width": 1.5,
             "ytick.major.width": 1.5, "xtick.minor.visible": True, "ytick.minor.visible": True}),
    Look("slide", 0.03, papers=("black", "#10161e", "#1b2a41", "#222222"), panel="dark",
         ink="#ededed", cycles=(("#4fc3f7", "#ffb74d", "#aed581", "#f06292"), ("#8dd3c7", "#feffb3",
                               "#bfbbd9", "#fa8174")), maps=("viridis", "magma", "plasma"),
         rc={"grid.color": "#555555", "grid.linewidth": 0.6}),
)  # fmt: skip
"""Looks and how often each is drawn."""
