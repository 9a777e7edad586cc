from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from label_studio_sdk.label_interface import LabelInterface
from PIL import Image

from annotator.commands import main
from annotator.label_studio import named_annotators, push_tasks
from annotator.store import open_study
from exports.label_studio import labelling_config


class InMemory:
    """A project that keeps what it is sent."""

    def __init__(self) -> None:
        self.tasks: list[Mapping[str, Any]] = []

    def stimuli(self) -> set[str]:
        return {task["data"]["stimulus"] for task in self.tasks}

    def add(self, tasks: Sequence[Mapping[str, Any]]) -> None:
        self.tasks += tasks

    def annotated(self) -> list[dict[str, Any]]:
        return [dict(task) for task in self.tasks]

    def annotators(self) -> dict[int, str]:
        return {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = tmp_path / "study"
    assert main(["--data", str(study), "study", "init", "--preset", "siqa"]) == 0
    for number in range(3):
        out = io.BytesIO()
        Image.new("RGB", (8, 6), (number, 9, 9)).save(out, "PNG")
        (tmp_path / f"{number}.png").write_bytes(out.getvalue())
    assert main(["--data", str(study), "import", *map(str, sorted(tmp_path.glob("*.png")))]) == 0
    return study


def test_pushing_twice_adds_nothing_and_shows_no_scores(folder: Path) -> None:
    project = InMemory()
    with open_study(folder) as study:
        assert push_tasks(study, project) == {"added": 3, "already_there": 0}
        assert push_tasks(study, project) == {"added": 0, "already_there": 3}
        interface = LabelInterface(labelling_config(study.study))
    assert len(project.tasks) == 3
    for task in project.tasks:
        assert set(task) == {"data"}
        assert set(task["data"]) == {"image", "stimulus", "file_name"}
        assert interface.validate_task(dict(task))


def test_annotators_are_named_by_email_and_pictures_are_left_out() -> None:
    tasks = [
        {
            "data": {"image": "data:…", "file_name": "a.png", "stimulus": "s1"},
            "annotations": [{"completed_by": 2}, {"completed_by": {"id": 3}}, {"completed_by": 9}],
        }
    ]
    (named,) = named_annotators(tasks, {2: "ann@example.org", 3: "bob@example.org"})
    assert named["data"]["image"] == "a.png"
    assert [one["completed_by"] for one in named["annotations"]] == [
        {"email": "ann@example.org"}, {"email": "bob@example.org"}, 9,
    ]  # fmt: skip


def test_a_server_that_does_not_answer_is_said(folder: Path, capsys) -> None:
    line = ["--data", str(folder), "--json", "label-studio", "pull"]
    capsys.readouterr()
    assert main([*line, "--url", "http://127.0.0.1:9", "--token", "a" * 40]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "label_studio_unreachable"
