"""The section `reports` of a plant file: that what it names is there, and has shifts if needed."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.model.plant import Equipment, Plant
from isthmus.model.plantfile import PlantFile
from isthmus.model.report import Plan
from isthmus.runtime.config.notify import recipients
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.shifts import with_shifts
from isthmus.runtime.report.scope import SCOPES, lines_of, site_of


def reports(file: PlantFile, areas: Sequence[Equipment], report: Report) -> dict[str, Plan]:
    """The reports that are made by themselves; what is wrong with them is reported."""
    found = {name: entry.plan(name) for name, entry in file.reports.items()}
    plant = Plant(file.enterprise, file.site, areas=tuple(areas))
    known = [each.path for each in plant.walk() if each.level in SCOPES]
    for name, plan in found.items():
        where = ("reports", name)
        place = plant.equipment(plan.scope) if plan.scope else site_of(plant)
        if place is None or place.level not in SCOPES:
            text = f"there is no line or area `{plan.scope}`"
            report.unknown((*where, "of"), text, plan.scope, known)
            continue
        lines = lines_of(place)
        if not lines:
            text = f"no unit of `{plan.scope or file.site}` tells a state"
            report.add((*where, "of"), text, "bind a tag with `role: state`")
        elif plan.what == "shift" and lines[0].calendar not in with_shifts(file):
            hint = "give the line a `calendar` with shifts, or write `what: day`"
            report.add((*where, "what"), f"`{lines[0].path}` has no shifts", hint)
        if plan.notify:
            names = recipients(file)
            for each in plan.notify:
                if each not in names:
                    text = f"there is nobody called `{each}` to send it to"
                    report.unknown((*where, "notify"), text, each, names)
    return found
