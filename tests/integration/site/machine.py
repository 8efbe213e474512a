"""A machine to kill: a Modbus server whose register 0 counts, run as `machine.py PORT`."""

import asyncio
import sys
import time

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def count(_function, start, _address, _count, current, _wish):
    if start == 0:
        current[0] = int(time.time() * 20) % 65_536


async def serve(port):
    blocks = (
        [SimData(0, values=False, datatype=DataType.BITS)],
        [SimData(0, values=False, datatype=DataType.BITS)],
        [SimData(0, values=[0] * 8, datatype=DataType.REGISTERS)],
        [SimData(0, values=[0] * 8, datatype=DataType.REGISTERS)],
    )
    device = SimDevice(1, simdata=blocks, action=count)
    server = ModbusTcpServer([device], address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


asyncio.run(serve(int(sys.argv[1])))
