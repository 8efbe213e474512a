"""The figures of alarm systems, counted by hand; and what the past advises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.insight.alarm.statistics import Entry, advice, statistics

S = 10**9
MINUTE = 60 * S
START = 600 * 1000 * S


def raised(*minutes, path="l/a", priority=3):
    return [Entry(path, START + round(at * MINUTE), priority, "raised") for at in minutes]


def of(entries, minutes=60, active=None):
    return statistics(entries, START, START + minutes * MINUTE, active or {})


def test_counts_ten_minutes_and_shares():
    found = of([*raised(1, 2, 12), *raised(59, path="l/b", priority=1)])
    assert found.per_ten_minutes == (2, 1, 0, 0, 0, 1)
    assert (found.raised, found.mean, found.most) == (4, pytest.approx(4 / 6), 2)
    assert [(each.path, each.raised, each.share) for each in found.actors] == [
        ("l/a", 3, 0.75),
        ("l/b", 1, 0.25),
    ]
    assert found.priorities == {3: 3, 1: 1}
    assert found.floods == ()


def test_nothing_is_a_figure_too():
    found = of([])
    assert (found.raised, found.mean, found.most, found.flooded, found.actors) == (0, 0, 0, 0, ())


def test_a_flood_is_more_than_ten_until_fewer_than_five():
    at = [10 + n / 2 for n in range(11)]  # eleven within five minutes
    (flood,) = of(raised(*at)).floods
    assert flood.alarms == 11
    assert flood.start == START + 10 * MINUTE
    assert flood.end == START + 23 * MINUTE  # the fifth last is ten minutes old
    assert of(raised(*at[:10])).floods == ()


def test_a_flood_that_goes_on_is_one():
    at = [10 + n / 2 for n in range(11)] + [16.5, 18, 19.5, 21, 22.5, 24]
    (flood,) = of(raised(*at)).floods
    assert flood.alarms == 17
    again = [10 + n / 2 for n in range(11)] + [40 + n / 4 for n in range(11)]
    assert len(of(raised(*again)).floods) == 2


def test_chatters_where_three_come_in_a_minute():
    found = of([*raised(1.1, 1.4, 1.9), *raised(5.1, 5.9, path="l/b")])
    assert [(each.path, each.chatters) for each in found.actors] == [("l/a", 1), ("l/b", 0)]
    assert found.chattering == 1


def test_a_minute_begins_anywhere():
    at = (1.7, 2.1, 2.6)  # in two minutes of the clock
    assert of(raised(*at)).actors[0].chatters == 1
    assert of(raised(*at, 2.65, 2.71, 3.0, 3.6)).actors[0].chatters == 2
    assert of(raised(1.0, 1.5, 2.1, 2.7)).actors[0].chatters == 0


def test_standing_is_more_than_a_day():
    active = {"l/a": START - 1_440 * MINUTE, "l/b": START}
    assert of([], active=active).standing == ("l/a",)


@settings(max_examples=60)
@given(st.lists(st.floats(0, 599), max_size=80), st.randoms())
def test_the_order_of_arrival_changes_nothing(minutes, chance):
    entries = raised(*minutes)
    shuffled = list(entries)
    chance.shuffle(shuffled)
    assert of(entries, 600) == of(shuffled, 600)
    found = of(entries, 600)
    assert sum(found.per_ten_minutes) == found.raised == len(minutes)
    times = np.array([each.time for each in entries])
    for flood in found.floods:
        assert np.count_nonzero((times >= flood.start) & (times <= flood.end)) >= 11


def spells(*pairs, seen=False):
    """One that came and went: (from, to) in seconds."""
    found = []
    for start, end in pairs:
        found.append(Entry("l/a", START + round(start * S), 3, "raised"))
        if seen:
            found.append(Entry("l/a", START + round(start * S) + 1, 3, "acknowledged"))
        found.append(Entry("l/a", START + round(end * S), 3, "returned"))
    return found


def test_tells_which_delay_would_have_spared_how_many():
    short = [(100 * n, 100 * n + 3.5) for n in range(38)]
    (told,) = advice(spells(*short, (9_000, 9_100), (9_300, 9_400), (9_600, 9_700)))
    assert (told.on_delay, told.on_spares, told.raised) == (5.0, 38, 41)
    assert "with 5 s more delay 38 of 41 would not have come" in told.text
    assert told.median == 3.5


def test_tells_when_it_comes_back_at_once():
    (told,) = advice(spells(*[(100 * n, 100 * n + 92) for n in range(10)], seen=True))
    assert told.on_delay is None
    assert (told.off_delay, told.off_spares) == (10.0, 9)
    assert told.acknowledged == 10


@pytest.mark.parametrize(("on", "off"), [(0, 0), (5, 0), (0, 10), (5, 10), (30, 60)])
def test_the_delays_that_it_has_are_no_part_of_what_it_lasted(on, off):
    """The condition holds for 4 s more than its delay, each 7 s after it was over for long."""
    spell, pause = on + 4, off + 7
    begins = [n * (spell + pause) for n in range(12)]
    told_on = [(begin + on, begin + spell + off) for begin in begins]
    (told,) = advice(spells(*told_on), {"l/a": (on, off)})
    assert (told.on_delay, told.on_spares) == (5.0, 12)
    assert (told.off_delay, told.off_spares) == (10.0, 11)


def test_tells_what_nobody_ever_needed():
    (told,) = advice(spells((0, 1_000), (5_000, 6_000), (9_000, 9_999)))
    assert "nobody ever acknowledged it" in told.text


def test_concludes_nothing_from_few():
    (told,) = advice(spells((0, 1), (5, 6)))
    assert told.text == ""
