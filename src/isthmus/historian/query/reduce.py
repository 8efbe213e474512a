"""Fewer points of the same shape, for charts: minimum and maximum a bucket, or LTTB.

A gap stays a gap: between two runs of good samples one bad one is kept.
"""

from __future__ import annotations

import numpy as np

from isthmus.model.errors import Refused
from isthmus.model.sample import Batch, Bools, Floats, Int64s, Status

BAD = int(Status.BAD)
FEWEST = 4


def minmax(rows: Batch, points: int) -> Batch:
    """At most `points` of one tag's rows by time: the least and the greatest of each bucket.

    Buckets are equally long in time; both rows keep their order, so no peak and no dip is lost.
    """
    _require(points)
    if len(rows) <= points:
        return rows
    drawn = _drawn(rows)
    breaks = _breaks(drawn)
    breaks = breaks[:: max(1, -(-2 * len(breaks) // points))]
    many = max((points - len(breaks)) // 2, 1)
    start, end = int(rows.time[0]), int(rows.time[-1]) + 1
    bucket = (rows.time - start) // -(-(end - start) // many)
    good = np.flatnonzero(drawn)
    if not len(good):
        return rows.where(breaks[:points])
    own = bucket[good]
    edge = np.flatnonzero(np.append(True, own[1:] != own[:-1]))
    value = rows.value[good]
    low = _first_equal(value, np.minimum.reduceat(value, edge), edge)
    high = _first_equal(value, np.maximum.reduceat(value, edge), edge)
    return rows.where(np.unique(np.concatenate([good[low], good[high], breaks])))


def lttb(rows: Batch, points: int) -> Batch:
    """At most `points` of one tag's rows by time, by the largest triangle three buckets.

    The first and the last row are kept, and of each bucket the row that makes the largest
    triangle with the one kept before it and the mean of the next bucket (S. Steinarsson, 2013).
    """
    _require(points)
    if len(rows) <= points:
        return rows
    drawn = _drawn(rows)
    breaks = _breaks(drawn)
    breaks = breaks[:: max(1, -(-2 * len(breaks) // points))]
    good = np.flatnonzero(drawn)
    if len(good) <= FEWEST:
        return rows.where(np.unique(np.concatenate([good, breaks]))[:points])
    kept = _triangles(
        (rows.time[good] - rows.time[good[0]]) / 1e9, rows.value[good], points - len(breaks)
    )
    return rows.where(np.unique(np.concatenate([good[kept], breaks])))


def _triangles(time: Floats, value: Floats, points: int) -> Int64s:
    """The places of `points` of the values; a loop over buckets, each of them at once."""
    size = len(value)
    if size <= points:
        return np.arange(size)
    if points <= 2:  # noqa: PLR2004 - no bucket is left between the first and the last
        return np.array([0, size - 1])[:points]
    edges = 1 + np.arange(points - 1, dtype=np.int64) * (size - 2) // (points - 2)
    scale = float(np.abs(value).max()) or 1.0  # so that no product of large numbers overflows
    value = value / scale
    counts = np.diff(edges)
    mean_time = np.append(np.add.reduceat(time[: size - 1], edges[:-1]) / counts, time[-1])
    mean_value = np.append(np.add.reduceat(value[: size - 1], edges[:-1]) / counts, value[-1])
    kept = np.empty(points, np.int64)
    kept[0], kept[-1], last = 0, size - 1, 0
    for number, (low, high) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        aside = time[last] - mean_time[number + 1]
        rise = mean_value[number + 1] - value[last]
        twice = aside * (value[low:high] - value[last]) - (time[last] - time[low:high]) * rise
        last = low + int(np.abs(twice).argmax())
        kept[number + 1] = last
    return kept


def _drawn(rows: Batch) -> Bools:
    """Which rows a chart draws: neither bad nor without a finite number."""
    return (rows.quality < BAD) & np.isfinite(rows.value)


def _breaks(drawn: Bools) -> Int64s:
    """The first row of each run of rows that are not drawn."""
    return np.flatnonzero(~drawn & np.append(True, drawn[:-1]))


def _first_equal(value: Floats, wanted: Floats, edge: Int64s) -> Int64s:
    """The place of the first value of each bucket that is the wanted one."""
    counts = np.diff(np.append(edge, len(value)))
    same = value == np.repeat(wanted, counts)
    places = np.where(same, np.arange(len(value)), len(value))
    return np.minimum.reduceat(places, edge)


def _require(points: int) -> None:
    if points < FEWEST:
        raise Refused(f"{points} points draw nothing", hint=f"ask for {FEWEST} or more")


REDUCTIONS = {"minmax": minmax, "lttb": lttb}
