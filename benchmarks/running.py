"""A site as a user runs it, in a process of its own, for benchmarks that look from outside."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from isthmus.cli.remote import Remote
from isthmus.model.errors import IsthmusError


@dataclass(frozen=True, slots=True)
class Site:
    """A running site; `remote` asks it, `pid` is its process."""

    remote: Remote
    pid: int
    data: Path


@contextlib.contextmanager
def site(folder: Path, plant: str, *, seconds: float = 60.0) -> Iterator[Site]:
    """The site of the plant file with the text `plant`, up with all its links."""
    file, data = folder / "plant.yaml", folder / "data"
    file.write_text(plant, "utf-8")
    command = [sys.executable, "-m", "isthmus", "run", str(file), "--data", str(data)]
    with (
        (folder / "site.log").open("wb") as log,
        subprocess.Popen([*command, "--port", "0"], stdout=log, stderr=log) as process,
    ):
        try:
            yield Site(_ready(process, data, folder / "site.log", seconds), process.pid, data)
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def _ready(process: subprocess.Popen[bytes], data: Path, log: Path, seconds: float) -> Remote:
    until, last = time.monotonic() + seconds, ""
    while time.monotonic() < until and process.poll() is None:
        try:
            remote = Remote.of(data)
            links = remote.get("/api/links")["links"]
            if all(link["state"] == "up" for link in links):
                return remote
            last = ", ".join(f"{link['name']} is {link['state']}" for link in links)
        except (IsthmusError, OSError) as error:
            last = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"the site did not come up: {last}\n{log.read_text('utf-8')[-2_000:]}")


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it that live."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all below it so far."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += float(times.user + times.system)
    return total


def rss_mb(pid: int) -> float:
    """Resident memory of a process and all below it."""
    total = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 1e6
