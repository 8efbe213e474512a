"""All key figures of a closed shift or day, the plant's own and their elements too, as results."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.insight.elements import ELEMENTS, Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Figures, Reason, figures
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.plant import Equipment
from isthmus.model.sample import Batch, Int32s, Nanoseconds, Status
from isthmus.model.tag import Tag
from isthmus.runtime.derive.compute import Slice, told
from isthmus.runtime.derive.formula import FORMULAS
from isthmus.runtime.derive.window import DAY
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.key_figures import read_for, version
from isthmus.runtime.figures.read import Records, Window, units

ID = "key.figures"
PERIODS = ("shift", "day")
_EARLIER = {name for formula in FORMULAS for name in formula.says}


@dataclass(frozen=True, slots=True)
class Known:
    """What a window itself tells, and what held when it began: nothing before, nothing behind.

    So a result depends on nothing but what its inputs say.
    """

    rows: Batch  # by tag and time, what held at the begin at its own time

    @classmethod
    def of(cls, seen: Slice) -> Known:
        """The same as `seen`, whoever asks for which time."""
        every = Batch.concat([seen.held, seen.rows])
        return cls(every.where(np.lexsort((every.time, every.tag))))

    def raw(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Batch:
        """The samples in [start, end) by (tag, time)."""
        rows = self.rows
        return rows.where(np.isin(rows.tag, tags) & (rows.time >= start) & (rows.time < end))

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`."""
        rows = self.rows.where(np.isin(self.rows.tag, tags) & (self.rows.time <= time))
        return rows.where(np.append(np.diff(rows.tag) != 0, True)[: len(rows)])


def digest(catalogue: Catalogue) -> int:
    """A number that is another one where any formula of the plant is."""
    every = "".join(version(catalogue, kpi) for kpi in catalogue.kpis)
    return zlib.crc32(every.encode()) >> 1


def days(records: Records, start: int, end: int, until: int) -> Iterator[Window]:
    """The local days that touch [start, end) and ended by `until`."""
    day = local_day(Nanoseconds(start), records.zone)
    while (first := instant(day, 0, records.zone)) < end:
        after = local_day(Nanoseconds(first + DAY + DAY // 2), records.zone)
        last = instant(after, 0, records.zone)
        if last > start and last <= until:
            yield Window("", first, last)
        day = after


def key_results(
    records: Records, line: Equipment, period: str, window: Window, now: Nanoseconds
) -> Iterator[KpiResult]:
    """Every element and figure of `line` and its units over a shift or a day that has a value."""
    catalogue = Catalogue.of(records.plant.kpis.values())
    for place in (line, *units(line)):
        seen, said = read_of(records, place, window)
        if not len(seen.rows) and not len(seen.held):
            continue
        own = replace(records, historian=Known.of(seen))
        found = elements(own, place, [Window(window.name, window.start, window.end)])
        if found is None:
            continue
        for name, value, unit, number in _values(catalogue, found):
            if period == "shift" and name in (_EARLIER if place is line else _UNITS):
                continue  # the formula of lines gives it
            yield KpiResult(
                *(place.path, name, period, window.start, window.end),
                *(value, unit, window.name, _status(value, found)),
                *(ID, number, said, now),
            )


_UNITS = {"availability", "energy"}


def read_of(
    records: Records, place: Equipment, window: Window
) -> tuple[Slice, tuple[KpiInput, ...]]:
    """What history says today of the tags that the elements of `place` come from."""
    tags = _tags(records, place)
    ids = np.array(sorted(tags), np.int32)
    rows = records.historian.raw(ids, window.start, window.end)
    seen = Slice(rows, records.historian.before(ids, window.start), window)
    return seen, told(seen, tags)


def _tags(records: Records, place: Equipment) -> dict[int, Tag]:
    found = {}
    for tag in read_for(records.plant, place):
        number = records.namespace.id(tag.path)
        if number is not None:
            found[int(number)] = tag
    return found


def _values(catalogue: Catalogue, found: Elements) -> Iterator[tuple[str, float | None, str, int]]:
    """The name, value, unit and version of each element and figure that something here tells."""
    for name, column in found.columns.items():
        value = float(column[0]) if np.isfinite(column[0]) else None
        yield name, value, ELEMENTS[name].unit, 1
    computed: dict[str, Figures] = figures(catalogue, found)
    for name, figure in computed.items():
        if figure.reason[0] != Reason.ABSENT:
            number = int(version(catalogue, name), 16) >> 1
            yield name, figure.at(0), catalogue.kpis[name].unit, number


def _status(value: float | None, found: Elements) -> int:
    """Good, uncertain where part of the planned time is unknown, bad without a value."""
    if value is None:
        return int(Status.BAD)
    unknown = float(found.columns["UNKNOWN"][0]) > 0
    return int(Status.UNCERTAIN if unknown else Status.GOOD)


def watched(records: Records, line: Equipment) -> Sequence[int]:
    """The ids of all tags whose late samples may change a figure of `line`."""
    return sorted({number for place in (line, *units(line)) for number in _tags(records, place)})
