"""Vision language models of real architectures, against their own logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.scoring.backends import open_scorer
from pipelines.scoring.models.level_tokens import find_level_tokens
from pipelines.scoring.models.presets import preset_for
from pipelines.scoring.models.vlm import ChatModel, VlmScorer
from schemas.errors import UserError
from tests.scoring import tiny_models
from tests.scoring.tiny_models import TARGETS

LEVELS = ("Bad", "Poor", "Fair", "Good", "Excellent")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def images(root):
    return tiny_models.pictures(root / "images")


@pytest.fixture(scope="module")
def internvl(root):
    return tiny_models.internvl(root / "internvl"), root / "internvl"


def tokens_of(tokenizer, forms):
    found = []
    for form in forms:
        ids = tokenizer.encode(form, add_special_tokens=False)
        found += ids if len(ids) == 1 else []
    return found


def by_hand(model, folder, path, text, prefix, forms):
    """Return the probabilities of the levels as the models' authors compute them."""
    from transformers import AutoTokenizer

    chat = ChatModel(VlmScorer(TARGETS, folder)._source, VlmScorer(TARGETS, folder).preset)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    given = chat._processor(images=Image.open(path), text=text, return_tensors="pt")
    added = tokenizer(prefix, add_special_tokens=False, return_tensors="pt")["input_ids"]
    given["input_ids"] = torch.cat([given["input_ids"], added.long()], dim=1)
    given["attention_mask"] = torch.ones_like(given["input_ids"])
    if "mm_token_type_ids" in given:
        zeros = torch.zeros_like(added)
        given["mm_token_type_ids"] = torch.cat([given["mm_token_type_ids"], zeros], dim=1)
    with torch.no_grad():
        logits = model(**given).logits[0, -1]
    best = [
        max(float(logits[i]) for i in tokens_of(tokenizer, [f.format(level) for f in forms]))
        for level in LEVELS
    ]
    return np.exp(best) / np.exp(best).sum()


CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


def test_q_sit_is_read_as_its_authors_do(root, images):
    model = tiny_models.llava_onevision(root / "q-sit")
    scorer = open_scorer("vlm", root / "q-sit", TARGETS)
    rows = scorer.features(images)
    question = (
        "Assume you are an image quality evaluator. \nYour rating should be chosen from the "
        "following five categories: Excellent, Good, Fair, Poor, and Bad (from high to low). \n"
        "How would you rate the quality of this image?<image>"
    )
    expected = [
        by_hand(model, root / "q-sit", path, CHAT.format(question),
                "The quality of this image is ", ["{}"])
        for path in images
    ]  # fmt: skip
    np.testing.assert_allclose(rows[:, :5], expected, atol=1e-5)
    quality = scorer.outlook(rows).quality
    assert quality.shape == (4, 6)
    np.testing.assert_allclose(quality[:, 0], np.array(expected) @ [1, 2, 3, 4, 5], atol=1e-4)
    assert scorer.model == "q-sit, preset q-sit"


@pytest.mark.parametrize(
    ("make", "picture"),
    [("internvl", "<IMG_CONTEXT>"), ("qwen2_5_vl", "<|vision_start|><|image_pad|><|vision_end|>")],
)
def test_siqa_eval_asks_twice_and_reads_each_answer(root, images, make, picture):
    folder = root / f"siqa-{make}"
    model = getattr(tiny_models, make)(folder)
    scorer = VlmScorer(TARGETS, folder)
    rows = scorer.features(images)
    preset = preset_for(make)
    assert preset.name == "siqa-eval"
    aspect = preset.aspects["knowledge"]
    assert aspect.system.endswith("Objective: [Quality Word]\n")
    text = (
        f"<|im_start|>system\n{aspect.system}<|im_end|>\n"
        + CHAT.format("How would you rate the objective quality of this image?" + picture)
    )  # fmt: skip
    expected = [
        by_hand(model, folder, path, text, "Objective:", [" {}", "{}"]) for path in images
    ]  # fmt: skip
    # Validity comes first, so knowledge is asked first.
    np.testing.assert_allclose(rows[:, :5], expected, atol=1e-5)
    quality = scorer.outlook(rows).quality
    names = list(TARGETS.names)
    for name in ("validity", "completeness", "knowledge"):
        np.testing.assert_allclose(
            quality[:, names.index(name)], np.array(expected) @ [1, 2, 3, 4, 5], atol=1e-4
        )
    assert not np.allclose(quality[:, names.index("perception")], quality[:, 0])


