"""The formulas of derived values: each with an id, a version, its inputs, and words for it.

Whoever changes what a formula gives raises its version: then all that it gave is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.insight.kpi.oee import Times
from isthmus.model.meter import ROOT
from isthmus.model.plant import Equipment, Plant
from isthmus.model.sample import Int64s, Status
from isthmus.model.state import State
from isthmus.model.tag import Tag
from isthmus.runtime.figures.hours import KNOWN
from isthmus.runtime.figures.meters import hour_kwh, measured, meter_known, meter_tags
from isthmus.runtime.figures.performance import LinePerformance, inside, times_of
from isthmus.runtime.figures.pieces import counters
from isthmus.runtime.figures.read import Records, Shelf, Window, bottleneck, meters, units
from isthmus.runtime.figures.worked import teller

WHOLE = 0.9995  # of a window, to call its result good
TIMES = (
    "planned_busy",
    "actual_production",
    "actual_unit_delay",
    "actual_unit_down",
    "actual_unit_setup",
    "unknown",
    "no_order",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a formula gives for a window; `value` is None where nothing is known."""

    path: str
    kpi: str
    value: float | None
    unit: str = ""
    known: float = 1.0  # share of the window

    @property
    def status(self) -> int:
        """How good it is: bad without a value, uncertain where part of the window is unknown."""
        if self.value is None:
            return int(Status.BAD)
        return int(Status.GOOD if self.known >= WHOLE else Status.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Formula:
    """What makes figures of a line and its units over a window; `says` explains them by name."""

    id: str
    version: int
    inputs: Callable[[Plant, Equipment], list[Tag]]
    compute: Callable[[Records, Equipment, Window], Iterator[Figure]]
    says: Mapping[str, str]


def _present(tags: list[Tag | None]) -> list[Tag]:
    found = {tag.path: tag for tag in tags if tag is not None}
    return list(found.values())


def _line_inputs(plant: Plant, line: Equipment) -> list[Tag]:
    states = [unit.tag(role) for unit in units(line) for role in ("state", "cause")]
    orders = [teller(plant, each, "order") for each in (line, *units(line))]
    return _present([*states, *counters(line), *orders])


def _line(records: Records, line: Equipment, window: Window) -> Iterator[Figure]:
    found = inside(records, line, window)
    if found is None:
        return
    yield from _ratios(line, found)
    yield from _times(line.path, found.times, found.known)
    planned = records.planned(line, window)
    for unit in units(line):
        accounts = found.accounts[unit.path]
        known = 1 - _share(accounts.seconds[accounts.state == State.UNKNOWN].sum(), window)
        times = times_of(records, unit, accounts, planned)
        yield Figure(unit.path, "availability", _part(times), "", known)
        yield from _times(unit.path, times, known)


def _ratios(line: Equipment, found: LinePerformance) -> Iterator[Figure]:
    oee, count = found.oee, found.count
    for kpi, value in (
        ("availability", oee.availability),
        ("effectiveness", oee.effectiveness),
        ("quality_ratio", oee.quality),
        ("oee_index", oee.index),
        ("good", count.good if count else None),
        ("scrap", count.scrap if count else None),
        ("produced", count.produced if count else None),
    ):
        yield Figure(line.path, kpi, value, "", found.known)


def _times(path: str, times: Times, known: float) -> Iterator[Figure]:
    for kpi in TIMES:
        yield Figure(path, kpi, getattr(times, kpi), "s", known)


def _part(times: Times) -> float | None:
    seen = times.planned_busy - times.unknown
    return times.actual_production / times.planned_busy if seen > 0 else None


def _share(seconds: float, window: Window) -> float:
    return float(seconds) * 1e9 / (window.end - window.start)


def _energy_inputs(plant: Plant, line: Equipment) -> list[Tag]:
    places = [*meters(plant, line), *units(line)]
    used = [unit.tag(role) for unit in places for role in ("energy", "power")]
    return _present([*used, *(counters(line) if bottleneck(line) else [])])


def _energy(records: Records, line: Equipment, window: Window) -> Iterator[Figure]:
    sources = meters(records.plant, line)
    if not sources:
        return
    shelf = records.shelf(_energy_inputs(records.plant, line), window)
    edges = np.array([window.start, window.end], np.int64)
    used, known = _number(shelf.kwh(sources, edges)[0]), _told(shelf, sources, edges)
    yield Figure(line.path, "energy", used, "kWh", known)
    made = _made(records, line, window)
    if made is not None:
        # pieces of an hour by the energy of a part of it would be too cheap
        whole = used if known >= KNOWN else None
        each = whole / made if whole is not None and made > 0 else None
        yield Figure(line.path, "energy_per_piece", each, "kWh", known)
    for unit in units(line):
        if unit.tag("energy") or unit.tag("power"):
            used = _number(shelf.kwh([unit], edges)[0])
            yield Figure(unit.path, "energy", used, "kWh", _told(shelf, [unit], edges))


def _told(shelf: Shelf, sources: Sequence[Equipment], edges: Int64s) -> float:
    """The share of the window in which the least known of `sources` is known."""
    return min(float(meter_known(shelf, unit, edges)[0]) for unit in sources)


def _meter_inputs(plant: Plant, place: Equipment) -> list[Tag]:
    return _present([*meter_tags(plant)]) if place.path == ROOT else []


def _meters(records: Records, place: Equipment, window: Window) -> Iterator[Figure]:
    if place.path != ROOT:
        return
    plant = records.plant
    told = {unit.path for line in plant.lines() for unit in units(line)} & measured(plant).keys()
    for path, used in hour_kwh(records, window).items():
        if path not in told:  # a line tells its units itself
            yield Figure(path, "energy", _number(used), "kWh")


def _made(records: Records, line: Equipment, window: Window) -> float | None:
    """Good pieces of the window; None where the line counts none at all."""
    if bottleneck(line) is None or not counters(line):
        return None
    found = inside(records, line, window)
    return found.count.good if found and found.count else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


FORMULAS = (
    Formula(
        "iso22400.line",
        4,
        _line_inputs,
        _line,
        {
            "availability": "A = APT / PBT: production time over planned busy time",
            "effectiveness": "E = PRI x PQ / APT: planned run time of what was produced over "
            "production time",
            "quality_ratio": "Q = GQ / PQ: good over produced quantity",
            "oee_index": "OEE = A x E x Q",
            "good": "GQ: pieces of the bottleneck in planned time, less what is scrapped behind it",
            "scrap": "SQ: scrap of the bottleneck and behind it, in planned time",
            "produced": "PQ = GQ + SQ",
            "planned_busy": "PBT: shifts of the calendar without breaks and maintenance",
            "actual_production": "APT: the bottleneck executes, in planned time",
            "actual_unit_delay": "ADET: starved, blocked, and short stops",
            "actual_unit_down": "ADOT: longer stops",
            "actual_unit_setup": "AUST: setting up",
            "no_order": "planned busy time without an order",
            "unknown": "planned time of which nothing is known; it counts as not produced",
        },
    ),
    Formula(
        "energy.line",
        2,
        _energy_inputs,
        _energy,
        {
            "energy": "growth of the energy counters; mean power times hours where there is none",
            "energy_per_piece": "energy over good pieces of planned time",
        },
    ),
    Formula(
        "energy.meters",
        1,
        _meter_inputs,
        _meters,
        {
            "energy": "sum, difference or share of other meters, as `meters:` of the plant file "
            "says; bad where a part of it is not known"
        },
    ),
)
