"""Registers a second from Modbus TCP devices, to finished batches, beside pymodbus' own client.

Ours ends with a `Batch` of one value a register; the peer ends with its list of registers, so the
comparison is hard on us. Both ask the same server in the same run: libmodbus where a compiler and
the library are installed, else a small server of this module, as a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.report import Report, arguments, interleaved, middle
from isthmus.connectors.modbus import Modbus, ModbusAddress
from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

Read = Callable[[], Awaitable[object]]

BLOCK, BLOCKS = 125, 20
REGISTERS = BLOCK * BLOCKS  # of one device
PEER = Path(__file__).parents[1] / "tests" / "integration" / "peers" / "libmodbus" / "peer.c"


@dataclass(frozen=True, slots=True)
class Rate:
    """What one round achieved."""

    per_second: float
    per_cpu_second: float


@contextlib.contextmanager
def device() -> Iterator[tuple[int, str]]:
    """A running server whose register i holds i: its port, and what it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        compiler, program = shutil.which("gcc") or shutil.which("cc"), f"{folder}/peer"
        found = (
            compiler is not None
            and not subprocess.run(
                [compiler, "-O2", "-o", program, str(PEER), "-lmodbus"],
                capture_output=True,
                check=False,
            ).returncode
        )
        command = [program] if found else [sys.executable, "-m", "benchmarks.modbus", "serve"]
        with subprocess.Popen([*command, str(port), "300"], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                if process.stdout.readline() != b"ready\n":
                    raise RuntimeError("the Modbus server did not start")
                yield port, "libmodbus" if found else "own asyncio server"
            finally:
                process.kill()


async def serve(port: int, seconds: float) -> None:
    """The server for machines without libmodbus: holding registers only, register i holds i."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readexactly(12)
                tid, unit, function, start, count = struct.unpack(">HxxxxBBHH", request)
                words = struct.pack(f">{count}H", *range(start, start + count))
                writer.write(
                    struct.pack(">HHHBBB", tid, 0, 3 + 2 * count, unit, function, 2 * count)
                )
                writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.sleep(seconds)
    server.close()


async def timed(reads: list[Read], seconds: float) -> Rate:
    """All `reads` over and over, each in a task of its own; a read is one whole device."""
    rounds = 0
    end = time.perf_counter() + seconds

    async def repeat(read: Read) -> None:
        nonlocal rounds
        while time.perf_counter() < end:
            await read()
            rounds += 1

    start, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for read in reads:
            group.create_task(repeat(read))
    spent, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Rate(rounds * REGISTERS / spent, rounds * REGISTERS / cpu)


async def ours(port: int, seconds: float, devices: int, in_flight: int) -> Rate:
    """Our links, one tag a register; the first readings are checked."""
    bindings: list[Binding[Address]] = [
        Binding(TagId(place), Tag(f"line/unit/tag{place}"), ModbusAddress(holding=place))
        for place in range(REGISTERS)
    ]
    config = Modbus(name="plc", host="127.0.0.1", port=port, in_flight=in_flight)
    links = [
        config.build(bindings, now=lambda: Nanoseconds(time.time_ns()), state="")
        for _ in range(devices)
    ]
    for link in links:
        await link.open()
        batch = (await link.read()).batch
        assert batch.value.tolist() == list(range(REGISTERS))
        assert not batch.quality.any()
    try:
        return await timed([link.read for link in links], seconds)
    finally:
        for link in links:
            await link.close()


async def stock(port: int, seconds: float, devices: int) -> Rate:
    """The asynchronous client of pymodbus, 125 registers a call; the first are checked."""
    from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415 - a peer, may be absent

    clients = [AsyncModbusTcpClient("127.0.0.1", port=port) for _ in range(devices)]

    def whole(client: Any) -> Read:  # noqa: ANN401 - untyped peer
        async def read() -> list[list[int]]:
            return [
                (await client.read_holding_registers(BLOCK * block, count=BLOCK)).registers
                for block in range(BLOCKS)
            ]

        return read

    for client in clients:
        await client.connect()
        assert await whole(client)() == [
            list(range(start, start + BLOCK)) for start in range(0, REGISTERS, BLOCK)
        ]
    try:
        return await timed([whole(client) for client in clients], seconds)
    finally:
        for client in clients:
            client.close()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read the devices; its figures are called `prefix` + `registers_per_s`, ..."""

    prefix: str
    work: Callable[[int, float], Coroutine[Any, Any, Rate]]
    peer: str = ""
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None


def candidates() -> list[Candidate]:
    """What can be measured with the packages that are installed."""

    def ten(port: int, seconds: float) -> Coroutine[Any, Any, Rate]:
        return ours(port, seconds, 10, 1)

    found = [
        Candidate("", ten),
        Candidate("one_device_", lambda port, seconds: ours(port, seconds, 1, 1)),
        Candidate("pipelined_", lambda port, seconds: ours(port, seconds, 10, 4)),
    ]
    if find_spec("uvloop"):
        import uvloop  # noqa: PLC0415 - optional

        found.append(Candidate("uvloop_", ten, loop=uvloop.new_event_loop))
    if find_spec("pymodbus"):
        found += [
            Candidate("", lambda port, seconds: stock(port, seconds, 10), "pymodbus"),
            Candidate("one_device_", lambda port, seconds: stock(port, seconds, 1), "pymodbus"),
        ]
    return found


def main() -> None:
    """Measure all candidates in turn, several rounds, and print the medians."""
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2]), float(sys.argv[3])))
        return
    options = arguments((__doc__ or "").partition("\n")[0])
    seconds, rounds = (0.5, 3) if options.quick else (2.0, 5)
    report = Report("modbus", packages=("pymodbus", "uvloop"))
    with device() as (port, server):
        cpu: dict[str, list[float]] = {}

        def measure(name: str, candidate: Candidate) -> float:
            with asyncio.Runner(loop_factory=candidate.loop) as runner:
                rate = runner.run(candidate.work(port, seconds))
            cpu.setdefault(name, []).append(rate.per_cpu_second)
            return rate.per_second

        by_name = {f"{found.peer}/{found.prefix}": found for found in candidates()}
        rates = interleaved(
            {name: partial(measure, name, found) for name, found in by_name.items()}, rounds=rounds
        )
    for name, found in by_name.items():
        for figure, values in (("per_s", rates[name]), ("per_cpu_s", cpu[name])):
            shown, value = f"{found.prefix}registers_{figure}", round(middle(values))
            if found.peer:
                report.peer(found.peer, shown, value)
            else:
                report.add(shown, value)
    report.note(f"server: {server}; 10 connections unless one_device, {BLOCK} registers a read")
    report.note("ours ends with a Batch of one value a register, the peer with lists of integers")
    report.show(options)


if __name__ == "__main__":
    main()
