"""Codes, cookies and the token, without a network."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.web import session
from isthmus.web.session import CODE_SECONDS, CODES, COOKIE, HOST, SESSION_SECONDS, Sessions


@pytest.fixture
def sessions(tmp_path):
    return Sessions.open(tmp_path / "web")


def asked(*, cookie="", bearer=""):
    """A request as far as a session looks at it."""
    cookies = {COOKIE: cookie} if cookie else {}
    headers = {"authorization": bearer} if bearer else {}
    return SimpleNamespace(cookies=cookies, headers=headers)


def test_key_and_token_stay_the_same_and_private(tmp_path, sessions):
    again = Sessions.open(tmp_path / "web")
    assert (again.key, again.token) == (sessions.key, sessions.token)
    assert len(sessions.key) == 32
    for name in ("token", "session.key"):
        assert (tmp_path / "web" / name).stat().st_mode & 0o777 == 0o600


def test_a_code_works_once(sessions):
    code = sessions.code()
    cookie = sessions.redeem(code)
    assert sessions.knows(asked(cookie=cookie))
    assert sessions.redeem(code) is None


def test_a_code_is_old_after_ten_minutes(sessions, monkeypatch):
    code, now = sessions.code(), time.monotonic()
    monkeypatch.setattr(session.time, "monotonic", lambda: now + CODE_SECONDS + 1)
    assert sessions.redeem(code) is None


def test_a_cookie_is_old_after_two_weeks(sessions, monkeypatch):
    cookie, now = sessions.redeem(sessions.code()), time.time()
    monkeypatch.setattr(session.time, "time", lambda: now + SESSION_SECONDS - 1)
    assert sessions.knows(asked(cookie=cookie))
    monkeypatch.setattr(session.time, "time", lambda: now + SESSION_SECONDS + 1)
    assert not sessions.knows(asked(cookie=cookie))


def test_only_the_newest_codes_are_kept(sessions):
    codes = [sessions.code() for _ in range(CODES + 5)]
    assert [bool(sessions.redeem(code)) for code in codes] == [False] * 5 + [True] * CODES


def test_a_cookie_of_another_installation_is_not_taken(sessions, tmp_path):
    other = Sessions.open(tmp_path / "other")
    assert not sessions.knows(asked(cookie=other.redeem(other.code())))


@given(st.text(), st.text())
def test_nothing_made_up_is_known(cookie, bearer):
    sessions = Sessions(b"k" * 32, "t" * 64)
    assert not sessions.knows(asked(cookie=cookie, bearer=bearer))
    assert not sessions.knows(asked(cookie=f"{cookie}.{bearer}"))


def test_the_token_is_known_with_its_word_only(sessions):
    assert sessions.knows(asked(bearer=f"Bearer {sessions.token}"))
    assert not sessions.knows(asked(bearer=f"Bearer {sessions.token}x"))
    assert not sessions.knows(asked(bearer=f"Basic {sessions.token}"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8800", "[::1]:8800", "Plant-1.local"])
def test_a_host_is_a_name_with_a_port(host):
    assert HOST.fullmatch(host)


@pytest.mark.parametrize("host", ["", "[::1", "a@b", "a#b", "a:b", "a b", "a/b", "a:1:2", "ä"])
def test_anything_else_is_no_host(host):
    assert HOST.fullmatch(host) is None
