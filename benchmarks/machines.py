"""Machines to measure against, each a process of its own: an OPC UA server, a Modbus TCP device.

Every value is the moment of its last change: milliseconds of the wall clock, modulo `TURN`. So
whoever sees a value on this machine knows how old it is. Tag i is the node `ns=2;s=Tag{i}` or the
unsigned 32-bit integer in the holding registers 2i and 2i+1.

    python -m benchmarks.machines opcua PORT TAGS EVERY [random]
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Change = Callable[[list[int], int], Awaitable[None]]

TURN = 10_000_000
EXCEPTION, ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 0x80, 1, 2
READ_HOLDING, MOST = 3, 125


def stamp() -> int:
    """Now, as a machine's value."""
    return time.time_ns() // 1_000_000 % TURN


def age_ms(value: float, now: int | None = None) -> float:
    """How long ago a machine's value changed; under 2.7 hours."""
    return ((stamp() if now is None else now) - value) % TURN


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Machine:
    """A running machine."""

    port: int
    pid: int


@contextlib.contextmanager
def machine(
    kind: Literal["opcua", "modbus"], tags: int, every: float, *, scattered: bool = False
) -> Iterator[Machine]:
    """A machine whose tags all change each `every` seconds, or so often on average if scattered."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.machines", kind, str(port), str(tags), str(every)]
    with subprocess.Popen(
        [*command, *(["random"] if scattered else [])], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"the {kind} machine did not start")
            yield Machine(port, process.pid)
        finally:
            process.kill()


async def change_together(tags: int, every: float, change: Change) -> None:
    """All tags at once, on the beat of `every`; a machine that is behind leaves beats out."""
    beat = time.monotonic()
    while True:
        await change(list(range(tags)), stamp())
        beat = max(beat + every, time.monotonic() - every)
        await asyncio.sleep(max(0.0, beat - time.monotonic()))


async def change_apart(tags: int, every: float, change: Change) -> None:
    """Each tag at moments of its own, `every` seconds apart on average, seeded."""

    async def one(tag: int) -> None:
        chance = random.Random(tag)
        while True:
            await asyncio.sleep(chance.uniform(0.4, 1.6) * every)
            await change([tag], stamp())

    async with asyncio.TaskGroup() as group:
        for tag in range(tags):
            group.create_task(one(tag))


async def opcua(port: int, tags: int) -> Change:
    """Start a server of asyncua."""
    from asyncua import Server, ua  # noqa: PLC0415 - only this machine needs it

    logging.disable(logging.WARNING)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace("http://acme/riverside")
    folder = await server.nodes.objects.add_folder(ua.NodeId("Tags", 2), "Tags")
    nodes = [ua.NodeId(f"Tag{tag}", 2) for tag in range(tags)]
    for tag, node in enumerate(nodes):
        await folder.add_variable(node, f"Tag{tag}", 0.0, ua.VariantType.Double)
    await server.start()

    async def change(changed: list[int], value: int) -> None:
        given = ua.DataValue(
            ua.Variant(float(value), ua.VariantType.Double),
            SourceTimestamp=ua.datetime.now(ua.timezone.utc),
        )
        for tag in changed:
            await server.write_attribute_value(nodes[tag], given)

    return change


async def modbus(port: int, tags: int) -> Change:
    """Start a device with holding registers, which answers function 3 only."""
    registers = bytearray(4 * tags)

    def answer(function: int, start: int, count: int) -> bytes:
        if function != READ_HOLDING:
            return bytes([function | EXCEPTION, ILLEGAL_FUNCTION])
        if not 0 < count <= MOST or start + count > 2 * tags:
            return bytes([function | EXCEPTION, ILLEGAL_ADDRESS])
        return bytes([function, 2 * count]) + registers[2 * start : 2 * (start + count)]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readexactly(12)
                number, unit, function, start, count = struct.unpack(">HxxxxBBHH", request)
                body = answer(function, start, count)
                writer.write(struct.pack(">HHHB", number, 0, 1 + len(body), unit) + body)
        writer.close()

    async def change(changed: list[int], value: int) -> None:
        for tag in changed:
            struct.pack_into(">I", registers, 4 * tag, value)

    await asyncio.start_server(client, "127.0.0.1", port)
    return change


async def run(kind: str, port: int, tags: int, every: float, *, scattered: bool) -> None:
    """Serve until killed."""
    change = await {"opcua": opcua, "modbus": modbus}[kind](port, tags)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await (change_apart if scattered else change_together)(tags, every, change)


if __name__ == "__main__":
    kind, port, tags, every, *rest = sys.argv[1:]
    asyncio.run(run(kind, int(port), int(tags), float(every), scattered=rest == ["random"]))
