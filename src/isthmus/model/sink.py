"""The ports of egress: what the runtime asks of a sink, and all that it may ask.

A sink opens, writes a parcel whole, closes; it raises `LinkError` or `AuthError` and never sleeps
to retry. It holds the position of each stream together with what it was given, so that after any
crash nothing is sent twice and nothing is left out. Its methods are called in a thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from isthmus.model.event import Event
from isthmus.model.path import Pattern
from isthmus.model.sample import Batch, Int64s, TagId
from isthmus.model.tag import Tag
from isthmus.model.unit import Seconds


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came out of one stream up to message `position`: rows in the order of their writing.

    `written` is when the stream stored each row's message (ns), greater for later writes, the
    same whenever the stream is read again; `events` have the time and the sequence of theirs.
    """

    stream: str
    position: int
    batch: Batch
    written: Int64s
    events: Sequence[tuple[int, int, Event]]
    tags: Mapping[TagId, Tag]  # of all rows


class Sink(Protocol):
    """A place of others that our samples and events go to."""

    def open(self) -> Mapping[str, int]:
        """Connect; the position of each stream that is there. LinkError to be called again."""
        ...

    def write(self, parcel: Parcel) -> None:
        """Hand over all of it, with its position, once. LinkError: `open` comes next."""
        ...

    def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        ...


class SinkConfig(BaseModel, ABC):
    """What a user writes to get a sink; the sink is this class and its `build`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    name: Annotated[str, Field(description="The sink's name, its key in the file.")]
    tags: Annotated[
        list[str],
        Field(min_length=1, description="Which tags: `packaging/**`, or several such."),
    ] = ["**"]
    events: Annotated[bool, Field(description="Whether events of these tags go along.")] = True
    every: Annotated[
        Seconds, Field(gt=0, le=300, description="Seconds for which samples are gathered.")
    ] = 1.0
    rows: Annotated[
        int, Field(ge=1, le=1_000_000, description="Samples that are sent at once, at most.")
    ] = 50_000
    timeout: Annotated[
        Seconds, Field(gt=0, le=300, description="Seconds to wait for an answer.")
    ] = 30.0

    @field_validator("tags", mode="before")
    @classmethod
    def _listed(cls, written: object) -> object:
        return [written] if isinstance(written, str) else written

    @field_validator("tags")
    @classmethod
    def _patterns(cls, tags: list[str]) -> list[str]:
        for text in tags:
            Pattern.parse(text)  # ValueError where it is none
        return tags

    @abstractmethod
    def build(self, root: str) -> Sink:
        """The closed sink of these settings for the plant `root` (`acme/riverside`)."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where it is, for people: `https://clickhouse.acme.example:8443`."""

    @property
    def wire(self) -> str:
        """How the wire is protected, for people: `TLS`, `none`."""
        return "none"
