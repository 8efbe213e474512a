"""The plant's measures: their lines and the tags that move the energy, looked up."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.model.measure import Measure
from isthmus.model.plant import Equipment, Level
from isthmus.model.plantfile import PlantFile
from isthmus.runtime.config.report import Report


def measures(file: PlantFile, areas: Sequence[Equipment], report: Report) -> tuple[Measure, ...]:
    """The measures that the section declares; names that are not there are reported."""
    everything = [found for area in areas for found in area.walk()]
    lines = [found.path for found in everything if found.level is Level.WORK_CENTER]
    tags = [tag.path for found in everything for tag in found.tags]
    for line in everything:
        for each in line.drivers:
            area, _, name = line.path.partition("/")
            way = ("equipment", area, name, "energy", "drivers", each.name, "tag")
            if each.tag and each.tag not in tags:
                report.unknown(way, f"there is no tag `{each.tag}`", each.tag, sorted(tags))
    for name, entry in file.measures.items():
        if entry.line not in lines:
            where = ("measures", name, "line")
            report.unknown(where, f"there is no line `{entry.line}`", entry.line, sorted(lines))
        for driver, told in entry.drivers.items():
            if told.tag and told.tag not in tags:
                place = ("measures", name, "drivers", driver, "tag")
                report.unknown(place, f"there is no tag `{told.tag}`", told.tag, sorted(tags))
    return tuple(entry.measure(name) for name, entry in file.measures.items())
