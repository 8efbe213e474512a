"""Passwords, recovery codes, and guessing that keeps no operator out."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from isthmus.model.errors import Refused
from isthmus.trust.identity.password import fits, plain_code, verifier
from isthmus.trust.identity.sign_in import TooSoon, WrongProof
from isthmus.trust.identity.throttle import MOST_KEYS, PAIR, Throttle

from .conftest import PASSWORD

HERE, THERE = "10.4.1.5", "203.0.113.9"


def wrong(house, source, times, name="anna"):
    """So many wrong passwords, each after the wait it had to; the last wait."""
    for _ in range(times):
        while True:
            try:
                house.at(source).password(name, "not the right one")
            except TooSoon as error:
                house.time += error.seconds
                continue
            except WrongProof:
                break
    return house.identity.throttle.wait(name, source, known=False)


def test_a_password_is_kept_as_argon2id_with_the_profile_of_owasp():
    kept = verifier(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert fits(kept, PASSWORD)
    assert not fits(kept, PASSWORD + "x")
    assert not fits("", PASSWORD)
    assert not fits("nonsense", PASSWORD)


def test_the_right_password_signs_in(house):
    house.enrolled()
    assert house.at(HERE).password("anna", PASSWORD).id == "person:anna"


@pytest.mark.parametrize("name", ["anna", "nobody", "x\r\ny", "é" * 300, ""])
def test_a_wrong_password_says_no_more_than_that(house, name):
    house.enrolled()
    with pytest.raises(WrongProof, match="account or password is wrong"):
        house.at(HERE).password(name, "not the right one")
    entry = house.ledger.entries[-1]
    assert entry.text.startswith("refused password")
    assert "\n" not in entry.text


def test_waits_grow_to_a_minute_and_not_beyond(house):
    house.enrolled()
    assert wrong(house, THERE, 3) == 0
    waits = [wrong(house, THERE, 1) for _ in range(8)]
    assert waits == sorted(waits)
    assert waits[0] == 2
    assert waits[-1] == PAIR.longest


def test_the_right_password_waits_too_where_it_was_guessed_from(house):
    house.enrolled()
    wrong(house, THERE, 6)
    with pytest.raises(TooSoon) as told:
        house.at(THERE).password("anna", PASSWORD)
    assert "passkey" in told.value.hint
    house.time += 60
    assert house.at(THERE).password("anna", PASSWORD)


def test_a_stranger_who_guesses_does_not_keep_the_operator_out(house):
    house.enrolled()
    house.identity.accounts.entered("anna", HERE, house.time)
    for number in range(60):  # from many addresses, and no pause at the end
        with pytest.raises(Refused):
            house.at(f"203.0.113.{number}").password("anna", "guess")
    with pytest.raises(TooSoon):
        house.at("198.51.100.1").password("anna", PASSWORD)
    assert house.at(HERE).password("anna", PASSWORD)


def test_the_table_of_failures_is_bounded():
    throttle = Throttle(lambda: 0.0)
    for number in range(MOST_KEYS):
        throttle.failed(f"a{number}", f"s{number}")
    assert len(throttle._failed) == MOST_KEYS


def test_a_recovery_code_signs_in_once_however_it_is_typed(house):
    _, codes = house.enrolled()
    assert house.at(HERE).recovery("anna", codes[0].upper().replace("-", " "))
    with pytest.raises(WrongProof):
        house.at(HERE).recovery("anna", codes[0])
    assert len(house.identity.accounts.get("anna").recovery) == 9
    assert plain_code(codes[1]) == codes[1]


def test_a_recovery_code_signs_in_one_of_two_at_once(house):
    _, codes = house.enrolled()
    entered, start = [], threading.Barrier(4)

    def enter():
        start.wait()
        with suppress(Refused):
            entered.append(house.at(HERE).recovery("anna", codes[0]))

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 1


def test_codes_of_one_account_are_not_those_of_another(house):
    _, codes = house.enrolled()
    house.enrolled("bert")
    with pytest.raises(WrongProof):
        house.at(HERE).recovery("bert", codes[0])
