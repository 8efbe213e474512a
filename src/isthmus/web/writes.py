"""Writing to machines: ask what the guards say, then ask for it to be done."""

from __future__ import annotations

from fastapi import APIRouter, Request

from isthmus.model.access import Principal
from isthmus.model.event import Action
from isthmus.model.path import nearest
from isthmus.model.sample import TagId
from isthmus.runtime.app import App
from isthmus.runtime.trust.guard import Guard, Outcome
from isthmus.web import contract
from isthmus.web.ask import Problem


def routes(app: App) -> APIRouter:
    """The routes that preview and do writes."""
    router = APIRouter(prefix="/api/writes", tags=["writes"])

    @router.post("/preview", summary="What every guard says of a wish; nothing is done")
    def preview(wish: contract.WriteWish, request: Request) -> contract.WriteOutcome:
        who = principal(request)
        return told(app, guard(app).preview(action(app, wish, who), who, wish.permit))

    @router.post("", summary="Write, where every guard lets it pass; in the ledger either way")
    async def write(wish: contract.WriteWish, request: Request) -> contract.WriteOutcome:
        who = principal(request)
        asked = action(app, wish, who)
        outcome = await guard(app).ask(asked, who, permit=wish.permit, simulate=wish.simulate)
        return told(app, outcome, simulate=wish.simulate)

    return router


def principal(request: Request) -> Principal:
    """Who asks."""
    found: Principal = request.state.principal
    return found


def guard(app: App) -> Guard:
    """The guard of the running plant."""
    if app.trust.guard is None:
        raise Problem(503, "the plant is still starting", "try again in a moment")
    return app.trust.guard


def action(app: App, wish: contract.WriteWish, who: Principal) -> Action:
    """The wish with its tag and number; Problem where the plant has no such tag or word."""
    path = wish.path.strip("/")
    number = app.namespace.id(path)
    if number is None:
        close = nearest(path, app.namespace.paths())
        hint = f"did you mean `{close}`?" if close else "GET /api/plant lists them"
        raise Problem(404, f"there is no tag {path[:200]}", hint)
    return Action(number, _number(app, number, wish.value), wish.reason, who.id)


def _number(app: App, tag: TagId, value: float | str) -> float:
    if not isinstance(value, str):
        return float(value)
    found = app.namespace[tag]
    words = {word: float(code) for code, word in found.legend.items()}
    try:
        return words[value] if value in words else float(value)
    except ValueError:
        known = ", ".join(words) or "it takes numbers"
        raise Problem(422, f"{found.path} has no value `{value[:100]}`", known) from None


def told(app: App, outcome: Outcome, *, simulate: bool = False) -> contract.WriteOutcome:
    """What became of a wish, as it is told."""
    number = app.namespace.id(outcome.path)
    return contract.WriteOutcome(
        state=outcome.state,
        allowed=outcome.allowed,
        action=outcome.number,
        path=outcome.path,
        unit="" if number is None else app.namespace[number].unit,
        value=outcome.value,
        before=outcome.before,
        after=outcome.after,
        text=outcome.text,
        seconds=outcome.seconds,
        record=outcome.record,
        mode="simulate" if simulate else app.plant.writes.value,
        verdicts=[
            contract.GuardVerdict(
                name=each.name, ok=each.ok, reason=each.reason, change=each.change
            )
            for each in outcome.verdicts
        ],
    )
