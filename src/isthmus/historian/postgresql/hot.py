"""What waits to be stored, readable at once: tails of samples, lists of events, and last values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from isthmus.historian.columns import settled
from isthmus.historian.event import weight
from isthmus.historian.hot import Tail
from isthmus.historian.last import LastValues
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int32s, Nanoseconds


@dataclass(frozen=True, slots=True)
class Moment:
    """One consistent state: what seals up to `seq` stored is at the server, the rest is here."""

    seq: int
    tails: tuple[Tail, ...]
    events: tuple[list[Event], ...]

    def rows(self, tags: Int32s, start: int, end: int) -> list[Batch]:
        """The rows of `tags` (ascending) in [start, end) that are here, later writes later."""
        return [part for tail in self.tails for part in tail.of(tags, start, end)]

    def all_events(self) -> list[Event]:
        """The events that are here, in order of arrival."""
        return [event for part in self.events for event in list(part)]


class Hot:
    """Rows and events not yet stored. One thread appends, one freezes and settles, any reads.

    `moment` changes in one assignment, so that a reader sees every row exactly once.
    """

    __slots__ = ("_last", "_learning", "event_bytes", "moment")

    def __init__(self, seq: int = 0) -> None:
        self.moment = Moment(seq, (Tail(),), ([],))
        self.event_bytes = 0
        self._last = LastValues()
        self._learning = threading.Lock()

    @property
    def rows(self) -> int:
        """How many samples wait."""
        return sum(tail.rows for tail in self.moment.tails)

    def outermost(
        self, stored: int | None, choose: Callable[[Iterable[int]], int]
    ) -> Nanoseconds | None:
        """The `min` or `max` of all times, of which `stored` is that at the server."""
        pages = [page for tail in self.moment.tails for page in list(tail.pages)]
        times = [time for page in pages for time in page.span() or ()]
        times += [] if stored is None else [stored]
        return Nanoseconds(choose(times)) if times else None

    def begin(self, seq: int, last: Batch) -> None:
        """Start from what the server holds: its seals, and the last sample of each tag."""
        self.moment = Moment(seq, self.moment.tails, self.moment.events)
        with self._learning:
            self._last.take(last)

    def append(self, batch: Batch, events: Sequence[Event]) -> None:
        """Publish rows and events after those before; one caller at a time."""
        if events:
            self.moment.events[-1].extend(events)
            self.event_bytes += sum(map(weight, events))
        if len(batch) and self.moment.tails[-1].append(batch):
            self._learn()

    def _learn(self) -> None:
        with self._learning:
            for rows in self.moment.tails[-1].take():
                self._last.take(rows)

    def last(self, tags: Int32s) -> Batch:
        """The newest sample of each tag, stored or not, in the order asked."""
        self._learn()
        with self._learning:
            return self._last.of(tags)

    def freeze(self) -> int:
        """Close what is open and begin anew; how many tails wait to be stored. As `append`."""
        self._learn()
        seq, tails, events = self.moment.seq, self.moment.tails, self.moment.events
        if tails[-1].rows or events[-1]:
            with self._learning:
                self.moment = Moment(seq, (*tails, Tail()), (*events, []))
        return len(self.moment.tails) - 1

    def frozen(self, count: int) -> tuple[Batch, list[Event]]:
        """The settled rows, and the events, of the first `count` tails."""
        moment = self.moment
        rows = settled(Batch.concat([tail.all() for tail in moment.tails[:count]]))
        return rows, [event for part in moment.events[:count] for event in part]

    def stored(self, count: int, seq: int) -> None:
        """The first `count` tails are at the server, since seal `seq`. As `append`."""
        moment = self.moment
        self.moment = Moment(seq, moment.tails[count:], moment.events[count:])
        self.event_bytes = sum(weight(event) for event in self.moment.all_events())
