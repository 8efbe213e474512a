"""A Modbus device of pymodbus in a process of its own: `python modbus_device.py PORT`.

Holding registers 0 and 1 hold the float32 12.5, register 2 holds 7; there is no other.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def main(port: int) -> None:
    registers = [SimData(0, values=[0x4148, 0x0000, 7], datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[True], datatype=DataType.BITS)]
    device = SimDevice(1, simdata=(bits, bits, registers, registers))
    server = ModbusTcpServer(device, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serving


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(int(sys.argv[1])))
