"""Passwords as Argon2id verifiers, and recovery codes that each work once."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from isthmus.model.errors import ConfigError

LEAST, MOST = 12, 256  # characters
VARIED = 5  # different characters at least
AT_ONCE = 4  # each takes 19 MiB while it is computed
CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is read as another

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's profile
_turns = threading.BoundedSemaphore(AT_ONCE)
_NOBODY = _hasher.hash(secrets.token_hex(16))


def verifier(password: str, account: str = "") -> str:
    """What is kept of a password; ConfigError where it is too easily guessed."""
    if not LEAST <= len(password) <= MOST:
        raise ConfigError(
            f"a password of {len(password)} characters",
            hint=f"take {LEAST} to {MOST}: four words that have nothing to do with each other",
        )
    if len(set(password)) < VARIED or (account and account in password.lower()):
        raise ConfigError(
            "the password is too easily guessed",
            hint=f"no account's name in it, and at least {VARIED} different characters",
        )
    with _turns:
        return _hasher.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether the password is the one of the verifier; as slow where there is none."""
    with _turns:
        try:
            _hasher.verify(kept or _NOBODY, password[: MOST + 1])
        except (Argon2Error, InvalidHashError):
            return False
    return bool(kept)


def recovery_codes() -> tuple[str, ...]:
    """Ten codes of 60 bits, such as `7gkw-m2xq-rr4e`."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
        for _ in range(CODES)
    )


def plain_code(typed: str) -> str:
    """A recovery code as it was made, whatever spaces or capitals it was typed with."""
    letters = "".join(letter for letter in typed.lower()[:64] if letter in _ALPHABET)
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
