"""Random rating tables, small enough to shrink to a readable counterexample."""

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from pipelines.opinion.coding import rating_table


@st.composite
def rating_rows(draw, most_stimuli=8, most_raters=8, fewest=1, levels=(1, 2, 3, 4, 5)):
    """Return (stimulus, rater, score) rows of an incomplete design, no cell twice."""
    n_stimuli = draw(st.integers(1, most_stimuli))
    n_raters = draw(st.integers(1, most_raters))
    cells = [(s, r) for s in range(n_stimuli) for r in range(n_raters)]
    chosen = draw(st.lists(st.sampled_from(cells), unique=True, min_size=min(fewest, len(cells))))
    scores = draw(st.lists(st.sampled_from(levels), min_size=len(chosen), max_size=len(chosen)))
    return [(f"s{s}", f"r{r}", x) for (s, r), x in zip(chosen, scores, strict=True)]


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
