"""Trends from the coarsest rows that add up to them exactly, and samples where there are none.

A bucket of whole hours is added up from roll-ups of hours, one of whole minutes from those of
minutes (which only tags with many samples have); the ends of the range, hours whose roll-ups do
not know everything yet, and shorter buckets come from samples. So a trend is what samples alone
would give, but for rounding in means. Only where samples are gone by `keep` is it coarser than
asked: then the finest row that is left counts at the time of its first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isthmus.historian.columns import arranged
from isthmus.historian.rollup.known import Hours, Known, Rollups, near
from isthmus.historian.rollup.rows import Rollup, in_spans, newest, of_samples
from isthmus.historian.rollup.table import CHARTED, COUNTED
from isthmus.historian.settings import HOUR, MINUTE, Trend
from isthmus.historian.trend import buckets, sliced, trends
from isthmus.model.sample import Batch, Bools, Int32s, Int64s, TagId

DENSE = 600  # samples of a tag in an hour from which on its minutes are kept as well
FEW = 500_000  # rows of roll-ups that are always read: a tenth of a second
DEARER = 7  # a row of a roll-up to read, counted in samples: four times the columns; measured


class Source(Protocol):
    """The samples of a view."""

    def raw_in(self, tags: Int32s, start: int, end: int, hours: Hours) -> Batch:
        """The samples of `tags` in [start, end) of the marked hours, by (tag, time)."""
        ...

    def near(self, tags: Int32s, start: int, end: int) -> int:
        """At most how many rows the samples of `tags` in [start, end) must be looked for in."""
        ...

    def hot_hours(self, tags: Int32s, start: int, end: int, hours: Hours) -> Bools:
        """Which of the hours hold samples of `tags` that no file holds yet."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: tags (ascending), range, buckets, and the hours that it touches."""

    source: Source
    rollups: Rollups
    tags: Int32s
    start: int
    end: int
    origin: int
    width: int
    hours: Hours
    known: Known

    def raw(self, tags: Int32s, marked: Bools) -> Batch:
        """The samples of `tags` in the marked hours."""
        if not len(tags) or not marked.any():
            return Batch.empty()
        return self.source.raw_in(tags, self.start, self.end, Hours(self.hours.base, marked))

    def worthwhile(self) -> bool:
        """Whether reading roll-ups costs less: a month of them may be more than an hour of samples.

        Where tags are many and the time is short, that is.
        """
        of, asked = self.rollups, (self.tags, self.start, self.end)
        rows = near(of.hour_files, *asked, of.hours.group)
        if self.width < HOUR:
            rows += near(of.minute_files, *asked, of.minutes.group)
        return rows < FEW or rows * DEARER < self.source.near(*asked)

    def place(self, time: Int64s) -> Int64s:
        """The number of each time's hour among the hours."""
        return time // HOUR - self.hours.base

    def rows(self, usable: Bools, columns: Sequence[str] = CHARTED) -> Rollup:
        """The roll-ups of usable hours; those columns that are not read are zero."""
        span, files = Hours(self.hours.base, usable).span(), self.rollups.hour_files
        rows = newest(self.rollups.hours.read(files, self.tags, *span, columns))
        return rows.where(usable[self.place(rows.time)])

    def finer(self, rows: Rollup) -> tuple[Rollup, Rollup]:
        """The minutes of those hours that have them, and the other hours."""
        dense = rows.where(rows.samples >= DENSE)
        if not len(dense):
            return dense, rows
        start, end = int(dense.time.min()), int(dense.time.max()) + HOUR
        files, tags = self.rollups.minute_files, np.unique(dense.tag)
        minutes = newest(self.rollups.minutes.read(files, tags, start, end))
        minutes = minutes.where(_among(minutes, dense))
        return minutes, rows.where(~_among(rows, minutes))


