"""Who may do what, as the pages and the command line are told it."""

from __future__ import annotations

from isthmus.web.contract.answer import Answer, Milliseconds


class PolicyGrant(Answer):
    """A role of somebody at some equipment; empty is everywhere."""

    who: str
    role: str
    at: str = ""
    zone: str = ""


class PolicyDeny(Answer):
    """What somebody may not do, whatever is granted."""

    who: str
    rights: list[str]
    at: str = ""
    zone: str = ""


class TeamInfo(Answer):
    """A team and the ids of its members."""

    name: str
    members: list[str]


class PolicyInfo(Answer):
    """The policy that acts; `rolled_back` where the plant file says something else."""

    grants: list[PolicyGrant]
    deny: list[PolicyDeny]
    teams: list[TeamInfo]
    since: Milliseconds
    by: str
    rolled_back: bool
    before: int
    refused: int
    unrecorded: int
    uses_lost: int


class HolderInfo(Answer):
    """One who can: by which grant, and through which team or group."""

    who: str
    because: str
    through: str = ""


class WhoCan(Answer):
    """Everyone who has a right at some equipment."""

    right: str
    path: str
    holders: list[HolderInfo]


class PolicyReason(Answer):
    """Whether somebody may do something, and what each line of the policy does to it."""

    who: str
    right: str
    path: str
    allowed: bool
    reason: str
    hint: str
    lines: list[str]


class PolicyUse(Answer):
    """Uses of a right that a new policy would have denied."""

    day: str
    who: str
    right: str
    path: str
    count: int
    reason: str


class PolicyDiff(Answer):
    """What a new policy changes, and what it would have denied of the last days."""

    lines: list[str]
    days: int
    uses: int
    denied: int
    would_deny: list[PolicyUse]


class PolicyTurn(Answer):
    """What changed when another policy began to act."""

    lines: list[str]
    rolled_back: bool


class MyRights(Answer):
    """What the one who asks may do at some equipment."""

    who: str
    path: str
    rights: list[str]
    everywhere: list[str]
