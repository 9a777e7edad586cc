"""People of the study: adding, links, access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotator.accounts import add_people, invite, require_rater
from annotator.clock import iso, now
from annotator.people_file import parse_people, split_expertise
from annotator.store import Store
from schemas.errors import UserError
from schemas.facts import Access, Fact, RaterAdded

__all__ = ["Link", "People", "Person"]


@dataclass(frozen=True, slots=True)
class Link:
    """An invite, known only now."""

    rater: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list of people."""

    rater: str
    role: str
    expertise: tuple[str, ...]
    state: str
    """`invited`, `active`, `disabled`, `excluded` or `imported`."""
    n_submissions: int
    last_at: str | None


class People:
    """Who takes part in a study."""

    def __init__(self, store: Store) -> None:
        """Read from and append to `store`."""
        self._store = store
        self._rows: tuple[int, list[dict[str, Any]]] = (-1, [])

    def rows(self) -> list[dict[str, Any]]:
        """Return `Reads.raters`, read again only when something has happened."""
        seq, _ = self._store.position()
        if self._rows[0] != seq:
            self._rows = (seq, self._store.raters())
        return self._rows[1]

    def everybody(self, search: str = "") -> list[Person]:
        """Return everybody whose name or expertise contains `search`."""
        excluded = self._store.excluded_raters()
        wanted = search.casefold().strip()
        return [
            Person(
                rater=row["rater"],
                role=row["role"],
                expertise=tuple(row["expertise"] or ()),
                state=state_of(row, excluded),
                n_submissions=row["submissions"],
                last_at=row["last_submission_at"],
            )
            for row in self.rows()
            if wanted in " ".join([row["rater"], *(row["expertise"] or ())]).casefold()
        ]

    def add(self, name: str, role: str, expertise: str, address: str) -> list[Link]:
        """Add one person; errors as `add_people`."""
        return self._add([(name.strip(), role, split_expertise(expertise))], address)

    def add_table(self, text: str, address: str) -> list[Link]:
        """Add everybody of a pasted or uploaded table; a plain list of names will do.

        Raises:
            UserError: `people_file_invalid`, naming the row, or as `add_people`: then nobody.
        """
        text = text.lstrip("\ufeff").strip()
        if not text:
            raise UserError("people_file_invalid", "The table is empty; paste one name a line.")
        first = text.splitlines()[0].casefold().replace(";", ",").replace("\t", ",").split(",")
        if not {"name", "rater"} & {cell.strip() for cell in first}:
            text = "name,role,expertise\n" + text.replace("\t", ",")
        return self._add(parse_people(text, "The table"), address)

    def new_link(self, name: str, address: str) -> Link:
        """Return a fresh link for somebody; links not used yet stop working."""
        row = require_rater(self._store, name)
        token, invited = invite(name)
        facts: list[Fact] = [invited]
        if not row["login"]:
            facts.insert(0, RaterAdded(iso(now()), name, str(row["role"])))
        self._store.append(facts)
        return Link(name, str(row["role"]), f"{address}/join/{token}")

    def set_access(self, name: str, author: str, *, enabled: bool) -> None:
        """Switch somebody's login off or on; what they gave stays.

        Raises:
            UserError: `unknown_rater`, or `own_access` where curators would lock themselves out.
        """
        require_rater(self._store, name)
        if name == author and not enabled:
            raise UserError(
                "own_access",
                "You cannot switch your own access off; ask another curator to do it.",
                status=409,
            )
        self._store.append([Access(iso(now()), name, enabled, author)])

    def _add(self, people: list[tuple[str, str, tuple[str, ...]]], address: str) -> list[Link]:
        tokens = add_people(self._store, people)
        return [Link(name, role, f"{address}/join/{tokens[name]}") for name, role, _ in people]


def state_of(row: dict[str, object], excluded: frozenset[str]) -> str:
    """Return in which state a row of `Reads.raters` is."""
    if row["rater"] in excluded:
        return "excluded"
    if not row["login"]:
        return "imported"
    if not row["enabled"]:
        return "disabled"
    return "active" if row["claimed"] else "invited"
