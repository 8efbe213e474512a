"""What no tag tells a rule: key figures, and counts of alarms and findings, as samples by time.

The same code feeds the present and the past. A key figure is told at each full minute, computed
from history over the window that ends there; a count is told when it changes, by the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.insight.accounting.calendar import shifts
from isthmus.insight.alarm.state import UNSEEN
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import figures
from isthmus.insight.rule.grid import moments
from isthmus.model.condition.told import Feed
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Floats, Int64s, Nanoseconds, Status
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.read import Records, Window

EVERY = 60.0  # seconds between two values of a key figure
KNOWN = 0.5  # share of the planned time of a window that must be known
LEAST = 600.0  # seconds of planned time that a window must hold, or all of a shorter one
LOOK_BACK = 31 * 86_400 * 10**9  # how far back an alarm may have begun
OVERTAKEN = 60 * 10**9  # ns between two events of an alarm whose numbers tell their order
FINDING = "finding"  # kind of the events that tell how many findings there are
_ACTIVE = frozenset({"unacknowledged", "acknowledged"})
_UNSEEN = frozenset(state.value for state in UNSEEN)
_UNPLANNED = frozenset({"EN", "CAL", "POT", "PMT"})  # elements that all time has

Events = Callable[[Nanoseconds, Nanoseconds, tuple[str, ...]], Sequence[Event]]


@dataclass(slots=True, eq=False)
class Feeding:
    """Feeds side by side; what they say follows in pieces of time, each after the one before."""

    feeds: Sequence[Feed]
    records: Records
    events: Events
    until: int = 0
    _alarms: dict[str, str] = field(default_factory=dict)  # the state of each, by path
    _last: dict[int, int] = field(default_factory=dict)  # when each count was last told
    _newest: dict[str, Event] = field(default_factory=dict)  # told of each alarm
    _catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self._catalogue = Catalogue.of(self.records.plant.kpis.values())

    def begin(self, time: int) -> Batch:
        """What holds at `time`."""
        self.until = time
        first = round(time - EVERY * 1e9)
        counts = [
            _one(number, time - LOOK_BACK, 0.0)
            for number, feed in enumerate(self.feeds)
            if feed.kind in ("alarms", "unacknowledged")
        ]
        self._alarms.clear()
        self._last.clear()
        self._newest.clear()
        return _joined(
            [*self._figures(first, time), *counts, *self._counted(time - LOOK_BACK, time)]
        )

    def more(self, until: int) -> Batch:
        """What is new in the time from where it was left to `until`, both ends as of moments.

        StorageError leaves it where it was.
        """
        if until <= self.until:
            return Batch.empty()
        found = [*self._figures(self.until, until), *self._counted(self.until, until)]
        self.until = until
        return _joined(found)

    # ------------------------------------------------------------------ key figures
    def _figures(self, start: int, end: int) -> Iterator[Batch]:
        when = moments(start, end, EVERY)
        for number, feed in enumerate(self.feeds):
            if feed.kind == "kpi" and len(when):
                value = self._figure(feed, when)
                quality = np.where(np.isfinite(value), Status.GOOD, Status.BAD_NO_DATA)
                tag = np.full(len(when), number, np.int32)
                yield Batch(tag, when, value, quality.astype(np.uint32))

    def _figure(self, feed: Feed, when: Int64s) -> Floats:
        """The key figure of the window that ends at each moment; NaN where too little is known."""
        plant, found = self.records.plant, np.full(len(when), np.nan)
        equipment = plant.equipment(feed.path)
        starts = self._starts(feed, when)
        told = np.flatnonzero(starts < when)
        windows = [
            Window("", Nanoseconds(int(starts[row])), Nanoseconds(int(when[row]))) for row in told
        ]
        if equipment is None or not windows:
            return found
        (elements,) = elements_of(self.records, [equipment], windows)
        if elements is None:
            return found
        value = figures(self._catalogue, elements, [feed.of])[feed.of].value
        busy, unknown = elements.columns.get("PBT"), elements.columns.get("UNKNOWN")
        if set(self._catalogue.elements(feed.of)) - _UNPLANNED and busy is not None:
            spans = (when[told] - starts[told]) / 1e9
            enough = busy >= np.minimum(LEAST, spans)
            if unknown is not None:
                enough &= unknown <= (1 - KNOWN) * busy
            value = np.where(enough, value, np.nan)
        found[told] = value
        return found

    def _starts(self, feed: Feed, when: Int64s) -> Int64s:
        """Where the window of each moment begins; at the moment itself where there is none."""
        if feed.seconds:
            return np.asarray(when - round(feed.seconds * 1e9))
        equipment = self.records.plant.equipment(feed.path)
        calendar = None if equipment is None else self.records.calendar(equipment)
        starts = when.copy()
        if calendar is not None:
            span = Nanoseconds(int(when[0]) - 1), Nanoseconds(int(when[-1]) + 1)
            for shift in shifts(calendar, *span, self.records.zone):
                starts[(when > shift.start) & (when <= shift.end)] = shift.start
        return starts

    # ------------------------------------------------------------------ counts
    def _counted(self, start: int, end: int) -> Iterator[Batch]:
        """Counts as they change in (start, end]."""
        kinds = {"findings": FINDING, "alarms": "alarm", "unacknowledged": "alarm"}
        wanted = tuple(sorted({kinds[feed.kind] for feed in self.feeds if feed.kind in kinds}))
        if not wanted:
            return
        counting = [n for n, feed in enumerate(self.feeds) if kinds.get(feed.kind) == "alarm"]
        for event in self.events(Nanoseconds(start + 1), Nanoseconds(end + 1), wanted):
            if event.kind == FINDING:
                for number, feed in enumerate(self.feeds):
                    if feed.kind == "findings" and event.path.endswith(f"/{feed.of}"):
                        yield self._told(number, event, float(str(event.data["count"])))
                continue
            if self._overtaken(event):
                continue
            self._newest[event.path] = event
            self._alarms[event.path] = str(event.data.get("state"))
            for number in counting:
                if event.path in self.feeds[number].names:
                    yield self._told(number, event, self._count(self.feeds[number]))

    def _overtaken(self, event: Event) -> bool:
        """Whether a later word of the same alarm is of an earlier sample: history goes by time."""
        newest = self._newest.get(event.path)
        if newest is None or event.time - newest.time > OVERTAKEN:
            return False
        number, last = event.data.get("number"), newest.data.get("number")
        return isinstance(number, int) and isinstance(last, int) and 0 < number < last

    def _told(self, number: int, event: Event, count: float) -> Batch:
        """A count as of an event, and not before the last one.

        Events come as they are told, while some are of a sample's time and others of a hand's.
        """
        self._last[number] = max(event.time, self._last.get(number, event.time))
        return _one(number, self._last[number], count)

    def _count(self, feed: Feed) -> float:
        states = _ACTIVE if feed.kind == "alarms" else _UNSEEN
        return float(sum(self._alarms.get(name) in states for name in feed.names))


def limits(feeds: Iterable[Feed]) -> list[str]:
    """What a back-test cannot know of the past, and why, for a person."""
    kinds = {feed.kind for feed in feeds}
    told = {
        "kpi": "a key figure is computed from what history knows now: stops that were explained "
        "or turned out long, and samples that came late, count as if that had been known then",
        "alarms": "an alarm counts as the journal has it; one that began more than 31 days "
        "before the test does not",
        "findings": "findings are known from when a rule first asked for them: no table keeps "
        "what was found before",
    }
    asked = {"alarms" if kind == "unacknowledged" else kind for kind in kinds}
    return [text for kind, text in told.items() if kind in asked]


def _one(number: int, time: int, value: float) -> Batch:
    return Batch(
        np.array([number], np.int32),
        np.array([time], np.int64),
        np.array([value]),
        np.zeros(1, np.uint32),
    )


def _joined(parts: Sequence[Batch]) -> Batch:
    return Batch.concat(list(parts)) if parts else Batch.empty()
