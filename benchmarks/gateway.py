"""The same job done by others: 500 OPC UA and 500 Modbus values, four times a second, to MQTT.

An OPC UA server changes 500 variables each 250 ms and a Modbus device as many 32-bit values in
1,000 registers; both are subscribed or polled at 250 ms, and each value is published as JSON under
a topic of its own to one mosquitto. `isthmus` is our links with paho behind them; peers are
Node-RED with its OPC UA and Modbus nodes, and plain asyncua, pymodbus and paho. `site_` figures
are those of a whole site that keeps the same values: stream on disk, history, live values, pages,
which is more work than MQTT. Figures: `values_per_s` that arrived, `cpu_ms_per_1000_values` of the
whole process tree without broker and machines, `arrived_percent` of the OPC UA changes,
`polled_percent` of the Modbus readings due, `p50_ms`, `p95_ms` from an OPC UA change to its
arrival, `rss_mb`. All take turns with the same machines.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.machines import Machine, age_ms, free_port, machine
from benchmarks.node_red import missing, node_red, version
from benchmarks.report import Report, arguments, middle
from benchmarks.running import cpu_seconds, rss_mb, site

TAGS, EVERY = 500, 0.25
WARM = 60.0
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment:
  hall:
    line1:
      units:
        press: {{tags: {{{tags}}}}}
        meter: {{tags: {{{tags}}}}}
connections:
  press-plc:
    kind: opcua
    url: opc.tcp://127.0.0.1:{opcua}
    security: none
    publish: 250 ms
    tags: {{{nodes}}}
  meters:
    kind: modbus
    host: 127.0.0.1
    port: {modbus}
    every: 250 ms
    tags: {{{registers}}}
"""


@dataclass(slots=True)
class Ear:
    """A subscriber that notes what arrives between `begin` and `end`."""

    port: int
    client: mqtt.Client = field(
        default_factory=lambda: mqtt.Client(CallbackAPIVersion.VERSION2, client_id="ear")
    )
    topics: set[str] = field(default_factory=set)
    changes: set[tuple[str, float]] = field(default_factory=set)
    ages: list[float] = field(default_factory=list)
    polled: int = 0
    listening: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        """Connected and subscribed."""
        self.client.on_message = self._told
        self.client.connect("127.0.0.1", self.port)
        self.client.subscribe("plant/#")
        self.client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnected."""
        self.client.disconnect()
        self.client.loop_stop()

    def _told(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        topic = message.topic
        value = float(json.loads(message.payload)["value"])
        with self._lock:
            if not self.listening:
                self.topics.add(topic)
            elif topic.startswith("plant/modbus"):
                self.polled += 1
            elif (topic, value) not in self.changes:
                self.changes.add((topic, value))
                self.ages.append(age_ms(value))

    def take(self, seconds: float) -> tuple[set[tuple[str, float]], list[float], int]:
        """What arrives in so many seconds: changes, their ages in ms, readings polled."""
        with self._lock:
            self.listening = True
            self.changes, self.ages, self.polled = set(), [], 0
        time.sleep(seconds)
        with self._lock:
            self.listening = False
            return self.changes, self.ages, self.polled


@contextlib.contextmanager
def broker() -> Iterator[int]:
    """The port of a mosquitto on the loopback."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise SystemExit("mosquitto is not installed: apt install mosquitto")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mosquitto.conf"
        lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0")
        file.write_text("\n".join((*lines, "log_type none\n")), "utf-8")
        with subprocess.Popen([program, "-c", str(file)], stderr=subprocess.DEVNULL) as process:
            try:
                time.sleep(0.5)
                yield port
            finally:
                process.kill()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything is."""

    server: Machine
    device: Machine
    broker: int


Way = Callable[[Ports, Path], contextlib.AbstractContextManager[int]]


@contextlib.contextmanager
def bridge(name: str, ports: Ports) -> Iterator[int]:
    """One of the ways of `benchmarks.bridge`; its process id."""
    given = (ports.server.port, ports.device.port, ports.broker, TAGS, EVERY)
    command = [sys.executable, "-m", "benchmarks.bridge", name, *map(str, given)]
    with subprocess.Popen(command) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def rival(ports: Ports, folder: Path) -> contextlib.AbstractContextManager[int]:
    """Node-RED."""
    return node_red(folder, opcua=ports.server.port, modbus=ports.device.port, broker=ports.broker)


def measure(way: Way, ports: Ports, seconds: float) -> dict[str, float]:
    """One turn of a way to MQTT: warm up until every tag was heard, then count."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Ear(ports.broker) as ear,
        way(ports, Path(folder)) as pid,
    ):
        until = time.monotonic() + WARM
        while len(ear.topics) < 2 * TAGS and time.monotonic() < until:
            time.sleep(0.1)
        heard = len(ear.topics)
        time.sleep(2.0)
        cpu, began = cpu_seconds(pid), time.monotonic()
        changes, ages, polled = ear.take(seconds)
        cpu, spent = cpu_seconds(pid) - cpu, time.monotonic() - began
        memory = rss_mb(pid)
    values = len(changes) + polled
    if not values:
        raise RuntimeError(f"nothing arrived; {heard} of {2 * TAGS} tags were heard before")
    due = TAGS * spent / EVERY
    return {
        "values_per_s": values / spent,
        "cpu_ms_per_1000_values": 1e6 * cpu / values,
        "arrived_percent": 100 * len(changes) / due,
        "polled_percent": 100 * polled / due,
        "p50_ms": float(np.percentile(ages, 50)) if ages else float("nan"),
        "p95_ms": float(np.percentile(ages, 95)) if ages else float("nan"),
        "rss_mb": memory,
    }


