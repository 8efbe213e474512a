"""Stops of machines, their reasons, and what people say of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class ReasonInfo(Answer):
    """A reason of the plant's tree; `parent` is the one above it."""

    name: str
    title: str
    category: str
    parent: str = ""


class Likely(Answer):
    """The reason that is most likely, how sure (0 to 1), and what speaks for it."""

    reason: str
    title: str
    confidence: float
    because: list[str]


class Said(Answer):
    """What somebody said of a stop; `undone` by whom and when it was taken back."""

    number: int
    start: Milliseconds
    end: Milliseconds
    reason: str
    title: str
    before: str
    by: str
    made: Milliseconds
    comment: str
    undone_by: str = ""
    undone: Milliseconds | None = None


class StopInfo(Answer):
    """Time in which a unit stood, in planned work.

    `counts` is the element of time, `asks` that nobody knows the reason of a stop by own fault,
    `said` what was said of it last.
    """

    path: str
    unit: str
    start: Milliseconds
    end: Milliseconds
    seconds: float
    going: bool
    state: str
    counts: str
    shift: str
    reason: str
    title: str
    asks: bool
    alarm: str = ""
    said: Said | None = None
    likely: Likely | None = None


class ReasonTime(Answer):
    """Seconds lost to a reason: said by people, told by machines, likely, of unknown reason."""

    reason: str
    title: str
    stops: int
    said: float
    told: float
    likely: float
    unknown: float


class StopsInfo(Answer):
    """The stops of a unit or a line, in order, and what own stops cost by reason.

    `unexplained` is the share (0 to 1) of the time of own stops that has no reason; short stops
    need none.
    """

    start: Milliseconds
    end: Milliseconds
    stops: list[StopInfo]
    dropped: int = 0
    unexplained: float | None = None
    reasons: list[ReasonTime] = []


class StopExplained(Answer):
    """A stop with all versions of what was said of it, the oldest first."""

    stop: StopInfo
    versions: list[Said]


class ReasonWish(Answer):
    """The reason why the unit at `path` stood at `start`."""

    path: Annotated[str, Field(max_length=1_000)]
    start: Milliseconds
    reason: Annotated[str, Field(max_length=200)]
    comment: Annotated[str, Field(max_length=1_000)] = ""


class SplitWish(Answer):
    """A moment inside a stop of the unit at `path`, at which it is cut in two."""

    path: Annotated[str, Field(max_length=1_000)]
    at: Milliseconds


class UndoWish(Answer):
    """The number of what was said and is taken back."""

    number: int
