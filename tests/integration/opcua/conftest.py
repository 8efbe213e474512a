"""OPC UA servers of asyncua, each in a process of its own, and links to them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from isthmus.connectors.opcua import OpcUa, OpcUaAddress
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Running:
    """A server process, told by lines what to write."""

    process: subprocess.Popen
    port: int
    index: int

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    def put(self, **values) -> None:
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "done"


@contextmanager
def serving(**given):
    given.setdefault("port", free_port())
    process = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        index = int(process.stdout.readline())
        yield Running(process, given["port"], index)
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


def bound(*nodes: str, text: tuple[str, ...] = (), index: dict[str, int] | None = None):
    return [
        Binding(
            TagId(10 + place),
            Tag(f"line/{node}", kind=Kind.TEXT if node in text else Kind.NUMBER),
            OpcUaAddress(
                node=node if "=" in node else f"ns=2;s=Line.{node}", index=(index or {}).get(node)
            ),
        )
        for place, node in enumerate(nodes)
    ]


def linked(url: str, bindings, state: Path, **given):
    given = {"security": "none", "timeout": 4, "publish": 0.05, **given}
    if isinstance(given.get("password"), str):
        kept = state / "password"
        kept.write_text(given["password"])
        given["password"] = {"file": str(kept)}
    setting = OpcUa(name="line", url=url, **given)
    return setting.build(bindings, now=lambda: Nanoseconds(time.time_ns()), state=str(state))


async def gathered(link, wanted: int, *, readings=None):
    """The last value and quality of each tag, once `wanted` tags have spoken; and all events."""
    values, events = {}, []
    own = readings is None
    readings = link.listen() if own else readings
    async for reading in readings:
        for tag, value, quality in zip(
            reading.batch.tag.tolist(),
            reading.batch.value.tolist(),
            reading.batch.quality.tolist(),
            strict=True,
        ):
            values[tag] = (value, quality)
        events += reading.events
        if len(values) + len({event.path for event in events}) >= wanted:
            break
    if own:
        await readings.aclose()
    return values, events


@pytest.fixture(scope="session")
def opcua():
    return SimpleNamespace(
        bound=bound, linked=linked, gathered=gathered, serving=serving, free_port=free_port
    )


@pytest.fixture(scope="module")
def server():
    with serving(many=40) as running:
        yield running
