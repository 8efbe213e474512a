"""What limits a line, how long pieces take, and whether a value stays in control, from history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.accounts import Look
from isthmus.insight.kpi.bottleneck import (
    Periods,
    Share,
    Turning,
    Waited,
    active_periods,
    turning_point,
)
from isthmus.insight.kpi.cycle import Cycles, cycles
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.read import Records, Window, units

BEFORE = 8 * 3_600 * 10**9  # ns before a window: a period that began there is seen whole


@dataclass(frozen=True, slots=True)
class LineBottleneck:
    """What held a line back: shares of the units by active periods, waiting, its turning point."""

    shares: tuple[Share, ...]
    waited: tuple[Waited, ...]
    turning: Turning | None


def line_bottleneck(records: Records, line: Equipment, window: Window) -> LineBottleneck | None:
    """What held `line` back in the planned time of `window`; None where no unit tells a state."""
    found = [unit for unit in units(line) if unit.tag("state")]
    if not found:
        return None
    early = Window("", Nanoseconds(max(0, window.start - BEFORE)), window.end)
    tags = [unit.tag(role) for unit in found for role in ("state", "cause")]
    shelf = records.shelf(tags, early)
    planned = records.planned(line, window)
    periods, waited = {}, []
    for unit in found:
        accounts = shelf.accounts(unit)
        periods[unit.name] = Periods.of(accounts)
        seconds, looks = accounts.within(planned), accounts.looks()
        spent = {
            look: float(seconds[[each is look for each in looks]].sum())
            for look in (Look.STARVED, Look.BLOCKED)
        }
        waited.append(Waited(unit.name, spent[Look.STARVED], spent[Look.BLOCKED]))
    totals = {name: [0.0, 0.0] for name in periods}
    for stretch in planned:
        for share in active_periods(periods, stretch.start, stretch.end):
            totals[share.unit][0] += share.sole
            totals[share.unit][1] += share.shifting
    shares = [Share(name, sole, shifting) for name, (sole, shifting) in totals.items()]
    shares.sort(key=lambda share: -share.seconds)
    return LineBottleneck(tuple(shares), tuple(waited), turning_point(waited))


def unit_cycles(records: Records, unit: Equipment, window: Window) -> Cycles | None:
    """The cycle times of `unit` while it ran; None where it has no state or counts nothing."""
    counter = unit.tag("good_count")
    if counter is None or unit.tag("state") is None:
        return None
    shelf = records.shelf([counter, unit.tag("state"), unit.tag("cause")], window)
    ran = [each for each in shelf.accounts(unit).episodes() if each.look is Look.RUN]
    starts, ends = (
        np.array([getattr(each, edge) for each in ran], np.int64) for edge in ("start", "end")
    )
    return cycles(shelf.growth(counter), starts, ends)


def good_values(
    records: Records, tag: Tag, window: Window, most: int, unit: Equipment | None = None
) -> tuple[Int64s, Floats]:
    """The newest good values of `tag` inside `window`, and when each was measured.

    With `unit` only those that were measured while it ran.
    """
    asked = [tag] if unit is None else [tag, unit.tag("state"), unit.tag("cause")]
    shelf = records.shelf(asked, window)
    series = shelf.get(tag.path)
    if series is None:
        return np.zeros(0, np.int64), np.zeros(0)
    kept = ~np.isnan(series.value)
    kept[0] = False  # it was measured before
    if unit is not None:
        accounts = shelf.accounts(unit)
        runs = np.array([look is Look.RUN for look in accounts.looks()])
        kept &= runs[np.searchsorted(accounts.start, series.time, side="right") - 1]
    return series.time[kept][-most:], series.value[kept][-most:]


def spaced(times: Int64s, values: Floats, size: int, every: int) -> tuple[Int64s, Floats]:
    """The first `size` values of each `every` ns; a stretch that has fewer of them is left out."""
    if not len(times):
        return times, values
    firsts = np.flatnonzero(np.diff(times // every, prepend=-1))
    many = np.diff(np.append(firsts, len(times)))
    rows = (firsts[many >= size][:, None] + np.arange(size)).ravel()
    return times[rows], values[rows]
