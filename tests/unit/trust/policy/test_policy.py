"""Decisions as people meet them: who, why, and what would change it."""

from __future__ import annotations

import pytest

from isthmus.model.access import OWNER, Access, Deny, Grant, Principal, Right, Role, Scope
from isthmus.trust.policy.holder import who_can
from isthmus.trust.policy.policy import MOST_SEATS, Policy
from isthmus.trust.policy.reach import Reach, Zones

SPEED = "packaging/line1/filler/speed"
ANNA = Principal("person:anna", groups=frozenset({"group:leads"}))
ACCESS = Access(
    grants=(
        Grant("team:shift-lead", Role.OPERATOR, "packaging/line1"),
        Grant("person:ben", Role.VIEWER),
        Grant("team:security", Role.SECURITY),
        Grant("service:pump", Role.OPERATOR, "", "cell"),
    ),
    deny=(Deny("everyone", frozenset({Right.WRITE}), "packaging/line1/guard"),),
    teams={
        "team:shift-lead": frozenset({"group:leads"}),
        "team:security": frozenset({"person:zoe"}),
    },
)
ZONES = Zones.of({SPEED: "cell", "packaging/line2/filler/speed": "cell", "utilities/air": "it"})
POLICY = Policy(ACCESS, ZONES, "acme/riverside")


def test_a_grant_of_a_team_reaches_who_is_in_its_group():
    found = POLICY.decide(ANNA, Right.WRITE, SPEED)
    assert found
    assert found.reason == "team:shift-lead is operator at packaging/line1"


def test_line1_is_not_line10():
    assert not POLICY.decide(ANNA, Right.WRITE, "packaging/line10/filler/speed")


def test_nothing_is_allowed_to_nobody():
    stranger = Principal("person:eve")
    for right in Right:
        found = POLICY.decide(stranger, right, SPEED)
        assert not found
        assert found.hint


def test_the_owner_may_do_everything_whatever_is_denied():
    assert POLICY.decide(Principal(OWNER), Right.WRITE, "packaging/line1/guard/stop")


def test_a_denial_wins_and_says_where_it_stands():
    found = POLICY.decide(ANNA, Right.WRITE, "packaging/line1/guard/stop")
    assert not found
    assert found.reason == "everyone is denied write at packaging/line1/guard"
    assert "team:security can change it" in found.hint


def test_a_denial_below_denies_the_whole():
    assert POLICY.decide(ANNA, Right.READ, "packaging/line1")
    assert not POLICY.decide(ANNA, Right.WRITE, "packaging/line1")


def test_the_nearest_change_is_told():
    near = POLICY.decide(ANNA, Right.WRITE, "packaging/line2/filler/speed")
    assert "team:shift-lead has it at packaging/line1 as operator" in near.hint
    far = POLICY.decide(ANNA, Right.CONFIGURE)
    assert "the roles engineer have it" in far.hint
    assert "the owner of the data folder, team:security can grant one" in far.hint


def test_a_grant_of_a_zone_holds_there_alone():
    pump = Principal("service:pump")
    assert POLICY.decide(pump, Right.WRITE, SPEED)
    assert POLICY.decide(pump, Right.WRITE, "packaging/line2")
    assert not POLICY.decide(pump, Right.WRITE, "utilities/air")
    assert not POLICY.decide(pump, Right.WRITE, "unknown/path")
    assert not POLICY.decide(pump, Right.READ), "the site has other zones too"


def test_a_denial_of_a_zone_touches_the_equipment_around_it():
    access = Access((Grant("person:ben", Role.OPERATOR),), (Deny("person:ben", zone="cell"),))
    policy, ben = Policy(access, ZONES), Principal("person:ben")
    assert not policy.decide(ben, Right.READ, "packaging")
    assert policy.decide(ben, Right.READ, "utilities/air")
    assert not policy.decide(ben, Right.READ, "utilities/air", "cell")


def test_grants_of_the_account_itself_count():
    own = Principal("person:kim", own=(Grant("person:kim", Role.PLANNER, "packaging"),))
    assert POLICY.decide(own, Right.PLAN, "packaging/line2")
    assert not POLICY.decide(own, Right.PLAN)


@pytest.mark.parametrize(
    ("scope", "right", "path", "reason"),
    [
        (Scope(frozenset({Right.READ})), Right.WRITE, SPEED, "is not for write"),
        (Scope(at=("packaging/line1/capper",)), Right.READ, SPEED, "is held to packaging/line1/ca"),
        (Scope(at=("packaging/**",)), Right.READ, "", "is held to packaging/**"),
    ],
)
def test_a_token_is_held_to_its_scope(scope, right, path, reason):
    held = Principal("person:anna", groups=ANNA.groups, scope=scope)
    found = POLICY.decide(held, right, path)
    assert not found
    assert reason in found.reason


def test_patterns_may_begin_with_enterprise_and_site():
    assert Reach.of("acme/riverside/packaging", root="acme/riverside").covers(SPEED, frozenset())
    assert Reach.of("acme/riverside", root="acme/riverside").covers("", frozenset())
    assert Reach.of("acme/*/packaging/**", root="acme/riverside").covers(SPEED, frozenset())
    assert not Reach.of("acme/riverside/utilities", root="acme/riverside").covers(
        SPEED, frozenset()
    )


def test_explain_tells_what_each_line_does():
    assert POLICY.explain(ANNA, Right.WRITE, SPEED) == [
        "deny write to everyone at packaging/line1/guard: is elsewhere",
        "grant operator to team:shift-lead at packaging/line1: allows it",
        "allowed: team:shift-lead is operator at packaging/line1",
    ]


def test_who_can_write_a_tag():
    accounts = [ANNA, Principal("person:kim")]
    found = who_can(POLICY, Right.WRITE, SPEED, accounts)
    assert [(holder.who, holder.of) for holder in found] == [
        ("owner", ""),
        ("person:anna", "team:shift-lead"),
        ("service:pump", ""),
        ("group:leads", ""),
    ]
    assert [holder.who for holder in who_can(POLICY, Right.GOVERN)] == ["owner", "person:zoe"]


def test_what_is_kept_of_principals_is_bounded():
    policy = Policy(ACCESS)
    for number in range(3 * MOST_SEATS):
        policy.decide(Principal(f"person:{number}"), Right.READ, SPEED)
    assert len(policy._seats) <= MOST_SEATS
    assert len(policy._near) <= MOST_SEATS
