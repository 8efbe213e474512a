"""History that is read once for many figures, and of which only what they need is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, Self, runtime_checkable

import numpy as np

from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.thin import Moments, changes, of_counter
from isthmus.model.plant import Equipment
from isthmus.model.sample import Batch, Int32s, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.read import History, Records, Window

DAY = 86_400 * 10**9
AMONG = 40  # tags that are read by the day; of more, less at a time
READERS = 2  # threads: reading and decoding hold no lock of Python's
SHORT = 3 * DAY  # of which pages ask again and again
STEPS = frozenset({"state", "cause"})
COUNTERS = frozenset({"good_count", "scrap_count", "energy"})


@runtime_checkable
class InPieces(Protocol):
    """A history that can be read piece by piece."""

    def pieces(
        self, tags: Int32s, start: Nanoseconds, end: Nanoseconds, *, keep: bool
    ) -> Iterator[Batch]:
        """The samples in [start, end), each piece by (tag, time), those of a tag in order."""
        ...


def condenses(tags: Iterable[Tag | None]) -> bool:
    """Whether little has to be kept of all of `tags`."""
    return all(tag is None or _kind(tag) in STEPS | COUNTERS for tag in tags)


def _kind(tag: Tag) -> str:
    return tag.role or tag.name


@dataclass(frozen=True, slots=True, eq=False)
class Condensed:
    """What of some tags matters over a window; what else is asked for, history is asked.

    Of states it holds the changes, of counters what `insight.thin` leaves, of others all.
    """

    history: History
    window: Window
    rows: Mapping[int, Batch]

    @classmethod
    def of(
        cls,
        records: Records,
        tags: Iterable[Tag | None],
        window: Window,
        windows: Sequence[Window],
        places: Iterable[Equipment],
    ) -> Self:
        """The history of `tags` over `window`, for figures of `places` over `windows`."""
        kinds = {
            int(number): _kind(tag)
            for tag in tags
            if tag is not None and (number := records.namespace.id(tag.path)) is not None
        }
        numbers = np.array(sorted(kinds), np.int32)
        if not len(numbers):
            return cls(records.historian, window, {})
        bounds = [bound for each in windows for bound in (each.start, each.end)]
        below = [each for place in places for each in place.walk()]
        turns = [
            turn
            for calendar in {records.calendar(each) for each in below}
            for turn in Timetable.of(calendar, window.start, window.end, records.zone).turns
        ]
        asked = Moments(
            np.unique(np.array(bounds, np.int64)),
            np.unique(np.array(turns, np.int64)),
            np.zeros(0, np.int64),
        )
        startups = frozenset(round(each.startup * 1e9) for each in below if each.startup)
        keep = window.end - window.start <= SHORT
        reading = _Reading(records.historian, kinds, asked, startups, keep)
        step = max(1, DAY * AMONG // max(AMONG, len(numbers)))
        inner = range(window.start // step * step + step, window.end, step)  # as files are cut
        starts = [window.start, *map(Nanoseconds, inner)]
        with ThreadPoolExecutor(READERS) as readers:
            parts = list(readers.map(reading.between, starts, [*starts[1:], window.end]))
        held = records.historian.before(numbers, Nanoseconds(window.start - 1))
        found = {tag: [held.where(held.tag == tag)] for tag in kinds}
        for part in parts:
            for tag, rows in part.items():
                found[tag] += rows
        return cls(
            records.historian, window, {tag: Batch.concat(rows) for tag, rows in found.items()}
        )

    def raw(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Batch:
        """The samples that matter in [start, end) by (tag, time), beyond the window all of them."""
        wanted = np.unique(tags)
        first, last = max(start, self.window.start), min(end, self.window.end)
        if first >= last or not self._covers(wanted):
            return self.history.raw(tags, start, end)
        sides = [
            self.history.raw(wanted, Nanoseconds(begin), Nanoseconds(until))
            for begin, until in ((start, first), (last, end))
            if begin < until
        ]
        parts = []
        for tag in wanted.tolist():
            beyond = [_of(rows, tag) for rows in sides]
            before = beyond[:1] if start < first else []
            parts += [*before, _cut(self.rows[tag], first, last), *beyond[len(before) :]]
        return Batch.concat(parts)

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time` that matters."""
        wanted = np.unique(tags)
        if not (self._covers(wanted) and self.window.start <= time < self.window.end):
            return self.history.before(tags, time)
        return Batch.concat([_cut(self.rows[tag], None, time + 1) for tag in wanted.tolist()])

    def _covers(self, tags: Int32s) -> bool:
        return all(tag in self.rows for tag in tags.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """How samples are read: of which tags of which kind, and of counters for which moments."""

    history: History
    kinds: Mapping[int, str]
    asked: Moments
    startups: frozenset[int]
    keep: bool

    def between(self, start: Nanoseconds, end: Nanoseconds) -> dict[int, list[Batch]]:
        """What matters of the samples in [start, end), by tag."""
        found: dict[int, list[Batch]] = {}
        for rows in self._pieces(np.array(sorted(self.kinds), np.int32), start, end):
            edges = (np.flatnonzero(rows.tag[1:] != rows.tag[:-1]) + 1).tolist()
            for first, last in pairwise([0, *edges, len(rows)]):
                found.setdefault(int(rows.tag[first]), []).append(rows.slice(first, last))
        steps, counters = (
            [tag for tag in found if self.kinds[tag] in some] for some in (STEPS, COUNTERS)
        )
        changed = [np.zeros(0, np.int64)]
        for tag in steps:
            found[tag] = [rows.where(np.flatnonzero(changes(rows))) for rows in found[tag]]
            changed += [rows.time for rows in found[tag]]
        if self.startups:
            changed.append(self._before(start))
        asked = self.asked.seen(np.concatenate(changed), self.startups)
        for tag in counters:
            kept = ((rows, np.flatnonzero(of_counter(rows, asked))) for rows in found[tag])
            found[tag] = [rows.where(places) for rows, places in kept]
        return found

    def _before(self, start: Nanoseconds) -> Int64s:
        """When units changed that may still start up at `start`."""
        tags = np.array(sorted(tag for tag in self.kinds if self.kinds[tag] in STEPS), np.int32)
        rows = self.history.raw(tags, Nanoseconds(start - max(self.startups)), start)
        return rows.time

    def _pieces(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Iterator[Batch]:
        """Piece by piece where a history has it so, else all at once."""
        if isinstance(self.history, InPieces):
            pieces = self.history.pieces(tags, start, end, keep=self.keep)
        else:
            pieces = iter([self.history.raw(tags, start, end)])
        return (rows for rows in pieces if len(rows))


def _of(rows: Batch, tag: int) -> Batch:
    """The rows of one tag."""
    return rows.slice(*np.searchsorted(rows.tag, [tag, tag + 1]).tolist())


def _cut(rows: Batch, start: int | None, end: int) -> Batch:
    """The rows of one tag in [start, end), without a start the last one before `end`."""
    last = int(np.searchsorted(rows.time, end))
    first = max(0, last - 1) if start is None else int(np.searchsorted(rows.time, start))
    return rows.slice(first, last)
