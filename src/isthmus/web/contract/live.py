"""Live values, the status of the site, and what needs a person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers


class LiveValues(Answer):
    """SSE `values`, at most 4 a second: only rows that changed since the last message.

    The first message has every tag asked for; a tag never seen is BadWaitingForInitialData.
    `text` has the text tags' values by id.
    """

    now: Milliseconds
    tag: list[int]
    time: list[float]
    value: Numbers
    quality: list[int]
    text: dict[int, str] = {}


class Attention(Answer):
    """Something that needs a person: text, since when, where to look."""

    priority: Literal[1, 2, 3, 4]
    title: str
    detail: str
    advice: str
    since: Milliseconds
    href: str
    alarm: Annotated[str, Field(description="Path of the alarm, where it is one.")] = ""
    unseen: Annotated[bool, Field(description="Nobody has acknowledged it.")] = False


class LiveStatus(Answer):
    """SSE `status`, once a second: the foot of the rail and the clock."""

    now: Milliseconds
    shift: str = ""
    links_up: int
    links: int
    lag_s: float
    lost: int
    values_per_s: float
    bus: Literal["up", "down", "full"] = "up"
    history: Literal["up", "behind", "full", "down"] = "up"
    attention: Annotated[dict[str, int], Field(description="Page -> worst priority 1-4.")] = {}
    waiting: Annotated[list[Attention], Field(description="Most urgent first, at most 50.")] = []
