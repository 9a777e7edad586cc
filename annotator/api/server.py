"""What every route needs: the parts of a running server, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, cast

import orjson
from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from annotator.accounts import Accounts, Person
from annotator.drafts import Drafts
from annotator.queue import Queue
from annotator.refitting import Refitter
from annotator.store import Store
from annotator.tiles import Tiles
from schemas.errors import UserError

__all__ = ["Curator", "Rater", "Running", "Server", "asking"]


@dataclass
class Server:
    """The parts of a running server, built once in `serve`."""

    store: Store
    queue: Queue
    accounts: Accounts
    drafts: Drafts
    tiles: Tiles
    refitter: Refitter | None
    """Learns while people rate; None where chance alone orders the queue."""
    token: str
    """Opens the internal routes to commands in other shells."""
    public_url: str | None
    """Address people use, where it differs from the one the server binds."""
    _steps: dict[tuple[str, ...], orjson.Fragment] = field(default_factory=dict)

    @cached_property
    def cookie_name(self) -> str:
        """Name of the login cookie; by study, since cookies do not tell ports apart."""
        return f"study_{self.store.founded()['study_id'][:12]}"

    def steps_json(self, asked: tuple[str, ...]) -> orjson.Fragment:
        """Return the steps as the screen gets them; written once for each set that is asked."""
        if asked not in self._steps:
            study = self.store.study
            steps = [
                step.screen(study, asked=step.raters_per_stimulus is None or step.name in asked)
                for step in study.steps
            ]
            self._steps[asked] = orjson.Fragment(orjson.dumps(steps))
        return self._steps[asked]

    def person(self, request: HTTPConnection) -> Person:
        """Return who is asking.

        Raises:
            UserError: `not_logged_in` (401) or `rater_disabled` (403).
        """
        person = self.accounts.person(request.cookies.get(self.cookie_name))
        if person is None:
            raise UserError(
                "not_logged_in",
                "You are not logged in here; open your invite link, or ask the curator for a new "
                "one.",
                status=401,
            )
        return person


def running(request: Request) -> Server:
    """Return the server a request came to."""
    return cast("Server", request.app.state.server)


Running = Annotated[Server, Depends(running)]


def asking(request: Request) -> Person:
    """Return who is asking; errors as `Server.person`."""
    return running(request).person(request)


def _rater(person: Annotated[Person, Depends(asking)]) -> Person:
    if person.role != "rater":
        raise UserError(
            "not_a_rater",
            f"{person.rater} is a curator and sees results, so cannot rate blind; rate under an "
            "invite with the role rater.",
            status=403,
        )
    return person


def _curator(person: Annotated[Person, Depends(asking)]) -> Person:
    if person.role != "curator":
        raise UserError("not_a_curator", "This page is for curators.", status=403)
    return person


Rater = Annotated[Person, Depends(_rater)]
Curator = Annotated[Person, Depends(_curator)]
