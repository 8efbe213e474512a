"""Each guard by itself: what it lets pass, what it refuses, and that it says what would help."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from isthmus.model.access import Decision
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag
from isthmus.model.write import Condition, Need, Risk, WriteMode, WriteRules
from isthmus.trust.permit.guards import judged
from isthmus.trust.permit.lock import Lock
from isthmus.trust.permit.permit import Permit
from isthmus.trust.permit.verdict import Circumstances, Seen

NOW = 1_795_000_000 * 10**9
HOUR = 3_600 * 10**9
PATH = "packaging/line1/filler/setpoint"
STATES = {4: "idle", 6: "execute"}
TAG = Tag(PATH, unit="1/min", range=(0, 180), write=WriteRules())
CASE = Circumstances(
    tag=TAG,
    value=120,
    by="person:anna",
    reason="slower",
    wall=NOW,
    present=Seen(PATH, 118, 0, 1),
    moved=0,
    conditions=(),
    state=Seen("packaging/line1/filler/state", 6, 0, 1, STATES),
    locks=(),
    decision=Decision(allowed=True, reason="she is operator"),
    permit=None,
    permit_fault="",
    reach="",
    mode=WriteMode.LIVE,
)
PERMIT = Permit(
    *(7, "packaging/line1/filler/*", 100, 130, "new caps", "WO-1", NOW - HOUR, NOW + HOUR),
    requested="person:anna",
    holder="person:anna",
    approved=("person:ben",),
)


def refused(rules=None, **changed):
    """Names of the guards that refuse, and that each says what would change that."""
    case = replace(CASE, **changed)
    if rules is not None:
        case = replace(case, tag=replace(case.tag, write=WriteRules(**rules)))
    no = [each for each in judged(case) if not each.ok]
    assert all(each.reason and each.change for each in no)
    return [each.name for each in no]


def test_a_plain_wish_passes_all_of_them():
    assert refused() == []
    assert len(judged(CASE)) == 12


def test_without_write_rules_nothing_passes():
    assert refused(tag=replace(TAG, write=None)) == ["writable"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 180.1, -math.inf])
def test_values_out_of_limits(value):
    assert "limits" in refused(value=value)


@pytest.mark.parametrize("value", [0, 180, 180 * (1 + 1e-12)])
def test_limits_themselves_may_be_written(value):
    assert refused(value=value) == []


def test_its_own_range_is_narrower_than_the_instruments():
    assert refused({"range": (110, 125)}, value=126) == ["limits"]


def test_an_enumeration_takes_its_words_alone():
    tag = replace(TAG, kind=Kind.ENUMERATION, legend=STATES, range=None)
    assert refused(tag=tag, value=5) == ["limits"]
    assert refused(tag=tag, value=4) == []


@pytest.mark.parametrize(
    ("present", "step", "no"),
    [
        (Seen(PATH, 118, 0, 1), 2, []),
        (Seen(PATH, 118, 0, 1), 1.99, ["step"]),
        (Seen(PATH, 118, 0, 9_999), 2, []),  # a setting stays until it is written
        (Seen(PATH, 118, int(Status.BAD_NO_COMMUNICATION), 1), 2, ["step"]),
        (Seen(PATH, math.nan, 0, 1), 2, ["step"]),
    ],
)
def test_steps(present, step, no):
    assert refused({"max_step": step}, present=present) == no


def test_the_rate_adds_what_was_changed_before():
    assert refused({"max_rate": 10}, moved=8) == []
    assert refused({"max_rate": 10}, moved=8.1) == ["rate of change"]


@pytest.mark.parametrize(
    ("text", "seen", "no"),
    [
        ("state != idle", Seen("x", 6, 0, 1, STATES), []),
        ("state == idle", Seen("x", 6, 0, 1, STATES), ["interlock"]),
        ("state != idle", Seen("x", 6, 0, 11, STATES), ["interlock"]),
        ("state != idle", Seen("x", 6, int(Status.BAD), 1, STATES), ["interlock"]),
        ("state != idle", Seen("x", 6, int(Status.UNCERTAIN), 1, STATES), ["interlock"]),
        ("state != idle", Seen("x", math.nan, 0, 1, STATES), ["interlock"]),
        ("state != idle", None, ["interlock"]),
        ("pressure >= 2.5", Seen("x", 2.5, 0, 1), []),
        ("pressure > 2.5", Seen("x", 2.5, 0, 1), ["interlock"]),
        ("state != nonsense", Seen("x", 6, 0, 1, STATES), ["interlock"]),
    ],
)
def test_interlocks_hold_by_good_and_fresh_values_alone(text, seen, no):
    assert refused(conditions=[(Condition.parse(text), seen)]) == no


def test_machine_states():
    assert refused({"states": ("execute",)}) == []
    assert refused({"states": ("idle",)}) == ["machine state"]
    assert refused({"states": ("execute",)}, state=None) == ["machine state"]
    old = Seen("state", 6, 0, 60, STATES)
    assert refused({"states": ("execute",)}, state=old) == ["machine state"]


def test_a_lock_a_role_a_reason_and_a_connection():
    lock = Lock("packaging/line1/filler", "person:ben", "new belt", NOW)
    assert lock.holds(PATH)
    assert not lock.holds("packaging/line1/filler2/setpoint")
    assert refused(locks=[lock]) == ["maintenance lock"]
    no = Decision(allowed=False, reason="nobody granted it", hint="ask anna")
    assert refused(decision=no) == ["role"]
    assert refused(reason=" ") == ["reason"]
    assert refused(reach="filler-plc is down") == ["connection"]


def test_simulation_refuses_nothing():
    assert refused(mode=WriteMode.SIMULATE) == []


@pytest.mark.parametrize(
    ("changed", "ok"),
    [
        ({}, True),
        ({"end": NOW}, False),
        ({"start": NOW + 1}, False),
        ({"closed": "person:ben"}, False),
        ({"refused": "person:ben"}, False),
        ({"reviewed": "person:ben"}, False),
        ({"approved": ()}, False),
        ({"holder": "person:eve"}, False),
        ({"at": "packaging/line1/capper/*"}, False),
        ({"low": 121.0}, False),
        ({"high": 119.0}, False),
    ],
)
def test_permits(changed, ok):
    found = refused({"needs": frozenset({Need.PERMIT})}, permit=replace(PERMIT, **changed))
    assert found == ([] if ok else ["permit"])


def test_no_permit_and_one_that_is_not_there():
    assert refused({"needs": frozenset({Need.PERMIT})}) == ["permit"]
    assert refused(permit_fault="there is no permit 9") == ["permit"]


def test_a_high_risk_needs_two_others():
    rules = {"risk": Risk.HIGH}
    one = replace(PERMIT, second=True)
    assert refused(rules, permit=one) == ["permit", "second person"]
    own = replace(one, approved=("person:anna", "person:ben"))
    assert refused(rules, permit=own) == ["second person"]
    two = replace(one, approved=("person:ben", "person:cleo"))
    assert refused(rules, permit=two) == []
