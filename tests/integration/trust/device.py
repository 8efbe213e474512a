"""A Modbus server in a thread, whose answers can be held back and which may keep other values."""

from __future__ import annotations

import asyncio
import threading

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

MOST = 100  # register 1 keeps no more than this


class Device:
    """Registers 0 to 7; `writes` are all that reached it, `hold` keeps it from taking them over."""

    def __init__(self, port: int) -> None:
        self.writes: list[tuple[int, int]] = []
        self.asked = threading.Event()  # by a write, since `hold`
        self._open = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._open.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(port), self._loop).result(10)

    async def _serve(self, port: int) -> None:
        blocks = (
            *([SimData(0, values=False, datatype=DataType.BITS)] for _ in range(2)),
            *([SimData(0, values=[0] * 8, datatype=DataType.REGISTERS)] for _ in range(2)),
        )
        device = SimDevice(1, simdata=blocks, action=self._act)
        self._server = ModbusTcpServer([device], address=("127.0.0.1", port))
        await self._server.serve_forever(background=True)

    async def _act(self, _function, _start, address, _count, _current, wish):
        if wish is None:
            return
        self.asked.set()
        await self._open.wait()
        self.writes += [(address + place, int(value)) for place, value in enumerate(wish)]
        if address == 1:
            wish[0] = min(wish[0], MOST)

    def hold(self) -> None:
        """Take what is written over only after `go`."""
        self.asked.clear()
        self._loop.call_soon_threadsafe(self._open.clear)

    def go(self) -> None:
        """Take over what waits, and all that comes."""
        self._loop.call_soon_threadsafe(self._open.set)

    def close(self) -> None:
        """End it."""
        self.go()
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
