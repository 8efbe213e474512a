"""What people may do with alarms: each is done that they may, and they are told which those are."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.runtime.alarm.test_alarms import Site

from isthmus.model.access import Access, Deny, Grant, Principal, Right, Role
from isthmus.trust.policy.policy import Policy
from isthmus.web.access import Sight
from isthmus.web.alarms import acted, told
from isthmus.web.ask import Problem
from isthmus.web.contract import AlarmWish

OWN, OTHER = (f"hall/line1/{unit}/force_high" for unit in ("one", "two"))
ANNA = Principal("person:anna")


@pytest.fixture
def site(tmp_path):
    found = Site(tmp_path)
    found.tell(1000, one__force=101, two__force=101)
    return found


def seen(site, *grants, deny=()):
    policy = Policy(Access(tuple(Grant("person:anna", *grant) for grant in grants), deny))
    rights = SimpleNamespace(policy=policy, decide=policy.decide)
    app = SimpleNamespace(alarms=site.alarms, trust=SimpleNamespace(rights=rights))
    return Sight(app, ANNA), app


def act(site, who, step, *paths, **wish):
    sight, app = who
    return acted(app, sight, step, AlarmWish(alarms=list(paths), **wish))


def test_what_is_outside_of_a_right_keeps_nothing_else_from_being_done(site):
    who = seen(site, (Role.VIEWER, ""), (Role.OPERATOR, "hall/line1/one"))
    done, not_done = act(site, who, "acknowledge", OWN, OTHER)
    assert (done.state, done.refused) == ("acknowledged", "")
    assert not_done.state == "unacknowledged"
    assert f"this needs acknowledge at {OTHER}" in not_done.refused
    with pytest.raises(Problem, match="this needs acknowledge"):
        act(site, who, "acknowledge", OTHER)
    site.alarms.acknowledge(OTHER, "person:ben")
    with pytest.raises(Problem, match="this needs acknowledge"):  # seen by ben is not done by anna
        act(site, who, "acknowledge", OTHER)


def test_what_nobody_shows_is_told_to_nobody(site):
    who = seen(site, (Role.OPERATOR, ""), deny=(Deny("person:anna", frozenset(Right), OTHER),))
    with pytest.raises(Problem, match="this needs read"):
        act(site, who, "acknowledge", OWN, OTHER)


def test_an_alarm_says_what_the_one_who_sees_it_may_do(site):
    sight, _ = seen(site, (Role.VIEWER, ""), (Role.MAINTAINER, "hall/line1/one"))
    own, other = (told(each, sight) for each in site.alarms.present([OWN, OTHER]))
    assert (own.may_acknowledge, own.may_lock) == (True, True)
    assert (other.may_acknowledge, other.may_lock) == (False, False)


def test_an_alarm_is_shelved_for_the_longest_that_it_allows(site):
    place = site.alarms.places[OWN]
    alarm = site.alarms.all[place]
    site.alarms.all[place] = replace(alarm, definition=replace(alarm.definition, shelve=31.0))
    who = seen(site, (Role.OPERATOR, ""))
    (told,) = act(site, who, "shelve", OWN, reason="on order", minutes=31 / 60)
    assert told.state == "shelved"
