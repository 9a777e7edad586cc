"""A model that a user names: found without a network, safe to read, told apart from others.

Only safetensors are read and no code of a model's own is run, so that opening a folder from
anywhere is harmless. A `.toml` file may stand for the folder and carry settings:

    model = "google/siglip2-base-patch16-naflex"   # a folder, relative to the file, or a hub id
    max_num_patches = 1024
"""

from __future__ import annotations

import hashlib
import json
import struct
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from schemas.errors import UserError

__all__ = ["ModelFolder", "open_model", "refusal"]

_BLOCK = 4096
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_MOST_HEADER = 100_000_000


@dataclass(frozen=True)
class ModelFolder:
    """A model on this machine whose files have been looked at, not loaded; pickles."""

    folder: Path
    name: str
    """For people; no path."""
    model_type: str
    """What transformers calls the architecture."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """From the `.toml` file; empty where a folder was named."""
    home: Path = Path()
    """Folder of the `.toml` file, to which paths in the settings are relative."""
    compares_words: bool = False
    """Whether it was trained to compare pictures with texts."""

    def srcc(self) -> dict[str, float]:
        """Return the table `srcc` of the settings: what is known of the model, by target."""
        return {str(name): float(value) for name, value in self.settings.get("srcc", {}).items()}

    def n_weights(self) -> int:
        """Return how many numbers the weights are."""
        return sum(
            prod(tensor["shape"])
            for path in self.folder.glob("*.safetensors")
            for tensor in _header(path, self.name)["tensors"].values()
        )

    def fingerprint(self) -> str:
        """Return a hash of weights and of every small file, in hex.

        Of the weights a block at both ends of every tensor is read, which any training moves,
        so that gigabytes are told apart in a moment.
        """
        seen = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".safetensors":
                seen.update(path.name.encode())
                for block in _blocks(path):
                    seen.update(block)
            elif path.suffix in {".json", ".jinja", ".txt", ".model"}:
                seen.update(path.name.encode() + path.read_bytes())
        return seen.hexdigest()


def open_model(model: Path | None, backend: str, allowed: frozenset[str]) -> ModelFolder:
    """Find and check a model.

    Args:
        model: A folder, a `.toml` file, or the id of a model in this machine's hub cache.
        backend: Name of the backend, for errors.
        allowed: Settings that the `.toml` file may hold besides `model`.

    Raises:
        UserError: `no_model`, `no_such_model`, `bad_model_settings`, `model_pickled`, or
            `model_invalid`; each names what is wrong and what to do.
    """
    if model is None:
        raise UserError(
            "no_model",
            f"The scorer '{backend}' needs a model: give --model a folder, a .toml file, or "
            "the id of a model that has been downloaded.",
        )
    settings: dict[str, Any] = {}
    home = Path()
    if model.suffix == ".toml":
        settings, home = _settings(model, allowed), model.parent.absolute()
        named = Path(str(settings.pop("model")))
        model = home / named if (home / named).is_dir() else named
    # Workers on other machines have working folders of their own.
    folder = model.absolute() if model.is_dir() else _in_cache(model)
    name = model.name if model.is_dir() else str(model)
    config = _checked_config(folder, name)
    return ModelFolder(
        folder, name, str(config["model_type"]), settings, home, _compares_words(config)
    )


def refusal(name: str, fault: str, remedy: str) -> UserError:
    """Return the error for a model that cannot be used."""
    return UserError("model_invalid", f"The model {name} is not usable: {fault}; {remedy}.")


def _settings(path: Path, allowed: frozenset[str]) -> dict[str, Any]:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError("bad_model_settings", f"{path} cannot be read: {error}.") from error
    if not isinstance(settings.get("model"), str):
        raise UserError("bad_model_settings", f'{path} names no model; write model = "FOLDER".')
    unknown = sorted(settings.keys() - allowed - {"model"})
    if unknown:
        raise UserError(
            "bad_model_settings",
            f"{path} has the unknown setting '{unknown[0]}'; known are "
            f"{', '.join(sorted(allowed | {'model'}))}.",
        )
    return settings


def _in_cache(model: Path) -> Path:
    """Return the folder of a model in the hub cache; nothing is ever downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(model), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError) as error:
        raise UserError(
            "no_such_model",
            f"There is no model {model}: no folder of this name, and none in the hub cache; "
            "download it first, or give the folder.",
        ) from error


def _checked_config(folder: Path, name: str) -> dict[str, Any]:
    from transformers import CONFIG_MAPPING

    _check_weights(folder, name)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise refusal(
            name, "it has no config.json", "give the folder that save_pretrained wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise refusal(name, "its config.json cannot be read", "download it again") from error
    model_type = config.get("model_type") if isinstance(config, dict) else None
    if model_type not in CONFIG_MAPPING:
        fault = f"its architecture '{model_type}' is not one that transformers knows"
        if isinstance(config, dict) and "auto_map" in config:
            fault += ", and code that comes with a model is never run"
        raise refusal(name, fault, "use a model of another architecture")
    return dict(config)


def _compares_words(config: Mapping[str, Any]) -> bool:
    from transformers.models.auto import modeling_auto

    known = modeling_auto.MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING_NAMES
    return config["model_type"] in known and "text_config" in config


def _check_weights(folder: Path, name: str) -> None:
    index = folder / "model.safetensors.index.json"
    if index.exists():
        shards = _shards(index, name)
    elif (folder / "model.safetensors").exists():
        shards = [folder / "model.safetensors"]
    else:
        pickled = sorted(path.name for pattern in _PICKLED for path in folder.glob(pattern))
        if pickled:
            raise UserError(
                "model_pickled",
                f"The model {name} has its weights in {pickled[0]}, a format that can run code "
                "when it is read; save them as safetensors and try again.",
            )
        raise refusal(name, "it has no model.safetensors", "give the folder that holds it")
    for shard in shards:
        if not shard.is_file():
            raise refusal(name, f"its part {shard.name} is missing", "download it again")
        _header(shard, name)


def _shards(index: Path, name: str) -> list[Path]:
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        if not all(isinstance(one, str) and Path(one).name == one for one in names):
            raise ValueError("a part lies outside the folder")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusal(name, "its index of parts cannot be read", "download it again") from error
    return [index.parent / one for one in sorted(names)]


def _header(path: Path, name: str) -> dict[str, Any]:
    """Return where the tensors of a safetensors file lie."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(_MOST_HEADER, path.stat().st_size):
                raise ValueError("header longer than the file")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        if max((entry["data_offsets"][1] for entry in header.values()), default=0) > (
            path.stat().st_size - 8 - length
        ):
            raise ValueError("the file is cut short")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise refusal(name, f"{path.name} is damaged", "download it again") from error
    return {"start": 8 + length, "tensors": header}


def _blocks(path: Path) -> Iterator[bytes]:
    header = _header(path, path.parent.name)
    start, tensors = header["start"], header["tensors"]
    with path.open("rb") as file:
        for key in sorted(tensors):
            first, last = tensors[key]["data_offsets"]
            yield f"{key}{tensors[key]['dtype']}{tensors[key]['shape']}".encode()
            for at in (first, max(first, last - _BLOCK)):
                file.seek(start + at)
                yield file.read(min(_BLOCK, last - first))
