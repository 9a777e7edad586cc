"""What a text must not tell once it leaves a study: who rated, how, and under which file name."""

from __future__ import annotations

import re

from pipelines.questions.evidence import Evidence

__all__ = ["leak_in"]

_SCORE = re.compile(
    r"\b[0-9](?:[.,][0-9]+)?\s*(?:/|out of)\s*(?:5|10|100)\b|\bMOS\b|"
    r"\b(?:score|rating|rated|grade)\w*\s*(?:it|this|is|was|of|at|:|=)*\s*[0-9]|"
    r"[0-9]\s*(?:points?|stars?)\b|[0-9]\s*分(?!子|钟|辨|布|之)|评分|打分",
    re.IGNORECASE,
)
_MAY_SCORE = re.compile(r"[0-9]|mos|评分|打分", re.IGNORECASE)
"""Without one of these there is no score, and a plain search says so much faster."""
_FILE = re.compile(r"[\w-]\.(?:png|jpe?g|tiff?|bmp|gif|webp|svg|pdf|dcm|csv)\b", re.IGNORECASE)


def leak_in(text: str, stimulus: str, evidence: Evidence) -> str:
    """Return what a text about a stimulus gives away, or an empty text.

    The reason is a stable code: `names_rater`, `names_file` or `names_score`.
    """
    if evidence.names_rater(text):
        return "names_rater"
    image = evidence.images.get(stimulus)
    own = [image.file_name, image.file_name.rsplit(".", 1)[0]] if image else []
    if _FILE.search(text) or any(len(part) > 4 and part.lower() in text.lower() for part in own):
        return "names_file"
    return "names_score" if _MAY_SCORE.search(text) and _SCORE.search(text) else ""
