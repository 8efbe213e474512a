"""Codes, cookies and tokens, without a network."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.access import OWNER
from isthmus.model.record import Unrecorded
from isthmus.trust.identity.identity import Identity
from isthmus.web import session
from isthmus.web.guard import HOST
from isthmus.web.session import CODE_SECONDS, CODES, COOKIE, HOST_COOKIE, Entrance


def opened(folder):
    return Entrance.open(folder / "web", Identity.open(folder / "trust", Unrecorded()))


@pytest.fixture
def entrance(tmp_path):
    return opened(tmp_path)


def asked(*, cookie="", bearer="", scheme="http", name=COOKIE):
    """A request as far as the entrance looks at it."""
    cookies = {name: cookie} if cookie else {}
    headers = {"authorization": bearer} if bearer else {}
    url = SimpleNamespace(scheme=scheme)
    return SimpleNamespace(cookies=cookies, headers=headers, url=url)


def test_the_token_stays_the_same_and_private(tmp_path, entrance):
    assert opened(tmp_path).token == entrance.token
    assert (tmp_path / "web" / "token").stat().st_mode & 0o777 == 0o600


def test_a_code_works_once(entrance):
    code = entrance.code()
    who, _ = entrance.who(asked(cookie=entrance.redeem(code)))
    assert who.owner
    assert entrance.redeem(code) is None


def test_a_code_is_old_after_ten_minutes(entrance, monkeypatch):
    code, now = entrance.code(), time.monotonic()
    monkeypatch.setattr(session.time, "monotonic", lambda: now + CODE_SECONDS + 1)
    assert entrance.redeem(code) is None


def test_only_the_newest_codes_are_kept(entrance):
    codes = [entrance.code() for _ in range(CODES + 5)]
    assert [bool(entrance.redeem(code)) for code in codes] == [False] * 5 + [True] * CODES


def test_an_emergency_ends_after_an_hour_and_says_what_it_is(entrance):
    who, found = entrance.who(asked(cookie=entrance.redeem(entrance.code("5f3a09c1"))))
    assert who.owner
    assert who.how == "break-glass"
    assert found.until - found.began == 3_600


def test_a_cookie_of_another_installation_is_not_taken(entrance, tmp_path):
    other = opened(tmp_path / "other")
    assert entrance.who(asked(cookie=other.redeem(other.code()))) is None


def test_over_tls_only_the_cookie_counts_that_no_other_host_can_set(entrance):
    secret = entrance.redeem(entrance.code())
    assert entrance.who(asked(cookie=secret, scheme="https")) is None
    assert entrance.who(asked(cookie=secret, name=HOST_COOKIE)) is None
    assert entrance.who(asked(cookie=secret, scheme="https", name=HOST_COOKIE))


@given(st.text(), st.text())
def test_nothing_made_up_is_known(tmp_path_factory, cookie, bearer):
    entrance = opened(tmp_path_factory.getbasetemp() / "made-up")
    assert entrance.who(asked(cookie=cookie, bearer=bearer)) is None
    assert entrance.who(asked(cookie=f"{cookie}.{bearer}")) is None


def test_the_token_is_known_with_its_word_only(entrance):
    who, found = entrance.who(asked(bearer=f"Bearer {entrance.token}"))
    assert (who.id, found) == (OWNER, None)
    assert entrance.who(asked(bearer=f"Bearer {entrance.token}x")) is None
    assert entrance.who(asked(bearer=f"Basic {entrance.token}")) is None
    assert entrance.who(asked(bearer=entrance.token)) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8800", "[::1]:8800", "Plant-1.local"])
def test_a_host_is_a_name_with_a_port(host):
    assert HOST.fullmatch(host)


@pytest.mark.parametrize("host", ["", "[::1", "a@b", "a#b", "a:b", "a b", "a/b", "a:1:2", "ä"])
def test_anything_else_is_no_host(host):
    assert HOST.fullmatch(host) is None
