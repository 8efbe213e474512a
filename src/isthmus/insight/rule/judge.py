"""When a rule fires: from what its tags say at each moment to firings, piece by piece.

Time is cut into pieces of any length: what a piece leaves behind is all that the next one needs,
so a day at once, a minute after a minute, and the present second by second give the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from isthmus.insight.rule.grid import Grid
from isthmus.model.condition.condition import Condition
from isthmus.model.condition.node import (
    Compared,
    Frame,
    Joined,
    Lasting,
    Opposite,
    Proposition,
    Truth,
)
from isthmus.model.rule import Rule, Unknown
from isthmus.model.sample import Bools, Floats, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class Turn:
    """At one place, at one moment: the rule began to hold, or is over (`began` false).

    `spared` is a beginning that came too soon after the last one.
    """

    place: int
    time: int
    began: bool
    spared: bool = False


@dataclass(slots=True, eq=False)
class Look:
    """One condition at the places of a group, and what it remembers from piece to piece."""

    condition: Condition
    root: Proposition
    rows: Int32s  # an input, a place: the column of what is held
    bounds: Floats
    slack: float
    since: Int64s
    memory: list[Floats]

    @classmethod
    def of(
        cls,
        condition: Condition,
        root: Proposition,
        rows: Int32s,
        bounds: Floats,
        step: float,
        *,
        slack: float = 0.0,
    ) -> Look:
        """A look that remembers nothing yet."""
        size = rows.shape[1]
        memory = [np.full((window.rows(step), size), np.nan) for window in condition.windows]
        since = np.zeros((condition.lasting + 1, size), np.int64)
        return cls(condition, root, rows, bounds, slack, since, memory)

    def test(self, grid: Grid, moments: Int64s) -> Truth:
        """Whether it holds at each moment (a row) and place (a column)."""
        shape = (len(self.rows), len(moments), self.rows.shape[1])
        values, knowns = np.empty(shape), np.empty(shape, bool)
        for number, columns in enumerate(self.rows):
            values[number], knowns[number] = grid.value[:, columns], grid.known[:, columns]
        heard = np.zeros(0, np.int64)
        if self.condition.aged:
            heard = grid.heard[:, self.rows.T].transpose(2, 0, 1)
        column = moments[:, None]
        frame = Frame(
            values,
            knowns,
            np.broadcast_to(column, shape),
            self.bounds,
            np.full(shape[2], self.slack),
            self.since,
            column,
            self.memory,
            heard,
        )
        holds, sure = self.root.test(frame)
        return Truth(np.broadcast_to(holds, shape[1:]), np.broadcast_to(sure, shape[1:]))


@dataclass(slots=True, eq=False)
class Group:
    """Places of a rule whose conditions are equal; `places` are their numbers in the rule."""

    places: Int64s
    rise: Look
    stay: Look | None
    until: Look | None
    on: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.on = np.zeros(len(self.places), bool)

    def since(self) -> Int64s:
        """Since when what must last has held, 0 where it does not: a column a place."""
        return np.concatenate([look.since for look in self._looks()])

    def go_on(self, since: Int64s) -> None:
        """Take what `since` gave."""
        first = 0
        for look in self._looks():
            look.since = since[first : first + len(look.since)].copy()
            first += len(look.since)

    def _looks(self) -> list[Look]:
        return [look for look in (self.rise, self.stay, self.until) if look is not None]


@dataclass(slots=True, eq=False)
class Judge:
    """A rule with what it remembers: `on` at which places, and when each last fired."""

    rule: Rule
    groups: list[Group]
    fired: Int64s = field(init=False)
    known: int = 0  # moments, at all places
    seen: int = 0  # of these, those of which something was known

    def __post_init__(self) -> None:
        self.fired = np.zeros(len(self.rule.places), np.int64)

    @property
    def on(self) -> Bools:
        """Whether it holds, by place."""
        found = np.zeros(len(self.rule.places), bool)
        for group in self.groups:
            found[group.places] = group.on
        return found

    def hold(self, on: Bools) -> None:
        """Take what was on before."""
        for group in self.groups:
            group.on = on[group.places].copy()

    def since(self) -> dict[int, list[int]]:
        """By place, since when what must last has held; places at which nothing does are not there.

        Windows are known again from history; this is not, however far one looks back.
        """
        found = {}
        for group in self.groups:
            rows = group.since()
            for column in np.flatnonzero(rows.any(axis=0)).tolist():
                found[int(group.places[column])] = rows[:, column].tolist()
        return found

    def go_on(self, since: Mapping[int, list[int]]) -> None:
        """Take what `since` gave."""
        for group in self.groups:
            rows = np.zeros_like(group.since())
            for column, place in enumerate(group.places.tolist()):
                if len(told := since.get(place, [])) == len(rows):
                    rows[:, column] = told
            group.go_on(rows)

    def judge(self, grid: Grid, moments: Int64s, active: Bools) -> list[Turn]:
        """What begins and ends at `moments`, by time; `active` says at which it looks at all."""
        found: list[Turn] = []
        if len(moments):
            for group in self.groups:
                found += self._turns(group, grid, moments, active)
        return self._spared(sorted(found, key=lambda turn: (turn.time, turn.place)))

    def _turns(self, group: Group, grid: Grid, moments: Int64s, active: Bools) -> Iterator[Turn]:
        rise = group.rise.test(grid, moments)
        stay = group.stay.test(grid, moments) if group.stay else rise
        begins, ends = rise.holds & rise.known, stay.known & ~stay.holds
        unknown = ~rise.known & ~stay.known
        if group.until is not None:
            until = group.until.test(grid, moments)
            ends = until.holds & until.known
        if self.rule.unknown is Unknown.CLEAR:
            ends = ends | unknown
        elif self.rule.unknown is Unknown.FIRE:
            begins, ends = begins | unknown, ends & ~unknown
        looks = active[:, None]
        begins, ends = begins & looks, (ends & ~begins) | ~looks
        self.seen += unknown.size
        self.known += int(unknown.size - unknown.sum())
        numbers = np.arange(1, len(moments) + 1)[:, None]
        last = np.where(begins, 2 * numbers + 1, np.where(ends, 2 * numbers, 0))
        last = np.maximum.accumulate(last, axis=0)
        on = np.where(last > 0, last & 1, group.on).astype(bool)
        turned = on != np.concatenate([group.on[None], on[:-1]])
        group.on = on[-1].copy()
        for row, column in zip(*np.nonzero(turned), strict=True):
            place = int(group.places[column])
            yield Turn(place, int(moments[row]), bool(on[row, column]))

    def _spared(self, turns: list[Turn]) -> list[Turn]:
        least = round(self.rule.at_most_every * 1e9)
        told = []
        for turn in turns:
            if not turn.began:
                told.append(turn)
            elif self.fired[turn.place] and turn.time - self.fired[turn.place] < least:
                told.append(replace(turn, spared=True))
            else:
                self.fired[turn.place] = turn.time
                told.append(turn)
        return told


def rising(rule: Rule, condition: Condition) -> Proposition:
    """What must hold for the rule to fire: its condition, for as long as it says."""
    if not rule.lasting:
        return condition.root
    inputs = tuple(range(len(condition.inputs)))
    return Lasting(condition.root, rule.lasting, condition.lasting, inputs)


def staying(part: Proposition, *, odd: bool = False) -> Proposition:
    """What must hold for it not to be over: the same, without waiting for as long again."""
    if isinstance(part, Joined):
        left, right = staying(part.left, odd=odd), staying(part.right, odd=odd)
        return Joined(part.operator, left, right)
    if isinstance(part, Opposite):
        return Opposite(staying(part.of, odd=not odd))
    if isinstance(part, Lasting) and not odd:
        return staying(part.of)
    return part


def slack(part: Proposition) -> bool:
    """Whether some comparison has a deadband."""
    if isinstance(part, Joined):
        return slack(part.left) or slack(part.right)
    if isinstance(part, Opposite | Lasting):
        return slack(part.of)
    return isinstance(part, Compared) and part.deadband != 0.0
