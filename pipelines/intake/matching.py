"""Which row of a manifest is about which file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pipelines.intake.manifest import Manifest, Row
from pipelines.intake.records import Candidate, Description, Refused

__all__ = ["Matches", "manifest_candidates"]


def manifest_candidates(manifest: Manifest) -> tuple[list[Candidate], list[Refused]]:
    """Return the files that a manifest names, in its order, each once.

    Relative paths count from the manifest's folder. A link in that folder to a place outside it
    is refused; rows without a file are left to `Matches.unmatched`.
    """
    folder = manifest.path.parent
    found: dict[Path, Candidate] = {}
    refused: list[Refused] = []
    for row in manifest.rows:
        value, path = _file_of(row, folder)
        if path is None or path in found:
            continue
        if _leads_out(path, folder.resolve()):
            refused.append(Refused(value, "A link to a place outside the manifest's folder."))
        relative = path.name if Path(value).is_absolute() else os.path.normpath(value)
        found[path] = Candidate(path, value, relative, named=True)
    out = {no.path for no in refused}
    return [candidate for candidate in found.values() if candidate.source_path not in out], refused


class Matches:
    """The rows that describe each candidate.

    A row with a `sha256` is about the file of these bytes. Else its path is compared with the
    source path and the absolute path of the candidates, then with the path below the imported
    folder, then the bare file name with theirs; each must fit one file only.
    """

    def __init__(
        self,
        manifest: Manifest | None,
        candidates: Iterable[Candidate],
        refused: Iterable[Refused] = (),
    ) -> None:
        """Find the row or rows of each candidate.

        Args:
            manifest: None: nothing matches.
            candidates: All files of the import.
            refused: What was refused before it became a candidate; told once is enough.
        """
        self._told = {no.path for no in refused}
        self._rows = manifest.rows if manifest else ()
        self._folder = manifest.path.parent if manifest else Path()
        self._by_sha: dict[str, list[Row]] = defaultdict(list)
        self._by_path: dict[Path, list[Row]] = defaultdict(list)
        self._met: set[int] = set()
        self._ambiguous: dict[int, int] = {}
        self._match(list(candidates) if self._rows else [])

    def rows_of(self, candidate: Candidate, sha256: str | None) -> list[Row]:
        """Return the rows about a file; a row with its SHA-256 stands before one with its path."""
        rows = self._by_sha.get(sha256 or "") or self._by_path.get(candidate.path, [])
        self._met.update(row.number for row in rows)
        return rows

    def unmatched(self, known: Mapping[str, str]) -> tuple[list[Description], list[Refused]]:
        """Return what is left once all files are through.

        Args:
            known: SHA-256 -> stimulus of all stimuli; rows about them need no file.
        """
        described, refused = [], []
        for row in self._rows:
            if row.number in self._met or row.path in self._told:
                continue
            if row.sha256 in known:
                if row.values:
                    described.append(Description(known[row.sha256], row.values))
                continue
            refused.append(Refused(row.path or f"row {row.number}", self._reason(row)))
        return described, refused

    def _reason(self, row: Row) -> str:
        if row.number in self._ambiguous:
            return (
                f"Row {row.number} of the manifest fits {self._ambiguous[row.number]} files; "
                "give its path as it was imported."
            )
        if not row.path and not row.file_name:
            return f"Row {row.number} of the manifest names no file."
        return f"Row {row.number} of the manifest: there is no such file among those imported."

    def _match(self, candidates: list[Candidate]) -> None:
        levels = (
            _index(candidates, lambda one: (_plain(one.source_path), _plain(str(one.path)))),
            _index(candidates, lambda one: (_plain(one.relative_path),)),
            _index(candidates, lambda one: (one.path.name,)),
        )
        for row in self._rows:
            if row.sha256:
                self._by_sha[row.sha256].append(row)
            paths = self._found(row, levels)
            if len(paths) == 1:
                self._by_path[paths.pop()].append(row)
                self._met.add(row.number)
            elif paths:
                self._ambiguous[row.number] = len(paths)

    def _found(self, row: Row, levels: tuple[dict[str, set[Path]], ...]) -> set[Path]:
        for value in filter(None, (row.path, row.file_name)):
            plain = _plain(value)
            whole = _plain(str(self._folder / value))
            slashed = plain.replace("\\", "/")
            exact, below, names = levels
            for index, key in (
                (exact, plain), (exact, whole), (below, plain), (below, slashed),
                (names, slashed.rpartition("/")[2]),
            ):  # fmt: skip
                if key in index:
                    return set(index[key])
        return set()


def _index(
    candidates: list[Candidate], keys: Callable[[Candidate], tuple[str, ...]]
) -> dict[str, set[Path]]:
    index: dict[str, set[Path]] = defaultdict(set)
    for candidate in candidates:
        for key in keys(candidate):
            index[key].add(candidate.path)
    return index


def _plain(path: str) -> str:
    return os.path.normpath(path)


def _file_of(row: Row, folder: Path) -> tuple[str, Path | None]:
    for value in filter(None, (row.path, row.file_name)):
        path = folder / value
        try:
            if path.is_file():
                return value, path
        except (OSError, ValueError):
            continue
    return "", None


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder)
