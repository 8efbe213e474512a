"""What rules have heard since they last looked: samples that they read, and events that count."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isthmus.insight.rule.bench import Bench
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Bools, Nanoseconds
from isthmus.runtime.rule.feeding import FINDING, Feeding
from isthmus.runtime.scorecard.standing import findings, weaknesses

if TYPE_CHECKING:
    from isthmus.runtime.app import App

MOST_PENDING = 500_000  # samples between two looks
MOST_EVENTS = 10_000
COUNT = 60.0  # seconds between two counts of findings


class Samples:
    """The samples that somebody reads; beyond a bound the oldest are lost, and counted."""

    def __init__(self, benches: Iterable[Bench]) -> None:
        self.lost = 0
        self._lock = threading.Lock()
        self._heard: list[Batch] = []
        self._pending = 0
        self._wanted: Bools = np.zeros(0, bool)
        for bench in benches:
            wanted = np.zeros(max(len(self._wanted), len(bench.held.ids)), bool)
            wanted[: len(self._wanted)] = self._wanted
            wanted[bench.held.tags] = True
            self._wanted = wanted

    def hear(self, batch: Batch) -> None:
        """Keep what of it is read."""
        batch = batch.where(batch.tag < len(self._wanted))
        batch = batch.where(self._wanted[batch.tag])
        if not len(batch):
            return
        with self._lock:
            self._heard.append(batch)
            self._pending += len(batch)
            while self._pending > MOST_PENDING:
                gone = self._heard.pop(0)
                self._pending -= len(gone)
                self.lost += len(gone)

    def forget(self, until: int) -> None:
        """Keep only what is of a time after `until`: history tells the rest."""
        with self._lock:
            self._heard = [batch.where(batch.time > until) for batch in self._heard]
            self._pending = sum(map(len, self._heard))

    def take(self) -> Batch:
        """All that was heard since, once."""
        with self._lock:
            heard, self._heard, self._pending = self._heard, [], 0
        return Batch.concat(heard) if heard else Batch.empty()


class Feeds:
    """What no tag tells the rules of a bench: from history, and from then on as it is told.

    `dropped` are the events that found no room.
    """

    def __init__(self, app: App, bench: Bench) -> None:
        self.app, self.dropped = app, 0
        self._waiting: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._ahead: list[Event] = []  # taken from these before their time
        self._asked: list[Batch] = []
        self._live = False
        self._feeding = Feeding(bench.feeds, app.records, self._events) if bench.feeds else None

    def begin(self, time: int) -> Batch:
        """What holds at `time`; from there on time goes through history."""
        self._live = False
        self._asked.clear()
        return Batch.empty() if self._feeding is None else self._feeding.begin(time)

    def ask(self, until: int) -> None:
        """Find out what is new until then, for `take`; StorageError leaves all as it was."""
        if self._feeding is not None:
            self._asked.append(self._feeding.more(until))

    def take(self) -> Batch:
        """What was found out since, once."""
        asked, self._asked = self._asked, []
        return Batch.concat(asked) if asked else Batch.empty()

    def more(self, until: int) -> Batch:
        """What is new until then."""
        self.ask(until)
        return self.take()

    def live(self, since: int, now: int) -> None:
        """From `since` on events are those that are told; history has those until `now`."""
        if self._feeding is None:
            return
        span = Nanoseconds(since + 1), Nanoseconds(now + 1)
        before = past(self.app, *span, ("alarm", FINDING))
        told = [event for event in self._drained() if event.time > now]
        self._ahead = [*before, *told]
        self._live = True

    def tell(self, event: Event) -> None:
        """Something happened."""
        if self._feeding is not None:
            self.dropped += len(self._waiting) == MOST_EVENTS
            self._waiting.append(event)

    def _events(self, start: Nanoseconds, end: Nanoseconds, kinds: tuple[str, ...]) -> list[Event]:
        if not self._live:
            return past(self.app, start, end, kinds)
        told = self._drained()
        ahead = [event for event in told if event.time >= end]
        self.dropped += max(0, len(ahead) - MOST_EVENTS)
        self._ahead = ahead[-MOST_EVENTS:]
        return [event for event in told if event.time < end and event.kind in kinds]

    def _drained(self) -> list[Event]:
        """All that was told, in that order; others go on telling meanwhile."""
        found, self._ahead = self._ahead, []
        while self._waiting:
            found.append(self._waiting.popleft())
        return found


class Counts:
    """How many findings there are, told where that changes, so that history knows it later."""

    def __init__(self, benches: Iterable[Bench]) -> None:
        feeds = [feed for bench in benches for feed in bench.feeds]
        self.wanted = sorted({feed.of for feed in feeds if feed.kind == "findings"})
        self._told: dict[str, int] = {}
        self._looked = -COUNT

    def look(self, app: App) -> list[Event]:
        """An event for each count that is another than a minute ago."""
        if not self.wanted or time.monotonic() - self._looked < COUNT:
            return []
        self._looked = time.monotonic()
        found = []
        counts = [weaknesses(app) if word == "security" else findings(app) for word in self.wanted]
        for word, count in zip(self.wanted, counts, strict=True):
            if self._told.get(word) != count:
                self._told[word] = count
                text = f"{count} findings: {word}"
                facts = {"count": count}
                found.append(Event(app.now(), f"findings/{word}", FINDING, text, 100, facts))
        return found


def past(app: App, start: Nanoseconds, end: Nanoseconds, kinds: Sequence[str]) -> list[Event]:
    """The events of these kinds that history has in [start, end), oldest first."""
    found = app.historian.events(start, end, kinds=tuple(kinds), limit=100_000)
    return sorted(found, key=lambda event: event.time)
