"""A measure that is to save energy, and what its saving is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Driver:
    """A tag whose hourly mean moves the energy of a line.

    With `heating_below` it counts by how much it lies below that, with `cooling_above` by how much
    above: an hour's share of degree days.
    """

    name: str
    tag: str
    heating_below: float | None = None
    cooling_above: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What was done at the line of that path, from the local day `first` on (ISO 50015).

    `baseline` are the first and the last local day that it is measured against.
    """

    name: str
    line: str
    first: date
    baseline: tuple[date, date]
    last: date | None = None
    title: str = ""
    drivers: tuple[Driver, ...] = ()
