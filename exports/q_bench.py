"""q-bench: LLVisionQA items, the right answer among the candidates word for word.

`type` is 0 yes-or-no, 1 what, 2 how; `concern` 0 distortion, 1 other, 2 in-context distortion,
3 in-context other. The numbers' meaning is not published; it is inferred from released items and
stands in the manifest. Unlike the original test file, `correct_ans` is in every file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from exports.items import read_items
from exports.package import Package
from exports.pictures import Picture
from exports.publish import Contents, ExportReport, exported_splits, publish, put_images
from exports.questions import questions_by_split
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.question import LETTERS, QUESTION_TYPES, Question, question_fault

__all__ = ["CONCERNS", "read_q_bench", "write_q_bench"]

CONCERNS = ("distortion", "other", "in-context distortion", "in-context other")
"""Concerns in the order of their numbers."""

_READING = """
import json
from pathlib import Path
path = sorted(Path(".").glob("llvisionqa_*.json"))[0]
for item in json.loads(path.read_text("utf-8"))[:3]:
    print("images/" + item["img_path"], item["question"], item["correct_ans"])
"""


def write_q_bench(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the questions as LLVisionQA files: val is `dev`.

    Raises:
        UserError: those of `publish`.
    """
    return publish("q-bench", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    asked = questions_by_split(source, splits, contents)
    pictures = put_images(package, source, options, asked.stimuli, contents)
    contents.files["images/"] = "the pictures as experts judged them"
    contents.facts["legend"] = {"type": list(QUESTION_TYPES), "concern": list(CONCERNS)}
    for split, members in splits.items():
        path = f"llvisionqa_{'dev' if split == 'val' else split}.json"
        items = _items(asked.by_split[split], pictures)
        contents.counts[f"questions_{split}"] = package.write_json_array(path, items)
        contents.files[path] = f"questions of split `{split}`"
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
    return contents


def _items(
    questions: Iterable[Question], pictures: Mapping[str, Picture]
) -> Iterator[dict[str, Any]]:
    for question in questions:
        concern = question.concern.strip().lower()
        yield {
            "img_path": pictures[question.stimulus].name,
            "question": question.question,
            "candidates": list(question.options),
            "correct_ans": question.answer_text,
            "type": QUESTION_TYPES.index(question.type),
            "concern": CONCERNS.index(concern if concern in CONCERNS else "other"),
        }


def read_q_bench(path: Path) -> list[Question]:
    """Read an LLVisionQA file; `stimulus` is the image's path.

    Raises:
        UserError: `invalid_question` naming the item and what is wrong with it.
    """
    questions = []
    for number, item in enumerate(read_items(path), start=1):
        try:
            candidates = tuple(item["candidates"])
            question = Question(
                question_id=str(number),
                stimulus=item["img_path"],
                type=QUESTION_TYPES[item["type"]],
                question=item["question"],
                options=candidates,
                answer=LETTERS[candidates.index(item["correct_ans"])],
                concern=CONCERNS[item.get("concern", 1)],
            )
            fault = question_fault(question)
        except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            raise UserError(
                "invalid_question",
                f"Item {number} of {path} is not a question with its right answer among the "
                f"candidates ({fault}); mend it or leave it out.",
            )
        questions.append(question)
    return questions
