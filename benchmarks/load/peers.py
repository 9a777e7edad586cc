"""Label Studio and Potato on the job of the rating screen: one image, four scales, one text box."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["DIMENSIONS", "label_studio", "potato"]

DIMENSIONS = ("validity", "completeness", "clarity", "conformity")
TOKEN = "0123456789abcdef0123456789abcdef01234567"
LOGIN = ("rater@example.org", "not-a-secret-1")
_PATIENCE_S = 900


@contextmanager
def _running(
    command: Sequence[str], address: str, place: Path, told: dict[str, str]
) -> Iterator[None]:
    """Run a server until the block ends; enter the block when `address` answers."""
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=place, env={**os.environ, **told}, stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + _PATIENCE_S
            while not _answers(address):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} did not start: {(place / 'log').read_text()}")
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def potato(program: Path, place: Path, images: Sequence[Path]) -> Iterator[str]:
    """Run Potato on images; yields its address. Whoever gives a name comes in."""
    (place / "media").mkdir(parents=True)
    items = []
    for image in images:
        shutil.copyfile(image, place / "media" / image.name)  # it refuses links
        items.append({"id": image.stem, "image": f"/media/{image.name}"})
    (place / "items.json").write_text(json.dumps(items))
    scales: list[dict[str, Any]] = [
        {"annotation_type": "likert", "name": name, "description": name, "size": 5,
         "min_label": "Bad", "max_label": "Excellent"}
        for name in DIMENSIONS
    ]  # fmt: skip
    text = {"annotation_type": "text", "name": "feedback", "description": "What is wrong?"}
    port = _free_port()
    told = {
        "annotation_task_name": "quality", "task_dir": ".", "site_dir": "default",
        "output_annotation_dir": "out", "data_files": ["items.json"], "media_directory": "media",
        "item_properties": {"id_key": "id", "text_key": "image"},
        "instance_display": {"fields": [{"key": "image", "type": "image"}]},
        "user_config": {"allow_all_users": True, "users": []}, "require_password": False,
        "authentication": {"method": "in_memory"}, "host": "127.0.0.1", "port": port,
        "annotation_schemes": [*scales, text],
    }  # fmt: skip
    (place / "config.yaml").write_text(json.dumps(told))  # JSON is YAML
    address = f"http://127.0.0.1:{port}/"
    command = [str(program), "start", "config.yaml", "-p", str(port)]
    with _running(command, address, place, {}):
        yield address


@contextmanager
def label_studio(program: Path, place: Path, images: Sequence[Path]) -> Iterator[str]:
    """Run Label Studio with images as tasks of a project; yields the address of its labelling."""
    place.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    told = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(place / "data"), "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "0", "LABEL_STUDIO_USERNAME": LOGIN[0],
        "LABEL_STUDIO_PASSWORD": LOGIN[1], "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(images[0].parents[1]),
    }  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    with _running([*command, "--port", str(port)], f"{address}/health", place, told):
        choices = "".join(f'<Choice value="{level}"/>' for level in range(1, 6))
        scales = "".join(
            f'<Header value="{name}"/><Choices name="{name}" toName="image" showInline="true">'
            f"{choices}</Choices>"
            for name in DIMENSIONS
        )
        screen = (
            f'<View><Image name="image" value="$image"/>{scales}'
            '<TextArea name="feedback" toName="image"/></View>'
        )
        project = _ask(f"{address}/api/projects", {"title": "quality", "label_config": screen})
        folder = images[0].parent
        _ask(f"{address}/api/storages/localfiles",
             {"project": project["id"], "path": str(folder), "use_blob_urls": True})  # fmt: skip
        where = f"/data/local-files/?d={folder.name}/"
        tasks = [{"data": {"image": where + image.name}} for image in images]
        _ask(f"{address}/api/projects/{project['id']}/import", tasks)
        yield f"{address}/projects/{project['id']}/data?labeling=1"


def _ask(address: str, body: Any) -> Any:
    request = urllib.request.Request(
        address, json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Token {TOKEN}"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())
