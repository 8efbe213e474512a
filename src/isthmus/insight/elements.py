"""Elements of key figures (ISO 22400-2, 5): times and quantities that add up over windows.

A key figure is a formula over elements. Windows, units and shifts are joined by adding elements,
never by averaging figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.model.sample import Floats, Int64s


@dataclass(frozen=True, slots=True)
class Element:
    """One time or quantity: its name in formulas, its unit, and what it means."""

    name: str
    unit: str
    title: str


_TIMES = {
    "CAL": "calendar time: all of the window",
    "POT": "planned operation time: shifts of the calendar, their breaks left out",
    "PMT": "planned maintenance, outside of planned busy time",
    "PBT": "planned busy time: planned operation time without planned downtime",
    "AUBT": "actual unit busy time: processing and delay",
    "AUPT": "actual unit processing time: production and setup",
    "APT": "actual production time",
    "AUST": "actual unit setup time",
    "ADET": "actual unit delay time: starved, blocked and short stops",
    "STARVED": "of the delay: waiting for what comes in",
    "BLOCKED": "of the delay: no room for what goes out",
    "MICRO": "of the delay: short stops by own fault",
    "ADOT": "actual unit down time: own faults",
    "NOT": "planned busy time without an order",
    "UNKNOWN": "planned busy time of which nothing is known; never counted as produced",
    "AOET": "actual order execution time",
    "IPT": "ideal production time: planned run time per item of each product times its pieces",
    "TBF": "sum of the times between failures",
    "TTF": "sum of the times to failure",
    "TTR": "sum of the times to repair",
    "CMT": "corrective maintenance time",
    "APWT": "actual personnel work time: of a counter of role `work_time`",
    "APAT": "actual personnel attendance time: of a counter of role `attendance_time`",
    "AINV": "inventory times the time it lay there: of a tag of role `inventory`",
}
_QUANTITIES = {
    "PQ": "produced quantity",
    "GQ": "good quantity",
    "SQ": "scrap quantity",
    "SSQ": "scrap while starting up: in the first `startup` of production",
    "PQF": "quantity produced by the first unit of a line's flow",
    "RQ": "rework quantity: of a counter of role `rework_count`",
    "GP": "good at the first pass: of a counter of role `first_pass_count`",
    "IP": "inspected: of a counter of role `inspected_count`",
    "PSQ": "planned scrap quantity: `planned_scrap`, or a counter of role `planned_scrap_count`",
    "CM": "consumed material: of a counter of role `consumed_count`",
    "IGQ": "integrated good quantity: of a counter of role `integrated_good_count`",
    "PL": "production loss of material: of a counter of role `production_loss_count`",
    "STL": "storage and transportation loss: of a counter of role `storage_loss_count`",
    "OL": "other loss of material: of a counter of role `other_loss_count`",
    "TH": "throughput of the store: of a counter of role `issued_count`",
    "STOPS": "stops by own fault",
    "FAILURES": "failures: stops by own fault that are no short ones",
}
ELEMENTS: Mapping[str, Element] = {
    **{name: Element(name, "s", title) for name, title in _TIMES.items()},
    **{name: Element(name, "1", title) for name, title in _QUANTITIES.items()},
    "EN": Element("EN", "kWh", "energy used"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """Elements of one piece of equipment, a row for each window: start and end in ns UTC.

    `columns` maps a name of ELEMENTS to one value a window in its unit; NaN says that nothing is
    known, a column that is not there that nothing tells it (no scrap counter, say).
    """

    start: Int64s
    end: Int64s
    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.start)

    def grouped(self, group: Int64s) -> Elements:
        """A row for each of the numbers in `group` (one a window), in order: sums, first, last.

        Where one window of a group knows nothing of an element, neither does the group.
        """
        if not len(group):
            return self
        order = np.argsort(group, kind="stable")
        firsts = np.flatnonzero(np.diff(group[order], prepend=group[order][0] - 1))
        return Elements(
            np.minimum.reduceat(self.start[order], firsts),
            np.maximum.reduceat(self.end[order], firsts),
            {name: np.add.reduceat(of[order], firsts) for name, of in self.columns.items()},
        )
