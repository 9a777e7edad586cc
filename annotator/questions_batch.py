"""Asking in batches: written down before it is sent, collected whenever it is answered.

Whatever happens in between, running the same again finds what was sent, asks nothing twice and
keeps every reply once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from annotator.clock import fresh_id, iso, now
from annotator.questions_calls import called
from annotator.store import SnapshotStore, Store
from annotator.store.questions import answered_calls, batched_requests, batches, known_calls
from pipelines.questions.batch_wire import ENDED, BatchWire, Standing
from pipelines.questions.batches import MOST_BYTES, MOST_REQUESTS, pack, read_line
from pipelines.questions.client import Asker
from pipelines.questions.replies import Asking, Reply
from schemas.errors import UserError
from schemas.facts import Batched, Called

__all__ = ["InBatches"]

_KEPT_AT_ONCE = 1000


@dataclass(frozen=True)
class InBatches:
    """Asks through the Batch API: submits, waits if wanted, collects."""

    asker: Asker
    """Its model, price, parameters and budget are used; its client talks to the service."""
    wire: BatchWire
    is_waiting: bool = True
    """Stay until every batch has ended."""
    poll_s: float = 30.0
    """Between two looks."""
    most_requests: int = MOST_REQUESTS
    most_bytes: int = MOST_BYTES

    def ask(
        self,
        study: Store | SnapshotStore,
        purpose: str,
        prompt: str,
        askings: Iterable[Asking],
        n: int,
        progress: Callable[[int, int], None],
    ) -> Counter[str]:
        """Collect what earlier batches brought, submit what was never asked, wait for the rest.

        Args:
            study: The open study.
            purpose: Of the calls.
            prompt: Version of the prompt.
            askings: What has no answer yet; what an open batch holds is left out.
            n: How many there are.
            progress: Called with replies there are and `n`.

        Returns:
            Outcome -> replies collected.

        Raises:
            UserError: `endpoint_refuses`, `endpoint_fails` or `batch_failed`; what was sent stays
                with the service, and running the same again goes on.
        """
        batches = Batches(study, self, purpose, prompt)
        asyncio.run(batches.ask(askings, n, progress))
        if batches.refused:
            raise UserError(
                "batch_failed",
                f"The service did not take {batches.refused[0]}; what else was answered is kept. "
                "Mend that, then run the same again.",
            )
        return batches.outcomes


class Batches:
    """Batches of one purpose, prompt and model of a study."""

    def __init__(
        self, study: Store | SnapshotStore, way: InBatches, purpose: str, prompt: str
    ) -> None:
        """Look at nothing yet."""
        self.study, self.way, self.purpose, self.prompt = study, way, purpose, prompt
        self.asker, self.wire = way.asker, way.wire
        self.outcomes: Counter[str] = Counter()
        self.refused: list[str] = []
        """Batches that the service did not take, and why."""

    def standing(self) -> list[dict[str, Any]]:
        """Return every batch: batch, status, remote, n_requests, detail."""
        return batches(self.study, self.purpose, self.prompt, self.asker.model)

    async def ask(
        self, askings: Iterable[Asking], n: int, progress: Callable[[int, int], None]
    ) -> None:
        """Collect, submit, wait; see `InBatches.ask`."""
        try:
            await self._adopt()
            await self._collect_ended()
            open_ = [row["batch"] for row in self._open()]
            taken = batched_requests(self.study, open_) | self._answered()
            await self._submit(a for a in askings if (a.subject, a.round) not in taken)
            while self.way.is_waiting and self._open():
                done = await self._collect_ended()
                progress(min(n, self.outcomes.total() + done), n)
                if self._open():
                    await asyncio.sleep(self.way.poll_s)
        finally:
            await self.asker.client.close()

    def _answered(self) -> set[tuple[str, int]]:
        return answered_calls(self.study, self.purpose, self.prompt, self.asker.model)

    def _open(self) -> list[dict[str, Any]]:
        return [row for row in self.standing() if row["status"] in ("opened", "submitted")]

    async def _adopt(self) -> None:
        """Find out what became of batches that were written down and perhaps sent."""
        for row in self._open():
            if row["status"] == "opened":
                found = await self.wire.find(row["batch"])
                if found is None:
                    self._note(row["batch"], "abandoned", detail="the service never got it")
                else:
                    self._note(row["batch"], "submitted", found.remote)

    async def _submit(self, askings: Iterator[Asking]) -> None:
        waiting = self._within_budget(askings)
        first = next(waiting, None)
        while first is not None:
            with TemporaryDirectory(prefix="batch-") as room:
                path = Path(room) / "requests.jsonl"
                with path.open("wb") as file:
                    packed = pack(
                        chain([first], waiting), self.asker.model, self.asker.parameters, file,
                        most_requests=self.way.most_requests, most_bytes=self.way.most_bytes,
                    )  # fmt: skip
                batch = fresh_id("b")
                self._note(batch, "opened", requests=packed.ids)
                standing = await self.wire.submit(batch, path)
            self._note(batch, "submitted", standing.remote)
            first = packed.rest or next(waiting, None)

    def _within_budget(self, askings: Iterator[Asking]) -> Iterator[Asking]:
        price, budget = self.asker.price, self.asker.limits.budget_usd
        promised = 0.0
        for asking in askings:
            promised += price.at_most(asking) if price else 0.0
            if budget is not None and self.asker.spent_usd + promised > budget:
                self.asker.stopped_by_budget = True
                return
            yield asking

    async def _collect_ended(self) -> int:
        """Collect every batch that has ended; return how many requests of the rest are done."""
        n_done = 0
        for row in self._open():
            standing = await self.wire.standing(row["remote"])
            if standing.state in ENDED:
                await self._collect(row["batch"], standing)
            else:
                n_done += standing.n_done
        return n_done

    async def _collect(self, batch: str, standing: Standing) -> None:
        """Keep the replies of a batch that has ended; those kept before are passed over."""
        known = known_calls(self.study, self.purpose)
        asked = batched_requests(self.study, [batch])
        facts: list[Called] = []
        for file in standing.files:
            async for line in self.wire.lines(file):
                reply = read_line(line, self.asker.price)
                if reply is None or (reply.subject, reply.round) not in asked:
                    self.outcomes["unmatched"] += 1
                    continue
                call = _call_id(batch, reply)
                if call not in known:
                    known.add(call)
                    facts.append(self._fact(call, reply, standing))
                if len(facts) >= _KEPT_AT_ONCE:
                    self._keep(facts)
        self._keep(facts)
        self._note(batch, standing.state, standing.remote, detail=standing.detail)
        if standing.state == "failed":
            self.refused.append(f"batch {standing.remote} ({standing.detail or 'no reason told'})")

    def _fact(self, call: str, reply: Reply, standing: Standing) -> Called:
        sent = {**self.asker.parameters, "batch": standing.remote}
        reply = replace(reply, duration_ms=standing.duration_ms, parameters=sent)
        self.outcomes[reply.outcome] += 1
        self.asker.spent_usd += reply.cost_usd or 0.0
        return called(self.asker, self.purpose, self.prompt, reply, call)

    def _keep(self, facts: list[Called]) -> None:
        if facts:
            self.study.append(facts)
            facts.clear()

    def _note(
        self,
        batch: str,
        status: str,
        remote: str = "",
        *,
        requests: tuple[str, ...] = (),
        detail: str = "",
    ) -> None:
        self.study.append(
            [
                Batched(
                    iso(now()), batch, status, remote, self.purpose, self.prompt,
                    self.asker.model, requests, detail,
                )
            ]
        )  # fmt: skip
        if isinstance(self.study, SnapshotStore):
            self.study.refresh()


def _call_id(batch: str, reply: Reply) -> str:
    key = f"{batch}|{reply.round}|{reply.subject}"
    return "c" + hashlib.sha256(key.encode()).hexdigest()[:16]
