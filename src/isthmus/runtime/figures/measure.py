"""What a measure saved: a line's hours after it against those before it, with error bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from isthmus.insight.accounting.calendar import local_day
from isthmus.insight.energy.regression import Regression
from isthmus.insight.energy.student import surpassed
from isthmus.model.measure import Measure
from isthmus.model.plant import Equipment
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.runtime.figures.drivers import against
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.hours import HOUR, Driven
from isthmus.runtime.figures.read import Records
from isthmus.runtime.figures.tariff import Tariff

Amount = tuple[float, float]  # and half its 95 % interval


@dataclass(frozen=True, slots=True)
class Saving:
    """What some hours saved against a baseline: each amount with half its 95 % interval.

    `share` is what was saved of what the baseline expects (`expected`, kWh), None where that is
    nothing; `hours` how many were judged.
    """

    kwh: Amount
    money: Amount
    co2: Amount
    share: float | None
    hours: int
    expected: float


def saving(
    records: Records,
    found: Regression,
    start: Int64s,
    energy: Floats,
    drivers: Mapping[str, Floats],
    use: Bools,
) -> Saving | None:
    """What the hours from `start` on that `use` marks saved, each at its own price and factor.

    None where nothing is known of any of them.
    """
    told = against(found, drivers)
    known = use & np.isfinite(energy)
    for column in told.values():
        known &= np.isfinite(column)
    if not known.any():
        return None
    edges = np.append(start, start[-1:] + HOUR)
    price, factor = Tariff.of(records.plant).over(edges), emission(records, edges).kg
    rows = {name: column[known] for name, column in told.items()}
    energy, ones = energy[known], np.ones(int(known.sum()))
    kwh = found.saved(energy, rows, ones)
    expected = float(found.expected(rows).sum())
    return Saving(
        kwh,
        found.saved(energy, rows, price[known]),
        found.saved(energy, rows, factor[known]),
        kwh[0] / expected if expected > 0 else None,
        len(energy),
        expected,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """A measure's saving over the whole hours from its first day on.

    `days` are local days, `saved` what was saved up to the end of each (kWh), `margin` half the
    95 % interval of that. `saving` is None where a baseline or hours to judge are missing;
    `dropped` are drivers that told nothing of their own in the baseline.
    """

    measure: Measure
    line: Equipment
    regression: Regression | None
    dropped: tuple[str, ...]
    saving: Saving | None
    days: tuple[date, ...]
    saved: Floats
    margin: Floats

    @property
    def probability(self) -> float | None:
        """That the measure truly saved its goal or more; None without one, or nothing to judge."""
        goal, won, found = self.measure.goal, self.saving, self.regression
        if goal is None or won is None or won.share is None or found is None:
            return None
        return surpassed(goal * won.expected, *won.kwh, found.freedom)


def verified(records: Records, measure: Measure) -> Verified | None:
    """What `measure` saved (ISO 50015, IPMVP option C); None where its line is not there."""
    line = records.plant.equipment(measure.line)
    if line is None:
        return None
    before = Driven.of(records, line, measure.drivers, *measure.baseline)
    last = local_day(records.now(), records.zone)
    until = min(measure.last or last, last)
    after = Driven.of(records, line, measure.drivers, measure.first, until)
    found = before.regression()
    columns = after.start, after.kwh, after.drivers, after.judged
    won = saving(records, found, *columns) if found else None
    empty = np.empty(0)
    grown = _by_day(records, found, after) if found and won else ((), empty, empty)
    return Verified(measure, line, found, _dropped(found, before), won, *grown)


def _dropped(found: Regression | None, before: Driven) -> tuple[str, ...]:
    kept = {term.name for term in found.terms} if found else set(before.drivers)
    return tuple(name for name in before.drivers if name not in kept)


def _by_day(
    records: Records, found: Regression, after: Driven
) -> tuple[tuple[date, ...], Floats, Floats]:
    """How much was saved up to the end of each local day (kWh), and half its 95 % interval."""
    run, margin = found.cusum(after.kwh, against(found, after.drivers), after.judged)
    known = np.flatnonzero(np.isfinite(run))
    days = [local_day(Nanoseconds(each), records.zone) for each in after.start[known].tolist()]
    ends = [at for at in range(len(days)) if at + 1 == len(days) or days[at + 1] != days[at]]
    return tuple(days[end] for end in ends), -run[known[ends]], margin[known[ends]]
