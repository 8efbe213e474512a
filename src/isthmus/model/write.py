"""Under which conditions a tag may be written; without these words it cannot be."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from isthmus.model.path import join

_TEXT = re.compile(r"\s*([\w/.-]+)\s*(==|!=|<=|>=|<|>)\s*(\S.*?)\s*")
FRESH = 10.0  # seconds

COMPARE: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


class Risk(StrEnum):
    """What a wrong value can do; a high risk needs a permit and a second person."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Need(StrEnum):
    """What a write needs besides a role."""

    PERMIT = "permit"
    SECOND_PERSON = "second-person"


class WriteMode(StrEnum):
    """Whether writes reach machines; a plant begins with `simulate`."""

    SIMULATE = "simulate"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a write: `filler/state != execute`, `guard_closed == 1`."""

    path: str
    sign: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The condition that `text` writes; ValueError where it is none."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"`{text[:100]}` is no condition")
        return cls(*found.groups())

    def nearest(self, equipment: str, known: Callable[[str], bool]) -> str | None:
        """The tag that it means at `equipment`: beside it, or above; None where there is none."""
        place = equipment
        while True:
            path = join(place, self.path)
            if known(path):
                return path
            if not place:
                return None
            place = place.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.path} {self.sign} {self.value}"


@dataclass(frozen=True, slots=True)
class WriteRules:
    """Within which bounds a tag may be written, in its unit.

    `max_rate` is change a minute. All `interlocks` must hold, over values no older than `fresh`
    seconds. `states` are those of its machine in which it may be written, all where empty.
    """

    range: tuple[float, float] | None = None
    max_step: float | None = None
    max_rate: float | None = None
    needs: frozenset[Need] = frozenset()
    interlocks: tuple[Condition, ...] = ()
    states: tuple[str, ...] = ()
    risk: Risk = Risk.MEDIUM
    fresh: float = FRESH

    @property
    def permit(self) -> bool:
        """Whether a work permit is needed."""
        return bool(self.needs) or self.risk is Risk.HIGH

    @property
    def second(self) -> bool:
        """Whether two others have to approve."""
        return Need.SECOND_PERSON in self.needs or self.risk is Risk.HIGH
