"""Who may read history over SQL: kept as verifiers, from which no password can be read."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isthmus.model.access import Grant, Principal, Role
from isthmus.model.errors import ConfigError, StorageError
from isthmus.model.path import Pattern
from isthmus.pgwire.scram import Verifier
from isthmus.trust.pki.authority import write_private

FILE = "users.json"
ROLES = ("reader",)
LEAST = 8  # characters of a password
_NAME = re.compile(r"[a-z_][a-z0-9_.@-]{0,62}")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class SqlUser:
    """One user; `equipment` are patterns of paths, all of the plant where there are none."""

    name: str
    verifier: str
    role: str = "reader"
    equipment: tuple[str, ...] = ()

    @property
    def principal(self) -> Principal:
        """Who asks, as the policy knows it: the service of this name, granted what it may see."""
        who = f"service:{self.name}"
        places = self.equipment or ("",)
        return Principal(who, self.name, own=tuple(Grant(who, Role.VIEWER, at) for at in places))

    def check(self) -> None:
        """ValueError where one of its patterns is none."""
        for text in self.equipment:
            Pattern.parse(text)


@dataclass(slots=True)
class SqlUsers:
    """The users of one installation, in a file that its owner alone may read."""

    folder: Path
    noted: Callable[[str, str], None] = lambda *_: None  # what is done next, and to whom
    _known: Mapping[str, SqlUser] = field(default_factory=dict)
    _stamp: tuple[int, int] = (0, 0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def file(self) -> Path:
        """Where they are kept."""
        return self.folder / FILE

    def all(self) -> Mapping[str, SqlUser]:
        """The users by name, as the file has them now; StorageError where it is damaged."""
        with self._lock:
            try:
                stat = self.file.stat()
            except FileNotFoundError:
                self._known, self._stamp = {}, (0, 0)
                return self._known
            stamp = stat.st_mtime_ns, stat.st_ino
            if stamp != self._stamp:
                self._known, self._stamp = self._read(), stamp
            return self._known

    def _read(self) -> dict[str, SqlUser]:
        try:
            kept = json.loads(self.file.read_text("utf-8"))
            found = {}
            for entry in kept["users"]:
                entry["equipment"] = tuple(entry["equipment"])
                user = SqlUser(**entry)
                Verifier.parse(user.verifier)
                user.check()
                found[user.name] = user
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading the users in {self.file}: {error}",
                hint="restore it from a backup, or delete it and add the users again",
            ) from error
        return found

    def add(
        self, name: str, password: str, *, role: str = "reader", equipment: tuple[str, ...] = ()
    ) -> SqlUser:
        """A new user; ConfigError where the name is taken or something is no name or pattern."""
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"`{name}` is no name for a user",
                hint="small letters, digits and _ . @ -, a letter first, such as `anna`",
            )
        if role not in ROLES:
            raise ConfigError(f"there is no role `{role}`", hint=f"roles: {', '.join(ROLES)}")
        for pattern in equipment:
            try:
                Pattern.parse(pattern)
            except ValueError as error:
                raise ConfigError(
                    f"the pattern `{pattern}`: {error}", hint="such as `packaging/**`"
                ) from error
        users = dict(self.all())
        if name in users:
            raise ConfigError(
                f"there is a user `{name}` already",
                hint="`isthmus sql user password` gives a new password",
            )
        users[name] = SqlUser(name, _verifier(password), role, equipment)
        where = ", ".join(equipment) or "all of the plant"
        self.noted(f"added the SQL user {name}, {role} at {where}"[:300], name)
        self._write(users)
        return users[name]

    def password(self, name: str, password: str) -> None:
        """Give a user a new password; sessions that are open stay open."""
        users = dict(self.all())
        user = self._one(users, name)
        users[name] = SqlUser(name, _verifier(password), user.role, user.equipment)
        self.noted(f"gave the SQL user {name} a new password", name)
        self._write(users)

    def remove(self, name: str) -> None:
        """Forget a user."""
        users = dict(self.all())
        self._one(users, name)
        del users[name]
        self.noted(f"removed the SQL user {name}", name)
        self._write(users)

    @staticmethod
    def _one(users: Mapping[str, SqlUser], name: str) -> SqlUser:
        if name not in users:
            raise ConfigError(
                f"there is no user `{name}`",
                hint="users: " + (", ".join(users) or "none; `isthmus sql user add` makes one"),
            )
        return users[name]

    def _write(self, users: Mapping[str, SqlUser]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        body = {"format": FORMAT, "users": [asdict(users[name]) for name in sorted(users)]}
        write_private(self.file, json.dumps(body, indent=1).encode())
        with suppress(StorageError):
            self.all()


def _verifier(password: str) -> str:
    if len(password) < LEAST:
        raise ConfigError(
            f"the password has {len(password)} characters, fewer than {LEAST}",
            hint="take a longer one, or let one be made: leave it out",
        )
    return Verifier.of(password).text()


def made_password() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(18)
