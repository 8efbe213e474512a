"""The grammar of drivers: what moves the energy of a line beside its good pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from isthmus.model.measure import Driver
from isthmus.model.plantfile_fields import Entry, Number, Text, WrongError


class DriverEntry(Entry):
    """Weather or another tag, the time in which the line runs, or the mix of its products."""

    tag: Annotated[Text, Field(description="Path of the tag; its hourly mean counts.")] = ""
    heating_below: Annotated[
        Number | None, Field(description="Count by how much it lies below: `15` (degree days).")
    ] = None
    cooling_above: Annotated[
        Number | None, Field(description="Count by how much it lies above: `22`.")
    ] = None
    of: Annotated[
        Literal["running_time", "product_mix"] | None,
        Field(
            description="Without a tag: the share of the hour in which the line runs, or its "
            "good pieces by product."
        ),
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.heating_below is not None and self.cooling_above is not None:
            raise WrongError("a driver heats or cools", hint="write two drivers of the same tag")
        if bool(self.tag) == bool(self.of):
            raise WrongError(
                "a driver is a tag, or told by the line",
                hint="either `tag: ...`, or `of: running_time`, `of: product_mix`",
            )
        if self.of and (self.heating_below is not None or self.cooling_above is not None):
            raise WrongError(f"`{self.of}` neither heats nor cools", hint="a `tag` does")
        return self


def drivers(entries: Mapping[str, DriverEntry]) -> tuple[Driver, ...]:
    """The drivers that the entries describe."""
    return tuple(
        Driver(name, entry.tag, entry.heating_below, entry.cooling_above, entry.of or "tag")
        for name, entry in entries.items()
    )
