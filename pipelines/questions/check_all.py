"""Checks that compare drafts with each other. Pure; each draft gets one verdict of each."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from schemas.draft import Draft, Verdict

__all__ = ["duplicates", "longest_answers", "topic_key", "topic_shares"]

_ONE_SIDED_5_PERCENT = 1.6448536269514722


def topic_key(draft: Draft) -> str:
    """Return what two drafts share that ask the same, whatever the wording."""
    return f"{draft.language}|{draft.topic}"


def duplicates(
    drafts: Sequence[Draft], copy_of: Mapping[str, str], known: Sequence[Draft] = ()
) -> list[Verdict]:
    """Drop what asks the same of the same image, or of a near copy of it, as one before.

    The same question about different images is legitimate.

    Args:
        drafts: In order; the first of equals stays.
        copy_of: Stimulus -> the stimulus that stands for its near copies.
        known: Drafts kept earlier.
    """
    asked: dict[tuple[str, str], str] = {}

    def holder(draft: Draft) -> str | None:
        key = (copy_of.get(draft.stimulus, draft.stimulus), topic_key(draft))
        before = asked.get(key)
        if before is None:
            asked[key] = draft.stimulus
        return before

    for draft in known:
        holder(draft)
    return [_duplicate(draft, holder(draft)) for draft in drafts]


def _duplicate(draft: Draft, before: str | None) -> Verdict:
    if before is None:
        return Verdict("duplicates", "keep")
    reason = "asked_of_image" if before == draft.stimulus else "asked_of_near_copy"
    return Verdict("duplicates", "drop", reason)


def topic_shares(
    drafts: Sequence[Draft], known: Sequence[Draft] = (), share: float = 0.15, floor: int = 50
) -> list[Verdict]:
    """Drop what asks one thing more often than `share` of all questions, and than `floor`.

    Which of them stay follows their ids, so that no image is preferred by its place.
    """
    limit = max(floor, math.floor(share * (len(drafts) + len(known))))
    counts = Counter(topic_key(draft) for draft in known)
    verdicts: dict[int, Verdict] = {}
    for index in sorted(range(len(drafts)), key=lambda i: drafts[i].draft):
        key = topic_key(drafts[index])
        counts[key] += 1
        is_over = counts[key] > limit
        verdicts[index] = Verdict(
            "topic_shares", "drop" if is_over else "keep", "over_share" if is_over else ""
        )
    return [verdicts[index] for index in range(len(drafts))]


def longest_answers(drafts: Sequence[Draft]) -> list[Verdict]:
    """Drop the longest right answers where they are the longest option more often than chance.

    Within each type and number of options, right answers that are strictly the longest may be
    as many as chance gives (one-sided 5 % limit of the binomial, normal approximation); the
    most conspicuous of the rest are dropped.
    """
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, draft in enumerate(drafts):
        if draft.type != "yes-or-no":
            groups[draft.type, len(draft.options)].append(index)
    dropped: set[int] = set()
    for (_, n_options), members in groups.items():
        longest = [i for i in members if _excess(drafts[i]) > 1]
        n, p = len(members), 1 / n_options
        allowed = math.ceil(n * p + _ONE_SIDED_5_PERCENT * math.sqrt(n * p * (1 - p)))
        longest.sort(key=lambda i: (-_excess(drafts[i]), drafts[i].draft))
        dropped.update(longest[: max(0, len(longest) - allowed)])
    return [
        Verdict("longest_answers", "drop", "longest_too_often")
        if index in dropped
        else Verdict("longest_answers", "keep")
        for index in range(len(drafts))
    ]


def _excess(draft: Draft) -> float:
    return len(draft.answer_text) / max(1, *(len(option) for option in draft.distractors))
