"""The shared scorecard: what operations and IT want to reach together, and what they agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from isthmus.model.kpi import Better


class Period(StrEnum):
    """How far back a goal looks."""

    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def days(self) -> float:
        """Its length in days; a shift is the newest one that is over."""
        return {"shift": 1 / 3, "day": 1, "week": 7, "month": 30}[self.value]


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the scorecard: a measure of a line (the first where empty), and its target.

    `ot` and `it` are the teams that answer for it, `by` the day until which it is to be reached.
    """

    name: str
    measure: str
    target: float | None = None
    better: Better = Better.NEITHER
    title: str = ""
    line: str = ""
    ot: str = ""
    it: str = ""
    period: Period = Period.WEEK
    by: date | None = None
