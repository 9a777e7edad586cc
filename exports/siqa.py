"""SIQA: the challenge's scoring (S) and understanding (U) tracks, as its own tools read them.

Split `test` becomes the bench arrays of the toolkit (SIQA-Eval), in the toolkit's spelling and
with image names below `--image_root OUT/images`; `train` and others become JSON lines in the
spelling of the published data set (`perception_raing` and `explantion` are its own), with paths
below `OUT`. Answers and an empty submission follow the leaderboard: ids count from 1 in the
order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from exports.items import read_items
from exports.package import JsonItems, Package
from exports.pictures import Picture
from exports.publish import (
    Contents,
    ExportReport,
    exported_splits,
    name_unscored,
    publish,
    put_images,
)
from exports.questions import Asked, option_string, questions_by_split
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.question import Question

__all__ = ["check_composites", "read_siqa_scores", "siqa_scores", "write_siqa"]

PERCEPTION, KNOWLEDGE = "perception", "knowledge"

_READING = """
import json
from pathlib import Path
items = json.loads(Path("bench_SIQA-S.json").read_text("utf-8"))
for item in items[:3]:
    print("images/" + item["image_path"], item["perception_rating"], item["knowledge_rating"])
"""


def write_siqa(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the study as a SIQA data set.

    Raises:
        UserError: `no_composites` where the study has no perception or knowledge; and those of
            `publish`.
    """
    check_composites(source)
    return publish("siqa", source, out, options, lambda package: _fill(package, source, options))


def check_composites(source: ExportSource) -> None:
    """Raise UserError `no_composites` where the study has no perception or no knowledge."""
    names = {*source.study.dimension_names, *source.study.composite_names}
    missing = [name for name in (PERCEPTION, KNOWLEDGE) if name not in names]
    if missing:
        raise UserError(
            "no_composites",
            f"The study '{source.study.name}' has no {' and no '.join(missing)}, which SIQA-S "
            "scores; add it to [[composites]] in the study file or choose another format.",
        )


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    scores = siqa_scores(source)
    asked = questions_by_split(source, splits, contents)
    name_unscored(source, splits, scores, contents, "no_composite_score")
    stimuli = [
        s for members in splits.values() for s in members if s in scores or s in asked.stimuli
    ]
    pictures = put_images(package, source, options, stimuli, contents)
    contents.files["images/"] = "the pictures as experts judged them, named by stimulus"
    track_s = _Scoring(scores, pictures, {s: n for n, s in enumerate(sorted(stimuli), start=1)})
    for split, members in splits.items():
        track_s.write(package, split, [s for s in members if s in scores], contents)
        _write_understanding(package, split, asked, pictures, contents)
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
    _warn(source, contents)
    return contents


def siqa_scores(source: ExportSource) -> dict[str, tuple[float, float]]:
    """Return stimulus -> (perception, knowledge), where both are defined."""
    perception = source.mos_by_stimulus(PERCEPTION)
    knowledge = source.mos_by_stimulus(KNOWLEDGE)
    return {
        stimulus: (perception[stimulus], knowledge[stimulus])
        for stimulus in perception.keys() & knowledge.keys()
    }


def _warn(source: ExportSource, contents: Contents) -> None:
    scale = source.study.scale
    if (scale.low, scale.high) != (1, 5):
        contents.warnings.append(
            f"The scale is {scale.low} to {scale.high}, not 1 to 5 as in the challenge; scores are "
            "not rescaled, and the toolkit's conversion to words clips them."
        )


class _Scoring(NamedTuple):
    """Track S: what its files are made from."""

    scores: Mapping[str, tuple[float, float]]
    pictures: Mapping[str, Picture]
    pids: Mapping[str, int]

    def write(
        self, package: Package, split: str, members: Sequence[str], contents: Contents
    ) -> None:
        if split == "test":
            package.write_json_array("bench_SIQA-S.json", map(self._bench_item, members))
            contents.files["bench_SIQA-S.json"] = (
                "scores of split `test` for the toolkit: `--data_dir . --image_root images`"
            )
        else:
            path = split_file("S", split)
            package.write_json_lines(path, map(self._train_item, members))
            contents.files[path] = f"scores of split `{split}` in the published data set's keys"
        if split != "train":
            with ExitStack() as files:
                answers = open_answers(package, files, "s", split, contents)
                blanks = open_template(package, files, "s", split, contents)
                for number, stimulus in enumerate(members, start=1):
                    answers.append(self._answer(number, stimulus))
                    blanks.append({"id": number, PERCEPTION: None, KNOWLEDGE: None})

    def _bench_item(self, stimulus: str) -> dict[str, Any]:
        perception, knowledge = self.scores[stimulus]
        return {
            "image_path": self.pictures[stimulus].name,
            "perception_rating": perception,
            "knowledge_rating": knowledge,
        }

    def _train_item(self, stimulus: str) -> dict[str, Any]:
        perception, knowledge = self.scores[stimulus]
        return {
            "pid": self.pids[stimulus],
            "image_path": f"images/{self.pictures[stimulus].name}",
            "perception_raing": perception,
            "knowledge_rating": knowledge,
        }

    def _answer(self, number: int, stimulus: str) -> dict[str, Any]:
        perception, knowledge = self.scores[stimulus]
        return {"id": number, PERCEPTION: perception, KNOWLEDGE: knowledge}


