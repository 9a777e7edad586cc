"""A progress bar on terminals, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from annotator.commands.answer import Answer

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(answer: Answer, what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with (done, total); it draws on standard error of a terminal."""
    if answer.as_json or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
