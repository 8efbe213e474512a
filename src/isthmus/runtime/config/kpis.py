"""The plant's own key figures: names, units and circles, checked before a number is wrong."""

from __future__ import annotations

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.kpi import Kpi
from isthmus.model.plantfile import PlantFile
from isthmus.runtime.config.report import Report


def kpis(file: PlantFile, report: Report) -> dict[str, Kpi]:
    """The key figures that the section `kpis` declares; what is wrong with them is reported."""
    found = {name: entry.kpi(name) for name, entry in file.kpis.items()}
    for name, error in Catalogue.of(found.values()).wrong.items():
        formula = found[name].formula
        place = f"at character {error.at + 1} of `{formula[:80]}`" if error.at else "in its formula"
        report.add(("kpis", name, "formula"), f"`{name}`, {place}: {error}", error.hint)
    return found
