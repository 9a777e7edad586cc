"""SIGKILL in the middle of load, again and again: is everything acknowledged there, once?

    python benchmarks/kills.py [--kills 50] [--raters 40]

After each restart: no acknowledged submission gone, none twice, everybody has the same open
assignment and the same half-typed draft. Writes benchmarks/results/kills.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.load.browser import Browser, submission  # noqa: E402
from benchmarks.load.server import Server, make_study  # noqa: E402


@dataclass
class Rater:
    """One person at work, and what she was told."""

    name: str
    browser: Browser
    turn: dict[str, Any] = field(default_factory=dict)
    n_sent: int = 0
    accepted: dict[str, str] = field(default_factory=dict)
    """client_id -> submission, as acknowledged."""
    pending: dict[str, Any] | None = None
    """Sent, not answered."""
    drafts: set[str | None] = field(default_factory=lambda: {None})
    """Texts that the draft in hand may hold: the last acknowledged one, and one in flight."""

    async def work(self) -> None:
        """Draft and submit until the server is gone or nothing is left."""
        try:
            while self.turn.get("assignment_id"):
                await self._draft()
                await self._submit()
        except OSError:
            self.browser.drop()

    async def _draft(self) -> None:
        text = f"half typed by {self.name}, {self.n_sent}"
        self.drafts.add(text)
        url = f"/api/drafts/{self.turn['assignment_id']}"
        status, answer = await self.browser.document(
            "PUT", url, {"answers": {"feedback": {"text": text}}}
        )
        _check(status == 200, "draft refused", answer)
        self.drafts = {text}
        await asyncio.sleep(random.uniform(0, 0.02))

    async def _submit(self) -> None:
        self.n_sent += 1
        assignment = self.turn["assignment_id"]
        self.pending = submission(assignment, f"{self.name}-{self.n_sent}", "done")
        await self.send_pending()

    async def send_pending(self) -> None:
        """Send what has not been answered, as a browser would."""
        assert self.pending is not None
        status, answer = await self.browser.document("POST", "/api/submissions", self.pending)
        _check(status == 200, "submission refused", answer)
        self.accepted[self.pending["client_id"]] = answer["submission_id"]
        self.pending, self.turn, self.drafts = None, answer["next"], {None}

    async def come_back(self) -> None:
        """Look at what the restarted server says is in hand."""
        status, turn = await self.browser.document("GET", "/api/next")
        _check(status == 200, "next refused", turn)
        if self.pending is None or turn.get("assignment_id") == self.pending["assignment_id"]:
            held = self.turn.get("assignment_id")
            if held:
                _check(turn.get("assignment_id") == held, "another assignment", self.name, turn)
                text = turn["draft"].get("answers", {}).get("feedback", {}).get("text")
                _check(text in self.drafts, "another draft", self.name, text, self.drafts)
                self.drafts = {text}
        self.turn = turn
        if self.pending is not None:
            await self.send_pending()


def _check(holds: bool, *what: Any) -> None:
    if not holds:
        raise RuntimeError(" ".join(map(str, what)))


def stored(server: Server) -> list[dict[str, Any]]:
    """Return all submissions as the server has them."""
    head = {"X-Study-Token": server.token}
    url = f"http://127.0.0.1:{server.port}/internal"
    seq = httpx.get(f"{url}/state", headers=head, trust_env=False).json()["seq"]
    table = httpx.get(
        f"{url}/tables/submissions", params={"seq": seq}, headers=head, trust_env=False, timeout=60
    )
    rows: list[dict[str, Any]] = pa.ipc.open_stream(table.content).read_all().to_pylist()
    return rows


def check(rows: list[dict[str, Any]], raters: list[Rater]) -> None:
    """Nothing acknowledged gone, nothing twice, nothing from nowhere."""
    accepted = {s for rater in raters for s in rater.accepted.values()}
    pending = {rater.pending["client_id"] for rater in raters if rater.pending}
    names = Counter(row["submission"] for row in rows)
    clients = Counter(row["client_id"] for row in rows)
    pairs = Counter((row["rater"], row["stimulus"]) for row in rows)
    _check(accepted <= set(names), "gone:", accepted - set(names))
    for counted in (names, clients, pairs):
        _check(not counted or max(counted.values()) == 1, "twice:", counted.most_common(1))
    unknown = {r["client_id"] for r in rows if r["submission"] not in accepted} - pending
    _check(not unknown, "from nowhere:", unknown)


def run(folder: Path, n_kills: int, n_raters: int, seed: int = 1) -> dict[str, Any]:
    """Kill and restart; return what was seen. Raises RuntimeError where something is wrong."""
    chance = random.Random(seed)
    tokens = make_study(folder, 60 + n_kills * 15, n_raters, quota=1000)
    with (folder.parent / "server.log").open("w") as log:
        server = Server(folder, log)
        try:
            # In a thread of its own: the caller may have an event loop, as browser tests do.
            with ThreadPoolExecutor(1) as thread:
                killing = _kill_and_restart(server, tokens, n_kills, chance)
                return thread.submit(asyncio.run, killing).result()
        finally:
            server.end(signal.SIGKILL)


async def _kill_and_restart(
    server: Server, tokens: dict[str, str], n_kills: int, chance: random.Random
) -> dict[str, Any]:
    server.start()
    raters = [Rater(name, Browser(server.port)) for name in tokens]
    for rater in raters:
        await rater.browser.log_in(tokens[rater.name])
        await rater.come_back()
    n_pending = n_drafts = 0
    for _ in range(n_kills):
        work = [asyncio.create_task(rater.work()) for rater in raters]
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        server.end(signal.SIGKILL)
        await asyncio.gather(*work)
        n_pending += sum(rater.pending is not None for rater in raters)
        n_drafts += sum(rater.drafts != {None} for rater in raters)
        server.start()
        check(stored(server), raters)
        await asyncio.gather(*(rater.come_back() for rater in raters))
    rows = stored(server)
    check(rows, raters)
    _check(len(rows) == sum(len(r.accepted) for r in raters), "not as many as acknowledged")
    return {
        "what": "SIGKILL of the server under load, restarted each time",
        "kills": n_kills,
        "raters": len(raters),
        "submissions": len(rows),
        "in_flight_at_kills": n_pending,
        "drafts_open_at_kills": n_drafts,
        "lost": 0,
        "twice": 0,
        "goal": "none lost, none twice, same assignment and draft",
        "is_reached": True,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--raters", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        report = run(Path(place) / "study", options.kills, options.raters)
    print(json.dumps(report, indent=1))
    out = ROOT / "benchmarks" / "results" / "kills.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
