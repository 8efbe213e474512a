"""The policy for people: what acts, who can do something, why not, and how it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from isthmus.model.access import Access, Principal, Right
from isthmus.model.errors import Mistake
from isthmus.model.path import fault
from isthmus.model.plantfile_access import AccessEntry
from isthmus.runtime.app import App
from isthmus.runtime.config import lint
from isthmus.runtime.trust.rights import policy_of
from isthmus.trust.policy.change import difference, dry_run
from isthmus.trust.policy.holder import who_can
from isthmus.web import contract
from isthmus.web.access import Seen
from isthmus.web.ask import Problem

MOST_DAYS = 60
SHOWN = 500
What = Annotated[Right, Query(description="The right.")]
Where = Annotated[
    str, Query(max_length=300, description="Equipment or tag; the whole site if empty.")
]


class NewPolicy(BaseModel):
    """A policy to try: the section `access` of a plant file, and who is in its teams."""

    access: AccessEntry
    teams: dict[str, list[str]] = Field(default_factory=dict, description="`team:NAME` to ids.")
    days: int = Field(30, ge=1, le=MOST_DAYS, description="How many days of uses to try it on.")


def routes(app: App) -> APIRouter:
    """The routes of the policy."""
    router = APIRouter(prefix="/api", tags=["policy"])
    _questions(app, router)
    _changes(app, router)
    return router


def _questions(app: App, router: APIRouter) -> None:
    @router.get("/policy", summary="The policy that acts")
    def policy() -> contract.PolicyInfo:
        return told(app)

    @router.get("/policy/who-can", summary="Everyone who may do something at some equipment")
    def can(right: What, at: Where = "") -> contract.WhoCan:
        where = _place(at)
        rights = app.trust.rights
        found = who_can(rights.policy, right, where, rights.accounts())
        holders = [
            contract.HolderInfo(who=each.who, because=each.because, through=each.of)
            for each in found
        ]
        return contract.WhoCan(right=right, path=where, holders=holders)

    @router.get("/policy/explain", summary="Whether somebody may do something, line by line")
    def explain(
        who: Annotated[str, Query(max_length=300, description="An id such as `person:anna`.")],
        right: What,
        at: Where = "",
    ) -> contract.PolicyReason:
        rights, where = app.trust.rights, _place(at)
        known = {account.id: account for account in rights.accounts()}
        asked = known.get(who, Principal(who))
        found = rights.policy.decide(asked, right, where)
        return contract.PolicyReason(
            who=who,
            right=right,
            path=where,
            allowed=found.allowed,
            reason=found.reason,
            hint=found.hint,
            lines=rights.policy.explain(asked, right, where),
        )

    @router.get("/rights", summary="What the one who asks may do, at some equipment and everywhere")
    def mine(seen: Seen, at: Where = "") -> contract.MyRights:
        where = _place(at)
        return contract.MyRights(
            who=seen.principal.id,
            path=where,
            rights=[right for right in Right if seen.one(where, right)],
            everywhere=[right for right in Right if seen.one("", right)],
        )


def _changes(app: App, router: APIRouter) -> None:
    @router.post("/policy/diff", summary="What a new policy changes, tried on the last days")
    def diff(new: NewPolicy) -> contract.PolicyDiff:
        access = Access(
            tuple(entry.grant() for entry in new.access.grants),
            tuple(entry.deny() for entry in new.access.deny),
            {team: frozenset(members) for team, members in new.teams.items()},
        )
        return tried(app, access, new.days)

    @router.post("/policy/apply", summary="Let what the plant file says now act, without a restart")
    def apply(request: Request) -> contract.PolicyTurn:
        rights = app.trust.rights
        access, asker = _read(app.settings.plant_file), request.state.principal
        lines = rights.apply(access, asker.id, _askers(app, asker))
        return contract.PolicyTurn(lines=lines, rolled_back=rights.kept.rolled_back)

    @router.post("/policy/rollback", summary="Let the policy before this one act again")
    def roll_back(request: Request) -> contract.PolicyTurn:
        rights = app.trust.rights
        asker = request.state.principal
        lines = rights.roll_back(asker.id, _askers(app, asker))
        return contract.PolicyTurn(lines=lines, rolled_back=rights.kept.rolled_back)


def _askers(app: App, asker: Principal) -> list[Principal]:
    """Who asks, and the person who made the token with which a program does."""
    known = app.trust.identity.behind(asker)
    return [asker, *(one for one in app.trust.rights.accounts() if one.id in known - {asker.id})]


def told(app: App) -> contract.PolicyInfo:
    """The policy that acts, and what became of it."""
    rights = app.trust.rights
    kept, access = rights.kept, rights.kept.acting
    return contract.PolicyInfo(
        grants=[
            contract.PolicyGrant(who=one.who, role=one.role, at=one.at, zone=one.zone)
            for one in access.grants
        ],
        deny=[
            contract.PolicyDeny(who=one.who, rights=sorted(one.rights), at=one.at, zone=one.zone)
            for one in access.deny
        ],
        teams=[
            contract.TeamInfo(name=team, members=sorted(members))
            for team, members in sorted(access.teams.items())
        ],
        since=kept.since * 1e3,
        by=kept.by,
        rolled_back=kept.rolled_back,
        before=len(kept.before),
        refused=rights.refused,
        unrecorded=rights.unrecorded,
        uses_lost=rights.uses.lost,
    )


def tried(app: App, access: Access, days: int) -> contract.PolicyDiff:
    """What `access` changes, and what it would have denied of the last days."""
    rights = app.trust.rights
    found = dry_run(policy_of(app.plant, access), rights.uses.days(days))
    return contract.PolicyDiff(
        lines=difference(rights.kept.acting, access),
        days=days,
        uses=found.uses,
        denied=sum(use.count for use in found.denied),
        would_deny=[
            contract.PolicyUse(
                day=f"{use.day}",
                who=use.principal.id,
                right=use.right,
                path=use.path,
                count=use.count,
                reason=reason,
            )
            for use, reason in list(zip(found.denied, found.reasons, strict=True))[:SHOWN]
        ],
    )


def _place(path: str) -> str:
    where = path.strip("/")
    wrong = fault(where) if where else ""
    if wrong:
        raise Problem(422, f"`{where[:100]}` is no path: {wrong}", "such as packaging/line1/filler")
    return where


def _read(file: Path | None) -> Access:
    """What the plant file grants and denies now; Problem where it has mistakes."""
    if file is None:
        raise Problem(409, "this plant was not read from a file", "restart it with its plant file")
    plant, mistakes = lint(file)
    if plant is None:
        raise Problem(409, f"the plant file has mistakes: {_first(mistakes)}", "`isthmus check`")
    return plant.access


def _first(mistakes: Sequence[Mistake]) -> str:
    return "; ".join(str(mistake) for mistake in mistakes[:3])
