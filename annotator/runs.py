"""Named runs: opinion scores kept with the conventions and the facts they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from annotator.clock import iso, now
from annotator.results import facts_hash, study_mos
from annotator.store import Reads, SnapshotStore, Store
from annotator.store.past import PastStore
from pipelines.opinion.mos import MosResult
from pipelines.opinion.options import Method, MosOptions, mos_options
from schemas.errors import UserError
from schemas.facts import Computed, Discarded, Setting

__all__ = [
    "Counted",
    "Run",
    "choose_run",
    "chosen_run",
    "compute_run",
    "delete_run",
    "find_run",
    "list_runs",
    "save_run",
]

CHOSEN = "chosen_run"


@dataclass(frozen=True)
class Run:
    """One kept computation."""

    name: str
    seq: int
    method: str
    options: dict[str, Any]
    as_of: int
    """Last fact that was counted."""
    facts: str
    """SHA-256 of the ratings that were counted."""
    computed_at: str
    is_current: bool
    """Whether the ratings of the study are still those it was computed from."""
    is_chosen: bool

    def as_json(self) -> dict[str, Any]:
        """Return the run for `--json`."""
        return {
            "name": self.name,
            "method": self.method,
            "options": self.options,
            "as_of": self.as_of,
            "facts": self.facts,
            "computed_at": self.computed_at,
            "current": self.is_current,
            "chosen": self.is_chosen,
        }

    def result(self, study: Reads) -> MosResult:
        """Compute the run again from the facts it was computed from."""
        source = study if self.is_current else PastStore(study, self.as_of)
        fields = {k: v for k, v in self.options.items() if v is not None}
        return study_mos(source, self.method, mos_options(**fields))  # type: ignore[arg-type]


class Counted(NamedTuple):
    """The facts that scores are of."""

    as_of: int
    """Last fact there was."""
    facts: str
    """SHA-256 of the ratings that counted."""


def _facts(study: Reads) -> str:
    return facts_hash(study.ratings(), study.removed())


def list_runs(study: Reads, facts: str | None = None) -> list[Run]:
    """Return the kept runs, oldest first; `facts` is the hash of the ratings where known."""
    facts = _facts(study) if facts is None else facts
    chosen = study.settings().get(CHOSEN)
    return [
        Run(
            name=row["run"],
            seq=row["seq"],
            method=row["method"],
            options=row["options"],
            as_of=row["as_of"],
            facts=row["facts"],
            computed_at=row["recorded_at"],
            is_current=row["facts"] == facts,
            is_chosen=row["run"] == chosen,
        )
        for row in study.runs()
    ]


def find_run(study: Reads, name: str) -> Run:
    """Return a kept run.

    Raises:
        UserError: `unknown_run`, naming those there are.
    """
    runs = list_runs(study)
    for run in runs:
        if run.name == name:
            return run
    there = ", ".join(run.name for run in runs) or "none yet"
    raise UserError(
        "unknown_run",
        f"There is no run '{name[:60]}' (kept runs: {there}); `mos --save NAME` keeps one.",
        status=404,
    )


def chosen_run(study: Reads) -> Run | None:
    """Return the run that exports use, or None: then they use plain means of today."""
    name = study.settings().get(CHOSEN)
    return next((run for run in list_runs(study) if run.name == name), None)


def compute_run(
    study: Store | SnapshotStore, method: Method = "mean", options: MosOptions | None = None
) -> tuple[MosResult, Counted]:
    """Compute scores, and say of which facts.

    Where a fact comes in meanwhile, the scores are computed once more, from the facts that
    were there at the start.
    """
    seq, _ = study.position()
    result, facts = study_mos(study, method, options), _facts(study)
    if study.position()[0] != seq:
        past = PastStore(study, seq)
        result, facts = study_mos(past, method, options), _facts(past)
    return result, Counted(seq, facts)


def save_run(
    study: Store | SnapshotStore, name: str, result: MosResult, counted: Counted | None = None
) -> None:
    """Keep a result under a name; an earlier run of that name is replaced.

    Args:
        study: The study.
        name: 1 to 100 printable characters.
        result: The scores.
        counted: Of which facts they are (see `compute_run`); those of now where absent.

    Raises:
        UserError: `invalid_name`.
    """
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise UserError("invalid_name", "A run's name is 1 to 100 printable characters.")
    if counted is None:
        counted = Counted(study.position()[0], _facts(study))
    seq, facts = counted
    study.append([Computed(iso(now()), name, result.method, dict(result.options), seq, facts)])
    if isinstance(study, SnapshotStore):
        study.refresh()
    study.keep_scores(find_run(study, name).seq, result.stimuli_table())


def choose_run(study: Store | SnapshotStore, name: str | None, author: str = "") -> None:
    """Make a run the one that exports use; None goes back to plain means."""
    value = find_run(study, name).name if name is not None else ""
    study.append([Setting(iso(now()), CHOSEN, value, author)])


def delete_run(study: Store | SnapshotStore, name: str) -> None:
    """Delete a run; it can be computed again."""
    study.append([Discarded(iso(now()), find_run(study, name).name)])