def keep(ports: Ports, seconds: float) -> dict[str, float]:
    """One turn of a whole site: what its history stored of the same values."""
    count = "select count(*) as n from samples"
    names = [f"Tag{tag}" for tag in range(TAGS)]
    units = "hall/line1"
    text = PLANT.format(
        tags=", ".join(f"{name}: {{}}" for name in names),
        opcua=ports.server.port,
        modbus=ports.device.port,
        nodes=", ".join(f'{units}/press/{name}: "ns=2;s={name}"' for name in names),
        registers=", ".join(
            f"{units}/meter/{name}: {{holding: {2 * tag}, as: uint32}}"
            for tag, name in enumerate(names)
        ),
    )
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), text) as running:

        def stored() -> int:
            return int(running.remote.get("/api/sql", q=count)[0]["n"])

        stored()  # SQL is loaded before anything is timed
        time.sleep(3.0)
        before, cpu, began = stored(), cpu_seconds(running.pid), time.monotonic()
        time.sleep(seconds)
        cpu, after = cpu_seconds(running.pid) - cpu, stored()
        values = after - before
        return {
            "site_values_per_s": values / (time.monotonic() - began),
            "site_cpu_ms_per_1000_values": 1e6 * cpu / max(values, 1),
            "site_rss_mb": rss_mb(running.pid),
        }


def main() -> None:
    """Let all take turns, and print the medians."""
    options = arguments(__doc__ or "")
    seconds, rounds = (5.0, 1) if options.quick else (20.0, 3)
    report = Report("gateway", packages=("asyncua", "pymodbus", "paho-mqtt"))
    ways: dict[str, Way] = {
        "isthmus": lambda ports, _: bridge("isthmus", ports),
        "plain": lambda ports, _: bridge("plain", ports),
    }
    if why := missing():
        report.note(f"Node-RED was left out: {why}")
    else:
        ways["node-red"] = rival
        report.note(version())
    found: dict[str, list[dict[str, float]]] = {name: [] for name in (*ways, "site")}
    with (
        machine("opcua", TAGS, EVERY) as server,
        machine("modbus", TAGS, EVERY) as device,
        broker() as port,
    ):
        ports = Ports(server, device, port)
        for _ in range(rounds):
            for name, way in ways.items():
                found[name].append(measure(way, ports, seconds))
            found["site"].append(keep(ports, seconds))
    for name, turns in found.items():
        for figure in turns[0]:
            value = round(middle([turn[figure] for turn in turns]), 1)
            if name in ("isthmus", "site"):
                report.add(figure, value)
            else:
                shown = "asyncua, pymodbus, paho" if name == "plain" else "Node-RED"
                report.peer(shown, figure, value)
    report.note(f"{rounds} turns of {seconds:g} s each; 4,000 values a second are offered")
    report.show(options)


if __name__ == "__main__":
    main()
