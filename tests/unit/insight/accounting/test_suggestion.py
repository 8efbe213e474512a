"""Which reason a stop likely had, and what speaks for it."""

from __future__ import annotations

import pytest
from tests.unit.insight.told import S, series

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.correction import Correction
from isthmus.insight.accounting.neighbour import Neighbour
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.stop import Stop
from isthmus.insight.accounting.suggestion import Evidence, suggest, suggestions
from isthmus.model.event import Event
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import State

REASONS = Reasons(DEFAULT)
STOP = Stop(1000 * S, 1900 * S, 900, TimeElement.ADOT, State.HELD, 0)


def stop(element, *, cause=0, state=State.SUSPENDED, end=1900):
    return Stop(1000 * S, end * S, end - 1000, element, state, cause)


def unit(title, rows, causes=()):
    why = series(causes, 0, 3000) if causes else None
    return Neighbour.of(title, Accounts.of(series(rows, 0, 3000), why))


def alarm(second, text):
    return Event(Nanoseconds(second * S), "line1/filler/motor_temp", "alarm", text)


def past(reason, *, text="", state=State.HELD, times=1, lasted=900):
    said = Correction(1, "u", 0, lasted * S, reason, "anna", 0, alarm=text, state=state)
    return [said] * times


def test_nothing_known_is_nothing_said():
    assert suggest(STOP, Evidence(), REASONS) is None


def test_a_starved_unit_waits_for_the_nearest_one_that_stood_before_it():
    stood = unit(
        "Filler", [(0, 6, 0), (940, 9, 0), (1500, 6, 0)], [(0, 0, 0), (940, 4, 0), (1500, 0, 0)]
    )
    ran = unit("Capper", [(0, 6, 0)])
    starved, blocked = (
        Stop(1000 * S, 1900 * S, 900, element, State.HELD, 0)
        for element in (TimeElement.STARVED, TimeElement.BLOCKED)
    )
    found = suggest(starved, Evidence(before=[ran, stood]), REASONS)
    assert (found.reason, found.confidence) == ("starved", 0.95)
    assert found.because == ("Filler had stood for 1.0 min (breakdown)",)
    found = suggest(starved, Evidence(before=[ran], behind=[stood]), REASONS)
    assert (found.reason, found.confidence) == ("starved", 0.6)
    found = suggest(blocked, Evidence(behind=[stood]), REASONS)
    assert (found.reason, found.confidence) == ("blocked", 0.95)


def test_one_that_says_only_that_it_waits_waits_for_who_stood_as_long():
    """Suspended without a cause counts as starved; what the neighbours did says for whom."""
    waits = stop(TimeElement.STARVED, end=1100)
    stood = unit("Packer", [(0, 6, 0), (940, 9, 0), (1100, 6, 0)])
    ran = unit("Filler", [(0, 6, 0)])
    found = suggest(waits, Evidence(before=[ran], behind=[stood]), REASONS)
    assert (found.reason, found.because) == ("blocked", ("Packer had stood for 1.0 min",))
    longer = unit("Packer", [(0, 6, 0), (940, 9, 0), (1500, 6, 0)])  # it went on before that did
    found = suggest(waits, Evidence(before=[ran], behind=[longer]), REASONS)
    assert (found.reason, found.confidence) == ("starved", 0.6)


