"""A history in memory and a plant of a few units, for figures that can be computed by hand."""

from __future__ import annotations

import numpy as np

from isthmus.model.plant import Calendar, Equipment, Level, Plant, Step
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Counter, Namespace, Tag
from isthmus.runtime.figures.read import Records, Window

S = 10**9
HOUR = 3_600 * S
START = Nanoseconds(1_699_920_000 * S)  # a Tuesday, 00:00 UTC
LINE = "packaging/line1"
COUNTERS = ("good_count", "scrap_count", "energy")


class MemoryHistory:
    """Samples by tag id, as a historian answers for them."""

    def __init__(self, rows):
        self.rows = rows

    def raw(self, tags, start, end, *, limit=None):
        found = [self.rows[tag] for tag in tags.tolist() if tag in self.rows]
        inside = [own.where((own.time >= start) & (own.time < end)) for own in found]
        return Batch.concat(inside).slice(0, limit)

    def before(self, tags, time):
        found = [self.rows[tag] for tag in tags.tolist() if tag in self.rows]
        return Batch.concat([own.where(np.flatnonzero(own.time <= time)[-1:]) for own in found])


def unit(name, *roles, units=None, line=LINE):
    """A work unit with a tag for each of `roles`; `units` are theirs where they are told."""
    place = f"{line}/{name}"
    tags = tuple(
        Tag(
            f"{place}/{role}",
            unit=(units or {}).get(role, ""),
            counter=Counter(resets=True) if role in COUNTERS else None,
        )
        for role in roles
    )
    return Equipment(place, Level.WORK_UNIT, tags=tags)


def line_of(*units, ideal_rate=1.0, **settings):
    """A line of `units` in the order of the material."""
    flow = tuple(Step(each.path) for each in units)
    return Equipment(
        LINE, Level.WORK_CENTER, children=units, flow=flow, ideal_rate=ideal_rate, **settings
    )


def records(line, rows, *, end, calendar=None, timezone="UTC", others=(), **more):
    """The records of a plant with one line; `rows` are (seconds, values) by `unit/tag`.

    `others` are further work centers, whose tags are told by their paths.
    """
    area = Equipment("packaging", Level.AREA, children=(line, *others))
    calendars: dict[str, Calendar] = {calendar.name: calendar} if calendar else {}
    plant = Plant("acme", "riverside", timezone=timezone, areas=(area,), calendars=calendars)
    namespace = Namespace()
    for tag in plant.tags():
        namespace.bind(tag)
    held = {}
    for name, (seconds, values, *quality) in rows.items():
        number = namespace.id(name if name.count("/") > 1 else f"{LINE}/{name}")
        times = START + np.asarray(seconds, np.int64) * S
        ids = np.full(len(times), number, np.int32)
        held[number] = Batch.of(ids, times, np.asarray(values, float), *quality)
    return Records(plant, namespace, MemoryHistory(held), lambda: Nanoseconds(START + end), **more)


def span(hours, start=0):
    """The window of so many hours, from `start` hours on."""
    first = Nanoseconds(START + int(start * HOUR))
    return Window("day", first, Nanoseconds(first + int(hours * HOUR)))
