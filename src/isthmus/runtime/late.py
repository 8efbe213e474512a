"""What came late and what was corrected: counted a link, told as events, known to charts.

A sample is late where history knows a newer one of its tag already. One that says again what
history knows is neither; one of a time that has another value is a correction.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.ingest.compare import news
from isthmus.historian.port import Historian
from isthmus.model.errors import LinkError, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Clock, Nanoseconds, TagId
from isthmus.model.tag import Namespace
from isthmus.runtime.live import Live

log = logging.getLogger(__name__)

KIND = "late"
IMPORT = "import"  # its samples were compared before they were sent
PAST = "back-fill"  # of a demonstration: nobody waited for it, so that none of it is late
BOUND = 5 * 10**9  # ns behind the newest: less is the ordinary disorder of a network
DAY = 86_400 * 10**9
DAYS = 40  # of history that one frame is compared with; beyond, all of it counts as late
PAUSE = 60.0  # seconds between two events of a link
NAMED = 50  # tags of an event; the others are told together
KEPT = 200  # stretches of a tag, or of a link's others, that charts know of
EVENTS = 2_000
REMEMBERED = 366 * DAY

Tell = Callable[[str, Event], Awaitable[object]]
"""Keeps an event of a link."""


@dataclass(slots=True)
class Count:
    """Samples of times that were unknown, and samples of times that had another value."""

    late: int = 0
    corrected: int = 0


@dataclass(slots=True)
class Span:
    """From the first to the last time of samples that came late."""

    first: int
    last: int
    samples: int

    def join(self, other: Span) -> None:
        """Take in what another one has."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.samples += other.samples


@dataclass(slots=True)
class Arrival:
    """What came late of a link since its last event."""

    count: Count = field(default_factory=Count)
    spans: dict[int, Span] = field(default_factory=dict)

    def take(self, rows: Batch) -> None:
        """Learn the times of `rows`."""
        for tag in np.unique(rows.tag).tolist():
            times = rows.time[rows.tag == tag]
            span = Span(int(times.min()), int(times.max()), len(times))
            if (known := self.spans.get(tag)) is not None:
                known.join(span)
            else:
                self.spans[tag] = span


