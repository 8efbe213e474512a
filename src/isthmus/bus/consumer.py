"""Reads a stream from a sequence on, exactly: each message once, in order, across restarts.

An ephemeral pull consumer without acks; whoever reads keeps the position. Pull requests are
topped up as the reader takes messages, so what waits here is bounded by count and bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.msg import Msg

from isthmus.bus.jetstream import ask, consumer_sequence, received
from isthmus.bus.port import Gap, Message, OnGap
from isthmus.model.errors import LinkError, StorageError

if TYPE_CHECKING:
    from isthmus.bus.client import Bus

_log = logging.getLogger(__name__)
_SECOND = 1_000_000_000
EXPIRES, HEARTBEAT, SILENCE = 30.0, 2.0, 6.0
LONGEST_WAIT = 2.0
MARGIN = 65_536  # subject, reply and headers of a message


def _say_gap(gap: Gap) -> None:
    _log.warning("the stream no longer holds %d to %d", gap.start, gap.end)


async def consume(
    bus: Bus,
    stream: str,
    start: int,
    *,
    batch: int,
    max_bytes: int,
    on_gap: OnGap | None,
    epoch: str,
) -> AsyncIterator[list[Message]]:
    """Messages from `start` on; see `Bus.consume`."""
    report = on_gap or _say_gap
    seen, wait = max(start, 1) - 1, 0.05
    while True:
        reader = Reader(bus, stream, batch=batch, max_bytes=max_bytes)
        try:
            await bus.connected()
            info = await bus.info(stream)
            epoch = epoch or info.epoch
            if info.epoch != epoch:
                raise StorageError(
                    f"reading {stream} at {seen + 1}: it is {info.epoch}, not {epoch}",
                    hint="the stream was made again: read it from its first message",
                )
            if seen > info.last:
                raise StorageError(
                    f"reading {stream} at {seen + 1}: it ends at {info.last}",
                    hint="the stream lost its end (power failure?): read on from there",
                )
            await reader.open(seen + 1)
            wait = 0.05
            while True:
                messages = await reader.take()
                for message in messages:
                    if message.seq > seen + 1:
                        report(Gap(seen + 1, message.seq - 1))
                    seen = message.seq
                yield messages
        except (LinkError, nats.errors.Error, OSError) as error:
            if bus.closed:
                return
            _log.debug("reading %s at %d again: %s", stream, seen + 1, error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        finally:
            await reader.close()


class Reader:
    """One ephemeral consumer and what it has delivered; LinkError where it is gone."""

    full = False  # it waits for messages, never for room

    def __init__(
        self, bus: Bus, stream: str, *, batch: int, max_bytes: int, filters: str = ""
    ) -> None:
        self._bus = bus
        self._stream = stream
        self._batch = batch
        self._max_bytes = max(max_bytes, bus.max_payload + MARGIN)  # the largest must fit
        self._filter = filters
        self._name = f"isthmus-{secrets.token_hex(8)}"
        self._queue: deque[tuple[Message, int]] = deque()
        self._queued_bytes = 0
        self._asked = 0  # messages and bytes that open pull requests may still bring
        self._asked_bytes = 0
        self._expected = 1
        self._arrived = asyncio.Event()
        self._broken = ""
        self._generation = -1
        self._open = False

    async def open(self, start: int, *, last_per_subject: bool = False) -> int:
        """Make the consumer; the number of messages that wait for it already."""
        client = self._bus.client
        self._generation = self._bus.generation
        self._bus.attach(self)
        self._inbox = client.new_inbox()
        self._subscription = await client.subscribe(self._inbox, cb=self._receive)
        self._open = True
        config: dict[str, object] = {
            "name": self._name,
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 60 * _SECOND,
        }
        if last_per_subject:
            config["deliver_policy"] = "last_per_subject"
        else:
            config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": start}
        if self._filter:
            config["filter_subject"] = self._filter
        answer = await ask(
            self._bus,
            f"CONSUMER.CREATE.{self._stream}.{self._name}",
            {"stream_name": self._stream, "config": config, "action": "create"},
        )
        await self._top_up()
        return int(answer.get("num_pending", 0))

    async def take(self) -> list[Message]:
        """All that has arrived, at least one message and at most a batch."""
        while not self._queue:
            self._check()
            self._arrived.clear()
            await self._top_up()
            try:
                async with asyncio.timeout(SILENCE):
                    await self._arrived.wait()
            except TimeoutError:
                self._broken = self._broken or f"no sign of life for {SILENCE:g} s"
        taken: list[Message] = []
        await self._top_up()
        while self._queue and len(taken) < self._batch:
            message, size = self._queue.popleft()
            self._queued_bytes -= size
            taken.append(message)
        return taken

    def interrupt(self, why: str) -> None:
        """The connection is gone, and the consumer with it."""
        self._broken = self._broken or why
        self._arrived.set()

    def _check(self) -> None:
        if self._generation != self._bus.generation:
            self._broken = self._broken or "connected again"
        if self._broken:
            raise LinkError(f"reading {self._stream}: {self._broken}")

    async def _top_up(self) -> None:
        """Ask for as much as there is room for, once half of the room is free."""
        room = self._batch - self._asked - len(self._queue)
        space = self._max_bytes - self._asked_bytes - self._queued_bytes
        if self._broken or room * 2 < self._batch or space * 2 < self._max_bytes:
            return
        self._asked += room
        self._asked_bytes += space
        body = {
            "batch": room,
            "max_bytes": space,
            "expires": round(EXPIRES * _SECOND),
            "idle_heartbeat": round(HEARTBEAT * _SECOND),
        }
        await self._bus.client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}",
            json.dumps(body).encode(),
            reply=self._inbox,
        )

    async def _receive(self, message: Msg) -> None:
        headers = message.headers
        if headers and "Status" in headers and not message.reply:
            self._status(headers)
        elif self._expected != consumer_sequence(message.reply):
            self._broken = self._broken or "a message is missing"
        elif not self._broken:
            self._expected += 1
            size = len(message.data) + len(message.subject) + len(message.reply)
            if headers:
                size += 14 + sum(len(key) + len(value) + 4 for key, value in headers.items())
            self._asked -= 1
            self._asked_bytes -= size
            self._queued_bytes += size
            self._queue.append(
                (received(message.reply, message.subject, message.data, headers), size)
            )
        self._arrived.set()

    def _status(self, headers: dict[str, str]) -> None:
        """A heartbeat (100), or the end of a pull request with what it leaves undelivered."""
        status = headers["Status"]
        if status == "100":
            return
        self._asked -= int(headers.get("Nats-Pending-Messages", 0))
        self._asked_bytes -= int(headers.get("Nats-Pending-Bytes", 0))
        text = headers.get("Description", "")
        if status == "503" or "Deleted" in text or "Leadership" in text or "Shutdown" in text:
            self._broken = self._broken or text or "the server has no such consumer"

    async def close(self) -> None:
        """Forget the consumer; the server would after a minute."""
        if not self._open:
            return
        self._open = False
        self._bus.detach(self)
        client = self._bus.client
        with contextlib.suppress(nats.errors.Error, OSError):
            await self._subscription.unsubscribe()
            if self._bus.client.is_connected:
                await client.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._name}")
