"""A kept run says which facts its scores are of."""

from contextlib import closing
from pathlib import Path

import pytest

from annotator import runs
from annotator.runs import compute_run, list_runs, save_run
from tests.store.making import copied, imported, opened, person, rated


def test_a_rating_that_comes_in_meanwhile_is_in_neither_scores_nor_record(
    founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(copied(founded, tmp_path / "study"))) as store:
        image = imported(1)[0]
        store.append([image, person("ann"), person("bob")])
        store.append([rated("one", "ann", image.stimulus, 2)])
        seq, _ = store.position()
        compute = runs.study_mos

        def interrupted(study, *given):
            result = compute(study, *given)
            if study is store:
                store.append([rated("two", "bob", image.stimulus, 5)])
                result = compute(study, *given)
            return result

        monkeypatch.setattr(runs, "study_mos", interrupted)
        result, counted = compute_run(store)
        assert counted.as_of == seq
        assert set(result.stimuli_table()["mos"].to_pylist()) == {2.0}
        save_run(store, "early", result, counted)
        monkeypatch.undo()
        kept = list_runs(store)[0]
        assert (kept.as_of, kept.is_current) == (seq, False)
        assert kept.result(store).stimuli_table().equals(result.stimuli_table())
        save_run(store, "late", *compute_run(store))
        assert list_runs(store)[1].is_current
