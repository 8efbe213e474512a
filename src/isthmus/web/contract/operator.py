"""What somebody at a machine needs to know of it, and may do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds
from isthmus.web.contract.figures import Kpi, OrderInfo
from isthmus.web.contract.scorecard import ScorecardNote


class Helper(Answer):
    """A rota that can be called to a machine, and who is on call in it now; nobody where empty."""

    name: str
    title: str
    who: list[str]


class CallWish(Answer):
    """Which rota is to come to the equipment at `path`."""

    path: Annotated[str, Field(max_length=1_000)]
    rota: Annotated[str, Field(max_length=200)]


class Called(Answer):
    """Who is told that they are wanted; within a minute the same call counts once."""

    rota: str
    title: str
    who: list[str]
    at: Milliseconds


class Station(Answer):
    """A unit or a line as its operator sees it, and what who asks may do there.

    `unit` is the path of the machine whose state and rate are told: itself, or what sets the pace
    of the line. `good` counts since the begin of the shift, `plan` is what the ideal rate makes of
    its planned time until now.
    """

    path: str
    title: str
    unit: str
    line: str
    now: Milliseconds
    shift: str
    shift_start: Milliseconds
    shift_end: Milliseconds
    state: str
    since: Milliseconds | None
    look: Literal["run", "stop", "starved", "blocked", "setup", "break", "unknown"]
    reason: Annotated[str, Field(description="Why it stands, in the plant's words.")] = ""
    rate: Kpi
    good: float | None
    plan: float | None
    order: OrderInfo | None = None
    who: Annotated[str, Field(description="Who asks.")]
    name: str
    may_say: Annotated[bool, Field(description="Give reasons of stops here.")]
    may_acknowledge: bool
    may_note: Annotated[bool, Field(description="Leave a note about the line here.")] = False
    notes: Annotated[
        list[ScorecardNote],
        Field(description="Notes that the last and this shift left for the line, newest first."),
    ] = []
    helpers: Annotated[list[Helper], Field(description="Whom one may call from here.")] = []
