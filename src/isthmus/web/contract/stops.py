"""Stops of machines, their reasons, and what people say of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class ReasonInfo(Answer):
    """A reason of the plant's tree; `parent` is the one above it.

    `often` is for how many stops of the equipment people gave it in the last seven days.
    """

    name: str
    title: str
    category: str
    parent: str = ""
    often: int = 0


class Likely(Answer):
    """The reason that is most likely, how sure (0 to 1), and what speaks for it."""

    reason: str
    title: str
    confidence: float
    because: list[str]


class Said(Answer):
    """What somebody said of a stop; `undone` by whom and when it was taken back.

    `waited` is for how many seconds it was under way, because the site could not be reached;
    `version` is that of the stop once this was said or taken back, for the word that follows it.
    """

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
    waited: float = 0.0
    version: int = 0


class StopInfo(Answer):
    """Time in which a unit stood, in planned work.

    `counts` is the element of time, `asks` that nobody knows the reason of a stop by own fault,
    `said` what was said of it last. `likely` is the reason for which most speaks, `also` those for
    which something does. `version` goes with a wish: so nobody speaks over a word not seen.
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
    also: list[Likely] = []
    version: int = 0


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


class Word(Answer):
    """How a word about a stop is sent.

    Sent twice with one `key` it counts once. Where `version` is told and somebody else spoke of the
    stop since, the word is refused with 409. `waited` is for how many seconds it was under way.
    Where `who` is told and somebody else is signed in meanwhile, it is refused with 412.
    """

    key: Annotated[str, Field(max_length=64)] = ""
    version: Annotated[int | None, Field(ge=0)] = None
    waited: Annotated[float, Field(ge=0, le=31_536_000)] = 0.0
    who: Annotated[str, Field(max_length=200)] = ""


class ReasonWish(Word):
    """The reason why the unit at `path` stood at `start`."""

    path: Annotated[str, Field(max_length=1_000)]
    start: Milliseconds
    reason: Annotated[str, Field(max_length=200)]
    comment: Annotated[str, Field(max_length=1_000)] = ""


class SplitWish(Word):
    """A moment inside a stop of the unit at `path`, at which it is cut in two."""

    path: Annotated[str, Field(max_length=1_000)]
    at: Milliseconds


class UndoWish(Word):
    """The number of what was said and is taken back."""

    number: int
