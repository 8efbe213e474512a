"""The section `scorecard` of a plant file: goals that operations and IT share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from isthmus.model.kpi import Better
from isthmus.model.plantfile_fields import Entry, Number, Text
from isthmus.model.scorecard import Goal, Period

WAYS = {"up": Better.MORE, "down": Better.LESS}


class GoalOwners(Entry):
    """Who answers for a goal: a team of each side."""

    ot: Annotated[Text, Field(description="The team of operations.")] = ""
    it: Annotated[Text, Field(description="The team of IT.")] = ""


class GoalEntry(Entry):
    """One goal: what is measured, and what it is to reach."""

    measure: Annotated[
        Text, Field(description="`oee`, `energy_per_piece`; the name of the goal where empty.")
    ] = ""
    target: Annotated[
        Number | None, Field(description="What it is to reach, in the measure's unit.")
    ] = None
    better: Annotated[
        Literal["up", "down"] | None, Field(description="Which way it is to go, if not the usual.")
    ] = None
    title: Annotated[Text, Field(description="Name for people.")] = ""
    line: Annotated[Text, Field(description="Which line; the plant's first where empty.")] = ""
    owners: GoalOwners = Field(default_factory=GoalOwners, description="Who answers for it.")
    period: Annotated[
        Literal["shift", "day", "week", "month"], Field(description="How far back it looks.")
    ] = "week"
    by: Annotated[date | None, Field(description="The day until which it is to be reached.")] = None

    def goal(self, name: str) -> Goal:
        """The goal that this entry describes."""
        return Goal(
            *(name, self.measure or name, self.target),
            WAYS[self.better] if self.better else Better.NEITHER,
            *(self.title, self.line, self.owners.ot, self.owners.it),
            Period(self.period),
            self.by,
        )
