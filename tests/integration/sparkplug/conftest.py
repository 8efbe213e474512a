"""The brokers of the MQTT tests, and an edge node that we did not write."""

from __future__ import annotations

import importlib.util
import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "isthmus_test_brokers", Path(__file__).parents[1] / "mqtt" / "conftest.py"
)
_brokers = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _brokers  # dataclasses look themselves up there
_spec.loader.exec_module(_brokers)

mosquitto = _brokers.mosquitto
locked_mosquitto = _brokers.locked_mosquitto
nats = _brokers.nats

PEER = Path(__file__).parents[1] / "peers" / "sparkplug"


class Edge:
    """A process of the npm package sparkplug-client."""

    def __init__(self, url: str, group: str, edge: str, device: str) -> None:
        node = shutil.which("node")
        if node is None or not (PEER / "node_modules").is_dir():
            pytest.skip("no sparkplug-client: run `npm ci` in tests/integration/peers/sparkplug")
        self.process = subprocess.Popen(
            [node, "edge.js", url, group, edge, device],
            cwd=PEER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def tell(self, **command: object) -> None:
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def heard(self, word: str) -> object:
        """The next thing it says that has the key `word`."""
        for _ in range(50):
            line = self._said.get(timeout=10)
            if line.startswith("{") and word in (said := json.loads(line)):
                return said[word]
        raise AssertionError(f"the edge node never said `{word}`")

    def _read(self) -> None:
        for line in self.process.stdout:
            self._said.put(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def edge_node() -> Iterator[Callable[..., Edge]]:
    started: list[Edge] = []

    def start(
        url: str, group: str = "riverside", edge: str = "packer-edge", device: str = "packer"
    ):
        started.append(Edge(url, group, edge, device))
        return started[-1]

    yield start
    for one in started:
        if one.process.returncode is None:
            one.kill()
