"""A measure that is to save energy, and what its saving is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

DriverKind = Literal["tag", "running_time", "product_mix"]


@dataclass(frozen=True, slots=True)
class Driver:
    """What moves the energy of a line: the hourly mean of a tag, or what its machines tell.

    With `heating_below` a tag counts by how much it lies below that, with `cooling_above` by how
    much above: an hour's share of degree days. Without a tag it is of the `kind`.
    """

    name: str
    tag: str = ""
    heating_below: float | None = None
    cooling_above: float | None = None
    kind: DriverKind = "tag"


@dataclass(frozen=True, slots=True)
class Measure:
    """What was done at the line of that path, from the local day `first` on (ISO 50015).

    `baseline` are the first and the last local day that it is measured against. `goal` is the share
    of what the baseline expects that it is to save, `by` the day until which.
    """

    name: str
    line: str
    first: date
    baseline: tuple[date, date]
    last: date | None = None
    title: str = ""
    drivers: tuple[Driver, ...] = ()
    goal: float | None = None
    by: date | None = None
