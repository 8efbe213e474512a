"""The grammar of measures: what was done to save energy, when, and against which days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isthmus.model.measure import Measure
from isthmus.model.plantfile_driver import DriverEntry, drivers
from isthmus.model.plantfile_equipment import BaselineEntry, Day
from isthmus.model.plantfile_fields import Entry, Name, Text, WrongError, measured

WHOLE = 100.0


def _share(percent: float) -> float:
    if not 0 < percent <= WHOLE:
        word = f"{percent:g} %"
        raise WrongError(f"nothing saves {word} of its energy", hint="write it like `10 %`")
    return percent / WHOLE


Share = Annotated[
    float,
    BeforeValidator(measured("%", "10 %"), json_schema_input_type=str),
    AfterValidator(_share),
]


class MeasureEntry(Entry):
    """One measure and the period that its saving is measured against."""

    line: Annotated[Text, Field(description="Path of the line.")]
    first: Annotated[Day, Field(alias="from", description="First local day with it in place.")]
    last: Annotated[Day | None, Field(alias="to", description="Last day to report on.")] = None
    baseline: Annotated[
        BaselineEntry, Field(description="Days before it: `{from: 2026-03-01, to: 2026-03-31}`.")
    ]
    title: Annotated[Text, Field(description="What was done, for people.")] = ""
    drivers: Annotated[
        dict[Name, DriverEntry], Field(description="What moves the energy beside good pieces.")
    ] = {}

    goal: Annotated[
        Share | None, Field(description="Of what the baseline expects, to be saved: `10 %`.")
    ] = None
    by: Annotated[Day | None, Field(description="Day until which the goal is to be reached.")] = (
        None
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first <= self.baseline.last:
            raise WrongError(
                f"the measure begins on {self.first}, inside of its baseline",
                hint="the baseline ends on the day before it, or earlier",
            )
        if self.last is not None and self.last < self.first:
            raise WrongError("the measure ends before it begins", hint="`to` is the last day")
        if self.by is not None and self.goal is None:
            raise WrongError("`by` says when, and nothing says what", hint="write `goal: 10 %` too")
        if self.by is not None and self.by < self.first:
            raise WrongError(
                f"the goal is to be reached by {self.by}, before the measure begins",
                hint="`by` is a day after `from`",
            )
        return self

    def measure(self, name: str) -> Measure:
        """The measure of that name."""
        return Measure(
            name,
            self.line,
            date.fromisoformat(self.first),
            self.baseline.days,
            None if self.last is None else date.fromisoformat(self.last),
            self.title,
            drivers(self.drivers),
            self.goal,
            None if self.by is None else date.fromisoformat(self.by),
        )
