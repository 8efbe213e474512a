"""Many alarms at once: from what holds, and what people do, to states and to what is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from isthmus.insight.alarm.state import AFTER, LEFT, TABLES, Occasion, Standing, State
from isthmus.model.errors import Refused
from isthmus.model.sample import Bools, Int64s

Int8s = npt.NDArray[np.int8]
YES, NO, UNKNOWN = 1, 0, -1
_COLUMNS = ("standing", "active", "pending", "since", "raised", "shelved", "suppressed", "removed")


class Change(StrEnum):
    """What became of an alarm, as the journal tells it."""

    RAISED = "raised"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of the alarm at `place`, and its state after it."""

    place: int
    change: Change
    time: int
    state: State


@dataclass(slots=True, eq=False)
class Machine:
    """The states of all alarms; a column each, and an alarm is a place in all of them.

    `pending` is since when the condition differs from `active`, which is the condition after its
    delays; `shelved` until when.
    """

    on_delay: Int64s
    off_delay: Int64s
    latching: Bools
    standing: Int8s = field(init=False)
    active: Bools = field(init=False)
    pending: Int64s = field(init=False)
    since: Int64s = field(init=False)
    raised: Int64s = field(init=False)
    shelved: Int64s = field(init=False)
    suppressed: Bools = field(init=False)
    removed: Bools = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.on_delay)
        self.standing = np.zeros(size, np.int8)
        self.active, self.suppressed, self.removed = (np.zeros(size, bool) for _ in range(3))
        self.pending, self.since, self.raised, self.shelved = (
            np.zeros(size, np.int64) for _ in range(4)
        )

    @classmethod
    def of(cls, delays: list[tuple[float, float]], latching: list[bool]) -> Self:
        """A machine of alarms with these delays in seconds, all of them normal."""
        columns = np.array(delays, np.float64).reshape(-1, 2) * 1e9
        return cls(
            columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64), np.array(latching, bool)
        )

    # ------------------------------------------------------------------ time goes on
    def step(self, now: int, truth: Int8s, time: Int64s, unless: Int8s) -> list[Transition]:
        """What follows from what holds at `now`, in the order of time.

        `truth` is whether each condition holds (1, 0, or -1 where that is not known) and `time`
        when its newest sample was taken; `unless` the same of what suppresses it. What is not
        known neither raises nor clears, and breaks a delay off.
        """
        told = self._suppress(now, unless)
        for place in np.flatnonzero((self.shelved > 0) & (self.shelved <= now)).tolist():
            until = int(self.shelved[place])
            self.shelved[place] = 0
            told += self._back(place, Change.UNSHELVED, until)
        differs = (truth != UNKNOWN) & ((truth == YES) != self.active)
        begun = np.where(self.pending > 0, self.pending, np.clip(time, 1, now))
        self.pending = np.where(differs, begun, 0)
        delay = np.where(self.active, self.off_delay, self.on_delay)
        due = np.flatnonzero(differs & (now - self.pending >= delay))
        moments = self.pending[due] + delay[due]
        for place, moment in zip(due.tolist(), moments.tolist(), strict=True):
            told += self._turn(place, moment)
        return sorted(told, key=lambda change: change.time)

    def _turn(self, place: int, moment: int) -> list[Transition]:
        rises = self.active[place] = not self.active[place]
        self.pending[place] = 0
        if rises:
            self.raised[place] = moment
        if self.aside(place):
            return []
        occasion = Occasion.RISE if rises else Occasion.FALL
        if not self._follow(place, occasion, moment):
            return []
        return [self._told(place, Change.RAISED if rises else Change.RETURNED, moment)]

    def _suppress(self, now: int, unless: Int8s) -> list[Transition]:
        wanted = np.where(unless == UNKNOWN, self.suppressed, unless == YES)
        told: list[Transition] = []
        for place in np.flatnonzero(wanted != self.suppressed).tolist():
            if wanted[place]:
                self.suppressed[place] = True
                told += self._away(place, Change.SUPPRESSED, now)
            else:
                self.suppressed[place] = False
                told += self._back(place, Change.UNSUPPRESSED, now)
        return told

    # ------------------------------------------------------------------ what people do
    def acknowledge(self, place: int, now: int) -> list[Transition]:
        """Somebody has seen it; Refused where there is nothing to see."""
        return self._act(place, Occasion.ACKNOWLEDGE, Change.ACKNOWLEDGED, now)

    def reset(self, place: int, now: int) -> list[Transition]:
        """A latched alarm is over; Refused where it is not latched, or not acknowledged."""
        return self._act(place, Occasion.RESET, Change.RESET, now)

    def shelve(self, place: int, until: int, now: int) -> list[Transition]:
        """Nobody is told of it until then; Refused where it is shelved already."""
        if self.shelved[place]:
            raise Refused("it is shelved already", hint="return it first")
        self.shelved[place] = until
        return self._away(place, Change.SHELVED, now)

    def unshelve(self, place: int, now: int) -> list[Transition]:
        """It is told again; Refused where it is not shelved."""
        if not self.shelved[place]:
            raise Refused(f"it is not shelved but {self.state(place)}")
        self.shelved[place] = 0
        return self._back(place, Change.UNSHELVED, now)

    def remove(self, place: int, now: int) -> list[Transition]:
        """It is out of service until it is restored."""
        if self.removed[place]:
            raise Refused("it is out of service already")
        self.removed[place] = True
        return self._away(place, Change.REMOVED, now)

    def restore(self, place: int, now: int) -> list[Transition]:
        """It is in service again."""
        if not self.removed[place]:
            raise Refused(f"it is not out of service but {self.state(place)}")
        self.removed[place] = False
        return self._back(place, Change.RESTORED, now)

    # ------------------------------------------------------------------ what is so
    def aside(self, place: int) -> bool:
        """Whether nobody is told of it."""
        return bool(self.shelved[place] or self.suppressed[place] or self.removed[place])

    def state(self, place: int) -> State:
        """The state that people see."""
        if self.removed[place]:
            return State.OUT_OF_SERVICE
        if self.shelved[place]:
            return State.SHELVED
        if self.suppressed[place]:
            return State.SUPPRESSED
        return State[Standing(int(self.standing[place])).name]

    def columns(self, place: int) -> list[int]:
        """All that is to be kept of an alarm over a restart."""
        return [int(getattr(self, name)[place]) for name in _COLUMNS]

    def restore_columns(self, place: int, kept: list[int]) -> None:
        """Take what `columns` gave."""
        for name, value in zip(_COLUMNS, kept, strict=True):
            getattr(self, name)[place] = value

    def go_on(self, place: int, kept: list[int]) -> None:
        """Take what `columns` gave, of an alarm that may not have latched then, or may have."""
        self.restore_columns(place, kept)
        standing = Standing(int(self.standing[place]))
        latching = bool(self.latching[place])
        if self.aside(place) and not latching:  # as if it had been set aside now
            self.standing[place] = Standing.NORMAL
        else:
            self.standing[place] = AFTER[latching].get(standing, standing)

    # ------------------------------------------------------------------ steps
    def _act(self, place: int, occasion: Occasion, change: Change, now: int) -> list[Transition]:
        if self.aside(place) or not self._follow(place, occasion, now):
            why = f"it is {self.state(place)}".replace("-", " ")
            latched = self.standing[place] == Standing.LATCHED_UNACKNOWLEDGED
            hint = "acknowledge it first" if occasion is Occasion.RESET and latched else ""
            raise Refused(f"{why}: there is nothing to {occasion.name.lower()}", hint=hint)
        return [self._told(place, change, now)]

    def _away(self, place: int, change: Change, now: int) -> list[Transition]:
        if not self.latching[place]:  # what latches is remembered: only a reset ends it
            self.standing[place] = Standing.NORMAL
        self.since[place] = now
        return [self._told(place, change, now)]

    def _back(self, place: int, change: Change, now: int) -> list[Transition]:
        """It is no longer set aside in one way; after the last an active alarm is told anew.

        One that latches and is not active any more waits to be acknowledged, or to be reset.
        """
        self.since[place] = now
        if not self.aside(place):
            before = Standing(int(self.standing[place]))
            self.standing[place] = Standing.NORMAL if self.active[place] else LEFT[before]
        back = [self._told(place, change, now)]
        if self.aside(place) or not self.active[place]:
            return back
        self._follow(place, Occasion.RISE, now)
        self.raised[place] = now
        return [back[0], self._told(place, Change.RAISED, now)]

    def _follow(self, place: int, occasion: Occasion, moment: int) -> bool:
        after = TABLES[int(self.latching[place]), self.standing[place], occasion]
        if after < 0:
            return False
        self.standing[place] = after
        self.since[place] = moment
        return True

    def _told(self, place: int, change: Change, moment: int) -> Transition:
        return Transition(place, change, moment, self.state(place))
