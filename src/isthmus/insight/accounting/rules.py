"""How a state with a cause counts: the element of time to which each moment of a unit belongs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from isthmus.insight.accounting.accounts import MICRO, RUNNING, Look, look
from isthmus.model.sample import Bools, Int64s
from isthmus.model.state import Cause, State


class TimeElement(IntEnum):
    """What a moment is; every one is of exactly one. The names are those of `ELEMENTS`."""

    OFF = 0  # no shift, a holiday or a break of the calendar
    PMT = 1
    PAUSE = 2  # planned downtime that the machine or a person tells
    NOT = 3
    APT = 4
    AUST = 5
    STARVED = 6
    BLOCKED = 7
    MICRO = 8
    ADOT = 9
    UNKNOWN = 10


_BY_LOOK = {
    Look.RUN: TimeElement.APT,
    Look.STOP: TimeElement.ADOT,
    Look.STARVED: TimeElement.STARVED,
    Look.BLOCKED: TimeElement.BLOCKED,
    Look.SETUP: TimeElement.AUST,
    Look.BREAK: TimeElement.PAUSE,
    Look.UNKNOWN: TimeElement.UNKNOWN,
}
_STATES = len(State) + 1  # one more stands for all codes that PackML does not have


@dataclass(frozen=True, slots=True)
class Rules:
    """How one unit's time is accounted for.

    An own stop shorter than `micro` (ns) is a short one.
    """

    micro: int = MICRO

    def elements(self, state: Int64s, cause: Int64s) -> Int64s:
        """The element of each pair of state and cause; no own stop is a short one yet."""
        known, place = np.unique(cause, return_inverse=True)
        table = np.array(
            [[self._element(code, each) for each in known.tolist()] for code in range(_STATES)],
            np.int64,
        ).reshape(_STATES, len(known))
        row = np.where((state >= 0) & (state < _STATES - 1), state, _STATES - 1)
        return np.asarray(table[row, place])

    @staticmethod
    def repair(cause: Int64s) -> Bools:
        """Under which of `cause` a stop is corrective maintenance."""
        return np.asarray(cause % 16 == Cause.BREAKDOWN)

    @staticmethod
    def _element(state: int, cause: int) -> TimeElement:
        if state == State.UNKNOWN or state in RUNNING:
            return _BY_LOOK[look(state, Cause.NONE)]
        if cause % 16 == Cause.NO_ORDER:
            return TimeElement.NOT
        return _BY_LOOK[look(state, cause)]
