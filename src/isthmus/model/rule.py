"""What a rule is: a condition over the plant, and what is to be done when it begins to hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from isthmus.model.alarm import Priority
from isthmus.model.condition.condition import Condition
from isthmus.model.condition.reach import reach
from isthmus.model.condition.told import Feed
from isthmus.model.condition.window import Window

STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)
MOST_ROWS = 3_600  # moments that a window remembers


class RuleMode(StrEnum):
    """Whether a rule acts; it begins with `test`, which tells in the journal alone."""

    TEST = "test"
    LIVE = "live"


class Unknown(StrEnum):
    """What follows where values are bad and so nobody knows whether a rule's condition holds."""

    KEEP = "keep"
    CLEAR = "clear"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class Tell:
    """An event in the history; severity is OPC UA's 1 to 1000."""

    text: str
    severity: int = 300


@dataclass(frozen=True, slots=True)
class Notify:
    """A message to people, rotas, teams and channels; as the routes say where `to` is empty."""

    to: tuple[str, ...] = ()
    text: str = ""
    priority: Priority = Priority.LOW


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A proposal of work, which a person accepts or rejects."""

    title: str
    priority: str = "low"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """A wish to write `value` to the tag at `path`; the guard decides."""

    path: str
    value: float
    reason: str = ""
    permit: int | None = None


Act = Tell | Notify | WorkOrder | Write


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule looks: a piece of equipment, with its conditions checked against its tags.

    `paths` go from names in the conditions to the paths of tags, or the keys of `feeds`; `acts`
    name them for this place.
    """

    equipment: str
    when: Condition
    until: Condition | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    feeds: tuple[Feed, ...] = ()

    def inputs(self) -> Iterator[str]:
        """The paths of all tags that its conditions read, and the keys of its feeds."""
        for condition in filter(None, (self.when, self.until)):
            yield from (self.paths[name] for name in condition.inputs)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the plant; times in seconds.

    It fires when `when` has held for `lasting`, at each place at most once in `at_most_every`, and
    is over when `when` is wrong by its deadband, or when `until` holds where there is one. `during`
    names a calendar. `text` is all that the plant file says of it.
    """

    name: str
    places: tuple[Place, ...]
    title: str = ""
    mode: RuleMode = RuleMode.TEST
    lasting: float = 0.0
    at_most_every: float = 0.0
    during: str = ""
    unknown: Unknown = Unknown.KEEP
    text: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def id(self) -> str:
        """The principal as which it writes."""
        return f"rule:{self.name}"

    @property
    def digest(self) -> str:
        """What tells its present text from any other; whether it is live does not count."""
        told = {key: value for key, value in self.text.items() if key != "mode"}
        words = json.dumps(told, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def lasts(self) -> bool:
        """Whether something must last before it fires or is over."""
        conditions = (each for place in self.places for each in (place.when, place.until) if each)
        return bool(self.lasting) or any(each.lasting for each in conditions)

    @property
    def step(self) -> float:
        """How far its moments are apart: a second, more where it looks back for over an hour."""
        longest = max((window.seconds for window in self._windows()), default=0.0)
        return next((step for step in STEPS if longest <= step * MOST_ROWS), STEPS[-1])

    @property
    def reach(self) -> float:
        """How far back it must look to know what it would have known."""
        when = max((reach(place.when.root) for place in self.places), default=0.0)
        until = (reach(place.until.root) for place in self.places if place.until is not None)
        return max(when + self.lasting, *until, 0.0) + 2 * self.step

    def _windows(self) -> Iterator[Window]:
        for place in self.places:
            for condition in filter(None, (place.when, place.until)):
                yield from condition.windows
