"""From the equipment a plant file tells of to the plant's tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.model.path import fault, join
from isthmus.model.plant import Equipment, Level, Step
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_equipment import AreaEntry, LineEntry, ModuleEntry, UnitEntry
from isthmus.model.reason import Reasons
from isthmus.runtime.config.alarms import alarms
from isthmus.runtime.config.reasons import meanings
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.config.templates import Template, check

FACTS = ("serial", "vendor", "model", "firmware", "built", "support_until")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that exist, also those of entries whose shape is wrong."""

    types: set[str]
    calendars: set[str]
    teams: set[str]
    zones: set[str]
    edges: set[str]
    equipment: set[str]

    @classmethod
    def of(cls, report: Report) -> Names:
        """All names of the plant that `report` is about."""

        def keys(*loc: str) -> set[str]:
            found = report.root
            for step in loc:
                found = (found.entries or {}).get(step, found.__class__("", 0))
            return set(found.entries or {})

        paths: set[str] = set()
        for area in keys("equipment"):
            paths.add(area)
            for line in keys("equipment", area) - {"title"}:
                paths.add(join(area, line))
                for unit in keys("equipment", area, line, "units"):
                    paths.add(join(area, line, unit))
                    modules = keys("equipment", area, line, "units", unit, "modules")
                    paths |= {join(area, line, unit, module) for module in modules}
        return cls(
            *(keys("types"), keys("calendars"), keys("people", "teams")),
            *(keys("zones"), keys("edges"), paths),
        )


class Tree:
    """Builds equipment of templates, reporting names that do not exist."""

    def __init__(
        self,
        templates: Mapping[str, Template],
        names: Names,
        report: Report,
        reasons: Reasons,
    ) -> None:
        self._templates, self._names, self._report = templates, names, report
        self._reasons = reasons

    def build(self, file: PlantFile) -> tuple[Equipment, ...]:
        """The areas of the plant."""
        return tuple(self._area(name, area) for name, area in file.equipment.items())

    def _area(self, name: str, area: AreaEntry) -> Equipment:
        lines = [
            self._line(join(name, key), line, ("equipment", name, key))
            for key, line in area.lines.items()
        ]
        return Equipment(name, Level.AREA, title=area.title, children=tuple(lines))

    def _line(self, path: str, line: LineEntry, loc: Loc) -> Equipment:
        units = tuple(
            self._unit(join(path, name), unit, (*loc, "units", name), line)
            for name, unit in line.units.items()
        )
        bottleneck = ""
        if line.bottleneck is not None:
            bottleneck = self._within(path, line.bottleneck, (*loc, "bottleneck"))
        return self._equipment(
            path,
            Level.WORK_CENTER,
            line,
            loc,
            children=units,
            bottleneck=bottleneck,
            flow=self._flow(path, line, loc),
        )

    def _unit(self, path: str, unit: UnitEntry, loc: Loc, line: LineEntry) -> Equipment:
        modules = tuple(
            self._equipment(
                join(path, name), Level.EQUIPMENT_MODULE, module, (*loc, "modules", name)
            )
            for name, module in unit.modules.items()
        )
        return self._equipment(
            path,
            Level.WORK_UNIT,
            unit,
            loc,
            children=modules,
            calendar=line.calendar,
            micro_stop=line.micro_stop,
            startup=line.startup,
        )

    def _equipment(
        self,
        path: str,
        level: Level,
        entry: ModuleEntry,
        loc: Loc,
        *,
        children: tuple[Equipment, ...] = (),
        calendar: str | None = None,
        micro_stop: float | None = None,
        startup: float | None = None,
        bottleneck: str = "",
        flow: tuple[Step, ...] = (),
    ) -> Equipment:
        template = self._template(entry, loc)
        wrong = next(filter(None, (fault(join(path, name)) for name in template.entry.tags)), "")
        if wrong:
            self._report.add(loc, wrong)
        facts = {key: getattr(entry, key) for key in FACTS if getattr(entry, key)}
        return Equipment(
            path=path,
            level=level,
            type=entry.type or "",
            title=template.entry.title,
            tags=template.build_tags(path),
            alarms=alarms(template, loc, self._report),
            children=children,
            ideal_rate=template.entry.ideal_rate,
            margin=entry.margin if isinstance(entry, LineEntry) else None,
            bottleneck=bottleneck,
            energy_meter=self._meter(path, entry, loc),
            calendar=self._calendar(entry, loc) or calendar or "",
            flow=flow,
            idle_states=template.idle_states,
            states=meanings(template.entry.state, self._reasons),
            micro_stop=template.entry.micro_stop or micro_stop,
            startup=template.entry.startup or startup,
            planned_scrap=template.entry.planned_scrap,
            baseline=template.baseline,
            drivers=template.drivers,
            movable=template.movable,
            owners=self._owners(entry, loc),
            facts={**facts, **entry.facts},
        )

    def _template(self, entry: ModuleEntry, loc: Loc) -> Template:
        base = Template()
        if entry.type is not None:
            base = self._templates.get(entry.type, base)
            if entry.type not in self._names.types:
                text = f"there is no type `{entry.type}`"
                self._report.unknown((*loc, "type"), text, entry.type, sorted(self._names.types))
        made = base.refined(entry, loc)
        check(made, loc, self._report)
        return made

    def _calendar(self, entry: ModuleEntry, loc: Loc) -> str | None:
        if entry.calendar is not None and entry.calendar not in self._names.calendars:
            text = f"there is no calendar `{entry.calendar}`"
            known = sorted(self._names.calendars)
            self._report.unknown((*loc, "calendar"), text, entry.calendar, known)
        return entry.calendar

    def _owners(self, entry: ModuleEntry, loc: Loc) -> Mapping[str, str]:
        for side, team in entry.owners.items():
            if self._names.teams and team not in self._names.teams:
                where = (*loc, "owners", side)
                known = sorted(self._names.teams)
                self._report.unknown(where, f"there is no team `{team}`", team, known)
        return entry.owners

    def _meter(self, path: str, entry: ModuleEntry, loc: Loc) -> str:
        if entry.energy_meter is None:
            return ""
        return self._within(path, entry.energy_meter, (*loc, "energy_meter"))

    def _within(self, path: str, name: str, loc: Loc) -> str:
        """The path of equipment named inside `path`, or from the site down."""
        for found in (join(path, name), name):
            if found in self._names.equipment:
                return found
        known = sorted(self._names.equipment)
        known.sort(key=lambda other: not other.startswith(path + "/"))
        names = [other.removeprefix(path + "/") for other in known]
        self._report.unknown(loc, f"there is no equipment `{name}` in `{path}`", name, names)
        return ""

    def _flow(self, path: str, line: LineEntry, loc: Loc) -> tuple[Step, ...]:
        steps: list[Step] = []
        for number, entry in enumerate(line.flow):
            where = (*loc, "flow", number)
            if entry.unit is None:
                if not steps or steps[-1].buffer:
                    self._report.add(where, "a buffer must stand behind a unit")
                elif entry.buffer:
                    steps[-1] = Step(steps[-1].unit, entry.buffer)
                continue
            unit = join(path, entry.unit)
            if unit not in self._names.equipment:
                text = f"there is no unit `{entry.unit}` in `{path}`"
                self._report.unknown(where, text, entry.unit, line.units)
            elif any(step.unit == unit for step in steps):
                self._report.add(where, f"`{entry.unit}` is in the flow twice")
            else:
                steps.append(Step(unit))
        return tuple(steps)
