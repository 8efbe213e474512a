"""The OPC UA server of npm's node-opcua, in a process of its own, told by lines what to show."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

PEER = Path(__file__).parents[1] / "peers" / "node-opcua"
needed = pytest.mark.skipif(
    shutil.which("node") is None or not (PEER / "node_modules").is_dir(),
    reason="node-opcua is not installed: run `npm ci` in tests/integration/peers/node-opcua",
)


class Peer:
    def __init__(self, process, port):
        self.process, self.port = process, port
        self.index = int(self.until("ready").split()[1])

    @property
    def url(self):
        return f"opc.tcp://127.0.0.1:{self.port}"

    def until(self, word):
        for line in self.process.stdout:
            if line.startswith(word):
                return line
        raise AssertionError(f"node-opcua ended before it said `{word}`")

    def put(self, **values):
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()
        self.until("done")


@contextmanager
def serving(port, folder):
    process = subprocess.Popen(
        ["node", str(PEER / "server.js"), str(port), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Peer(process, port)
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
