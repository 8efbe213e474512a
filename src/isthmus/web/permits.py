"""Work permits and maintenance locks: asked for, approved by others, used, closed, reviewed."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request

from isthmus.model.access import Principal, Right
from isthmus.model.path import Pattern
from isthmus.runtime.app import App
from isthmus.trust.permit.book import Request as Wish
from isthmus.trust.permit.lock import Lock
from isthmus.trust.permit.permit import Permit
from isthmus.web import contract
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import Problem, equipment
from isthmus.web.writes import guard, principal

Number = Annotated[int, Path(ge=1, description="The permit's number.")]
Step = Literal["approve", "refuse", "close", "review"]


def routes(app: App) -> APIRouter:
    """The routes of permits and locks."""
    router = APIRouter(prefix="/api", tags=["writes"])
    _locks(app, router)

    @router.get("/permits", summary="All permits, newest first")
    def permits(seen: Seen) -> list[contract.PermitInfo]:
        found = guard(app).book.all()[:1_000]
        return [told(each) for each in found if _seen(app, each, seen)]

    @router.get("/permits/{number}", summary="One permit")
    def permit(number: Number, seen: Seen) -> contract.PermitInfo:
        found = _found(app, number)
        if not _seen(app, found, seen):
            seen.require(Right.READ, found.at if "*" not in found.at else "")
        return told(found)

    @router.post("/permits", summary="Request a permit, for oneself or for another")
    def ask(wish: contract.PermitWish, request: Request) -> contract.PermitInfo:
        who = principal(request)
        paths = covered(app, wish.at)
        _require(app, who, Right.REQUEST, paths)
        start = time.time_ns() if wish.start is None else round(wish.start * 1e6)
        rules = [
            app.namespace[number].write
            for number in map(app.namespace.id, paths)
            if number is not None
        ]
        made = guard(app).book.request(
            Wish(
                at=wish.at.strip("/"),
                low=wish.low,
                high=wish.high,
                reason=wish.reason,
                order=wish.order,
                start=start,
                end=start + round(wish.minutes * 60e9),
                requested=who.id,
                holder=wish.holder or who.id,
                second=any(each.second for each in rules if each),
            )
        )
        return told(made)

    @router.post("/permits/{number}/{step}", summary="Approve, refuse, close or review a permit")
    def change(
        number: Number, step: Step, note: contract.PermitNote, request: Request
    ) -> contract.PermitInfo:
        who, book, found = principal(request), guard(app).book, _found(app, number)
        if step != "close" or who.id not in (found.holder, found.requested):
            _require(app, who, Right.APPROVE, covered(app, found.at))
        if step == "approve":
            return told(book.approve(number, who.id))
        return told(getattr(book, step)(number, who.id, note.note))

    return router


def _locks(app: App, router: APIRouter) -> None:
    @router.get("/locks", summary="Equipment that is locked for maintenance")
    def locks(seen: Seen) -> list[contract.LockInfo]:
        found = guard(app).book.locks
        return [locked(each) for path, each in found.items() if seen.one(path)]

    @router.post("/locks", summary="Lock equipment: nobody writes to it until it is freed")
    def lock(wish: contract.LockWish, request: Request) -> contract.LockInfo:
        who, path = principal(request), equipment(app, wish.path).path
        _require(app, who, Right.LOCK, [path])
        if not wish.reason.strip():
            raise Problem(422, "no reason is given", "say what is worked on")
        return locked(guard(app).book.lock(path, who.id, wish.reason.strip()))

    @router.post("/locks/free", summary="Free it: whoever locked it, or two others")
    def free(wish: contract.LockWish, request: Request) -> list[contract.LockInfo]:
        who, path = principal(request), equipment(app, wish.path).path
        _require(app, who, Right.LOCK, [path])
        left = guard(app).book.unlock(path, who.id)
        return [] if left is None else [locked(left)]


def _seen(app: App, permit: Permit, seen: Sight) -> bool:
    """Whether it is the asker's own, or for tags of which at least one may be seen."""
    if seen.everything or seen.principal.id in (permit.holder, permit.requested):
        return True
    root = f"{app.plant.enterprise}/{app.plant.site}"
    paths = Pattern.parse(permit.at).select(app.namespace.paths(), root)
    return any(seen.one(path) for path in paths)


def covered(app: App, at: str) -> list[str]:
    """The tags that a permit is for and that can be written; Problem where there are none."""
    try:
        found = Pattern.parse(at.strip("/"))
    except ValueError as error:
        raise Problem(422, str(error), "write it like packaging/line1/filler/*") from error
    paths = [tag.path for _, tag in app.namespace.items() if tag.write is not None]
    root = f"{app.plant.enterprise}/{app.plant.site}"
    chosen = found.select(paths, root)
    if not chosen:
        known = ", ".join(paths[:5]) or "no tag has `write:` in the plant file"
        raise Problem(404, f"no tag that can be written is at {at[:200]}", known)
    return chosen


def _require(app: App, who: Principal, right: Right, paths: list[str]) -> None:
    for path in paths:
        decision = guard(app).decide(who, right, path)
        if not decision:
            raise Problem(403, decision.reason, decision.hint)


def _found(app: App, number: int) -> Permit:
    permits = guard(app).book.permits
    if number not in permits:
        raise Problem(404, f"there is no permit {number}", "GET /api/permits lists them")
    return permits[number]


def told(permit: Permit) -> contract.PermitInfo:
    """A permit as it is told."""
    said = permit.told()
    said |= {"start": permit.start / 1e6, "end": permit.end / 1e6}
    return contract.PermitInfo(state=permit.state(time.time_ns()).value, **said)


def locked(lock: Lock) -> contract.LockInfo:
    """A lock as it is told."""
    return contract.LockInfo(**{**lock.told(), "since": lock.since / 1e6})
