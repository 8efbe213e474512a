"""SCRAM-SHA-256 (RFC 5802, RFC 7677): who knows a password proves it without saying it.

Kept is a verifier, in PostgreSQL's own form, from which the password cannot be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

from isthmus.pgwire.error import BAD_PASSWORD, SqlError, broken

PLAIN, PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
ROUNDS = 4_096 * 4
SALT = 16
_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")
_FIRST = re.compile(r"(([npy])(?:=([^,]*))?,(?:a=[^,]*)?,)((?:m=[^,]*,)?n=([^,]*),r=([!-+\--~]+))")
_LAST = re.compile(r"(c=([A-Za-z0-9+/=]*),r=([!-+\--~]+)(?:,[^,]*)*),p=([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Verifier:
    """What proves a password, and does not tell it."""

    rounds: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    @classmethod
    def of(cls, password: str, *, rounds: int = ROUNDS, salt: bytes = b"") -> Verifier:
        """The verifier of a password."""
        chosen = salt or secrets.token_bytes(SALT)
        salted = hashlib.pbkdf2_hmac("sha256", prepared(password), chosen, rounds)
        client = _mac(salted, b"Client Key")
        return cls(rounds, chosen, hashlib.sha256(client).digest(), _mac(salted, b"Server Key"))

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """The verifier that `text` writes; ValueError where it is none."""
        found = _VERIFIER.fullmatch(text)
        if not found:
            raise ValueError("no verifier of SCRAM-SHA-256")
        salt, stored, server = (base64.b64decode(found[part], validate=True) for part in (2, 3, 4))
        return cls(int(found[1]), salt, stored, server)

    @classmethod
    def nobody(cls, user: str, secret: bytes) -> Verifier:
        """A verifier of no password, always the same for a name: no one learns who is known."""
        salt = _mac(secret, b"salt" + user.encode())[:SALT]
        return cls(ROUNDS, salt, secrets.token_bytes(32), secrets.token_bytes(32))

    def text(self) -> str:
        """As PostgreSQL keeps it in `pg_authid`."""
        salt, stored, server = map(_base64, (self.salt, self.stored_key, self.server_key))
        return f"SCRAM-SHA-256${self.rounds}:{salt}${stored}:{server}"


class Exchange:
    """One proof: `first` answers the client's first words, `last` its proof."""

    def __init__(self, verifier: Verifier, mechanism: str, binding: bytes | None) -> None:
        self._verifier = verifier
        self._plus = mechanism == PLUS
        self._binding = binding  # of the TLS channel, where there is one
        self._header = b""
        self._nonce = ""
        self._said = ""

    def first(self, message: bytes) -> bytes:
        """The challenge to the client's first message."""
        found = _FIRST.fullmatch(_ascii(message))
        if not found or found[4].startswith("m="):
            raise broken("the first message of SCRAM is none")
        flag, kind = found[2], found[3]
        if self._plus != (flag == "p") or (self._plus and kind != "tls-server-end-point"):
            raise broken("the channel binding asked for is not the one agreed on")
        if flag == "y" and self._binding is not None:
            raise SqlError(
                BAD_PASSWORD,
                "somebody between the client and us hides that we bind channels",
                fatal=True,
            )
        self._header = found[1].encode()
        self._nonce = found[6] + secrets.token_urlsafe(18)
        salt = _base64(self._verifier.salt)
        challenge = f"r={self._nonce},s={salt},i={self._verifier.rounds}"
        self._said = f"{found[4]},{challenge}"
        return challenge.encode()

    def last(self, message: bytes) -> bytes | None:
        """Our own proof where the client's holds, else None."""
        found = _LAST.fullmatch(_ascii(message))
        if not found:
            raise broken("the last message of SCRAM is none")
        bound = self._header + (self._binding or b"" if self._plus else b"")
        try:
            told, proof = (base64.b64decode(found[part], validate=True) for part in (2, 4))
        except ValueError as error:
            raise broken("the last message of SCRAM is none") from error
        if not hmac.compare_digest(told, bound) or found[3] != self._nonce:
            raise broken("the last message of SCRAM does not belong to the first")
        text = f"{self._said},{found[1]}".encode()
        signature = _mac(self._verifier.stored_key, text)
        if len(proof) != len(signature):
            return None
        key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        if not hmac.compare_digest(hashlib.sha256(key).digest(), self._verifier.stored_key):
            return None
        return b"v=" + _base64(_mac(self._verifier.server_key, text)).encode()


def prepared(password: str) -> bytes:
    """A password as SASLprep (RFC 4013) wants it; as it is where SASLprep takes it not."""
    mapped = "".join(
        " " if stringprep.in_table_c12(letter) else letter
        for letter in password
        if not stringprep.in_table_b1(letter)
    )
    normal = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not normal or any(map(_forbidden, normal)) or not _one_direction(normal):
        return password.encode()
    return normal.encode()


def _forbidden(letter: str) -> bool:
    tests = (
        *(stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22),
        *(stringprep.in_table_c3, stringprep.in_table_c4, stringprep.in_table_c5),
        *(stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8),
        stringprep.in_table_c9,
    )
    return any(test(letter) for test in tests)


def _one_direction(text: str) -> bool:
    if not any(map(stringprep.in_table_d1, text)):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(map(stringprep.in_table_d2, text))


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _ascii(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise broken("a message of SCRAM is not UTF-8") from error
