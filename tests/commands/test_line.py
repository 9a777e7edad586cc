"""What holds for every command: exit codes, one JSON document, global options anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Command
from tests.conftest import Answered, run_command


def one_document(answered: Answered) -> object:
    """Check that standard output is one JSON document on one line."""
    assert answered.out.endswith("\n")
    assert answered.out.count("\n") == 1, answered.out
    document = json.loads(answered.out)
    assert document
    return document


def failed(answered: Answered, code: str, exit_code: int = 1) -> str:
    """Check an error in its two forms; return the message."""
    assert answered.code == exit_code, answered.err
    document = one_document(answered)
    assert isinstance(document, dict)
    assert document["error"]["code"] == code
    message = str(document["error"]["message"])
    assert "\n" not in message
    assert "Traceback" not in answered.err
    return message


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["mos", "--nope"], ["raters", "nope"], ["export"], ["import"], ["raters", "add"],
     ["serve", "--port", "x"], ["serve", "--port", "70000"], ["mos", "--scale", "a:b", "--ratings",
      "x.csv"], ["--data"], ["ratings", "import"], ["import", "x", "--format", "y"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_two(command: Command, founded: Path, arguments: list[str]) -> None:
    plain = command(*arguments) if arguments == ["--data"] else command(*arguments, data=founded)
    with_json = (
        command("--json", *arguments)
        if arguments == ["--data"]
        else command("--json", *arguments, data=founded)
    )
    if "--scale" in arguments:
        # The file is looked at first or the scale is: both are said in one line.
        assert plain.code in (1, 2)
        assert isinstance(one_document(with_json), dict)
        return
    assert plain.code == 2, plain.err
    assert not plain.out
    assert "--help" in plain.err
    failed(with_json, "usage", 2)


def test_nothing_at_all_shows_help(command: Command) -> None:
    answered = command()
    assert answered.code == 2
    assert "Commands:" in answered.err + answered.out
    failed(command("--json"), "usage", 2)


def test_help_under_json_is_one_document(command: Command) -> None:
    assert one_document(command("mos", "--json", "--help"))["help"].startswith("Usage: app.py mos")
    failed(command("nope", "--json", "--help"), "usage", 2)


@pytest.mark.parametrize("order", ["before", "after", "equals", "apart"])
def test_global_options_stand_anywhere(command: Command, founded: Path, order: str) -> None:
    lines = {
        "before": ["--data", str(founded), "--json", "raters", "list"],
        "after": ["raters", "list", "--data", str(founded), "--json"],
        "equals": ["raters", f"--data={founded}", "list", "--json"],
        "apart": ["--json", "raters", "list", "--data", str(founded)],
    }
    answered = command(*lines[order])
    assert answered.code == 0, answered.err
    assert one_document(answered) == {"raters": []}


def test_the_folder_comes_from_the_environment(founded: Path, tmp_path: Path) -> None:
    shown = run_command("study", "show", "--json", env={"SIQA_DATA": str(founded)}, cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert shown.document["name"] == "siqa"
    named = run_command(
        "study", "show", "--json", data=tmp_path, env={"SIQA_DATA": str(founded)}, cwd=tmp_path
    )
    failed(named, "no_study")
    default = run_command("study", "show", "--json", cwd=tmp_path)
    assert "study" in failed(default, "no_study")


WITHOUT_A_STUDY = [
    ["study", "show"], ["import", "x.png"], ["raters", "list"], ["raters", "add", "A"], ["mos"],
    ["ratings", "import", "x.csv"], ["export", "csv", "--out", "o"], ["verify"],
    ["verify", "--rebuild"], ["serve", "--port", "0"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", WITHOUT_A_STUDY, ids=" ".join)
def test_a_folder_without_a_study(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "x.csv").write_text("stimulus,rater,dimension,score\nx,y,clarity,3\n")
    arguments = [str(tmp_path / a) if a == "x.csv" else a for a in arguments]
    empty, other, missing = tmp_path / "empty", tmp_path / "other", tmp_path / "missing"
    empty.mkdir()
    other.mkdir()
    (other / "package.json").write_text("{}")
    (tmp_path / "file").write_text("")
    assert "study init" in failed(command(*arguments, "--json", data=missing), "no_study")
    assert "study init" in failed(command(*arguments, "--json", data=empty), "no_study")
    assert "other files" in failed(command(*arguments, "--json", data=other), "no_study")
    failed(command(*arguments, "--json", data=tmp_path / "file"), "no_study")
    # Nothing was made in any of them.
    assert not missing.exists()
    assert not list(empty.iterdir())
    assert [p.name for p in other.iterdir()] == ["package.json"]


def test_an_error_is_one_line_for_people(command: Command, tmp_path: Path) -> None:
    answered = command("mos", data=tmp_path)
    assert (answered.code, answered.out) == (1, "")
    assert answered.err.startswith("Error: ")
    assert answered.err.count("\n") == 1


def test_a_study_file_with_a_typo_names_the_key(
    command: Command, founded: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(founded, tmp_path / "study")
    file = tmp_path / "study" / "study.toml"
    good = file.read_text()
    for bad, words in {
        good.replace("lease_minutes", "leese_minutes"): ("queue.leese_minutes", "lease_minutes"),
        good.replace("lease_minutes = 15", "lease_minutes = -1"): ("queue.lease_minutes",),
        good.replace("seed = 20260101", 'seed = "x"'): ("seed",),
        good + "\n[broken": ("TOML",),
        "\x00": ("TOML",),
    }.items():
        file.write_text(bad)
        for arguments in (["study", "show"], ["mos"], ["serve", "--port", "0"]):
            message = failed(
                command(*arguments, "--json", data=tmp_path / "study"), "study_file_invalid"
            )
            assert all(word in message for word in words), message
            assert "study.toml" in message
    file.write_bytes(b"\xff\xfe\x00")
    failed(command("mos", "--json", data=tmp_path / "study"), "study_unreadable")


def test_init_refuses_what_is_there(command: Command, tmp_path: Path) -> None:
    made = command("study", "init", "--preset", "siqa", "--json", data=tmp_path / "new" / "study")
    assert made.code == 0, made.err
    document = one_document(made)
    assert isinstance(document, dict)
    assert document["queue"]["raters_per_stimulus"] == 9
    assert command("study", "show", "--json", data=tmp_path / "new" / "study").document == document
    again = command("study", "init", "--json", data=tmp_path / "new" / "study")
    failed(again, "study_exists")
    failed(command("study", "init", "--json", data=tmp_path / "new"), "folder_not_empty")
    failed(
        command("study", "init", "--preset", "nope", "--json", data=tmp_path / "x"),
        "unknown_preset",
    )
    file = tmp_path / "mine.toml"
    file.write_text((tmp_path / "new" / "study" / "study.toml").read_text().replace("siqa", "ours"))
    ours = command("study", "init", "--preset", file, "--json", data=tmp_path / "ours")
    assert ours.document["name"] == "ours"


def test_help_of_every_command_is_zero(command: Command) -> None:
    from tests.test_docs import commands

    for words, _ in commands():
        answered = command(*words.split(), "--help")
        assert answered.code == 0
        assert "Usage: app.py " + words in answered.out
