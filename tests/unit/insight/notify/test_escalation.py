"""Steps of an escalation: each once, whenever one looks; and floods."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.alarm.machine import Change
from isthmus.insight.notify.escalation import due, ends, over
from isthmus.insight.notify.flood import FIRST, Flood
from isthmus.model.plantfile_notify import EscalationEntry, FloodEntry

S = 10**9
LINE = EscalationEntry.model_validate(
    {
        "steps": [{"to": "a"}, {"to": "b", "after": "10 min"}, {"to": "c", "after": "30 min"}],
        "repeat": 1,
        "every": "1 h",
    }
)


def test_steps_come_one_after_the_other_and_once_more():
    moments = {0: 0, 1: 600, 2: 1_800, 3: 5_400, 4: 6_000, 5: 7_200}
    for number, second in moments.items():
        early = due(LINE, 100 * S, number, (100 + second) * S - 1)
        assert [each.number for each in early] == []
        (step,) = due(LINE, 100 * S, number, (100 + second) * S)
        assert (step.number, step.step, step.round) == (number, number % 3, number // 3)
    assert due(LINE, 0, 6, 10**18) == []
    assert over(LINE, 6)
    assert not over(LINE, 5)


def test_what_ends_it():
    patient = LINE.model_copy(update={"on_return": "go-on"})
    for change in (Change.ACKNOWLEDGED, Change.SHELVED, Change.SUPPRESSED, Change.REMOVED):
        assert ends(LINE, change)
        assert ends(patient, change)
    assert ends(LINE, Change.RETURNED)
    assert not ends(patient, Change.RETURNED)
    assert not any(ends(LINE, each) for each in (Change.RAISED, Change.RESET, Change.UNSHELVED))


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=10),
    st.integers(0, 5),
    st.integers(60, 4_000),
    st.lists(st.integers(0, 60_000), max_size=40),
)
def test_each_step_is_told_once_whenever_one_looks(afters, repeat, every, looks):
    """However often, late and irregularly one looks, with restarts between as nothing is kept."""
    steps = [{"to": "a", "after": f"{after} s"} for after in sorted(afters)]
    entry = EscalationEntry.model_validate(
        {"steps": steps, "repeat": repeat, "every": f"{every} s"}
    )
    told: list[int] = []
    for look in sorted(looks):
        for each in due(entry, 0, len(told), look * S):
            assert each.at <= look * S
            told.append(each.number)
    assert told == list(range(len(told)))
    at_once = due(entry, 0, 0, max(looks, default=-1) * S)
    assert [each.number for each in at_once] == told
    assert len(told) <= len(steps) * (repeat + 1)


def test_a_flood_is_told_as_one_soon_then_rarely():
    flood = Flood(FloodEntry.model_validate({"messages": 10, "within": "10 min", "every": "5 min"}))
    alone = [flood.take(1_000 + number, urgent=False) for number in range(10)]
    assert not any(alone)
    assert flood.take(1_010, urgent=False)
    assert not flood.due(1_010 + FIRST - 1)
    assert flood.due(1_010 + FIRST)
    flood.sent(1_030)
    assert flood.take(1_031, urgent=False)
    assert not flood.due(1_031 + FIRST)
    assert flood.due(1_330)
    assert flood.take(1_100, urgent=True)
    assert flood.due(1_100 + FIRST)
    flood.sent(1_120)
    assert not flood.due(10_000)
    assert not flood.take(2_000, urgent=False)  # long after it is over


@given(st.lists(st.floats(0, 500), max_size=200))
def test_a_flood_ends_and_what_was_gathered_is_always_told(gaps):
    flood, now, gathered, last = Flood(FloodEntry()), 0.0, 0, 0.0
    for gap in gaps:
        now += gap
        gathered += flood.take(now, urgent=False)
        last = now
        if flood.due(now):
            flood.sent(now)
            gathered = 0
    assert (gathered == 0) or flood.due(last + 600 + 300)
    assert not flood.take(now + 601, urgent=False)
