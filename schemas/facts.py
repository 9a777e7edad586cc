"""Facts: everything that ever happened in a study, one frozen type each.

A fact is appended to the journal and never changed. A correction or a curator's decision is
one more fact. Times are UTC in ISO 8601 with microseconds and a `Z`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

__all__ = [
    "FACTS",
    "Access",
    "Assigned",
    "Batched",
    "Called",
    "Claimed",
    "Computed",
    "Decided",
    "Described",
    "Discarded",
    "Drafted",
    "Fact",
    "Feedback",
    "Founded",
    "Imported",
    "Invited",
    "RaterAdded",
    "Reversed",
    "Reviewed",
    "Setting",
    "Sighted",
    "Skipped",
    "Submitted",
    "fact_from",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """What all facts share."""

    kind: ClassVar[str]
    at: str
    """When it happened."""

    def as_json(self) -> dict[str, Any]:
        """Return the fact as the journal keeps it, `kind` first."""
        return {"kind": self.kind, **dataclasses.asdict(self)}


@dataclass(frozen=True, slots=True)
class Founded(Fact):
    """The study began. Always the first fact."""

    kind: ClassVar[str] = "founded"
    study: str
    """Name of the study."""
    study_id: str
    """Random id that tells two studies of one name apart."""
    salt: str
    """Secret that turns rater names into pseudonyms in exports."""


@dataclass(frozen=True, slots=True)
class Setting(Fact):
    """A setting of the study folder changed; the last one holds."""

    kind: ClassVar[str] = "setting"
    key: str
    value: str
    author: str = ""
    """Curator who changed it; empty where a command did."""


@dataclass(frozen=True, slots=True)
class Imported(Fact):
    """A new stimulus: bytes never seen before."""

    kind: ClassVar[str] = "imported"
    stimulus: str
    """Id, made from the hash of the bytes."""
    sha256: str
    """SHA-256 of the original file, hex."""
    file_name: str
    """Name of the file it came as."""
    suffix: str
    """Ending under which the original is stored, with the dot."""
    format: str
    """Pillow's name of the file format."""
    width: int
    """Width as displayed (after EXIF rotation), px."""
    height: int
    """Height as displayed, px."""
    n_bytes: int
    """Size of the original."""
    mode: str
    """Pillow's name of the pixel format of the original."""
    n_pages: int
    """Pages or frames in the file; the first is shown."""
    phash: str
    """64-bit perceptual hash of what is displayed, 16 hex digits."""
    rendition: dict[str, Any] | None
    """How the displayed picture was made, where the original is not displayed as it is."""


@dataclass(frozen=True, slots=True)
class Sighted(Fact):
    """A stimulus was seen under a path; every such name resolves to it."""

    kind: ClassVar[str] = "sighted"
    stimulus: str
    file_name: str
    source_path: str
    """Path as the importer gave it."""
    relative_path: str
    """Path below the imported folder."""


@dataclass(frozen=True, slots=True)
class Described(Fact):
    """A manifest's columns for a stimulus; later values of a column replace earlier ones."""

    kind: ClassVar[str] = "described"
    stimulus: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RaterAdded(Fact):
    """A person joined the study."""

    kind: ClassVar[str] = "rater_added"
    rater: str
    """Name and id, exactly as given."""
    role: str
    """`rater` or `curator`."""
    expertise: tuple[str, ...] = ()
    login: bool = True
    """False for people known from an import only."""


@dataclass(frozen=True, slots=True)
class Invited(Fact):
    """An invite link was made; earlier unused links of the rater stop working."""

    kind: ClassVar[str] = "invited"
    rater: str
    token_sha256: str
    """Hash of the token; the token itself is shown once and kept nowhere."""


@dataclass(frozen=True, slots=True)
class Claimed(Fact):
    """An invite link was used."""

    kind: ClassVar[str] = "claimed"
    rater: str
    token_sha256: str


@dataclass(frozen=True, slots=True)
class Access(Fact):
    """A rater's login was switched off or on again."""

    kind: ClassVar[str] = "access"
    rater: str
    enabled: bool
    author: str


@dataclass(frozen=True, slots=True)
class Assigned(Fact):
    """A stimulus was served to a rater."""

    kind: ClassVar[str] = "assigned"
    assignment: str
    rater: str
    stimulus: str
    arm: str
    """Policy that chose it."""
    probability: float
    """Probability with which the policy chose this stimulus at that moment."""
    session: str
    """The rater's sitting, counted from 1."""
    asked: tuple[str, ...]
    """Steps asked for; others are welcome."""
    corrects: str | None = None
    """Submission that the rater went back to."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One text of a submission."""

    text: str
    dimension: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted(Fact):
    """All answers of one rater about one stimulus."""

    kind: ClassVar[str] = "submitted"
    submission: str
    rater: str
    stimulus: str
    scores: dict[str, float]
    """Dimension -> score."""
    feedback: tuple[Feedback, ...] = ()
    assignment: str | None = None
    """None for imported ratings."""
    client_id: str | None = None
    """The browser's name for this submission; sending it twice changes nothing."""
    duration_ms: int | None = None
    """From the image being shown to submit, as the browser measured it."""
    late: bool = False
    """Arrived after its lease had ended."""
    session: str | None = None
    arm: str | None = None
    probability: float | None = None
    corrects: str | None = None
    """Earlier submission of the same rater that this one replaces."""
    rated_at: str | None = None
    """When it was rated; equals `at` for submissions made here."""
    view: dict[str, Any] = field(default_factory=dict)
    """How the image was looked at: zoom, time in view."""


