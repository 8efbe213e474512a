"""A site as a user runs it: its own process, real machines beside it, all of them killable."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from isthmus.cli.remote import Remote
from isthmus.historian.delta.reader import Reader
from isthmus.model.errors import IsthmusError

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
types:
  Press: {{tags: {{count: {{}}, force: {{unit: kN}}}}}}
  Logger: {{tags: {{line: {{}}}}}}
equipment:
  hall:
    line1:
      units:
        press: {{type: Press}}
        logger: {{type: Logger}}
connections:
  press-plc:
    kind: modbus
    host: 127.0.0.1
    port: {port}
    every: 100 ms
    timeout: 1 s
    tags:
      hall/line1/press/count: {{holding: 0, as: uint16}}
      hall/line1/press/force: {{holding: 1, as: uint16}}
  log:
    kind: files
    path: {folder}/log/*.log
    line: '(?P<time>\\S+) n=(?P<line>\\d+)'
    every: 100 ms
    tags: {{hall/line1/logger: "{{tag}}"}}
{more}
"""


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def eventually(what, seconds=30.0):
    """What `what` gives once it gives something; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := what():
                return found
        except (IsthmusError, OSError, KeyError, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Log:
    """Writes numbered lines with distinct times, as a machine would."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file = folder / "machine.log"
        self.written = 0
        self._at = time.time_ns() // 1000

    def write(self, lines):
        with self.file.open("a", encoding="utf-8") as out:
            for _ in range(lines):
                self.written += 1
                self._at = max(self._at + 1, time.time_ns() // 1000)
                at = datetime.fromtimestamp(self._at / 1e6, UTC)
                out.write(f"{at:%Y-%m-%dT%H:%M:%S.%f}Z n={self.written}\n")


class Site:
    """One site and its machine."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = free_port()
        self.log = Log(folder / "log")
        self.plant = folder / "plant.yaml"
        self.plant.write_text(PLANT.format(port=self.port, folder=folder, more=more), "utf-8")
        self.process: subprocess.Popen | None = None
        self.machine: subprocess.Popen | None = None
        self.errors = (folder / "site.log").open("ab")

    def start_machine(self):
        self.machine = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("machine.py")), str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.machine.stdout.readline() == b"ready\n"

    def start(self):
        (self.data / "web" / "url").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "isthmus", "run", str(self.plant)),
                *("--data", str(self.data), "--port", "0"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
        )
        eventually(self.links, 60)

    def links(self):
        found = Remote.of(self.data).get("/api/links")
        return {link["name"]: link for link in found["links"]}

    def sql(self, text):
        return Remote.of(self.data).get("/api/sql", q=text)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_machine(self):
        os.kill(self.machine.pid, signal.SIGKILL)
        self.machine.wait()
        self.machine.stdout.close()

    def nats_pid(self):
        return json.loads((self.data / "bus" / "nats.pid").read_text("utf-8"))["pid"]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)

    def stored(self, query):
        """An answer from what was sealed, read by another reader after the site is gone."""
        answer = Reader(self.data / "history").sql(query, seconds=60, rows=1_000_000)
        return answer.to_pylist()

    def close(self):
        for process in (self.process, self.machine):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if self.machine is not None and self.machine.stdout and not self.machine.stdout.closed:
            self.machine.stdout.close()
        self.errors.close()


@pytest.fixture
def make_site(tmp_path):
    made = []

    def make(more=""):
        made.append(Site(tmp_path, more))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site):
    made = make_site()
    made.start_machine()
    made.start()
    return made
