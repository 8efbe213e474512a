"""Our whole path: batches acknowledged by a stream that syncs each, then taken into the lake."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from benchmarks.historian.ours import opened
from isthmus.bus.client import Bus
from isthmus.bus.frame import decode, encode, slices
from isthmus.bus.port import StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.settings import ServerSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.trust.pki.authority import PlantAuthority

NAME = "bench"


class Through:
    """A server, a publisher, and a consumer that appends to a lake which is sealed meanwhile."""

    def __init__(self, folder: Path, lake: Path) -> None:
        self._folder, self.lake = folder, opened(lake)
        self._begun = self.lake.positions().get(NAME, 0)
        self.published = 0
        self._loop = asyncio.new_event_loop()
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop.run_forever, daemon=True),
            threading.Thread(target=self._seal, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._call(self._close())
        self._done.set()
        self._threads[1].join()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._threads[0].join()
        self._loop.close()
        self.lake.close()

    def _call(self, work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()  # type: ignore[arg-type]

    async def _open(self) -> None:
        authority = PlantAuthority.open(
            self._folder / "pki", NAME, lambda: Nanoseconds(time.time_ns())
        )
        tls = authority.server("nats")
        self._server = Server(ServerSettings(self._folder / "bus", tls=tls, sync="always"))
        await self._server.start()
        self._bus = await Bus.connect(self._server.url, tls=authority.client("isthmus"))
        await self._bus.stream(StreamSettings(NAME, (NAME,)))
        self._publisher = await self._bus.publisher(NAME)
        self._consuming = asyncio.create_task(self._consume())

    async def _close(self) -> None:
        self._consuming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._consuming
        await self._bus.close()
        await self._server.stop()

    async def _consume(self) -> None:
        position = self._begun
        async for messages in self._bus.consume(NAME, 1, batch=100):
            for message in messages:
                position += 1
                batch = decode(message.data)
                while True:
                    try:
                        self.lake.append(batch, stream=NAME, position=position)
                    except StorageError:
                        await asyncio.sleep(0.002)
                    else:
                        break
            await asyncio.sleep(0)

    def _seal(self) -> None:
        while not self._done.wait(0.02):
            if self.lake.due():
                self.lake.seal()

    def pour(self, batches: Sequence[Batch]) -> None:
        """Publish, as many at a time as the publisher's window holds; return when all are kept."""
        self._call(self._pour(batches))

    async def _pour(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            for part in slices(batch):
                await self._publisher.publish(NAME, encode(part))
                self.published += 1
        await self._publisher.flush()

    def send(self, batch: Batch) -> None:
        """Publish one and wait until it is kept."""
        self.pour([batch])

    def seal(self) -> None:
        """Return when all that was published is sealed."""
        last = self._begun + self.published
        while self.lake.positions().get(NAME, 0) < last:
            self.lake.seal()
            time.sleep(0.01)

    def rss_mb(self) -> float:
        """The server's memory, without the lake's."""
        return self._server.memory() / 1e6
