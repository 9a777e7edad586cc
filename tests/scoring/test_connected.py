"""Connected marks: the boxes that scipy's labels have, in the same order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import find_objects, label

from pipelines.scoring.connected import boxes_of_marks


def by_labels(mask):
    found = find_objects(label(mask)[0])
    return [(y.start, x.start, y.stop - y.start, x.stop - x.start) for y, x in found]


@settings(deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24)))
def test_boxes_are_those_of_labels(mask):
    assert [tuple(box) for box in boxes_of_marks(mask).tolist()] == by_labels(mask)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.7))
def test_boxes_of_large_tangled_marks_are_those_of_labels(seed, share):
    mask = np.random.default_rng(seed).random((60, 90)) < share
    assert [tuple(box) for box in boxes_of_marks(mask).tolist()] == by_labels(mask)


@pytest.mark.parametrize("value", [False, True])
def test_nothing_and_all(value):
    mask = np.full((5, 7), value)
    assert boxes_of_marks(mask).tolist() == ([[0, 0, 5, 7]] if value else [])


def test_a_ring_holds_the_mark_inside_it():
    mask = np.zeros((7, 7), bool)
    mask[[0, -1]] = mask[:, [0, -1]] = True
    mask[3, 3:5] = True
    assert boxes_of_marks(mask).tolist() == [[0, 0, 7, 7], [3, 3, 1, 2]]
