"""One window of one line: read once, computed by every formula, told with what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.plant import Equipment, Plant
from isthmus.model.sample import Batch, Int32s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.derive.formula import FORMULAS, Formula
from isthmus.runtime.figures.meters import meter_place
from isthmus.runtime.figures.read import Records, Window


@dataclass(frozen=True, slots=True)
class Slice:
    """What history said of some tags over one window; formulas see nothing else."""

    rows: Batch
    held: Batch
    window: Window

    def raw(self, tags: Int32s, start: Nanoseconds, end: Nanoseconds) -> Batch:
        """The samples in [start, end) by (tag, time)."""
        rows = self.rows
        return rows.where(np.isin(rows.tag, tags) & (rows.time >= start) & (rows.time < end))

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before the window's start."""
        if time != self.window.start:
            raise ValueError(f"a formula asks for {time}, the window begins at {self.window.start}")
        return self.held.where(np.isin(self.held.tag, tags))


def places(plant: Plant) -> Iterator[Equipment]:
    """What figures are derived of: each line, and the computed meters together."""
    yield from plant.lines()
    meters = meter_place(plant)
    if meters is not None:
        yield meters


def inputs(records: Records, line: Equipment, formula: Formula) -> dict[int, Tag]:
    """The tags that `formula` reads of `line`, by id."""
    found = {}
    for tag in formula.inputs(records.plant, line):
        number = records.namespace.id(tag.path)
        if number is not None:
            found[int(number)] = tag
    return found


def read(records: Records, line: Equipment, window: Window) -> Slice:
    """What all formulas of `line` need of history."""
    tags = sorted({number for each in FORMULAS for number in inputs(records, line, each)})
    ids = np.array(tags, np.int32)
    rows = records.historian.raw(ids, window.start, window.end)
    return Slice(rows, records.historian.before(ids, window.start), window)


def told(seen: Slice, tags: dict[int, Tag]) -> tuple[KpiInput, ...]:
    """What was read of each tag: how many samples, and a digest of every bit of them."""
    found = []
    for number, tag in sorted(tags.items(), key=lambda pair: pair[1].path):
        rows = seen.rows.where(seen.rows.tag == number)
        held = seen.held.where(seen.held.tag == number)
        digest = hashlib.blake2b(digest_size=8)
        for part in (held, rows):
            value = np.where(np.isnan(part.value), np.nan, part.value)  # one NaN is as another
            for column in (part.time, value, part.quality):
                digest.update(np.ascontiguousarray(column).tobytes())
        found.append(KpiInput(tag.path, len(rows), digest.hexdigest()))
    return tuple(found)


def results(
    records: Records, line: Equipment, period: str, window: Window, now: Nanoseconds
) -> Iterator[KpiResult]:
    """Everything that the formulas give for `line` and its units over `window`."""
    seen = read(records, line, window)
    if not len(seen.rows) and not len(seen.held):
        return  # nothing was known then, and nothing is
    own = replace(records, historian=seen)
    for formula in FORMULAS:
        said = told(seen, inputs(records, line, formula))
        for figure in formula.compute(own, line, window):
            yield KpiResult(
                *(figure.path, figure.kpi, period, window.start, window.end),
                *(figure.value, figure.unit, window.name, figure.status),
                *(formula.id, formula.version, said, now),
            )
