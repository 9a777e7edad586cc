"""A small study in memory that a desk can read, for tests of the screens alone."""

from __future__ import annotations

from dataclasses import replace

from annotator.screens.desk_reader import (
    Decision,
    Estimate,
    MosPage,
    MosQuery,
    MosRow,
    Overview,
    RaterRow,
    StimulusView,
    Vote,
)
from schemas.errors import UserError

__all__ = ["MemoryDesk"]


class MemoryDesk:
    """`n` stimuli; the first one has three votes, one of them corrected later."""

    def __init__(self, n: int = 120, n_raters: int = 3) -> None:
        self.n = n
        self.n_raters = n_raters
        self.decisions: list[Decision] = []
        self.votes = [
            Vote("v1", "R <1>", {"validity": 4, "completeness": 3, "clarity": 5, "conformity": 4},
                 ("The axis has no unit. {{value}} ${1+1} <b>bold</b>\nTherefore poor.",),
                 "2026-11-20T10:00:00.000000Z", 21000),
            Vote("v2", "R <1>", {"validity": 2, "completeness": 3, "clarity": 5, "conformity": 4},
                 (), "2026-11-20T10:05:00.000000Z", 9000, is_corrected=True),
            Vote("v3", "李雷", {"validity": 5, "completeness": 5, "clarity": 4, "conformity": 5},
                 ("没有误差线。",), "2026-11-20T11:00:00.000000Z", None, is_late=True),
        ]  # fmt: skip

    def overview(self) -> Overview:
        raters = [
            RaterRow(f"rater {i}", "rater", 10 * i, i, "2026-11-20T10:00:00Z" if i else None,
                     "active" if i else "invited")
            for i in range(self.n_raters)
        ]  # fmt: skip
        return Overview(
            n_stimuli=self.n,
            n_complete=self.n // 3,
            n_submissions=30 if self.n_raters else 0,
            n_wanted=9 * self.n,
            share_complete=0.37 if self.n_raters and self.n else 0.0,
            n_texts=12,
            n_removed=4 * sum(d.reversed_at is None for d in self.decisions),
            n_retired=0,
            raters=raters,
        )

    def mos_page(self, query: MosQuery) -> MosPage:
        names = [i for i in range(self.n) if query.search in f"figure-{i:05d}.png"]
        if query.descending:
            names.reverse()
        n_pages = max(1, -(-len(names) // query.page_size))
        page = min(query.page, n_pages)
        start = (page - 1) * query.page_size
        rows = [
            MosRow(
                f"s{i:04x}",
                f"figure-{i:05d}.png",
                3,
                {"validity": Estimate(3, 3.67, 1.53, 3.79), "clarity": Estimate(1, 4.0, None, None)}
                if i % 3
                else {},
            )
            for i in names[start : start + query.page_size]
        ]
        return MosPage(rows, page, n_pages, len(names))

    def stimulus(self, name: str) -> StimulusView:
        if name not in {"s0001", "figure-00001.png"}:
            raise UserError(
                "unknown_stimulus", f"There is no stimulus '{name}'; search for it in Results."
            )
        out = {d.target: d.reason for d in self.decisions if d.reversed_at is None}
        votes = [replace(vote, removed_because=out.get(vote.submission)) for vote in self.votes]
        estimates = {
            "validity": Estimate(2, 4.5, 0.71, 6.35),
            "clarity": Estimate(1, 4.0, None, None),
        }
        return StimulusView(
            "s0001", "figure-00001.png", 1640, 1102, estimates, votes, self.decisions[::-1],
            ["set/a/figure-00001.png"], {"discipline": "chemistry"}, "16-bit grey to 8-bit, 0–4095",
        )  # fmt: skip

    def decide(self, action: str, target: str, reason: str, author: str) -> None:
        if not reason:
            raise UserError("no_reason", f"No reason for {action} {target}; write why.")
        self.decisions.append(
            Decision(
                f"d{len(self.decisions)}", action, target, author, reason, "2026-11-21T09:00:00Z"
            )
        )

    def reverse(self, decision: str, reason: str, author: str) -> None:
        if not reason:
            raise UserError("no_reason", f"No reason to take back {decision}; write why.")
        self.decisions = [
            replace(d, reversed_at="2026-11-21T09:30:00Z", reversed_by=author)
            if d.decision == decision
            else d
            for d in self.decisions
        ]
