"""Random rating tables, small enough to shrink to a readable counterexample."""

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from pipelines.opinion.coding import rating_table


@st.composite
def rating_rows(draw, most_stimuli=8, most_raters=9, fewest=1, levels=(1, 2, 3, 4, 5)):
    """Return (stimulus, rater, score) rows of an incomplete design, no cell twice.

    Half of them are a few cells anyhow, half nearly whole panels whose last rater mostly turns
    the scale round: a law about rules that never act would say nothing.
    """
    size = (most_stimuli, most_raters, fewest, levels)
    return draw(_panel(*size) if draw(st.booleans()) else _scattered(*size))


@st.composite
def _scattered(draw, most_stimuli, most_raters, fewest, levels):
    n_stimuli = draw(st.integers(1, most_stimuli))
    n_raters = draw(st.integers(1, most_raters))
    cells = [(s, r) for s in range(n_stimuli) for r in range(n_raters)]
    chosen = draw(st.lists(st.sampled_from(cells), unique=True, min_size=min(fewest, len(cells))))
    scores = draw(st.lists(st.sampled_from(levels), min_size=len(chosen), max_size=len(chosen)))
    return [(f"s{s}", f"r{r}", x) for (s, r), x in zip(chosen, scores, strict=True)]


@st.composite
def _panel(draw, most_stimuli, most_raters, fewest, levels):
    cells = [(s, r) for s in range(most_stimuli) for r in range(most_raters)]
    steps, top = st.sampled_from((0, 1, -1)), len(levels) - 1
    qualities = draw(_many(st.sampled_from((1, top - 1, 1, top - 1, 0, top)), most_stimuli))
    moved = draw(_many(steps, len(cells)))
    turned = draw(_many(st.sampled_from((True, True, True, False)), most_stimuli))
    missing = draw(st.sets(st.sampled_from(cells), max_size=len(cells) // 8))
    rows = []
    for (s, r), step in zip(cells, moved, strict=True):
        index = qualities[s] + step
        if r == most_raters - 1 and turned[s]:
            index = 0 if 2 * qualities[s] > top else top
        score = levels[max(0, min(index, top))]
        if (s, r) not in missing or len(cells) - len(missing) < fewest:
            rows.append((f"s{s}", f"r{r}", score))
    return rows


def _many(strategy, n):
    return st.lists(strategy, min_size=n, max_size=n)


def arrow(rows):
    stimuli, raters, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "stimulus": pa.array(stimuli, pa.string()),
            "rater": pa.array(raters, pa.string()),
            "score": pa.array(np.asarray(scores, float)),
        }
    )


def table_of(rows, scale=(1, 5)):
    return rating_table(arrow(rows), scale=scale)


def by_stimulus(document, column="mos"):
    return {row["stimulus"]: row[column] for row in document["stimuli"]}


def same(ours, theirs, tolerance=1e-9):
    """Return whether two dictionaries of numbers or None agree."""
    if set(ours) != set(theirs):
        return False
    return all(
        (ours[k] is None) == (theirs[k] is None)
        and (ours[k] is None or abs(ours[k] - theirs[k]) <= tolerance)
        for k in ours
    )
