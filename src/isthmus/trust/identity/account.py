"""One account: who somebody is, what was granted, and how it proves that it is they."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from isthmus.model.access import Grant, Principal, Role, Scope
from isthmus.model.errors import ConfigError
from isthmus.model.path import Pattern

NAME = re.compile(r"[a-z][a-z0-9._@-]{0,62}")
SOURCES = 8  # addresses from which an account is known to sign in
GRANTS = 64
TITLE = 120


class State(StrEnum):
    """Whether the account may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey: its id and public key (base64url), and how often it has signed."""

    id: str
    key: str
    count: int = 0
    label: str = ""
    created: float = 0.0
    used: float = 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """A person; times are seconds since 1970 by the wall's clock, 0 where it never happened.

    `password` is a verifier, `recovery` are digests of codes not yet used, `enrolment` is the
    digest of a link's code. `subject` is who the company's sign-in says it is, `groups` and
    `synced` what it said of its groups, and when.
    """

    name: str
    title: str = ""
    side: str = ""
    teams: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    state: State = State.ACTIVE
    password: str = ""
    passkeys: tuple[Passkey, ...] = ()
    recovery: tuple[str, ...] = ()
    enrolment: str = ""
    enrolment_until: float = 0.0
    subject: str = ""
    groups: tuple[str, ...] = ()
    synced: float = 0.0
    created: float = 0.0
    signed_in: float = 0.0
    sources: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        """As records name it."""
        return f"person:{self.name}"

    @property
    def enrolled(self) -> bool:
        """Whether it can sign in here by itself."""
        return bool(self.password or self.passkeys)

    def principal(self, how: str, session: str, scope: Scope | None = None) -> Principal:
        """The one who asks, where this account has signed in."""
        teams = {f"team:{name}" for name in self.teams}
        groups = {f"group:{name}" for name in self.groups}
        return Principal(
            self.id,
            self.title or self.name,
            frozenset(teams | groups),
            self.grants,
            how,
            scope or Scope(),
            session,
        )

    def kept(self) -> dict[str, Any]:
        """As the file of accounts has it."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """The account that `kept` describes; ValueError, KeyError or TypeError where it is none."""
        lists = {name: tuple(kept[name]) for name in ("teams", "recovery", "groups", "sources")}
        made = {
            **kept,
            **lists,
            "grants": tuple(Grant(**{**one, "role": Role(one["role"])}) for one in kept["grants"]),
            "passkeys": tuple(Passkey(**one) for one in kept["passkeys"]),
            "state": State(kept["state"]),
        }
        return cls(**made)


def checked_name(name: str) -> str:
    """`name`, where an account or service may have it."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"`{name[:64]}` is no name for an account",
            hint="small letters, digits and . _ @ -, a letter first, such as `anna`",
        )
    return name


def granted(who: str, role: str, at: tuple[str, ...], zone: str = "") -> tuple[Grant, ...]:
    """A role for `who` at each of the patterns `at`, everywhere where there are none."""
    if role not in set(Role):
        raise ConfigError(f"there is no role `{role[:64]}`", hint=f"roles: {', '.join(Role)}")
    if len(at) > GRANTS:
        raise ConfigError(f"{len(at)} places", hint=f"at most {GRANTS}; a pattern selects many")
    for pattern in at:
        checked_pattern(pattern)
    return tuple(Grant(who, Role(role), pattern, zone) for pattern in at or ("",))


def checked_pattern(pattern: str) -> str:
    """`pattern`, where it selects paths; the empty one is everywhere."""
    if pattern:
        try:
            Pattern.parse(pattern)
        except ValueError as error:
            raise ConfigError(
                f"the pattern `{pattern[:200]}`: {error}", hint="such as `packaging/**`"
            ) from error
    return pattern
