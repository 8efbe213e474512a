"""SCRAM-SHA-256 against the example of RFC 7677, and against those who do not know."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pgwire.error import SqlError
from isthmus.pgwire.scram import PLAIN, PLUS, Exchange, Verifier, prepared

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"


def test_the_example_of_the_standard(monkeypatch):
    made = NONCE.removeprefix("rOprNGfwEbeRWgbNEkqO")
    monkeypatch.setattr("isthmus.pgwire.scram.secrets.token_urlsafe", lambda _: made)
    exchange = Exchange(Verifier.of("pencil", rounds=4_096, salt=SALT), PLAIN, None)
    challenge = exchange.first(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    assert challenge == f"r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
    last = f"c=biws,r={NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert exchange.last(last.encode()) == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_a_wrong_proof_and_a_wrong_password_prove_nothing():
    for proof in ("AAAA", base64.b64encode(bytes(32)).decode()):
        exchange = Exchange(Verifier.of("pencil"), PLAIN, None)
        nonce = exchange.first(b"n,,n=,r=abc").decode().split(",")[0]
        assert exchange.last(f"c=biws,{nonce},p={proof}".encode()) is None


@pytest.mark.parametrize(
    ("mechanism", "binding", "first"),
    [
        (PLUS, b"x", b"n,,n=,r=abc"),  # asked for binding, then did without
        (PLUS, b"x", b"p=tls-unique,,n=,r=abc"),
        (PLAIN, b"x", b"y,,n=,r=abc"),  # somebody took our offer away
        (PLAIN, None, b"p=tls-server-end-point,,n=,r=abc"),
        (PLAIN, None, b"n,,m=ext,n=,r=abc"),
        (PLAIN, None, b"\xff"),
    ],
)
def test_a_bent_beginning_is_refused(mechanism, binding, first):
    with pytest.raises(SqlError):
        Exchange(Verifier.of("pencil"), mechanism, binding).first(first)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_prove_nothing(body):
    exchange = Exchange(Verifier(4_096, SALT, bytes(32), bytes(32)), PLAIN, None)
    exchange.first(b"n,,n=,r=abc")
    with pytest.raises(SqlError):
        exchange.last(body)
    with pytest.raises(SqlError):
        Exchange(Verifier(4_096, SALT, bytes(32), bytes(32)), PLUS, b"x").first(body)


def test_a_verifier_is_written_as_postgresql_does_and_read_again():
    made = Verifier.of("pencil", rounds=4_096, salt=SALT)
    assert made.text().startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    assert Verifier.parse(made.text()) == made
    with pytest.raises(ValueError, match="no verifier"):
        Verifier.parse("md5abc")


def test_unknown_users_have_a_salt_that_stays():
    one, again = Verifier.nobody("eve", b"s"), Verifier.nobody("eve", b"s")
    assert one.salt == again.salt != Verifier.nobody("adam", b"s").salt
    assert len(one.salt) == len(Verifier.of("x").salt)


@pytest.mark.parametrize(
    ("password", "bytes_"),
    [
        ("I\u00adX", b"IX"),
        ("\u00aa", b"a"),
        ("\u2168", b"IX"),
        ("a\u00a0b", b"a b"),
        ("\u0007", b"\x07"),  # SASLprep takes it not: as it is
    ],
)
def test_passwords_are_prepared_as_rfc_4013_wants(password, bytes_):
    assert prepared(password) == bytes_
