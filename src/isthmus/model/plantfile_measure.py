"""The grammar of measures: what was done to save energy, when, and against which days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from isthmus.model.measure import Driver, Measure
from isthmus.model.plantfile_equipment import BaselineEntry, Day
from isthmus.model.plantfile_fields import Entry, Name, Number, Text, WrongError


class DriverEntry(Entry):
    """What moves the energy of the line beside its good pieces: weather, hours, a product's mix."""

    tag: Annotated[Text, Field(description="Path of the tag; its hourly mean counts.")]
    heating_below: Annotated[
        Number | None, Field(description="Count by how much it lies below: `15` (degree days).")
    ] = None
    cooling_above: Annotated[
        Number | None, Field(description="Count by how much it lies above: `22`.")
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.heating_below is not None and self.cooling_above is not None:
            raise WrongError("a driver heats or cools", hint="write two drivers of the same tag")
        return self


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

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first <= self.baseline.last:
            raise WrongError(
                f"the measure begins on {self.first}, inside of its baseline",
                hint="the baseline ends on the day before it, or earlier",
            )
        if self.last is not None and self.last < self.first:
            raise WrongError("the measure ends before it begins", hint="`to` is the last day")
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
            tuple(
                Driver(each, entry.tag, entry.heating_below, entry.cooling_above)
                for each, entry in self.drivers.items()
            ),
        )
