"""What a condition asks for beside values of tags: key figures, alarms, findings, states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from isthmus.model.condition.node import Amount, Frame, Input, Proposition, Truth, held_since
from isthmus.model.condition.syntax import Call
from isthmus.model.unit import Unit

FEEDS = frozenset({"kpi", "alarms", "unacknowledged", "findings"})


@dataclass(frozen=True, slots=True)
class Feed:
    """A number that no tag tells: a key figure of a window, a count of alarms or of findings.

    `of` is the key figure, the least priority, or what is found; `seconds` are those of the
    window, 0 where it is the shift that runs. `names` are the paths of the alarms that count.
    """

    kind: str
    of: str = ""
    path: str = ""
    seconds: float = 0.0
    names: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def key(self) -> str:
        """What tells it from any other; no tag has such a path."""
        return f"{self.kind}({self.of}, {self.path}, {self.seconds:g})"


@dataclass(frozen=True, slots=True)
class Coding:
    """How a unit tells its state: the names of its tags, and what each pair of codes means.

    `table` has a row a state and a column a cause; `own` has (code, state, cause) of a machine
    with codes of its own. `words` name what it says: 0 is not known.
    """

    state: str
    cause: str
    table: tuple[tuple[int, ...], ...]
    words: Mapping[int, str] = field(compare=False)
    own: tuple[tuple[int, int, int], ...] = ()


class Told(Protocol):
    """Who knows what else a condition can ask for; ConditionError where there is no such thing."""

    def feed(self, call: Call) -> tuple[str, Unit, float]:
        """The name of the input for which `call` stands, its unit, and how much it can be."""
        ...

    def coding(self, call: Call) -> Coding:
        """How the unit that `call` names tells its state."""
        ...


@dataclass(frozen=True, slots=True)
class Stood:
    """How the present state of a unit counts, by the codes of a `Coding`."""

    state: Input
    cause: Input | None
    coding: Coding

    def number(self, frame: Frame) -> Amount:
        """The code of the word; not known where the state is not."""
        value, known = self.state.number(frame)
        state = np.where(known, np.nan_to_num(value), 0).astype(np.int64)
        cause = np.zeros(state.shape, np.int64)
        if self.cause is not None:
            told, sure = self.cause.number(frame)
            cause = np.where(sure, np.nan_to_num(told), 0).astype(np.int64)
        if self.coding.own:
            state, meant = self._meant(state)
            cause = np.where(cause > 0, cause, meant)
        table = np.array(self.coding.table, np.int64)
        inside = (state >= 0) & (state < len(table))
        found = table[np.where(inside, state, 0), cause % table.shape[1]]
        return Amount(found.astype(np.float64), known & inside & (found > 0))

    def _meant(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        codes, states, causes = (np.array(column) for column in zip(*self.coding.own, strict=True))
        order = np.argsort(codes)
        place = np.minimum(np.searchsorted(codes[order], code), len(codes) - 1)
        right = codes[order][place] == code
        found = [np.where(right, column[order][place], 0) for column in (states, causes)]
        return found[0], found[1]


@dataclass(frozen=True, slots=True)
class Lasted:
    """For how many seconds a condition has held without a break; 0 where it does not hold."""

    of: Proposition
    place: int
    inputs: tuple[int, ...]

    def number(self, frame: Frame) -> Amount:
        """The seconds at each moment; not known where the condition is not."""
        since, known = held_since(self.of, frame, self.place, self.inputs)
        return Amount(np.where(since > 0, frame.now - since, 0) / 1e9, known)


@dataclass(frozen=True, slots=True)
class Age:
    """How many seconds ago a tag last told anything, good or bad."""

    of: Input

    def number(self, frame: Frame) -> Amount:
        """The seconds at each moment; not known where it never did."""
        heard = frame.heard[self.of.place]
        return Amount((frame.now - heard) / 1e9, heard > 0)


@dataclass(frozen=True, slots=True)
class Bad:
    """Whether a number is not known: a link that is down, a sensor that says so of itself."""

    of: Input

    def test(self, frame: Frame) -> Truth:
        """It is always known whether one knows."""
        _, known = self.of.number(frame)
        return Truth(~known, np.ones(known.shape, bool))
