from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.splits import (
    Link,
    Member,
    find_links,
    frozen_hash,
    gradient_embedding,
    leak_report,
    make_splits,
    similar,
)
from pipelines.splits.near import near_pairs
from schemas.errors import UserError

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


@given(
    st.sets(st.integers(0, 2**14 - 1) | st.integers(0, 2**64 - 1), max_size=40),
    st.integers(0, 12),
)
def test_near_pairs_are_those_of_comparing_all_with_all(values: set[int], radius: int) -> None:
    hashes = sorted(values)
    found = near_pairs(np.array(hashes, np.uint64), radius)
    expected = {
        (i, j): (a ^ b).bit_count()
        for j, b in enumerate(hashes)
        for i, a in enumerate(hashes[:j])
        if (a ^ b).bit_count() <= radius
    }
    sides = (side.tolist() for side in found)
    assert {(i, j): d for i, j, d in zip(*sides, strict=True)} == expected


def members(n: int, seed: int = 0) -> list[Member]:
    rng = random.Random(seed)
    return [
        Member(f"s{at:04}", f"{rng.getrandbits(64):016x}", {"paper": at // 3}, rng.choice("abc"))
        for at in range(n)
    ]


@given(st.integers(60, 300), st.integers(0, 5))
def test_splits_partition_keep_groups_and_do_not_depend_on_order(n: int, seed: int) -> None:
    images = members(n, seed)
    splits = make_splits(images, find_links(images), SHARES, seed)
    assert sorted(s for found in splits.values() for s in found) == [m.stimulus for m in images]
    assert leak_report(images, find_links(images), splits)["n_leaks"] == 0
    shuffled = random.Random(1).sample(images, n)
    again = make_splits(shuffled, find_links(shuffled), SHARES, seed)
    assert frozen_hash(again) == frozen_hash(splits)
    for name, share in SHARES.items():
        # Off by at most a group (3 images) in each stratum (3): groups mix strata.
        assert abs(len(splits[name]) - share * n) <= 9


@given(st.integers(60, 200), st.integers(1, 100))
def test_images_stay_where_they_were(n: int, more: int) -> None:
    before, after = members(n), members(n + more)
    first = make_splits(before, find_links(before), SHARES, 7)
    earlier = {s: name for name, found in first.items() for s in found}
    second = make_splits(after, find_links(after), SHARES, 7, earlier)
    now = {s: name for name, found in second.items() for s in found}
    assert all(now[s] == name for s, name in earlier.items())
    assert leak_report(after, find_links(after), second)["n_leaks"] == 0


def test_every_stratum_has_its_share() -> None:
    images = [Member(f"s{n:04}", None, {}, "rare" if n < 20 else "usual") for n in range(200)]
    splits = make_splits(images, [], SHARES, 1)
    rare = {name: sum(s < "s0020" for s in found) for name, found in splits.items()}
    assert rare == {"train": 16, "val": 2, "test": 2}
    assert {name: len(found) for name, found in splits.items()} == {
        "train": 160, "val": 20, "test": 20
    }  # fmt: skip


def test_another_seed_gives_other_splits() -> None:
    images = members(90)
    one, two = (make_splits(images, find_links(images), SHARES, seed) for seed in (1, 2))
    assert frozen_hash(one) != frozen_hash(two)


def test_links_by_picture_and_by_column_whatever_its_case() -> None:
    images = [
        Member("a", "00000000000000ff", {"Source_Paper": "x"}),
        Member("b", "00000000000000fe", {}),
        Member("c", "ff00ff00ff00ff00", {"Source_Paper": "x"}),
        Member("d", "ff00ff00ff00ff00", {}),
    ]
    assert find_links(images) == [
        Link("a", "c", "Source_Paper", "x"),
        Link("c", "d", "near_duplicate", "0"),
        Link("a", "b", "near_duplicate", "1"),
    ]


def test_a_leak_is_named() -> None:
    images = [Member("a", "00000000000000ff"), Member("b", "00000000000000fe")]
    report = leak_report(images, find_links(images), {"train": ("a",), "test": ("b",)})
    assert report["n_leaks"] == 1
    assert report["pairs"] == [
        {"first": "a", "second": "b", "splits": ["train", "test"], "reason": "near_duplicate",
         "detail": "1"}
    ]  # fmt: skip


def test_one_group_cannot_be_split() -> None:
    images = [Member(name, None, {"paper": "one"}) for name in "abc"]
    with pytest.raises(UserError, match="would stay empty"):
        make_splits(images, find_links(images), SHARES, 0)


@given(st.integers(0, 5), st.sampled_from([0.5, 0.8]))
def test_similar_pairs_of_few_are_those_of_comparing_all_with_all(seed: int, cosine: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-9, 10, (60, 4)).astype(np.int8)
    lengths = np.linalg.norm(vectors.astype(float), axis=1)
    pairs = similar.similar_pairs(vectors, cosine)
    told = dict(zip(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True), pairs.cosine,
                    strict=True))  # fmt: skip
    for j in range(60):
        for i in range(j):
            if lengths[i] and lengths[j]:
                exact = float(vectors[i].astype(int) @ vectors[j] / lengths[i] / lengths[j])
                assert abs(exact - cosine) < 1e-5 or ((i, j) in told) == (exact > cosine)
                assert told.get((i, j), exact) == pytest.approx(exact)


def test_cells_find_nearly_all_similar_pairs(monkeypatch) -> None:
    monkeypatch.setattr(similar, "_SMALL", 100)
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(1500, 32))
    vectors[1::10] = vectors[::10] + rng.normal(size=(150, 32)) * 0.3
    vectors[7] = 0
    pairs = similar.similar_pairs(np.round(vectors * 30).clip(-127, 127).astype(np.int8), 0.85)
    found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert len([at for at in range(0, 1500, 10) if (at, at + 1) in found]) > 140
    assert not any(7 in pair for pair in found)


def test_a_crop_whose_hash_is_far_is_tied_by_its_embedding() -> None:
    noise = np.random.default_rng(4).integers(0, 255, (12, 12), np.uint8)
    whole = Image.fromarray(noise).resize((300, 300), Image.Resampling.BICUBIC)
    crop = whole.crop((8, 8, 292, 292))
    images = [
        Member("a", "0123456789abcdef", embedding=gradient_embedding(whole)),
        Member("b", "0123456789abf210", embedding=gradient_embedding(crop)),
        Member("c", "fedcba9876543210", embedding=gradient_embedding(crop)),
        Member("d", "0123456789abcde0", embedding=gradient_embedding(Image.new("L", (9, 9)))),
    ]
    links = {(x.first, x.second, x.reason, x.detail[:6]) for x in find_links(images)}
    assert links == {("a", "b", "near_duplicate", "cosine"), ("a", "d", "near_duplicate", "4")}
    assert "embeddings" in leak_report(images, [], {"train": ["a"]})["summary"]
