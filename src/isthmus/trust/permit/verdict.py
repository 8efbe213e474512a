"""What a guard says of a wish, and all that a guard may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isthmus.model.access import Decision
from isthmus.model.tag import Tag
from isthmus.model.write import Condition, WriteMode
from isthmus.trust.permit.lock import Lock
from isthmus.trust.permit.permit import Permit

GOOD = 0x4000_0000  # qualities below it are good


@dataclass(frozen=True, slots=True)
class Verdict:
    """One guard's: whether it lets the wish pass, why, and what would change that."""

    name: str
    ok: bool
    reason: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value as it is known now: how good, and how many seconds old."""

    path: str
    value: float
    quality: int
    age: float
    legend: Mapping[int, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it can be relied on, but for its age."""
        return self.quality < GOOD and self.value == self.value

    @property
    def word(self) -> str:
        """The value as people read it."""
        whole = self.value == self.value and float(self.value).is_integer()
        return self.legend.get(int(self.value), f"{self.value:g}") if whole else f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """A wish and what is known at this moment; guards look at nothing else.

    `moved` is the sum of changes of the last minute. `reach` says why the machine cannot be
    written to, empty where it can; `edge` is who writes, where that is not the site.
    `permit_fault` says why the permit that was named is none.
    """

    tag: Tag
    value: float
    by: str
    reason: str
    wall: int
    present: Seen
    moved: float
    conditions: Sequence[tuple[Condition, Seen | None]]
    state: Seen | None
    locks: Sequence[Lock]
    decision: Decision
    permit: Permit | None
    permit_fault: str
    reach: str
    mode: WriteMode
    edge: str = ""
