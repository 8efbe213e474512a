"""The states of alarms: every step of ISA-18.2's diagram, and no others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.insight.alarm.machine import NO, UNKNOWN, YES, Change, Machine
from isthmus.insight.alarm.state import LATCHING, PLAIN, Occasion, Standing, State
from isthmus.model.errors import Refused

S = 10**9


def machine(*, on=0.0, off=0.0, latching=False):
    return Machine.of([(on, off)], [latching])


def step(of, now, truth, *, time=None, unless=NO):
    """One look at `now` seconds; what was told, as words."""
    moment = now if time is None else time
    told = of.step(
        round(now * S),
        np.array([truth], np.int8),
        np.array([round(moment * S)], np.int64),
        np.array([unless], np.int8),
    )
    return [(change.change.value, change.time / S) for change in told]


DIAGRAM = {  # ISA-18.2, alarm state transitions: from, what happens, to
    (State.NORMAL, "rise", State.UNACKNOWLEDGED),
    (State.UNACKNOWLEDGED, "acknowledge", State.ACKNOWLEDGED),
    (State.UNACKNOWLEDGED, "fall", State.RETURNED),
    (State.ACKNOWLEDGED, "fall", State.NORMAL),
    (State.RETURNED, "acknowledge", State.NORMAL),
    (State.RETURNED, "rise", State.UNACKNOWLEDGED),
}
LATCHED = {
    (State.NORMAL, "rise", State.UNACKNOWLEDGED),
    (State.UNACKNOWLEDGED, "acknowledge", State.ACKNOWLEDGED),
    (State.UNACKNOWLEDGED, "fall", State.LATCHED_UNACKNOWLEDGED),
    (State.ACKNOWLEDGED, "fall", State.LATCHED),
    (State.LATCHED_UNACKNOWLEDGED, "acknowledge", State.LATCHED),
    (State.LATCHED_UNACKNOWLEDGED, "rise", State.UNACKNOWLEDGED),
    (State.LATCHED, "rise", State.UNACKNOWLEDGED),
    (State.LATCHED, "reset", State.NORMAL),
}
WAYS = {
    State.NORMAL: (),
    State.UNACKNOWLEDGED: ("rise",),
    State.ACKNOWLEDGED: ("rise", "acknowledge"),
    State.RETURNED: ("rise", "fall"),
    State.LATCHED_UNACKNOWLEDGED: ("rise", "fall"),
    State.LATCHED: ("rise", "acknowledge", "fall"),
}


def do(of, what, now):
    if what in ("rise", "fall"):
        step(of, now, YES if what == "rise" else NO)
    elif what == "acknowledge":
        of.acknowledge(0, now * S)
    else:
        of.reset(0, now * S)


@pytest.mark.parametrize("latching", [False, True])
def test_every_transition_of_the_diagram_and_no_other(latching):
    reached = set()
    for state, way in WAYS.items():
        for what in ("rise", "fall", "acknowledge", "reset"):
            of = machine(latching=latching)
            for number, each in enumerate(way):
                do(of, each, 10 + number)
            if of.state(0) is not state:
                continue  # a state of the other kind of alarm
            try:
                do(of, what, 20)
            except Refused:
                assert what in ("acknowledge", "reset")
                continue
            if of.state(0) is not state:
                reached.add((state, what, of.state(0)))
    assert reached == (LATCHED if latching else DIAGRAM)


def test_the_rules_are_the_diagram():
    def words(rules):
        return {
            (State[before.name], occasion.name.lower(), State[after.name])
            for (before, occasion), after in rules.items()
        }

    assert words(PLAIN) == DIAGRAM
    assert words(LATCHING) == LATCHED
    assert {before for before, _ in [*PLAIN, *LATCHING]} == set(Standing)
    assert {occasion for _, occasion in LATCHING} == set(Occasion)


def test_delays_are_counted_from_the_sample():
    of = machine(on=5, off=3)
    assert step(of, 10, YES, time=9) == []
    assert step(of, 13.9, YES, time=13) == []
    assert step(of, 14, YES, time=14) == [("raised", 14.0)]
    assert step(of, 20, NO, time=19) == []
    assert step(of, 21, YES, time=21) == []  # it was not over for long enough
    assert step(of, 30, NO, time=30) == []
    assert step(of, 33, NO, time=31) == [("returned", 33.0)]


def test_what_is_not_known_neither_raises_nor_clears():
    of = machine(on=5)
    step(of, 10, YES)
    assert step(of, 12, UNKNOWN) == []
    assert step(of, 16, YES) == []  # the delay begins anew
    assert step(of, 21, YES) == [("raised", 21.0)]
    assert step(of, 99, UNKNOWN) == []
    assert of.state(0) is State.UNACKNOWLEDGED
    assert step(of, 100, NO) == [("returned", 100.0)]


def test_shelved_is_told_to_nobody_until_its_time_is_over():
    of = machine()
    step(of, 1, YES)
    of.shelve(0, 100 * S, 2 * S)
    assert of.state(0) is State.SHELVED
    assert step(of, 50, NO) == []
    assert step(of, 60, YES) == []
    with pytest.raises(Refused, match="it is shelved: there is nothing to acknowledge"):
        of.acknowledge(0, 61 * S)
    with pytest.raises(Refused, match="already"):
        of.shelve(0, 100 * S, 61 * S)
    assert step(of, 101, YES) == [("unshelved", 100.0), ("raised", 100.0)]
    assert of.state(0) is State.UNACKNOWLEDGED
    of.shelve(0, 200 * S, 110 * S)
    step(of, 120, NO)
    assert [each.change for each in of.unshelve(0, 130 * S)] == [Change.UNSHELVED]
    assert of.state(0) is State.NORMAL


def test_suppressed_by_design_and_out_of_service():
    of = machine()
    assert step(of, 1, YES, unless=YES) == [("suppressed", 1.0)]
    assert step(of, 2, YES, unless=UNKNOWN) == []
    assert of.state(0) is State.SUPPRESSED
    of.remove(0, 3 * S)
    assert of.state(0) is State.OUT_OF_SERVICE
    assert step(of, 4, YES) == [("unsuppressed", 4.0)]  # still out of service: not raised
    assert [each.change for each in of.restore(0, 5 * S)] == [Change.RESTORED, Change.RAISED]


def set_aside(of, how, now):
    if how == "suppress":
        step(of, now, UNKNOWN, unless=YES)
    elif how == "shelve":
        of.shelve(0, 999 * S, now * S)
    else:
        of.remove(0, now * S)


def bring_back(of, how, now):
    if how == "suppress":
        step(of, now, UNKNOWN)
    elif how == "shelve":
        of.unshelve(0, now * S)
    else:
        of.restore(0, now * S)


@pytest.mark.parametrize("how", ["suppress", "shelve", "remove"])
@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("over", ["before", "meanwhile", "never"])
def test_only_a_reset_ends_what_latches(how, seen, over):
    of = machine(latching=True)
    step(of, 1, YES)
    if seen:
        of.acknowledge(0, 2 * S)
    if over == "before":
        step(of, 3, NO)
    set_aside(of, how, 4)
    aside = of.state(0)
    assert aside in {State.SUPPRESSED, State.SHELVED, State.OUT_OF_SERVICE}
    if over == "meanwhile":
        step(of, 5, NO, unless=YES if how == "suppress" else NO)
    assert of.state(0) is aside
    bring_back(of, how, 6)
    if over == "never":
        assert of.state(0) is State.UNACKNOWLEDGED  # told anew
        return
    assert of.state(0) is (State.LATCHED if seen else State.LATCHED_UNACKNOWLEDGED)
    if not seen:
        of.acknowledge(0, 7 * S)
    of.reset(0, 8 * S)
    assert of.state(0) is State.NORMAL


@pytest.mark.parametrize("how", ["suppress", "shelve", "remove"])
def test_what_came_and_went_while_nobody_was_told_leaves_nothing(how):
    of, unless = machine(latching=True), YES if how == "suppress" else NO
    set_aside(of, how, 1)
    step(of, 2, YES, unless=unless)
    step(of, 3, NO, unless=unless)
    bring_back(of, how, 4)
    assert of.state(0) is State.NORMAL


LOOKS = st.lists(
    st.tuples(
        st.sampled_from([YES, NO, UNKNOWN]),
        st.integers(1, 7),
        st.sampled_from(["", "", "ack", "shelve", "unshelve", "remove", "restore", "reset"]),
        st.sampled_from([NO, NO, NO, YES, UNKNOWN]),
    ),
    max_size=40,
)


def act(of, what, now):
    doing = {
        "ack": lambda: of.acknowledge(0, now),
        "shelve": lambda: of.shelve(0, now + 9 * S, now),
        "unshelve": lambda: of.unshelve(0, now),
        "remove": lambda: of.remove(0, now),
        "restore": lambda: of.restore(0, now),
        "reset": lambda: of.reset(0, now),
    }
    try:
        return doing[what]() if what else []
    except Refused:
        return []


@settings(max_examples=60)
@given(LOOKS, st.booleans(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 39))
def test_a_restart_at_any_time_changes_nothing(looks, latching, on, off, when):
    def told(restart):
        of, now, found = machine(on=on, off=off, latching=latching), 100, []
        for number, (truth, seconds, what, unless) in enumerate(looks):
            now += seconds
            found += step(of, now, truth, unless=unless)
            found += [(each.change.value, each.time / S) for each in act(of, what, now * S)]
            if restart and number == when:
                kept = of.columns(0)
                of = machine(on=on, off=off, latching=latching)
                of.go_on(0, kept)
        return found, of.state(0)

    assert told(restart=True) == told(restart=False)


@settings(max_examples=100)
@given(LOOKS, st.integers(0, 4))
def test_what_latches_is_normal_only_after_a_reset(looks, on):
    """Whatever sets it aside meanwhile, however often."""
    of, now, told, reset = machine(on=on, latching=True), 100, False, False
    for truth, seconds, what, unless in looks:
        now += seconds
        words = [change for change, _ in step(of, now, truth, unless=unless)]
        words += [each.change.value for each in act(of, what, now * S)]
        for word in words:
            told, reset = told or word == "raised", (reset or word == "reset") and word != "raised"
        assert of.state(0) is not State.NORMAL or reset or not told


@settings(max_examples=60)
@given(LOOKS, st.integers(1, 9), st.integers(1, 9))
def test_never_chatters_faster_than_its_delays(looks, on, off):
    of, now, found = machine(on=on, off=off), 100, []
    for truth, seconds, _, _ in looks:
        now += seconds
        found += step(of, now, truth)
    for (change, time), (following, later) in pairwise(found):
        assert change != following
        assert later - time >= (off if change == "raised" else on)


@settings(max_examples=40)
@given(LOOKS)
def test_many_at_once_are_as_each_alone(looks):
    """Alarms do not know each other: a column of a machine is a machine."""
    kinds = [(0, 0, False), (3, 0, False), (0, 4, True), (5, 2, True)]
    together = Machine.of([(on, off) for on, off, _ in kinds], [each for _, _, each in kinds])
    alone = [machine(on=on, off=off, latching=latching) for on, off, latching in kinds]
    now = 100
    for truth, seconds, _, unless in looks:
        now += seconds
        size = len(kinds)
        together.step(
            now * S,
            np.full(size, truth, np.int8),
            np.full(size, now * S, np.int64),
            np.full(size, unless, np.int8),
        )
        for each in alone:
            step(each, now, truth, unless=unless)
    for place, each in enumerate(alone):
        assert together.columns(place) == each.columns(0)
