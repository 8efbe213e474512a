"""Quantities beside good pieces and scrap that a plant may count: rework, inspection, material.

Each is what a counter of its role grew; of a line, its own counter, else the sum over its units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isthmus.insight.accounting.timetable import Timetable
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.bucket import portions, reaching, summed
from isthmus.runtime.figures.read import Records, units

PLANNED: Mapping[str, str] = {  # what is counted in planned time, as pieces are
    "rework_count": "RQ",
    "first_pass_count": "GP",
    "inspected_count": "IP",
    "planned_scrap_count": "PSQ",
}
ALWAYS: Mapping[str, str] = {
    "consumed_count": "CM",
    "integrated_good_count": "IGQ",
    "production_loss_count": "PL",
    "storage_loss_count": "STL",
    "other_loss_count": "OL",
    "issued_count": "TH",
    "work_time": "APWT",
    "attendance_time": "APAT",
}
INVENTORY = "inventory"
COUNTS = ("good_count", "scrap_count")


def quantities(
    records: Records, place: Equipment, starts: Int64s, ends: Int64s
) -> dict[str, Floats]:
    """The elements that `place` counts beside pieces, a value a window."""
    span = Nanoseconds(int(starts.min())), Nanoseconds(int(ends.max()))
    busy = Timetable.of(records.calendar(place), *span, records.zone).busy
    edges = np.unique(np.concatenate([starts, ends, *busy]))
    edges = edges[(edges >= span[0]) & (edges <= span[1])]
    planned = within(edges[:-1], *busy)
    found = {}
    for role, name in {**PLANNED, **ALWAYS}.items():
        if tags := counting(place, role):
            grown = _grown(records, tags, edges)
            always = name not in PLANNED.values()
            grown = grown if always else np.where(planned, grown, 0.0)
            found[name] = summed(edges, grown, starts, ends, None if always else planned)
    if first := _first(place):
        tags = [tag for role in COUNTS if (tag := first.tag(role))]
        grown = np.where(planned, _grown(records, tags, edges), 0.0)
        found["PQF"] = summed(edges, grown, starts, ends, planned)
    if tags := counting(place, INVENTORY):
        found["AINV"] = summed(edges, _held(records, tags, edges), starts, ends)
    return found


def also_told(place: Equipment) -> list[Tag]:
    """All tags that these elements of `place` come from."""
    if place.level is Level.AREA:
        return [tag for line in place.children for tag in also_told(line)]
    roles = (*PLANNED, *ALWAYS, INVENTORY)
    found = [tag for role in roles for tag in counting(place, role)]
    first = _first(place)
    return found + ([tag for role in COUNTS if (tag := first.tag(role))] if first else [])


def counting(place: Equipment, role: str) -> list[Tag]:
    """The tags of `role` that tell of `place`: its own, else those of what it contains."""
    own = place.tag(role)
    if own is not None:
        return [own]
    if place.level is not Level.WORK_CENTER:
        return []
    return [tag for each in place.children if (tag := each.tag(role)) is not None]


def within(times: Int64s, starts: Int64s, ends: Int64s) -> Bools:
    """Which of `times` lie in one of the stretches, which are in order and disjoint."""
    if not len(starts):
        return np.zeros(len(times), np.bool_)
    at = np.searchsorted(starts, times, side="right") - 1
    return np.asarray((at >= 0) & (times < ends[np.maximum(at, 0)]))


def _first(place: Equipment) -> Equipment | None:
    """The unit at which material enters a line, where it counts pieces."""
    found = units(place) if place.level is Level.WORK_CENTER and place.flow else []
    return found[0] if found and found[0].tag("good_count") else None


def _grown(records: Records, tags: Sequence[Tag], edges: Int64s) -> Floats:
    """How much the counters grew together in each bucket, NaN where one of them is not known."""
    grown = np.zeros(len(edges) - 1)
    for rows, bounds in portions(edges):
        shelf = reaching(records, tags, *bounds)
        own = edges[rows.start : rows.stop + 1]
        grown[rows] = np.sum([shelf.growth(tag).per_bucket(own) for tag in tags], axis=0)
    return grown


def _held(records: Records, tags: Sequence[Tag], edges: Int64s) -> Floats:
    """What lay in store in each bucket, times its seconds."""
    held = np.zeros(len(edges) - 1)
    for rows, bounds in portions(edges):
        shelf = reaching(records, tags, *bounds)
        own = edges[rows.start : rows.stop + 1]
        mean = np.sum([shelf.of(tag).bucket_means(own) for tag in tags], axis=0)
        held[rows] = mean * np.diff(own) / 1e9
    return held
