"""sft: conversations for supervised fine-tuning with LLaMA-Factory (OpenAI messages).

Prompts, words and order are those of SIQA-Eval's `data/tran_OpenAI.py`; running it on the `siqa`
export of the same study with `--root_path images` gives the same conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from exports.levels import toolkit_level
from exports.package import Package
from exports.pictures import Picture
from exports.publish import Contents, ExportReport, exported_splits, publish, put_images
from exports.questions import option_string, questions_by_split
from exports.siqa import check_composites, siqa_scores
from exports.source import ExportOptions, ExportSource
from schemas.question import Question

__all__ = ["question_conversation", "score_conversations", "write_sft"]

_TERMS = "Bad, Poor, Fair, Good, Excellent"
_QUESTION_SYSTEM = (
    "You are an expert in scientific image analysis. Your task is to answer visual question "
    "answering (VQA) questions based on the given image. Respond with ONLY a single uppercase "
    "letter: A, B, C, or D. Do not include any explanations, punctuation, spaces, or additional "
    "characters."
)
_SUBJECTIVE = (
    "- Consider technical quality (sharpness, lighting, legibility) and aesthetic quality (visual "
    "appeal, layout balance, information density).\n- Ignore scientific correctness."
)
_OBJECTIVE = (
    "- Assess scientific rigor: completeness (e.g., scale bars, axis labels, units), correctness "
    "of data, and avoidance of redundancy.\n- Ignore aesthetics or technical rendering."
)
_COLUMNS = {
    "formatting": "sharegpt",
    "columns": {"messages": "messages", "images": "images"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
}

_READING = """
import json
from pathlib import Path
names = [entry["file_name"] for entry in json.loads(Path("dataset_info.json").read_text()).values()]
items = [item for name in names for item in json.loads(Path(name).read_text("utf-8"))]
print(len(items), items[:1])
"""


def write_sft(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write conversations about scores (track S) and questions (track U).

    Raises:
        UserError: `no_composites`, and those of `publish`.
    """
    check_composites(source)
    return publish("sft", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    scores = siqa_scores(source)
    asked = questions_by_split(source, splits, contents)
    used = {s for members in splits.values() for s in members if s in scores} | asked.stimuli
    pictures = put_images(package, source, options, used, contents)
    contents.files["images/"] = "the pictures as experts judged them"
    info: dict[str, Any] = {}
    for split, members in splits.items():
        scored = [stimulus for stimulus in members if stimulus in scores]
        part = "bench" if split == "test" else split
        items = _scored_items(scored, scores, pictures)
        _write(package, info, contents, f"openai_{part}_SIQA-S", items, split)
        if asked.n_by_split[split]:
            answers = (
                question_conversation(question, _path(pictures, question.stimulus))
                for question in asked.by_split[split]
            )
            _write(package, info, contents, f"openai_{part}_SIQA-U", answers, split)
        contents.splits[split] = sum(stimulus in pictures for stimulus in members)
    package.write_json("dataset_info.json", info)
    contents.files["dataset_info.json"] = "registers the files with LLaMA-Factory"
    _warn_of_edges(scores, contents)
    return contents


def _write(
    package: Package,
    info: dict[str, Any],
    contents: Contents,
    name: str,
    items: Iterator[dict[str, Any]],
    split: str,
) -> None:
    contents.counts[name] = package.write_json_array(f"{name}.json", items)
    contents.files[f"{name}.json"] = f"conversations of split `{split}`"
    info[name] = {"file_name": f"{name}.json", **_COLUMNS}


def _path(pictures: Mapping[str, Picture], stimulus: str) -> str:
    return f"images/{pictures[stimulus].name}"


def _scored_items(
    members: Sequence[str],
    scores: Mapping[str, tuple[float, float]],
    pictures: Mapping[str, Picture],
) -> Iterator[dict[str, Any]]:
    for stimulus in members:
        yield from score_conversations(*scores[stimulus], _path(pictures, stimulus))


def score_conversations(
    perception: float, knowledge: float, image: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two conversations about the scores of an image: subjective, objective."""
    return (
        _rated("Subjective", _SUBJECTIVE, toolkit_level(perception), image),
        _rated("Objective", _OBJECTIVE, toolkit_level(knowledge), image),
    )


def _rated(side: str, rules: str, level: str, image: str) -> dict[str, Any]:
    system = (
        f"You are an expert in scientific image analysis. Evaluate the given image on "
        f"**{side} Quality** only:\n\n{rules}\n\n"
        f"Use exactly one of these five terms: [{_TERMS}]. Respond ONLY as:\n\n"
        f"{side}: [Quality Word]\n"
    )
    ask = f"How would you rate the {side.lower()} quality of this image?\n<image>"
    return _conversation(system, ask, f"{side}: {level}", image)


def question_conversation(question: Question, image: str) -> dict[str, Any]:
    """Return the conversation that asks a question and answers with its letter."""
    ask = (
        f"<image>Answer the following question based on the image.\n"
        f"Question: {question.question.strip()}\n"
        f"Choices: {option_string(question.options)}\n"
        f"Respond with ONLY one uppercase letter: A, B, C, or D."
    )
    return _conversation(_QUESTION_SYSTEM, ask, question.answer, image)


def _conversation(system: str, ask: str, answer: str, image: str) -> dict[str, Any]:
    roles = (("system", system), ("user", ask), ("assistant", answer))
    return {
        "messages": [{"role": role, "content": content} for role, content in roles],
        "images": [image],
    }


def _warn_of_edges(scores: Mapping[str, tuple[float, float]], contents: Contents) -> None:
    on_edge = sum(abs(score - 3.4) < 1e-9 for pair in scores.values() for score in pair)
    if on_edge:
        contents.warnings.append(
            f"{on_edge} scores are exactly 3.4, which the toolkit's floating-point rule calls Fair "
            "although exact arithmetic gives Good; the toolkit's word is written."
        )
