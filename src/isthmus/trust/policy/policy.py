"""The one that decides: deny wins, what nobody grants is denied, and each answer says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from isthmus.model.access import EVERYONE, RIGHTS, Access, Decision, Deny, Grant, Principal, Right
from isthmus.trust.policy.reach import Reach, Zones

MOST_SEATS = 1_024  # principals whose decisions are kept
MOST_KEPT = 65_536  # decisions kept of each, for each right
HOUSE: Final = Decision(allowed=True, reason="it holds the key of the house")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the plant file grants and denies; accounts bring grants of their own.

    `zones` tell in which zone each tag stands, `root` (`acme/riverside`) may stand before the
    patterns.
    """

    access: Access = field(default_factory=Access)
    zones: Zones = field(default_factory=Zones)
    root: str = ""
    _seats: dict[Principal, _Seat] = field(default_factory=dict, compare=False, repr=False)
    _near: dict[int, _Seat] = field(default_factory=dict, compare=False, repr=False)

    def decide(
        self, principal: Principal, right: Right, path: str = "", zone: str = ""
    ) -> Decision:
        """Whether it may be done at `path`, which is the whole site where empty.

        `zone` is asked for where it is given, else the zone in which the path stands.
        """
        if principal.owner:
            return HOUSE
        seat = self._near.get(id(principal))
        if seat is None or seat.principal is not principal:
            seat = self._seat(principal)
        return seat.decide(right, path, zone)

    def visible(self, principal: Principal, paths: Sequence[str]) -> list[bool]:
        """For each path whether it may be read."""
        if principal.owner:
            return [True] * len(paths)
        seat = self._seat(principal)
        if seat.decide(Right.READ, "", "").allowed:
            return [True] * len(paths)
        return [seat.decide(Right.READ, path, "").allowed for path in paths]

    def identities(self, principal: Principal) -> frozenset[str]:
        """Every name under which something may be granted to it: its id, groups and teams."""
        known = {principal.id, EVERYONE, *principal.groups}
        known |= {team for team, members in self.access.teams.items() if known & members}
        return frozenset(known)

    def only_reads(self, principal: Principal) -> bool:
        """Whether no grant, anywhere, lets it do more than read."""
        if principal.owner:
            return False
        grants = self._seat(principal).grants
        return not any(grants[right] for right in Right if right is not Right.READ)

    def explain(self, principal: Principal, right: Right, path: str = "") -> list[str]:
        """Each grant and denial that names the principal, and what it does to this question."""
        if principal.owner:
            return [HOUSE.reason]
        return self._seat(principal).explain(right, path)

    def givers(self, right: Right = Right.GOVERN) -> str:
        """Who can change what is granted: everyone who governs, the owner first."""
        named = {grant.who for grant in self.access.grants if right in RIGHTS[grant.role]}
        return ", ".join(["the owner of the data folder", *sorted(named)])

    def _seat(self, principal: Principal) -> _Seat:
        seat = self._seats.get(principal)
        if seat is None:
            if len(self._seats) >= MOST_SEATS:
                self._seats.clear()
                self._near.clear()
            seat = self._seats[principal] = _Seat.of(self, principal)
        if len(self._near) >= MOST_SEATS:
            self._near.clear()
        self._near[id(seat.principal)] = seat
        return seat


