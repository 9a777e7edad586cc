"""Building and running the server of a study."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import orjson
import uvicorn
import uvloop

from annotator.accounts import Accounts, read_secret
from annotator.addresses import checked_public_url
from annotator.api import Server, build_app
from annotator.changing import Change, opened_last
from annotator.clock import iso, now
from annotator.demo_study import found_demo, invite_demo_people
from annotator.drafts import Drafts
from annotator.ordering import Ordering
from annotator.queue import Queue
from annotator.refitting import Refitter
from annotator.screens.mounted import mount_screens
from annotator.store import Store
from annotator.store.access import load_study
from annotator.store.snapshot import read_server_address
from annotator.store_desk import StoreDesk
from annotator.tiles import Tiles
from schemas.errors import UserError
from schemas.facts import Setting
from schemas.layout import StudyFolder

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["build_server", "run_server"]

_GRACE_S = 2


class Teller(Protocol):
    """Who is told what happens, and knows the options of the command line."""

    folder: Path
    is_folder_named: bool
    as_json: bool

    def say(self, text: str) -> None:
        """Tell people something."""


def run_server(
    teller: Teller, host: str, port: int, public_url: str, *, demo: bool, simulate: bool
) -> None:
    """Open the study (or make the demo), serve it until stopped.

    Raises:
        UserError: no study, `port_in_use`, `already_running`, or what opening refuses.
    """
    url = checked_public_url(public_url) if public_url else ""
    start = StudyFolder(teller.folder)
    if (demo or not teller.is_folder_named) and not start.study_file.exists():
        teller.say(f"Making the demo study in {teller.folder} …")
        found_demo(teller.folder, simulate=simulate)
    folder = start if teller.is_folder_named else opened_last(start)
    if folder != start:
        teller.say(f"Serving {folder.root}, opened last; the first study is in {start.root}.")
    # The folder first: who starts a second server on it should hear that, not of a busy port.
    store: Store | None = _open(folder, load_study(folder))
    change = Change(start, folder, remembers=not teller.is_folder_named)
    try:
        listener = _listen(host, port)
    except BaseException:
        cast("Store", store).close()
        raise
    _stop_by_returning()
    address = f"http://{_bracketed(host)}:{listener.getsockname()[1]}"
    with listener:
        while store is not None:
            _serve_study(teller, store, (listener, address), url, change)
            store = change.next_store(teller.say, _open)


def _serve_study(
    teller: Teller, store: Store, place: tuple[socket.socket, str], url: str, change: Change
) -> None:
    """Serve one study until the server is stopped or is to serve another; close the store."""
    listener, address = place
    try:
        for notice in store.notices:
            teller.say(notice)
        if url:
            store.append([Setting(iso(now()), "public_url", url)])
        server = build_server(store)
        links = invite_demo_people(store, server.public_url or address)
        app = build_server_app(server, change.ask)
        _write_address(store.folder, address, server.token)

        def tell() -> None:
            if change.n_served:
                teller.say(f"Now serving {store.folder.root}.")
            else:
                _tell_ready(teller, address, links)

        # The routes answer on one core; a lighter loop leaves more of it to them.
        loops = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with closing(server.tiles), closing(_refitting(server)), loops as runner:
            # uvicorn closes what it listens on; the next study goes on with the same port.
            runner.run(_serve(app, listener.dup(), tell, change))
    finally:
        store.folder.server.unlink(missing_ok=True)
        store.close()


def _refitting(server: Server) -> ExitStack:
    """Start what learns beside the queue, where the study wants that; closing it ends that."""
    stack = ExitStack()
    if server.refitter is not None:
        server.refitter.start()
        stack.callback(server.refitter.close)
    return stack


def build_server(store: Store) -> Server:
    """Return the parts of a server around an open store."""
    drafts = Drafts(store.folder.drafts)
    scoring = store.study.scoring
    ordering = Ordering(store.folder.scoring, scoring.goal)
    queue = Queue(store, drafts, now, ordering.current)
    tiles = Tiles(store.folder.images)
    store.observe(tiles.follow)
    tiles.expect(queue.leasing.pool.pictures)
    return Server(
        store=store,
        queue=queue,
        accounts=Accounts(store, read_secret(store.folder)),
        drafts=drafts,
        tiles=tiles,
        refitter=Refitter(store, queue.counts, ordering) if scoring.order == "model" else None,
        token=secrets.token_hex(32),
        public_url=store.settings().get("public_url"),
    )


def build_server_app(server: Server, change: Callable[[Path], None] | None = None) -> FastAPI:
    """Return the app with routes and screens; `change` makes the process serve another study."""
    app = build_app(server)
    # Gradio's own choice is a folder that everybody on the machine shares; this one is private
    # and emptied when the study is opened.
    os.environ["GRADIO_TEMP_DIR"] = str(server.store.folder.temporary.resolve() / "uploads")
    desk = StoreDesk(server.store, change=change)
    app.state.packages = desk.packages
    # So that the first page of results need not wait.
    desk.standings.prepare()
    mount_screens(
        app,
        server.store.study,
        desk,
        lambda request: server.person(request).rater,
        lambda: server.public_url,
    )
    return app


def _open(folder: StudyFolder, study: Any) -> Store:
    try:
        return Store(folder, study)
    except UserError as error:
        running = read_server_address(folder)
        if error.code == "folder_in_use" and running is not None:
            raise UserError(
                "already_running",
                f"A server runs on {folder.root} already, at {running.url} (process "
                f"{running.pid}); use it, or stop it first.",
            ) from error
        raise


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise UserError(
            "port_in_use" if error.errno == 98 else "cannot_listen",
            f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); another program "
            "may be using it: choose another with --port, or --port 0 for a free one.",
        ) from error
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _write_address(folder: StudyFolder, address: str, token: str) -> None:
    # Commands on this machine reach a server that listens everywhere through loopback.
    url = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    content = orjson.dumps({"url": url, "token": token, "pid": os.getpid()})
    part = folder.server.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    part.replace(folder.server)


def _stop_by_returning() -> None:
    """Make uvicorn, which raises a signal again after it has stopped, just return."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda number, frame: None)


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _is_no_cut_stream(record: logging.LogRecord) -> bool:
    """Tell what is worth logging from the streams of open pages, which stopping cuts off."""
    is_cut = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not is_cut and "timeout graceful shutdown exceeded" not in record.getMessage()


async def _serve(
    app: FastAPI, listener: socket.socket, on_ready: Callable[[], None], change: Change
) -> None:
    logging.getLogger("annotator").setLevel(logging.INFO)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        # Pages hold a connection open; without this they would hold the process too.
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=30,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut_stream)
    server = _Uvicorn(config, on_ready)
    change.begins(server)
    await server.serve(sockets=[listener])


def _tell_ready(teller: Teller, address: str, links: list[tuple[str, str, str]]) -> None:
    import sys

    for name, role, link in links:
        teller.say(f"Invite for {name} ({role}): {link}")
    line = f'{{"ready": "{address}"}}' if teller.as_json else f"Ready: {address}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
