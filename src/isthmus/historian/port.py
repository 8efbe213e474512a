"""What the runtime asks of a historian, whichever engine keeps the samples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from isthmus.historian.settings import LakeStats, Sealed, Trend
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Int32s, Nanoseconds, TagId
from isthmus.model.tag import Tag

Tags = Sequence[TagId] | Int32s


class Samples(Protocol):
    """Samples that can be read by tag and time; every method may be called from any thread."""

    def raw(
        self, tags: Tags, start: Nanoseconds, end: Nanoseconds, *, limit: int | None = None
    ) -> Batch:
        """The samples of `tags` in [start, end) by (tag, time), the first `limit` of them.

        Of samples with equal tag and time, the one written last.
        """
        ...

    def before(self, tags: Tags, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`, by tag; none beyond the look-back."""
        ...

    def last(self, tags: Tags) -> Batch:
        """The newest sample of each tag by time, in the order asked; none for a tag never seen."""
        ...


class History(Samples, Protocol):
    """Everything that can be read, whether somebody writes or not."""

    def trend(
        self, tags: Tags, start: Nanoseconds, end: Nanoseconds, points: int
    ) -> Mapping[TagId, Trend]:
        """Each tag's samples in [start, end) in at most `points` buckets of equal length."""
        ...

    def events(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        kinds: Collection[str] = (),
        path: str | None = None,
        limit: int = 10_000,
    ) -> list[Event]:
        """The newest `limit` events in [start, end) by time, at or below `path`."""
        ...

    def kpis(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        names: Collection[str] = (),
        path: str | None = None,
        period: str = "",
        versions: bool = False,
        limit: int = 10_000,
    ) -> list[KpiResult]:
        """The newest `limit` results of windows that begin in [start, end).

        By start, path, name and period; at or below `path`. With `versions` also those that
        later ones replaced, in the order they were written. Times are kept to the microsecond.
        """
        ...

    def sql(self, query: str, *, seconds: float = 30.0, rows: int = 100_000) -> pa.Table:
        """The answer to one read-only SQL query; Refused where it is none or exceeds a limit."""
        ...


class Historian(History, Protocol):
    """One writer appends, one thread seals and maintains, any number read."""

    def positions(self) -> Mapping[str, int]:
        """The last durable sequence of each stream: resume after it."""
        ...

    def append(
        self, batch: Batch, *, stream: str, position: int, events: Sequence[Event] = ()
    ) -> None:
        """Make a frame's rows (and events) readable; nothing if its position is known already.

        Raises StorageError where the frame was not taken and must stay in the stream; ValueError
        where nothing can hold what is in it.
        """
        ...

    def append_events(self, events: Sequence[Event], *, stream: str, position: int) -> None:
        """Make a frame of events readable, as `append` does with samples."""
        ...

    def due(self) -> bool:
        """Whether it is time to seal."""
        ...

    def seal(self) -> Sealed | None:
        """Make everything appended so far durable, once; None if there was nothing, or no space.

        Raises StorageError; then a later call tries again.
        """
        ...

    def maintain(self) -> None:
        """Whatever keeps the engine quick and within its bounds; long. Raises StorageError."""
        ...

    def write_kpis(self, results: Sequence[KpiResult]) -> None:
        """Make derived values durable before it returns; of equal keys those written last hold.

        Raises StorageError; then none of them was written.
        """
        ...

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Write the names of tags beside the samples, for SQL and other tools."""
        ...

    def stats(self) -> LakeStats:
        """How much there is, and how the engine does."""
        ...

    def close(self) -> None:
        """Let the next writer in. What was not sealed is in the stream; call `seal` first."""
        ...
