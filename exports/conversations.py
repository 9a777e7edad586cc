"""LLaVA conversations: what Q-Instruct, Q-Align and Q-SiT files share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from schemas.errors import UserError

__all__ = [
    "LLAVA_IMAGE",
    "MPLUG_IMAGE",
    "conversation_item",
    "pick",
    "read_conversation",
    "turns_item",
    "without_tokens",
]

LLAVA_IMAGE = "<image>"
"""Image token of LLaVA and Q-SiT."""
MPLUG_IMAGE = "<|image|>"
"""Image token of mPLUG-Owl2, which Q-Align is made of."""


def conversation_item(item_id: str, image: str, ask: str, answer: str) -> dict[str, Any]:
    """Return an item of one turn."""
    return turns_item(item_id, image, [(ask, answer)])


def turns_item(item_id: str, image: str, said: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return an item of several turns: questions with their answers, in order."""
    turns = [turn for ask, answer in said for turn in (("human", ask), ("gpt", answer))]
    return {
        "id": item_id,
        "image": image,
        "conversations": [{"from": who, "value": value} for who, value in turns],
    }


def pick(choices: Sequence[str], *key: str) -> str:
    """Return one of `choices`, about evenly over keys and the same each time.

    >>> pick(["a", "b"], "s1") == pick(["a", "b"], "s1")
    True
    """
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return choices[int.from_bytes(digest[:8], "big") % len(choices)]


def without_tokens(text: str) -> str:
    """Return text in which no image token stands, which a loader would replace by an image."""
    for token in (MPLUG_IMAGE, LLAVA_IMAGE):
        text = text.replace(token, token.strip("<>"))
    return text


def read_conversation(item: dict[str, Any], place: str) -> tuple[str, str, str, str]:
    """Return (id, image, first question without image token, first answer) of an item.

    Args:
        item: A LLaVA item; `img_path` is accepted for `image`.
        place: What to call it in messages.

    Raises:
        UserError: `invalid_conversation`.
    """
    try:
        turns = item["conversations"]
        ask = next(turn["value"] for turn in turns if turn["from"] == "human")
        answer = next(turn["value"] for turn in turns if turn["from"] == "gpt")
        image = item.get("image") or item["img_path"]
    except (KeyError, TypeError, StopIteration) as error:
        raise UserError(
            "invalid_conversation",
            f"{place} is not a LLaVA conversation about an image ({error}); mend it or leave it "
            "out, then try again.",
        ) from error
    for token in (MPLUG_IMAGE, LLAVA_IMAGE):
        ask = ask.replace(token, "")
    return str(item.get("id", "")), str(image), ask.strip(), str(answer)
