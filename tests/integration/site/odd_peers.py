"""Peers that behave badly, in one process: prints their ports as JSON, then does as it is told.

A line `go` on standard input lets the OPC UA server's values turn odd.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import math
import os
import socket
import struct
import sys

from asyncua import Server, ua
from asyncua.server.user_managers import PermissiveUserManager
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

YEAR = dt.timedelta(days=365)


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


async def garbage(_reader, writer):
    """Says what no protocol says, for as long as it is listened to."""
    try:
        for _ in range(1000):
            writer.write(os.urandom(4096))
            await writer.drain()
            await asyncio.sleep(0.01)
    except OSError:
        pass
    finally:
        writer.close()


async def silence(reader, writer):
    """Takes all, says nothing."""
    try:
        while await reader.read(65_536):
            pass
    except OSError:
        pass
    finally:
        writer.close()


class Nobody:
    """Lets in no one."""

    def get_user(self, *_args, **_more):
        return None


def words(*floats):
    return [word for number in floats for word in struct.unpack(">HH", struct.pack(">f", number))]


async def modbus(port):
    registers = [*words(12.5, math.nan, math.inf, 1e38), 7]
    blocks = (
        [SimData(0, values=False, datatype=DataType.BITS)],
        [SimData(0, values=False, datatype=DataType.BITS)],
        [SimData(0, values=registers, datatype=DataType.REGISTERS)],
        [SimData(0, values=[0], datatype=DataType.REGISTERS)],
    )
    server = ModbusTcpServer([SimDevice(1, simdata=blocks)], address=("127.0.0.1", port))
    await server.serve_forever(background=True)


async def opcua(port, *, users=False):
    server = Server(user_manager=Nobody() if users else PermissiveUserManager())
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace("http://acme/odd")
    made = {}
    for name in ("good", "turns", "nan", "infinite", "long", "future", "past"):
        node = ua.NodeId(name, index)
        start = "short" if name == "long" else 1.0
        made[name] = await server.nodes.objects.add_variable(node, name, start)
    await server.start()
    return server, made


def forget(server, node):
    """Let the next value be of any type: the server would hold it to the type of the last."""
    space = server.iserver.aspace
    space._nodes[node.nodeid].attributes[ua.AttributeIds.Value].value = None


async def turn_odd(server, made):
    """Values that no plant file foresaw, and one that goes on as if nothing were."""
    now = dt.datetime.now(dt.UTC)

    async def put(name, value, kind=ua.VariantType.Double, at=None):
        found = ua.DataValue(ua.Variant(value, kind), SourceTimestamp=at, ServerTimestamp=at)
        await made[name].write_value(found)

    for turn in range(10**6):
        await put("good", float(turn))
        if turn % 10 == 0:
            text = turn % 20 == 0
            forget(server, made["turns"])
            await put("turns", f"text {turn}" if text else float(turn),
                      ua.VariantType.String if text else ua.VariantType.Double)  # fmt: skip
            await put("nan", math.nan if text else 2.0)
            await put("infinite", math.inf if text else -math.inf)
            await put("future", float(turn), at=now + 20 * YEAR + dt.timedelta(seconds=turn))
            await put("past", float(turn), at=now - 20 * YEAR + dt.timedelta(seconds=turn))
        if turn in (5, 45):
            await put("long", chr(97 + turn % 26) * 10_000_000, ua.VariantType.String)
        await asyncio.sleep(0.1)


async def main():
    names = ("garbage", "silent", "modbus", "opcua", "locked")
    ports = {name: free_port() for name in names}
    await asyncio.start_server(garbage, "127.0.0.1", ports["garbage"])
    await asyncio.start_server(silence, "127.0.0.1", ports["silent"])
    await modbus(ports["modbus"])
    server, made = await opcua(ports["opcua"])
    await opcua(ports["locked"], users=True)
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    await turn_odd(server, made)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
