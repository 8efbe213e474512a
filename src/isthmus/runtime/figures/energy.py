"""A line's energy by the hour and the piece, against the baseline regression."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.energy import baseline as rule
from isthmus.insight.energy.regression import Regression, regression
from isthmus.insight.series import Series, grid
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.runtime.figures.drivers import against, columns, driver_tags
from isthmus.runtime.figures.hours import Hours, enough, fixed
from isthmus.runtime.figures.measure import Saving, saving
from isthmus.runtime.figures.performance import state_now
from isthmus.runtime.figures.pieces import counters
from isthmus.runtime.figures.read import Records, Shelf, Window, meters, units
from isthmus.runtime.figures.split import idle_power

HOUR = 3_600 * 10**9
QUARTER = 900 * 10**9
RECENT = 8 * HOUR


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One machine's share: kW now, kW usual in this state, kWh over the window."""

    unit: Equipment
    kw: float | None
    expected_kw: float | None
    kwh: float | None


@dataclass(frozen=True, slots=True, eq=False)
class LineEnergy:
    """A line's energy; columns are hours between `edges` (ns), NaN where not covered.

    `whole` marks the hours of which all is known, `recent` the last eight of them. The baseline is
    learned from the period `learned`; without one from all but the last eight (`sliding`).
    `drivers` are what it needs of each hour. `reference` marks those of its hours that are shown
    here, `judged` those held against it. `unmeasured` are the units of the line without an energy
    counter, for which their power stands, and those without power.
    """

    window: Window
    edges: Int64s
    kwh: Floats
    pieces: Floats
    drivers: dict[str, Floats]
    whole: Bools
    reference: Bools
    recent: Bools
    judged: Bools
    learned: Window
    sliding: bool
    baseline: Regression | None
    per_piece: float | None
    baseline_per_piece: float | None
    saving: Saving | None
    base_load: float | None
    profile_now: Floats
    profile_before: Floats
    meters: tuple[MeterReading, ...]
    unmeasured: dict[str, tuple[Equipment, ...]]


def energy(records: Records, line: Equipment, window: Window) -> LineEnergy:
    """The line's energy over `window`, measured at its meter, else summed over its units."""
    found = units(line)
    sources = meters(records.plant, line)
    roles = ("energy", "power", "state", "cause")
    others = [*filter(_tells, line.walk()), *consumers(records, line)]
    places = {unit.path: unit for unit in [*found, *sources, *others]}
    tags = [unit.tag(role) for unit in places.values() for role in roles]
    moved = driver_tags(records, line, line.drivers)
    shelf = records.shelf([*tags, *counters(line), *moved], window)
    hours = Hours.of(shelf, line, sources)
    edges, kwh, pieces, whole = hours.edges, hours.kwh, hours.pieces, hours.whole
    recent = whole & (edges[1:] > window.end - RECENT)
    drivers = columns(records, line, line.drivers, shelf, edges, pieces)
    told = fixed(records, line)
    learned = told.period if told else _sliding(edges, whole & ~recent, window)
    reference = whole & (edges[:-1] >= learned.start) & (edges[1:] <= learned.end)
    base = told.baseline if told else enough(regression(kwh, drivers, reference))
    drivers = against(base, drivers) if base else drivers
    judged = whole & (edges[:-1] >= learned.end)
    now = rule.per_piece(np.where(recent, kwh, np.nan), pieces)
    return LineEnergy(
        window,
        edges,
        kwh,
        pieces,
        drivers,
        whole,
        reference,
        recent,
        judged,
        learned,
        told is None,
        base,
        now,
        _expected_per_piece(base, drivers, pieces, recent),
        saving(records, base, edges[:-1], kwh, drivers, judged) if base else None,
        idle_power(shelf, line, sources),
        *_profiles(records, shelf, sources, window),
        tuple(_meter(shelf, unit) for unit in places.values() if unit.tag("power")),
        {role: tuple(_unmeasured(sources, role)) for role in ("energy", "power")},
    )


