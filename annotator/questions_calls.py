"""Calls of models as facts of a study: every reply is kept before it is read."""

from __future__ import annotations

import asyncio
import base64
import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from annotator.clock import fresh_id, iso, now
from annotator.store import SnapshotStore, Store
from pipelines.questions.client import Asker
from pipelines.questions.replies import Asking, Reply
from schemas.errors import UserError
from schemas.facts import Called

__all__ = ["NO_PICTURE", "Directly", "Way", "called", "image_url", "keep_replies"]

NO_PICTURE = "data:,"
"""Stands for an image where a request is only priced."""
_LONGEST_SIDE_PX = 1024
_SENT_AS_IT_IS = {"PNG": "image/png", "JPEG": "image/jpeg"}


class Way(Protocol):
    """A way of asking a model many things."""

    @property
    def asker(self) -> Asker:
        """Model, price, budget and what was spent."""
        ...

    def ask(
        self,
        study: Store | SnapshotStore,
        purpose: str,
        prompt: str,
        askings: Iterable[Asking],
        n: int,
        progress: Callable[[int, int], None],
    ) -> Counter[str]:
        """Ask, keep every reply as a fact, return outcome -> calls of this run."""
        ...


@dataclass(frozen=True)
class Directly:
    """Asks one request at a time and worker, and waits for its answer."""

    asker: Asker

    def ask(
        self,
        study: Store | SnapshotStore,
        purpose: str,
        prompt: str,
        askings: Iterable[Asking],
        n: int,
        progress: Callable[[int, int], None],
    ) -> Counter[str]:
        """Ask; see `keep_replies`."""
        return keep_replies(study, self.asker, purpose, prompt, askings, n, progress)


def keep_replies(
    study: Store | SnapshotStore,
    asker: Asker,
    purpose: str,
    prompt: str,
    askings: Iterable[Asking],
    n: int,
    progress: Callable[[int, int], None],
) -> Counter[str]:
    """Ask, and append every reply as a fact before the worker asks on.

    Args:
        study: The open study; a snapshot is fetched again at the end.
        asker: The model. Its client is closed.
        purpose: Of the calls.
        prompt: Version of the prompt.
        askings: Made one by one as workers get free; images are heavy.
        n: How many there are.
        progress: Called with replies kept and `n`.

    Returns:
        Outcome -> calls of this run.

    Raises:
        UserError: the endpoint refuses or fails; what it had answered is kept.
    """
    outcomes: Counter[str] = Counter()

    async def keep(reply: Reply) -> None:
        await asyncio.to_thread(study.append, [called(asker, purpose, prompt, reply)])
        outcomes[reply.outcome] += 1
        progress(outcomes.total(), n)

    async def ask() -> None:
        try:
            await asker.ask_all(askings, keep)
        finally:
            await asker.client.close()

    asyncio.run(ask())
    if isinstance(study, SnapshotStore):
        study.refresh()
    return outcomes


def called(asker: Asker, purpose: str, prompt: str, reply: Reply, call: str = "") -> Called:
    """Return the fact that keeps a reply; `call` is its id, a fresh one where empty."""
    return Called(
        at=iso(now()),
        call=call or fresh_id("c"),
        purpose=purpose,
        subject=reply.subject,
        round=reply.round,
        prompt=prompt,
        model=asker.model,
        parameters=dict(reply.parameters),
        outcome=reply.outcome,
        raw=reply.raw,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        cost_usd=reply.cost_usd,
        duration_ms=reply.duration_ms,
        attempts=reply.attempts,
        detail=reply.detail,
    )


def image_url(study: Store | SnapshotStore, stimulus: str) -> str:
    """Return an image as raters saw it, as a data URL, longest side at most 1024 px.

    A file that every endpoint reads and that is small enough goes as it is.

    Raises:
        UserError: `unknown_stimulus`.
        OSError: the file is missing or unreadable.
    """
    from PIL import Image

    row = study.stimulus(stimulus)
    if row is None:
        raise UserError("unknown_stimulus", f"There is no image '{stimulus}'.", status=404)
    images = study.folder.images
    has_rendition = row["rendition"] is not None
    path = images.rendition(row["sha256"]) if has_rendition else images.original(
        row["sha256"], row["suffix"]
    )  # fmt: skip
    with Image.open(path) as image:
        kind = _SENT_AS_IT_IS.get(image.format or "")
        if kind and max(image.size) <= _LONGEST_SIDE_PX:
            return _data_url(kind, path.read_bytes())
        picture = image.convert("RGB")
    picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    sink = io.BytesIO()
    picture.save(sink, "PNG", compress_level=1)
    return _data_url("image/png", sink.getvalue())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64," + base64.b64encode(content).decode()
