"""A condition that is ready to be evaluated, for many pieces of equipment at once.

A frame is one moment, or many in a row: then each array has an axis of moments before that of
places. Truth has three values: a comparison with a number that is not known is not known itself,
and `and` or `or` with it only where the other side decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from isthmus.model.sample import Bools, Floats, Int64s


class Truth(NamedTuple):
    """Whether it holds, and whether that is known, for each piece of equipment."""

    holds: Bools
    known: Bools


class Amount(NamedTuple):
    """A number, and whether it is known, for each piece of equipment."""

    value: Floats
    known: Bools


@dataclass(slots=True)
class Frame:
    """What is known at a moment: a row an input, a column a piece of equipment.

    `slack` is 1 where the condition held before: there the deadband keeps it. `since` has a row
    for each `for` of the condition: from when on its part has held, 0 where it does not. `memory`
    has what each window of the condition remembers. `now` is a column where moments are many.
    `heard` is when each input last told anything.
    """

    value: Floats
    known: Bools
    time: Int64s  # of the samples, a row an input
    bounds: Floats
    slack: Floats
    since: Int64s
    now: int | Int64s
    memory: list[Floats] = field(default_factory=list)
    heard: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))


class Number(Protocol):
    """A part of a condition that is a number."""

    def number(self, frame: Frame) -> Amount:
        """The number in `frame`."""
        ...


class Proposition(Protocol):
    """A part of a condition that holds or does not."""

    def test(self, frame: Frame) -> Truth:
        """Whether it holds in `frame`."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A number as written, in the unit of what it stands beside."""

    value: float

    def number(self, frame: Frame) -> Amount:
        """The same for all."""
        shape = frame.value.shape[1:]
        return Amount(np.full(shape, self.value), np.ones(shape, bool))


@dataclass(frozen=True, slots=True)
class Input:
    """The value of a tag."""

    place: int

    def number(self, frame: Frame) -> Amount:
        """The newest value."""
        return Amount(frame.value[self.place], frame.known[self.place])


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of a tag, which differs from one piece of equipment to the next."""

    place: int

    def number(self, frame: Frame) -> Amount:
        """The bound; not known where the tag has none."""
        bound = frame.bounds[self.place]
        return Amount(bound, np.isfinite(bound))


@dataclass(frozen=True, slots=True)
class Converted:
    """A number told in another unit."""

    of: Number
    factor: float
    offset: float = 0.0

    def number(self, frame: Frame) -> Amount:
        """The number in the unit that is wanted."""
        value, known = self.of.number(frame)
        return Amount(value * self.factor + self.offset, known)


@dataclass(frozen=True, slots=True)
class Calculated:
    """Numbers joined by `+ - * /`, `min` or `max`; `abs` has one."""

    operator: str
    of: tuple[Number, ...]

    def number(self, frame: Frame) -> Amount:
        """The result; not known where a number is not, or where it is divided by zero."""
        (value, known), *others = (each.number(frame) for each in self.of)
        if self.operator == "abs":
            return Amount(np.abs(value), known)
        operation = _OPERATIONS[self.operator]
        with np.errstate(all="ignore"):
            for other, also in others:
                value, known = operation(value, other), known & also
        return Amount(value, known & np.isfinite(value))


_OPERATIONS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """Two numbers compared; `deadband` is in their unit, negative under an odd number of `not`."""

    operator: str
    left: Number
    right: Number
    deadband: float = 0.0

    def test(self, frame: Frame) -> Truth:
        """Whether the comparison holds; once it does, until it is wrong by the deadband."""
        left, known = self.left.number(frame)
        right, also = self.right.number(frame)
        sign = {">": -1.0, ">=": -1.0, "<": 1.0, "<=": 1.0}.get(self.operator, 0.0)
        if self.deadband and sign:
            right = right + sign * self.deadband * frame.slack
        with np.errstate(invalid="ignore"):
            holds = _COMPARISONS[self.operator](left, right)
        return Truth(holds, known & also)


_COMPARISONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


@dataclass(frozen=True, slots=True)
class OneOf:
    """A tag that says one of some words, told by their codes."""

    of: Number
    codes: tuple[int, ...]

    def test(self, frame: Frame) -> Truth:
        """Whether it says one of them."""
        value, known = self.of.number(frame)
        return Truth(np.isin(value, self.codes), known)


@dataclass(frozen=True, slots=True)
class Opposite:
    """The opposite of a condition."""

    of: Proposition

    def test(self, frame: Frame) -> Truth:
        """Whether it does not hold."""
        holds, known = self.of.test(frame)
        return Truth(~holds, known)


@dataclass(frozen=True, slots=True)
class Joined:
    """Two conditions joined by `and` or `or`."""

    operator: str
    left: Proposition
    right: Proposition

    def test(self, frame: Frame) -> Truth:
        """Known where both are, or where one alone decides."""
        left, known = self.left.test(frame)
        right, also = self.right.test(frame)
        both = known & also
        if self.operator == "and":
            decided = (known & ~left) | (also & ~right)
            return Truth(left & right & both, both | decided)
        decided = (known & left) | (also & right)
        return Truth(decided, both | decided)


@dataclass(frozen=True, slots=True)
class Lasting:
    """A condition that has held for so long; not knowing breaks it off."""

    of: Proposition
    seconds: float
    place: int
    inputs: tuple[int, ...]

    def test(self, frame: Frame) -> Truth:
        """Whether it has held for as long; it begins with the newest sample that made it hold."""
        since, known = held_since(self.of, frame, self.place, self.inputs)
        return Truth((since > 0) & (frame.now - since >= self.seconds * 1e9), known)


def held_since(
    of: Proposition, frame: Frame, place: int, inputs: tuple[int, ...]
) -> tuple[Int64s, Bools]:
    """Since when `of` has held, 0 where it does not, and whether it is known; kept at `place`."""
    holds, known = of.test(frame)
    on = holds & known
    newest = frame.time[list(inputs)].max(axis=0)
    begun = frame.since[place]
    if on.ndim == 1:
        since: Int64s = np.where(on, np.where(begun > 0, begun, newest), 0)
        frame.since[place] = since
    else:
        since = _since(on, newest, begun)
        frame.since[place] = since[-1]
    return since, known


def _since(on: Bools, newest: Int64s, begun: Int64s) -> Int64s:
    """From when on it has held at each moment, 0 where it does not; `begun` before the first."""
    rows = np.arange(len(on))[:, None]
    before = np.concatenate([(begun > 0)[None], on[:-1]])
    first = np.maximum.accumulate(np.where(on & ~before, rows, -1), axis=0)
    columns = np.arange(on.shape[1])
    found = np.where(first >= 0, newest[first, columns], begun)
    return np.where(on, found, 0)
