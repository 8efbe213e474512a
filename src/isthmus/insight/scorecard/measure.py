"""What a scorecard can measure, and how each measure follows from summed elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from isthmus.model.kpi import Better

Sums = Mapping[str, float]
"""Elements added up over a stretch of time, by name; one that nobody told is absent."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be a goal; `of` gives its value of elements, None where they say nothing.

    `line`: whether it belongs to a line or to the whole site; `page` is where its detail is. A
    stretch in which one of `needs` is not known says nothing of it. In % it can be `most`, which
    is above 100 where the ideal rate may be below what a machine can do.
    """

    id: str
    title: str
    unit: str
    digits: int
    better: Better
    target: float | None
    line: bool
    page: str
    says: str
    of: Callable[[Sums], float | None]
    needs: tuple[str, ...] = ()
    most: float = 100.0


def _part(sums: Sums, above: str, below: str, scale: float = 100.0) -> float | None:
    part, whole = sums.get(above), sums.get(below)
    return scale * part / whole if part is not None and whole else None


def _oee(sums: Sums) -> float | None:
    """GQ x PRI / PBT."""
    if _unseen(sums):
        return None
    good, busy, item = sums.get("good"), sums["planned_busy"], sums.get("item_seconds")
    return 100 * item * good / busy if good is not None and item else None


def _unseen(sums: Sums) -> bool:
    busy = sums.get("planned_busy", 0.0)
    return busy - sums.get("unknown", 0.0) <= 0


def _availability(sums: Sums) -> float | None:
    return None if _unseen(sums) else _part(sums, "actual_production", "planned_busy")


def _down(sums: Sums) -> float | None:
    return None if _unseen(sums) else _part(sums, "actual_unit_down", "planned_busy")


def _known(sums: Sums) -> float | None:
    planned = sums.get("units_planned", 0.0)
    return 100 * (1 - sums.get("units_unknown", 0.0) / planned) if planned else None


def _effectiveness(sums: Sums) -> float | None:
    made, ran = sums.get("produced"), sums.get("actual_production")
    item = sums.get("item_seconds")
    return 100 * item * made / ran if made is not None and ran and item else None


_MORE, _LESS = Better.MORE, Better.LESS
_TIMES = "of the closed shifts, times and pieces added up before dividing (ISO 22400-2)"
_ALL = (
    Measure(
        *("oee", "OEE index", "%", 1, _MORE, 85.0, True, "performance"),
        f"PRI x GQ / PBT {_TIMES}; time of which nothing is known counts as not produced; needs "
        "an `ideal_rate`",
        _oee,
        most=200.0,
    ),
    Measure(
        *("availability", "Availability", "%", 1, _MORE, 90.0, True, "performance"),
        f"APT / PBT {_TIMES}",
        _availability,
    ),
    Measure(
        *("effectiveness", "Effectiveness", "%", 1, _MORE, 95.0, True, "performance"),
        f"PRI x PQ / APT {_TIMES}; needs an `ideal_rate`",
        _effectiveness,
        most=200.0,
    ),
    Measure(
        *("scrap", "Scrap", "%", 2, _LESS, 1.0, True, "performance"),
        f"SQ / PQ {_TIMES}",
        lambda sums: _part(sums, "scrap", "produced"),
    ),
    Measure(
        *("unplanned_downtime", "Unplanned downtime", "%", 1, _LESS, 5.0, True, "performance"),
        f"ADOT / PBT {_TIMES}: stops of the bottleneck of five minutes and more in planned time",
        _down,
    ),
    Measure(
        *("energy_per_piece", "Energy per piece", "kWh", 4, _LESS, None, True, "energy"),
        "energy / good pieces of the closed shifts in which both are known, added up before "
        "dividing; base load is included",
        lambda sums: _part(sums, "energy", "energy_good", 1.0),
    ),
    Measure(
        *("pilot_benefit", "Pilot benefit", "", 2, _MORE, 0.0, True, "energy"),
        "what the line's verified `measures` saved up to now, each hour at its price; without any: "
        "what its energy baseline expected less what was measured",
        lambda sums: sums.get("benefit"),
    ),
    Measure(
        *("data_availability", "Data availability", "%", 2, _MORE, 99.5, True, "connections"),
        "share of the planned time of all units of the line in which their state is known",
        _known,
    ),
    Measure(
        *("data_freshness", "Data freshness", "s", 1, _LESS, 60.0, False, "connections"),
        "time since the connection that is silent longest told a good value, looked at twice "
        "a minute, the mean of all looks",
        lambda sums: _part(sums, "silent", "looks", 1.0),
    ),
    Measure(
        *("security_posture", "Security weaknesses", "", 0, _LESS, 0.0, False, "security"),
        "ways that nothing protects, findings of zones and conduits that are wrong, emergencies"
        " that nobody reviewed, trouble of the ledger; as the Security page lists them",
        lambda sums: sums.get("weaknesses"),
    ),
    Measure(
        *("open_findings", "Open findings", "", 0, _LESS, 0.0, False, "plant"),
        "alarms that ask, limits that are passed, connections down or refused, exports that "
        "fail, trouble of bus and history",
        lambda sums: sums.get("findings"),
    ),
)
MEASURES: Mapping[str, Measure] = {each.id: each for each in _ALL}

USUAL = (
    "oee",
    "energy_per_piece",
    "unplanned_downtime",
    "data_availability",
    "data_freshness",
    "security_posture",
    "open_findings",
    "pilot_benefit",
)
"""The goals of a plant whose file names none."""

STANDING = frozenset({"weaknesses", "findings", "benefit", "item_seconds"})
"""Elements that say how things stand: the newest holds, they are not added up."""


def added(parts: list[Sums]) -> dict[str, float]:
    """The elements of stretches that follow each other, oldest first, as those of the whole."""
    total: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = value if name in STANDING else total.get(name, 0.0) + value
    return total
