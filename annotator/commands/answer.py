"""What a command line says: JSON on standard output, words for people on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import UserError

__all__ = ["Answer"]

_DEFAULT_FOLDER = "study"


@dataclass
class Answer:
    """The two global options, and the one place that prints."""

    folder: Path
    """The study folder."""
    is_folder_named: bool
    """Whether --data or $SIQA_DATA named it."""
    as_json: bool
    arguments: tuple[str, ...] = ()
    """The command line as given, for reports that say how to make them again."""
    result: Any = field(default=None)

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> tuple[Answer, list[str]]:
        """Take `--data DIR` and `--json` out, wherever they stand before a `--`."""
        rest: list[str] = []
        folder: str | None = None
        as_json = False
        remaining = iter(arguments)
        for argument in remaining:
            if argument == "--":
                rest += [argument, *remaining]
            elif argument == "--json":
                as_json = True
            elif argument == "--data":
                folder = next(remaining, None)
                if folder is None:
                    rest.append(argument)
            elif argument.startswith("--data="):
                folder = argument.removeprefix("--data=")
            else:
                rest.append(argument)
        named = folder if folder is not None else os.environ.get("SIQA_DATA") or None
        given = tuple(arguments)
        return cls(Path(named or _DEFAULT_FOLDER), named is not None, as_json, given), rest

    def say(self, text: str) -> None:
        """Tell people something, on standard error."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def note(self, warnings: Sequence[str]) -> None:
        """Tell warnings of the form `dimension: text`, one line for dimensions that share one."""
        shared: dict[str, list[str]] = {}
        for warning in warnings:
            name, colon, text = warning.partition(": ")
            is_named = bool(colon) and " " not in name
            shared.setdefault(text if is_named else warning, []).extend([name] if is_named else [])
        for text, names in shared.items():
            self.say(f"Note: {', '.join(names)}{': ' if names else ''}{text}")

    def give(self, result: Any, text: str = "") -> None:
        """Set what the command returns: `result` under --json, else `text` for people."""
        self.result = result
        if not self.as_json and text:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def finish(self) -> int:
        """Print the JSON document and return exit code 0."""
        if self.as_json and self.result is not None:
            self._print_json(self.result)
        return 0

    def fail(self, error: UserError) -> int:
        """Say an error in one line and return exit code 1; a result given before stays."""
        self.say(f"Error: {error.message}")
        if self.as_json:
            given = self.result if isinstance(self.result, dict) else {}
            self._print_json(given | error.as_json())
        return 1

    def misuse(self, error: Exception) -> int:
        """Say what is wrong with the arguments and return exit code 2."""
        message = str(getattr(error, "format_message", lambda: error)())
        if message.startswith("Usage:"):
            self.say(message)
            message = "No command was given."
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "app.py"
        self.say(f"Usage error: {message} `{command} --help` shows how.")
        if self.as_json:
            self._print_json({"error": {"code": "usage", "message": message}})
        return 2

    def _print_json(self, document: Any) -> None:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        # Names from a file system may hold bytes that are no text; they must not end the output.
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.flush()
