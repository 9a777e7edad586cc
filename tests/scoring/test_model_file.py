"""Models on disk: what was learned comes back; what is no safetensors of ours is refused."""

import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipelines.scoring.backends import open_scorer
from pipelines.scoring.head import Labels, fit_head, prior_head
from pipelines.scoring.model_file import Learned, load_learned, save_learned
from pipelines.scoring.projection import fit_projection
from pipelines.scoring.targets import Targets
from schemas.errors import UserError

TARGETS = Targets(("clarity",), {})


def a_study(n=80, k=6):
    rng = np.random.default_rng(0)
    inputs, prior = rng.normal(size=(n, k)), rng.uniform(1, 5, (n, 1))
    mos = np.clip(prior + 0.4 * inputs[:, :1] + rng.normal(0, 0.3, (n, 1)), 1, 5)
    return prior, inputs, Labels(mos, np.full((n, 1), 5.0), np.full((n, 1), 0.6))


@pytest.fixture
def learned(tmp_path):
    prior, inputs, labels = a_study()
    head = fit_head(prior, inputs, labels, prior_head([0.5], [1.0]))
    made = Learned(head, fit_projection(inputs), ("clarity",), "abc")
    save_learned(made, tmp_path / "m.safetensors")
    return made, tmp_path / "m.safetensors", prior, inputs


def test_a_head_predicts_the_same_after_reading_it_back(learned):
    made, path, prior, inputs = learned
    back = load_learned(path)
    assert back.targets == ("clarity",)
    assert back.scorer == "abc"
    assert back.head.evidence == made.head.evidence
    for a, b in zip(
        back.head.predict(prior, inputs), made.head.predict(prior, inputs), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(back.projection(inputs), made.projection(inputs))


class Malicious:
    def __reduce__(self):
        return (print, ("this must never run",))


@pytest.mark.parametrize("fault", ["pickle", "absent", "keys", "format", "shape", "infinite"])
def test_other_files_are_refused_with_a_sentence(learned, fault, tmp_path, capsys):
    _, path, _, _ = learned
    arrays = load_file(path)
    meta = {
        "format": "siqa-head-1", "targets": '["clarity"]', "scorer": "abc", "scale": "[1, 5]",
        "evidence": json.dumps([learned[0].head.evidence[0]._asdict()]),
    }  # fmt: skip
    if fault == "pickle":
        path.write_bytes(pickle.dumps(Malicious()))
    elif fault == "absent":
        path.unlink()
    elif fault == "keys":
        save_file({k: v for k, v in arrays.items() if k != "covariance_0"}, path, meta)
    elif fault == "format":
        save_file(arrays, path, meta | {"format": "other"})
    elif fault == "shape":
        save_file(arrays | {"weights_0": np.zeros(3)}, path, meta)
    else:
        save_file(arrays | {"weights_0": np.full_like(arrays["weights_0"], np.inf)}, path, meta)
    with pytest.raises(UserError) as caught:
        load_learned(path)
    assert caught.value.code == "model_invalid"
    assert "m.safetensors" in caught.value.message
    assert "never run" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [pickle.dumps(Malicious()), b"", b"PK\x03\x04 torch zip"])
def test_a_prior_that_is_no_safetensors_is_refused(content, tmp_path, capsys):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        open_scorer("embedded", path, TARGETS)
    assert caught.value.code == "prior_invalid"
    assert "never run" not in capsys.readouterr().out


def test_an_unknown_backend_is_named():
    with pytest.raises(UserError, match="no scorer 'magic'"):
        open_scorer("magic", None, TARGETS)
