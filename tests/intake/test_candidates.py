"""Finding files below what was named."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.candidates import find_candidates


def test_folders_are_walked_sorted_without_hidden_files(tmp_path):
    for name in ("b.png", "a/2.png", "a/10.png", ".hidden.png", ".git/x/y.png", "c.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found, refused, n_ignored = find_candidates([tmp_path / "in"])
    assert [one.relative_path for one in found] == ["a/10.png", "a/2.png", "b.png", "c.txt"]
    assert not any(one.named for one in found)
    assert (refused, n_ignored) == ([], 2)


def test_paths_as_the_user_gave_them(tmp_path, monkeypatch):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.png").touch()
    monkeypatch.chdir(tmp_path)
    (one,), _, _ = find_candidates(["in"])
    assert (one.source_path, one.relative_path) == ("in/sub/a.png", "sub/a.png")
    assert one.path == tmp_path / "in" / "sub" / "a.png"
    (one,), _, _ = find_candidates(["in/sub/a.png"])
    assert (one.source_path, one.relative_path, one.named) == ("in/sub/a.png", "a.png", True)
    (one,), _, _ = find_candidates(["in/"])
    assert one.source_path == "in/sub/a.png"


def test_links(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.png").touch()
    (tmp_path / "elsewhere").mkdir()
    (folder / "real.png").touch()
    (folder / "inside.png").symlink_to("real.png")
    (folder / "outside.png").symlink_to(tmp_path / "secret.png")
    (folder / "up").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(".")
    (folder / "nothing.png").symlink_to("gone")
    found, refused, n_ignored = find_candidates([folder])
    assert [one.relative_path for one in found] == ["inside.png", "real.png"]
    assert [(no.path.rpartition("/")[2], no.reason) for no in refused] == [
        ("nothing.png", "A link to nothing."),
        ("outside.png", "A link to a place outside the imported folder."),
        ("up", "A link to a place outside the imported folder."),
    ]
    assert n_ignored == 1
    assert len(find_candidates([folder / "outside.png"])[0]) == 1


def test_what_does_not_exist_or_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    named = [tmp_path / "gone.png", tmp_path / "pipe", "nul\0byte"]
    found, refused, _ = find_candidates(named)
    assert not found
    assert [no.reason for no in refused][:2] == [
        "There is no such file.",
        "Neither a file nor a folder.",
    ]
    assert len(refused) == 3
    found, refused, n_ignored = find_candidates([tmp_path])
    assert not found
    assert [no.reason for no in refused] == ["Not a regular file."]
    assert n_ignored == 1


def test_names_that_are_not_utf8(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.png", "wb"):
        pass
    found, refused, _ = find_candidates([tmp_path])
    assert not found
    assert refused[0].path == f"{tmp_path}/caf\ufffd.png"
    assert "UTF-8" in refused[0].reason


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.sets(NAMES.filter(lambda name: len(name.encode()) < 200), max_size=5))
def test_any_name_is_found_as_it_is(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("in")
    names = {name for name in names if name not in (".", "..")}
    for name in names:
        (folder / name).touch()
    found, refused, n_ignored = find_candidates([folder])
    shown = sorted(name for name in names if not name.startswith("."))
    assert [one.relative_path for one in found] == shown
    assert (refused, n_ignored) == ([], len(names) - len(shown))


@pytest.mark.parametrize("name", ["a b.png", 'it\'s "so".png', "two\nlines.png", "図 グラフ.png"])
def test_strange_names_come_in(tmp_path, images, gather, encoded, name):
    from PIL import Image

    (tmp_path / name).write_bytes(encoded(Image.new("L", (4, 4))))
    batch = gather([tmp_path / name], images)
    assert batch.new[0].file_name == name
    assert batch.sightings[0].relative_path == name
