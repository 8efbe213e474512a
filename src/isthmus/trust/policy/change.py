"""A policy as text that is kept and compared, and what a change of it would have done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus.model.access import RIGHTS, Access, Deny, Grant, Principal, Right, Role
from isthmus.trust.policy.policy import Policy, place
from isthmus.trust.policy.uses import Use


def lines(access: Access) -> list[str]:
    """The policy as lines in the order of the alphabet, the same for the same policy."""
    told = [f"grant {one.role} to {one.who} at {place(one.at, one.zone)}" for one in access.grants]
    for entry in access.deny:
        rights = (
            "everything" if entry.rights == frozenset(Right) else " ".join(sorted(entry.rights))
        )
        told.append(f"deny {rights} to {entry.who} at {place(entry.at, entry.zone)}")
    for team, members in access.teams.items():
        told += [f"{who} belongs to {team}" for who in members]
    return sorted(set(told))


def difference(before: Access, after: Access) -> list[str]:
    """What is taken out (`- ...`) and what is added (`+ ...`), none where both say the same."""
    old, new = lines(before), lines(after)
    return [
        *(f"- {line}" for line in old if line not in set(new)),
        *(f"+ {line}" for line in new if line not in set(old)),
    ]


def widened(before: Policy, after: Policy, who: Principal) -> list[str]:
    """What `after` lets `who` do that `before` did not, a line each, through whatever name."""
    old, new = before.identities(who), after.identities(who)
    had = [
        grant for grant in (*who.own, *before.access.grants) if grant in who.own or grant.who in old
    ]
    more = [
        f"grant {one.role} to {one.who} at {place(one.at, one.zone)}"
        for one in after.access.grants
        if one.who in new and not any(_covers(grant, one) for grant in had)
    ]
    still = {(one.rights, one.at, one.zone) for one in after.access.deny if one.who in new}
    lifted = [
        f"deny nothing any more to {one.who} at {place(one.at, one.zone)}"
        for one in before.access.deny
        if one.who in old and (one.rights, one.at, one.zone) not in still
    ]
    return [*more, *lifted]


def _covers(held: Grant, other: Grant) -> bool:
    """Whether whoever has `held` gains nothing by `other`."""
    same_place = (held.at, held.zone) == (other.at, other.zone) or not (held.at or held.zone)
    return RIGHTS[held.role] >= RIGHTS[other.role] and same_place


@dataclass(frozen=True, slots=True)
class Change:
    """Uses that a new policy decides otherwise than the one that acted, and of how many."""

    denied: Sequence[Use]
    reasons: Sequence[str]  # of each that is denied
    uses: int


def dry_run(after: Policy, uses: Iterable[Use]) -> Change:
    """What would have been denied by `after` of what was used; each of these was allowed."""
    denied, reasons, total = [], [], 0
    for use in uses:
        total += use.count
        found = after.decide(use.principal, use.right, use.path)
        if not found:
            denied.append(use)
            reasons.append(found.reason)
    return Change(denied, reasons, total)


def as_json(access: Access) -> dict[str, object]:
    """The policy for a file."""
    return {
        "grants": [[one.who, one.role.value, one.at, one.zone] for one in access.grants],
        "deny": [[one.who, sorted(one.rights), one.at, one.zone] for one in access.deny],
        "teams": {team: sorted(members) for team, members in sorted(access.teams.items())},
    }


def from_json(body: Mapping[str, Any]) -> Access:
    """The policy of a file; ValueError, KeyError or TypeError where it holds none."""
    return Access(
        tuple(Grant(who, Role(role), at, zone) for who, role, at, zone in body["grants"]),
        tuple(
            Deny(who, frozenset(map(Right, rights)), at, zone)
            for who, rights, at, zone in body["deny"]
        ),
        {team: frozenset(members) for team, members in body["teams"].items()},
    )
