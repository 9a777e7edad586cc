"""`raters add|invite|list|disable|enable`: who may rate, who curates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotator.commands.answer import Answer
from schemas.errors import UserError

if TYPE_CHECKING:
    from annotator.store import SnapshotStore, Store

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="Add people, invite them, switch access off.")


@commands.command("add")
def add(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name, kept exactly.")] = None,
    role: Annotated[str, typer.Option(help="rater or curator.")] = "rater",
    expertise: Annotated[str, typer.Option(metavar="A,B", help="Fields, comma-separated.")] = "",
    table: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.csv", help="Columns name[,role][,expertise]."),
    ] = None,
) -> None:
    """Add a person, or everyone of a table, and print the invite links."""
    from annotator.accounts import add_people
    from annotator.people_file import read_people, split_expertise
    from annotator.store import open_study

    answer: Answer = context.obj
    if (name is None) == (table is None):
        raise typer.BadParameter("Give either a NAME or --from FILE.csv.")
    people = (
        read_people(table)
        if table is not None
        else [(name or "", role, split_expertise(expertise))]
    )
    with open_study(answer.folder) as study:
        tokens = add_people(study, people)
        rows = [
            {"rater": n, "role": r, "invite": invite_url(study, tokens[n])} for n, r, _ in people
        ]
    document = rows[0] if table is None else {"raters": rows}
    answer.give(document, _links(rows))


@commands.command("invite")
def invite(context: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Make a new link for somebody; links not used yet stop working."""
    from annotator.accounts import invite as fresh_invite
    from annotator.accounts import require_rater
    from annotator.clock import iso, now
    from annotator.store import open_study
    from schemas.facts import Fact, RaterAdded

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        row = require_rater(study, name)
        if not row["enabled"]:
            raise UserError(
                "rater_disabled",
                f"{name} is switched off, so a link would not let them in; "
                f"`raters enable {name}` first.",
            )
        token, invited = fresh_invite(name)
        facts: list[Fact] = [invited]
        if not row["login"]:
            facts.insert(0, RaterAdded(iso(now()), name, str(row["role"])))
        study.append(facts)
        link = {"rater": name, "role": row["role"], "invite": invite_url(study, token)}
    answer.give(link, _links([link]))


@commands.command("list")
def list_raters(context: typer.Context) -> None:
    """List everybody."""
    from annotator.store import open_study

    answer: Answer = context.obj
    with open_study(answer.folder) as study:
        rows = study.raters()
    lines = [
        f"{row['rater']}\t{row['role']}\t{_state(row)}\t{row['submissions']} submissions"
        for row in rows
    ]
    answer.give(
        {"raters": rows}, "\n".join(lines) or "Nobody yet; `raters add NAME` adds somebody."
    )


@commands.command("disable")
def disable(context: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Switch somebody's access off; what they gave stays."""
    _set_access(context.obj, name, enabled=False)


@commands.command("enable")
def enable(context: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Switch somebody's access on again."""
    _set_access(context.obj, name, enabled=True)


def _set_access(answer: Answer, name: str, *, enabled: bool) -> None:
    from annotator.accounts import require_rater
    from annotator.clock import iso, now
    from annotator.store import open_study
    from schemas.facts import Access

    with open_study(answer.folder) as study:
        require_rater(study, name)
        study.append([Access(iso(now()), name, enabled, "command line")])
    answer.give(
        {"rater": name, "enabled": enabled}, f"{name} can{'' if enabled else ' no longer'} log in."
    )


def invite_url(study: Store | SnapshotStore, token: str) -> str:
    """Return the full link of an invite."""
    from annotator.addresses import public_address

    return f"{public_address(study)}/join/{token}"


def _state(row: dict[str, object]) -> str:
    if not row["login"]:
        return "from an import"
    if not row["enabled"]:
        return "switched off"
    return "joined" if row["claimed"] else "invited"


def _links(rows: Sequence[Mapping[str, object]]) -> str:
    width = max(len(str(row["rater"])) for row in rows)
    return "\n".join(
        f"{row['rater']!s:{width}}  {row['role']!s:7}  {row['invite']}" for row in rows
    )
