"""How each published vision language model is asked for a quality level: `presets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import UserError

__all__ = ["Aspect", "Preset", "preset_for"]

_FILE = Path(__file__).with_name("presets.toml")


@dataclass(frozen=True)
class Aspect:
    """One question about a picture."""

    system: str
    """What stands before the conversation; nothing where empty."""
    question: str
    prefix: str
    """What the model is made to have said already."""


@dataclass(frozen=True)
class Preset:
    """How a model is asked and read."""

    name: str
    levels: tuple[str, ...]
    """Worst first."""
    forms: tuple[str, ...]
    """Spellings of a level, with {level}."""
    positions: int
    """Tokens that may come before "no answer" is said."""
    is_image_first: bool
    """Whether the picture stands before the question."""
    aspects: Mapping[str, Aspect]
    targets: Mapping[str, str]
    """Target -> aspect; "*" stands for all others."""
    srcc: Mapping[str, float]
    """Published rank correlation with MOS by target."""

    def asked(self, names: tuple[str, ...]) -> dict[Aspect, list[int]]:
        """Return the questions about some targets, each with the places of its targets."""
        found: dict[Aspect, list[int]] = {}
        for place, name in enumerate(names):
            aspect = self.aspects[self.targets.get(name, self.targets["*"])]
            about = replace(aspect, question=aspect.question.replace("{dimension}", name))
            found.setdefault(about, []).append(place)
        return found


def preset_for(model_type: str, name: str | None = None) -> Preset:
    """Return the preset of an architecture, or the one named.

    Raises:
        UserError: `unknown_preset`.
    """
    tables = _tables()
    if name is None:
        fitting = [key for key, table in tables.items() if model_type in table["model_types"]]
        name = fitting[0] if fitting else "plain"
    if name not in tables:
        raise UserError(
            "unknown_preset", f"There is no preset '{name}'; use {', '.join(tables)}."
        )  # fmt: skip
    table = tables[name]
    return Preset(
        name=name,
        levels=tuple(table["levels"]),
        forms=tuple(table["forms"]),
        positions=int(table["positions"]),
        is_image_first=bool(table["is_image_first"]),
        aspects={
            key: Aspect(one["system"], one["question"], one["prefix"])
            for key, one in table["aspects"].items()
        },
        targets={t: key for key, one in table["aspects"].items() for t in one["targets"]},
        srcc=dict(table["srcc"]),
    )


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
