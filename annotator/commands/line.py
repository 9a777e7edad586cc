"""From the arguments to a command and from what it returns or raises to output and exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout

import typer
from typer.main import get_command

from annotator.commands.answer import Answer
from annotator.commands.tree import application
from schemas.errors import UserError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; return its exit code.

    0 done; 1 the user must do something, said in one line; 2 wrong usage; 130 interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    answer, rest = Answer.from_arguments(arguments)
    if answer.as_json and "--help" in rest:
        return _help_as_json(answer, rest)
    return _run(answer, rest)


def _run(answer: Answer, rest: Sequence[str]) -> int:
    try:
        get_command(application).main(
            args=list(rest), prog_name="app.py", standalone_mode=False, obj=answer
        )
    except UserError as error:
        return answer.fail(error)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.Abort:
        return _interrupted(answer)
    except KeyboardInterrupt:
        return _interrupted(answer)
    except _usage_errors() as error:
        return answer.misuse(error)
    except OSError as error:
        return answer.fail(_from_os(error))
    except Exception as error:  # noqa: BLE001 - the one edge where a bug becomes a sentence
        traceback.print_exc(file=sys.stderr)
        return answer.fail(
            UserError(
                "internal_error",
                f"The program made a mistake ({type(error).__name__}: {error}); the lines above "
                "say where. Nothing acknowledged is lost; please report them.",
            )
        )
    return answer.finish()


def _help_as_json(answer: Answer, rest: Sequence[str]) -> int:
    """Print the help that people get as the one document that --json promises."""
    page = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with redirect_stdout(page):
        code = _run(answer, rest)
    page.seek(0)
    if code == 0:
        answer.give({"help": page.read()})
        return answer.finish()
    sys.stdout.write(page.read())
    return code


def _usage_errors() -> type[Exception]:
    import click

    # typer may carry a click of its own; whichever raised it, a usage error has exit code 2.
    return getattr(typer, "_click", click).exceptions.ClickException  # type: ignore[no-any-return]


def _interrupted(answer: Answer) -> int:
    answer.fail(
        UserError("interrupted", "Interrupted; what was done is kept. Run the same again to go on.")
    )
    return 130


def _from_os(error: OSError) -> UserError:
    import errno

    thing = error.filename or "a file"
    if error.errno == errno.ENOSPC:
        return UserError(
            "disk_full",
            f"The disk is full while writing {thing}; make room and run the same again.",
        )
    what = os.strerror(error.errno) if error.errno else str(error)
    return UserError("file_error", f"{thing}: {what}; mend that and run the same again.")
