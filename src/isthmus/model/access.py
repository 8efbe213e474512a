"""Who asks, and what somebody may do: the words that every guard, page and record uses.

A `Principal` is a person, a service, a rule or this program itself, known by an id such as
`person:anna`. A `Role` is a set of `Right`s; a `Grant` gives a role to somebody, at some
equipment, in some zone. The policy (`isthmus.trust.policy`) alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

OWNER = "owner"
"""Who may use the data folder by the operating system's own rights: the key of the house."""
EVERYONE = "everyone"
"""Who is meant by a grant or a denial that holds for all who are signed in."""


class Right(StrEnum):
    """What can be done, each by itself; a route, a command and a subject need one."""

    READ = "read"  # values, history, figures, the plant's shape
    EXPORT = "export"  # files of history, dashboards
    ANNOTATE = "annotate"  # reasons of stops, comments
    ACKNOWLEDGE = "acknowledge"  # alarms
    REQUEST = "request"  # a work permit, for oneself
    WRITE = "write"  # a value into a machine
    APPROVE = "approve"  # another's work permit
    LOCK = "lock"  # equipment for maintenance, and free it again
    PLAN = "plan"  # orders and schedules
    CONFIGURE = "configure"  # connections, imports, the plant file
    TRUST = "trust"  # certificates of devices and edges: issue, approve, revoke
    GOVERN = "govern"  # the policy, zones and conduits
    AUDIT = "audit"  # the ledger, and who may do what
    ADMINISTER = "administer"  # accounts and tokens


class Role(StrEnum):
    """What a person is to the plant; a role grants nothing that its work does not need."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    MAINTAINER = "maintainer"
    ENGINEER = "engineer"
    PLANNER = "planner"
    SECURITY = "security"
    AUDITOR = "auditor"
    ADMIN = "admin"


_FLOOR = {Right.READ, Right.ANNOTATE, Right.ACKNOWLEDGE, Right.REQUEST, Right.WRITE}

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Right.READ}),
        Role.OPERATOR: frozenset(_FLOOR),
        Role.MAINTAINER: frozenset({*_FLOOR, Right.LOCK, Right.EXPORT}),
        Role.ENGINEER: frozenset(
            {*_FLOOR, Right.LOCK, Right.EXPORT, Right.APPROVE, Right.CONFIGURE}
        ),
        Role.PLANNER: frozenset({Right.READ, Right.ANNOTATE, Right.EXPORT, Right.PLAN}),
        Role.SECURITY: frozenset({Right.READ, Right.TRUST, Right.GOVERN, Right.AUDIT}),
        Role.AUDITOR: frozenset({Right.READ, Right.AUDIT, Right.EXPORT}),
        Role.ADMIN: frozenset({Right.READ, Right.ADMINISTER, Right.AUDIT}),
    }
)
"""The rights of each role; administrators and security officers write to no machine."""

SIDES: Mapping[Role, str] = MappingProxyType(
    {
        Role.VIEWER: "",
        Role.OPERATOR: "ot",
        Role.MAINTAINER: "ot",
        Role.ENGINEER: "ot",
        Role.PLANNER: "it",
        Role.SECURITY: "it",
        Role.AUDITOR: "it",
        Role.ADMIN: "it",
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for `who`, at equipment that `at` selects and in `zone`; empty is everywhere.

    `who` is a principal's id (`person:anna`, `service:bi`), `group:NAME` of the company's
    sign-in, or `team:NAME` of the plant file. `at` is a pattern of paths (`isthmus.model.path`).
    """

    who: str
    role: Role
    at: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Deny:
    """What `who` may not do at `at` and in `zone`, whatever was granted; empty is everywhere."""

    who: str
    rights: frozenset[Right] = frozenset(Right)
    at: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """The policy as the plant file writes it, and who belongs to each of its teams.

    `teams` go from `team:NAME` to the ids of its members, which may be groups (`group:NAME`).
    """

    grants: tuple[Grant, ...] = ()
    deny: tuple[Deny, ...] = ()
    teams: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token or session is held to, whatever its owner may do: rights, and equipment."""

    rights: frozenset[Right] = frozenset(Right)
    at: tuple[str, ...] = ()  # patterns of paths; all where there are none


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: an id that records keep, a name for people, and what was granted to it.

    `groups` hold `group:NAME` and `team:NAME`; `own` are grants of the account itself. `how`
    says how it signed in (`owner`, `oidc`, `passkey`, `password`, `token`, `certificate`,
    `recovery`, `break-glass`); `session` is the public number of its session or token.
    """

    id: str
    name: str = ""
    groups: frozenset[str] = frozenset()
    own: tuple[Grant, ...] = ()
    how: str = ""
    scope: Scope = field(default_factory=Scope)
    session: str = ""

    @property
    def owner(self) -> bool:
        """Whether it holds the key of the house."""
        return self.id == OWNER


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may be done, why, and what would change that."""

    allowed: bool
    reason: str
    grant: Grant | None = None
    hint: str = ""

    def __bool__(self) -> bool:
        return self.allowed
