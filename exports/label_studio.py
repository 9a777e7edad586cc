"""label-studio: tasks with annotations, and the labelling configuration that shows them.

Every dimension is a choice among the named levels of the scale, so that any scale fits; a level
is written `SCORE LABEL`. Label Studio knows its own users only, so the rater stands in the `meta`
of each result and every submission is one annotation with a stable `unique_id`. Model predictions
are never part of it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as xml

from exports.items import read_items
from exports.opinions import shown_raters
from exports.package import Package
from exports.publish import Contents, ExportReport, LeftOut, exported_splits, publish, put_images
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.study import Study

__all__ = ["Annotated", "labelling_config", "read_label_studio", "write_label_studio"]

IMAGE_PREFIX = "/data/local-files/?d=images/"
"""Where Label Studio serves the package's images, with the package as its document root."""

_NAMESPACE = uuid.UUID("4f0c3c0a-3a0e-5b7e-9a53-0d1a52f3b1f0")
_TEXT = "feedback"
_LEADING_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)(?:\s|$)")

_READING = """
import json
from pathlib import Path
tasks = json.loads(Path("tasks_test.json").read_text("utf-8"))
for task in tasks[:3]:
    print(task["data"]["image"], len(task["annotations"]), "annotations")
"""


class Annotated(NamedTuple):
    """What one annotation says about one stimulus."""

    image: str
    """`data.image` of the task."""
    stimulus: str | None
    """`data.stimulus`, where the task has it."""
    rater: str
    """Rater from the result's `meta`, else the user who completed it."""
    at: str | None
    """When it was created."""
    duration_ms: int | None
    """From being shown to submit."""
    scores: dict[str, float]
    """Dimension -> score."""
    texts: list[tuple[str | None, str]]
    """(dimension or None, text)."""


def labelling_config(study: Study, dimensions_with_text: Sequence[str] = ()) -> str:
    """Return Label Studio's XML for the dimensions of a study.

    Args:
        study: The study.
        dimensions_with_text: Dimensions that get a text field of their own.
    """
    view = xml.Element("View")
    xml.SubElement(view, "Image", name="image", value="$image", zoom="true")
    levels = sorted(study.scale.levels, key=lambda level: level.score)
    for dimension in study.dimensions:
        xml.SubElement(view, "Header", value=dimension.label, size="4")
        choices = xml.SubElement(
            view, "Choices", name=dimension.name, toName="image", choice="single-radio",
            showInline="true", required="true",
        )  # fmt: skip
        for level in levels:
            hint = dimension.rubric[str(level.score)]
            xml.SubElement(choices, "Choice", value=f"{level.score} {level.label}", hint=hint)
    for name in (None, *dimensions_with_text):
        xml.SubElement(
            view, "TextArea", name=_text_name(name), toName="image", rows="4", maxSubmissions="1",
            placeholder="What do you see, and what follows?" if name is None else name,
        )  # fmt: skip
    xml.indent(view)
    return xml.tostring(view, encoding="unicode") + "\n"


def _text_name(dimension: str | None) -> str:
    return _TEXT if dimension is None else f"{_TEXT}-{dimension}"


