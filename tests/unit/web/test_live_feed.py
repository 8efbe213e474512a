"""What a page is told, and how often."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi")

from isthmus.model.sample import Batch, Nanoseconds
from isthmus.runtime.live import Live
from isthmus.web.stream import PERIOD, Feed


def live_of(size):
    live = Live()
    live.grow(size)
    return live


def say(live, tag, value, time):
    live.update(Batch.of([tag], Nanoseconds(time), [value]))


def test_everything_is_told_at_first_in_the_order_asked():
    live = live_of(4)
    say(live, 2, 7.0, 5)
    feed = Feed(live, np.array([2, 0], np.int32))
    first = feed.take(0.0)
    assert first.tag.tolist() == [2, 0]
    assert first.value[0] == 7.0
    assert not len(feed.take(10.0))


def test_a_change_is_told_at_the_next_look_when_its_tag_was_quiet():
    live = live_of(2)
    feed = Feed(live, np.array([0, 1], np.int32))
    feed.take(0.0)
    say(live, 1, 3.0, 1)
    assert feed.take(PERIOD).tag.tolist() == [1]


def test_a_busy_tag_waits_and_holds_no_other_back():
    live = live_of(2)
    feed = Feed(live, np.array([0, 1], np.int32))
    feed.take(0.0)
    say(live, 0, 1.0, 1)
    assert feed.take(1.0).tag.tolist() == [0]
    say(live, 0, 2.0, 2)
    say(live, 1, 9.0, 2)
    assert feed.take(1.04).tag.tolist() == [1]
    say(live, 0, 3.0, 3)
    assert not len(feed.take(1.08))
    late = feed.take(1.0 + PERIOD)
    assert (late.tag.tolist(), late.value.tolist()) == ([0], [3.0])


def test_tags_that_nobody_asked_for_are_not_told():
    live = live_of(3)
    feed = Feed(live, np.array([0], np.int32))
    feed.take(0.0)
    say(live, 2, 1.0, 1)
    assert not len(feed.take(1.0))


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.floats(0.0, 0.3)), min_size=1, max_size=60
    )
)
def test_a_page_ends_with_the_newest_values_and_hears_each_tag_four_times_a_second(steps):
    live, now, turn = live_of(5), 0.0, 0
    feed = Feed(live, np.arange(4, dtype=np.int32))
    known = dict(zip(range(4), feed.take(now).value, strict=True))
    told = dict.fromkeys(range(4), now)
    for tag, look, pause in steps:
        now, turn = now + pause, turn + 1
        say(live, tag, float(turn), turn)
        if look:
            rows = feed.take(now)
            for number, value in zip(rows.tag.tolist(), rows.value, strict=True):
                assert now - told[number] >= PERIOD
                known[number], told[number] = value, now
    rows = feed.take(now + 2 * PERIOD)
    known |= dict(zip(rows.tag.tolist(), rows.value, strict=True))
    np.testing.assert_equal(np.array([known[tag] for tag in range(4)]), live.value[:4])
