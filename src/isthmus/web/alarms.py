"""Alarms over HTTP: what asks for somebody, what people do with it, and its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from isthmus.insight.alarm.state import ASKING, State
from isthmus.insight.alarm.statistics import DAY, Entry
from isthmus.model.access import Principal, Right
from isthmus.model.errors import IsthmusError
from isthmus.model.event import Event
from isthmus.model.path import nearest
from isthmus.model.plant import Level
from isthmus.runtime.alarm.present import Alarm, Present, urgency
from isthmus.runtime.alarm.told import entries, figures, journal, rationalise
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.access import Seen, Sight
from isthmus.web.ask import MORE, Problem, time_range, told_more
from isthmus.web.writes import principal

HOUR = 3_600_000.0
ACKNOWLEDGED = frozenset({State.ACKNOWLEDGED, State.LATCHED})
MOST_LINES = 1_000
MOST_DAYS = 400  # of figures

Step = Literal["acknowledge", "reset", "shelve", "unshelve", "remove", "restore"]
From = Annotated[float | None, Query(alias="from", description="ms; a day before `to` if empty.")]
To = Annotated[float | None, Query(alias="to", description="ms; now if empty.")]


def routes(app: App) -> APIRouter:
    """The routes of alarms."""
    router = APIRouter(prefix="/api/alarms", tags=["alarms"])

    @router.get(
        "", summary="What asks for somebody, and what is set aside; normal ones too where `all`"
    )
    def alarms(
        seen: Seen,
        every: Annotated[Literal["true", "false"], Query(alias="all")] = "false",
    ) -> contract.AlarmList:
        found = [each for each in app.alarms.present() if seen.one(each.alarm.path)]
        shown = [each for each in found if every == "true" or each.state is not State.NORMAL]
        shown.sort(key=lambda each: (_rank(each), urgency(each)))
        return contract.AlarmList(
            now=app.now() / 1e6,
            alarms=[told(each, seen) for each in shown],
            all=len(found),
            unjudged=sum(not each.judged for each in found),
            dropped=app.alarms.dropped,
            trouble=app.alarms.trouble,
        )

    @router.post("/{step}", summary="Acknowledge, reset, shelve, return, take out of service")
    def act(step: Step, wish: contract.AlarmWish, request: Request) -> list[contract.AlarmDone]:
        return acted(app, Sight(app, principal(request)), step, wish)

    _past(app, router)
    return router


def acted(app: App, seen: Sight, step: Step, wish: contract.AlarmWish) -> list[contract.AlarmDone]:
    """Each alarm of `wish` after `step`, done where it can be and where who asks may do it."""
    chosen = [_alarm(app, path) for path in wish.alarms]
    for alarm in chosen:
        seen.require(Right.READ, alarm.path)  # what it tells of others is not for who asks
    if step == "shelve" and wish.minutes is None:
        raise Problem(422, "for how long is not said", "give `minutes`")
    right = Right.LOCK if step in ("remove", "restore") else Right.ACKNOWLEDGE
    do = _doing(app, step, wish, seen.principal)

    def allowed(path: str) -> None:
        seen.require(right, path)
        do(path)

    paths = [alarm.path for alarm in chosen]
    refused = done(app, step, paths, allowed)
    return [
        contract.AlarmDone(**dict(told(each, seen)), refused=refused.get(each.alarm.path, ""))
        for each in app.alarms.present(paths)
    ]


def _past(app: App, router: APIRouter) -> None:
    @router.get("/journal", summary="What became of alarms, newest first")
    def past(
        seen: Seen,
        response: Response,
        start: From = None,
        end: To = None,
        path: Annotated[str, Query(description="At or below it.")] = "",
        limit: Annotated[int, Query(ge=1, le=10_000)] = MOST_LINES,
    ) -> list[contract.AlarmChange]:
        span = _span(app, start, end)
        found = journal(app, *span, path=path.strip("/"), seen=seen.narrow)
        response.headers[MORE] = told_more(found.more or len(found.events) > limit)
        return [_line(event) for event in found.events[: -limit - 1 : -1]]

    @router.get("/statistics", summary="Rates, floods and bad actors, by operator's position")
    def statistics(seen: Seen, start: From = None, end: To = None) -> list[contract.AlarmFigures]:
        span = _short(_span(app, start, end))
        found = journal(app, *span, seen=seen.narrow)
        lines = entries(found.events)
        return [
            _figures(app, position, paths, lines=lines, span=span, more=found.more)
            for position, paths in _positions(app, seen)
        ]

    @router.get("/rationalise", summary="What the past says of how each alarm is set")
    def help_to_rationalise(
        seen: Seen, start: From = None, end: To = None
    ) -> list[contract.AlarmAdvice]:
        span = _short(_span(app, start, end, days=30))
        found = journal(app, *span, seen=seen.narrow)
        paths = {alarm.path for alarm in app.alarms.all if seen.one(alarm.path)}
        made = rationalise(app, entries(found.events), paths)
        return [contract.AlarmAdvice.model_validate(each, from_attributes=True) for each in made]


def _rank(each: Present) -> int:
    if each.state in ASKING:
        return 0
    return 2 if each.state is State.NORMAL else 1


def _alarm(app: App, path: str) -> Alarm:
    place = app.alarms.places.get(path.strip("/"))
    if place is None:
        close = nearest(path, app.alarms.places)
        hint = f"did you mean `{close}`?" if close else "GET /api/alarms?all=true lists them"
        raise Problem(404, f"there is no alarm {path[:200]}", hint)
    return app.alarms.all[place]


def _doing(app: App, step: Step, wish: contract.AlarmWish, who: Principal) -> Callable[[str], None]:
    if step == "shelve":
        seconds = round(60 * (wish.minutes or 0.0), 3)  # of minutes, 31 s are 31.000000000000004
        return lambda path: app.alarms.shelve(path, who.id, wish.reason, seconds)
    do: Callable[[str, str, str], None] = getattr(app.alarms, step)
    return lambda path: do(path, who.id, wish.reason)


def done(app: App, step: Step, paths: list[str], do: Callable[[str], None]) -> dict[str, str]:
    """Do it with each, however the others fare: why not, by path; raised where it is so for all."""
    refused: dict[str, IsthmusError | Problem] = {}
    for path in paths:
        try:
            do(path)
        except Problem as error:
            refused[path] = error
        except IsthmusError as error:
            (present,) = app.alarms.present([path])
            if step == "acknowledge" and _seen(present, alone=len(set(paths)) == 1):
                continue
            refused[path] = error
    if len(refused) == len(set(paths)):
        raise next(iter(refused.values()))
    return {path: str(error) for path, error in refused.items()}


def _seen(each: Present, *, alone: bool) -> bool:
    """Whether somebody was quicker; among others, whatever is over asks for nobody any more."""
    over = each.state is State.NORMAL and (bool(each.by) or not alone)
    return over or each.state in ACKNOWLEDGED


def _span(app: App, start: float | None, end: float | None, days: float = 1.0) -> tuple[int, int]:
    until = app.now() / 1e6 + 1 if end is None else end
    return time_range(until - days * 24 * HOUR if start is None else start, until)


def _short(span: tuple[int, int]) -> tuple[int, int]:
    """The same; refused where figures of it would fill the memory, a count each ten minutes."""
    days = (span[1] - span[0]) / DAY
    if days > MOST_DAYS:
        raise Problem(
            422,
            f"{days:,.0f} days of alarms are asked for",
            f"ask for {MOST_DAYS} days at most, each year by itself",
        )
    return span


def _positions(app: App, seen: Sight) -> Iterator[tuple[str, set[str]]]:
    """Each operator's position, which is a work center, with its alarms; the site at first."""
    paths = [alarm.path for alarm in app.alarms.all if seen.one(alarm.path)]
    yield "", set(paths)
    for each in app.plant.walk():
        if each.level is Level.WORK_CENTER:
            own = {path for path in paths if path.startswith(f"{each.path}/")}
            if own:
                yield each.path, own


