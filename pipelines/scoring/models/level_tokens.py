"""Which tokens of a model say which level, and what a row of logits says of the levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.scoring.models.model_folder import refusal
from pipelines.scoring.models.presets import Preset

__all__ = ["LevelTokens", "find_level_tokens"]

_LEAST_LETTERS = 2


@dataclass(frozen=True)
class LevelTokens:
    """Tokens that say a level."""

    ids: tuple[tuple[int, ...], ...]
    """For every level, worst first, the tokens whose largest logit counts."""
    spoken: frozenset[int]
    """Tokens that count as an answer: every spelling of a level, capitals or not."""

    def probabilities(self, logits: Any) -> Any:
        """Return softmax over the levels, `[n, levels]`, float32.

        Args:
            logits: `[n, vocabulary]`.
        """
        import torch

        best = [logits[:, list(ids)].float().amax(dim=1) for ids in self.ids]
        return torch.softmax(torch.stack(best, dim=1), dim=1)

    def is_answer(self, logits: Any) -> Any:
        """Return `[n]` whether the token the model would say next is a level word."""
        import torch

        known = torch.tensor(sorted(self.spoken), device=logits.device)
        return torch.isin(logits.argmax(dim=1), known)


def find_level_tokens(tokenizer: Any, preset: Preset, name: str) -> LevelTokens:
    """Return the tokens of a preset's levels in a model's vocabulary.

    A spelling counts where it is one token. Where a level has none that is, its first token
    stands for it, as long as no other level begins with the same (so the authors of Q-SiT and
    Q-Align read their models). A leading token that the tokenizer adds by itself never counts.

    Args:
        tokenizer: The model's own.
        preset: Levels and spellings.
        name: Of the model, for errors.

    Raises:
        UserError: `model_invalid` where levels cannot be told apart.
    """
    ids = tuple(
        _ids(tokenizer, [form.format(level=level) for form in preset.forms])
        for level in preset.levels
    )
    flat = [one for level in ids for one in level]
    if not all(ids) or len(flat) != len(set(flat)):
        raise refusal(
            name, f"its vocabulary does not tell {', '.join(preset.levels)} apart",
            "use another model or preset",
        )  # fmt: skip
    spellings = [
        lead + case
        for level in preset.levels
        for case in (level.lower(), level.capitalize(), level.upper())
        for lead in ("", " ")
    ]
    spoken = {one for text in spellings for one in _begins(tokenizer, text)}
    return LevelTokens(ids, frozenset(spoken | set(flat)))


def _ids(tokenizer: Any, spellings: Sequence[str]) -> tuple[int, ...]:
    single = [one for text in spellings for one in _single(tokenizer, text)]
    if single:
        return tuple(dict.fromkeys(single))
    first = [_encode(tokenizer, text)[:1] for text in spellings]
    known = [ids[0] for ids in first if ids and ids[0] != tokenizer.unk_token_id]
    return tuple(known[:1])


def _single(tokenizer: Any, text: str) -> list[int]:
    ids = _encode(tokenizer, text)
    return ids if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else []


def _begins(tokenizer: Any, text: str) -> list[int]:
    """Return the first token of a spelling, where it is the whole or at least two letters of it.

    Many vocabularies know " excellent" whole and "excellent" as "ex" + "cellent": a model that
    says so has answered, and its images must not fall out.
    """
    ids = _encode(tokenizer, text)[:1]
    known = [one for one in ids if one != tokenizer.unk_token_id]
    whole = _single(tokenizer, text)
    return whole or [one for one in known if len(tokenizer.decode([one]).strip()) >= _LEAST_LETTERS]


def _encode(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))
