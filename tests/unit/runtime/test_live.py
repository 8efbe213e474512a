"""The newest values, and how they are covered while whoever tells them is away."""

import numpy as np

from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.runtime.live import Live

BOTH = np.array([0, 1], np.int32)


def live():
    made = Live()
    made.grow(3)
    made.update(Batch.of([0, 1, 2], Nanoseconds(10), [1.0, 2.0, 3.0]))
    return made


def test_covered_tags_keep_value_and_time_and_show_the_cover():
    made = live()
    stamp = made.stamp
    made.cover(BOTH, Status.BAD_NO_COMMUNICATION)
    assert made.quality.tolist() == [Status.BAD_NO_COMMUNICATION] * 2 + [0]
    assert made.value.tolist() == [1.0, 2.0, 3.0]
    assert made.since(stamp, np.arange(3, dtype=np.int32)).tag.tolist() == [0, 1]


def test_what_comes_meanwhile_is_taken_but_stays_covered():
    made = live()
    made.cover(BOTH, Status.BAD_NO_COMMUNICATION)
    made.update(Batch.of([0, 2], Nanoseconds(20), [5.0, 6.0], int(Status.UNCERTAIN)))
    made.tell(1, Event(Nanoseconds(30), "b", "text", "word"))
    assert made.value.tolist() == [5.0, 2.0, 6.0]
    assert made.quality.tolist() == [
        *(Status.BAD_NO_COMMUNICATION, Status.BAD_NO_COMMUNICATION, Status.UNCERTAIN)
    ]
    stamp = made.stamp
    made.uncover(BOTH)
    assert made.quality.tolist() == [Status.UNCERTAIN, Status.GOOD, Status.UNCERTAIN]
    assert made.since(stamp, np.arange(3, dtype=np.int32)).tag.tolist() == [0, 1]


def test_covering_twice_keeps_the_quality_below():
    made = live()
    made.cover(BOTH, Status.BAD_NO_COMMUNICATION)
    made.cover(BOTH, Status.BAD_NOT_CONNECTED)
    assert made.quality[0] == Status.BAD_NOT_CONNECTED
    made.uncover(BOTH)
    made.uncover(BOTH)
    assert made.quality.tolist() == [0, 0, 0]


def test_tags_that_come_later_are_not_covered():
    made = live()
    made.cover(BOTH, Status.BAD_NO_COMMUNICATION)
    made.grow(4)
    made.update(Batch.of([3], Nanoseconds(20), [5.0]))
    assert made.quality[3] == Status.GOOD