def write_label_studio(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write one task file a split, the configuration and the images.

    Raises:
        UserError: those of `publish`.
    """
    return publish(
        "label-studio", source, out, options, lambda package: _fill(package, source, options)
    )


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    members_of_all = [stimulus for members in splits.values() for stimulus in members]
    pictures = put_images(package, source, options, members_of_all, contents)
    contents.files["images/"] = "the pictures; make this folder the document root of local files"
    named = source.feedback["dimension"].unique().to_pylist()
    with_text = [name for name in source.study.dimension_names if name in named]
    package.write_text("labelling_config.xml", labelling_config(source.study, with_text))
    contents.files["labelling_config.xml"] = "the labelling interface"
    annotations = _annotations(source, options, contents)
    details, names = source.details(), source.file_names()
    for split, members in splits.items():
        tasks = (
            {
                "data": {
                    **{key: value for key, value in details[stimulus].items() if value is not None},
                    "image": IMAGE_PREFIX + pictures[stimulus].name,
                    "stimulus": stimulus,
                    "file_name": names[stimulus],
                },
                "annotations": annotations.get(stimulus, []),
            }
            for stimulus in members
        )
        path = f"tasks_{split}.json"
        package.write_json_array(path, tasks)
        contents.files[path] = f"tasks of split `{split}` with their annotations"
        contents.splits[split] = len(members)
    contents.counts["annotations"] = sum(map(len, annotations.values()))
    return contents


def _annotations(
    source: ExportSource, options: ExportOptions, contents: Contents
) -> dict[str, list[dict[str, Any]]]:
    """Return stimulus -> annotations, one a submission."""
    labels = {float(level.score): level.label for level in source.study.scale.levels}
    shown = shown_raters(source, options)
    results: dict[str, list[dict[str, Any]]] = {}
    heads: dict[str, tuple[str, str | None]] = {}
    order = [("submission", "ascending"), ("dimension", "ascending")]
    for row in source.ratings.sort_by(order).to_pylist():
        if row["score"] not in labels:
            contents.left_out.append(LeftOut(row["submission"], row["stimulus"], "score_off_scale"))
            continue
        value = {"choices": [f"{row['score']:g} {labels[row['score']]}"]}
        result = _result(row["dimension"], "choices", value, shown[row["rater"]])
        results.setdefault(row["submission"], []).append(result)
        heads[row["submission"]] = (row["stimulus"], row["rated_at"])
    for row in source.feedback.sort_by([*order, ("text", "ascending")]).to_pylist():
        if row["submission"] in heads:
            name = _text_name(row["dimension"])
            result = _result(name, "textarea", {"text": [row["text"]]}, shown[row["rater"]])
            results[row["submission"]].append(result)
    annotations: dict[str, list[dict[str, Any]]] = {}
    for submission, (stimulus, at) in heads.items():
        key = f"{source.study_id}/{submission}"
        one = {"unique_id": str(uuid.uuid5(_NAMESPACE, key)), "result": results[submission]}
        annotations.setdefault(stimulus, []).append(one | ({"created_at": at} if at else {}))
    return annotations


def _result(name: str, kind: str, value: dict[str, Any], rater: str) -> dict[str, Any]:
    return {
        "from_name": name,
        "to_name": "image",
        "type": kind,
        "value": value,
        "meta": {"rater": [rater]},
    }


def read_label_studio(path: Path, study: Study) -> list[Annotated]:
    """Read tasks with annotations, as exported here or by Label Studio (JSON).

    Ratings (`rating`) and numbers (`number`) are accepted for choices. Cancelled annotations and
    model predictions are not read.

    Raises:
        UserError: `invalid_label_studio` naming the task, and those of `read_items`.
    """
    found: list[Annotated] = []
    for number, task in enumerate(read_items(path), start=1):
        try:
            found += _task(task, study)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise UserError(
                "invalid_label_studio",
                f"Task {number} of {path} cannot be read ({type(error).__name__}: {error}); "
                "export it from Label Studio as JSON.",
            ) from error
    return found


def _task(task: Mapping[str, Any], study: Study) -> Iterator[Annotated]:
    for annotation in task.get("annotations", ()):
        if annotation.get("was_cancelled"):
            continue
        scores: dict[str, float] = {}
        texts: list[tuple[str | None, str]] = []
        for result in annotation["result"]:
            name = result["from_name"]
            if name in study.dimension_names:
                scores[name] = _score(result["value"], study)
            elif name == _TEXT or name.startswith(f"{_TEXT}-"):
                about = name.removeprefix(_TEXT).removeprefix("-") or None
                texts += [(about, text) for text in _texts(result["value"]["text"])]
        data = task["data"]
        lead = annotation.get("lead_time")
        yield Annotated(
            image=data["image"],
            stimulus=data.get("stimulus"),
            rater=_rater(annotation),
            at=annotation.get("created_at"),
            duration_ms=None if lead is None else round(lead * 1000),
            scores=scores,
            texts=texts,
        )


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _score(value: Mapping[str, Any], study: Study) -> float:
    if "choices" not in value:
        return float(value["rating"] if "rating" in value else value["number"])
    choice = value["choices"][0]
    by_label = {level.label.casefold(): level.score for level in study.scale.levels}
    if choice.casefold() in by_label:
        return float(by_label[choice.casefold()])
    leading = _LEADING_NUMBER.match(choice)
    if leading is None:
        raise ValueError(f"'{choice}' is no level of the scale")
    return float(leading[1])


def _rater(annotation: Mapping[str, Any]) -> str:
    for result in annotation["result"]:
        named = result.get("meta", {}).get("rater")
        if named:
            return str(named[0])
    by = annotation.get("completed_by")
    return str(by.get("email") or by["id"]) if isinstance(by, Mapping) else str(by)
