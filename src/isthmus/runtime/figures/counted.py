"""Pieces of windows: what counters grew in planned time, and how long that should have taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from isthmus.insight.accounting.partition import Partition
from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.unseen import NEAR, Course
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.runtime.figures.bucket import portions, reaching, summed
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.quantities import within
from isthmus.runtime.figures.read import Records, ideal_rate

Tells = Callable[[tuple[Nanoseconds, Nanoseconds]], Partition]
"""What the unit did in a stretch of time."""


def counted(
    records: Records,
    line: Equipment | None,
    unit: Equipment,
    tells: Tells,
    starts: Int64s,
    ends: Int64s,
    begins: tuple[Int64s, Int64s] | None = None,
) -> dict[str, Floats | None]:
    """Pieces made in planned time, and the time that they should have taken.

    `begins` are stretches in which the unit starts up: scrap in them is told beside all scrap.
    """
    good, scrap = unit.tag("good_count"), unit.tag("scrap_count")
    if good is None:
        return {}
    tags = counters(line) if line else [good, scrap]
    span = Nanoseconds(int(starts.min())), Nanoseconds(int(ends.max()))
    busy = Timetable.of(records.calendar(unit), *span, records.zone).busy
    edges = np.unique(np.concatenate([starts, ends, *busy, *(begins or ())]))
    edges = edges[(edges >= span[0]) & (edges <= span[1])]
    planned = within(edges[:-1], *busy)
    made, scrapped = np.full(len(edges) - 1, np.nan), np.zeros(len(edges) - 1)
    told = False
    for rows, bounds in portions(edges):
        shelf = reaching(records, tags, *bounds)
        own = edges[rows.start : rows.stop + 1]
        pieces = Pieces.of(shelf, line) if line else Pieces.of_unit(shelf, unit)
        pieces = _placed(pieces, tells, *bounds)
        made[rows] = pieces.good.per_bucket(own)
        if pieces.good.known:  # scrap counts as far as is known of what it is a part
            own = np.clip(own, pieces.good.time[0], pieces.good.time[-1])
        for growth in (*pieces.scrap, *pieces.behind):
            told = True
            scrapped[rows] += np.nan_to_num(growth.per_bucket(own))
        for growth in pieces.scrap:
            made[rows] += np.nan_to_num(growth.per_bucket(own))
    made[~planned], scrapped[~planned] = 0.0, 0.0
    scrapped[np.isnan(made)] = np.nan
    produced, lost = (summed(edges, column, starts, ends, planned) for column in (made, scrapped))
    rate = ideal_rate(line) if line else unit.ideal_rate
    share = (line or unit).planned_scrap or unit.planned_scrap
    early = np.where(within(edges[:-1], *begins), scrapped, 0.0) if begins and told else None
    return {
        "PQ": produced,
        "GQ": produced - lost,
        "SQ": lost if told else None,
        "IPT": produced / rate if rate else None,
        "PSQ": produced * share if share else None,
        "SSQ": None if early is None else summed(edges, early, starts, ends, planned),
    }


def _placed(pieces: Pieces, tells: Tells, first: int, last: int) -> Pieces:
    """The pieces that were made while nobody looked, where the unit most likely made them."""
    begins, ends = [first], [last]
    for growth in (pieces.good, *pieces.scrap, *pieces.behind):
        at = np.flatnonzero(np.diff(growth.total) > 0)
        at = at[(growth.time[at] < last) & (growth.time[at + 1] > first)]
        begins += growth.time[at[:1]].tolist()
        ends += growth.time[at[-1:] + 1].tolist()
    bounds = Nanoseconds(min(begins) - NEAR), Nanoseconds(max(ends) + NEAR)
    return pieces.placed(Course.of(tells(bounds)))
