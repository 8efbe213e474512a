"""Buckets of time and what they hold, made into windows; counters are read beyond their edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from isthmus.insight.series import Series
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.read import Records, Shelf, Window

PART = 31 * 86_400 * 10**9  # ns of history that are in memory at once
AROUND = 1_800 * 10**9  # ns on both sides that are always read
SPARSE = 900 * 10**9  # ns next to an edge in which a counter should tell something
FAR = 6 * 3_600 * 10**9  # ns that are read where it does not: it may tell itself by the hour
FURTHEST = 7 * 86_400 * 10**9  # ns, where an edge lies in a gap: it may begin or end so far away


def portions(edges: Int64s) -> Iterator[tuple[slice, tuple[Nanoseconds, Nanoseconds]]]:
    """Buckets between `edges` that lie in about a part together, and their times."""
    group = (edges[:-1] - edges[0]) // PART
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    for first, last in pairwise([*firsts.tolist(), len(group)]):
        yield slice(first, last), (Nanoseconds(int(edges[first])), Nanoseconds(int(edges[last])))


def summed(
    edges: Int64s, value: Floats, starts: Int64s, ends: Int64s, asked: Bools | None = None
) -> Floats:
    """The sum of the buckets of each window; NaN where none is known of those that it asks for.

    These are the buckets `asked`, all where that is None; a window without one asks for nothing.
    """
    known = ~np.isnan(value)
    asked = np.ones(len(value), np.bool_) if asked is None else asked
    first, last = np.searchsorted(edges, starts), np.searchsorted(edges, ends)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, value, 0.0))])
    wanted, told = (
        (count := np.concatenate([[0], np.cumsum(which)]))[last] - count[first]
        for which in (asked, asked & known)
    )
    nothing = (told == 0) & ((wanted > 0) | (last == first))
    return np.where(nothing, np.nan, total[last] - total[first])


def reaching(
    records: Records, tags: Iterable[Tag | None], first: Nanoseconds, last: Nanoseconds
) -> Shelf:
    """The series of `tags` from `first` to `last` (ns), a gap at an edge as far as it reaches.

    So two windows that meet inside a gap share what a counter grew in it, whoever asks for which.
    """
    wanted = [tag for tag in tags if tag is not None]
    near = Window("", Nanoseconds(first - AROUND), Nanoseconds(last + AROUND))
    shelf = records.shelf(wanted, near)
    before = max((_wider(shelf.of(tag), first, -1) for tag in wanted), default=AROUND)
    behind = max((_wider(shelf.of(tag), last, 1) for tag in wanted), default=AROUND)
    now = max(int(near.end), records.now())
    wide = Window("", Nanoseconds(first - before), Nanoseconds(min(last + behind, now)))
    return shelf if wide == near else records.shelf(wanted, wide)


def _wider(series: Series, edge: int, way: int) -> int:
    """How far to read beyond an edge (ns) before (-1) or behind it (1)."""
    at = int(np.searchsorted(series.time, edge, side="right")) - 1
    if len(series.time) == 1:  # nothing is told at all
        return AROUND
    if np.isnan(series.value[max(0, at)]):
        return FURTHEST
    first, last = sorted((edge, edge + way * SPARSE))
    told = series.time[1:]  # the first one may be held from earlier
    return AROUND if ((told >= first) & (told <= last)).any() else FAR
