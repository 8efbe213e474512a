"""The elements of closed shifts of a line, as the table of derived values keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from isthmus.historian.port import History
from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.insight.scorecard.measure import Sums
from isthmus.model.kpi import KpiResult
from isthmus.model.plant import Calendar, Equipment
from isthmus.model.sample import Nanoseconds, Status
from isthmus.runtime.figures.read import ideal_rate

NAMES = (
    "planned_busy",
    "actual_production",
    "actual_unit_down",
    "unknown",
    "good",
    "scrap",
    "produced",
    "energy",
)
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """One closed shift, or a local day where there is none, and what is known of it.

    A day holds the hours that are over; ns UTC.
    """

    start: Nanoseconds
    end: Nanoseconds
    name: str
    sums: Sums


def stretches(
    history: History,
    line: Equipment,
    calendar: Calendar | None,
    zone: ZoneInfo,
    start: Nanoseconds,
    end: Nanoseconds,
) -> list[Stretch]:
    """What closed in [start, end), oldest first: shifts, or days of hours until one has closed."""
    by_shift = calendar is not None and bool(calendar.shifts)
    found = _closed(history, line, "shift", start, end) if by_shift else []
    if not found:
        by_shift = False
        found = _closed(history, line, "hour", start, end)
    groups: dict[tuple[int, str], list[KpiResult]] = {}
    for result in found:
        if by_shift:
            key = (int(result.start), result.shift)
        else:
            key = (int(instant(local_day(result.start, zone), 0, zone)), "")
        groups.setdefault(key, []).append(result)
    return [_stretch(line, name, groups[at, name]) for at, name in sorted(groups)]


def _closed(
    history: History, line: Equipment, period: str, start: Nanoseconds, end: Nanoseconds
) -> list[KpiResult]:
    return history.kpis(start, end, names=NAMES, path=line.path, period=period, limit=MOST)


def _stretch(line: Equipment, name: str, results: list[KpiResult]) -> Stretch:
    rate = ideal_rate(line)
    sums = {"item_seconds": 1 / rate} if rate else {}
    for result in results:
        if result.value is None:
            continue
        if result.path == line.path:
            sums[result.kpi] = sums.get(result.kpi, 0.0) + result.value
        elif result.kpi in ("planned_busy", "unknown"):
            kind = "units_planned" if result.kpi == "planned_busy" else "units_unknown"
            sums[kind] = sums.get(kind, 0.0) + result.value
    sums |= _with_energy(line, results)
    first, last = min(each.start for each in results), max(each.end for each in results)
    return Stretch(first, last, name, sums)


def _with_energy(line: Equipment, results: Iterable[KpiResult]) -> dict[str, float]:
    """Energy and good pieces of the windows in which both are known."""
    told: dict[tuple[int, int], dict[str, float]] = {}
    for result in results:
        # energy of a part of the window would make its pieces too cheap
        partly = result.kpi == "energy" and result.status != Status.GOOD
        if result.path == line.path and result.value is not None and not partly:
            told.setdefault((result.start, result.end), {})[result.kpi] = result.value
    both = [each for each in told.values() if "energy" in each and "good" in each]
    if not both:
        return {}
    return {name: sum(each[of] for each in both) for name, of in _BOTH.items()}


_BOTH = {"energy": "energy", "energy_good": "good"}
