"""From when on what a server tells holds, though its clock be behind ours, or be set."""

from __future__ import annotations

from isthmus.model.sample import Clock

MILLISECOND = 10**6
HOUR = 3_600 * 10**9  # so far ahead a server's clock is believed


class Timeline:
    """Times of the states of each place, in the order in which they were told.

    A state holds from the server's own time on. Where that is before what is known of the place,
    the clocks differ: then it holds from its receipt on, or nobody would ever take note of it.
    """

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._begun = 0
        self._known: dict[int, int] = {}  # the time of the last state by place

    def begin(self) -> None:
        """Nothing is known as of now."""
        self._begun, self._known = int(self._now()), {}

    def now(self, place: int) -> int:
        """The time of a state of which the server tells none."""
        return self._next(place, int(self._now()))

    def of(self, place: int, told: int, *, standing: bool, news: bool) -> list[int]:
        """The times of a state that the server dates `told`.

        One that was `standing` when we came holds as of then; one that is `news` to history as of
        the server's time, too.
        """
        if standing and place not in self._known and told < self._begun:
            self._known[place] = self._begun
            return [told, self._begun] if news else [self._begun]
        return [self._next(place, told)]

    def _next(self, place: int, told: int) -> int:
        known, now = self._known.get(place, self._begun), int(self._now())
        at = told if told >= known else max(now, known + MILLISECOND)
        self._known[place] = at if at <= now + HOUR else now  # else it is dated at its receipt
        return at
