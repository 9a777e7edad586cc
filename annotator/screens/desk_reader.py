"""What the curator's desk needs to know and may do; implemented over the store.

Numbers arrive computed: the desk only formats them. A value that does not exist is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipelines.scoring.checks.findings import Finding

__all__ = [
    "Decision",
    "DeskReader",
    "Estimate",
    "MosPage",
    "MosQuery",
    "MosRow",
    "Overview",
    "RaterRow",
    "StimulusView",
    "Vote",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the ratings of one dimension or composite of one stimulus say."""

    n: int
    """Ratings that count."""
    mos: float | None
    """Their mean; None where n is 0."""
    sos: float | None
    """Their standard deviation (n-1); None where n < 2."""
    ci95: float | None
    """Half-width of the 95 % interval (t, n-1); None where n < 2."""


@dataclass(frozen=True, slots=True)
class RaterRow:
    """One person on the overview."""

    rater: str
    role: str
    n_submissions: int
    """Submissions that count."""
    n_texts: int
    last_at: str | None
    """Time of the last submission, ISO 8601; None before the first."""
    state: str
    """`invited` (link unused), `active`, `disabled`, `excluded` or `imported` (no login)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A curator's decision, taken back or not."""

    decision: str
    action: str
    """`void`, `exclude` or `retire`."""
    target: str
    author: str
    reason: str
    at: str
    reversed_at: str | None = None
    reversed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the study stands."""

    n_stimuli: int
    """Without retired ones."""
    n_complete: int
    """Stimuli with as many submissions as wanted."""
    n_submissions: int
    """Submissions that count."""
    n_wanted: int
    """Submissions wanted in all."""
    share_complete: float
    """Submissions in hand over those wanted, each stimulus counted up to its wish; 0 to 1."""
    n_texts: int
    n_removed: int
    """Ratings taken out by curators' decisions."""
    n_retired: int
    raters: Sequence[RaterRow]
    is_demo: bool = False
    """Whether it is the demo study."""
    decisions: Sequence[Decision] = ()
    """All decisions, newest first."""


@dataclass(frozen=True, slots=True)
class MosQuery:
    """Which part of the table of stimuli is wanted."""

    search: str = ""
    """Part of the file name, the id or a manifest column; empty for all."""
    sort: str = "file_name"
    """`file_name`, `n`, or `mos:NAME`, `sos:NAME`, `ci95:NAME` of a dimension or composite."""
    descending: bool = False
    page: int = 1
    """Counted from 1; past the end, the last page is given."""
    page_size: int = 50
    where: Mapping[str, str] = field(default_factory=dict)
    """Manifest column -> the value wanted; columns with few values only."""


@dataclass(frozen=True, slots=True)
class MosRow:
    """One stimulus in the table."""

    stimulus: str
    file_name: str
    n: int
    """Submissions that count."""
    estimates: Mapping[str, Estimate]
    """Dimension or composite -> estimate; absent where there is no rating."""
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class MosPage:
    """One page of the table."""

    rows: Sequence[MosRow]
    page: int
    n_pages: int
    n_found: int
    """Stimuli that match the search."""
    as_of: str | None = None
    """Time of the results, ISO 8601; None before the first are computed."""
    is_old: bool = False
    """Newer results are being computed."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One submission about a stimulus."""

    submission: str
    rater: str
    scores: Mapping[str, float]
    texts: Sequence[str]
    at: str
    duration_ms: int | None
    is_late: bool = False
    is_corrected: bool = False
    """A later submission of the same rater replaced it."""
    removed_because: str | None = None
    """The reason of the decision that took it out; None where it counts."""


@dataclass(frozen=True, slots=True)
class StimulusView:
    """All there is about one stimulus."""

    stimulus: str
    file_name: str
    width: int
    height: int
    estimates: Mapping[str, Estimate]
    votes: Sequence[Vote]
    """Every submission, oldest first, corrected and removed ones too."""
    decisions: Sequence[Decision]
    """Decisions about it, its submissions and their raters, newest first."""
    sightings: Sequence[str] = ()
    """Every path it came under."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The manifest's columns."""
    rendition: str | None = None
    """How the displayed picture was made, in words; None where the original is displayed."""
    is_retired: bool = False
    findings: Sequence[Finding] | None = ()
    """What reading the image found, surest first; None where it cannot be read any more."""


class DeskReader(Protocol):
    """The study as its curator sees it."""

    def overview(self) -> Overview:
        """Return where the study stands."""
        ...

    def mos_page(self, query: MosQuery) -> MosPage:
        """Return one page of the table of stimuli."""
        ...

    def stimulus(self, name: str) -> StimulusView:
        """Return all about a stimulus, by id or by a name it came under.

        Raises:
            UserError: where there is none or the name is shared, naming the candidates.
        """
        ...

    def decide(self, action: str, target: str, reason: str, author: str) -> None:
        """Take a submission, rater or stimulus out.

        Raises:
            UserError: for an unknown target, an empty reason, or what is out already.
        """
        ...

    def reverse(self, decision: str, reason: str, author: str) -> None:
        """Take a decision back.

        Raises:
            UserError: for an unknown decision, or one taken back already.
        """
        ...