def test_nobody_stood_and_the_unit_that_never_waits_is_waited_for():
    turns = [(at, 6 if at // 10 % 2 else 5, 0) for at in range(0, 3000, 10)]
    lean, busy = unit("Oven", turns), unit("Packer", [(0, 6, 0)])
    waits = stop(TimeElement.STARVED, end=1010)
    for before, behind, expected in (
        ([lean], [lean, busy], "blocked"),
        ([busy], [lean], "starved"),
        ([busy], [lean, busy], "starved"),  # one on both sides: the nearest says
    ):
        found = suggest(waits, Evidence(before=before, behind=behind), REASONS)
        assert (found.reason, found.confidence) == (expected, 0.6)


def test_states_of_setting_up_and_of_faults_say_so():
    found = suggest(stop(TimeElement.AUST, state=State.RESETTING), Evidence(), REASONS)
    assert (found.reason, found.confidence) == ("changeover", 0.7)
    found = suggest(stop(TimeElement.ADOT, state=State.ABORTED), Evidence(), REASONS)
    assert (found.reason, found.confidence) == ("breakdown", 0.4)


def test_stops_of_the_past_that_were_much_shorter_say_nothing():
    assert suggest(STOP, Evidence(past=past("material", lasted=299)), REASONS) is None
    assert suggest(STOP, Evidence(past=past("material", lasted=2701)), REASONS) is None
    assert suggest(STOP, Evidence(past=past("material", lasted=301)), REASONS).reason == "material"


def test_a_code_means_the_same_on_the_next_machine():
    said = past("people", text="E 4711", lasted=10)
    found = suggest(STOP, Evidence(alarms=[alarm(1000, "E 4711")], elsewhere=said), REASONS)
    assert (found.reason, found.confidence) == ("people", 0.5)


def test_what_stood_long_before_or_later_is_not_to_blame():
    before = unit("Filler", [(0, 9, 0), (700, 6, 0)])
    later = unit("Filler", [(0, 6, 0), (1100, 9, 0)])
    for each in (before, later):
        assert suggest(STOP, Evidence(before=[each]), REASONS) is None


def test_the_first_alarm_counts_not_those_that_followed():
    alarms = [alarm(1020, "electrical cabinet open"), alarm(980, "mechanical overload")]
    alarms.append(alarm(700, "control voltage low"))  # long before
    found = suggest(STOP, Evidence(alarms=alarms), REASONS)
    assert (found.reason, found.confidence) == ("breakdown/mechanical", 0.6)
    assert found.because == ("first alarm: mechanical overload",)
    found = suggest(STOP, Evidence(alarms=[alarm(1000, "E 4711")]), REASONS)
    assert (found.reason, found.confidence) == ("breakdown", 0.4)


def test_what_people_said_of_the_same_alarm_is_learned():
    said = past("adjustment", text="E 4711", state=State.ABORTED, times=3)
    said += past("people", text="E 4711", state=State.ABORTED)
    found = suggest(STOP, Evidence(alarms=[alarm(1000, "E 4711")], past=said), REASONS)
    assert (found.reason, found.confidence) == ("adjustment", 3 / 5)
    assert "3 of 4 stops" in found.because[0]


def test_hints_for_one_reason_add_up():
    said = past("breakdown/mechanical", times=2)
    known = Evidence(alarms=[alarm(990, "mechanical overload")], past=said)
    found = suggest(STOP, known, REASONS)
    assert found.reason == "breakdown/mechanical"
    assert found.confidence == pytest.approx(1 - (1 - 0.6) * (1 - 2 / 4))
    assert len(found.because) == 2


def test_a_change_of_the_product_speaks_for_a_changeover():
    found = suggest(STOP, Evidence(changes=[1030 * S]), REASONS)
    assert (found.reason, found.confidence) == ("changeover", 0.7)
    assert suggest(STOP, Evidence(changes=[1400 * S]), REASONS) is None


def test_what_the_machine_tells_is_nearly_sure():
    found = suggest(stop(TimeElement.ADOT, cause=8, state=State.HELD), Evidence(), REASONS)
    assert (found.reason, found.confidence) == ("material", 0.9)


def test_a_short_stop_is_likely_a_jam():
    found = suggest(stop(TimeElement.MICRO, end=1030), Evidence(), REASONS)
    assert (found.reason, found.confidence) == ("micro_stop", 0.5)


def test_every_reason_for_which_something_speaks_is_told_the_likeliest_first():
    known = Evidence(alarms=[alarm(1000, "E 4711")], changes=[1030 * S])
    found = suggestions(STOP, known, REASONS)
    assert [each.reason for each in found] == ["changeover", "breakdown"]
    assert [each.confidence for each in found] == sorted(
        (each.confidence for each in found), reverse=True
    )
    assert found[0] == suggest(STOP, known, REASONS)
