"""Who can do something at some equipment: the policy read from the other side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isthmus.model.access import EVERYONE, OWNER, Principal, Right
from isthmus.trust.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Holder:
    """One who can, by which grant; `of` is the team or group through which it can."""

    who: str
    because: str
    of: str = ""


def who_can(
    policy: Policy, right: Right, path: str = "", accounts: Iterable[Principal] = ()
) -> list[Holder]:
    """Everyone who may do it, the owner first, then in the order of the alphabet.

    `accounts` are those known here, with their groups and own grants. Of a group of the company's
    sign-in only the group is known; who is in it, the company says.
    """
    known = {account.id: account for account in accounts}
    for who in filter(_alone, _named(policy)):
        known.setdefault(who, Principal(who))
    found = [Holder(OWNER, "it holds the key of the house")]
    for principal in sorted(known.values(), key=lambda each: each.id):
        decision = policy.decide(principal, right, path)
        if decision:
            of = decision.grant.who if decision.grant else ""
            found.append(Holder(principal.id, decision.reason, "" if of == principal.id else of))
    for who in sorted(_named(policy)):
        if who.startswith("group:") or who == EVERYONE:
            decision = policy.decide(Principal(who, groups=frozenset({who})), right, path)
            if decision:
                found.append(Holder(who, decision.reason))
    return found


def _alone(who: str) -> bool:
    """Whether it is one person, service or edge."""
    return who != EVERYONE and not who.startswith(("team:", "group:"))


def _named(policy: Policy) -> set[str]:
    """All whom the policy names, whether or not they have an account."""
    named = {grant.who for grant in policy.access.grants}
    named |= {who for members in policy.access.teams.values() for who in members}
    return named | {entry.who for entry in policy.access.deny}
