"""The plant's computed meters: what they are made of is there, is energy, and is no circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isthmus.model.meter import Meter
from isthmus.model.plant import Equipment
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_meter import MeterEntry
from isthmus.runtime.config.report import Report

ROUNDING = 1e-9


def meters(file: PlantFile, areas: Sequence[Equipment], report: Report) -> tuple[Meter, ...]:
    """The meters that the section declares; what they cannot be made of is reported."""
    equipment = {found.path: found for area in areas for found in area.walk()}
    tags = {tag.path: tag for found in equipment.values() for tag in found.tags}
    found = {name: entry.meter(name) for name, entry in file.meters.items()}
    known = [*found, *(path for path, one in equipment.items() if _measures(one))]
    for name, meter in found.items():
        for loc, part in _written(file.meters[name]):
            if part not in found:
                _check(part, ("meters", name, *loc), equipment.get(part), known, report)
        for number, key in enumerate(meter.among):
            place = ("meters", name, "among", number)
            if key not in tags:
                report.unknown(place, f"there is no tag `{key}`", key, sorted(tags))
            elif tags[key].counter is None:
                text = f"`{key}` is no counter, so that it has no growth to share by"
                report.add(place, text, "`counter: true` makes it one")
    _check_circles(found, report)
    _check_shares(found, report)
    return tuple(found.values())


def _written(entry: MeterEntry) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each part with its place in the entry."""
    if entry.of:
        yield ("of",), entry.of
    for key, parts in (("sum", entry.total), ("less", entry.less)):
        for number, part in enumerate(parts):
            yield (key, number), part


def _measures(equipment: Equipment) -> bool:
    return bool(equipment.tag("energy") or equipment.tag("power"))


def _check(
    part: str,
    place: tuple[str | int, ...],
    equipment: Equipment | None,
    known: Sequence[str],
    report: Report,
) -> None:
    if equipment is None:
        report.unknown(place, f"there is no meter or equipment `{part}`", part, known)
    elif not _measures(equipment):
        text = f"`{part}` has neither an `energy` nor a `power` tag"
        report.add(place, text, "name equipment that is measured, or a meter of this section")


def _check_circles(found: Mapping[str, Meter], report: Report) -> None:
    """Each circle is told once, at its first meter."""
    done: set[str] = set()
    for name in found:
        way: list[str] = []
        _walk(name, found, way, done, report)


def _walk(
    name: str, found: Mapping[str, Meter], way: list[str], done: set[str], report: Report
) -> None:
    if name in way:
        circle = [*way[way.index(name) :], name]
        text = f"meter `{name}` counts itself: {' -> '.join(circle)}"
        report.add(("meters", name), text, "take one of them out of the other")
        return
    if name in done or name not in found:
        return
    way.append(name)
    for part in found[name].parts:
        _walk(part, found, way, done, report)
    way.pop()
    done.add(name)


def _check_shares(found: Mapping[str, Meter], report: Report) -> None:
    """What is shared out is not more than there is."""
    total: dict[str, float] = {}
    for name, meter in found.items():
        if meter.share == 1 or meter.key or meter.minus:
            continue
        of = meter.plus[0]
        total[of] = total.get(of, 0.0) + meter.share
        if total[of] > 1 + ROUNDING:
            text = f"the shares of `{of}` add up to {total[of]:g}"
            report.add(("meters", name, "share"), text, "together they are 1 at most")
