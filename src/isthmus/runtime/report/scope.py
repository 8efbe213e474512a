"""Of what a report is: a line, an area, or the whole site; and what that is made of."""

from __future__ import annotations

from isthmus.model.errors import ConfigError, Refused
from isthmus.model.path import nearest
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.runtime.figures.read import bottleneck, units

SCOPES = (Level.AREA, Level.WORK_CENTER)


def scope_of(plant: Plant, path: str) -> Equipment:
    """The line or the area at `path`, the whole site where that is empty.

    ConfigError where there is no such equipment, Refused where nothing of it tells a state.
    """
    place = site_of(plant) if not path else plant.equipment(path)
    if place is None or place.level not in SCOPES:
        known = [each.path for each in plant.walk() if each.level in SCOPES]
        near = nearest(path, known)
        hint = f"did you mean `{near}`?" if near else "name a line or an area, or nothing"
        raise ConfigError(f"there is no line or area `{path}`", hint=hint)
    if not lines_of(place):
        raise Refused(
            f"{place.path or plant.site} has no unit with a state",
            hint="bind a tag with `role: state`",
        )
    return place


def site_of(plant: Plant) -> Equipment:
    """The site as one piece of equipment: the sum of its areas."""
    return Equipment("", Level.AREA, title=plant.site, children=plant.areas)


def lines_of(place: Equipment) -> list[Equipment]:
    """The lines at or below `place` whose bottleneck tells a state."""
    centers = [each for each in place.walk() if each.level is Level.WORK_CENTER]
    return [line for line in centers if (unit := bottleneck(line)) and unit.tag("state")]


def parts_of(place: Equipment) -> list[Equipment]:
    """What `place` is made of: areas of a site, lines of an area, units of a line."""
    if place.level is Level.WORK_CENTER:
        return [unit for unit in units(place) if unit.tag("state")]
    found = [part for part in place.children if lines_of(part)]
    alone = len(found) == 1 and found[0].level is Level.AREA
    return parts_of(found[0]) if alone else found


def called(place: Equipment) -> str:
    """What people call it."""
    return place.title or place.path
