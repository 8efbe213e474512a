"""One consistent state of a lake: sealed files and hot tails, and what can be asked of them.

A view never changes its files; a seal or a compaction publishes a new view in one assignment.
So a reader that takes the view once sees every row exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from isthmus.historian.columns import arranged, ends, ids, joined
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.parquet import GROUP
from isthmus.historian.delta.segment import Segments
from isthmus.historian.hot import Tail
from isthmus.historian.rollup.known import Hours, Rollups, near
from isthmus.historian.rollup.stitch import stitched
from isthmus.historian.settings import DAY, HOUR, MINUTE, Trend
from isthmus.historian.trend import trends
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Bools, Int32s, Nanoseconds, TagId

KEPT = 1 << 20  # rows: of more that are asked for at once, none is kept in memory

Reads = Callable[[Int32s, int, int], list[Batch]]
Source = tuple[int, int, Reads]  # the times that it holds, and what reads it


def _windows(floor: int, end: int) -> Iterator[tuple[int, int]]:
    """[floor, end) in pieces, newest first: short ones, then UTC days.

    Most tags have a sample in a short one, so that no day has to be held for many of them.
    """
    for span in (10 * MINUTE, 2 * HOUR):
        start = max(floor, end - span)
        yield start, end
        end = start
    while end > floor:
        start = max(floor, (end - 1) // DAY * DAY)
        yield start, end
        end = start


def _apart(sources: Sequence[Source]) -> Iterator[list[Reads]]:
    """What reads each stretch of time, those that overlap together, in the order given."""
    order = sorted(range(len(sources)), key=lambda at: sources[at][0])
    group: list[int] = []
    until = 0
    for at in order:
        first, last, _ = sources[at]
        if group and first > until:
            yield [sources[place][2] for place in sorted(group)]
            group = []
        until = max(until, last) if group else last
        group.append(at)
    if group:
        yield [sources[place][2] for place in sorted(group)]


@dataclass(frozen=True, slots=True)
class View:
    """Files in the order of their seals, then tails, oldest first."""

    files: tuple[DataFile, ...]
    tails: tuple[Tail, ...]
    segments: Segments
    rollups: Rollups | None = None

    def raw(
        self,
        tags: Sequence[TagId] | Int32s,
        start: int,
        end: int,
        *,
        limit: int | None = None,
    ) -> Batch:
        """The samples of `tags` in [start, end) by (tag, time), at most `limit` of them.

        Of samples with equal tag and time, the one written last.
        """
        rows = joined(self._parts(ids(tags), start, end))
        return rows if limit is None else rows.slice(0, limit)

    def raw_in(self, tags: Int32s, start: int, end: int, hours: Hours) -> Batch:
        """The samples of `tags` in [start, end) of the marked hours, by (tag, time)."""
        first, last = hours.span()
        rows = joined(self._parts(tags, max(start, first), min(end, last), hours))
        return rows.where(hours.at(rows.time))

    def near(self, tags: Int32s, start: int, end: int) -> int:
        """At most how many rows the samples of `tags` in [start, end) must be looked for in."""
        return near(self.files, tags, start, end, GROUP)

    def hot_hours(self, tags: Int32s, start: int, end: int, hours: Hours) -> Bools:
        """Which of the hours hold samples of `tags` that no file holds yet."""
        hot = np.zeros(len(hours.marked), np.bool_)
        for tail in self.tails:
            for rows in tail.of(tags, start, end):
                hot[rows.time // HOUR - hours.base] = True
        return hot

    def _parts(self, tags: Int32s, start: int, end: int, hours: Hours | None = None) -> list[Batch]:
        """Arranged rows, those written later after those written before."""
        parts: list[Batch] = []
        if start >= end or not len(tags):
            return parts
        files = self._files(tags, start, end)
        if hours is not None:
            files = [file for file in files if hours.meet(file.times)]
        few = near(files, tags, start, end, GROUP) <= KEPT
        for file in files:
            parts += self.segments.of(file, tags, start, end, keep=few)
        parts += [arranged(rows) for tail in self.tails for rows in tail.of(tags, start, end)]
        return parts

    def pieces(
        self, tags: Sequence[TagId] | Int32s, start: int, end: int, *, keep: bool
    ) -> Iterator[Batch]:
        """The samples of `tags` in [start, end) in pieces, each by (tag, time); for long ranges.

        A tag's samples in a piece are later than those in the pieces before it. With `keep` what
        was read is kept for the next who asks.
        """
        wanted = ids(tags)
        if start >= end or not len(wanted):
            return
        sources: list[Source] = [
            (file.times[0], file.times[1], partial(self.segments.of, file, keep=keep))
            for file in self._files(wanted, start, end)
        ]
        hot = [arranged(rows) for tail in self.tails for rows in tail.of(wanted, start, end)]
        if hot:
            times = [bound for rows in hot for bound in (rows.time.min(), rows.time.max())]
            sources.append((int(min(times)), int(max(times)), lambda *_: hot))
        for together in _apart(sources):
            parts = [part for read in together for part in read(wanted, start, end)]
            yield from parts if len(together) == 1 and not hot else [joined(parts)]

    def _files(self, tags: Int32s, start: int, end: int) -> list[DataFile]:
        """The files in which samples of `tags` in [start, end) may be, in the order of seals."""
        low, high = int(tags[0]), int(tags[-1])
        return [
            file
            for file in self.files
            if file.times[0] < end
            and file.times[1] >= start
            and file.tags[0] <= high
            and file.tags[1] >= low
        ]

    def before(self, tags: Sequence[TagId] | Int32s, time: int, *, look_back: int) -> Batch:
        """The last sample of each tag in [time - look_back, time], by tag."""
        wanted, found = ids(tags), [Batch.empty()]
        for start, end in _windows(time - look_back, time + 1):
            if not len(wanted):
                break
            rows = ends(self.raw(wanted, start, end))
            found.append(rows)
            wanted = np.setdiff1d(wanted, rows.tag, assume_unique=True)
        return arranged(Batch.concat(found))

    def trend(
        self, tags: Sequence[TagId] | Int32s, start: int, end: int, points: int
    ) -> Mapping[TagId, Trend]:
        """Each tag's samples in [start, end) in at most `points` buckets of equal length.

        See `rollup.stitch` for what is added up from what.
        """
        wanted = ids(tags)
        while self.rollups is not None and len(wanted) and start < end:
            broken = self.rollups.broken
            try:
                known = self.rollups.known(self.files)
                found = stitched(self, self.rollups, known, wanted, start, end, points)
            except StorageError:
                if self.rollups.broken == broken:
                    raise
                continue  # without what was found broken
            if found is not None:
                return found
            break
        return trends(self.raw(wanted, start, end), wanted, start, end, points)

    def span(self) -> tuple[Nanoseconds, Nanoseconds] | None:
        """The times of the oldest and the newest sample, None if there is none."""
        spans = [file.times for file in self.files]
        pages = (page for tail in self.tails for page in list(tail.pages))
        spans += [span for page in pages if (span := page.span())]
        if not spans:
            return None
        low, high = zip(*spans, strict=True)
        return Nanoseconds(min(low)), Nanoseconds(max(high))
