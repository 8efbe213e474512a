"""A gap is filled from what a device recorded, up to a bound that is told."""

from __future__ import annotations

import asyncio

import numpy as np

from isthmus.model.ports import Reading
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.runtime.history import backfill

SECOND = 10**9
TAG = TagId(3)


class Recorder:
    """A device that recorded one sample a second, told ten at a time."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    async def backfill(self, tags, start, end):
        for first in range(0, self.seconds, 10):
            time = np.arange(first, first + 10, dtype=np.int64) * SECOND
            yield Reading(Batch.of(np.full(10, tags[0], np.int32), time, time / SECOND))


def filled(seconds: int, markers: list[int]) -> tuple[backfill.Filled, list[Batch]]:
    told: list[Batch] = []

    async def emit(reading: Reading) -> None:
        told.append(reading.batch)

    end = Nanoseconds(seconds * SECOND)
    doing = backfill.fill(Recorder(seconds), [TAG], Nanoseconds(0), end, markers, emit)
    return asyncio.run(doing), told


def test_the_moment_of_a_gap_is_told_again_with_what_held_then():
    found, told = filled(40, [15 * SECOND + 1])
    assert (found.samples, found.closed, found.whole) == (40, 1, True)
    assert told[-1].time.tolist() == [15 * SECOND + 1]
    assert told[-1].value.tolist() == [15.0]


def test_a_filling_that_ends_at_its_bound_says_so(monkeypatch):
    monkeypatch.setattr(backfill, "MOST", 20)
    found, told = filled(40, [])
    assert (found.samples, found.whole) == (20, False)
    assert len(Batch.concat(told)) == 20
