"""The scorecard that operations and IT share, and what people write on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds, Numbers
from isthmus.web.contract.ledger import Wall

Words = Annotated[str, Field(max_length=2_000)]
Sort = Literal["comment", "decision", "action"]
NoteState = Literal["open", "done", "dropped"]
Side = Literal["", "ot", "it"]


class GoalStand(Answer):
    """One goal: what it is now, where it was, and whether it is reached.

    `value` is over [start, end], which holds `gaps_percent` of time of which nothing is known;
    `short` is by how much it is behind, `why` why there is no value.
    """

    name: str
    title: str
    measure: str
    line: str
    unit: str
    digits: int
    value: float | None
    target: float | None
    better: Literal["more", "less", ""]
    verdict: Literal["reached", "behind", "far behind", "unknown", "no target"]
    short: float
    way: Literal["better", "worse", "steady", ""]
    period: Literal["shift", "day", "week", "month"]
    start: Milliseconds
    end: Milliseconds
    gaps_percent: float
    trend_time: list[float]
    trend: Numbers
    owner_ot: str
    owner_it: str
    by: Annotated[str, Field(description="The day until which it is to be reached, or empty.")]
    page: str
    says: Annotated[str, Field(description="How it is computed.")]
    why: str


class ScorecardNote(Answer):
    """One version of a comment, a decision or an action, about a goal, a line or neither.

    `who`, `side`, `due` and `state` are of actions.
    """

    number: int
    version: int
    kind: Sort
    text: str
    by: str
    time: Wall
    goal: str
    who: str
    side: Side
    due: str
    state: NoteState
    line: str = ""


class Scorecard(Answer):
    """All goals as they stood at `computed`; of each note the newest version.

    `notes` are the newest, and every action that is open, however old it is.
    """

    computed: Milliseconds
    trouble: str
    damaged: Annotated[int, Field(description="Lines of the book that could not be read.")]
    goals: list[GoalStand]
    notes: list[ScorecardNote]
    before: Annotated[
        int | None, Field(description="Older notes are those before this number; null without any.")
    ]


class NotePage(Answer):
    """Older notes, the newest first; those that follow are before the number `before`."""

    notes: list[ScorecardNote]
    before: int | None


class NoteWish(Answer):
    """A new note, about a goal, about a line, or about the whole scorecard."""

    kind: Sort = "comment"
    text: Words
    goal: Annotated[str, Field(max_length=100)] = ""
    who: Annotated[str, Field(max_length=200)] = ""
    side: Side = ""
    due: Annotated[str, Field(max_length=10, description="A day: `2026-12-31`.")] = ""
    line: Annotated[str, Field(max_length=1_000, description="Path of a line.")] = ""


class NoteChange(Answer):
    """What a note's next version has otherwise; `version` is the one that was looked at."""

    version: Annotated[int, Field(ge=1)]
    text: Words | None = None
    who: Annotated[str, Field(max_length=200)] | None = None
    side: Side | None = None
    due: Annotated[str, Field(max_length=10)] | None = None
    state: NoteState | None = None
