"""The samples that a question needs: those inside, the one before, and the first ones after."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from isthmus.historian.columns import by_tag
from isthmus.historian.port import Samples
from isthmus.historian.query.rules import Rules
from isthmus.historian.settings import DAY, MINUTE
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, Nanoseconds, Status, Uint32s

UNCERTAIN, SEVERITY = int(Status.UNCERTAIN), 30
GOOD_ROW, UNCERTAIN_ROW, BAD_ROW = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Samples of K tags around M adjoining intervals, by (tag, time).

    `place` is a sample's tag as 0 to K-1; `slot` is 0 before the first interval, 1 to M inside,
    M + 1 behind the last. `state` is 0 good, 1 uncertain, 2 bad; a value that is no finite number
    is bad. What a tag said holds until `known_to` (exclusive), its history begins at `known_from`.
    """

    edges: Int64s
    count: int  # of tags
    place: Int64s
    time: Int64s
    value: Floats
    state: Int64s
    quality: Uint32s
    slot: Int64s
    known_from: Int64s
    known_to: Int64s

    @property
    def intervals(self) -> int:
        """How many intervals there are."""
        return len(self.edges) - 1

    @property
    def key(self) -> Int64s:
        """The tag and slot of each row as one ascending number."""
        return self.place * (self.intervals + 2) + self.slot

    def where(self, keep: Bools) -> Rows:
        """The rows that the mask marks."""
        return replace(
            self,
            place=self.place[keep],
            time=self.time[keep],
            value=self.value[keep],
            state=self.state[keep],
            quality=self.quality[keep],
            slot=self.slot[keep],
        )


def state_of(value: Floats, quality: Uint32s, rules: Rules) -> Int64s:
    """Good, uncertain or bad (0, 1, 2), as `rules` take it."""
    severity = (quality >> SEVERITY).astype(np.int64)
    worst = BAD_ROW if rules.treat_uncertain_as_bad else UNCERTAIN_ROW
    state = np.where(severity == 0, GOOD_ROW, np.where(severity == 1, worst, BAD_ROW))
    return np.where(np.isfinite(value), state, BAD_ROW)


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
    inside = samples.raw(tags, Nanoseconds(start), Nanoseconds(end))
    before = samples.before(tags, Nanoseconds(start - 1))
    parts = [before, inside]
    if around:
        reach = min(max(int(np.diff(edges).max()), MINUTE), DAY)
        state = state_of(before.value, before.quality, rules)
        bad = before.where(state == BAD_ROW)
        if len(bad):
            old = samples.raw(bad.tag, Nanoseconds(start - reach), Nanoseconds(start))
            parts.insert(0, _last_good(old, rules))
        after = samples.raw(tags, Nanoseconds(end), Nanoseconds(end + reach))
        parts.append(_first_good(after, rules))
    rows = _together(parts)
    place = np.searchsorted(tags, rows.tag)
    slot = np.searchsorted(edges, rows.time, "right")
    known_from, known_to = _known(samples, tags, rows, place, now, end)
    return Rows(
        *(edges, len(tags), place, rows.time),
        np.where(np.isfinite(rows.value), rows.value, np.nan),
        state_of(rows.value, rows.quality, rules),
        *(rows.quality, slot, known_from, known_to),
    )


def _known(
    samples: Samples, tags: Int32s, rows: Batch, place: Int64s, now: Nanoseconds | None, end: int
) -> tuple[Int64s, Int64s]:
    """Since when, and until when (exclusive), something is known of each tag."""
    size, never = len(tags), np.iinfo(np.int64).max
    known_from = np.full(size, never, np.int64)
    np.minimum.at(known_from, place, rows.time)
    if now is not None and now >= end:
        return known_from, np.full(size, now, np.int64)
    known_to = np.full(size, now if now is not None else np.iinfo(np.int64).min, np.int64)
    newest = samples.last(tags)
    np.maximum.at(known_to, np.searchsorted(tags, newest.tag), newest.time + 1)
    np.maximum.at(known_to, place, rows.time + 1)
    return known_from, known_to


def _together(parts: list[Batch]) -> Batch:
    """All rows by (tag, time); each part is in this order and no later than the next."""
    rows = Batch.concat([part for part in parts if len(part)])
    return rows.where(by_tag(rows.tag)) if len(rows) else rows


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
