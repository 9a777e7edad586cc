"""The whole of intake: files in, records out, a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import chain
from os import PathLike

from pipelines.engine import Engine, Failed
from pipelines.intake.candidates import find_candidates
from pipelines.intake.claims import Claims
from pipelines.intake.keep import incoming_folder
from pipelines.intake.manifest import Manifest, Row
from pipelines.intake.matching import Matches, manifest_candidates
from pipelines.intake.records import (
    Batch,
    Candidate,
    Description,
    Duplicate,
    NewStimulus,
    Refused,
    RefusedContent,
    Seen,
    Sighting,
    TakenIn,
)
from pipelines.intake.take import take_in
from schemas.layout import ImageFolder, stimulus_id

__all__ = ["intake"]

BATCH = 256
"""Files whose records are handed over together."""

Result = TakenIn | Seen | Refused | Failed | None


def intake(
    paths: Iterable[str | PathLike[str]],
    manifest: Manifest | None,
    images: ImageFolder,
    known: Mapping[str, str],
    engine: Engine,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Batch]:
    """Take in files and say what came of them.

    The caller flushes the image folder (`sync_folder`) before it writes the facts of a batch.
    Closing the iterator stops the workers; files of batches not handed over are taken in again
    by the next import, over what is there.

    Args:
        paths: Files and folders. None at all: the files that the manifest names.
        manifest: Descriptions of the files.
        images: Where pictures are kept.
        known: SHA-256 -> stimulus of what the study has.
        engine: Where the work runs.
        progress: Called with the files done and their number.

    Yields:
        Batches in the order of the files.

    Raises:
        UserError: `disk_full`.
    """
    given = list(paths)
    n_ignored = 0
    if given or manifest is None:
        candidates, refused, n_ignored = find_candidates(given)
    else:
        candidates, refused = manifest_candidates(manifest)
    ledger = _Ledger(dict(known), Matches(manifest, candidates, refused))
    ledger.refused.extend(refused)
    ledger.n_ignored = n_ignored
    images.root.mkdir(parents=True, exist_ok=True)
    # Workers on other machines have working folders of their own.
    here = ImageFolder(images.root.absolute())
    with incoming_folder(here.root) as incoming:
        work = partial(
            take_in,
            images=here,
            incoming=incoming,
            claims=Claims(incoming / "claims"),
            known=frozenset(known),
        )
        with closing(engine.map(work, candidates)) as results:
            for done, candidate in enumerate(candidates, start=1):
                ledger.enter(candidate, next(results))
                progress(done, len(candidates))
                if done % BATCH == 0:
                    yield ledger.handed_over()
    ledger.close()
    yield ledger.handed_over()


class _Ledger:
    """Turns results, in order, into records."""

    def __init__(self, known: dict[str, str], matches: Matches) -> None:
        self._known = known
        self._matches = matches
        self._waiting: dict[str, list[Candidate]] = defaultdict(list)
        self._reasons: dict[str, str] = {}
        self._clear()

    def enter(self, candidate: Candidate, result: Result) -> None:
        if result is None:
            self.n_ignored += 1
        elif isinstance(result, Failed):
            self.refused.append(Refused(candidate.source_path, result.reason))
        elif isinstance(result, Refused):
            self._refuse(result)
        elif isinstance(result, Seen):
            self._see(candidate, result.sha256)
        else:
            self._take(candidate, result)

    def close(self) -> None:
        """Settle what waited for a worker that died, and rows without a file."""
        for candidate in chain.from_iterable(self._waiting.values()):
            reason = "The process that read the same bytes died; try it alone."
            self.refused.append(Refused(candidate.source_path, reason))
        described, refused = self._matches.unmatched(self._known)
        self.descriptions.extend(described)
        self.refused.extend(refused)

    def handed_over(self) -> Batch:
        batch = Batch(
            tuple(self.new),
            tuple(self.sightings),
            tuple(self.descriptions),
            tuple(self.duplicates),
            tuple(self.refused),
            self.n_ignored,
        )
        self._clear()
        return batch

    def _clear(self) -> None:
        self.new: list[NewStimulus] = []
        self.sightings: list[Sighting] = []
        self.descriptions: list[Description] = []
        self.duplicates: list[Duplicate] = []
        self.refused: list[Refused] = []
        self.n_ignored = 0

    def _refuse(self, result: Refused) -> None:
        self.refused.append(Refused(result.path, result.reason))
        if isinstance(result, RefusedContent):
            self._reasons[result.sha256] = result.reason
            for other in self._waiting.pop(result.sha256, ()):
                self.refused.append(Refused(other.source_path, result.reason))

    def _see(self, candidate: Candidate, sha256: str) -> None:
        if sha256 in self._known:
            self._repeat(candidate, sha256)
        elif sha256 in self._reasons:
            self.refused.append(Refused(candidate.source_path, self._reasons[sha256]))
        else:
            self._waiting[sha256].append(candidate)

    def _take(self, candidate: Candidate, taken: TakenIn) -> None:
        if taken.sha256 in self._known:  # a file that was named twice
            self._repeat(candidate, taken.sha256)
            return
        # The first file in order names the stimulus, whichever a worker happened to read.
        first, *others = [*self._waiting.pop(taken.sha256, []), candidate]
        stimulus = stimulus_id(taken.sha256)
        self._known[taken.sha256] = stimulus
        rows = self._matches.rows_of(first, taken.sha256)
        ours = next((row for row in rows if row.is_ours and row.file_name), None)
        self.new.append(NewStimulus.of(taken, ours.file_name if ours else first.path.name))
        if ours:
            path = ours.path or ours.file_name
            self.sightings.append(Sighting(stimulus, ours.file_name, path, ours.file_name))
        self._sight(first, stimulus, rows)
        for other in others:
            self._repeat(other, taken.sha256)

    def _repeat(self, candidate: Candidate, sha256: str) -> None:
        stimulus = self._known[sha256]
        self.duplicates.append(Duplicate(candidate.source_path, stimulus))
        self._sight(candidate, stimulus, self._matches.rows_of(candidate, sha256))

    def _sight(self, candidate: Candidate, stimulus: str, rows: list[Row]) -> None:
        name = candidate.path.name
        self.sightings.append(
            Sighting(stimulus, name, candidate.source_path, candidate.relative_path)
        )
        for row in rows:
            if row.values:
                self.descriptions.append(Description(stimulus, row.values))
