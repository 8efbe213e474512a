"""Alarms as they are now, what became of them, and what that says of the alarm system."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds

AlarmState = Literal[
    "normal",
    "unacknowledged",
    "acknowledged",
    "returned",
    "latched-unacknowledged",
    "latched",
    "shelved",
    "suppressed",
    "out-of-service",
]


class AlarmInfo(Answer):
    """An alarm as it is now.

    `judged` is false where a value that it needs is bad or unknown: then it neither comes nor
    goes. `longest` is for how many seconds it may be shelved, 0 for never; `response` in seconds.
    `may_acknowledge` and `may_lock` are the rights at it of the one who asks.
    """

    path: str
    equipment: str
    title: str
    priority: Literal[1, 2, 3, 4]
    state: AlarmState
    active: bool
    judged: bool
    since: Milliseconds
    raised: Milliseconds | None = None
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    when: str
    advice: str = ""
    consequence: str = ""
    response: float | None = None
    longest: float = 0.0
    latching: bool = False
    group: str = ""
    first: Annotated[bool, Field(description="It came first of its group.")] = False
    until: Milliseconds | None = None
    by: str = ""
    reason: str = ""
    may_acknowledge: Annotated[
        bool, Field(description="You may acknowledge, reset, shelve and return it.")
    ] = False
    may_lock: Annotated[bool, Field(description="You may take it out of service and back.")] = False


class AlarmDone(AlarmInfo):
    """An alarm after what was to be done with it."""

    refused: Annotated[str, Field(description="Why it was not done; empty where it was.")] = ""


class AlarmList(Answer):
    """Those that ask for somebody, most urgent first; then those set aside; others if asked for."""

    now: Milliseconds
    alarms: list[AlarmInfo]
    all: Annotated[int, Field(description="How many alarms the plant has.")]
    unjudged: Annotated[int, Field(description="How many cannot be judged now.")]
    dropped: Annotated[int, Field(description="Changes that the journal has lost.")] = 0
    trouble: str = ""


class AlarmWish(Answer):
    """What to do with which alarms; `minutes` is for how long to shelve them."""

    alarms: Annotated[list[str], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(max_length=1_000)] = ""
    minutes: Annotated[float | None, Field(gt=0, le=43_200)] = None


class AlarmChange(Answer):
    """A line of the journal."""

    time: Milliseconds
    path: str
    text: str
    change: str
    state: str
    priority: int
    by: str
    note: str = ""
    first: bool = False


class AlarmFlood(Answer):
    """A time in which more than ten alarms came in ten minutes, until fewer than five did."""

    start: Milliseconds
    end: Milliseconds
    alarms: int


class AlarmActor(Answer):
    """How often an alarm came; `chatters` counts minutes in which it came three times."""

    path: str
    raised: int
    share: float
    chatters: int


class AlarmFigures(Answer):
    """Figures of one operator's position (ISA-18.2, EEMUA 191).

    `mean` and `most` are alarms in ten minutes: 1 is acceptable, 2 is the most that is
    manageable. `flooded` is a share of the time, below 0.01 where all is well.
    """

    position: str
    start: Milliseconds
    end: Milliseconds
    raised: int
    per_ten_minutes: list[int]
    mean: float
    most: int
    flooded: float
    floods: list[AlarmFlood]
    actors: list[AlarmActor]
    top_ten: float
    chattering: int
    standing: list[str]
    priorities: dict[int, int]
    more: Annotated[bool, Field(description="The journal holds more than was read.")] = False


class AlarmAdvice(Answer):
    """What the past of an alarm says of how it is set; times in seconds."""

    path: str
    raised: int
    acknowledged: int
    unattended: int
    median: float | None
    on_delay: float | None
    on_spares: int
    off_delay: float | None
    off_spares: int
    chatters: int
    text: str
