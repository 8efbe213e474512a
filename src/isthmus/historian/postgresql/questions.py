"""What can be asked of a history in PostgreSQL: what is stored, and what waits here, as one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from isthmus.historian.columns import arranged, ids, settled
from isthmus.historian.event import matching
from isthmus.historian.postgresql import kpi, read, reduce
from isthmus.historian.postgresql.connect import Connection, Readers
from isthmus.historian.postgresql.hot import Hot
from isthmus.historian.postgresql.query import select
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import Sealed, Trend
from isthmus.historian.trend import trends
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Int32s, Nanoseconds, TagId

T = TypeVar("T")


class Questions(ABC):
    """The reading side; every method may be called from any thread."""

    settings: PostgreSqlSettings
    _hot: Hot
    _readers: Readers

    @abstractmethod
    def seal(self) -> Sealed | None:
        """Store what waits."""

    def raw(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        limit: int | None = None,
    ) -> Batch:
        """The samples of `tags` in [start, end) by (tag, time), the first `limit` of them."""
        wanted = ids(tags)
        if not len(wanted) or start >= end:
            return Batch.empty()
        here = self._hot.moment.rows(wanted, start, end)  # before the server is asked
        stored = self._ask(lambda at: read.raw(at, self.settings.schema, wanted, start, end, limit))
        rows = settled(Batch.concat([stored, *here]))
        return rows if limit is None else rows.slice(0, limit)

    def _ask(self, question: Callable[[Connection], T]) -> T:
        return self._readers.ask(question, "reading")

    def before(self, tags: Sequence[TagId] | Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`, by tag, as far as the look-back."""
        wanted, floor = ids(tags), time - self.settings.look_back
        newest = self.last(wanted)
        newest = newest.where(newest.time <= time)
        older = np.setdiff1d(wanted, newest.tag, assume_unique=True)
        found = [newest.where(newest.time >= floor)]
        if len(older):
            here = self._hot.moment.rows(older, floor, time + 1)
            schema = self.settings.schema
            stored = self._ask(lambda at: read.before(at, schema, older, floor, time + 1))
            found.append(settled(Batch.concat([stored, *here])).latest())
        return arranged(Batch.concat(found))

    def last(self, tags: Sequence[TagId] | Int32s) -> Batch:
        """The newest sample of each tag by time, in the order asked; none for a tag never seen."""
        return self._hot.last(np.asarray(tags, np.int32))

    def trend(
        self, tags: Sequence[TagId] | Int32s, start: Nanoseconds, end: Nanoseconds, points: int
    ) -> Mapping[TagId, Trend]:
        """Each tag's samples in [start, end) in at most `points` buckets of equal length.

        Where there are many, what waits is sealed first, and the server reduces them.
        """
        wanted, schema = ids(tags), self.settings.schema
        limit = self.settings.trend_rows
        found: Mapping[TagId, Trend] = {}
        if self._ask(lambda at: reduce.many(at, schema, wanted, start, end, limit)):
            self.seal()
            found = self._ask(lambda at: reduce.every(at, schema, wanted, start, end, points))
        rest = np.array([tag for tag in wanted.tolist() if tag not in found], np.int32)
        return {**found, **trends(self.raw(rest, start, end), rest, start, end, points)}

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
        moment = self._hot.moment
        stored = self._ask(
            lambda at: read.events(
                *(at, self.settings.schema, start, end),
                seq=moment.seq,
                kinds=kinds,
                path=path,
                limit=limit,
            )
        )
        here = matching(moment.all_events(), start, end, kinds=kinds, path=path)
        return sorted([*stored, *here], key=lambda event: event.time)[-limit:]

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
        """The newest `limit` derived values of windows that begin in [start, end), by start."""
        return self._ask(
            lambda at: kpi.read(
                *(at, self.settings.schema, start, end),
                names=names,
                path=path,
                period=period,
                versions=versions,
                limit=limit,
            )
        )

    def sql(self, query: str, *, seconds: float = 30.0, rows: int = 100_000) -> pa.Table:
        """The answer to one read-only query in the server's own SQL; what waits is sealed first.

        Views: `samples`, `tags`, `events`, `latest`, `kpi`, `kpi_versions`.
        """
        if self._hot.rows or self._hot.event_bytes:
            self.seal()
        return select(self.settings, query, seconds=seconds, rows=rows)
