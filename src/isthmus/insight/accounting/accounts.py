"""Time accounting: every moment of a unit belongs to exactly one state and one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np

from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.series import Series, in_order
from isthmus.model.sample import Floats, Int64s
from isthmus.model.state import CAUSE, Cause, State

RUNNING = frozenset({State.EXECUTE, State.COMPLETING})
SETUP = frozenset({State.STARTING, State.RESETTING, State.IDLE})
MICRO = 300 * 10**9


class Look(StrEnum):
    """How a stretch of time counts, and how it is drawn."""

    RUN = "run"
    STOP = "stop"
    STARVED = "starved"
    BLOCKED = "blocked"
    SETUP = "setup"
    BREAK = "break"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """Stretches of time of one unit: they follow each other without a hole or an overlap.

    Columns: `start`, `end` (ns UTC), `state` (PackML number, 0 unknown), `cause` (legend `cause`,
    or a reason's number); `words` name the causes.
    """

    start: Int64s
    end: Int64s
    state: Int64s
    cause: Int64s
    words: Mapping[int, str] = field(default_factory=lambda: CAUSE)

    @classmethod
    def of(cls, state: Series, cause: Series | None, words: Mapping[int, str] = CAUSE) -> Accounts:
        """The accounts of a unit from its state and, where it has one, its cause.

        What is not known is State.UNKNOWN: a gap is never taken for a stop or for production.
        """
        state, cause = state.changes(), None if cause is None else cause.changes()
        times = state.time if cause is None else in_order(state.time, cause.time)
        states = _held(state, times)
        causes = np.zeros(len(times), np.int64) if cause is None else _held(cause, times)
        change = np.concatenate([[True], (np.diff(states) != 0) | (np.diff(causes) != 0)])
        start = times[change]
        return cls(start, np.append(start[1:], state.end), states[change], causes[change], words)

    @classmethod
    def joined(cls, parts: Sequence[Accounts]) -> Accounts:
        """Accounts that follow each other as one; where two of them meet, no more is cut."""
        start, end, state, cause = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("start", "end", "state", "cause")
        )
        first = np.ones(len(start), np.bool_)
        joints = np.cumsum([len(part.start) for part in parts])[:-1]
        first[joints] = (np.diff(state) != 0)[joints - 1] | (np.diff(cause) != 0)[joints - 1]
        last = np.append(first[1:], True)
        return cls(start[first], end[last], state[first], cause[first], parts[0].words)

    @property
    def seconds(self) -> np.ndarray:
        """The length of each stretch."""
        return np.asarray((self.end - self.start) / 1e9)

    def looks(self) -> list[Look]:
        """How each stretch counts."""
        pairs = zip(self.state.tolist(), self.cause.tolist(), strict=True)
        return [look(state, cause) for state, cause in pairs]

    def within(self, stretches: Sequence[Stretch]) -> Floats:
        """How many seconds of each stretch of time lie inside `stretches`."""
        inside = np.zeros(len(self.start), np.int64)
        for stretch in stretches:
            start = np.clip(self.start, stretch.start, stretch.end)
            inside += np.clip(self.end, stretch.start, stretch.end) - start
        return np.asarray(inside / 1e9)

    def episodes(self) -> list[Episode]:
        """The stretches that follow each other and count alike, joined.

        A machine tells one stop in several states: aborting, aborted, clearing, stopped.
        """
        looks = self.looks()
        firsts = [at for at in range(len(looks)) if not at or looks[at] is not looks[at - 1]]
        return [
            Episode(looks[first], first, last, int(self.start[first]), int(self.end[last - 1]))
            for first, last in zip(firsts, [*firsts[1:], len(looks)], strict=True)
        ]

    @property
    def stops(self) -> int:
        """How often it went into a stop.

        One that held from the beginning, or that follows what is not known, began elsewhere.
        """
        looks = [episode.look for episode in self.episodes()]
        return sum(
            after is Look.STOP and before is not Look.UNKNOWN for before, after in pairwise(looks)
        )


@dataclass(frozen=True, slots=True)
class Episode:
    """Stretches of accounts, from place `first` up to `last`, that count as `look`; times in ns."""

    look: Look
    first: int
    last: int
    start: int
    end: int


def look(state: int, cause: int) -> Look:
    """How a state with a cause counts.

    The cause decides where it is given, a reason by the cause as which it counts. PackML's
    Suspended (outside reason) without one counts as starved, Held, Aborted and Stopped as a stop
    (ISA-TR88.00.02).
    """
    if state == State.UNKNOWN:
        return Look.UNKNOWN
    if state in RUNNING:
        return Look.RUN
    by_cause = _BY_CAUSE.get(cause % 16)
    if by_cause is not None:
        return by_cause
    if state in SETUP:
        return Look.SETUP
    if state in (State.SUSPENDED, State.SUSPENDING, State.UNSUSPENDING):
        return Look.STARVED
    return Look.STOP


_BY_CAUSE: dict[int, Look] = {
    Cause.MICRO_STOP: Look.STOP,
    Cause.BREAKDOWN: Look.STOP,
    Cause.MATERIAL: Look.STOP,
    Cause.STARVED: Look.STARVED,
    Cause.BLOCKED: Look.BLOCKED,
    Cause.CHANGEOVER: Look.SETUP,
    Cause.BREAK: Look.BREAK,
    Cause.NO_ORDER: Look.BREAK,
}


def _held(series: Series, times: Int64s) -> Int64s:
    place = np.searchsorted(series.time, times, side="right") - 1
    value = series.value[np.maximum(place, 0)]
    known = (place >= 0) & ~np.isnan(value)
    return np.where(known, np.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0), 0).astype(
        np.int64
    )
