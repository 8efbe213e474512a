"""Who is told, who is on call, and what became of each message."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class ChannelInfo(Answer):
    """A way on which people are told; `sent` and `failed` are since the start of the process."""

    name: str
    kind: Literal["mail", "webhook", "mqtt", "teams", "slack"]
    where: Annotated[str, Field(description="Without what could be a secret.")]
    state: Literal["unused", "up", "down"]
    waiting: int
    sent: int
    failed: int
    last: Milliseconds | None = None
    trouble: str = ""
    hint: str = ""
    since: Milliseconds | None = None
    again_s: Annotated[float, Field(description="Seconds between tries, 0 where all is well.")] = 0


class OnCall(Answer):
    """Who is on call in a rota, [start, end); `who` is empty where nobody is."""

    who: list[str]
    why: Literal["turn", "override", "calendar", ""]
    start: Milliseconds
    end: Milliseconds


class RotaInfo(Answer):
    """A rota: who is on call now, who next; `trouble` says why its calendar file does not count."""

    name: str
    title: str
    now: OnCall
    coming: list[OnCall]
    trouble: str = ""


class Escalating(Answer):
    """An alarm of which people are being told until somebody has seen it."""

    path: str
    title: str
    priority: Literal[1, 2, 3, 4]
    escalation: str
    told: Annotated[int, Field(description="How many steps were told, of all rounds.")]
    steps: int
    begun: Milliseconds
    next: Milliseconds | None
    next_to: list[str]


class NotifyState(Answer):
    """Whom the plant can tell, and how that goes; losses are counted since the start, or for ever.

    `lost` notices came too fast, `nobody` had nobody to tell, `dropped` messages found no room.
    """

    now: Milliseconds
    channels: list[ChannelInfo]
    people: list[str]
    rotas: list[RotaInfo]
    escalating: list[Escalating]
    waiting: int
    lost: int
    nobody: int
    dropped: int
    damaged: int
    digests: Annotated[int, Field(description="Messages that told of a flood.")]
    trouble: str = ""


class NotifyMessage(Answer):
    """A message to one address, and what became of it; times of the wall but `at`."""

    id: str
    channel: str
    to: str
    kind: str
    about: str
    title: str
    text: str
    priority: Literal[1, 2, 3, 4]
    step: str = ""
    at: Annotated[Milliseconds, Field(description="When it happened, on the plant's clock.")]
    made: Milliseconds
    due: Milliseconds
    state: Literal["waiting", "sent", "failed", "gathered", "dropped"]
    done: Milliseconds | None = None
    tries: int
    why: str = ""


class NotifyTest(Answer):
    """Whom to tell that this is a test."""

    to: Annotated[list[str], Field(min_length=1, max_length=20)]
