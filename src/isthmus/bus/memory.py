"""The bus in this process's memory: for tests and for trying things, not for keeping anything."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from isthmus.bus.memory_keys import MemoryBucket, first
from isthmus.bus.port import (
    Ack,
    BusState,
    Gap,
    Message,
    OnGap,
    OnState,
    PublisherStats,
    StreamInfo,
    StreamSettings,
)
from isthmus.model.errors import LinkError, StorageError
from isthmus.model.sample import Nanoseconds

_OVERHEAD = 40  # bytes that each stored message counts beyond its data and subject
_epochs = itertools.count(1)


@dataclass(slots=True)
class Stored:
    """One stream: what it holds and who waits for more."""

    settings: StreamSettings
    epoch: str
    messages: deque[Message] = field(default_factory=deque)
    last: int = 0
    size: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    purged: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def first(self) -> int:
        """The sequence of the oldest message, the next one's where there is none."""
        return self.messages[0].seq if self.messages else self.last + 1

    def info(self) -> StreamInfo:
        """As the bus tells it."""
        return StreamInfo(
            self.settings.name, self.epoch, self.first, self.last, len(self.messages), self.size
        )

    def store(self, subject: str, data: bytes, id_: str) -> Ack | None:
        """The ack, None where the stream is full."""
        if (known := self.ids.get(id_)) is not None:
            return Ack(known, duplicate=True)
        limit, size = self.settings.max_bytes, len(data) + len(subject) + _OVERHEAD
        if limit and self.size + size > limit:
            if self.settings.discard == "new":
                return None
            while self.messages and self.size + size > limit:
                self.drop()
        self.last += 1
        self.size += size
        now = Nanoseconds(time.time_ns())
        self.messages.append(Message(self.last, subject, data, now, {"Nats-Msg-Id": id_}))
        self.ids[id_] = self.last
        self.changed.set()
        return Ack(self.last, duplicate=False)

    def drop(self) -> None:
        """Forget the oldest message."""
        message = self.messages.popleft()
        self.size -= len(message.data) + len(message.subject) + _OVERHEAD

    def after(self, seq: int, limit: int) -> list[Message]:
        """At most `limit` messages above `seq`."""
        skip = max(0, seq + 1 - self.first)
        return list(itertools.islice(self.messages, skip, skip + limit))


class MemoryBus:
    """The same promises as a connection to a server, as far as memory can keep them."""

    def __init__(self, on_state: OnState | None = None) -> None:
        self._on_state = on_state
        self._streams: dict[str, Stored] = {}
        self._buckets: dict[str, MemoryBucket] = {}
        self._publishers: list[MemoryPublisher] = []
        self._closed = asyncio.Event()
        self._told: BusState | None = None
        self.tell("made")

    @property
    def state(self) -> BusState:
        """Full where a publisher finds its stream full, else up; down once closed."""
        if self._closed.is_set():
            return BusState.DOWN
        if any(publisher.stats.state is BusState.FULL for publisher in self._publishers):
            return BusState.FULL
        return BusState.UP

    def tell(self, why: str) -> None:
        """Tell of a new state, once."""
        if (state := self.state) is not self._told:
            self._told = state
            if self._on_state is not None:
                self._on_state(state, why)

    async def stream(self, settings: StreamSettings) -> StreamInfo:
        """The stream of these settings, made or changed to them."""
        known = self._streams.get(settings.name)
        if known is None:
            known = Stored(settings, f"{settings.name}@memory.{next(_epochs)}")
            self._streams[settings.name] = known
        known.settings = settings
        known.purged.set()
        return known.info()

    async def info(self, stream: str) -> StreamInfo:
        """What the stream holds now; StorageError where there is none."""
        return self.stored(stream).info()

    async def message(self, stream: str, seq: int) -> Message | None:
        """The message of this sequence, None where the stream does not hold it."""
        found = self.stored(stream).after(seq - 1, 1)
        return found[0] if found and found[0].seq == seq else None

    async def purge(self, stream: str, *, before: int = 0) -> None:
        """Forget the messages below sequence `before` but the last one, or all."""
        known = self.stored(stream)
        while known.messages and (not before or known.first < min(before, known.last)):
            known.drop()
        known.purged.set()

    async def skip(self, stream: str, last: int) -> None:
        """Forget all messages; the next one gets the sequence after `last`."""
        await self.purge(stream)
        self.stored(stream).last = last

    def stored(self, stream: str) -> Stored:
        """The stream itself; StorageError where there is none."""
        if self._closed.is_set():
            raise LinkError(f"asking the bus for {stream}: it is closed")
        if (known := self._streams.get(stream)) is None:
            raise StorageError(f"asking the bus for {stream}: stream not found")
        return known

    async def publisher(
        self, stream: str, *, max_bytes: int = 4 << 20, max_count: int = 1_000
    ) -> MemoryPublisher:
        """A publisher into `stream`."""
        made = MemoryPublisher(self, stream, max_bytes, max_count)
        self._publishers.append(made)
        return made

    async def consume(
        self,
        stream: str,
        start: int,
        *,
        batch: int = 1_000,
        max_bytes: int = 16 << 20,
        on_gap: OnGap | None = None,
        epoch: str = "",
    ) -> AsyncIterator[list[Message]]:
        """Messages from sequence `start` on, for ever, each once and in order."""
        known, seen = self.stored(stream), max(start, 1) - 1
        if epoch and known.epoch != epoch:
            raise StorageError(f"reading {stream} at {start}: it is {known.epoch}, not {epoch}")
        if seen > known.last:
            raise StorageError(f"reading {stream} at {start}: it ends at {known.last}")
        while not self._closed.is_set():
            taken = _within(known.after(seen, batch), max_bytes)
            if not taken:
                known.changed.clear()
                await first(known.changed, self._closed)
                continue
            if on_gap is not None and taken[0].seq > seen + 1:
                on_gap(Gap(seen + 1, taken[0].seq - 1))
            seen = taken[-1].seq
            yield taken

    async def bucket(
        self,
        name: str,
        *,
        replicas: int = 1,  # noqa: ARG002 - one memory
        max_bytes: int = 64 << 20,  # noqa: ARG002
    ) -> MemoryBucket:
        """The bucket of this name, made where there is none."""
        return self._buckets.setdefault(name, MemoryBucket(self._closed))

    async def close(self) -> None:
        """Forget everything; publishers stop, readers end."""
        for publisher in list(self._publishers):
            await publisher.close()
        self._closed.set()
        self.tell("closed")

    def forget(self, publisher: MemoryPublisher) -> None:
        """A publisher is closed."""
        if publisher in self._publishers:
            self._publishers.remove(publisher)


