"""The key figures of a report: value, target, change, trend, and how each is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isthmus.insight.elements import Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Figures, figures
from isthmus.insight.scorecard.verdict import verdict
from isthmus.model.kpi import Better
from isthmus.model.plant import Equipment
from isthmus.model.report import Figure, Kind
from isthmus.runtime.figures.key_figures import elements_of, number, version
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.report.period import before, compared, runs
from isthmus.runtime.report.scope import parts_of
from isthmus.runtime.scorecard.board import Stand

TREND = 8  # windows of a trend, that of the report included
PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A key figure as a report shows it: `scale` makes percent of a ratio.

    `goal` is the measure of the scorecard whose target is its own.
    """

    id: str
    title: str
    unit: str
    digits: int
    scale: float = 1.0
    goal: str = ""


SHOWN = (
    Shown("oee_index", "OEE index", "%", 1, PERCENT, "oee"),
    Shown("availability", "Availability", "%", 1, PERCENT, "availability"),
    Shown("effectiveness", "Effectiveness", "%", 1, PERCENT, "effectiveness"),
    Shown("quality_ratio", "Quality ratio", "%", 1, PERCENT),
    Shown("unplanned_downtime_ratio", "Unplanned downtime", "%", 1, PERCENT, "unplanned_downtime"),
    Shown("repair_time_per_failure", "Repair time per failure", "min", 1),
    Shown("scrap_ratio", "Scrap", "%", 2, PERCENT, "scrap"),
    Shown("energy_per_good_piece", "Energy per good piece", "kWh", 4, 1.0, "energy_per_piece"),
)
QUANTITIES = (
    Shown("GQ", "Good pieces", "pc", 0),
    Shown("SQ", "Scrap pieces", "pc", 0),
    Shown("EN", "Energy", "kWh", 1),
)
SAYS = {
    "GQ": "good pieces of the bottleneck in planned time, less what is scrapped behind it",
    "SQ": "scrap of the bottleneck and of the units behind it, in planned time",
    "EN": "growth of the energy counters, in all time",
}


@dataclass(frozen=True)
class Numbers:
    """Elements of `place` and of its parts over the windows of a report: read at once.

    Rows are the windows before, oldest first, then `window`, then `then`, which it is compared
    with. None where nothing tells a state.
    """

    records: Records
    place: Equipment
    running: bool
    window: Window
    then: Window
    past: Sequence[Window]
    elements: Elements | None
    parts: Sequence[tuple[Equipment, Elements | None]]

    @classmethod
    def of(cls, records: Records, place: Equipment, kind: Kind, window: Window) -> Numbers:
        """The numbers of `place` over `window` and those before it."""
        past = before(records, place, kind, window, TREND - 1)
        running = runs(records, place, kind, window)
        then = compared(window, past, running=running)
        rows, below = [*past, window, then], parts_of(place)
        own, *each = elements_of(records, [place, *below], rows)
        return cls(
            records, place, running, window, then, past, own, tuple(zip(below, each, strict=True))
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        """All key figures of the plant."""
        return Catalogue.of(self.records.plant.kpis.values())

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """The key figures that are told, the plant's own at the end."""
        own = (
            Shown(kpi.id, kpi.title or kpi.id, "" if kpi.unit == "1" else kpi.unit, 2)
            for kpi in self.records.plant.kpis.values()
            if kpi.id in self.catalogue.kpis
        )
        return (*SHOWN, *own)

    @property
    def row(self) -> int:
        """The row of the report's own window."""
        return len(self.past)

    def element(self, name: str, row: int | None = None) -> float | None:
        """An element of the report's window, or of another row."""
        column = self.elements.columns.get(name) if self.elements else None
        at = self.row if row is None else row
        if column is None or self.elements is None:
            return None
        if name != "EN" and lacking(self.elements, at):  # energy is known without a state
            return None
        return number(column[at])

    @property
    def unknown(self) -> float:
        """Of which share of the planned time nothing is known; all of it where nothing is told."""
        if self.elements is None:
            return 1.0
        busy, unknown = (self.elements.columns[name][self.row] for name in ("PBT", "UNKNOWN"))
        return float(unknown / busy) if busy > 0 else 0.0

    def figures(self, of: Elements) -> Mapping[str, Figures]:
        """The key figures of other elements."""
        return figures(self.catalogue, of, [each.id for each in self.shown])

    def told(self, stands: Sequence[Stand]) -> list[Figure]:
        """The headline figures, with the targets of the goals that are set for this place."""
        made = self.figures(self.elements) if self.elements else {}
        goals = {stand.measure.id: stand for stand in stands if stand.line == self.place.path}
        found = [self._figure(each, made.get(each.id), goals) for each in self.shown]
        counted = [self._quantity(each) for each in QUANTITIES]
        return [*found[:4], *counted[:2], *found[4:7], counted[2], *found[7:]]

    def _figure(self, what: Shown, of: Figures | None, goals: Mapping[str, Stand]) -> Figure:
        values = [
            None if of is None or (value := of.at(row)) is None else what.scale * value
            for row in range(self.row + 2)
        ]
        stand = goals.get(what.goal or what.id)
        kpi = self.catalogue.kpis[what.id]
        says = f"{kpi.formula}{f'; {kpi.standard}' if kpi.standard else ''}"
        return self._made(what, values, stand, f"{says}; version {version(self.catalogue, kpi.id)}")

    def _quantity(self, what: Shown) -> Figure:
        values = [self.element(what.id, row) for row in range(self.row + 2)]
        return self._made(what, values, None, SAYS[what.id])

    def _made(
        self, what: Shown, values: list[float | None], stand: Stand | None, says: str
    ) -> Figure:
        value = values[self.row]
        target, better = (stand.goal.target, stand.better) if stand else (None, Better.NEITHER)
        word = verdict(value, target, better).standing.value if target is not None else ""
        return Figure(
            *(what.title, value, what.unit, what.digits, values[-1], target, word),
            tuple(values[: self.row + 1]),
            says,
        )


def lacking(found: Elements, row: int) -> bool:
    """Whether nothing is known of a row at all."""
    busy, unknown = found.columns["PBT"][row], found.columns["UNKNOWN"][row]
    return bool(np.isnan(busy) or (busy > 0 and unknown >= busy))
