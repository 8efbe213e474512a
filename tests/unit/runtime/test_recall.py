"""The past of a device is asked for in steps, and closes the gaps that it knows about."""

from __future__ import annotations

import asyncio
import itertools

import numpy as np

from isthmus.model.ports import Reading
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.runtime.history.recall import STEPS, TOGETHER, Marks, Step, recall, steps

SECOND = 10**9
HOUR = 3_600 * SECOND
TAG = TagId(3)


def rows(*told, tag=TAG):
    times = np.array([at for at, _ in told], np.int64) * SECOND
    return Batch.of(np.full(len(told), tag, np.int32), times, [value for _, value in told])


def test_steps_are_the_same_each_time_and_cover_all_once():
    tags = [TagId(number) for number in range(TOGETHER + 3)]
    start, end = Nanoseconds(5), Nanoseconds(5 + 50 * 86_400 * SECOND + 7)
    made = steps(tags, start, end)
    assert made == steps(tags, start, end)
    assert [step.number for step in made] == list(range(len(made)))
    assert len(made) <= 2 * (STEPS + 1)
    for group in ({*tags[:TOGETHER]}, {*tags[TOGETHER:]}):
        mine = [step for step in made if {*step.tags} == group]
        edges = [(step.start, step.end) for step in mine]
        assert edges[0][0] == start
        assert edges[-1][1] == end
        assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    assert len(steps(tags[:1], start, Nanoseconds(start + HOUR))) == 1


class Pages:
    """A device whose pages begin where the last one ended, and that knows no bounds."""

    async def backfill(self, tags, start, end):
        self.asked = list(tags)
        yield Reading(rows((9, 0.0), (10, 1.0), (11, 2.0)))
        yield Reading(rows((11, 2.0), (12, 3.0)))
        yield Reading(rows((12, 4.0), (20, 5.0)))


def test_what_is_told_twice_or_lies_outside_is_left_out():
    pages = Pages()
    step = Step(0, (TAG, TagId(9)), Nanoseconds(10 * SECOND), Nanoseconds(20 * SECOND))

    async def all_of(tags):
        return [rows async for rows in recall(pages, step, tags)]

    found = Batch.concat(asyncio.run(all_of({TAG})))
    assert found.value.tolist() == [1.0, 2.0, 3.0, 4.0], "another value of the same time is none"
    assert pages.asked == [TAG]
    assert asyncio.run(all_of(set())) == []


def test_a_mark_is_closed_by_what_held_once_more_was_recorded():
    marks = Marks()
    marks.note({TAG: [int(2.5 * SECOND), 4 * SECOND], 9: [SECOND]})
    assert not len(marks.close(rows((1, 10.0), (2, 20.0)))), "nothing was recorded after it yet"
    closed = marks.close(rows((4, 40.0), (5, 50.0)))
    assert closed.time.tolist() == [int(2.5 * SECOND)], "at 4 s the device has its own sample"
    assert closed.value.tolist() == [20.0]
    marks.note({TAG: [6 * SECOND, 8 * SECOND]})
    closed = marks.close(rows((7, 70.0), (9, 90.0)))
    assert closed.value.tolist() == [50.0, 70.0]


def test_a_mark_that_nothing_or_something_bad_precedes_stays_a_gap():
    marks = Marks()
    marks.note({TAG: [SECOND, 3 * SECOND]})
    bad = rows((2, 20.0))
    bad = Batch(bad.tag, bad.time, bad.value, np.full(1, Status.BAD_SENSOR_FAILURE, np.uint32))
    assert not len(marks.close(bad))
    assert not len(marks.close(rows((4, 40.0))))