@dataclass(slots=True)
class _Seat:
    """What the policy says of one principal, and the decisions it was asked for."""

    policy: Policy
    principal: Principal
    grants: dict[Right, list[tuple[Grant, Reach]]]
    deny: dict[Right, list[tuple[Deny, Reach]]]
    held: tuple[Reach, ...]  # of the token's or session's scope
    _kept: dict[Right, dict[object, Decision]]

    @classmethod
    def of(cls, policy: Policy, principal: Principal) -> _Seat:
        names, root = policy.identities(principal), policy.root
        grants: dict[Right, list[tuple[Grant, Reach]]] = {right: [] for right in Right}
        given = [grant for grant in policy.access.grants if grant.who in names]
        for grant in (*principal.own, *given):
            reach = Reach.of(grant.at, grant.zone, root)
            for right in RIGHTS[grant.role]:
                grants[right].append((grant, reach))
        deny: dict[Right, list[tuple[Deny, Reach]]] = {right: [] for right in Right}
        for entry in policy.access.deny:
            if entry.who in names:
                reach = Reach.of(entry.at, entry.zone, root)
                for right in entry.rights:
                    deny[right].append((entry, reach))
        held = tuple(Reach.of(at, "", root) for at in principal.scope.at)
        return cls(policy, principal, grants, deny, held, {right: {} for right in Right})

    def decide(self, right: Right, path: str, zone: str) -> Decision:
        """The decision, kept for the next time."""
        kept = self._kept[right]
        key: object = (path, zone) if zone else path
        found = kept.get(key)
        if found is None:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            found = kept[key] = self._decided(right, path, zone)
        return found

    def _decided(self, right: Right, path: str, zone: str) -> Decision:
        who, where = self.principal.id, place(path)
        if right not in self.principal.scope.rights:
            return _no(
                f"this token of {who} is not for {right}", f"make a token that has {right} in scope"
            )
        zones = frozenset({zone}) if zone else self.policy.zones.at(path)
        if self.held and not any(reach.covers(path, zones) for reach in self.held):
            there = ", ".join(reach.at for reach in self.held)
            return _no(f"this token of {who} is held to {there}", f"make one that includes {where}")
        for entry, reach in self.deny[right]:
            if reach.touches(path, zones):
                return _no(
                    f"{entry.who} is denied {right} at {place(entry.at, entry.zone)}",
                    f"`access: deny` in the plant file; {self.policy.givers()} can change it",
                )
        for grant, reach in self.grants[right]:
            if reach.covers(path, zones):
                reason = f"{grant.who} is {grant.role} at {place(grant.at, grant.zone)}"
                return Decision(allowed=True, reason=reason, grant=grant)
        return _no(f"nothing grants {right} at {where} to {who}", self._nearest(right, path))

    def _nearest(self, right: Right, path: str) -> str:
        """What would have to change, the smallest step first."""
        can = self.policy.givers()
        if self.grants[right]:
            grant = self.grants[right][0][0]
            return (
                f"{grant.who} has it at {place(grant.at, grant.zone)} as {grant.role}; "
                f"{can} can grant it at {place(path)}"
            )
        roles = ", ".join(role for role, rights in RIGHTS.items() if right in rights)
        return f"the roles {roles} have it; {can} can grant one"

    def explain(self, right: Right, path: str) -> list[str]:
        """What each line of the policy does to this question, and the decision last."""
        zones, told = self.policy.zones.at(path), []
        for entry, reach in self.deny[right]:
            does = "denies it" if reach.touches(path, zones) else "is elsewhere"
            told.append(f"deny {right} to {entry.who} at {place(entry.at, entry.zone)}: {does}")
        for grant, reach in self.grants[right]:
            does = "allows it" if reach.covers(path, zones) else "is elsewhere"
            told.append(
                f"grant {grant.role} to {grant.who} at {place(grant.at, grant.zone)}: {does}"
            )
        found = self.decide(right, path, "")
        return [*told, f"{'allowed' if found else 'denied'}: {found.reason}"]


def place(at: str, zone: str = "") -> str:
    """Equipment and zone as people read them."""
    return (at or "the whole site") + (f" in zone {zone}" if zone else "")


def given(grants: Iterable[Grant]) -> list[str]:
    """Grants as lines that people read, in the order of the alphabet."""
    return sorted(f"{one.who}: {one.role} at {place(one.at, one.zone)}" for one in grants)


def _no(reason: str, hint: str) -> Decision:
    return Decision(allowed=False, reason=reason, hint=hint)
