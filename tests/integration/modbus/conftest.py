"""Modbus peers on loopback: pymodbus in our own loop, libmodbus as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from isthmus.connectors.modbus import Modbus
from isthmus.connectors.modbus.address import ModbusAddress
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port: int, addresses, **settings):
    """A closed link to the device at `port`, one tag an address, ids from 0."""
    bindings = [
        Binding(TagId(number), Tag(f"line/unit/tag{number}"), ModbusAddress.parse(written))
        for number, written in enumerate(addresses)
    ]
    config = Modbus(name="plc", host="127.0.0.1", port=port, **{"timeout": 2, **settings})
    return config.build(bindings, now=lambda: Nanoseconds(time.time_ns()), state="")


@contextlib.asynccontextmanager
async def pymodbus_server(*devices, port: int = 0, **options):
    """A pymodbus server of `devices`; yields its port."""
    simulator = pytest.importorskip("pymodbus.simulator")
    server = pytest.importorskip("pymodbus.server")
    port = port or free_port()
    found = server.ModbusTcpServer(
        [d if isinstance(d, simulator.SimDevice) else device(**d) for d in devices],
        address=("127.0.0.1", port),
        **options,
    )
    await found.serve_forever(background=True)
    try:
        yield port
    finally:
        await found.shutdown()
        await asyncio.sleep(0)


def device(*, id=1, coils=(), discrete=(), holding=(), input=(), action=None):  # noqa: A002
    """A device of four tables; each is a list of (start, values)."""
    from pymodbus.simulator import DataType, SimData, SimDevice

    def table(runs, kind):
        return [SimData(start, values=list(values), datatype=kind) for start, values in runs] or [
            SimData(60_000, values=[False] if kind is DataType.BITS else [0], datatype=kind)
        ]

    return SimDevice(
        id,
        simdata=(
            table(coils, DataType.BITS),
            table(discrete, DataType.BITS),
            table(holding, DataType.REGISTERS),
            table(input, DataType.REGISTERS),
        ),
        action=action,
    )


@contextlib.asynccontextmanager
async def scripted_server(answer):
    """A server that answers each chunk it receives with `answer(chunk)`: bytes, and pauses."""

    serving: set[asyncio.Task] = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        try:
            while chunk := await reader.read(4096):
                for piece in answer(chunk):
                    if isinstance(piece, float):
                        await asyncio.sleep(piece)
                    else:
                        writer.write(piece)
                        await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)
        await asyncio.sleep(0)  # the aborted sockets close in the loop's next round


@pytest.fixture(scope="session")
def libmodbus(tmp_path_factory):
    """Starts libmodbus servers: `libmodbus(port)` gives the process, ready to be asked."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: libmodbus peer not built")
    program = tmp_path_factory.mktemp("libmodbus") / "peer"
    source = Path(__file__).parents[1] / "peers" / "libmodbus" / "peer.c"
    built = subprocess.run(
        [compiler, "-O2", "-o", program, source, "-lmodbus"], capture_output=True, check=False
    )
    if built.returncode:
        pytest.skip("libmodbus is not installed (Debian: libmodbus-dev)")
    running = []

    def start(port: int):
        process = subprocess.Popen([program, str(port), "120"], stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def peers():
    """The peers above, for tests, which cannot import from here."""
    return SimpleNamespace(
        connect=connect,
        device=device,
        free_port=free_port,
        pymodbus=pymodbus_server,
        scripted=scripted_server,
    )
