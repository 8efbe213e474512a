"""Publishes into a stream through a window bounded by bytes and count, in order, without loss.

Every message carries an id (`Nats-Msg-Id`: the server stores it once) and names the id before it
(`Nats-Expected-Last-Msg-Id`: the server refuses it where its predecessor is missing). So a
failure in the middle of the window fails all that follows, and the window is sent again from the
first message that the stream does not hold. The same chain makes a second writer visible: both
go on, slowly, and `stats.errors` grows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from isthmus.bus.jetstream import TOO_LARGE, Failure, failure
from isthmus.bus.port import Ack, BusState, PublisherStats
from isthmus.model.errors import IsthmusError, LinkError, ProtocolError

if TYPE_CHECKING:
    from isthmus.bus.client import Bus

_log = logging.getLogger(__name__)
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 2.0
PATIENCE = 3  # head of the window refused so often for its place: another writer is at work


@dataclass(slots=True, eq=False)
class Pending:
    """A message that is not yet known to be stored."""

    subject: str
    data: bytes
    id: str
    ack: asyncio.Future[Ack]
    alone: bool = False
    sent: float = 0.0


class Publisher:
    """The one writer of a stream; `Bus.publisher` opens it."""

    def __init__(
        self,
        bus: Bus,
        stream: str,
        *,
        max_bytes: int,
        max_count: int,
        ack_timeout: float = 5.0,
        on_state: Callable[[], None] = lambda: None,
    ) -> None:
        self.stats = PublisherStats()
        self.stream = stream
        self._bus = bus
        self._client: Client = bus.client
        self._max_bytes = max_bytes
        self._max_count = max_count
        self._ack_timeout = ack_timeout
        self._on_state = on_state
        self._prefix = secrets.token_hex(6)
        self._inbox = self._client.new_inbox()
        self._window: dict[int, Pending] = {}
        self._next = 0  # number of the next message given to us
        self._cursor = 0  # number of the next message to send
        self._attempt = 0  # answers to an earlier attempt cannot fail this one
        self._trouble: Failure | None = Failure(0, "not yet connected")
        self._highest = 0  # sequence that the stream has acknowledged
        self._previous = ""  # id of the message sent before
        self._order = asyncio.Lock()
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen for acks and start to send."""
        self._acks = await self._client.subscribe(f"{self._inbox}.*.*", cb=self._answered)
        self._task = asyncio.create_task(self._run(), name=f"publish {self.stream}")

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        id: str = "",  # noqa: A002
        alone: bool = False,
    ) -> asyncio.Future[Ack]:
        """The coming ack; waits while the window is full. Cancelling the wait sends nothing.

        The future gets ProtocolError where the message can never be stored; it is cancelled
        where the publisher closes first.
        """
        size = len(data)
        if size > self._bus.max_payload:
            raise ProtocolError(
                f"publishing {size} bytes on {subject}: the bus takes {self._bus.max_payload}",
                hint="split the batch",
            )
        async with self._order:
            while not self._closed and not self._fits(size):
                self._room.clear()
                await self._room.wait()
            if self._closed:
                raise LinkError(f"publishing on {subject}: the publisher is closed")
            number = self._next
            self._next += 1
            pending = Pending(
                subject,
                data,
                id or f"{self._prefix}:{number}",
                asyncio.get_running_loop().create_future(),
                alone,
            )
            self._window[number] = pending
            self.stats.in_flight += 1
            self.stats.bytes += size
            self._wake.set()
        return pending.ack

    async def flush(self) -> None:
        """Return when all that was published before is stored."""
        waiting = [pending.ack for pending in self._window.values()]
        if waiting:
            await asyncio.wait(waiting)

    async def close(self) -> None:
        """Stop; what is not yet stored has its future cancelled. Call `flush` before."""
        if self._closed:
            return
        self._closed = True
        self._room.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._acks.unsubscribe()
        for pending in self._window.values():
            pending.ack.cancel()
        self._window.clear()
        self._bus.forget(self)

    @property
    def full(self) -> bool:
        """Whether it waits for room in its stream."""
        return self.stats.state is BusState.FULL

    def interrupt(self, why: str) -> None:
        """The connection is gone: what is in flight must be sent again."""
        self._fail(Failure(0, why))

    # ------------------------------------------------------------ the window
    def _fits(self, size: int) -> bool:
        if not self._window:
            return True
        return len(self._window) < self._max_count and self.stats.bytes + size <= self._max_bytes

    def _settle(self, number: int, ack: Ack | None, error: IsthmusError | None = None) -> None:
        pending = self._window.pop(number, None)
        if pending is None:
            return
        self.stats.in_flight -= 1
        self.stats.bytes -= len(pending.data)
        if error is not None:
            self.stats.rejected += 1
            if not pending.ack.done():
                pending.ack.set_exception(error)
        elif ack is not None:
            self.stats.acked += 1
            self.stats.duplicates += ack.duplicate
            if not pending.ack.done():
                pending.ack.set_result(ack)
        self._room.set()

    async def _answered(self, message: Msg) -> None:
        attempt, number = map(int, message.subject.rsplit(".", 2)[1:])
        failed = failure(message.data, message.headers)
        if failed is None:
            stored = json.loads(message.data)
            self._settle(number, Ack(stored["seq"], stored.get("duplicate", False)))
            self._highest = max(self._highest, stored["seq"])
            if number == self._probing or self._cursor < self._next:
                self._wake.set()
            return
        if failed.code == TOO_LARGE:
            error = failed.error(f"publishing on {message.subject}")
            self._settle(number, None, error)
        if attempt == self._attempt:
            self._fail(failed)

    def _fail(self, failed: Failure) -> None:
        if self._trouble is None:
            self._trouble = failed
            self._wake.set()

    # ------------------------------------------------------------ sending
    _probing = -1

    async def _run(self) -> None:
        wait, refused = SHORTEST_WAIT, 0
        while True:
            try:
                await self._bus.connected()
                await self._probe(exact=refused < PATIENCE)
                wait, refused = SHORTEST_WAIT, 0
                self._enter(BusState.UP, "")
                await self._flow()
            except (nats.errors.Error, OSError, IsthmusError) as error:
                self._trouble = self._trouble or Failure(0, str(error))
            failed = self._trouble or Failure(0, "unknown")
            self._attempt += 1
            self.stats.errors += 1
            if failed.wrong_last:
                refused += 1
                continue
            state = BusState.FULL if failed.full else BusState.DOWN
            self._enter(state, failed.text)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _probe(self, *, exact: bool) -> None:
        """Find where the stream ends, drop what it holds, store the first of the rest alone."""
        self._trouble, self._previous = None, ""
        self._wake.clear()
        if not self._window:
            return
        last = (await self._bus.info(self.stream)).last
        if last < self._highest:
            self.stats.lost += self._highest - last
            _log.error("%s lost its messages %d to %d", self.stream, last + 1, self._highest)
        self._highest = last
        newest = await self._bus.message(self.stream, last) if last else None
        if newest is not None:
            self._forget_stored(newest.seq, newest.id)
        if not self._window:
            return
        head = self._probing = self._cursor = next(iter(self._window))
        headers = {"Nats-Expected-Stream": self.stream}
        if exact:
            headers["Nats-Expected-Last-Sequence"] = str(last)
        await self._send(headers)
        while head in self._window and self._trouble is None:
            await self._awake()
        if self._trouble is not None:
            raise LinkError(self._trouble.text)

    def _forget_stored(self, seq: int, id_: str) -> None:
        """Acknowledge what the stream holds already, whatever the duplicate window."""
        found = next((number for number, held in self._window.items() if held.id == id_), None)
        if found is None:
            return
        stored = [number for number in self._window if number <= found]
        if self._window[found].alone:  # those before it may not be stored
            stored = [found]
        for place, number in enumerate(stored, seq - len(stored) + 1):
            self._settle(number, Ack(place, duplicate=True))

    async def _flow(self) -> None:
        while self._trouble is None:
            while self._cursor < self._next and not self._held() and self._trouble is None:
                await self._send({})
            await self._awake()

    def _held(self) -> bool:
        """Whether the next one may be in the stream already and others wait before it.

        What follows it names it as its predecessor, and would overtake them.
        """
        pending = self._window.get(self._cursor)
        return pending is not None and pending.alone and next(iter(self._window)) < self._cursor

    async def _send(self, headers: dict[str, str]) -> None:
        number = self._cursor
        pending = self._window.get(number)
        self._cursor += 1
        if pending is None:
            return
        headers["Nats-Msg-Id"] = pending.id
        if self._previous:
            headers["Nats-Expected-Last-Msg-Id"] = self._previous
        self.stats.retried += pending.sent > 0
        pending.sent = asyncio.get_running_loop().time()
        self._previous = pending.id
        reply = f"{self._inbox}.{self._attempt}.{number}"
        await self._client.publish(pending.subject, pending.data, reply=reply, headers=headers)

    async def _awake(self) -> None:
        """Wait for a new message or an answer; fail where the oldest got none in time."""
        more = self._cursor < self._next and not self._held()
        if more and self._probing not in self._window:
            return
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._ack_timeout / 4):
                await self._wake.wait()
        oldest = next(iter(self._window.values()), None)
        if oldest is None or not oldest.sent or self._trouble is not None:
            return
        if asyncio.get_running_loop().time() - oldest.sent > self._ack_timeout:
            self._fail(Failure(0, f"no acknowledgement within {self._ack_timeout:g} s"))

    def _enter(self, state: BusState, why: str) -> None:
        if why:
            self.stats.why = why
        if state is not self.stats.state:
            self.stats.state = state
            self._on_state()
