"""q-instruct: what raters wrote, the questions, and long conversations, as LLaVA conversations.

Texts become answers to the published pathway prompts, word for word as written. Every
question is there twice: answered in words, and as multiple choice. Conversations of several
turns come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from exports.conversations import (
    LLAVA_IMAGE,
    conversation_item,
    pick,
    read_conversation,
    turns_item,
    without_tokens,
)
from exports.feedback_texts import conversations_of, feedback_texts
from exports.items import read_items
from exports.package import Package
from exports.pictures import Picture
from exports.publish import Contents, ExportReport, exported_splits, publish, put_images
from exports.questions import questions_by_split
from exports.source import ExportOptions, ExportSource
from schemas.question import LETTERS, Conversation, Question

__all__ = ["Instruction", "read_q_instruct", "write_q_instruct"]

_PATHWAY = (
    "Analyze the low-level aspects of the image, and evaluate its quality based on your analysis.",
    "Describe the image's low-level appearances, and conclude with an overall quality evaluation.",
    "Rate the quality of the image. Think step by step.",
)
_READING = """
import json
from itertools import chain
from pathlib import Path
path = sorted(Path(".").glob("cleaned_labels*.json"))[0]
for item in json.loads(path.read_text("utf-8"))[:3]:
    print(item["image"], item["conversations"][1]["value"])
"""


class Instruction(NamedTuple):
    """One conversation of one turn."""

    item_id: str
    image: str
    ask: str
    answer: str


def write_q_instruct(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write texts and questions as conversations.

    Raises:
        UserError: those of `publish`.
    """
    return publish(
        "q-instruct", source, out, options, lambda package: _fill(package, source, options)
    )


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    asked = questions_by_split(source, splits, contents)
    texts = feedback_texts(source, splits, contents)
    talks = conversations_of(source, splits, contents)
    told = texts.keys() | talks.keys()
    used = {s for members in splits.values() for s in members if s in told} | asked.stimuli
    pictures = put_images(package, source, options, used, contents)
    contents.files["images/"] = "the pictures as experts judged them"
    for split, members in splits.items():
        path = "cleaned_labels.json" if split == "train" else f"cleaned_labels_{split}.json"
        items = chain(
            _items(members, texts, asked.by_split[split], pictures),
            _talks(members, talks, pictures),
        )
        contents.counts[f"conversations_{split}"] = package.write_json_array(path, items)
        contents.files[path] = f"conversations of split `{split}`"
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
    return contents


def _items(
    members: Sequence[str],
    texts: Mapping[str, Sequence[str]],
    questions: Iterable[Question],
    pictures: Mapping[str, Picture],
) -> Iterator[dict[str, Any]]:
    for stimulus in members:
        for number, text in enumerate(texts.get(stimulus, ()), start=1):
            prompt = pick(_PATHWAY, stimulus, str(number))
            image = f"images/{pictures[stimulus].name}"
            yield conversation_item(
                f"{stimulus}-{number}", image, f"{prompt}\n{LLAVA_IMAGE}", without_tokens(text)
            )
    for question in questions:
        yield from _both_forms(question, f"images/{pictures[question.stimulus].name}")


def _talks(
    members: Sequence[str],
    talks: Mapping[str, Sequence[Conversation]],
    pictures: Mapping[str, Picture],
) -> Iterator[dict[str, Any]]:
    for stimulus in members:
        for talk in talks.get(stimulus, ()):
            said = [(without_tokens(ask), without_tokens(answer)) for ask, answer in talk.turns]
            first = (f"{LLAVA_IMAGE}\n{said[0][0]}", said[0][1])
            image = f"images/{pictures[stimulus].name}"
            yield turns_item(f"{stimulus}-long-{talk.language}", image, [first, *said[1:]])


def _both_forms(question: Question, image: str) -> Iterator[dict[str, Any]]:
    ask = f"{LLAVA_IMAGE}\n{without_tokens(question.question.strip())}"
    options = [without_tokens(" ".join(option.split())) for option in question.options]
    lettered = [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False)]
    right = LETTERS.index(question.answer)
    between = "\n" if any("," in option for option in options) else ", "
    end = "" if between == "\n" else "."
    yield conversation_item(f"{question.question_id}-open", image, ask, options[right])
    yield conversation_item(
        f"{question.question_id}-choice",
        image,
        f"{ask}\n{between.join(lettered)}{end}",
        lettered[right],
    )


def read_q_instruct(path: Path) -> list[Instruction]:
    """Read the first turn of every conversation of a LLaVA file.

    Raises:
        UserError: `invalid_conversation` naming the item, and those of `read_items`.
    """
    return [
        Instruction(*read_conversation(item, f"Item {number} of {path}"))
        for number, item in enumerate(read_items(path), start=1)
    ]
