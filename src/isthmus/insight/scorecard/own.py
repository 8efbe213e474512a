"""A plant's own key figures as measures of its scorecard, by the same formulas; pure."""

from __future__ import annotations

import numpy as np

from isthmus.insight.elements import ELEMENTS, Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import figures
from isthmus.insight.scorecard.measure import Measure, Sums
from isthmus.model.kpi import Kpi

DIGITS = 2


def own_measure(catalogue: Catalogue, kpi: Kpi) -> Measure:
    """The measure that `kpi` is; its sums are elements by their names in formulas."""

    def of(sums: Sums) -> float | None:
        columns = {name: np.array([sums[name]]) for name in ELEMENTS if name in sums}
        one = Elements(np.array([0], np.int64), np.array([1], np.int64), columns)
        return figures(catalogue, one, [kpi.id])[kpi.id].at(0) if columns else None

    unit = "" if kpi.unit == "1" else kpi.unit
    return Measure(
        *(kpi.id, kpi.title or kpi.id, unit, DIGITS, kpi.better, None, True, "performance"),
        f"{kpi.formula}, of the elements of the closed shifts, added up before computing",
        of,
        catalogue.elements(kpi.id),
    )