def _sliding(edges: Int64s, use: Bools, window: Window) -> Window:
    """From the first to the last hour that `use` marks."""
    places = np.flatnonzero(use)
    if not len(places):
        return Window("baseline", window.start, window.start)
    first, last = int(edges[places[0]]), int(edges[places[-1] + 1])
    return Window("baseline", Nanoseconds(first), Nanoseconds(last))


def _unmeasured(sources: list[Equipment], role: str) -> list[Equipment]:
    return [unit for unit in sources if unit.tag(role) is None]


def consumers(records: Records, line: Equipment) -> list[Equipment]:
    """Units that tell their energy and that no line has for itself: what the lines share.

    A work center that has no flow, counts no pieces and has no meter of its own makes nothing for
    itself: it is a utility of the others.
    """
    centers = [each for each in records.plant.walk() if each.level is Level.WORK_CENTER]
    alone = [line, *(each for each in centers if _produces(each))]
    taken = {unit.path for each in alone for unit in each.walk()}
    taken |= {step.unit for each in centers for step in each.flow}
    taken |= {each.energy_meter for each in centers}
    return [unit for unit in records.plant.walk() if unit.path not in taken and _tells(unit)]


def _produces(center: Equipment) -> bool:
    return bool(center.flow or center.energy_meter) or any(
        unit.tag("good_count") for unit in center.walk()
    )


def _tells(unit: Equipment) -> bool:
    return bool(unit.tag("power") and unit.tag("energy"))


def _expected_per_piece(
    base: Regression | None, drivers: dict[str, Floats], pieces: Floats, use: Bools
) -> float | None:
    if base is None:
        return None
    expected = base.expected(drivers)
    known = use & np.isfinite(pieces) & np.isfinite(expected)
    made = float(pieces[known].sum())
    return float(expected[known].sum()) / made if made > 0 else None


def _profiles(
    records: Records, shelf: Shelf, sources: list[Equipment], window: Window
) -> tuple[Floats, Floats]:
    """Mean kW by quarter hours of the local day: the last 24 h, and all before."""
    edges = grid(window.start, window.end, QUARTER)
    power = shelf.power(sources, edges)
    offset = _east(edges[:-1], records.zone)
    today = edges[:-1] >= window.end - 24 * HOUR
    now = rule.profile(edges, np.where(today, power, np.nan), offset)
    return now, rule.profile(edges, np.where(today, np.nan, power), offset)


def _east(times: Int64s, zone: ZoneInfo) -> Int64s:
    """How far (ns) local time is ahead of UTC at each of `times`, daylight saving included."""
    local = [datetime.fromtimestamp(time / 1e9, zone).utcoffset() for time in times.tolist()]
    seconds = [offset.total_seconds() if offset else 0.0 for offset in local]
    return np.array(seconds, np.int64) * 10**9


def _meter(shelf: Shelf, unit: Equipment) -> MeterReading:
    power = shelf.of(unit.tag("power"))
    tag = unit.tag("energy")
    kwh = shelf.growth(tag).sum if tag else _integral(power)
    last = float(power.value[-1])
    return MeterReading(unit, last if np.isfinite(last) else None, _usual(shelf, unit), kwh)


def _integral(power: Series) -> float | None:
    """kWh of the time in which the power is known."""
    mean = power.mean()
    return mean * power.known * (power.end - power.start) / HOUR if mean is not None else None


def _usual(shelf: Shelf, unit: Equipment) -> float | None:
    """Mean kW over all time that the unit spent as it does now; None where it tells no state."""
    power = shelf.of(unit.tag("power"))
    if unit.tag("state") is None:
        return None
    accounts: Accounts = shelf.accounts(unit)
    _, look, _ = state_now(accounts)
    same = np.array([kind is look for kind in accounts.looks()])
    return power.mean_over(accounts.start[same], accounts.end[same])


def hour_starts(edges: Int64s) -> list[Nanoseconds]:
    """The beginnings of the hours."""
    return [Nanoseconds(edge) for edge in edges[:-1].tolist()]
