"""Samples into as many rows as a chart has pixels."""

from __future__ import annotations

import numpy as np

from isthmus.historian.settings import HOUR, MINUTE, Trend
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, Status, TagId

NAN = float("nan")
Columns = tuple[Int64s, Floats, Floats, Floats, Floats, Floats, Floats]  # of `Trend`, to `good`
UNCERTAIN, BAD = int(Status.UNCERTAIN), int(Status.BAD)  # an enumeration is slow to ask


def buckets(start: int, end: int, points: int) -> tuple[int, int]:
    """Where the first of at most `points` buckets over [start, end) begins, and how long each is.

    A minute and longer they are whole minutes, an hour and longer whole hours, and begin with one
    of UTC: so what is known of whole minutes and hours adds up to them exactly. The first then
    begins before `start`, of which nothing is taken.
    """
    width = -(-(end - start) // points)
    if width < MINUTE:
        return start, width
    for unit in (MINUTE, HOUR):
        origin, whole = start // unit * unit, -(-width // unit) * unit
        if -(-(end - origin) // whole) > points:
            whole += unit
        if whole < HOUR:
            break
    return origin, whole


def trend(rows: Batch, start: int, end: int, points: int) -> Trend:
    """The trend of one tag's rows, by time, over [start, end) in at most `points` buckets.

    Raw where there are not more rows than buckets. Samples of bad quality (severity 10) and NaN
    are not drawn: they make a gap. Uncertain ones are drawn but do not count as good.
    """
    tag = rows.tag[:1] if len(rows) else np.zeros(1, np.int32)
    return trends(rows, tag, start, end, points)[TagId(int(tag[0]))]


def trends(rows: Batch, tags: Int32s, start: int, end: int, points: int) -> dict[TagId, Trend]:
    """The trends of `tags` of rows by (tag, time), as `trend` has them of each."""
    size = len(rows)
    low = np.searchsorted(rows.tag, tags, "left")
    high = np.searchsorted(rows.tag, tags, "right")
    good = (rows.quality < UNCERTAIN).astype(np.float64)
    drawn = (rows.quality < BAD) & ~np.isnan(rows.value)
    value = rows.value if drawn.all() else np.where(drawn, rows.value, NAN)
    shares = np.diff(np.append(0.0, np.cumsum(good))[np.stack([low, high])], axis=0)[0]
    newest = np.append(np.maximum.accumulate(np.where(drawn, np.arange(size), -1)), -1)[high - 1]
    edge, columns = _bucketed(rows, drawn, good, buckets(start, end, points), high - low > points)
    place = np.searchsorted(edge, np.stack([low, high]))
    found = {}
    for tag, first, stop, share, last, begin, after in zip(
        *(column.tolist() for column in (tags, low, high, shares, newest, *place)), strict=True
    ):
        count, cut = stop - first, slice(first, stop)
        good_share = share / count if count else 0.0
        top = float(value[last]) if count and last >= first else None
        if count <= points:
            own = (value[cut],) * 5
            made = Trend(True, rows.time[cut], *own, good[cut], count, good_share, top)
        else:
            made = Trend(False, *sliced(columns, begin, after), count, good_share, top)
        found[TagId(tag)] = made
    return found


def _bucketed(
    rows: Batch, drawn: Bools, good: Floats, of: tuple[int, int], long: Bools
) -> tuple[Int64s, Columns]:
    """Where each tag's buckets (origin, width) begin, and their columns; none if none is `long`."""
    size = len(rows)
    if not long.any():
        none, times = np.zeros(0), np.zeros(0, np.int64)
        return times, (times, none, none, none, none, none, none)
    bucket = (rows.time - of[0]) // of[1]
    turned = (bucket[1:] != bucket[:-1]) | (rows.tag[1:] != rows.tag[:-1])
    edge = np.append(0, np.nonzero(turned)[0] + 1)
    count = np.add.reduceat(drawn, edge, dtype=np.int64)
    empty = count == 0
    value = rows.value
    if drawn.all():
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
    share = np.add.reduceat(good, edge) / np.diff(np.append(edge, size))
    return edge, (rows.time[edge], low, high, mean, first, final, share)


def sliced(columns: Columns, begin: int, after: int) -> Columns:
    """Some rows of the columns."""
    time, low, high, mean, first, final, share = columns
    cut = slice(begin, after)
    return time[cut], low[cut], high[cut], mean[cut], first[cut], final[cut], share[cut]
