"""A package is whole or not there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from exports.package import building, package_faults
from exports.reflink import clone
from schemas.errors import UserError


def fill(out: Path) -> None:
    with building(out) as package:
        package.write_text("a/b.txt", "é\n")
        package.write_json("manifest.json", {"files": package.listing()})


def test_files_are_listed_with_size_and_hash(tmp_path: Path) -> None:
    with building(tmp_path / "out") as package:
        package.write_text("a/b.txt", "é\n")
        listing = package.listing()
    sha256 = hashlib.sha256("é\n".encode()).hexdigest()
    assert listing == {"a/b.txt": {"bytes": 3, "sha256": sha256}}
    assert (tmp_path / "out" / "a" / "b.txt").read_bytes() == "é\n".encode()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_json_array_holds_one_item_a_line(tmp_path: Path) -> None:
    with building(tmp_path / "out") as package:
        assert package.write_json_array("none.json", []) == 0
        assert package.write_json_array("two.json", [{"a": 1}, {"a": "ü"}]) == 2
    assert (tmp_path / "out" / "none.json").read_text() == "[]\n"
    assert (tmp_path / "out" / "two.json").read_text("utf-8") == '[\n{"a": 1},\n{"a": "ü"}\n]\n'


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x"])
def test_paths_stay_inside(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="outside"), building(tmp_path / "out") as package:
        package.write_text(path, "x")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")
    with pytest.raises(UserError, match=r"already exists; choose another") as caught:
        fill(out)
    assert caught.value.code == "out_exists"
    assert str(out) in caught.value.message
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine"]


def test_an_existing_file_or_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(UserError) as caught:
            fill(tmp_path / name)
        assert caught.value.code == "out_exists"


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty")
    fill(tmp_path / "x" / "y" / "z")
    assert package_faults(tmp_path / "empty") == []
    assert package_faults(tmp_path / "x" / "y" / "z") == []


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def stopped() -> None:
        with building(tmp_path / "x" / "out") as package:
            package.write_text("a", "a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from pathlib import Path
from exports.package import building
from schemas.errors import UserError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with building(Path(sys.argv[1])) as package:
        package.write_text("small", "x")
        package.write_text("large", "x" * 100_000)
except UserError as error:
    print(error.code, error.message)
"""


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(out)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("disk_full"), done.stderr
    assert "free some space" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs Linux's /sys")
def test_a_place_that_cannot_be_written_is_said() -> None:
    with pytest.raises(UserError) as caught:
        fill(Path("/sys/siqa-export"))
    assert caught.value.code == "not_writable"


def test_faults_name_what_changed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out)
    (out / "a" / "b.txt").write_text("other")
    (out / "new").write_text("")
    assert package_faults(out) == ["new: not in the manifest", "a/b.txt: changed"]
    (out / "a" / "b.txt").unlink()
    assert "a/b.txt: missing" in package_faults(out)
    (out / "manifest.json").write_text("[1]")
    with pytest.raises(UserError) as caught:
        package_faults(out)
    assert caught.value.code == "not_a_package"


def test_a_clone_is_a_copy_or_says_no(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10_000)
    with (tmp_path / "b").open("xb") as file:
        is_cloned = clone(tmp_path / "a", file.fileno())
    assert (tmp_path / "b").read_bytes() == (b"x" * 10_000 if is_cloned else b"")
    assert (tmp_path / "a").stat().st_nlink == 1
