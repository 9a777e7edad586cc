"""A study and a Label Studio project: images there, annotations back."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from annotator.store import Reads
from exports.label_studio import labelling_config
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["Project", "SdkProject", "named_annotators", "push_tasks", "task_data"]

_BATCH = 20
"""Tasks sent in one request: pictures travel inside them."""


class Project(Protocol):
    """What is needed of a Label Studio project."""

    def stimuli(self) -> set[str]:
        """Return the stimuli that have a task."""
        ...

    def add(self, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Add tasks."""
        ...

    def annotated(self) -> list[dict[str, Any]]:
        """Return all tasks with their annotations."""
        ...

    def annotators(self) -> dict[int, str]:
        """Return id -> email of the users."""
        ...


def task_data(study: Reads) -> Iterator[dict[str, Any]]:
    """Yield the data of a task for each image that is not retired, the picture inside.

    No score, prediction or other rating is in it: annotators see what raters see.
    """
    images = study.folder.images
    for row in study.stimuli().to_pylist():
        if row["is_retired"]:
            continue
        has_rendition = row["rendition"] is not None
        path = (
            images.rendition(row["sha256"])
            if has_rendition
            else images.original(row["sha256"], row["suffix"])
        )
        yield {
            "image": _data_url(path),
            "stimulus": row["stimulus"],
            "file_name": row["file_name"],
        }


def _data_url(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def push_tasks(study: Reads, project: Project) -> dict[str, int]:
    """Add a task for every image that the project lacks; return `{"added", "already_there"}`.

    Raises:
        UserError: `invalid_task` where the labelling interface would not show a task; the server
            does not check.
    """
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(labelling_config(study.study))
    there = project.stimuli()
    counts = {"added": 0, "already_there": 0}
    batch: list[dict[str, Any]] = []
    for data in task_data(study):
        if data["stimulus"] in there:
            counts["already_there"] += 1
            continue
        if not interface.validate_task({"data": data}):
            raise UserError(
                "invalid_task",
                f"The task of {data['stimulus']} does not fit the labelling interface; nothing "
                "more was sent. Check the study file.",
            )
        batch.append({"data": data})
        if len(batch) == _BATCH:
            project.add(batch)
            counts["added"] += len(batch)
            batch = []
    if batch:
        project.add(batch)
        counts["added"] += len(batch)
    return counts


def named_annotators(
    tasks: Sequence[Mapping[str, Any]], emails: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return tasks whose annotations name their user by email instead of by number."""
    named = []
    for task in tasks:
        annotations = []
        for annotation in task.get("annotations", ()):
            by = annotation.get("completed_by")
            user = by.get("id") if isinstance(by, Mapping) else by
            known = {"email": emails[user]} if isinstance(user, int) and user in emails else by
            annotations.append({**annotation, "completed_by": known})
        # The picture itself is in the study already.
        data = {**task["data"], "image": task["data"].get("file_name", "")}
        named.append({**task, "data": data, "annotations": annotations})
    return named


class SdkProject:
    """A project on a server, through the official client."""

    def __init__(self, url: str, token: str, title: str, config: str = "") -> None:
        """Find the project of this title, or make it where a labelling configuration is given.

        Raises:
            UserError: `label_studio_unreachable`, `project_not_found`.
        """
        from label_studio_sdk import LabelStudio

        self._client = LabelStudio(base_url=url, api_key=token)
        with _said(url):
            found = [one for one in self._client.projects.list() if one.title == title]
            if not found and not config:
                raise UserError(
                    "project_not_found",
                    f"{url} has no project '{one_line(title, 60)}'; push the study first.",
                    status=404,
                )
            # Predictions are withheld: the project shows none, and none is sent.
            project = (
                found[0]
                if found
                else self._client.projects.create(
                    title=title, label_config=config, show_collab_predictions=False
                )
            )
        self._id = project.id
        self._url = url

    def stimuli(self) -> set[str]:
        """Return the stimuli that have a task."""
        with _said(self._url):
            tasks = self._client.tasks.list(project=self._id, fields="all")
            return {task.data["stimulus"] for task in tasks if "stimulus" in task.data}

    def add(self, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Add tasks."""
        with _said(self._url):
            self._client.projects.import_tasks(id=self._id, request=list(tasks))

    def annotated(self) -> list[dict[str, Any]]:
        """Return all tasks with their annotations."""
        with _said(self._url):
            tasks = self._client.projects.exports.as_json(self._id)
        return json.loads(tasks) if isinstance(tasks, str | bytes) else list(tasks)

    def annotators(self) -> dict[int, str]:
        """Return id -> email of the users."""
        with _said(self._url):
            return {user.id: user.email for user in self._client.users.list()}


class _said:
    """Turn what the client raises into one sentence."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        if isinstance(error, ApiError):
            raise UserError(
                "label_studio_refused",
                f"Label Studio at {self._url} refused ({error.status_code}: "
                f"{one_line(error.body, 120)}); check the token and its rights.",
            ) from error
        if isinstance(error, httpx.HTTPError):
            raise UserError(
                "label_studio_unreachable",
                f"Label Studio at {self._url} does not answer ({one_line(error, 80)}); check the "
                "address and that it runs.",
            ) from error
