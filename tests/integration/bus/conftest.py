"""A real server for each test that asks for one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from isthmus.bus.client import Bus
from isthmus.bus.server import Server
from isthmus.bus.settings import ServerSettings


@contextlib.asynccontextmanager
async def _running(folder: Path, **settings: object) -> AsyncIterator[Server]:
    """A supervised server over `folder`."""
    server = Server(ServerSettings(folder, **settings))  # type: ignore[arg-type]
    await server.start()
    task = asyncio.create_task(server.supervise())
    try:
        yield server
    finally:
        task.cancel()
        await server.stop()


@contextlib.asynccontextmanager
async def _connected(server: Server, **options: object) -> AsyncIterator[Bus]:
    """A connection to `server`."""
    bus = await Bus.connect(server.url, **options)  # type: ignore[arg-type]
    try:
        yield bus
    finally:
        await bus.close()


async def _read(bus: Bus, stream: str, start: int, count: int) -> list[bytes]:
    """The data of `count` messages from `start` on."""
    found: list[bytes] = []
    reader = bus.consume(stream, start)
    async for messages in reader:
        found += [message.data for message in messages]
        if len(found) >= count:
            break
    await reader.aclose()  # type: ignore[attr-defined]
    return found


@pytest.fixture
def running() -> Callable[..., contextlib.AbstractAsyncContextManager[Server]]:
    """Starts a supervised server over a folder; settings as keywords."""
    return _running


@pytest.fixture
def connected() -> Callable[..., contextlib.AbstractAsyncContextManager[Bus]]:
    """Connects to a server."""
    return _connected


@pytest.fixture
def read() -> Callable[..., Awaitable[list[bytes]]]:
    """Reads so many messages of a stream."""
    return _read
