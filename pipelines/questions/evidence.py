"""What drafting and checks know of a study: feedback, scores, opinion scores, images."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pipelines.questions.copies import near_copies

__all__ = ["Evidence", "Image", "Opinion", "Remark"]


class Remark(NamedTuple):
    """One feedback text."""

    submission: str
    position: int
    """Place in the submission, from 0."""
    stimulus: str
    rater: str
    text: str


class Opinion(NamedTuple):
    """MOS of one stimulus on one dimension; limits are None with fewer than two ratings."""

    mos: float
    ci95_low: float | None
    ci95_high: float | None


class Image(NamedTuple):
    """What is known of a stimulus beside its scores."""

    file_name: str
    phash: str = ""
    """64-bit perceptual hash, 16 hex digits."""
    discipline: str = ""
    category: str = ""
    modality: str = ""


@dataclass(frozen=True)
class Evidence:
    """A study at one moment. Scores are on the scale `low` to `high`."""

    low: float
    high: float
    labels: Mapping[str, str]
    """Dimension or composite -> how people read it."""
    opinions: Mapping[tuple[str, str], Opinion]
    """(stimulus, dimension) -> its opinion score."""
    scores: Mapping[tuple[str, str], Mapping[str, float]]
    """(stimulus, dimension) -> rater -> score, those that count."""
    images: Mapping[str, Image]
    raters: Collection[str] = ()
    """Names that must not appear in a question."""
    chips: Sequence[str] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Dimension -> further names for it in any language."""

    @property
    def middle(self) -> float:
        """Middle of the scale."""
        return (self.low + self.high) / 2

    def names_rater(self, text: str) -> bool:
        """Return whether a text names a rater."""
        lowered = text.lower()
        # Most texts hold no name at all, and a plain search says so much faster.
        if not any(name in lowered for name in self._lowered_names):
            return False
        return self._name_pattern is not None and bool(self._name_pattern.search(text))

    @cached_property
    def _lowered_names(self) -> tuple[str, ...]:
        return tuple(name.lower() for name in self.raters if len(name) > 1)

    @cached_property
    def _name_pattern(self) -> re.Pattern[str] | None:
        """A pattern of all raters' names, or None; scripts without blanks have no word ends."""
        forms = [
            rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
            for name in sorted(self.raters)
            if len(name) > 1
        ]
        return re.compile("|".join(forms), re.IGNORECASE) if forms else None

    @cached_property
    def near_copies(self) -> dict[str, str]:
        """Stimulus -> the stimulus that stands for its near copies."""
        return near_copies({name: image.phash for name, image in self.images.items()})

    def label_in(self, dimension: str, language: str) -> str:
        """Return how people read a dimension in a language, in the study's own where unknown."""
        if language == "en":
            return self.labels[dimension]
        names = self.dimension_names()[dimension]
        return next((name for name in names if not name.isascii()), names[1])

    def dimension_names(self) -> dict[str, tuple[str, ...]]:
        """Return dimension -> every name a text may use for it."""
        return {
            dimension: (
                dimension,
                label,
                *_IN_CHINESE.get(dimension, ()),
                *self.names.get(dimension, ()),
            )
            for dimension, label in self.labels.items()
        }


_IN_CHINESE = {
    "validity": ("科学性", "有效性", "科学有效性", "正确性"),
    "completeness": ("完整性", "完整度"),
    "clarity": ("清晰度", "清晰性"),
    "conformity": ("规范性", "合规性", "符合性"),
}
