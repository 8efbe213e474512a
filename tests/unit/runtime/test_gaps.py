"""Gaps are what a naive walk over the samples finds, with the reason that an event tells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.historian.memory import Memory
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.runtime.history.gaps import DAY, NEVER, STOPPED, gaps

HOUR = DAY // 24
START, END = Nanoseconds(100 * DAY), Nanoseconds(103 * DAY)
BAD = int(Status.BAD_NO_COMMUNICATION)
ROW = st.tuples(st.integers(1, 2), st.integers(-3, 80), st.sampled_from([0, BAD]))


class History(Memory):
    """The reference, with events."""

    def __init__(self, rows, events=()):
        super().__init__()
        for number, (tag, hour, quality) in enumerate(rows):
            time = Nanoseconds(START + round(hour * HOUR))
            self.append(Batch.of([tag], time, [1.0], quality), stream="s", position=number)
        self.told = events

    def events(self, start, end, *, kinds, limit):
        return [event for event in self.told if start <= event.time < end and event.kind in kinds]


def found(history, tags=(1,), **more):
    told = gaps(history, np.array(tags, np.int32), START, END, **more)
    return [(g.tag, (g.start - START) / HOUR, (g.end - START) / HOUR, g.quality) for g in told]


def test_a_gap_lasts_until_the_next_sample_that_is_not_bad():
    history = History([(1, -1, 0), (1, 2, BAD), (1, 3, BAD), (1, 30.5, 0), (1, 40, 0)])
    assert found(history) == [(1, 2, 30.5, BAD)]
    assert found(history, shortest=29 * HOUR) == []


def test_a_tag_that_never_told_is_one_gap_and_one_that_is_down_goes_on():
    history = History([(2, 10, 0), (2, 70, BAD), (3, -5, BAD)])
    assert found(history, (1, 2, 3)) == [
        (1, 0, 72, NEVER), (2, 0, 10, NEVER), (3, 0, 72, BAD), (2, 70, 72, BAD),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quality", "events", "reason"),
    [
        (BAD, [Event(Nanoseconds(START + 2 * HOUR), "plc", "link-down", "plc is down: cut")],
         "plc is down: cut"),
        (int(Status.BAD_NOT_CONNECTED), [], STOPPED),
        (BAD, [], ""),
    ],
)  # fmt: skip
def test_the_reason_is_what_the_event_at_its_start_tells(quality, events, reason):
    history = History([(1, 0, 0), (1, 2, quality), (1, 3, 0)], events)
    (gap,) = gaps(history, np.array([1], np.int32), START, END)
    assert gap.reason == reason


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(-3, 80), st.sampled_from([0, BAD])), max_size=25
    )
)
def test_gaps_and_what_is_known_make_up_all_time(rows):
    rows = list({(tag, hour): (tag, hour, quality) for tag, hour, quality in rows}.values())
    told = found(History(rows), (1, 2))
    for tag in (1, 2):
        for hour in range(72):
            before = [row for row in rows if row[0] == tag and row[1] <= hour]
            unknown = not before or max(before, key=lambda row: row[1])[2] == BAD
            inside = any(one == tag and low <= hour < high for one, low, high, _ in told)
            assert inside == unknown, (tag, hour)
