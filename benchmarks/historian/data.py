"""The samples of a plant, hour by hour: 30.1 million a day, however many days, in bounded memory.

10,000 tags, 100 of them each second, 1,000 each ten, the rest each minute: walks of three decimals,
set-points, booleans and counters, times of half the tags that jitter, 0.2 % of bad quality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from isthmus.historian.settings import DAY, HOUR, SECOND
from isthmus.model.sample import Batch, Floats, Int32s, Int64s, Nanoseconds, Status

FIRST = 20_736 * DAY  # midnight
TAGS = 10_000
CLASSES = ((0, 100, 1), (100, 1_000, 10), (1_100, 8_900, 60))  # first tag, tags, seconds
HOURLY = sum(count * 3_600 // every for _, count, every in CLASSES)


@dataclass(frozen=True, slots=True)
class Span:
    """What a history holds, and the times that questions are about."""

    start: int
    end: int

    @property
    def day(self) -> tuple[int, int]:
        """The last whole day; all of it where there is none."""
        days = (self.end - self.start) // DAY
        if not days:
            return self.start, self.end
        return self.start + (days - 1) * DAY, self.start + days * DAY

    @property
    def hour(self) -> tuple[int, int]:
        """An hour in the middle of that day."""
        low, high = self.day
        start = low + (high - low) // HOUR // 2 * HOUR
        return start, start + HOUR


class Walks:
    """The values of some tags of one class, each hour where the last one ended."""

    def __init__(self, tags: Int32s, every: int, chance: np.random.Generator) -> None:
        self._every, self._chance = every, chance
        self._kind = np.searchsorted((12, 15, 18), tags % 20, "right")
        self._level: Floats = np.zeros(len(tags))
        self._level[self._kind == 0] = 50 + chance.normal(0, 20, int((self._kind == 0).sum()))
        self._level[self._kind == 1] = 60

    def hour(self, steps: int) -> Floats:
        """One row of `steps` values a tag: walks, set-points, booleans, counters."""
        every, chance = self._every, self._chance
        value: Floats = np.empty((len(self._kind), steps))
        for number in range(4):
            mine = self._kind == number
            size, level = (int(mine.sum()), steps), self._level[mine, None]
            if number == 0:
                walk = level + np.cumsum(chance.normal(0, 0.02, size), 1)
                last = walk[:, -1]
                value[mine] = np.round(walk + chance.normal(0, 0.01, size), 3)
            elif number == 1:
                moved = chance.random(size) < every / 7_200
                jumps = np.where(moved, chance.integers(-5, 6, size) * 0.5, 0)
                walk = level + np.cumsum(jumps, 1)
                last, value[mine] = walk[:, -1], np.round(walk, 1)
            elif number == 2:
                walk = (level + np.cumsum(chance.random(size) < every / 1_800, 1)) % 2
                last, value[mine] = walk[:, -1], walk
            else:
                walk = level + np.cumsum(chance.integers(0, 4, size) * every, 1) * 0.125
                last, value[mine] = walk[:, -1], np.round(walk, 3)
            self._level[mine] = last
        return value


def hours(*, seed: int = 7) -> Iterator[Batch]:
    """The samples of one hour after the other, each in order of arrival, without end."""
    chance = np.random.default_rng(seed)
    classes = []
    for first, count, every in CLASSES:
        tags = np.arange(first, first + count, dtype=np.int32)
        classes.append((tags, every, Walks(tags, every, chance)))
    start = FIRST
    while True:
        rows = Batch.concat([_hour(start, *one, chance) for one in classes])
        yield rows.where(np.argsort(rows.time, kind="stable"))
        start += HOUR


def _hour(start: int, tags: Int32s, every: int, walks: Walks, chance: np.random.Generator) -> Batch:
    steps = 3_600 // every
    phase = tags.astype(np.int64) * 37 % 1_000 * 1_000_000
    time: Int64s = start + np.arange(steps, dtype=np.int64) * every * SECOND + phase[:, None]
    odd = tags % 2 == 1
    time[odd] += chance.integers(0, 20, (int(odd.sum()), steps)) * 1_000_000
    bad = chance.random(time.size) < 0.002
    return Batch(
        np.repeat(tags, steps),
        time.ravel(),
        walks.hour(steps).ravel(),
        np.where(bad, Status.BAD, Status.GOOD).astype(np.uint32),
    )


def whole(rows: int) -> int:
    """How many whole hours hold about so many samples; at least one."""
    return max(1, round(rows / HOURLY))


def frames(rows: Batch, size: int) -> Iterator[Batch]:
    """Frames of at most `size` rows."""
    for first in range(0, len(rows), size):
        yield rows.slice(first, first + size)


def later(rows: Batch, by: int) -> Batch:
    """The same samples, `by` ns later."""
    return replace(rows, time=rows.time + by)


def a_year(tag: int, days: int) -> Iterator[Batch]:
    """One tag each ten seconds, a day after the other, the last one before `FIRST`."""
    walks = Walks(np.zeros(1, np.int32), 10, np.random.default_rng(5))
    steps = 8_640
    for day in range(days, 0, -1):
        time = FIRST - day * DAY + np.arange(steps, dtype=np.int64) * 10 * SECOND
        yield Batch(
            np.full(steps, tag, np.int32),
            time,
            walks.hour(steps).ravel(),
            np.zeros(steps, np.uint32),
        )


def moment(time: int) -> Nanoseconds:
    """The time as the model has it."""
    return Nanoseconds(time)
