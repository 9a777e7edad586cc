"""Questions on their way into a file: which can be asked, in which split, options as one text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exports.publish import Contents, LeftOut
from exports.source import ExportSource
from schemas.question import LETTERS, Question, question_fault

__all__ = ["Asked", "SplitQuestions", "option_string", "parse_options", "questions_by_split"]


_LETTERED = re.compile(r"[A-D]\s*[.):]")


@dataclass(frozen=True)
class SplitQuestions:
    """The questions of one split, read anew each time, never held together."""

    source: ExportSource
    """Where they come from."""
    split: str
    """Name of the split."""
    split_of: Mapping[str, str]
    """Stimulus -> split."""

    refused: frozenset[int]
    """Places, in the study's order, of questions that cannot be asked."""

    def __iter__(self) -> Iterator[Question]:
        """Yield the questions that can be asked, in the study's order."""
        split, split_of, refused = self.split, self.split_of, self.refused
        for place, question in enumerate(self.source.questions):
            if split_of.get(question.stimulus) == split and place not in refused:
                yield question


class Asked(NamedTuple):
    """What a study asks in an export."""

    by_split: dict[str, SplitQuestions]
    """Split -> its questions."""
    stimuli: frozenset[str]
    """Stimuli that are asked about."""
    n_by_split: Counter[str]
    """Split -> how many questions."""


def questions_by_split(
    source: ExportSource, splits: Mapping[str, Sequence[str]], contents: Contents
) -> Asked:
    """Read the questions once and return which are asked where.

    What cannot be asked is named in `contents.left_out`.

    Args:
        source: The study.
        splits: Split -> stimuli; a question follows its stimulus.
        contents: Counts and omissions are added here.
    """
    split_of = {stimulus: split for split, members in splits.items() for stimulus in members}
    names = source.file_names()
    asked: set[str] = set()
    refused: list[int] = []
    n_by_split: Counter[str] = Counter()
    for place, question in enumerate(source.questions):
        reason = question_fault(question)
        if reason is None and question.stimulus not in split_of:
            reason = "image_not_exported"
        if reason is None:
            asked.add(question.stimulus)
            n_by_split[split_of[question.stimulus]] += 1
        else:
            refused.append(place)
            file_name = names.get(question.stimulus, "")
            contents.left_out.append(LeftOut(question.question_id, file_name, reason))
    if len(source.questions):
        contents.counts["questions"] = n_by_split.total()
    places = frozenset(refused)
    by_split = {split: SplitQuestions(source, split, split_of, places) for split in splits}
    return Asked(by_split, frozenset(asked), Counter({s: n for s, n in n_by_split.items() if n}))


def option_string(options: Sequence[str]) -> str:
    r"""Return options as one text with letters.

    One line as in the published data; where an option holds what looks like the next letter,
    one option a line, which reads back in any case.

    >>> option_string(["Yes", "No"])
    'A. Yes B. No'
    >>> option_string(["Panel B. left", "Panel A"])
    'A. Panel B. left\nB. Panel A'
    """
    texts = [" ".join(option.split()) for option in options]
    lettered = [f"{letter}. {text}" for letter, text in zip(LETTERS, texts, strict=False)]
    line = " ".join(lettered)
    if not any(map(_LETTERED.search, texts)):
        return line
    return line if list(parse_options(line)) == texts else "\n".join(lettered)


def parse_options(text: str) -> tuple[str, ...]:
    r"""Return the options of a text with letters, in any of the forms in use.

    >>> parse_options("A. Yes  B. No"), parse_options("A.Yes\nB. No")
    (('Yes', 'No'), ('Yes', 'No'))
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if len(lines) > 1 and all(
        re.match(rf"{letter}\s*[.):]", line) for letter, line in zip(LETTERS, lines, strict=False)
    ):
        return tuple(re.sub(r"^[A-D]\s*[.):]\s*", "", line) for line in lines)
    joined = " ".join(lines)
    starts: list[re.Match[str]] = []
    at = 0
    for letter in LETTERS:
        found = re.compile(rf"(?:^|(?<=\s)){letter}\s*[.):]\s*").search(joined, at)
        if found is None:
            break
        starts.append(found)
        at = found.end()
    ends = [match.start() for match in starts[1:]] + [len(joined)]
    return tuple(joined[match.end() : end].strip() for match, end in zip(starts, ends, strict=True))
