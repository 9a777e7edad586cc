"""A study of facts alone, and a server process on it."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from annotator.accounts import add_people  # noqa: E402
from annotator.founding import found_study, read_preset  # noqa: E402
from annotator.store import Store  # noqa: E402
from annotator.store.access import load_study  # noqa: E402
from schemas.facts import Imported  # noqa: E402
from schemas.layout import StudyFolder, stimulus_id  # noqa: E402

AT = "2026-01-01T00:00:00.000000Z"


def stimuli(n: int) -> list[Imported]:
    """Return stimuli; their images are never asked for."""
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(n)]
    return [
        Imported(
            AT, stimulus_id(sha), sha, f"{i}.png", ".png", "PNG", 900, 600, 9, "RGB", 1, "0" * 16,
            None,
        )
        for i, sha in enumerate(hashes)
    ]  # fmt: skip


def make_study(root: Path, n_stimuli: int, n_raters: int, quota: int) -> dict[str, str]:
    """Make a study; return rater -> token of the invite."""
    text, place = read_preset("siqa")
    text = text.replace("raters_per_stimulus = 9", f"raters_per_stimulus = {quota}")
    found_study(root, (text, place))
    folder = StudyFolder(root)
    with Store(folder, load_study(folder)) as store:
        store.append_many(stimuli(n_stimuli))
        return add_people(store, [(f"rater {n:04}", "rater", ()) for n in range(n_raters)])


class Server:
    """The server as a process of its own."""

    def __init__(self, folder: Path, log: IO[str] | None = None) -> None:
        self.folder = folder
        self._log = log or subprocess.DEVNULL
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; return when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "--data", str(self.folder), "serve",
             "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("Ready: "):
            self.end(signal.SIGKILL)
            raise RuntimeError(f"the server did not start: {line}")
        self.port = int(line.strip().rsplit(":", 1)[1])

    @property
    def token(self) -> str:
        """Token of the internal routes."""
        return str(json.loads((self.folder / "server.json").read_text())["token"])

    def end(self, sign: int = signal.SIGTERM) -> None:
        """End it and wait."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(sign)
            try:
                self.process.wait(30)
            finally:
                self.process.kill()
                self.process.wait()
                if self.process.stdout is not None:
                    self.process.stdout.close()
                self.process = None
