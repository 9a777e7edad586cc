"""The formats by name; each is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from exports.publish import ExportReport
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError

__all__ = ["FORMATS", "write_export"]

FORMATS = {
    "csv": ("exports.csv_tables", "write_csv_tables"),
    "hf": ("exports.hf", "write_hf"),
    "isrgq": ("exports.isrgq", "write_isrgq"),
    "label-studio": ("exports.label_studio", "write_label_studio"),
    "medq": ("exports.medq", "write_medq"),
    "q-align": ("exports.q_align", "write_q_align"),
    "q-bench": ("exports.q_bench", "write_q_bench"),
    "q-instruct": ("exports.q_instruct", "write_q_instruct"),
    "regions": ("exports.regions", "write_regions"),
    "sft": ("exports.sft", "write_sft"),
    "siqa": ("exports.siqa", "write_siqa"),
}
"""Format -> module and function that writes it."""


def write_export(
    name: str, source: ExportSource, out: Path, options: ExportOptions
) -> ExportReport:
    """Write `source` as the format `name` into the new folder `out`.

    Raises:
        UserError: `unknown_format`, or what the format or the folder refuses.
    """
    if name not in FORMATS:
        raise UserError(
            "unknown_format", f"There is no format '{name}'; use one of {', '.join(FORMATS)}."
        )
    module, function = FORMATS[name]
    write = cast(
        "Callable[[ExportSource, Path, ExportOptions], ExportReport]",
        getattr(importlib.import_module(module), function),
    )
    return write(source, out, options)
