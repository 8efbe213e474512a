"""Answers what is asked of us over the bus: each request as it comes, while who asks can hear."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import nats.errors
from nats.aio.msg import Msg

from isthmus.bus.connection import Connection
from isthmus.bus.port import BusState

_log = logging.getLogger(__name__)
BUSY = 32  # requests that are answered at a time

Handler = Callable[[bytes], Awaitable[bytes]]


async def answer(bus: Connection, subject: str, handler: Handler) -> None:
    """Answer requests on `subject` with what `handler` gives, for ever, several at a time.

    Nothing is answered over another connection than the one that asked: who did was told that it
    was lost.
    """
    await bus.connected()
    busy: set[asyncio.Task[None]] = set()

    async def answered(request: Msg) -> None:
        generation, said = bus.generation, await handler(request.data)
        if bus.state is not BusState.DOWN and generation == bus.generation and request.reply:
            with suppress(nats.errors.Error):
                await request.respond(said)

    async def take(request: Msg) -> None:
        if len(busy) >= BUSY:
            bus.errors += 1
            _log.error("%s: a request is not answered, as %d are under way", subject, BUSY)
            return
        task = asyncio.create_task(answered(request), name=f"answer {subject}")
        busy.add(task)
        task.add_done_callback(busy.discard)

    await bus.client.subscribe(subject, cb=take)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
