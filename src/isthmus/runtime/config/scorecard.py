"""The goals of a plant: those of its file, checked, or the usual ones where it names none."""

from __future__ import annotations

from isthmus.insight.scorecard.measure import MEASURES, USUAL
from isthmus.model.kpi import Better
from isthmus.model.plantfile import PlantFile
from isthmus.model.scorecard import Goal
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.tree import Names


def goals(file: PlantFile, names: Names, report: Report) -> dict[str, Goal]:
    """The goals that the section `scorecard` declares; what is wrong with them is reported."""
    found = {name: entry.goal(name) for name, entry in file.scorecard.items()}
    for name, goal in found.items():
        where = ("scorecard", name)
        if goal.measure not in MEASURES and goal.measure not in file.kpis:
            field = "measure" if file.scorecard[name].measure else ""
            text = f"there is no measure `{goal.measure}`"
            place = (*where, field) if field else where
            report.unknown(place, text, goal.measure, sorted({*MEASURES, *file.kpis}))
        _check_target(goal, report)
        if goal.line and goal.line not in names.equipment:
            text = f"there is no equipment `{goal.line}`"
            report.unknown((*where, "line"), text, goal.line, sorted(names.equipment))
        for side, team in (("ot", goal.ot), ("it", goal.it)):
            if team and file.people.teams and team not in file.people.teams:
                text = f"there is no team `{team}`"
                report.unknown((*where, "owners", side), text, team, sorted(file.people.teams))
    return found or {name: Goal(name, name, MEASURES[name].target) for name in USUAL}


def _check_target(goal: Goal, report: Report) -> None:
    """Report a target in % that no share can have, or that was most likely meant as a share of 1.

    Of what is to be small, such as scrap, 1 % and less are targets like others.
    """
    measure, target = MEASURES.get(goal.measure), goal.target
    if measure is None or measure.unit != "%" or target is None:
        return
    where = ("scorecard", goal.name, "target")
    if not 0 <= target <= measure.most:
        text = f"{target:g} % of {measure.title} cannot be"
        report.add(where, text, f"a target in % of it lies in 0 to {measure.most:g}, such as `75`")
    elif target <= measure.most / 100 and measure.better is Better.MORE:
        text = f"a target of {target:g} % of {measure.title} is always reached"
        report.add(where, text, f"it is in %: did you mean `{100 * target:g}`?")
