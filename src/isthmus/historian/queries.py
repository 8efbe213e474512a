"""The reading side that a lake and a reader share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from isthmus.historian.delta.damage import Damages
from isthmus.historian.delta.events import read_events
from isthmus.historian.delta.kpi import KpiTable
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.view import View
from isthmus.historian.event import matching
from isthmus.historian.settings import LakeSettings, Trend
from isthmus.historian.sql import Shelf, Stock, UnreadableError, select
from isthmus.model.event import Event
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Int32s, Nanoseconds, TagId


class Queries(ABC):
    """What can be asked of a history; every method may be called from any thread."""

    settings: LakeSettings
    damage: Damages  # what was found broken and is left out
    kpi_table: KpiTable | None  # None where a history has none yet

    @abstractmethod
    def view(self) -> View:
        """The samples at this moment."""

    @abstractmethod
    def shelf(self) -> Shelf:
        """Everything that SQL sees at this moment."""

    @abstractmethod
    def _event_files(self) -> tuple[Path, Sequence[DataFile], Sequence[Event]]:
        """Where sealed files of events are, which, and the events that are in no file yet."""

    def raw(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        limit: int | None = None,
    ) -> Batch:
        """The samples of `tags` in [start, end) by (tag, time), the first `limit` of them.

        Of samples with equal tag and time, the one written last.
        """
        return self.view().raw(tags, start, end, limit=limit)

    def pieces(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        keep: bool = False,
    ) -> Iterator[Batch]:
        """The samples of `tags` in [start, end) in pieces, each by (tag, time); for long ranges.

        A tag's samples in a piece are later than those in the pieces before it. With `keep` what
        was read is kept for the next who asks.
        """
        return self.view().pieces(tags, start, end, keep=keep)

    def before(self, tags: Sequence[TagId] | Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`, by tag.

        It looks back as far as `LakeSettings.look_back`; a tag without a sample there has no row.
        """
        return self.view().before(tags, time, look_back=self.settings.look_back)

    def trend(
        self,
        tags: Sequence[TagId] | Int32s,
        start: Nanoseconds,
        end: Nanoseconds,
        points: int,
    ) -> Mapping[TagId, Trend]:
        """Each tag's samples in [start, end) in at most `points` buckets of equal length."""
        return self.view().trend(tags, start, end, points)

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
        root, files, hot = self._event_files()
        found = read_events(
            *(root, files, start, end),
            limit=limit,
            damaged=self.damage.events,
            kinds=kinds,
            path=path,
        )
        found += matching(hot, start, end, kinds=kinds, path=path)  # they came last
        return sorted(found, key=lambda event: event.time)[-limit:]

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
        """The newest `limit` results of windows that begin in [start, end), by start.

        With `versions` also those that later ones replaced, oldest first.
        """
        self.view()  # takes in what another process wrote
        if self.kpi_table is None:
            return []
        return self.kpi_table.read(
            *(start, end),
            names=names,
            path=path,
            period=period,
            versions=versions,
            limit=limit,
        )

    def close(self) -> None:
        """Let go of the databases that wait for questions."""
        self._stock.close()

    @cached_property
    def _stock(self) -> Stock:
        """Databases that questions in SQL are answered by."""
        return Stock()

    def sql(self, query: str, *, seconds: float = 30.0, rows: int = 100_000) -> pa.Table:
        """The answer to one read-only SQL query, as an Arrow table.

        Views: `samples` (time, tag, path, value, quality), `tags`, `events`, `kpi` and
        `kpi_versions`; the hot tail is in them. Raises Refused for anything but a query, and
        beyond `seconds`, `rows` or memory; StorageError where a whole file cannot be read. Broken
        files are left out, see `damage`.
        """
        end, shelf = time.monotonic() + seconds, self.shelf()
        while True:
            shelf, before = shelf.without(self.damage), len(self.damage)
            left = max(round(end - time.monotonic(), 1), 0.1)
            try:
                return select(
                    *(shelf, query),
                    seconds=left,
                    rows=rows,
                    settings=self.settings,
                    stock=self._stock,
                )
            except UnreadableError as error:
                for damage, file in shelf.suspects(self.damage, str(error.__cause__)):
                    if time.monotonic() >= end:
                        break
                    damage.examine(file)
                if len(self.damage) == before:
                    raise
