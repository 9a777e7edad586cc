"""A frozen vision encoder of transformers: pictures in, pooled features out.

Pictures go through the model's own processor (SigLIP 2 NaFlex keeps aspect and resolution), and
what comes out is what the model itself calls pooled: `get_image_features` where it has a text
side, `pooler_output` otherwise, and the mean over patches where it has no pooling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scoring.models.hardware import (
    PIXELS,
    Device,
    Inputs,
    PixelBudget,
    choose_device,
    compiled,
    in_batches,
    prepared,
    threads_here,
)
from pipelines.scoring.models.loading import load_image_processor, load_model, load_tokenizer
from pipelines.scoring.models.model_folder import ModelFolder, refusal
from pipelines.scoring.models.picture import read_picture
from schemas.errors import UserError

__all__ = ["VisionModel"]


class VisionModel:
    """A loaded encoder."""

    def __init__(self, source: ModelFolder, device: Device | None = None) -> None:
        """Load weights and processor.

        Args:
            source: Checked folder. Settings: `max_num_patches` (NaFlex), `compile`.
            device: Default: this process's GPU, or the CPU.

        Raises:
            UserError: `model_invalid`.
        """
        from transformers import AutoModel

        self._n_threads = threads_here(source.n_weights())
        self.source, self.device = source, device or choose_device(self._n_threads)
        self._processor = load_image_processor(source)
        self._model: Any = load_model(AutoModel, source, self.device)
        self._budget = PixelBudget(PIXELS["cuda" if self.device.is_gpu else "cpu"])
        self._width = _hidden_size(self._model)
        self._options: dict[str, Any] = {}
        if "max_num_patches" in source.settings:
            self._options["max_num_patches"] = int(source.settings["max_num_patches"])
        self._pooled: Callable[[Inputs], Any] = self._pool
        if source.settings.get("compile", False):
            self._pooled = compiled(self._pool)

    def embed(self, images: Sequence[Path | None]) -> NDArray[np.float32]:
        """Return pooled features, `[n, d]`; NaN for None and for what cannot be read."""
        sources = list(enumerate(images))
        given = prepared(self._prepare, sources, self._n_threads)
        ready = (one for one in given if one is not None)
        found: dict[int, NDArray[np.float32]] = dict(
            in_batches(ready, self._forward, self.device, self._budget)
        )
        if found:
            self._width = len(next(iter(found.values())))
        rows = np.full((len(sources), self._width), np.nan, np.float32)
        for number, row in found.items():
            rows[number] = row
        return rows

    def level_directions(self, prompts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Return the unit vector of each group of texts, times the model's temperature.

        The product with a unit picture vector is the model's own logit, less its constant.

        Args:
            prompts: Groups of texts that say the same; their vectors are averaged.

        Raises:
            UserError: `model_invalid` for a model without text side or tokenizer.
        """
        import torch

        if not hasattr(self._model, "get_text_features") or not hasattr(self._model, "logit_scale"):
            raise refusal(
                self.source.name, "it has no text side to compare with words",
                "use a CLIP or SigLIP model",
            )  # fmt: skip
        tokenizer = load_tokenizer(self.source)
        length = int(self._model.config.text_config.max_position_embeddings)
        # SigLIP was trained on texts padded to the full length, CLIP was not.
        padding = "max_length" if "siglip" in self.source.model_type else True
        rows = []
        with torch.inference_mode():
            for group in prompts:
                tokens = tokenizer(
                    list(group), padding=padding, truncation=True, max_length=length,
                    return_tensors="pt",
                ).to(self.device.name)  # fmt: skip
                vectors = self._model.get_text_features(**tokens).pooler_output.float()
                unit = torch.nn.functional.normalize(vectors, dim=-1).mean(dim=0)
                rows.append(torch.nn.functional.normalize(unit, dim=-1))
            scale = self._model.logit_scale.float().exp()
            directions: NDArray[np.float32] = (torch.stack(rows) * scale).cpu().numpy()
        return directions

    def _prepare(self, source: tuple[int, Path | None]) -> tuple[int, Inputs] | None:
        number, path = source
        picture = None if path is None else read_picture(path)
        if picture is None:
            return None
        try:
            inputs = self._processor(images=picture, return_tensors="pt", **self._options)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                "model_invalid",
                f"The processor of {self.source.name} does not take an image of "
                f"{picture.width} × {picture.height} px: {error}.",
            ) from error
        return number, dict(inputs)

    def _forward(self, batch: Inputs) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            rows: NDArray[np.float32] = self._pooled(batch).float().cpu().numpy()
        return rows

    def _pool(self, batch: Inputs) -> Any:
        if hasattr(self._model, "get_image_features"):
            return self._model.get_image_features(**batch).pooler_output
        output = self._model(**batch)
        pooled = getattr(output, "pooler_output", None)
        if pooled is not None:
            return pooled.flatten(1)
        return output.last_hidden_state.mean(dim=1)


def _hidden_size(model: Any) -> int:
    """Return the number of features, for when nothing could be read; a result corrects it."""
    config = model.config
    if hasattr(model, "get_image_features") and hasattr(config, "projection_dim"):
        return int(config.projection_dim)
    return int(getattr(config, "vision_config", config).hidden_size)
