"""`serve`: run the web app."""

from __future__ import annotations

from typing import Annotated

import typer

from annotator.commands.answer import Answer

__all__ = ["serve"]


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 7860,
    public_url: Annotated[
        str, typer.Option(metavar="URL", help="Address for links; kept in the study.")
    ] = "",
    demo: Annotated[
        bool, typer.Option("--demo", help="Make the demo study where there is none.")
    ] = False,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="With a new demo study: add a simulated panel's ratings."),
    ] = False,
) -> None:
    """Run the web app; print `Ready: URL` when it answers."""
    import os
    import sys

    from annotator.serving import run_server

    answer: Answer = context.obj
    run_server(answer, host, port, public_url, demo=demo, simulate=simulate)
    # All is on disk and closed. Taking the interpreter down, and waiting for whatever a thread
    # still computes for a page that is gone, takes seconds.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
