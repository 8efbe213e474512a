"""Tokens for programs: shown once, held to rights and equipment, ended by a date or at once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from isthmus.model.access import RIGHTS, Grant, Principal, Right, Role, Scope
from isthmus.model.errors import ConfigError, Refused
from isthmus.trust.identity.account import Account, checked_name, checked_pattern
from isthmus.trust.identity.kept import Kept, digest, made_secret, same

FILE = "tokens.json"
PREFIX = "ist"
MOST = 2_000
LONGEST_DAYS = 3_660
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `who` is `service:NAME`, or `person:NAME` where a person made it for itself."""

    number: str
    digest: str
    name: str
    who: str
    rights: tuple[Right, ...]
    at: tuple[str, ...]
    created: float
    until: float
    by: str
    used: float = 0.0

    @property
    def scope(self) -> Scope:
        """What it is held to."""
        return Scope(frozenset(self.rights), self.at)

    def principal(self, account: Account | None) -> Principal:
        """The one who asks with it; `account` is the person's, where it is one's."""
        session = f"token:{self.number}"
        if account is not None:
            return account.principal("token", session, self.scope)
        role = least_role(self.rights)
        own = tuple(Grant(self.who, role, pattern) for pattern in self.at or ("",))
        return Principal(self.who, self.name, frozenset(), own, "token", self.scope, session)


@dataclass(slots=True)
class Tokens:
    """The tokens of one installation."""

    kept: Kept
    now: Callable[[], float]
    _known: dict[str, Token] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def open(cls, folder: Path, now: Callable[[], float]) -> Tokens:
        """The tokens kept below `folder`; StorageError where the file is damaged."""
        kept = Kept(folder / FILE)
        try:
            found = [_read(entry) for entry in kept.read()]
        except (TypeError, ValueError, KeyError) as error:
            raise kept.damaged(error) from error
        return cls(kept, now, {one.number: one for one in found})

    def add(
        self, name: str, rights: list[str], at: tuple[str, ...], *, who: str, by: str, days: float
    ) -> tuple[str, Token]:
        """A new token and its text, which is told this once."""
        checked_name(name)
        known = set(Right)
        for word in rights:
            if word not in known:
                raise ConfigError(f"there is no right `{word[:64]}`", hint=f"it is {_or(Right)}")
        held = tuple(sorted({Right(word) for word in rights or [Right.READ]}))
        if who.startswith("service:"):
            least_role(held)
        for pattern in at:
            checked_pattern(pattern)
        if not 0 < days <= LONGEST_DAYS:
            raise ConfigError(f"{days:g} days", hint=f"a token lives 1 to {LONGEST_DAYS} days")
        secret, now = made_secret(), self.now()
        with self._lock:
            number = secrets.token_hex(4)
            if len(self._known) >= MOST:
                raise Refused(f"there are {MOST} tokens", hint="revoke the ones not used")
            if any(one.name == name and one.who == who for one in self.all()):
                raise ConfigError(
                    f"there is a token `{name}` already",
                    hint=f"revoke it first: `isthmus token revoke {name}`",
                )
            made = Token(
                *(number, digest(secret), name, who, held, at, now, now + days * DAY, by),
            )
            self._write({**self._known, number: made})
        return f"{PREFIX}_{number}_{secret}", made

    def find(self, text: str) -> Token | None:
        """The token with that text, where it still counts; it is used by this."""
        kind, _, rest = text.partition("_")
        number, _, secret = rest.partition("_")
        now = self.now()
        with self._lock:
            found = self._known.get(number) if kind == PREFIX else None
            if found is None or not same(found.digest, secret) or now >= found.until:
                return None
            self._known[number] = found = replace(found, used=now)
            return found

    def numbered(self, number: str) -> Token | None:
        """The token with that public number, where it still counts."""
        found = self._known.get(number)
        return found if found and self.now() < found.until else None

    def all(self) -> list[Token]:
        """All that have not been revoked, by name."""
        with self._lock:
            return sorted(self._known.values(), key=lambda one: (one.who, one.name))

    def revoke(self, which: Callable[[Token], bool]) -> list[Token]:
        """Revoke all that `which` says: they count for nothing from now on."""
        with self._lock:
            gone = [one for one in self._known.values() if which(one)]
            if gone:
                numbers = {one.number for one in gone}
                kept = {key: one for key, one in self._known.items() if key not in numbers}
                self._write(kept)
            return gone

    def flush(self) -> None:
        """Keep when each was used."""
        with self._lock:
            if self._known:
                self._write(self._known)

    def _write(self, tokens: dict[str, Token]) -> None:
        self.kept.write([asdict(one) for one in tokens.values()])
        self._known = tokens


def least_role(rights: tuple[Right, ...]) -> Role:
    """The role with the fewest rights that has all of these; ConfigError where none has."""
    fitting = [role for role in Role if RIGHTS[role] >= set(rights)]
    if not fitting:
        raise ConfigError(
            f"no role holds {', '.join(rights)} together",
            hint="make one token for each work; `isthmus policy` shows what each role may do",
        )
    return min(fitting, key=lambda role: len(RIGHTS[role]))


def _read(entry: dict[str, object]) -> Token:
    rights, at = entry.pop("rights"), entry.pop("at")
    if not isinstance(rights, list) or not isinstance(at, list):
        raise TypeError("rights and places are lists")
    return Token(rights=tuple(map(Right, rights)), at=tuple(at), **entry)  # type: ignore[arg-type]


def _or(words: type[Right]) -> str:
    return ", ".join(words)
