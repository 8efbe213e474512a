"""What every bus offers, whether it is a cluster, a child process or this process's own memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from isthmus.model.sample import Nanoseconds


class BusState(StrEnum):
    """What a person must know of the bus at a glance."""

    UP = "up"
    DOWN = "down"  # not connected; publishers wait, nothing is lost that they hold
    FULL = "full"  # the store takes no more; publishers wait and try again


OnState = Callable[[BusState, str], None]


class TlsFiles(Protocol):
    """Where the PEM files of one identity are; the plant's authority issues such."""

    @property
    def ca(self) -> Path:
        """The certificate of the authority that both sides trust."""
        ...

    @property
    def certificate(self) -> Path:
        """Our certificate."""
        ...

    @property
    def key(self) -> Path:
        """Its private key."""
        ...


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """A stream: which subjects it keeps, how much of them, and what happens when it is full.

    `discard` "new" refuses what comes (publishers wait: the state `full`), "old" forgets the
    oldest (readers are told of the gap). `max_bytes` and `max_age_s` of 0 mean no such limit.
    """

    name: str
    subjects: tuple[str, ...]
    max_bytes: int = 0
    max_age_s: float = 0.0
    discard: Literal["new", "old"] = "new"
    duplicate_window_s: float = 120.0
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream holds now; `first` is `last + 1` where it is empty.

    `epoch` names this very stream: one made again under the same name has another.
    """

    name: str
    epoch: str
    first: int
    last: int
    messages: int
    bytes: int


class Message(NamedTuple):
    """One stored message: its sequence in the stream, and when the bus stored it (ns UTC)."""

    seq: int
    subject: str
    data: bytes
    time: Nanoseconds
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def id(self) -> str:
        """The id that its publisher gave it."""
        return self.headers.get("Nats-Msg-Id", "")


class Gap(NamedTuple):
    """Sequences from `start` to `end`, both included, that the stream no longer holds."""

    start: int
    end: int


OnGap = Callable[[Gap], None]


class Ack(NamedTuple):
    """The bus has stored a message under `seq`; `duplicate` where it had done so before."""

    seq: int
    duplicate: bool


class Entry(NamedTuple):
    """The value of a key; None where the key was deleted. Revisions grow over the bucket."""

    key: str
    value: bytes | None
    revision: int


@dataclass(slots=True)
class PublisherStats:
    """What a publisher holds and has done since it was opened."""

    state: BusState = BusState.DOWN
    in_flight: int = 0
    bytes: int = 0
    acked: int = 0
    duplicates: int = 0  # the bus had them already: an earlier attempt whose ack was lost
    retried: int = 0
    errors: int = 0
    lost: int = 0  # acknowledged, then lost by the store (its disk, or power without `sync`)
    rejected: int = 0  # can never be stored, such as a message above the size limit
    why: str = ""  # the last error


class Publishing(Protocol):
    """Keeps the order of what it is given, and each message until the bus has stored it."""

    stats: PublisherStats

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        id: str = "",  # noqa: A002
        alone: bool = False,
    ) -> asyncio.Future[Ack]:
        """The coming ack; waits while the window is full. Cancelling the wait sends nothing.

        What has an `id` is stored once. That it is stored says that all is that was published
        before it, unless it goes `alone`: an earlier process may have told it, in another order.
        """
        ...

    async def flush(self) -> None:
        """Return when all that was published before is stored."""
        ...

    async def close(self) -> None:
        """Stop; what is not yet stored has its future cancelled."""
        ...


class Keys(Protocol):
    """A bucket of small values by key, kept by the bus."""

    async def put(self, key: str, value: bytes) -> int:
        """The revision under which `value` is kept."""
        ...

    async def swap(self, key: str, value: bytes, *, revision: int) -> int | None:
        """Put only where the key's last revision is `revision` (0: no such key); else None."""
        ...

    async def get(self, key: str) -> Entry | None:
        """What the key holds, None where there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the key's value; watchers see it."""
        ...

    async def keys(self) -> Sequence[str]:
        """All keys that hold a value, sorted."""
        ...

    def watch(self, prefix: str = "") -> AsyncIterator[Entry]:
        """All that the bucket holds under `prefix`, then each change."""
        ...


class Backbone(Protocol):
    """Streams, publishers, readers and buckets."""

    @property
    def state(self) -> BusState:
        """Whether the bus is there and takes messages."""
        ...

    async def stream(self, settings: StreamSettings) -> StreamInfo:
        """The stream of these settings, made or changed to them where it must be."""
        ...

    async def info(self, stream: str) -> StreamInfo:
        """What the stream holds now; LinkError where the bus is away, StorageError if none."""
        ...

    async def message(self, stream: str, seq: int) -> Message | None:
        """The message of this sequence, None where the stream does not hold it."""
        ...

    async def purge(self, stream: str, *, before: int = 0) -> None:
        """Forget the messages below sequence `before`, or all.

        With `before` the last message always stays: it tells where its writer had got to.
        """
        ...

    async def skip(self, stream: str, last: int) -> None:
        """Forget all messages; the next one gets the sequence after `last`."""
        ...

    async def publisher(
        self, stream: str, *, max_bytes: int = 4 << 20, max_count: int = 1_000
    ) -> Publishing:
        """A publisher into `stream`, which should have no other writer at the same time."""
        ...

    def consume(
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
        ...

    async def bucket(self, name: str, *, replicas: int = 1, max_bytes: int = 64 << 20) -> Keys:
        """The bucket of this name, made where there is none."""
        ...

    async def close(self) -> None:
        """Leave; publishers and readers end."""
        ...
