"""Stops of machines: listed with their reasons, explained, corrected, cut in two, undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request

from isthmus.insight.accounting.correction import Correction
from isthmus.insight.accounting.rules import TimeElement
from isthmus.insight.accounting.suggestion import Suggestion
from isthmus.model.access import Right
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import PACKML
from isthmus.runtime.app import App
from isthmus.runtime.stops.book import Entry, Overtaken, Sent
from isthmus.runtime.stops.found import Found
from isthmus.runtime.stops.pareto import by_reason
from isthmus.runtime.stops.say import Why, around, correct, split, undo
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import Problem, equipment, line_of, month, time_range
from isthmus.web.contract import stops as contract
from isthmus.web.writes import guard, principal

MOST = 2_000
MOST_LIKELY = 4
WEEK = 7 * 86_400 * 10**9  # ns
Place = Annotated[str, Query(description="Path of a unit or a line; the first line where empty.")]
Since = Annotated[float | None, Query(alias="from", description="Begin, ms; the shift's if empty.")]
Until = Annotated[float | None, Query(alias="to", description="End, ms; now if empty.")]
Known = Annotated[float | None, Query(description="As it was known at this time, ms.")]
Length = Literal["all", "asks"]


def routes(app: App) -> APIRouter:
    """The routes of stops."""
    router = APIRouter(prefix="/api", tags=["figures"])
    _say(app, router)

    @router.get("/reasons", summary="The reasons that a stop can have, and how often they had")
    def reasons(
        seen: Seen, path: Annotated[str, Query(description="Count those at or below it.")] = ""
    ) -> list[contract.ReasonInfo]:
        often = _often(app, seen, path.strip("/")) if path else Counter()
        return [
            contract.ReasonInfo(
                name=each.name,
                title=each.title,
                category=each.category,
                parent=each.parent,
                often=often[each.name],
            )
            for each in app.plant.reasons
        ]

    @router.get("/stops", summary="The stops of a unit or a line, why, and what is likely")
    def stops(
        path: Place = "",
        start: Since = None,
        end: Until = None,
        known: Known = None,
        show: Annotated[Length, Query(description="All, or those without a reason.")] = "all",
    ) -> contract.StopsInfo:
        place = equipment(app, path) if path else line_of(app, "")
        span = _span(app, place, start, end)
        where = around(app)
        if known is not None:
            where = where.as_known(_moment(known))
        found = where.stops(place, span)
        shown = [each for each in found if show == "all" or each.asks]
        reasons = by_reason(found, app.plant.reasons)
        return contract.StopsInfo(
            start=span[0] / 1e6,
            end=span[1] / 1e6,
            stops=[_told(app, each) for each in shown[-MOST:]],
            dropped=max(0, len(shown) - MOST),
            unexplained=_unexplained(found),
            reasons=[contract.ReasonTime(**asdict(each)) for each in reasons],
        )

    _explain(app, router)
    return router


def _explain(app: App, router: APIRouter) -> None:
    @router.get("/stops/explain", summary="A stop and all that was ever said of it")
    def explain(
        path: Annotated[str, Query(description="The unit.")],
        at: Annotated[float, Query(description="A moment of the stop, ms.")],
    ) -> contract.StopExplained:
        unit = equipment(app, path)
        moment = _moment(at)
        span = Nanoseconds(moment - 10**6), Nanoseconds(moment + 10**6)
        found = around(app).stops(unit, span)
        if not found:
            raise Problem(404, f"{path} did not stand then", "GET /api/stops lists its stops")
        stop = found[-1].stop
        versions = app.stops.versions(unit.path, stop.start, stop.end)
        return contract.StopExplained(
            stop=_told(app, found[-1]),
            versions=[_said(app, each, taken) for each, taken in versions],
        )


def _unexplained(found: Sequence[Found]) -> float | None:
    """The share of own downtime that has no reason; None where there is no downtime."""
    own = [each for each in found if each.stop.element is TimeElement.ADOT]
    total = sum(each.inside for each in own)
    return sum(each.inside for each in own if not each.stop.cause) / total if total else None


def _say(app: App, router: APIRouter) -> None:
    def allowed(request: Request, path: str, wish: contract.Word) -> tuple[Equipment, str]:
        who = principal(request)
        if wish.who and wish.who != who.id:
            raise Problem(412, "this word is somebody else's", "sign in as who said it")
        unit = equipment(app, path)
        decision = guard(app).decide(who, Right.ANNOTATE, unit.path)
        if not decision:
            raise Problem(403, decision.reason, decision.hint)
        return unit, who.id

    @router.post("/stops", summary="Say why a unit stood")
    async def say(wish: contract.ReasonWish, request: Request) -> contract.Said:
        unit, who = allowed(request, wish.path, wish)
        why, moment = Why(wish.reason, wish.comment), _moment(wish.start) + 1
        with _told_apart(app):
            return _said(app, await correct(app, unit, moment, why, who, _sent(wish)), None)

    @router.post("/stops/split", summary="Cut a stop in two, so that each part has a reason")
    async def cut(wish: contract.SplitWish, request: Request) -> contract.Said:
        unit, who = allowed(request, wish.path, wish)
        with _told_apart(app):
            return _said(app, await split(app, unit, _moment(wish.at), who, _sent(wish)), None)

    @router.post("/stops/undo", summary="Take back what was said of a stop")
    async def take_back(wish: contract.UndoWish, request: Request) -> contract.Said:
        found = app.stops.said(wish.number)
        _, who = allowed(request, found.unit if found else "", wish)
        with _told_apart(app):
            taken = await undo(app, wish.number, who, _sent(wish))
        return _said(app, taken, app.stops.taken_back(taken.number))


def _sent(wish: contract.Word) -> Sent:
    return Sent(wish.key, wish.version, wish.waited)


@contextmanager
def _told_apart(app: App) -> Iterator[None]:
    """Tells a word that came too late from one that cannot be, and who was first."""
    try:
        yield
    except Overtaken as error:
        last = app.stops.entries[error.number - 1]
        title = _title(app, last.said.reason) if last.said else ""
        what = (f"said {title}" if title else "cut it in two") if last.said else "took a word back"
        raise Problem(409, f"{last.by} {what} meanwhile", error.hint) from error


def _often(app: App, seen: Sight, path: str) -> Counter[str]:
    """How many words about stops at or below `path` named each reason in the last seven days."""
    seen.require(Right.READ, path)
    return Counter(
        said.reason
        for unit in equipment(app, path).walk()
        for said in app.stops.held(unit.path)
        if said.reason and said.made >= app.now() - WEEK
    )


def _moment(milliseconds: float) -> Nanoseconds:
    """The time in ns; Problem where it is none."""
    return time_range(milliseconds, milliseconds + 1)[0]


def _span(
    app: App, place: Equipment, start: float | None, end: float | None
) -> tuple[Nanoseconds, Nanoseconds]:
    now = app.now()
    begin = app.records.shift(place).start / 1e6 if start is None else start
    return month(begin, now / 1e6 if end is None else end)


def _told(app: App, found: Found) -> contract.StopInfo:
    stop, reasons = found.stop, app.plant.reasons
    likely = _likely(app, found.suggestion) if found.suggestion else None
    named = reasons.named(stop.cause)
    word = reasons.words.get(stop.cause, "") if stop.cause else ""
    return contract.StopInfo(
        path=found.unit.path,
        unit=found.unit.title or found.unit.name,
        start=stop.start / 1e6,
        end=stop.end / 1e6,
        seconds=stop.seconds,
        going=found.going,
        state=PACKML.get(stop.state, "unknown"),
        counts=stop.element.name,
        shift=stop.shift,
        reason=named.name if named else word,
        title=reasons.title(stop.cause),
        asks=found.asks,
        alarm=found.alarm,
        said=_said(app, found.correction, None) if found.correction else None,
        likely=likely,
        also=[_likely(app, each) for each in found.also[: MOST_LIKELY - 1]],
        version=found.version,
    )


def _likely(app: App, found: Suggestion) -> contract.Likely:
    return contract.Likely(
        reason=found.reason,
        title=_title(app, found.reason),
        confidence=float(np.clip(found.confidence, 0, 1)),
        because=list(found.because),
    )


def _said(app: App, said: Correction, taken: Entry | None) -> contract.Said:
    return contract.Said(
        number=said.number,
        start=said.start / 1e6,
        end=said.end / 1e6,
        reason=said.reason,
        title=_title(app, said.reason),
        before=said.before,
        by=said.by,
        made=said.made / 1e6,
        comment=said.comment,
        undone_by=taken.by if taken else "",
        undone=taken.made / 1e6 if taken else None,
        waited=app.stops.entries[said.number - 1].waited,
        version=taken.number if taken else said.number,
    )


def _title(app: App, name: str) -> str:
    found = app.plant.reasons.reason(name)
    return found.title if found else name.replace("_", " ")
