"""The accounts of one installation, in a file that its owner alone may read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isthmus.model.errors import ConfigError, Refused
from isthmus.model.path import nearest
from isthmus.trust.identity.account import SOURCES, TITLE, Account, State, checked_name
from isthmus.trust.identity.kept import Kept

FILE = "accounts.json"
MOST = 10_000


@dataclass(slots=True)
class Accounts:
    """The accounts by name; every change is on disk when the call returns."""

    kept: Kept
    _known: dict[str, Account] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def open(cls, folder: Path) -> Accounts:
        """The accounts below `folder`; StorageError where the file is damaged."""
        kept = Kept(folder / FILE)
        try:
            found = [Account.read(entry) for entry in kept.read()]
        except (ValueError, KeyError, TypeError) as error:
            raise kept.damaged(error) from error
        return cls(kept, {account.name: account for account in found})

    def all(self) -> Mapping[str, Account]:
        """The accounts by name, in the order of the alphabet."""
        with self._lock:
            return dict(sorted(self._known.items()))

    def find(self, name: str) -> Account | None:
        """The account of that name."""
        return self._known.get(name)

    def by_id(self, who: str) -> Account | None:
        """The account whose id is `person:NAME`."""
        return self._known.get(who.removeprefix("person:")) if who.startswith("person:") else None

    def get(self, name: str) -> Account:
        """The account of that name; ConfigError where there is none."""
        found = self.find(name)
        if found is None:
            close = nearest(name, self._known)
            hint = f"did you mean `{close}`?" if close else "`isthmus user list` shows them"
            raise ConfigError(f"there is no account `{name[:64]}`", hint=hint)
        return found

    def add(self, account: Account) -> Account:
        """A new account; ConfigError where the name is taken or is none."""
        checked_name(account.name)
        _checked(account)
        with self._lock:
            if account.name in self._known:
                raise ConfigError(
                    f"there is an account `{account.name}` already",
                    hint="`isthmus user show` prints it; a new link: `isthmus user enrol`",
                )
            if len(self._known) >= MOST:
                raise Refused(f"there are {MOST} accounts", hint="remove the ones not used")
            return self._put(account)

    def change(self, name: str, what: Callable[[Account], Account]) -> Account:
        """The account after `what` was done to it."""
        with self._lock:
            changed = what(self.get(name))
            _checked(changed)
            return self._put(changed)

    def remove(self, name: str) -> Account:
        """Forget an account; what it did stays recorded under its name."""
        with self._lock:
            found = self.get(name)
            self._write({key: one for key, one in self._known.items() if key != name})
            return found

    def entered(self, name: str, source: str, when: float) -> Account:
        """The account after a sign-in from `source`."""

        def seen(account: Account) -> Account:
            sources = (source, *(known for known in account.sources if known != source))
            return replace(account, signed_in=when, sources=sources[:SOURCES])

        return self.change(name, seen)

    def _put(self, account: Account) -> Account:
        self._write({**self._known, account.name: account})
        return account

    def _write(self, accounts: dict[str, Account]) -> None:
        self.kept.write([accounts[name].kept() for name in sorted(accounts)])
        self._known = accounts


def _checked(account: Account) -> None:
    if account.side not in ("", "ot", "it"):
        raise ConfigError(f"there is no side `{account.side[:64]}`", hint="it is `ot` or `it`")
    if len(account.title) > TITLE or not account.title.isprintable():
        raise ConfigError("the name for people", hint=f"one line of at most {TITLE} characters")
    for team in account.teams:
        checked_name(team)
    State(account.state)
