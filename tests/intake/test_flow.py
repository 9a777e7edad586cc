"""The whole of intake, with real processes and a real full disk."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from PIL import Image

from pipelines.engine import InProcess, LocalEngine
from pipelines.intake import facts_of, intake, sync_folder
from pipelines.intake.keep import incoming_folder
from pipelines.intake.phash import perceptual_hash
from schemas.errors import UserError
from schemas.facts import Imported, Sighted, fact_from
from schemas.layout import ImageFolder, stimulus_id


def some(folder, encoded, n, size=40):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(n)
    for number in range(n):
        pixels = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
        (folder / f"{number:03}.png").write_bytes(encoded(pixels))
    return folder


@pytest.mark.parametrize("engine", [InProcess(), LocalEngine(n_workers=2, few=0)])
def test_duplicates_are_told_and_not_decoded(tmp_path, images, gather, encoded, engine):
    folder = some(tmp_path / "in", encoded, 20)
    for number in range(20):
        content = (folder / f"{number:03}.png").read_bytes()
        (folder / f"{number:03}-again.png").write_bytes(content)
    batch = gather([folder], images, engine=engine)
    # "-" sorts before ".", so the copies come first.
    assert [new.file_name for new in batch.new] == [f"{n:03}-again.png" for n in range(20)]
    assert [one.path for one in batch.duplicates] == [f"{folder}/{n:03}.png" for n in range(20)]
    assert len(batch.sightings) == 40
    assert len(list(images.root.rglob("*.png"))) == 20
    assert not list((images.root / "incoming").iterdir())


def test_known_files_are_duplicates(tmp_path, images, gather, encoded):
    folder = some(tmp_path / "in", encoded, 3)
    first = gather([folder], images)
    known = {new.sha256: new.stimulus for new in first.new}
    again = gather([folder], images, known=known)
    assert not again.new
    assert [one.stimulus for one in again.duplicates] == [new.stimulus for new in first.new]
    assert again.sightings == first.sightings


def test_two_images_of_one_name(tmp_path, images, gather, encoded):
    some(tmp_path / "in" / "a", encoded, 1)
    some(tmp_path / "in" / "b", encoded, 1, size=41)
    batch = gather([tmp_path / "in"], images)
    assert [new.file_name for new in batch.new] == ["000.png", "000.png"]
    assert len({new.stimulus for new in batch.new}) == 2


def test_facts_of_a_batch(tmp_path, images, gather, encoded):
    batch = gather([some(tmp_path / "in", encoded, 1)], images)
    at = "2026-01-01T00:00:00.000000Z"
    imported, sighted = facts_of(batch, at)
    assert isinstance(imported, Imported)
    assert isinstance(sighted, Sighted)
    assert imported.at == at
    assert imported.stimulus == stimulus_id(imported.sha256) == sighted.stimulus
    assert [fact_from(fact.as_json()) for fact in (imported, sighted)] == [imported, sighted]


def test_batches_come_in_order_with_progress(tmp_path, images, encoded, monkeypatch):
    monkeypatch.setattr("pipelines.intake.flow.BATCH", 8)
    folder = some(tmp_path / "in", encoded, 20, size=8)
    seen = []
    engine = LocalEngine(n_workers=2, few=0)
    batches = list(intake([folder], None, images, {}, engine, lambda *at: seen.append(at)))
    assert [len(batch.new) for batch in batches] == [8, 8, 4]
    assert [new.file_name for batch in batches for new in batch.new] == sorted(
        path.name for path in folder.iterdir()
    )
    assert seen == [(done, 20) for done in range(1, 21)]
    sync_folder(images.root)


def test_stopping_early_leaves_nothing_half_done(tmp_path, images, gather, encoded, monkeypatch):
    monkeypatch.setattr("pipelines.intake.flow.BATCH", 4)
    folder = some(tmp_path / "in", encoded, 40)
    batches = intake([folder], None, images, {}, LocalEngine(n_workers=2, few=0))
    first = next(batches)
    batches.close()
    assert not list((images.root / "incoming").iterdir())
    known = {new.sha256: new.stimulus for new in first.new}
    rest = gather([folder], images, known=known)
    assert (len(rest.new), len(rest.duplicates)) == (36, 4)


def test_originals_are_copies_and_the_source_stays(tmp_path, images, gather, encoded):
    folder = some(tmp_path / "in", encoded, 1)
    before = (folder / "000.png").stat()
    new = gather([folder], images).new[0]
    kept = images.original(new.sha256, new.suffix)
    assert kept.read_bytes() == (folder / "000.png").read_bytes()
    assert kept.stat().st_nlink == 1
    assert kept.stat().st_ino != before.st_ino


def test_what_a_killed_import_left_is_removed(tmp_path):
    left = tmp_path / "incoming" / "0123"
    left.mkdir(parents=True)
    (left / "lock").touch()
    (left / "x.part").touch()
    with incoming_folder(tmp_path) as mine, incoming_folder(tmp_path) as other:
        assert not left.exists()
        assert mine.exists()
        assert other.exists()


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("engine", [InProcess(), LocalEngine(n_workers=2, few=0)])
def test_full_disk(tmp_path, small_disk, gather, encoded, engine, monkeypatch):
    monkeypatch.setattr("pipelines.intake.flow.BATCH", 4)
    images = ImageFolder(small_disk / "study" / "images")
    folder = some(tmp_path / "in", encoded, 30, size=300)
    known = {}
    with pytest.raises(UserError) as told:
        for batch in intake([folder], None, images, {}, engine):
            known.update({new.sha256: new.stimulus for new in batch.new})
    assert told.value.code == "disk_full"
    assert str(images.root) in told.value.message
    assert len(known) < 30
    sources = {path.read_bytes() for path in folder.iterdir()}
    assert all(path.read_bytes() in sources for path in images.root.rglob("*.png"))
    for path in images.root.rglob("*.jpg"):
        with Image.open(path) as thumbnail:
            thumbnail.load()
    assert not list(images.root.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    rest = gather([folder], images, known=known, engine=engine)
    assert len(rest.new) + len(known) == 30
    assert not rest.refused


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_near_duplicates_share_a_hash():
    rng = np.random.default_rng(3)
    pictures = [
        Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((300, 200))
        for _ in range(8)
    ]
    hashes = [perceptual_hash(picture) for picture in pictures]
    assert all(len(one) == 16 for one in hashes)
    for picture, own in zip(pictures, hashes, strict=True):
        assert distance(own, perceptual_hash(picture.resize((150, 100)))) <= 4
        assert distance(own, perceptual_hash(picture.point(lambda v: v * 0.9))) <= 4
    apart = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > 10


def test_blank_pictures_share_a_hash():
    blank = {perceptual_hash(Image.new("L", (90, 70), level)) for level in (1, 100, 255)}
    assert blank == {"8000000000000000"}
