"""Key figures: what they are, what was computed of samples, and whether that still holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from isthmus.model.sample import Nanoseconds, Status

NEVER = Nanoseconds(0)


@dataclass(frozen=True, slots=True)
class KpiInput:
    """A tag that a formula read: how many samples, and a digest of all that was read of it.

    Where the digest of the same range is another one today, the result is out of date.
    """

    path: str
    samples: int
    digest: str


@dataclass(frozen=True, slots=True)
class KpiResult:
    """One key figure of one piece of equipment between two times; `value` is None if unknown.

    `period` is the kind of window, `hour` or `shift`, `shift` the name of the latter. `status` is
    a StatusCode: uncertain where part of the window is unknown. Of results with equal `key` the
    one written last holds; the others are kept to show what was known before.
    """

    path: str
    kpi: str
    period: str
    start: Nanoseconds
    end: Nanoseconds
    value: float | None
    unit: str = ""
    shift: str = ""
    status: int = Status.GOOD
    formula: str = ""
    version: int = 1
    inputs: tuple[KpiInput, ...] = ()
    computed: Nanoseconds = NEVER

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """What this is the value of."""
        return self.path, self.kpi, self.period, self.start, self.end


class Better(StrEnum):
    """Which way a key figure is to go."""

    MORE = "more"
    LESS = "less"
    NEITHER = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    """What a key figure is: `formula` over elements and other key figures gives it in `unit`.

    `standard` is its number in ISO 22400-2, empty where that does not define it.
    """

    id: str
    title: str
    formula: str
    unit: str = "1"
    better: Better = Better.NEITHER
    standard: str = ""
    note: str = ""
