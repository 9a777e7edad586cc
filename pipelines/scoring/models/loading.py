"""Loading with transformers, offline and without running anything that came with a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.scoring.models.hardware import Device
from pipelines.scoring.models.model_folder import ModelFolder, refusal

__all__ = ["load_chat_processor", "load_image_processor", "load_model", "load_tokenizer"]

_OFFLINE = {"local_files_only": True, "trust_remote_code": False}
_LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError)
"""What transformers raises for files that are absent, damaged or of another kind."""


def load_model(auto: Any, source: ModelFolder, device: Device) -> Any:
    """Load weights in evaluation mode.

    Args:
        auto: One of the library's Auto classes.
        source: Checked folder.
        device: Where it will run.

    Raises:
        UserError: `model_invalid` where weights are missing, of other shapes, or the
            architecture is of another kind.
    """
    import torch

    remedy = "use the folder that save_pretrained wrote for this architecture"
    try:
        with _quiet():
            model, found = auto.from_pretrained(
                source.folder, dtype=getattr(torch, device.dtype), use_safetensors=True,
                output_loading_info=True, **_OFFLINE,
            )  # fmt: skip
    except _LOAD_ERRORS as error:
        raise refusal(source.name, f"its weights cannot be loaded ({_short(error)})", remedy) from (
            error
        )
    for kind in ("missing_keys", "mismatched_keys"):
        if found.get(kind):
            first = sorted(str(key) for key in found[kind])[0]
            number = len(found[kind])
            fault = f"{number} of its weights are missing or of another shape, such as {first}"
            raise refusal(source.name, fault, remedy)
    return model.eval().requires_grad_(False).to(device.name)


def load_image_processor(source: ModelFolder) -> Any:
    """Load the model's own image processor.

    Raises:
        UserError: `model_invalid`.
    """
    from transformers import AutoImageProcessor

    names = ("preprocessor_config.json", "processor_config.json")
    if not any((source.folder / name).exists() for name in names):
        raise refusal(
            source.name, "it has no preprocessor_config.json",
            "copy it from where the model came from",
        )  # fmt: skip
    return _part(AutoImageProcessor, source, "image processor")


def load_tokenizer(source: ModelFolder) -> Any:
    """Load the model's own tokenizer.

    Raises:
        UserError: `model_invalid`.
    """
    from transformers import AutoTokenizer

    return _part(AutoTokenizer, source, "tokenizer")


def load_chat_processor(source: ModelFolder) -> Any:
    """Load the processor of a vision language model: pictures, text and chat template.

    Raises:
        UserError: `model_invalid`.
    """
    from transformers import AutoProcessor

    kind = _without_video(source)
    processor = _part(AutoProcessor if kind is None else kind, source, "processor")
    if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
        raise refusal(source.name, "it does not take pictures with text", "use a model that does")
    if not processor.chat_template and not processor.tokenizer.chat_template:
        raise refusal(
            source.name, "it has no chat template", "copy chat_template.jinja from where it came"
        )
    return processor


def _part(auto: Any, source: ModelFolder, what: str) -> Any:
    try:
        with _quiet():
            return auto.from_pretrained(source.folder, **_OFFLINE)
    except _LOAD_ERRORS as error:
        raise refusal(
            source.name, f"its {what} cannot be loaded ({_short(error)})",
            "copy the missing files from where the model came from",
        ) from error  # fmt: skip


def _without_video(source: ModelFolder) -> Any:
    """Return a loader that leaves the video part out; None where the usual one will do.

    Processors of most vision language models take videos too, for which transformers needs
    torchvision. Nothing here is a video.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES
    from transformers.utils import is_torchvision_available

    name = PROCESSOR_MAPPING_NAMES.get(source.model_type)
    cls: Any = getattr(transformers, str(name), None)
    if cls is None or is_torchvision_available() or "video_processor" not in cls.get_attributes():
        return None

    class Still(cls):  # type: ignore[misc]
        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            """Let the video part be absent."""
            if argument_name == "video_processor":
                return None
            return super().check_argument_for_proper_class(argument_name, argument)

    class Loader:
        @staticmethod
        def from_pretrained(folder: Path, **options: Any) -> Any:
            parts = {
                "image_processor": load_image_processor(source),
                "tokenizer": load_tokenizer(source),
            }
            written, _ = cls.get_processor_dict(folder, **options)
            return Still.from_args_and_dict(
                [parts.get(name) for name in cls.get_attributes()], written
            )

    return Loader


def _short(error: Exception) -> str:
    """Return the first line of a library's error, without paths."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    words = [word for word in line.split() if "/" not in word and "http" not in word]
    return " ".join(words)[:120].rstrip(".:,")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's bars and reports on loading away from people; faults are raised."""
    from transformers.utils import logging as reports

    before, had_bar = reports.get_verbosity(), reports.is_progress_bar_enabled()
    reports.set_verbosity_error()
    reports.disable_progress_bar()
    try:
        yield
    finally:
        reports.set_verbosity(before)
        if had_bar:
            reports.enable_progress_bar()
