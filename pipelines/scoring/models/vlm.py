"""The backend `vlm`: what a vision language model would answer, as Σ i·p_i over five levels.

One forward pass for each question, nothing is generated: the answer's beginning is put into the
model's mouth, and the logits of the next token are read. Presets say how each published model is
asked (`presets.toml`).
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.backends import Outlook
from pipelines.scoring.head import Head
from pipelines.scoring.models.hardware import (
    PIXELS,
    Device,
    Inputs,
    PixelBudget,
    choose_device,
    compiled,
    in_batches,
    n_processes,
    prepared,
    threads_here,
)
from pipelines.scoring.models.level_tokens import find_level_tokens
from pipelines.scoring.models.loading import load_chat_processor, load_model
from pipelines.scoring.models.model_folder import ModelFolder, open_model
from pipelines.scoring.models.picture import read_picture
from pipelines.scoring.models.presets import Aspect, Preset, preset_for
from pipelines.scoring.models.words import start_head
from pipelines.scoring.targets import Targets
from schemas.errors import UserError

__all__ = ["ChatModel", "VlmScorer"]

Features = NDArray[np.float32]

_SETTINGS = frozenset({"preset", "compile", "srcc"})


class VlmScorer:
    """A row holds, for every question, the probability of each level and whether it answered."""

    name = "vlm"
    batch = 64
    is_scaled = False

    def __init__(self, targets: Targets, model: Path | None = None) -> None:
        """Check the model; weights are loaded where they are first used.

        Args:
            targets: What is predicted.
            model: Folder, `.toml` file or id in the hub cache. Settings in the file: `preset`,
                `compile`.

        Raises:
            UserError: as `open_model`, or `unknown_preset`.
        """
        self._targets = targets
        self._source = open_model(model, self.name, _SETTINGS)
        own = self._source.settings.get("preset")
        self.preset = preset_for(self._source.model_type, None if own is None else str(own))
        self._asked = self.preset.asked(targets.names)
        self._chat: ChatModel | None = None
        self.model = f"{self._source.name}, preset {self.preset.name}"
        seen = f"{self._source.fingerprint()}{self.preset}{list(self._asked)}"
        self.version = hashlib.sha256(seen.encode()).hexdigest()[:12]

    def __getstate__(self) -> dict[str, Any]:
        # Weights are loaded again in the worker.
        return self.__dict__ | {"_chat": None}

    @property
    def n_processes(self) -> int | None:
        """Worker processes that share this machine: one a GPU, or as many as memory holds."""
        return n_processes(self._source.n_weights())

    def features(self, images: Sequence[Path]) -> Features:
        """Return `[n, questions · (levels + 1)]`."""
        if self._chat is None:
            self._chat = ChatModel(self._source, self.preset)
        return np.concatenate([self._chat.ask(images, about) for about in self._asked], axis=1)

    def outlook(self, features: Features) -> Outlook:
        """Return Σ i·p_i over the levels on the study's scale, and their log-probabilities.

        Where the model would have said something else (`answered`), this is what it holds of the
        levels nevertheless.
        """
        shares = self._rows(features)[:, :, :-1]
        said = shares @ np.linspace(self._targets.low, self._targets.high, shares.shape[2])
        quality = np.empty((len(features), len(self._targets.names)))
        for column, places in enumerate(self._asked.values()):
            quality[:, places] = said[:, [column]]
        logs = np.log(np.clip(shares, 1e-6, None))
        return Outlook(quality, (logs - logs.mean(axis=2, keepdims=True)).reshape(len(said), -1))

    def answered(self, features: Features) -> NDArray[np.bool_]:
        """Return `[n, t]`: whether the model said a level at all."""
        found = self._rows(features)[:, :, -1] > 0
        table = np.zeros((len(features), len(self._targets.names)), bool)
        for column, places in enumerate(self._asked.values()):
            table[:, places] = found[:, [column]]
        return table

    def start(self) -> Head:
        """Return the head before any rating."""
        return start_head({**self.preset.srcc, **self._source.srcc()}, self._targets)

    def _rows(self, features: Features) -> NDArray[np.float64]:
        """Return `[n, questions, levels + 1]`."""
        return features.astype(float).reshape(len(features), len(self._asked), -1)


class ChatModel:
    """A loaded vision language model."""

    def __init__(self, source: ModelFolder, preset: Preset, device: Device | None = None) -> None:
        """Load weights, processor and the levels' tokens.

        Args:
            source: Checked folder.
            preset: How it is asked.
            device: Default: this process's GPU, or the CPU.

        Raises:
            UserError: `model_invalid`.
        """
        from transformers import AutoModelForImageTextToText

        self._source, self._preset = source, preset
        self._n_threads = threads_here(source.n_weights())
        self.device = device or choose_device(self._n_threads)
        self._processor = load_chat_processor(source)
        self.tokens = find_level_tokens(self._processor.tokenizer, preset, source.name)
        self._model: Any = load_model(AutoModelForImageTextToText, source, self.device)
        self._budget = PixelBudget(PIXELS["cuda" if self.device.is_gpu else "cpu"])
        accepted = inspect.signature(self._model.forward).parameters
        # Logits of the whole prompt would be a gigabyte a picture.
        self._options = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}
        if source.settings.get("compile", False):
            self._model = compiled(self._model)

    def ask(self, images: Sequence[Path], about: Aspect) -> Features:
        """Return `[n, levels + 1]`; NaN where a picture cannot be read."""
        prepare = partial(self._prepare, prompt=self.prompt(about), prefix=self._prefix(about))
        given = prepared(prepare, list(enumerate(images)), self._n_threads)
        ready = (one for one in given if one is not None)
        rows = np.full((len(images), len(self._preset.levels) + 1), np.nan, np.float32)
        found: dict[int, Features] = dict(
            in_batches(ready, self._forward, self.device, self._budget)
        )
        for number, row in found.items():
            rows[number] = row
        return rows

    def prompt(self, about: Aspect) -> str:
        """Return the conversation up to where the model begins to speak, as text."""
        picture, question = {"type": "image"}, {"type": "text", "text": about.question}
        content = [picture, question] if self._preset.is_image_first else [question, picture]
        said: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if about.system:
            words = [{"type": "text", "text": about.system}]
            said.insert(0, {"role": "system", "content": words})
        template = self._processor.chat_template or self._processor.tokenizer.chat_template
        return str(
            self._processor.apply_chat_template(
                said, chat_template=template, add_generation_prompt=True, tokenize=False
            )
        )

    def _prefix(self, about: Aspect) -> list[int]:
        if not about.prefix:
            return []
        return list(self._processor.tokenizer.encode(about.prefix, add_special_tokens=False))

    def _prepare(
        self, source: tuple[int, Path], prompt: str, prefix: Sequence[int]
    ) -> tuple[int, Inputs] | None:
        number, path = source
        picture = read_picture(path)
        if picture is None:
            return None
        try:
            inputs = dict(self._processor(images=picture, text=prompt, return_tensors="pt"))
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                "model_invalid",
                f"The processor of {self._source.name} does not take an image of "
                f"{picture.width} × {picture.height} px: {error}.",
            ) from error
        return number, _continued(inputs, np.array([prefix]))

    def _forward(self, batch: Inputs) -> Features:
        """Return shares of the levels and whether one was said, for every picture."""
        import torch

        with torch.inference_mode():
            logits = self._next(batch)
            shares, answered = self.tokens.probabilities(logits), self.tokens.is_answer(logits)
            for _ in range(1, self._preset.positions):
                if bool(answered.all()):
                    break
                batch = _continued(batch, logits.argmax(dim=1, keepdim=True).cpu().numpy())
                logits = self._next(batch)
                late = ~answered & self.tokens.is_answer(logits)
                shares[late] = self.tokens.probabilities(logits)[late]
                answered |= late
            rows: Features = torch.cat([shares, answered[:, None].float()], dim=1).cpu().numpy()
        return rows

    def _next(self, batch: Inputs) -> Any:
        return self._model(**batch, **self._options, use_cache=False).logits[:, -1]


def _continued(inputs: Inputs, tokens: NDArray[Any]) -> Inputs:
    """Return inputs with tokens appended to each text, `[n, k]`."""
    import torch

    if not tokens.size:
        return inputs
    ids = inputs["input_ids"]
    added = torch.as_tensor(tokens, dtype=ids.dtype, device=ids.device)
    fills = {"input_ids": added, "attention_mask": torch.ones_like(added)}
    fills |= {"mm_token_type_ids": torch.zeros_like(added)}
    return {
        key: torch.cat([value, fills[key].to(value.dtype)], dim=1) if key in fills else value
        for key, value in inputs.items()
    }
