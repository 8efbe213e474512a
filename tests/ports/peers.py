"""For each connector a peer that can be killed: the same two values, 12.5 and 7, on every one.

A new connector joins the conformance suite with one class here and its name in `PEERS`.
"""

from __future__ import annotations

import copy
import json
import shutil
import socket
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Self

from isthmus.model.ports import Address, Binding, Source, SourceConfig, Subscription
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

SPEED, COUNT = TagId(3), TagId(8)  # ids need not be dense within a connection
VALUES = {SPEED: 12.5, COUNT: 7.0}


def now() -> Nanoseconds:
    return Nanoseconds(time.time_ns())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """What the suite needs of a device, a broker or a folder."""

    kind: ClassVar[str]
    addresses: ClassVar[tuple[object, object]]  # of 12.5 and of 7
    absent: ClassVar[object | None] = None  # an address that the peer does not have

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.state = folder / "state"
        self.more: dict[str, Any] = {}

    def seen(self, state: Path, more: dict[str, Any]) -> Self:
        """The same peer for another connection, of its own state and with `more` settings."""
        view = copy.copy(self)
        view.state, view.more = state, more
        return view

    def settings(self) -> dict[str, Any]:
        """What the connection is told, but for its name."""
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """As a power cut would: nothing is said, nothing is saved; harmless when stopped."""
        raise NotImplementedError

    def speak(self) -> None:
        """Let a subscription hear both values; nothing for a device that is asked."""

    @property
    def type(self) -> type[SourceConfig]:
        """The connector's class, as the runtime finds it."""
        (found,) = entry_points(group="isthmus.sources", name=self.kind)
        loaded: type[SourceConfig] = found.load()
        return loaded

    def config(self, **more: Any) -> SourceConfig:
        settings = {"name": "line", **self.settings(), **self.more, **more}
        return self.type.model_validate(settings)

    def bindings(self, *, absent: bool = False) -> list[Binding[Address]]:
        written = {SPEED: self.addresses[0], COUNT: self.addresses[1]}
        if absent:
            written[TagId(20)] = self.absent
        return [
            Binding(number, Tag(f"line/unit/tag{number}"), self.type.address.parse(address))
            for number, address in written.items()
        ]

    def source(self, *, absent: bool = False, **more: Any) -> Source | Subscription:
        self.state.mkdir(exist_ok=True)
        bindings = self.bindings(absent=absent)
        return self.config(**more).build(bindings, now=now, state=str(self.state))


class _Process(Peer):
    """A peer that is a process and answers at `port`."""

    process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "peer.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.025)
        raise RuntimeError((self.folder / "peer.log").read_text()[-2000:])

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait(10)
            process.stdin.close()


class ModbusPeer(_Process):
    kind = "modbus"
    addresses = ("holding:0:float32", "holding:2")
    absent = "holding:77"

    def settings(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "timeout": 2}

    def command(self) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("modbus_device.py")), str(self.port)]


class OpcUaPeer(_Process):
    kind = "opcua"
    addresses = ("ns=2;s=Line.Speed", "ns=2;s=Line.Count")
    absent = "ns=2;s=Line.Nowhere"

    def settings(self) -> dict[str, Any]:
        url = f"opc.tcp://127.0.0.1:{self.port}"
        return {"url": url, "security": "none", "timeout": 4, "publish": 0.05}

    def command(self) -> list[str]:
        server = Path(__file__).parents[1] / "integration" / "opcua" / "server.py"
        return [sys.executable, str(server), json.dumps({"port": self.port})]


class MqttPeer(_Process):
    """A broker (the MQTT listener of nats-server), and a device that publishes there."""

    kind = "mqtt"
    addresses = ("plant/line/data#$.speed", "plant/line/data#$.count")

    def settings(self) -> dict[str, Any]:
        return {"broker": f"mqtt://127.0.0.1:{self.port}", "timeout": 3}

    def command(self) -> list[str]:
        config = self.folder / "broker.conf"
        config.write_text(
            f'server_name: riverside\nlisten: "127.0.0.1:{free_port()}"\n'
            f'jetstream {{ store_dir: "{self.folder}/js" }}\n'
            f'mqtt {{ listen: "127.0.0.1:{self.port}" }}\n'
        )
        server = Path(sys.executable).with_name("nats-server")
        found = str(server) if server.exists() else shutil.which("nats-server")
        return [str(found), "-c", str(config)]

    def publish(self, *messages: tuple[str, bytes | str], will: tuple[str, bytes] | None = None):
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(CallbackAPIVersion.VERSION2)
        if will is not None:
            client.will_set(*will, qos=1)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            for topic, payload in messages:
                client.publish(topic, payload, qos=1).wait_for_publish(5)
        finally:
            client.disconnect()
            client.loop_stop()

    def speak(self) -> None:
        self.publish(("plant/line/data", '{"speed": 12.5, "count": 7}'))


class SparkplugPeer(MqttPeer):
    """The same broker, and an edge node whose payloads the demo's own encoder writes."""

    kind = "sparkplug"
    addresses = ("edge/device/Speed", "edge/device/Count")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "group": "riverside"}

    def speak(self) -> None:
        from isthmus.demo.payload import DataType, Metric, encode

        at = time.time_ns() // 1_000_000
        birth = [Metric(0, DataType.UINT64, "bdSeq")]
        metrics = [
            Metric(12.5, DataType.DOUBLE, "Speed", 1),
            Metric(7, DataType.INT32, "Count", 2),
        ]
        self.publish(
            ("spBv1.0/riverside/NBIRTH/edge", encode(at, birth, 0)),
            ("spBv1.0/riverside/DBIRTH/edge/device", encode(at, metrics, 1)),
            will=("spBv1.0/riverside/NDEATH/edge", encode(at, birth, None)),
        )


class FilesPeer(Peer):
    """The folder of a machine that only writes lines; it dies as a share does: it is not there."""

    kind = "files"
    addresses = ("speed", "count")

    @property
    def logs(self) -> Path:
        return self.folder / "machine"

    def settings(self) -> dict[str, Any]:
        line = r"v=(?P<speed>\S+) n=(?P<count>\d+)"
        return {"path": f"{self.logs}/*.log", "line": line, "every": 0.02}

    def start(self) -> None:
        self.logs.mkdir()

    def stop(self) -> None:
        shutil.rmtree(self.logs, ignore_errors=True)

    def speak(self) -> None:
        with (self.logs / "a.log").open("a") as out:
            out.write("v=12.5 n=7\n")


PEERS: dict[str, tuple[type[Peer], dict[str, Any]]] = {
    "modbus": (ModbusPeer, {}),
    "opcua": (OpcUaPeer, {}),
    "opcua-poll": (OpcUaPeer, {"mode": "poll"}),
    "mqtt": (MqttPeer, {}),
    "sparkplug": (SparkplugPeer, {}),
    "files": (FilesPeer, {}),
}
"""By name: the peer, and what the connection to it is told besides."""
