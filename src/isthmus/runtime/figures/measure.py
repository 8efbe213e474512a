"""What a measure saved: a line's hours after it against those before it, with error bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.insight.energy.regression import Regression, regression
from isthmus.model.measure import Driver, Measure
from isthmus.model.plant import Equipment
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.baseline import DAY, HOUR, Hours
from isthmus.runtime.figures.read import Records, Window, meters
from isthmus.runtime.figures.tariff import Tariff

SETTLED = 2 * DAY  # after which samples of a day seldom come any more
AGAIN, SELDOM = HOUR, 7 * DAY  # when a day is read again: before that, and after it
TOLD = HOUR // 2  # how long after its end an hour is judged: slow meters tell it by then
PIECES = "good pieces"

Amount = tuple[float, float]  # and half its 95 % interval


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """A measure's saving over the whole hours from its first day on.

    `days` are local days, `saved` what was saved up to the end of each (kWh), `margin` half the
    95 % interval of that. None where a baseline or hours to judge are missing; `dropped` are
    drivers that told nothing of their own in the baseline.
    """

    measure: Measure
    line: Equipment
    regression: Regression | None
    dropped: tuple[str, ...]
    kwh: Amount | None
    money: Amount | None
    co2: Amount | None
    share: float | None
    hours: int
    days: tuple[date, ...]
    saved: Floats
    margin: Floats


def verified(records: Records, measure: Measure) -> Verified | None:
    """What `measure` saved (ISO 50015, IPMVP option C); None where its line is not there."""
    line = records.plant.equipment(measure.line)
    if line is None:
        return None
    before = _Read.of(records, line, measure, *measure.baseline)
    last = local_day(records.now(), records.zone)
    after = _Read.of(records, line, measure, measure.first, min(measure.last or last, last))
    found = regression(before.kwh, before.drivers, before.whole)
    dropped = _dropped(found, before)
    judged = after.judged
    if found is None or not judged.any():
        empty = np.empty(0)
        return Verified(measure, line, found, dropped, None, None, None, None, 0, (), empty, empty)
    energy = after.kwh[judged]
    drivers = {name: column[judged] for name, column in after.drivers.items()}
    ones, tariff = np.ones(len(energy)), Tariff.of(records.plant)
    kwh = found.saved(energy, drivers, ones)
    expected = float(found.expected(drivers).sum())
    return Verified(
        measure,
        line,
        found,
        dropped,
        kwh,
        found.saved(energy, drivers, tariff.each(after.start[judged])),
        found.saved(energy, drivers, ones * tariff.co2),
        kwh[0] / expected if expected > 0 else None,
        len(energy),
        *_by_day(records, found, energy, drivers, after.start[judged]),
    )


def _dropped(found: Regression | None, before: _Read) -> tuple[str, ...]:
    kept = {term.name for term in found.terms} if found else set(before.drivers)
    return tuple(name for name in before.drivers if name not in kept)


def _by_day(
    records: Records,
    found: Regression,
    energy: Floats,
    drivers: Mapping[str, Floats],
    start: Int64s,
) -> tuple[tuple[date, ...], Floats, Floats]:
    days = [local_day(Nanoseconds(each), records.zone) for each in start.tolist()]
    ends = [at + 1 for at in range(len(days)) if at + 1 == len(days) or days[at + 1] != days[at]]
    sums = [
        found.saved(
            energy[:end], {name: column[:end] for name, column in drivers.items()}, np.ones(end)
        )
        for end in ends
    ]
    told = np.array(sums)
    return tuple(days[end - 1] for end in ends), told[:, 0], told[:, 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """The hours of some days: when each begins, kWh, drivers, and whether all of it is known."""

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

    @classmethod
    def of(
        cls, records: Records, line: Equipment, measure: Measure, first: date, last: date
    ) -> _Read:
        """The whole hours from the local day `first` to the end of `last`, or to now."""
        start = instant(first, 0, records.zone)
        over = (records.now() - TOLD) // HOUR * HOUR
        end = min(instant(last + timedelta(days=1), 0, records.zone), over)
        names = (PIECES, *(driver.name for driver in measure.drivers))
        parts = [
            _day(records, line, measure, Nanoseconds(at), Nanoseconds(min(at + DAY, end)))
            for at in range(start, end, DAY)
        ]
        told = np.concatenate(parts, axis=1) if parts else np.empty((3 + len(names), 0))
        starts = np.arange(start // HOUR * HOUR, start // HOUR * HOUR + told.shape[1] * HOUR, HOUR)
        drivers = {name: told[2 + at] for at, name in enumerate(names)}
        return cls(starts, told[0], drivers, told[1] > 0)


def _day(
    records: Records, line: Equipment, measure: Measure, start: Nanoseconds, end: Nanoseconds
) -> Floats:
    """Rows: kWh, whether the hour is whole, pieces, drivers; columns are hours. They are kept."""
    kept = records.hours.setdefault(f"{line.path} {measure.name}", {})
    now = records.now()
    read, told = kept.get(start, (Nanoseconds(0), np.empty((0, 0))))
    valid = SELDOM if read - end > SETTLED else AGAIN
    if told.shape[1] == (end - start) // HOUR and 0 <= now - read < valid:
        return told
    sources = meters(records.plant, line)
    tags = [_tag(records, driver) for driver in measure.drivers]
    hours, shelf = Hours.read(records, line, sources, Window("day", start, end), tags)
    columns = [
        _counted(driver, shelf.of(tag).bucket_means(hours.edges))
        for driver, tag in zip(measure.drivers, tags, strict=True)
    ]
    told = np.array([hours.kwh, hours.whole.astype(np.float64), hours.pieces, *columns])
    kept[start] = now, told
    return told


def _tag(records: Records, driver: Driver) -> Tag | None:
    return next((tag for tag in records.plant.tags() if tag.path == driver.tag), None)


def _counted(driver: Driver, mean: Floats) -> Floats:
    if driver.heating_below is not None:
        return np.maximum(driver.heating_below - mean, 0.0)
    if driver.cooling_above is not None:
        return np.maximum(mean - driver.cooling_above, 0.0)
    return mean
