"""A work permit: who may write what, within which values, for how long, and who agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from isthmus.model.errors import Refused
from isthmus.model.path import Pattern

LONGEST = 4 * 3_600 * 10**9  # ns


class State(StrEnum):
    """Where a permit is; `active` and `expired` follow from the clock."""

    REQUESTED = "requested"
    APPROVED = "approved"  # its time has not come
    ACTIVE = "active"
    REFUSED = "refused"
    CLOSED = "closed"
    EXPIRED = "expired"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit; `holder` may use it, whoever requested it. Times are the wall's, in ns UTC.

    `at` is a pattern of tags or equipment; `low` and `high` bound the values. `approved` are those
    who agreed, one, or two where `second` asks for it; none of them is requester or holder.
    """

    number: int
    at: str
    low: float
    high: float
    reason: str
    order: str
    start: int
    end: int
    requested: str
    holder: str
    second: bool = False
    approved: tuple[str, ...] = ()
    refused: str = ""
    closed: str = ""
    reviewed: str = ""
    note: str = ""
    writes: tuple[str, ...] = ()  # numbers of the actions that used it

    @property
    def name(self) -> str:
        """How records call it."""
        return f"permit {self.number}"

    @property
    def wanted(self) -> int:
        """How many have to agree."""
        return 2 if self.second else 1

    def state(self, now: int) -> State:
        """Where it is at `now` (ns UTC, wall)."""
        for who, state in (
            (self.reviewed, State.REVIEWED),
            (self.refused, State.REFUSED),
            (self.closed, State.CLOSED),
        ):
            if who:
                return state
        if now >= self.end:
            return State.EXPIRED
        if len(self.approved) < self.wanted:
            return State.REQUESTED
        return State.ACTIVE if now >= self.start else State.APPROVED

    def covers(self, path: str, root: str = "") -> bool:
        """Whether the tag at `path` is among those it is for."""
        return Pattern.parse(self.at).matches(path, root)

    def agreed(self, who: str, now: int) -> Permit:
        """The same, approved by `who`; Refused where that is not theirs to give."""
        if self.state(now) is not State.REQUESTED:
            raise Refused(f"{self.name} is {self.state(now)}", hint="request a new one")
        if who in (self.requested, self.holder):
            raise Refused(
                f"{who} cannot approve {self.name}: it is their own", hint="ask somebody else"
            )
        if who in self.approved:
            raise Refused(f"{who} has approved {self.name}", hint="it needs a second person")
        return replace(self, approved=(*self.approved, who))

    def told(self) -> dict[str, Any]:
        """This permit for a file."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ((name, getattr(self, name)) for name in self.__slots__)
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The permit that `told` wrote; KeyError, TypeError, ValueError where it is none."""
        lists = {name: tuple(map(str, told[name])) for name in ("approved", "writes")}
        return cls(**{**told, **lists})
