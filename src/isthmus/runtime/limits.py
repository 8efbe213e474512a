"""Which live values are beyond their limits now, and since when."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isthmus.model.sample import Bools, Floats, Nanoseconds, Status
from isthmus.model.tag import Namespace
from isthmus.runtime.live import Live

WORDS = ("low low", "low", "high", "high high")


@dataclass(frozen=True, slots=True)
class Excess:
    """A good value beyond a limit: `word` names the limit as ISA-18.2 does."""

    tag: int
    word: str
    limit: float
    value: float
    since: Nanoseconds

    @property
    def severe(self) -> bool:
        """Whether the outer limit is passed."""
        return self.word in ("low low", "high high")


@dataclass(slots=True)
class LimitWatch:
    """Looks at all live values at once; a value is back when it is inside by its deadband."""

    namespace: Namespace
    live: Live
    found: list[Excess] = field(default_factory=list)
    _size: int = -1
    _limits: Floats = field(default_factory=lambda: np.empty((4, 0)))
    _deadband: Floats = field(default_factory=lambda: np.empty(0))
    _since: dict[int, int] = field(default_factory=dict)

    def look(self) -> list[Excess]:
        """All values beyond a limit, the longest first; `found` until the next look."""
        if self._size != len(self.namespace):
            self._learn()
        low_low, low, high, high_high = self._limits
        value = self.live.value[: self._size]
        good = self.live.quality[: self._size] < Status.UNCERTAIN
        slack = np.zeros(self._size)
        out = np.fromiter(self._since, np.int64, len(self._since))
        slack[out] = self._deadband[out]
        with np.errstate(invalid="ignore"):
            beyond: Bools = good & ((value < low + slack) | (value > high - slack))
            severe = (value < low_low) | (value > high_high)
        places = np.flatnonzero(beyond | (good & severe)).tolist()
        self._since = {
            place: self._since.get(place, int(self.live.time[place])) for place in places
        }
        found = [self._excess(place) for place in places]
        self.found = sorted(found, key=lambda excess: excess.since)
        return self.found

    def _excess(self, place: int) -> Excess:
        value = float(self.live.value[place])
        low_low, low, high, high_high = self._limits[:, place].tolist()
        if value < low_low:
            word, limit = WORDS[0], low_low
        elif value > high_high:
            word, limit = WORDS[3], high_high
        elif value - low < high - value:
            word, limit = WORDS[1], low
        else:
            word, limit = WORDS[2], high
        return Excess(place, word, limit, value, Nanoseconds(self._since[place]))

    def _learn(self) -> None:
        self._size = len(self.namespace)
        self._limits = np.empty((4, self._size))
        self._deadband = np.zeros(self._size)
        for number, tag in self.namespace.items():
            low, high = tag.limits.low, tag.limits.high
            least, most = tag.limits.low_low, tag.limits.high_high
            self._limits[:, number] = (
                -np.inf if least is None else least,
                _first(low, least, -np.inf),
                _first(high, most, np.inf),
                np.inf if most is None else most,
            )
            self._deadband[number] = tag.deadband


def _first(*wanted: float | None) -> float:
    return next(number for number in wanted if number is not None)
