"""Reading a feedback text: only what is said plainly becomes a claim.

A clause counts where a pattern matches all of it; a clause that says more than the patterns
know is left out, since a wrong question costs more than a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from pipelines.questions.chinese import ChineseReader
from pipelines.questions.claims import Claim, Reading
from pipelines.questions.english import EnglishReader
from pipelines.questions.languages import Sentence, language_of, sentences
from pipelines.questions.lexicon import load_lexicon

__all__ = ["Reader"]


class Reader:
    """Reads feedback of one study."""

    def __init__(self, dimensions: Mapping[str, Sequence[str]], chips: Sequence[str] = ()) -> None:
        """Prepare the patterns.

        Args:
            dimensions: Dimension -> every name people may use for it, in any language.
            chips: Attribute words that the study offers to its raters.
        """
        lexicon = load_lexicon(tuple(chips))
        self._readers: dict[str, EnglishReader | ChineseReader] = {
            "en": EnglishReader(lexicon, dimensions),
            "zh": ChineseReader(lexicon, dimensions),
        }
        # Drafting and checks read the same texts one after the other.
        self._read = lru_cache(maxsize=20_000)(self._read_anew)

    def read(self, text: str) -> Reading:
        """Return the claims of a text, each with the place of its sentence."""
        return self._read(text)

    def _read_anew(self, text: str) -> Reading:
        claims: list[Claim] = []
        left_out: list[tuple[str, str]] = []
        for sentence in sentences(text):
            found = self._read_sentence(sentence)
            if isinstance(found, str):
                left_out.append((sentence.text, found))
            else:
                claims += found
        return Reading(tuple(dict.fromkeys(claims)), tuple(left_out))

    def _read_sentence(self, sentence: Sentence) -> list[Claim] | str:
        language = language_of(sentence.text)
        if language == "none":
            return "no_words"
        if language not in self._readers:
            return "language_unsupported"
        found = self._readers[language].read(sentence)
        return found if isinstance(found, str) else (found or "not_understood")
