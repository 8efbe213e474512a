"""Sessions and tokens: opaque, bounded, ended when they should be, kept over a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isthmus.model.access import OWNER, Right, Role
from isthmus.model.errors import ConfigError
from isthmus.trust.identity.sessions import FRESH


def begin(house, who="person:anna", **more):
    return house.identity.sessions.begin(who, "password", source="x", **more)


def test_a_session_is_known_by_its_id_which_is_not_kept(house):
    secret, session = begin(house)
    assert house.identity.sessions.find(secret).number == session.number
    assert secret not in (house.folder / "sessions.json").read_text("utf-8")
    assert (house.folder / "sessions.json").stat().st_mode & 0o077 == 0


def test_a_restart_signs_nobody_out(house):
    secret, session = begin(house)
    assert house.again().sessions.find(secret).number == session.number


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "a" * 5_000])
def test_nothing_made_up_is_a_session(house, secret):
    begin(house)
    assert house.identity.sessions.find(secret) is None


def test_an_idle_session_ends_and_one_in_use_does_not(house):
    idle, _ = begin(house)
    used, _ = begin(house)
    for _ in range(4):
        house.time += 1_000
        assert house.identity.sessions.find(used)
    assert house.identity.sessions.find(idle) is None


def test_a_session_ends_at_the_latest_however_it_is_used(house):
    secret, _ = begin(house)
    for _ in range(86):
        house.time += 1_000
        assert house.identity.sessions.find(secret)
    house.time += 1_000
    assert house.identity.sessions.find(secret) is None


def test_the_oldest_session_of_an_account_makes_room(house):
    made = []
    for _ in range(5):
        house.time += 1
        made.append(begin(house)[0])
    other, _ = begin(house, "person:bert")
    assert [bool(house.identity.sessions.find(one)) for one in made] == [False] * 2 + [True] * 3
    assert house.identity.sessions.find(other)


def test_a_proof_makes_a_new_id_and_the_old_one_worthless(house):
    old, session = begin(house)
    house.time += FRESH + 1
    assert not house.identity.sessions.find(old).is_fresh(house.time)
    new, fresh = house.identity.sessions.renew(session)
    assert fresh.is_fresh(house.time)
    assert fresh.number == session.number
    assert house.identity.sessions.find(old) is None
    assert house.identity.sessions.find(new)
    assert house.identity.sessions.renew(session) is None


def test_a_proof_does_not_make_a_session_live_longer(house):
    _, session = begin(house)
    house.time += 1_000
    assert house.identity.sessions.renew(session)[1].until == session.until


def test_a_locked_session_stays_locked_until_it_is_proven(house):
    secret, session = begin(house)
    house.identity.sessions.lock(session)
    found = house.identity.sessions.find(secret)
    assert found.locked
    assert not found.is_fresh(house.time)
    assert not house.identity.sessions.renew(found)[1].locked


def test_the_owners_session_needs_no_account(house):
    _, session = begin(house, OWNER)
    assert house.identity.of_session(session).owner
    _, stranger = begin(house, "person:nobody")
    assert house.identity.of_session(stranger) is None


def test_a_token_is_held_to_its_rights_and_places(house):
    text, token = house.by().token("bi", ["read"], ("packaging/**",), who="service:bi", days=90)
    who = house.identity.of_token(text)
    assert (who.id, who.how) == ("service:bi", "token")
    assert who.scope.rights == {Right.READ}
    assert who.scope.at == ("packaging/**",)
    assert [(grant.role, grant.at) for grant in who.own] == [(Role.VIEWER, "packaging/**")]
    assert token.number in text
    kept = (house.folder / "tokens.json").read_text("utf-8")
    assert text.rpartition("_")[2] not in kept


def test_a_token_ends_by_its_date_and_by_hand(house):
    text, _ = house.by().token("bi", [], (), who="service:bi", days=1)
    other, _ = house.by().token("erp", ["plan"], (), who="service:erp", days=1)
    assert house.identity.still(house.identity.of_token(text))
    who = house.identity.of_token(other)
    house.by().revoke("erp")
    assert not house.identity.still(who)
    assert house.identity.of_token(other) is None
    house.time += 86_400
    assert house.identity.of_token(text) is None
    assert house.again().of_token(text) is None


def test_tokens_of_a_restart_are_the_same(house):
    text, _ = house.by().token("bi", ["read", "export"], ("a",), who="service:bi", days=1)
    assert house.again().of_token(text) == house.identity.of_token(text)


@pytest.mark.parametrize("text", ["", "ist", "ist__", "ist_00000000_x", "ist_x_y_z", "\ud800"])
def test_nothing_made_up_is_a_token(house, text):
    house.by().token("bi", [], (), who="service:bi", days=1)
    assert house.identity.of_token(text) is None


def test_a_token_with_a_letter_changed_is_none(house):
    text, _ = house.by().token("bi", [], (), who="service:bi", days=1)
    for place in range(0, len(text), 5):
        letter = "0" if text[place] != "0" else "1"
        assert house.identity.of_token(text[:place] + letter + text[place + 1 :]) is None


@pytest.mark.parametrize(
    ("rights", "at", "days"),
    [
        *((["king"], (), 1), (["read"], ("a//b",), 1), (["read"], (), 0), (["read"], (), 1e9)),
        *((["write", "administer"], (), 1), (["read"], (), float("nan"))),
    ],
)
def test_a_token_that_is_none_is_refused(house, rights, at, days):
    with pytest.raises(ConfigError):
        house.by().token("bi", rights, at, who="service:bi", days=days)


def test_an_emergency_stays_open_until_it_is_reviewed(house):
    glass = house.identity.emergencies
    with pytest.raises(ConfigError):
        glass.begin(" ", OWNER)
    opened = glass.begin("the filler stands\nand nobody answers", OWNER)
    assert "\n" not in opened.reason
    assert [one.number for one in house.again().emergencies.unreviewed()] == [opened.number]
    with pytest.raises(ConfigError):
        glass.review(opened.number, "person:eva", "")
    glass.review(opened.number, "person:eva", "entry was right, valve freed")
    assert not house.again().emergencies.unreviewed()
    with pytest.raises(ConfigError, match="person:eva"):
        glass.review(opened.number, "person:eva", "once more, for the record")


@pytest.fixture
def minded(house):
    """An installation whose sessions lock after 15 minutes without a hand."""
    limits = replace(house.identity.sessions.limits, lock=900.0, idle=86_400.0)
    house.identity.sessions.limits = limits
    return house


def test_a_session_without_a_hand_locks_whatever_its_pages_ask(minded):
    sessions = minded.identity.sessions
    secret, _ = begin(minded)
    for _ in range(14):  # a page asks by itself
        minded.time += 60
        assert not sessions.find(secret).locked
    minded.time += 60
    assert sessions.find(secret).locked
    assert not sessions.find(secret).is_fresh(minded.time)
    sessions.touch(sessions.find(secret))  # a hand is no proof
    assert sessions.find(secret).locked
    assert minded.again().sessions.find(secret).locked
    fresh, _ = sessions.renew(sessions.find(secret))
    assert not sessions.find(fresh).locked


def test_a_hand_keeps_it_open_and_the_live_stream_ends_with_the_lock(minded):
    minded.enrolled()
    sessions = minded.identity.sessions
    secret, session = begin(minded)
    who = minded.identity.of_session(session)
    for _ in range(5):
        minded.time += 800
        sessions.touch(sessions.find(secret))
        assert minded.identity.still(who)
    minded.time += 900
    assert not minded.identity.still(who)  # nothing but the stream asks


def test_a_display_and_a_setting_of_never_do_not_lock(minded):
    sessions = minded.identity.sessions
    sessions.displays = lambda one: one.who == "person:wall"
    wall, other = begin(minded, "person:wall")[0], begin(minded)[0]
    minded.time += 5_000
    assert not sessions.find(wall).locked
    assert sessions.find(other).locked
    sessions.limits = replace(sessions.limits, lock=0.0)
    never = begin(minded)[0]
    minded.time += 50_000
    assert not sessions.find(never).locked
