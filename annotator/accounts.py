"""Who people are: invites, login cookies, roles. Ours, so that a restart logs nobody out."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from annotator.clock import fresh_token, iso, now
from annotator.store import Reads, SnapshotStore, Store
from annotator.store.journal import Entry
from schemas.errors import UserError
from schemas.facts import Access, Claimed, Fact, Invited, RaterAdded
from schemas.layout import StudyFolder

__all__ = ["ROLES", "Accounts", "Person", "add_people", "invite", "read_secret", "token_hash"]

ROLES = ("rater", "curator")


class Person(NamedTuple):
    """Somebody who may log in."""

    rater: str
    role: str
    enabled: bool


@dataclass
class _Invite:
    rater: str
    used: bool
    replaced: bool = False


class Accounts:
    """Logins of a running server, kept up to date by the store's facts."""

    def __init__(self, store: Store, secret: bytes) -> None:
        """Read people and invites; follow what is appended."""
        self._lock = threading.Lock()
        self._signer = URLSafeSerializer(secret, salt="login")
        self._people: dict[str, Person] = {}
        self._invites: dict[str, _Invite] = {}
        store.observe(self._follow)
        for row in store.raters():
            self._people[row["rater"]] = Person(row["rater"], row["role"], row["enabled"])
        for row in store.invites():
            self._add_invite(row["token_sha256"], row["rater"], used=row["used"])

    def cookie_for(self, rater: str) -> str:
        """Return the signed cookie value that logs a person in."""
        return str(self._signer.dumps(rater))

    def person(self, cookie: str | None) -> Person | None:
        """Return whose cookie this is, or None where it is missing, forged or unknown.

        Raises:
            UserError: `rater_disabled`.
        """
        if not cookie:
            return None
        try:
            rater = self._signer.loads(cookie)
        except BadData:
            return None
        person = self._people.get(rater) if isinstance(rater, str) else None
        if person is not None and not person.enabled:
            raise UserError(
                "rater_disabled",
                f"The access of {person.rater} is switched off; ask the curator of the study. "
                "What you sent before is kept.",
                status=403,
            )
        return person

    def invited(self, token: str) -> Person:
        """Return whom an unused link invites.

        Raises:
            UserError: `invite_unknown`, `invite_used`, `invite_replaced`, `rater_disabled`.
        """
        with self._lock:
            found = self._invites.get(token_hash(token))
        if found is None:
            raise UserError(
                "invite_unknown",
                "This link is not valid; check that it was copied whole, or ask the curator for "
                "a new one.",
                status=404,
            )
        if found.used or found.replaced:
            what = "has been used" if found.used else "was replaced by a newer one"
            raise UserError(
                "invite_used" if found.used else "invite_replaced",
                f"This link {what}. A link works once; to log in again or on another device, ask "
                f"the curator for a new one (`raters invite {found.rater}`).",
                status=410,
            )
        person = self._people[found.rater]
        if not person.enabled:
            raise UserError(
                "rater_disabled",
                f"The access of {person.rater} is switched off; ask the curator.",
                status=403,
            )
        return person

    def claim(self, token: str) -> tuple[Person, Claimed]:
        """Use a link; return who it was for and the fact to append. Errors as `invited`."""
        person = self.invited(token)
        with self._lock:
            self._invites[token_hash(token)].used = True
        return person, Claimed(iso(now()), person.rater, token_hash(token))

    def unclaim(self, claimed: Claimed) -> None:
        """Make a link work again whose claim could not be written."""
        with self._lock:
            self._invites[claimed.token_sha256].used = False

    def _add_invite(self, token_sha256: str, rater: str, *, used: bool) -> None:
        for older in self._invites.values():
            if older.rater == rater:
                older.replaced = True
        self._invites[token_sha256] = _Invite(rater, used)

    def _follow(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, RaterAdded):
                self._people[fact.rater] = Person(fact.rater, fact.role, enabled=True)
            elif isinstance(fact, Access) and fact.rater in self._people:
                self._people[fact.rater] = self._people[fact.rater]._replace(enabled=fact.enabled)
            elif isinstance(fact, Invited):
                with self._lock:
                    self._add_invite(fact.token_sha256, fact.rater, used=False)
            elif isinstance(fact, Claimed) and fact.token_sha256 in self._invites:
                with self._lock:
                    self._invites[fact.token_sha256].used = True


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_secret(folder: StudyFolder) -> bytes:
    """Return the key that signs cookies, made on first use with mode 0600."""
    try:
        handle = os.open(folder.secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        known = folder.secret.read_bytes()
        if known:
            return known
        # Left empty by a full disk or a crash; an empty key would let anyone sign.
        handle = os.open(folder.secret, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_hex(32).encode()
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def invite(rater: str) -> tuple[str, Invited]:
    """Return a fresh token for a person and the fact that makes it work."""
    token = fresh_token()
    return token, Invited(iso(now()), rater, token_hash(token))


def add_people(
    study: Store | SnapshotStore, people: list[tuple[str, str, tuple[str, ...]]]
) -> dict[str, str]:
    """Add people with a login and invite each.

    Args:
        study: The open study.
        people: (name, role, expertise) each; names are kept exactly.

    Returns:
        Name -> token of the invite.

    Raises:
        UserError: `rater_exists`, `invalid_name`, `invalid_role`; then nobody was added.
    """
    known = {row["rater"]: row for row in study.raters()}
    facts: list[Fact] = []
    tokens: dict[str, str] = {}
    for name, role, expertise in people:
        _check_new(name, role, known, tokens)
        token, invited = invite(name)
        facts += [RaterAdded(iso(now()), name, role, expertise), invited]
        tokens[name] = token
    study.append(facts)
    return tokens


def _check_new(name: str, role: str, known: dict[str, dict[str, object]], new: object) -> None:
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise UserError(
            "invalid_name",
            f"{name[:40]!r} cannot be a rater's name; use 1 to 200 printable characters.",
        )
    if role not in ROLES:
        raise UserError(
            "invalid_role", f"'{role}' is no role for {name}; use {' or '.join(ROLES)}."
        )
    there = known.get(name)
    if (there is not None and there["login"]) or name in new:  # type: ignore[operator]
        raise UserError(
            "rater_exists",
            f"There is a rater '{name}' already; use `raters invite` for a new link, or another "
            "name.",
        )


def require_rater(study: Reads, name: str) -> dict[str, object]:
    """Return the row of a rater; raise `unknown_rater` where there is none."""
    for row in study.raters():
        if row["rater"] == name:
            return row
    raise UserError(
        "unknown_rater", f"There is no rater '{name}' in this study; `raters list` shows them."
    )
