"""Accounts: made without a password, changed on the record, gone at once."""

from __future__ import annotations

import pytest

from isthmus.model.access import Role
from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.record import Kind
from isthmus.trust.identity.account import State
from isthmus.trust.identity.administration import grants_of

from .conftest import PASSWORD


def test_a_new_account_has_no_password_and_one_link(house):
    account, code = house.by().add("anna", grants=grants_of("anna", [("operator", "a/b")]))
    assert not account.enrolled
    assert house.at("1.2.3.4").enrolling(code).name == "anna"
    assert code not in (house.folder / "accounts.json").read_text("utf-8")


def test_an_enrolment_link_works_once_and_for_three_days(house):
    _, code = house.by().add("anna")
    house.time += 3 * 86_400 + 1
    with pytest.raises(Refused):
        house.at("x").enrol(code, PASSWORD)
    house.time -= 2
    house.at("x").enrol(code, PASSWORD)
    with pytest.raises(Refused):
        house.at("x").enrol(code, PASSWORD)


def test_accounts_are_read_again_as_they_were(house):
    house.enrolled()
    house.by().describe("anna", title="Anna Ek", side="ot", teams=["shift-lead"])
    kept = house.identity.accounts.get("anna")
    assert house.again().accounts.get("anna") == kept
    assert kept.grants[0].role is Role.OPERATOR
    assert (house.folder / "accounts.json").stat().st_mode & 0o077 == 0


def test_a_damaged_file_lets_nobody_in(house):
    house.enrolled()
    file = house.folder / "accounts.json"
    file.write_text(file.read_text("utf-8").replace('"active"', '"x"'), "utf-8")
    with pytest.raises(StorageError, match=r"accounts\.json"):
        house.again()


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../etc", "a" * 64, "1a", "anna\n"])
def test_a_name_that_is_none_is_refused(house, name):
    with pytest.raises(ConfigError):
        house.by().add(name)


@pytest.mark.parametrize(("role", "at"), [("king", ""), ("viewer", "a//b"), ("viewer", "a b")])
def test_a_grant_that_is_none_is_refused(role, at):
    with pytest.raises(ConfigError):
        grants_of("anna", [(role, at)])


@pytest.mark.parametrize("password", ["short", "a" * 40, "anna is my name", "x" * 257])
def test_a_weak_password_is_refused_and_the_link_still_works(house, password):
    _, code = house.by().add("anna")
    with pytest.raises(ConfigError):
        house.at("x").enrol(code, password)
    house.at("x").enrol(code, PASSWORD)


def test_a_disabled_account_is_out_at_once(house):
    house.enrolled()
    secret, session = house.identity.sessions.begin("person:anna", "password", source="x")
    text, _ = house.by().token("script", ["read"], (), who="person:anna", days=1)
    who = house.identity.of_session(session)
    assert house.identity.still(who)
    house.by().disable("anna")
    assert house.identity.sessions.find(secret) is None
    assert house.identity.of_token(text) is None
    assert not house.identity.still(who)
    assert house.identity.accounts.get("anna").state is State.DISABLED
    with pytest.raises(Refused, match="wrong"):
        house.at("10.4.1.5").password("anna", PASSWORD)
    house.by().enable("anna")
    assert house.at("10.4.1.5").password("anna", PASSWORD).name == "anna"
    assert house.identity.of_token(text) is None


def test_other_grants_end_what_was_looked_up_before(house):
    house.enrolled()
    _, session = house.identity.sessions.begin("person:anna", "password", source="x")
    who = house.identity.of_session(session)
    text, _ = house.by().token("script", ["read"], (), who="person:anna", days=1)
    program = house.identity.of_token(text)
    assert house.identity.still(program)
    house.by().grant("anna", grants_of("anna", [("viewer", "")]))
    assert not house.identity.still(who)
    assert not house.identity.still(program)
    assert house.identity.of_session(session).own[0].role is Role.VIEWER


def test_nobody_changes_their_own_grants_or_account(house):
    house.enrolled("adam", "admin", "")
    by = house.by("person:adam")
    for change in (
        lambda: by.grant("adam", grants_of("adam", [("engineer", "")])),
        lambda: by.describe("adam", teams=["shift-lead"]),
        lambda: by.remove("adam"),
    ):
        with pytest.raises(Refused, match="own"):
            change()


def test_every_change_is_recorded_without_a_secret(house):
    _, codes = house.enrolled()
    house.by().disable("anna")
    _, code = house.by().enrol("anna")
    text, _ = house.by().token("bi", ["read"], ("packaging",), who="service:bi", days=1)
    house.by().revoke("bi")
    house.by().remove("anna")
    told = repr([vars(entry) for entry in house.ledger.entries])
    assert len(house.ledger.entries) == 7
    assert all(entry.kind is Kind.ACCOUNT for entry in house.ledger.entries)
    for secret in (PASSWORD, code, text, *codes):
        assert secret not in told


def test_what_cannot_be_recorded_does_not_happen(house):
    house.enrolled()

    def full(*_, **__):
        raise StorageError("the disk is full")

    house.ledger.record = full
    with pytest.raises(StorageError):
        house.by().grant("anna", grants_of("anna", [("engineer", "")]))
    assert house.identity.accounts.get("anna").grants[0].role is Role.OPERATOR
