"""Messages to people over HTTP: who is on call, what was sent, what failed; a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from isthmus.insight.notify.escalation import moment, over
from isthmus.insight.notify.rota import Duty
from isthmus.model.plantfile_channel import Channel, MailEntry, MqttChannelEntry
from isthmus.runtime.app import App
from isthmus.runtime.notify.courier import Courier
from isthmus.runtime.notify.hook import host
from isthmus.runtime.notify.message import Message
from isthmus.runtime.notify.notify import Notify
from isthmus.web.ask import Problem
from isthmus.web.contract import notify as answers
from isthmus.web.writes import principal

DAY = 86_400 * 10**9
COMING = 3  # turns after the one that runs
AHEAD = 35  # days in which they are looked for

At = Annotated[float | None, Query(description="ms of the wall's clock; now if empty.")]


def routes(app: App) -> APIRouter:
    """The routes of this part."""
    router = APIRouter(prefix="/api/notify", tags=["alarms"])

    @router.get("", summary="Whom the plant can tell, who is on call, and how each channel does")
    def state() -> answers.NotifyState:
        notify, now = app.notify, app.notify.wall()
        return answers.NotifyState(
            now=now / 1e6,
            channels=[_channel(notify, each) for each in notify.couriers.values()],
            people=sorted(notify.entry.people),
            rotas=[_rota(notify, name, now) for name in notify.entry.on_call],
            escalating=list(_escalating(notify)),
            waiting=len(notify.outbox.waiting),
            lost=notify.lost + notify.watchman.lost,
            nobody=notify.nobody,
            dropped=notify.outbox.dropped,
            damaged=notify.outbox.damaged,
            digests=notify.flooding.digests,
            trouble=notify.trouble,
        )

    @router.get("/on-call", summary="Who is on call in each rota at a moment, and who after them")
    def on_call(at: At = None) -> list[answers.RotaInfo]:
        moment_ = app.notify.wall() if at is None else _moment(at)
        return [_rota(app.notify, name, moment_) for name in app.notify.entry.on_call]

    @router.get("/log", summary="What was told to whom, and what became of it, newest first")
    def log(
        state: Annotated[
            Literal["", "waiting", "sent", "failed", "gathered", "dropped"], Query()
        ] = "",
        about: Annotated[str, Query(description="At or below it.")] = "",
        limit: Annotated[int, Query(ge=1, le=5_000)] = 200,
    ) -> list[answers.NotifyMessage]:
        path = about.strip("/")
        found = [
            each
            for each in app.notify.outbox.all()
            if state in ("", each.state)
            and (not path or each.about == path or each.about.startswith(f"{path}/"))
        ]
        found.sort(key=lambda each: -(each.done or each.made))
        return [_message(each) for each in found[:limit]]

    @router.post("/test", summary="Tell somebody that this is a test")
    def test(wish: answers.NotifyTest, request: Request) -> list[answers.NotifyMessage]:
        made = app.notify.test(tuple(wish.to), principal(request).id)
        return [_message(each) for each in made]

    return router


def _moment(at: float) -> int:
    if not 0 <= at < 4e12:  # noqa: PLR2004 - the year 2096
        raise Problem(422, f"{at:g} is no time", "give ms since 1970")
    return round(at * 1e6)


def _channel(notify: Notify, courier: Courier) -> answers.ChannelInfo:
    entry = notify.entry.channels[courier.name]
    waiting = sum(
        each.address.channel == courier.name for each in list(notify.outbox.waiting.values())
    )
    return answers.ChannelInfo(
        name=courier.name,
        kind=entry.kind,
        where=where(entry),
        state="down" if courier.trouble else "up" if courier.last else "unused",
        waiting=waiting,
        sent=courier.sent,
        failed=courier.failed,
        last=courier.last / 1e6 if courier.last else None,
        trouble=courier.trouble,
        hint=courier.hint,
        since=courier.since / 1e6 if courier.since else None,
        again_s=courier.wait,
    )


def where(entry: Channel) -> str:
    """Where a channel leads, without what could be a secret."""
    if isinstance(entry, MailEntry):
        return entry.server or f"the folder {entry.folder}"
    if isinstance(entry, MqttChannelEntry):
        return f"{entry.broker}, {entry.topic}"
    if isinstance(entry.url, str):
        return host(entry.url)
    return "an address that is kept as a secret"


def _rota(notify: Notify, name: str, at: int) -> answers.RotaInfo:
    found = notify.whom.duties(name, at, at + AHEAD * DAY)
    return answers.RotaInfo(
        name=name,
        title=notify.entry.on_call[name].title or name.replace("_", " "),
        now=_duty(found[0]),
        coming=[_duty(each) for each in found[1 : COMING + 1]],
        trouble=notify.whom.trouble(name),
    )


def _duty(duty: Duty) -> answers.OnCall:
    return answers.OnCall.model_validate(
        {"who": list(duty.who), "why": duty.why, "start": duty.start / 1e6, "end": duty.end / 1e6}
    )


def _escalating(notify: Notify) -> Iterator[answers.Escalating]:
    for each in list(notify.outbox.incidents.values()):
        escalation = notify.entry.escalation.get(each.escalation)
        if escalation is None:
            continue
        coming = None if over(escalation, each.told) else moment(escalation, each.begun, each.told)
        yield answers.Escalating.model_validate(
            {
                "path": each.path,
                "title": each.title,
                "priority": each.priority,
                "escalation": each.escalation,
                "told": each.told,
                "steps": len(escalation.steps) * (escalation.repeat + 1),
                "begun": each.begun / 1e6,
                "next": coming.at / 1e6 if coming else None,
                "next_to": escalation.steps[coming.step].to if coming else [],
            }
        )


def _message(each: Message) -> answers.NotifyMessage:
    return answers.NotifyMessage.model_validate(
        {
            "id": each.id,
            "channel": each.address.channel,
            "to": each.address.person or each.address.mail or each.address.channel,
            "kind": each.kind,
            "about": each.about,
            "title": each.title,
            "text": each.text,
            "priority": each.priority,
            "step": each.step,
            "at": each.at / 1e6,
            "made": each.made / 1e6,
            "due": each.due / 1e6,
            "state": each.state.value,
            "done": each.done / 1e6 if each.done else None,
            "tries": each.tries,
            "why": each.why,
        }
    )
