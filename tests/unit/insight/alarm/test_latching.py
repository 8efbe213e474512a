"""An alarm whose `latching` is changed in the plant file goes on in the other kind's states."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.insight.alarm.test_machine import LOOKS, NO, YES, S, act, machine, step

from isthmus.insight.alarm.state import State


@settings(max_examples=100)
@given(LOOKS, st.booleans(), st.integers(0, 39))
def test_one_that_latches_from_now_on_or_no_more_can_always_become_normal(looks, latching, when):
    """The plant file is edited at any time: nothing is stuck, and nothing is mute."""
    of, now = machine(latching=latching), 100
    for number, (truth, seconds, what, unless) in enumerate(looks):
        now += seconds
        step(of, now, truth, unless=unless)
        act(of, what, now * S)
        if number == when:
            kept, of = of.columns(0), machine(latching=not latching)
            of.go_on(0, kept)
    for what in ("unshelve", "restore", None, "ack", "reset"):
        act(of, what, (now + 1) * S)
        step(of, now + 1, NO, unless=NO)
    assert of.state(0) is State.NORMAL
    assert step(of, now + 2, YES, unless=NO) == [("raised", now + 2)]


def test_nobody_has_to_acknowledge_twice_what_latches_no_more():
    seen, unseen = machine(latching=True), machine(latching=True)
    for of in (seen, unseen):
        step(of, 1, YES)
        step(of, 2, NO)
    seen.acknowledge(0, 3 * S)
    states = []
    for of in (seen, unseen):
        plain = machine()
        plain.go_on(0, of.columns(0))
        states.append(plain.state(0))
    assert states == [State.NORMAL, State.RETURNED]
