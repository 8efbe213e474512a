"""What samples add up to, in columns that add up again.

A sample is drawn unless it is bad or not a number, as on charts. A value holds from its sample to
the next; `integral` (value times seconds) and `held` (seconds) count that between the first and the
last sample of a row, so that rows that follow each other add up exactly: between two of them the
`final` value of the first holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from isthmus.historian.trend import BAD, UNCERTAIN
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s

NAN = float("nan")
SECONDS = 1e-9  # in a ns


@dataclass(frozen=True, slots=True, eq=False)
class Rollup:
    """Columns of equal length by (tag, time): one row for each tag and span that has samples.

    `time` is when the span begins; `opened` and `closed` are the times of its first and last
    sample (ns UTC). `first` and `last` are the first and last values drawn, `final` the last
    sample's, NaN where that one is not drawn.
    """

    tag: Int32s
    time: Int64s
    samples: Int64s
    drawn: Int64s
    good: Int64s
    opened: Int64s
    closed: Int64s
    min: Floats
    max: Floats
    sum: Floats
    first: Floats
    last: Floats
    final: Floats
    integral: Floats
    held: Floats

    @classmethod
    def empty(cls) -> Rollup:
        """No rows."""
        return of_samples(Batch.empty())

    @classmethod
    def concat(cls, parts: Sequence[Rollup]) -> Rollup:
        """All rows of `parts`, in their order."""
        if len(parts) == 1:
            return parts[0]
        return (
            cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))
            if parts
            else cls.empty()
        )

    def __len__(self) -> int:
        return len(self.tag)

    def where(self, keep: Bools | Int64s) -> Rollup:
        """The rows that the mask marks, or those at the given places in the given order."""
        return Rollup(*(getattr(self, name)[keep] for name in NAMES))

    def slice(self, start: int, stop: int) -> Rollup:
        """The rows from `start` up to `stop`, as views."""
        return Rollup(*(getattr(self, name)[start:stop] for name in NAMES))


NAMES = tuple(field.name for field in fields(Rollup))


def of_samples(rows: Batch) -> Rollup:
    """Each sample as a row of its own."""
    drawn = (rows.quality < BAD) & ~np.isnan(rows.value)
    value = np.where(drawn, rows.value, NAN)
    nothing = np.zeros(len(rows))
    return Rollup(
        rows.tag,
        rows.time,
        np.ones(len(rows), np.int64),
        drawn.astype(np.int64),
        (rows.quality < UNCERTAIN).astype(np.int64),
        *(rows.time, rows.time),
        *(value, value, np.where(drawn, rows.value, 0.0)),
        *(value, value, value),
        *(nothing, nothing),
    )


def in_spans(rows: Rollup, width: int, origin: int = 0) -> Rollup:
    """Rows in order of tag and time, each span of `width` ns from `origin` on as one row."""
    if not len(rows):
        return rows
    span = (rows.opened - origin) // width
    turned = (rows.tag[1:] != rows.tag[:-1]) | (span[1:] != span[:-1])
    return combined(rows, np.append(0, np.flatnonzero(turned) + 1), origin + span * width)


def combined(rows: Rollup, edge: Int64s, time: Int64s) -> Rollup:
    """The rows from each edge up to the next as one row, which begins at the `time` of its first.

    They must be of one tag and follow each other.
    """
    size = len(rows)
    stop = np.append(edge[1:], size) - 1
    number, some = np.arange(size), rows.drawn > 0
    opening = np.minimum.reduceat(np.where(some, number, size), edge)
    closing = np.maximum.reduceat(np.where(some, number, -1), edge)
    gap = np.append((rows.opened[1:] - rows.closed[:-1]) * SECONDS, 0.0)
    gap[stop] = 0.0
    gap[np.isnan(rows.final)] = 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        over = np.where(gap == 0.0, 0.0, rows.final * gap)
        return Rollup(
            rows.tag[edge],
            time[edge],
            np.add.reduceat(rows.samples, edge),
            np.add.reduceat(rows.drawn, edge),
            np.add.reduceat(rows.good, edge),
            rows.opened[edge],
            rows.closed[stop],
            np.fmin.reduceat(rows.min, edge),
            np.fmax.reduceat(rows.max, edge),
            np.add.reduceat(rows.sum, edge),
            np.where(opening < size, rows.first[np.minimum(opening, size - 1)], NAN),
            np.where(closing >= 0, rows.last[closing], NAN),
            rows.final[stop],
            np.add.reduceat(rows.integral + over, edge),
            np.add.reduceat(rows.held + gap, edge),
        )


def newest(parts: Sequence[Rollup]) -> Rollup:
    """The rows of `parts` by (tag, time), of equal keys that of the last part."""
    held = [part for part in parts if len(part)]
    rows = Rollup.concat(held)
    if len(held) < 2:  # noqa: PLR2004 - one is in order
        return rows
    order = np.lexsort((rows.time, rows.tag))  # stable: later parts stay later
    rows = rows.where(order)
    again = (rows.tag[1:] == rows.tag[:-1]) & (rows.time[1:] == rows.time[:-1])
    return rows.where(np.append(~again, True)) if again.any() else rows
