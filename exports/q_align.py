"""q-align: scores as levels in words, for Q-Align (mPLUG-Owl2) and Q-SiT (LLaVA).

One file for each split and each dimension or composite. The id ends in `->MOS`, which the
evaluators of both read as the truth; test files carry it as the number `gt_score` too. Bins are
five equal parts of the study's scale [m, M], kept in the manifest: labels stay when images come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exports.conversations import LLAVA_IMAGE, MPLUG_IMAGE, conversation_item, pick
from exports.items import read_items
from exports.levels import Q_ALIGN_LEVELS, q_align_level
from exports.package import Package
from exports.pictures import Picture
from exports.publish import (
    Contents,
    ExportReport,
    exported_splits,
    name_unscored,
    publish,
    put_images,
)
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError

__all__ = ["read_q_align", "write_q_align"]

# The nine of Q-Align's training files, with the word for what is rated left open.
_ASKED = (
    "What do you think about the {} of this image?",
    "What is your {} rating for this image?",
    "How would you rate the {} of this image?",
    "Can you rate the {} of this picture?",
    "Rate the {} of this image.",
    "How would you judge the {} of this image?",
    "Could you evaluate the {} of this image?",
    "How do you assess the {} of this image?",
    "What's your opinion on the {} of this picture?",
)
_SIT = "Assume you are an image quality evaluator. How would you rate the {} of this image?"

_READING = """
import json
from pathlib import Path
path = sorted(Path("q_align").glob("*.json"))[0]
for item in json.loads(path.read_text("utf-8"))[:3]:
    print(item["image"], item["id"].split("->")[1], item["conversations"][1]["value"])
"""


def write_q_align(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the scores as conversations for both families.

    Raises:
        UserError: those of `publish`.
    """
    return publish("q-align", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    names = (*source.study.dimension_names, *source.study.composite_names)
    scores = {name: source.mos_by_stimulus(name) for name in names}
    scored = set().union(*scores.values())
    name_unscored(source, splits, scored, contents)
    used = {s for members in splits.values() for s in members if s in scored}
    pictures = put_images(package, source, options, used, contents)
    contents.files["images/"] = "the pictures as experts judged them"
    scale = source.study.scale
    contents.facts["levels"] = {
        "m": scale.low,
        "M": scale.high,
        "words": list(Q_ALIGN_LEVELS),
        "rule": "five equal bins of [m, M], closed on the right",
    }
    for split, members in splits.items():
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
        for name in names:
            have = [stimulus for stimulus in members if stimulus in scores[name]]
            file = f"{split}_{source.study.name}_{name}.json"
            for family in ("q_align", "q_sit"):
                items = _items(family, name, split, source, have, scores[name], pictures)
                package.write_json_array(f"{family}/{file}", items)
                contents.files[f"{family}/{file}"] = f"`{name}` of split `{split}`"
    return contents


def _items(
    family: str,
    name: str,
    split: str,
    source: ExportSource,
    members: list[str],
    scores: Mapping[str, float],
    pictures: Mapping[str, Picture],
) -> Iterator[dict[str, Any]]:
    scale, word = source.study.scale, name.replace("_", " ")
    for stimulus in members:
        picture, mos = pictures[stimulus].name, scores[stimulus]
        if family == "q_align":
            ask = f"{pick(_ASKED, stimulus, name).format(word)}\n{MPLUG_IMAGE}"
        else:
            ask = f"{_SIT.format(word)}\n{LLAVA_IMAGE}"
        level = q_align_level(mos, scale.low, scale.high)
        item = conversation_item(
            f"{picture}->{mos}", f"images/{picture}", ask, f"The {word} of the image is {level}."
        )
        yield item if split == "train" else {**item, "gt_score": mos}


def read_q_align(path: Path) -> list[tuple[str, float]]:
    """Read (image, score) of a Q-Align or Q-SiT file, from `gt_score` or the end of the id.

    Scores written as text, also with blanks around, are accepted.

    Raises:
        UserError: `invalid_conversation` naming the item.
    """
    found = []
    for number, item in enumerate(read_items(path), start=1):
        image = item.get("image") or item.get("img_path")
        text = item.get("gt_score", str(item.get("id", "")).rpartition("->")[2])
        try:
            score = float(text)
        except (TypeError, ValueError):
            score = None
        if not isinstance(image, str) or score is None:
            raise UserError(
                "invalid_conversation",
                f"Item {number} of {path} has no image with a score; add gt_score or ->SCORE at "
                "the end of its id.",
            )
        found.append((image, score))
    return found
