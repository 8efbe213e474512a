"""The samples that a question needs: those inside, the one before, and the first ones after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from isthmus.historian.port import Samples
from isthmus.historian.query.rules import Rules
from isthmus.historian.settings import DAY, MINUTE
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, Nanoseconds, Status, Uint32s

States = npt.NDArray[np.int8]

UNCERTAIN, SEVERITY = int(Status.UNCERTAIN), 30
GOOD_ROW, UNCERTAIN_ROW, BAD_ROW = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Samples of K tags around M adjoining intervals, by (tag, time).

    `place` is a sample's tag as 0 to K-1. `state` is 0 good, 1 uncertain, 2 bad; a value that is
    no finite number is NaN, and bad. `first`, of shape (K, M + 1), is the place of the first row
    at or after each edge of each tag. What a tag said holds until `known_to` (exclusive), its
    history begins at `known_from`.
    """

    edges: Int64s
    place: Int64s
    time: Int64s
    value: Floats
    state: States
    quality: Uint32s
    first: Int64s
    known_from: Int64s
    known_to: Int64s

    @property
    def count(self) -> int:
        """How many tags there are."""
        return len(self.first)

    @property
    def intervals(self) -> int:
        """How many intervals there are."""
        return len(self.edges) - 1

    @property
    def inside(self) -> Int64s:
        """The places of the rows that are in an interval."""
        spans = zip(self.first[:, 0].tolist(), self.first[:, -1].tolist(), strict=True)
        parts = [np.arange(low, high) for low, high in spans]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    @property
    def group(self) -> Int64s:
        """The interval of each row inside, counted through all tags."""
        size = self.count * self.intervals
        return np.repeat(np.arange(size), np.diff(self.first, axis=1).ravel())

    def where(self, keep: Bools) -> Rows:
        """The rows that the mask marks."""
        kept = np.concatenate([[0], np.cumsum(keep)])
        return replace(
            self,
            place=self.place[keep],
            time=self.time[keep],
            value=self.value[keep],
            state=self.state[keep],
            quality=self.quality[keep],
            first=kept[self.first],
        )


def state_of(value: Floats, quality: Uint32s, rules: Rules) -> States:
    """Good, uncertain or bad (0, 1, 2), as `rules` take it."""
    finite = np.isfinite(value)
    if not len(quality) or quality.max() < UNCERTAIN:
        return np.where(finite, GOOD_ROW, BAD_ROW).astype(np.int8)
    worst = BAD_ROW if rules.treat_uncertain_as_bad else UNCERTAIN_ROW
    of_severity = np.array([GOOD_ROW, worst, BAD_ROW, BAD_ROW], np.int8)
    return np.where(finite, of_severity[quality >> SEVERITY], np.int8(BAD_ROW))


def load(
    samples: Samples,
    tags: Int32s,
    edges: Int64s,
    *,
    rules: Rules,
    now: Nanoseconds | None = None,
    around: bool = False,
) -> Rows:
    """The rows of `tags` (ascending, each once) for the intervals between `edges`.

    A last value is known to hold until `now`; without it until a nanosecond after itself, as the
    archives of Part 13 have it. `around` looks for good neighbours on both sides as well, as far
    as the longest interval (3.1.8), a minute at least and a day at most.
    """
    start, end = int(edges[0]), int(edges[-1])
    rows = samples.raw(tags, Nanoseconds(start), Nanoseconds(end))
    before = samples.before(tags, Nanoseconds(start - 1))
    if around:
        reach = min(max(int(np.diff(edges).max()), MINUTE), DAY)
        bad = before.where(state_of(before.value, before.quality, rules) == BAD_ROW)
        if len(bad):
            old = samples.raw(bad.tag, Nanoseconds(start - reach), Nanoseconds(start))
            before = _with(before, _last_good(old, rules), "left")
        after = samples.raw(tags, Nanoseconds(end), Nanoseconds(end + reach))
        rows = _with(rows, _first_good(after, rules), "right")
    rows = _with(rows, before, "left")
    begin = np.searchsorted(rows.tag, np.append(tags, tags[-1] + 1))
    known_from, known_to = _known(samples, tags, rows, begin, now, end)
    return Rows(
        edges,
        np.repeat(np.arange(len(tags)), np.diff(begin)),
        rows.time,
        _finite(rows.value),
        state_of(rows.value, rows.quality, rules),
        rows.quality,
        _first(rows.time, begin, edges),
        known_from,
        known_to,
    )


def _finite(value: Floats) -> Floats:
    finite = np.isfinite(value)
    return value if finite.all() else np.where(finite, value, np.nan)


def _first(time: Int64s, begin: Int64s, edges: Int64s) -> Int64s:
    """The place of the first row at or after each edge of each tag: a few us a tag."""
    spans = zip(begin[:-1].tolist(), begin[1:].tolist(), strict=True)
    return np.stack([low + np.searchsorted(time[low:high], edges) for low, high in spans])


def _known(
    samples: Samples, tags: Int32s, rows: Batch, begin: Int64s, now: Nanoseconds | None, end: int
) -> tuple[Int64s, Int64s]:
    """Since when, and until when (exclusive), something is known of each tag."""
    size = len(tags)
    some = np.flatnonzero(np.diff(begin))
    known_from = np.full(size, np.iinfo(np.int64).max, np.int64)
    known_from[some] = rows.time[begin[some]]
    if now is not None and now >= end:
        return known_from, np.full(size, now, np.int64)
    known_to = np.full(size, now if now is not None else np.iinfo(np.int64).min, np.int64)
    newest = samples.last(tags)
    place = np.searchsorted(tags, newest.tag)
    known_to[place] = np.maximum(known_to[place], newest.time + 1)
    known_to[some] = np.maximum(known_to[some], rows.time[begin[some + 1] - 1] + 1)
    return known_from, known_to


def _with(rows: Batch, more: Batch, side: Literal["left", "right"]) -> Batch:
    """The rows of both by tag, `more` before (left) or behind (right) the others of its tag."""
    if not len(more):
        return rows
    spot = np.searchsorted(rows.tag, more.tag, side)
    return Batch(
        np.insert(rows.tag, spot, more.tag),
        np.insert(rows.time, spot, more.time),
        np.insert(rows.value, spot, more.value),
        np.insert(rows.quality, spot, more.quality),
    )


def _first_good(rows: Batch, rules: Rules) -> Batch:
    """Each tag's rows up to its first one that is not bad."""
    if not len(rows):
        return rows
    fit = state_of(rows.value, rows.quality, rules) != BAD_ROW
    begin = np.append(True, rows.tag[1:] != rows.tag[:-1])
    passed = np.cumsum(fit) - fit  # good ones before a row, of all tags
    own = passed - np.maximum.accumulate(np.where(begin, passed, 0))
    return rows.where(own == 0)


def _last_good(rows: Batch, rules: Rules) -> Batch:
    """Each tag's last row that is not bad, without the very last row, which is bad."""
    fit = rows.where(state_of(rows.value, rows.quality, rules) != BAD_ROW)
    return fit.where(np.append(fit.tag[1:] != fit.tag[:-1], True)) if len(fit) else fit
