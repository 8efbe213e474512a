"""The hours of a line: kWh, good pieces, and what else moves its energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from isthmus.insight.accounting.calendar import instant
from isthmus.insight.energy.regression import Regression, regression
from isthmus.insight.series import grid
from isthmus.model.measure import Driver
from isthmus.model.plant import Equipment
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.drivers import columns, driver_tags
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Records, Shelf, Window, bottleneck, meters

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
KNOWN = 0.95  # of an hour, to take it for a whole one
ENOUGH = 8  # hours without which nothing is learned
SETTLED = 2 * DAY  # after which samples of a day seldom come any more
AGAIN, SELDOM = HOUR, 7 * DAY  # when a day is read again: before that, and after it
SOON = 10 * 10**9  # when one of which nothing is known is: its history may be on its way
TOLD = HOUR // 2  # how long after its end an hour is judged: slow meters tell it by then


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """kWh and good pieces of a line between `edges` (ns), NaN where not covered.

    `whole` marks the hours inside the window of which all is known.
    """

    edges: Int64s
    kwh: Floats
    pieces: Floats
    whole: Bools

    @classmethod
    def of(cls, shelf: Shelf, line: Equipment, sources: Sequence[Equipment]) -> Hours:
        """The hours of the shelf's window."""
        window = shelf.window
        edges = grid(window.start, window.end, HOUR)
        whole: Bools = (edges[:-1] >= window.start) & (edges[1:] <= window.end)
        unit = bottleneck(line)
        counted = unit.tag("good_count") if unit else None
        for tag in [*([counted] if counted else []), *metered(sources)]:
            whole &= shelf.of(tag).bucket_known(edges) >= KNOWN
        pieces = Pieces.of(shelf, line).per_bucket(edges)
        return cls(edges, shelf.kwh(sources, edges), pieces, whole)


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """The hours of some local days: when each begins, kWh, drivers, whether all of it is known."""

    start: Int64s
    kwh: Floats
    drivers: dict[str, Floats]
    whole: Bools

    @property
    def judged(self) -> Bools:
        """The hours of which all is known."""
        known = self.whole & np.isfinite(self.kwh)
        for column in self.drivers.values():
            known &= np.isfinite(column)
        return known

    @property
    def edges(self) -> Int64s:
        """Where the hours begin, and where the last one ends."""
        return np.append(self.start, self.start[-1:] + HOUR)

    def regression(self) -> Regression | None:
        """What these hours teach."""
        return regression(self.kwh, self.drivers, self.whole)

    @classmethod
    def of(
        cls, records: Records, line: Equipment, drivers: Sequence[Driver], first: date, last: date
    ) -> Driven:
        """The hours from the local day `first` to the end of `last`, or to now.

        They are read day by day and kept; days in which late samples may come are read again.
        """
        start = _whole(instant(first, 0, records.zone))
        over = (records.now() - TOLD) // HOUR * HOUR
        end = min(_whole(instant(last + timedelta(days=1), 0, records.zone)), over)
        parts = [
            _day(records, line, drivers, Nanoseconds(at), Nanoseconds(min(at + DAY, end)))
            for at in range(start, end, DAY)
        ]
        names = dict.fromkeys(name for part in parts for name in part)
        told = {
            name: np.concatenate([part.get(name, np.zeros(len(part[_KWH]))) for part in parts])
            for name in names
        }
        kwh, whole = (told.pop(name, np.empty(0)) for name in (_KWH, _WHOLE))
        starts = np.arange(start, start + len(kwh) * HOUR, HOUR, dtype=np.int64)
        return cls(starts, kwh, told, whole > 0)


_KWH, _WHOLE = "kWh", "whole"


def _whole(time: Nanoseconds) -> Nanoseconds:
    """The hour of UTC that begins at `time` or next: midnight of some zones lies inside of one."""
    return Nanoseconds(-(-time // HOUR) * HOUR)


def _day(
    records: Records,
    line: Equipment,
    drivers: Sequence[Driver],
    start: Nanoseconds,
    end: Nanoseconds,
) -> Mapping[str, Floats]:
    """Columns of the hours of a day: kWh, whether an hour is whole, and each driver."""
    kept = records.hours.setdefault(f"{line.path} {tuple(drivers)}", {})
    now = records.now()
    read, told = kept.get(start, (Nanoseconds(0), {}))
    valid = SELDOM if read - end > SETTLED else AGAIN
    if _WHOLE in told and not told[_WHOLE].any():
        valid = SOON
    if len(told.get(_KWH, ())) == -(-(end - start) // HOUR) and 0 <= now - read < valid:
        return told
    told = _columns(records, line, drivers, Window("day", start, end))
    kept[start] = now, told
    return told


def _columns(
    records: Records, line: Equipment, drivers: Sequence[Driver], window: Window
) -> Mapping[str, Floats]:
    """An hour around the window is read too: a slow meter tells what it counted there."""
    sources = meters(records.plant, line)
    start = Nanoseconds(window.start - HOUR)
    around = Window(window.name, start, Nanoseconds(min(window.end + HOUR, records.now())))
    tags = [*metered(sources), *counters(line), *driver_tags(records, line, drivers)]
    shelf = records.shelf(tags, around)
    hours = Hours.of(shelf, line, sources)
    first = hours.edges[:-1]
    inside = (first >= window.start // HOUR * HOUR) & (first < window.end)
    whole = hours.whole & (first >= window.start) & (first + HOUR <= window.end)
    moved = columns(records, line, drivers, shelf, hours.edges, hours.pieces)
    told = {_KWH: hours.kwh, _WHOLE: whole.astype(np.float64), **moved}
    return {name: column[inside] for name, column in told.items()}


@dataclass(frozen=True, slots=True)
class Learned:
    """A baseline and the period that it was to be learned from; None where that is too little."""

    period: Window
    baseline: Regression | None


def fixed(records: Records, line: Equipment) -> Learned | None:
    """What the line's declared period teaches (ISO 50015); None where the plant file has none."""
    if line.baseline is None:
        return None
    first, last = line.baseline
    start = instant(first, 0, records.zone)
    period = Window("baseline", start, instant(last + timedelta(days=1), 0, records.zone))
    found = Driven.of(records, line, line.drivers, first, last).regression()
    return Learned(period, enough(found))


def enough(found: Regression | None) -> Regression | None:
    """The regression where it saw 8 hours and something moved in them, else None."""
    return found if found and found.hours >= ENOUGH and len(found.terms) > 1 else None


def metered(sources: Sequence[Equipment]) -> list[Tag | None]:
    """The tag of each source that its energy is known by."""
    return [source.tag("energy") or source.tag("power") for source in sources]