@dataclass(frozen=True, slots=True)
class Skipped(Fact):
    """A rater gave a stimulus back without rating it."""

    kind: ClassVar[str] = "skipped"
    assignment: str
    rater: str
    stimulus: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided(Fact):
    """A curator took something out of the results."""

    kind: ClassVar[str] = "decided"
    decision: str
    action: str
    """`void` (a submission), `exclude` (a rater) or `retire` (a stimulus)."""
    target: str
    """Id of what is taken out."""
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reversed(Fact):
    """A curator took a decision back."""

    kind: ClassVar[str] = "reversed"
    decision: str
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Computed(Fact):
    """Opinion scores were computed and kept under a name; a later one of the name replaces it.

    The scores themselves can be computed again from the facts up to `as_of`.
    """

    kind: ClassVar[str] = "computed"
    run: str
    """Name of the run."""
    method: str
    options: dict[str, Any]
    """Conventions, defaults resolved."""
    as_of: int
    """Last fact that was counted."""
    facts: str
    """SHA-256 of the ratings it was computed from."""


@dataclass(frozen=True, slots=True)
class Discarded(Fact):
    """A run was deleted."""

    kind: ClassVar[str] = "discarded"
    run: str


@dataclass(frozen=True, slots=True)
class Called(Fact):
    """A model was asked something; kept before its answer is read."""

    kind: ClassVar[str] = "called"
    call: str
    purpose: str
    """`draft`, `converse`, `answer` (with the image), `blind` (without), `guess`, `relate`,
    `judge`."""
    subject: str
    """What it was asked about: `SUBMISSION:POSITION` of a feedback, or a question."""
    round: int
    """Which asking of the same, from 0."""
    prompt: str
    """Name and version of the prompt."""
    model: str
    parameters: dict[str, Any]
    """What was sent beside the prompt: temperature, seed, …"""
    outcome: str
    """`answered`, or why there is no answer: `refused`, `truncated`, `timeout`, …"""
    raw: str | None
    """The reply as it came."""
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    """None where the price of the model is not known."""
    duration_ms: int
    attempts: int
    """Requests sent, failed ones too."""
    detail: str = ""
    """What went wrong, in words."""


@dataclass(frozen=True, slots=True)
class Batched(Fact):
    """Many requests were handed over together; a later one of the same id says how it went on."""

    kind: ClassVar[str] = "batched"
    batch: str
    """Our own name for it; the service keeps it too."""
    status: str
    """`opened` (written down before it is sent), `submitted`, then how it ended: `completed`,
    `expired`, `cancelled`, `failed`, or `abandoned` where the service never got it."""
    remote: str = ""
    """The service's id."""
    purpose: str = ""
    prompt: str = ""
    model: str = ""
    requests: tuple[str, ...] = ()
    """`ROUND|SUBJECT` of every request; with `opened` only."""
    detail: str = ""
    """What the service found wrong."""


@dataclass(frozen=True, slots=True)
class Drafted(Fact):
    """A question was drafted and checked; a later one of the same id replaces it."""

    kind: ClassVar[str] = "drafted"
    draft: str
    """Id, made from where it came from."""
    stimulus: str
    submission: str
    """Submission whose feedback it came from."""
    body: dict[str, Any]
    """The fields of `schemas.draft.Draft`."""
    verdicts: tuple[tuple[str, str, str], ...]
    """(check, outcome, reason) of every check."""
    is_kept: bool
    """No check dropped it."""
    call: str | None = None
    """The call it was read from; None for the rules."""


@dataclass(frozen=True, slots=True)
class Reviewed(Fact):
    """Somebody decided about a draft; the last decision holds, all are kept."""

    kind: ClassVar[str] = "reviewed"
    draft: str
    reviewer: str
    verdict: str
    """`accept`, `edit`, `reject` or `send_back`."""
    reason: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    """Field of the draft -> new value."""
    batch: str | None = None
    """The sample it was accepted with, unseen."""


FACTS: dict[str, type[Fact]] = {
    cls.kind: cls
    for cls in (
        Founded, Setting, Imported, Sighted, Described, RaterAdded, Invited, Claimed,
        Access, Assigned, Submitted, Skipped, Decided, Reversed, Computed, Discarded,
        Called, Batched, Drafted, Reviewed,
    )
}  # fmt: skip
"""Kind -> type, for reading the journal back."""


def fact_from(data: dict[str, Any]) -> Fact:
    """Return the fact that `as_json` wrote.

    Raises:
        KeyError: for a kind this version does not know.
        TypeError: for missing or unknown fields.
    """
    fields = dict(data)
    cls = FACTS[fields.pop("kind")]
    if cls is Submitted:
        fields["feedback"] = tuple(Feedback(**f) for f in fields.get("feedback", ()))
    if cls is Drafted:
        fields["verdicts"] = tuple(tuple(verdict) for verdict in fields["verdicts"])
    for name in ("expertise", "asked", "requests"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return cls(**fields)
