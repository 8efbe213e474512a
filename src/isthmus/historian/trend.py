"""Samples into as many rows as a chart has pixels."""

from __future__ import annotations

import numpy as np

from isthmus.historian.settings import Trend
from isthmus.model.sample import Batch, Status

NAN = float("nan")
UNCERTAIN, BAD = int(Status.UNCERTAIN), int(Status.BAD)  # an enumeration is slow to ask


def trend(rows: Batch, start: int, end: int, points: int) -> Trend:
    """The trend of one tag's rows, by time, over [start, end) in at most `points` buckets.

    Raw where there are not more rows than buckets. Samples of bad quality (severity 10) and NaN
    are not drawn: they make a gap. Uncertain ones are drawn but do not count as good.
    """
    size = len(rows)
    good = (rows.quality < UNCERTAIN).astype(np.float64)
    drawn = (rows.quality < BAD) & ~np.isnan(rows.value)
    some = np.nonzero(drawn)[0]
    last = float(rows.value[some[-1]]) if len(some) else None
    share = float(good.mean()) if size else 0.0
    if size <= points:
        value = np.where(drawn, rows.value, NAN)
        return Trend(True, rows.time, *(value,) * 5, good, size, share, last)
    bucket = (rows.time - start) // -(-(end - start) // points)
    edge = np.append(0, np.nonzero(bucket[1:] != bucket[:-1])[0] + 1)
    count = np.add.reduceat(drawn, edge, dtype=np.int64)
    empty = count == 0
    value = rows.value
    if len(some) == size:
        low, high = np.minimum.reduceat(value, edge), np.maximum.reduceat(value, edge)
    else:
        low = np.minimum.reduceat(np.where(drawn, value, np.inf), edge)
        high = np.maximum.reduceat(np.where(drawn, value, -np.inf), edge)
        low[empty] = high[empty] = NAN
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        mean = np.add.reduceat(np.where(drawn, value, 0.0), edge) / count
    opening = np.minimum.reduceat(np.where(drawn, np.arange(size), size), edge)
    first = np.where(empty, NAN, value[np.minimum(opening, size - 1)])
    closing = np.append(edge[1:], size) - 1
    final = np.where(drawn[closing], value[closing], NAN)
    rows_in = np.diff(np.append(edge, size))
    return Trend(
        False,
        rows.time[edge],
        low,
        high,
        mean,
        first,
        final,
        np.add.reduceat(good, edge) / rows_in,
        size,
        share,
        last,
    )