def stitched(
    source: Source,
    rollups: Rollups,
    known: Known,
    tags: Int32s,
    start: int,
    end: int,
    points: int,
) -> dict[TagId, Trend] | None:
    """The trends of `tags` with the help of roll-ups; None where these are of no use."""
    origin, width = buckets(start, end, points)
    hours = Hours.within(start, end)
    here = known.over(hours.base, len(hours.marked))
    if not (here.hours.any() and (width >= MINUTE or here.gone.any())):
        return None
    asked = Asked(source, rollups, tags, start, end, origin, width, hours, here)
    if not here.gone.any() and not asked.worthwhile():
        return None
    usable = hours.marked & here.whole & (here.hours > 0)
    usable &= ~source.hot_hours(tags, start, end, hours)
    used, others = asked.rows(usable, CHARTED if width >= HOUR else COUNTED), Rollup.empty()
    if width < MINUTE:
        used, others = others, used
    elif width < HOUR:
        used, others = asked.finer(used)
    samples = _samples(asked, usable, used, others)
    gone = others.where(~_among(others, samples))
    if len(gone):
        every = asked.rows(usable)
        gone = every.where(_among(every, gone))
    step = width if width < MINUTE else MINUTE if width < HOUR else HOUR  # none reaches over a row
    parts = [used, *asked.finer(gone), in_spans(of_samples(samples), step, origin)]
    return _drawn(asked, Rollup.concat(parts), points)


def _samples(asked: Asked, usable: Bools, used: Rollup, others: Rollup) -> Batch:
    """The samples of what is not usable, and of `others`; none of what is in `used`."""
    few = np.unique(others.tag)
    marked = ~usable
    marked[np.unique(asked.place(others.time))] = True
    many = np.setdiff1d(asked.tags, few, assume_unique=True)
    found = [asked.raw(many, ~usable), asked.raw(few, marked)]
    rows = arranged(Batch.concat([part for part in found if len(part)]))
    return rows.where(~_among(rows, used)) if len(used) else rows


def _drawn(asked: Asked, rows: Rollup, points: int) -> dict[TagId, Trend]:
    """Trends in buckets; samples where a tag has no more than buckets."""
    rows = rows.where(np.lexsort((rows.opened, rows.tag)))
    made = in_spans(rows, asked.width, asked.origin)
    low = np.searchsorted(rows.tag, asked.tags, "left")
    high = np.searchsorted(rows.tag, asked.tags, "right")
    total = np.diff(np.append(0, np.cumsum(rows.samples))[np.stack([low, high])], axis=0)[0]
    few = asked.tags[total <= points]
    found = _raw(asked, rows.where(np.isin(rows.tag, few)), few, total[total <= points], points)
    left = np.array([tag not in found for tag in asked.tags.tolist()], np.bool_)
    return {**found, **_bucketed(made, asked.tags[left])}


def _raw(
    asked: Asked, rows: Rollup, tags: Int32s, total: Int64s, points: int
) -> dict[TagId, Trend]:
    """The samples of tags that have few, where none of them is gone."""
    marked = np.zeros(len(asked.hours.marked), np.bool_)
    for moment in (rows.opened, rows.closed):
        marked[np.unique(asked.place(moment))] = True
    crossing = np.flatnonzero(asked.place(rows.closed) - asked.place(rows.opened) > 1)
    for first, last in zip(
        asked.place(rows.opened[crossing]), asked.place(rows.closed[crossing]), strict=True
    ):
        marked[first : last + 1] = True
    samples = asked.raw(tags, marked)
    count = np.searchsorted(samples.tag, tags, "right") - np.searchsorted(samples.tag, tags, "left")
    return trends(samples, tags[count == total], asked.start, asked.end, points)


def _bucketed(rows: Rollup, tags: Int32s) -> dict[TagId, Trend]:
    """The trends of buckets by (tag, time)."""
    low = np.searchsorted(rows.tag, tags, "left")
    high = np.searchsorted(rows.tag, tags, "right")
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, share = rows.sum / rows.drawn, rows.good / rows.samples
    columns = (rows.opened, rows.min, rows.max, mean, rows.first, rows.final, share)
    drawn = np.where(rows.drawn > 0, np.arange(len(rows)), -1)
    newest = np.append(np.maximum.accumulate(drawn), -1)[high - 1]
    some, good = (
        np.diff(np.append(0, np.cumsum(count))[np.stack([low, high])], axis=0)[0]
        for count in (rows.samples, rows.good)
    )
    found = {}
    for tag, begin, after, last, samples, fine in zip(
        *(column.tolist() for column in (tags, low, high, newest, some, good)), strict=True
    ):
        top = float(rows.last[last]) if last >= begin else None
        cut = sliced(columns, begin, after)
        found[TagId(tag)] = Trend(False, *cut, samples, fine / samples if samples else 0.0, top)
    return found


def _among(rows: Batch | Rollup, others: Batch | Rollup) -> Bools:
    """Whether there are others of the same tag and hour as each row."""
    mine, its = ((of.tag.astype(np.int64) << 32) + of.time // HOUR for of in (rows, others))
    return np.isin(mine, its)