class MemoryPublisher:
    """Stores at once, or waits where the stream is full, as a server's publisher would."""

    def __init__(self, bus: MemoryBus, stream: str, max_bytes: int, max_count: int) -> None:
        self.stats = PublisherStats(BusState.UP)
        self._bus = bus
        self._stream = stream
        self._max_bytes = max_bytes
        self._max_count = max_count
        self._numbers = itertools.count()
        self._prefix = f"memory-{next(_epochs)}"
        self._waiting: deque[tuple[str, bytes, str, asyncio.Future[Ack]]] = deque()
        self._order = asyncio.Lock()
        self._room = asyncio.Event()
        self._retry: asyncio.Task[None] | None = None
        self._closed = False

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        id: str = "",  # noqa: A002
        alone: bool = False,  # noqa: ARG002 - one by one
    ) -> asyncio.Future[Ack]:
        """The coming ack; waits while the window is full. Cancelling the wait sends nothing."""
        async with self._order:
            while self._waiting and not self._closed and not self._fits(len(data)):
                self._room.clear()
                await self._room.wait()
            if self._closed:
                raise LinkError(f"publishing on {subject}: the publisher is closed")
            ack: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
            name = id or f"{self._prefix}:{next(self._numbers)}"
            self._waiting.append((subject, data, name, ack))
            self.stats.in_flight += 1
            self.stats.bytes += len(data)
        if len(self._waiting) == 1:
            self._store()
        return ack

    def _fits(self, size: int) -> bool:
        return len(self._waiting) < self._max_count and self.stats.bytes + size <= self._max_bytes

    def _store(self) -> None:
        while self._waiting:
            subject, data, name, ack = self._waiting[0]
            stored = self._bus.stored(self._stream).store(subject, data, name)
            if stored is None:
                self._enter(BusState.FULL, "maximum bytes exceeded")
                self.stats.errors += 1
                if self._retry is None:
                    self._retry = asyncio.create_task(self._again())
                return
            self._waiting.popleft()
            self.stats.in_flight -= 1
            self.stats.bytes -= len(data)
            self.stats.acked += 1
            self.stats.duplicates += stored.duplicate
            if not ack.done():
                ack.set_result(stored)
            self._room.set()
        self._enter(BusState.UP, "")

    async def _again(self) -> None:
        while self._waiting:
            known = self._bus.stored(self._stream)
            known.purged.clear()
            await known.purged.wait()
            self.stats.retried += 1
            self._store()
        self._retry = None

    def _enter(self, state: BusState, why: str) -> None:
        self.stats.why = why or self.stats.why
        if state is not self.stats.state:
            self.stats.state = state
            self._bus.tell(why or "takes messages again")

    async def flush(self) -> None:
        """Return when all that was published before is stored."""
        if waiting := [ack for *_, ack in self._waiting]:
            await asyncio.wait(waiting)

    async def close(self) -> None:
        """Stop; what is not yet stored has its future cancelled."""
        self._closed = True
        self._room.set()
        if self._retry is not None:
            self._retry.cancel()
            await asyncio.wait([self._retry])
        for *_, ack in self._waiting:
            ack.cancel()
        self._waiting.clear()
        self._bus.forget(self)


def _within(messages: list[Message], max_bytes: int) -> list[Message]:
    """The first of `messages` that are at most `max_bytes` together, but at least one."""
    size = 0
    for number, message in enumerate(messages):
        size += len(message.data)
        if size > max_bytes and number:
            return messages[:number]
    return messages