def _figures(
    app: App,
    position: str,
    paths: set[str],
    *,
    lines: list[Entry],
    span: tuple[int, int],
    more: bool,
) -> contract.AlarmFigures:
    made = figures(app, *span, lines, paths)
    return contract.AlarmFigures(
        position=position,
        start=made.start / 1e6,
        end=made.end / 1e6,
        raised=made.raised,
        per_ten_minutes=list(made.per_ten_minutes),
        mean=made.mean,
        most=made.most,
        flooded=made.flooded,
        floods=[
            contract.AlarmFlood(start=each.start / 1e6, end=each.end / 1e6, alarms=each.alarms)
            for each in made.floods
        ],
        actors=[
            contract.AlarmActor.model_validate(each, from_attributes=True)
            for each in made.actors[:50]
        ],
        top_ten=made.top_ten,
        chattering=made.chattering,
        standing=list(made.standing),
        priorities=dict(made.priorities),
        more=more,
    )


def _line(event: Event) -> contract.AlarmChange:
    data = event.data
    return contract.AlarmChange(
        time=event.time / 1e6,
        path=event.path,
        text=event.text,
        change=str(data.get("change")),
        state=str(data.get("state")),
        priority=int(str(data.get("priority") or 3)),
        by=str(data.get("by") or ""),
        note=str(data.get("note") or ""),
        first=bool(data.get("first")),
    )


def told(each: Present, seen: Sight) -> contract.AlarmInfo:
    """An alarm as it is told to the one who sees it, with what that one may do."""
    kind, reading = each.alarm.definition, each.reading
    return contract.AlarmInfo.model_validate(
        {
            "path": each.alarm.path,
            "equipment": each.alarm.equipment,
            "title": kind.title or kind.name,
            "priority": int(kind.priority),
            "state": each.state.value,
            "active": each.active,
            "judged": each.judged,
            "since": each.since / 1e6,
            "raised": each.raised / 1e6 if each.raised else None,
            "value": reading.value if reading else None,
            "limit": reading.limit if reading else None,
            "unit": reading.unit if reading else "",
            "when": kind.when.text,
            "advice": kind.advice,
            "consequence": kind.consequence,
            "response": kind.response,
            "longest": kind.shelve,
            "latching": kind.latching,
            "group": kind.group,
            "first": each.first,
            "until": each.until / 1e6 if each.until else None,
            "by": each.by,
            "reason": each.reason,
            "may_acknowledge": seen.one(each.alarm.path, Right.ACKNOWLEDGE),
            "may_lock": seen.one(each.alarm.path, Right.LOCK),
        }
    )