def _write_understanding(
    package: Package,
    split: str,
    asked: Asked,
    pictures: Mapping[str, Picture],
    contents: Contents,
) -> None:
    """Write items, answers and empty submission of a split in one pass over its questions."""
    n_questions = asked.n_by_split[split]
    # The toolkit's converter opens both bench files, the leaderboard both answer files, so those
    # of `test` are there without questions too.
    if not n_questions and split != "test":
        return
    with ExitStack() as files:
        write = _item_writer(package, files, split, pictures, contents)
        answers = blanks = None
        if split != "train":
            answers = open_answers(package, files, "u", split, contents)
        if split != "train" and n_questions:
            blanks = open_template(package, files, "u", split, contents)
        for number, question in enumerate(asked.by_split[split], start=1):
            write(question)
            if answers is not None:
                # Type and letter are checked words: no need to encode a million of them.
                start = f'{{"id": {number}, "type": "{question.type}", "precision": "'
                answers.append_text(f'{start}{question.answer}"}}')
                if blanks is not None:
                    blanks.append_text(f'{start}"}}')


def _item_writer(
    package: Package,
    files: ExitStack,
    split: str,
    pictures: Mapping[str, Picture],
    contents: Contents,
) -> Callable[[Question], None]:
    if split == "test":
        path, keys = "bench_SIQA-U.json", _bench_question
        contents.files[path] = "questions of split `test` for the toolkit"
        items = JsonItems(files.enter_context(package.writing(path)), "[")
    else:
        path, keys = split_file("U", split), _train_question
        contents.files[path] = f"questions of split `{split}` in the published data set's keys"
        items = JsonItems(files.enter_context(package.writing(path)), "", "\n", "\n", "")
    files.enter_context(items)
    return lambda question: items.append(keys(question, pictures))


def _bench_question(question: Question, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    return {
        "image_path": pictures[question.stimulus].name,
        "question": question.question,
        "option": option_string(question.options),
        "answer": question.answer,
        "type": question.type,
    }


def _train_question(question: Question, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    return {
        "image_path": f"images/{pictures[question.stimulus].name}",
        "class": question.discipline,
        "category": question.category,
        "type": question.type,
        "question": question.question,
        "option": option_string(question.options),
        "answer": question.answer,
        "explantion": question.explanation,
        "difficulty": question.difficulty,
        "is_wrong": False,
        "precision": "",
    }


def split_file(track: str, split: str) -> str:
    """Return the published data set's name for a split that is not `test`.

    >>> split_file("S", "train"), split_file("U", "val")
    ('train_SIQA-S.jsonl', 'SIQA-U-valid.jsonl')
    """
    if split == "train":
        return f"train_SIQA-{track}.jsonl"
    return f"SIQA-{track}-{'valid' if split == 'val' else split}.jsonl"


def open_answers(
    package: Package, files: ExitStack, track: str, split: str, contents: Contents
) -> JsonItems:
    """Open the leaderboard's answer file of a split."""
    folder = "answer" if split == "test" else f"answer_{split}"
    path = f"{folder}/answer-{track}.json"
    contents.files[path] = f"the leaderboard's answers of split `{split}`; keep it from competitors"
    return _open_predictions(package, files, path, {})


def open_template(
    package: Package, files: ExitStack, track: str, split: str, contents: Contents
) -> JsonItems:
    """Open an empty submission of a split for competitors to fill in."""
    tail = "" if split == "test" else f"_{split}"
    path = f"submission_template{tail}/TeamName-{track}.json"
    contents.files[path] = f"an empty submission for split `{split}`"
    head = {"team": "TeamName", "method": "ModelName", "track": track.upper()}
    return _open_predictions(package, files, path, head)


def _open_predictions(
    package: Package, files: ExitStack, path: str, head: Mapping[str, Any]
) -> JsonItems:
    """Open `{…head, "predictions": [items]}`, one item a line."""
    start = json.dumps(dict(head), ensure_ascii=False)[:-1] + (", " if head else "")
    file = files.enter_context(package.writing(path))
    opening = f'{start}"predictions": ['
    return files.enter_context(JsonItems(file, opening, tail="\n]}\n", tail_of_none="]}\n"))


def read_siqa_scores(path: Path) -> list[dict[str, Any]]:
    """Read SIQA-S items from a bench array or JSON lines, in either spelling.

    Returns:
        Dicts with image_path, perception, knowledge.

    Raises:
        UserError: `invalid_siqa`, naming the item.
    """
    items = read_items(path)
    for number, item in enumerate(items, start=1):
        item["perception"] = item.get("perception_rating", item.get("perception_raing"))
        item["knowledge"] = item.get("knowledge_rating")
        wrong = [
            key
            for key in ("perception", "knowledge")
            if isinstance(item[key], bool) or not isinstance(item[key], int | float)
        ]
        if wrong or not isinstance(item.get("image_path"), str):
            missing = wrong[0] if wrong else "image_path"
            raise UserError(
                "invalid_siqa", f"Item {number} of {path} has no {missing}; add it, then try again."
            )
    return [{key: item[key] for key in ("image_path", "perception", "knowledge")} for item in items]
