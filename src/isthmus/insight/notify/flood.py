"""When messages to one address are so many that one has to tell of all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from isthmus.model.plantfile_notify import FloodEntry

FIRST = 15.0  # seconds in which the first, and urgent ones, are gathered


@dataclass(slots=True)
class Flood:
    """What came to one address lately; times in seconds of a clock that only goes forward."""

    terms: FloodEntry
    came: deque[float] = field(default_factory=deque)
    gathering: float = 0.0  # since when; 0 where nothing is gathered
    urgent: bool = False  # among what is gathered
    told: float = 0.0  # when the last digest was sent
    flooded: bool = False

    def take(self, now: float, *, urgent: bool) -> bool:
        """Whether a message that comes at `now` is to be gathered instead of sent."""
        self._forget(now)
        self.came.append(now)
        if len(self.came) > self.terms.messages:
            self.flooded = True
        elif len(self.came) <= self.terms.messages / 2:
            self.flooded = False
        if not self.flooded:
            return False
        self.gathering = self.gathering or now
        self.urgent |= urgent
        return True

    def due(self, now: float) -> bool:
        """Whether what was gathered is to be told now."""
        if not self.gathering:
            return False
        soon = self.gathering + FIRST
        first = not self.told or self.told + self.terms.within < self.gathering
        later = max(soon, self.told + self.terms.every)
        return now >= (soon if first or self.urgent else later)

    def sent(self, now: float) -> None:
        """What was gathered is told."""
        self.gathering, self.urgent, self.told = 0.0, False, now

    def _forget(self, now: float) -> None:
        while self.came and now - self.came[0] >= self.terms.within:
            self.came.popleft()
        while len(self.came) > 2 * self.terms.messages:
            self.came.popleft()  # a bound: more does not make it more of a flood