def test_no_level_word_is_no_answer(internvl, images):
    _, folder = internvl
    source, preset = VlmScorer(TARGETS, folder)._source, preset_for("internvl")
    chat = ChatModel(source, preset)
    ids = chat._processor.tokenizer.convert_tokens_to_ids
    good, space = chat.tokens.ids[3][0], ids("Ġ")

    class Says:
        """A model that says what is written, token after token."""

        def __init__(self, *said):
            self.said, self.lengths = list(said), []

        def __call__(self, input_ids, **rest):
            self.lengths.append(input_ids.shape[1])
            logits = torch.zeros(len(input_ids), 1, 400)
            logits[:, 0, self.said[len(self.lengths) - 1]] = 9.0
            return type("Output", (), {"logits": logits})()

    about = next(iter(preset.asked(TARGETS.names)))
    for said, answered, share in (
        ([good], 1, 0.9995), ([space, good], 1, 0.9995), ([space, space], 0, 0.2),
    ):  # fmt: skip
        chat._model = Says(*said)
        row = chat.ask(images[:1], about)[0]
        assert row[5] == answered
        assert row[3] == pytest.approx(share, abs=1e-3)
        assert len(chat._model.lengths) == len(said)
        assert np.diff(chat._model.lengths).tolist() == [1] * (len(said) - 1)


def test_answers_are_told_apart_from_the_rest(internvl, images):
    scorer = VlmScorer(TARGETS, internvl[1])
    rows = np.tile(np.float32([0.1, 0.2, 0.4, 0.2, 0.1, 1.0]), (2, 2))
    rows[1, 5] = 0
    assert scorer.answered(rows).tolist() == [
        [True] * 6, [False, False, True, True, True, False],
    ]  # fmt: skip
    assert np.isfinite(scorer.outlook(rows).quality).all()


def test_what_cannot_be_read_is_nan(internvl, images, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    rows = VlmScorer(TARGETS, internvl[1]).features([tmp_path / "no.png", images[0]])
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()


def test_level_tokens_and_their_pitfalls(internvl):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(internvl[1], local_files_only=True)
    found = find_level_tokens(tokenizer, preset_for("internvl"), "m")
    assert [len(ids) for ids in found.ids] == [2, 2, 2, 2, 2] or all(found.ids)
    # Lower case counts as an answer, though the preset reads capitals.
    assert tokenizer.encode(" good")[0] in found.spoken
    plain = preset_for("internvl")
    same = type(plain)(**{**vars_of(plain), "levels": ("Good", "Good", "Bad", "Fair", "Poor")})
    with pytest.raises(UserError, match="does not tell Good, Good, Bad"):
        find_level_tokens(tokenizer, same, "m")


def test_a_word_that_is_two_tokens_is_an_answer_nevertheless():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    # As the vocabularies of Q-SiT's family: "Excellent" is one token, "excellent" is two.
    words = ["Bad", "Poor", "Fair", "Good", "Excellent", "bad", "poor", "fair", "good"]
    vocab, merges = {"<unk>": 0}, []
    for word in [*words, "ex", "cellent"]:
        for letter in word:
            vocab.setdefault(letter, len(vocab))
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                merges.append((word[: end - 1], word[end - 1]))
                vocab[word[:end]] = len(vocab)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocab, merges, unk_token="<unk>")), unk_token="<unk>"
    )
    assert tokenizer.tokenize("excellent") == ["ex", "cellent"]
    found = find_level_tokens(tokenizer, preset_for("llava_onevision"), "m")
    assert found.ids == tuple((vocab[level],) for level in LEVELS)
    assert {vocab["ex"], vocab["good"]} <= found.spoken
    # "EXCELLENT" falls into single letters, which begin anything.
    assert not found.spoken & {vocab["E"], vocab["e"]}


def vars_of(preset):
    from dataclasses import fields

    return {field.name: getattr(preset, field.name) for field in fields(preset)}


def test_presets():
    with pytest.raises(UserError, match="There is no preset 'nobody'"):
        preset_for("llava", "nobody")
    assert [preset_for(kind).name for kind in ("llava", "llava_onevision", "idefics3")] == [
        "q-align", "q-sit", "plain",
    ]  # fmt: skip
    asked = preset_for("idefics3").asked(("clarity", "beauty"))
    assert ["beauty" in about.question for about in asked] == [False, True]
    assert list(asked.values()) == [[0], [1]]