@dataclass(slots=True, eq=False)
class Late:
    """Judges frames before history has them; `run` tells what came late, once a minute a link."""

    namespace: Namespace
    historian: Historian
    live: Live
    now: Clock
    counts: dict[str, Count] = field(default_factory=dict)
    _open: dict[str, Arrival] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)  # monotonic
    _tags: dict[str, deque[Span]] = field(default_factory=dict)  # by path
    _others: dict[str, deque[Span]] = field(default_factory=dict)  # by link

    def of(self, link: str) -> Count:
        """The counts of a link since the start."""
        return self.counts.get(link) or Count()

    def total(self) -> Count:
        """The counts of all links since the start, and of imports."""
        counts = self.counts.values()
        return Count(sum(one.late for one in counts), sum(one.corrected for one in counts))

    # ------------------------------------------------------------------ what comes
    async def see(self, link: str, batch: Batch) -> None:
        """Judge a frame that neither history nor the present knows yet."""
        newest = self.live.time[batch.tag]
        if link == PAST or (batch.time > newest).all():
            return
        value = self.live.value[batch.tag]
        known = newest <= self.now()  # a clock that was ahead and is set right makes nothing late
        behind = batch.where(known & (batch.time < newest - BOUND))
        other = (value != batch.value) & ~(np.isnan(value) & np.isnan(batch.value))
        again = batch.where((batch.time == newest) & other)
        fresh, corrected = len(behind), 0
        if len(behind) and link != IMPORT:
            behind, fresh, corrected = await asyncio.to_thread(self._compared, behind)
        rows = Batch.concat([behind, again])
        if not len(rows):
            return
        arrival = self._open.setdefault(link, Arrival())
        for count in (self.counts.setdefault(link, Count()), arrival.count):
            count.late += fresh
            count.corrected += corrected + len(again)
        arrival.take(rows)

    def _compared(self, rows: Batch) -> tuple[Batch, int, int]:
        """The rows that say something new, how many of unknown times and how many of others."""
        if len(np.unique(rows.time // DAY)) > DAYS:
            return rows, len(rows), 0
        try:
            found = news(self.historian, rows)
        except StorageError:  # an archive out of reach: what it knows is not known now
            return rows, len(rows), 0
        return found.rows, found.fresh, found.corrected

    # ------------------------------------------------------------------ what is told
    async def run(self, tell: Tell) -> None:
        """Tell what comes late until cancelled."""
        try:
            await asyncio.to_thread(self.recall)
        except StorageError as error:
            log.warning("what came late before is not known: %s", error)
        while True:
            await asyncio.sleep(1.0)
            await self._tell(tell, time.monotonic())

    async def flush(self, tell: Tell) -> None:
        """Tell what was not told yet."""
        await self._tell(tell, float("inf"))

    async def _tell(self, tell: Tell, moment: float) -> None:
        due = [link for link in self._open if self._next.get(link, 0.0) <= moment]
        for link in due:
            arrival = self._open.pop(link)
            self._next[link] = time.monotonic() + PAUSE
            event = self._event(link, arrival)
            self.remember(event)
            try:
                await tell(link, event)
            except (LinkError, StorageError) as error:  # counted, drawn until the next start
                log.warning("what came late of %s is not kept: %s", link, error)

    def _event(self, link: str, arrival: Arrival) -> Event:
        count, spans = arrival.count, arrival.spans
        first = min(span.first for span in spans.values())
        last = max(span.last for span in spans.values())
        widest = sorted(spans.items(), key=lambda pair: pair[1].first - pair[1].last)
        named = {self.namespace[TagId(tag)].path: span for tag, span in widest[:NAMED]}
        text = (
            f"{link}: {count.late:,} samples came late and {count.corrected:,} were corrected,"
            f" of {len(spans)} tags"
        )
        told = {path: [span.first, span.last, span.samples] for path, span in named.items()}
        rest = [span for _, span in widest[NAMED:]]
        if rest:
            for span in rest[1:]:
                rest[0].join(span)
            told[""] = [rest[0].first, rest[0].last, rest[0].samples]
        data: dict[str, str | float | int | bool | None] = {
            "first": first,
            "last": last,
            "samples": count.late,
            "corrected": count.corrected,
            "tags": len(spans),
            "spans": json.dumps(told, separators=(",", ":")),
        }
        return Event(self.now(), link, KIND, text, 1, data)

    # ------------------------------------------------------------------ what charts ask
    def recall(self) -> None:
        """Learn what came late before the start, as history keeps it."""
        now = self.now()
        since, until = Nanoseconds(max(0, now - REMEMBERED)), Nanoseconds(now + DAY)
        for event in self.historian.events(since, until, kinds=(KIND,), limit=EVENTS):
            self.remember(event)

    def remember(self, event: Event) -> None:
        """Know for charts what an event tells; one that is damaged tells nothing."""
        try:
            told = json.loads(str(event.data.get("spans", "{}")))
            spans = {str(path): Span(*(int(part) for part in row)) for path, row in told.items()}
        except (ValueError, TypeError, AttributeError) as error:
            log.warning("an event of what came late of %s is damaged: %s", event.path, error)
            return
        for path, span in spans.items():
            shelf, key = (self._tags, path) if path else (self._others, event.path)
            known = shelf.setdefault(key, deque(maxlen=KEPT))
            if span not in known:
                known.append(span)

    def spans(self, tag: TagId, link: str, start: Nanoseconds, end: Nanoseconds) -> list[Span]:
        """What came late of a tag, and touches [start, end), by time; none touches another."""
        found = [*self._tags.get(self.namespace[tag].path, ()), *self._others.get(link, ())]
        found += [one.spans[tag] for one in list(self._open.values()) if tag in one.spans]
        return united(span for span in found if span.last >= start and span.first < end)


def united(spans: Iterable[Span]) -> list[Span]:
    """The same times in as few spans as they need, by time."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: one.first):
        if joined and span.first <= joined[-1].last + BOUND:
            joined[-1].join(span)
        else:
            joined.append(Span(span.first, span.last, span.samples))
    return joined
