"""Reading a plant: from files to a checked `Plant`, or to all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel

from isthmus.model.errors import ConfigError, Mistake
from isthmus.model.path import Pattern, fault, join
from isthmus.model.plant import Equipment, Management, Plant
from isthmus.model.plantfile import PlantFile
from isthmus.model.reason import Reasons
from isthmus.runtime.config.access import access
from isthmus.runtime.config.alarms import alarms
from isthmus.runtime.config.branding import brand
from isthmus.runtime.config.files import read_plant
from isthmus.runtime.config.kpis import kpis
from isthmus.runtime.config.links import Links
from isthmus.runtime.config.measures import measures
from isthmus.runtime.config.meters import meters
from isthmus.runtime.config.notify import check_notify, check_rota_files
from isthmus.runtime.config.parts import Parts
from isthmus.runtime.config.reasons import check_states, reasons
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.reports import reports
from isthmus.runtime.config.rules import rules
from isthmus.runtime.config.scorecard import goals
from isthmus.runtime.config.shape import shape
from isthmus.runtime.config.shifts import with_shifts
from isthmus.runtime.config.sinks import sinks
from isthmus.runtime.config.tariffs import tariffs
from isthmus.runtime.config.templates import resolve
from isthmus.runtime.config.tree import Names, Tree
from isthmus.runtime.config.writes import check_writes
from isthmus.runtime.config.zones import check_zones


def load(path: Path, *, parts: Parts | None = None, beside: bool = False) -> Plant:
    """The plant that the file, or the folder of files, at `path` describes.

    ConfigError carries all mistakes of all files, in the order of files and lines; where `beside`
    is wished, also those of rotas' calendar files, without which a plant runs all the same.
    """
    plant, mistakes = lint(path, parts=parts, beside=beside)
    if plant is None:
        many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigError(f"reading {path}: {many}", hint=mistakes[0].hint, mistakes=mistakes)
    return plant


def lint(
    path: Path,
    *,
    parts: Parts | None = None,
    instead: Mapping[Path, bytes] = MappingProxyType({}),
    beside: bool = False,
) -> tuple[Plant | None, list[Mistake]]:
    """The plant at `path`, None where it has mistakes, and all of these.

    `instead` is what some of its files shall hold. ConfigError where there is no file at all.
    """
    root, mistakes = read_plant(path, instead)
    report = Report(root, mistakes)
    if not root.entries and mistakes:
        return None, mistakes
    file = shape(report)
    plant = _resolve(file, report, Parts() if parts is None else parts)
    if beside:
        check_rota_files(file, report)
    order = {name: number for number, name in enumerate(dict.fromkeys(m.file for m in mistakes))}
    mistakes.sort(key=lambda mistake: (order[mistake.file], mistake.line))
    return (None if mistakes else plant), mistakes


def _resolve(file: PlantFile, report: Report, parts: Parts) -> Plant:
    names = Names.of(report)
    templates = resolve(file.types, names.types, report)
    for name, template in templates.items():
        alarms(template, ("types", name), report)
    known = Reasons(reasons(file, report))
    check_states(file, known, report)
    areas = Tree(templates, names, report, known).build(file)
    _check(file, areas, names, report)
    timezone = file.timezone if file.timezone in _time_zones() else "UTC"  # else reported above
    links = Links(parts, areas, names, report, timezone=timezone)
    connections = links.build(file.connections)
    return Plant(
        enterprise=file.enterprise,
        site=file.site,
        timezone=file.timezone,
        currency=file.currency,
        areas=areas,
        connections=connections,
        calendars={name: entry.calendar(name) for name, entry in file.calendars.items()},
        reasons=known,
        edges={name: entry.edge(name) for name, entry in file.edges.items()},
        zones={name: entry.zone(name) for name, entry in file.zones.items()},
        conduits=tuple(entry.conduit() for entry in file.conduits),
        management=file.management.management() if file.management else Management(),
        exports={name: entry.export(name) for name, entry in file.exports.items()},
        sinks=sinks(
            file.sinks,
            [tag.path for area in areas for found in area.walk() for tag in found.tags],
            join(file.enterprise, file.site),
            report,
        ),
        kpis=kpis(file, report),
        goals=goals(file, names, report),
        measures=measures(file, areas, report),
        meters=meters(file, areas, report),
        reports=reports(file, areas, report),
        brand=brand(file, report),
        rules=rules(file, areas, report),
        notify=file.notify,
        history=_section(file.history),
        bus=_section(file.bus),
        readers={name: entry.zone for name, entry in file.bus.readers.items()},
        web=_section(file.web),
        sql=None if file.sql is None else _section(file.sql),
        ledger=_section(file.ledger),
        writes=file.writes.mode,
        tariffs=tariffs(file, areas, ZoneInfo(timezone), report),
        people=_section(file.people),
        access=access(file, areas, names, report),
        erp=_section(file.erp) if file.erp else {},
        pki=_section(file.pki),
    )


def _check(file: PlantFile, areas: tuple[Equipment, ...], names: Names, report: Report) -> None:
    """Report what each section alone could not know to be wrong."""
    _check_site(file, names, report)
    check_zones(file, names, report)
    _check_sql(file, report)
    _check_exports(file, areas, names, report)
    check_writes(areas, report)
    check_notify(file, areas, report)
    tls = file.web.tls
    if tls and bool(tls.certificate) != bool(tls.key):
        report.add(("web", "tls"), "`certificate` and `key` belong together", "name both, or none")
    if bool(file.pki.certificate) != bool(file.pki.key):
        report.add(("pki",), "`certificate` and `key` belong together", "name both files, or none")


def _section(entry: BaseModel) -> dict[str, object]:
    """What the file says in a section; periods are seconds, sizes bytes."""
    return entry.model_dump(by_alias=True, exclude_none=True)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # reads hundreds of files


def _check_site(file: PlantFile, names: Names, report: Report) -> None:
    wrong = fault(join(file.enterprise, file.site))
    if wrong:
        report.add(("site",), wrong)
    if file.timezone not in (zones := _time_zones()):
        report.unknown(
            ("timezone",), f"there is no time zone `{file.timezone}`", file.timezone, zones
        )
    for name, edge in file.edges.items():
        if edge.zone and edge.zone not in names.zones:
            text = f"there is no zone `{edge.zone}`"
            report.unknown(("edges", name, "zone"), text, edge.zone, sorted(names.zones))
    line = file.erp.orders_for if file.erp else None
    if line is not None and line not in names.equipment:
        text = f"there is no equipment `{line}`"
        report.unknown(("erp", "orders_for"), text, line, sorted(names.equipment))


def _check_sql(file: PlantFile, report: Report) -> None:
    if file.sql is not None and file.history.engine == "postgresql":
        text = "`sql` reads history in files, and PostgreSQL keeps this plant's"
        hint = f"take `sql` out and connect your tools to {file.history.url} itself"
        report.add(("sql",), text, hint)


def _check_exports(
    file: PlantFile, areas: Sequence[Equipment], names: Names, report: Report
) -> None:
    paths = [tag.path for area in areas for found in area.walk() for tag in found.tags]
    root = join(file.enterprise, file.site)
    for name, entry in file.exports.items():
        if entry.line and entry.line not in names.equipment:
            text = f"there is no equipment `{entry.line}`"
            report.unknown(("exports", name, "line"), text, entry.line, sorted(names.equipment))
        elif entry.each == "shift" and not _has_shifts(file, areas, entry.line):
            where = ("exports", name, "each")
            hint = "give the line a `calendar` with shifts, or write such as `each: 8 h`"
            report.add(where, f"`{entry.line or 'the first line'}` has no shifts", hint)
        for pattern in entry.tags:
            if paths and not Pattern.parse(pattern).select(paths, root):
                text = f"no tag is selected by `{pattern}`"
                report.unknown(("exports", name, "tags"), text, pattern, paths)


def _has_shifts(file: PlantFile, areas: Sequence[Equipment], path: str) -> bool:
    plant = Plant(file.enterprise, file.site, areas=tuple(areas))
    line = plant.equipment(path) if path else next(plant.lines(), None)
    return line is None or line.calendar in with_shifts(file)
