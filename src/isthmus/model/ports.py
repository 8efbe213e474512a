"""The ports: what the runtime asks of a connector, and all that it may ask.

A connector opens, reads or listens, closes; it raises `LinkError`, `AuthError`, `ProtocolError`
and never sleeps to retry, never logs a failure it raises, never scales. Retry, back-off,
log-once, health, scaling, clamping and deadband are the runtime's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, Protocol, Self, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from isthmus.model.event import Action, Event
from isthmus.model.sample import Batch, Clock, Nanoseconds, TagId
from isthmus.model.tag import Tag
from isthmus.model.unit import Seconds


class Address(BaseModel):
    """Where a device keeps one value; each connector adds its own fields.

    `scale`, `offset`, `map` are applied by the runtime, not by the connector.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    scale: Annotated[float, Field(description="Factor from the raw to the tag's unit.")] = 1.0
    offset: Annotated[float, Field(description="Added after the factor, in the tag's unit.")] = 0.0
    map: Annotated[
        Mapping[int, str] | None,
        Field(description="Raw codes to words of the tag's legend.", examples=[{1: "execute"}]),
    ] = None

    @classmethod
    def parse(cls, written: object) -> Self:
        """The address that a plant file writes as a mapping, or in short as one string."""
        return cls.model_validate(written)


A = TypeVar("A", bound=Address)


@dataclass(frozen=True, slots=True)
class Binding(Generic[A]):
    """A tag, its id, and the place on the device where its value is."""

    id: TagId
    tag: Tag
    address: A


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device said: numbers as columns, all else as events."""

    batch: Batch
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One place found by browsing a device; `address` is what a plant file would write.

    A `data_type` that ends with `[]` is an array: no tag can be all of it.
    """

    address: str
    name: str
    kind: str = "variable"  # or "folder"
    data_type: str = ""
    unit: str = ""
    description: str = ""
    value: str = ""
    writable: bool = False


class Source(Protocol):
    """A link to a device that is asked, every so often."""

    async def open(self) -> None:
        """Connect; raise LinkError to be called again later."""
        ...

    async def read(self) -> Reading:
        """One reading of all bound tags; a tag that failed alone has bad quality."""
        ...

    async def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        ...


@runtime_checkable
class Subscription(Protocol):
    """A link to a device that speaks up."""

    async def open(self) -> None:
        """Connect and subscribe; raise LinkError to be called again later."""
        ...

    def listen(self) -> AsyncIterator[Reading]:
        """What the device says, as it says it; LinkError when the link is lost."""
        ...

    async def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A link that can be written to; only the runtime's guarded path calls it."""

    async def write(self, action: Action) -> None:
        """Write the raw value; return when the device has confirmed it."""
        ...


@runtime_checkable
class ReadBack(Protocol):
    """A link whose device can be asked at once what it holds."""

    async def read_back(self, tag: TagId) -> float:
        """The raw value of `tag` now; ProtocolError where it has none."""
        ...


@runtime_checkable
class Acknowledges(Protocol):
    """A link whose device has alarms of its own, which a person may acknowledge there."""

    @property
    def acknowledgeable(self) -> Collection[TagId]:
        """The tags that tell such alarms."""
        ...

    async def acknowledge(self, tag: TagId, note: str) -> bool:
        """Whether the alarm of `tag` waited for it; AuthError, ProtocolError where refused."""
        ...


@runtime_checkable
class Browse(Protocol):
    """A link whose device can tell what it has."""

    async def browse(self, node: str = "", *, limit: int = 1000) -> Sequence[Node]:
        """The children of `node` (the root where empty), at most `limit`."""
        ...


@runtime_checkable
class Backfill(Protocol):
    """A link whose device records by itself, and can tell what it did while nobody listened."""

    def backfill(
        self, tags: Collection[TagId], start: Nanoseconds, end: Nanoseconds
    ) -> AsyncIterator[Reading]:
        """What the device recorded of `tags` in [start, end], page by page, in raw values.

        Runs beside `listen` or `read` of the same open link. ProtocolError where the device
        keeps no history.
        """
        ...


@runtime_checkable
class Unrecorded(Protocol):
    """A link that says of which tags its device keeps no history, after it was asked for some."""

    def unrecorded(self) -> Mapping[TagId, str]:
        """What the device said in place of their history."""
        ...


@runtime_checkable
class Counts(Protocol):
    """A link that counts what it had to drop or mend, for health and metrics."""

    def counts(self) -> Mapping[str, int]:
        """Totals since open by kind; `dropped` are samples lost before they reached us."""
        ...


@runtime_checkable
class Resumes(Protocol):
    """A subscription that remembers, outside of us, how far it was heard.

    It may forget a reading once the next one is asked for; so the runtime asks only when the
    reading is on disk. Its readings may come twice after a crash, with the same times.
    """

    resumes: bool


class SourceConfig(BaseModel, ABC):
    """What a user writes to get a connection; the connector is this class and its `build`.

    The plant file's `tags` of the connection become `bindings` with addresses of class `address`.
    Times are fields of type `isthmus.model.unit.Seconds`: a file may then say `250 ms`. A field
    `timezone` that the file leaves out holds the plant's.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret in a wrong place
    )
    address: ClassVar[type[Address]] = Address
    vouches: ClassVar[bool] = True
    """Whether a link that speaks proves that a value untold is the same as before."""

    shows: ClassVar[bool] = False
    """Whether the device shows certificates in a way of its protocol, which `shown` asks for."""

    name: Annotated[str, Field(description="The connection's name, its key in the file.")]
    zone: Annotated[str, Field(description="The zone (IEC 62443) in which the device stands.")] = ""
    every: Annotated[
        Seconds, Field(gt=0, le=86_400, description="Seconds between two reads of a polled device.")
    ] = 1.0
    timeout: Annotated[
        Seconds, Field(gt=0, le=300, description="Seconds to wait for an answer.")
    ] = 5.0
    quiet: Annotated[
        Seconds | None,
        Field(gt=0, description="Seconds of silence after which the link counts as lost."),
    ] = None

    @abstractmethod
    def build(
        self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str
    ) -> Source | Subscription:
        """The closed source of these settings.

        `now` is the plant's clock. `state` is an existing folder of this connection's own, for
        what must outlive the process (trusted certificates, file positions).
        """

    def visitor(self) -> Self:
        """The same settings for a short visit that leaves alone the link that runs with these."""
        return self

    async def shown(self) -> Sequence[bytes]:
        """Certificates (DER) that the device shows to everybody, where the protocol has a way."""
        return ()

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where the device is, for people: `opc.tcp://10.4.1.20:4840`."""

    @property
    def wire(self) -> str:
        """How the wire is protected, for people: `sign+encrypt`, `TLS`, `none`."""
        return "none"
