"""Guessing passwords made slow, without a way to lock somebody else out.

What failed counts for one name from one address, so that whoever guesses a name elsewhere delays
nobody who signs in with it from here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FREE = 3  # tries before the first pause
LONGEST = 30.0
FORGET = 900.0
REMEMBERED = 10_000


class Guesses:
    """What failed lately, by address and name; the oldest is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def pause(self, address: str, user: str) -> float:
        """Seconds that a try must wait before it is answered."""
        count, last = self._failed.get((address, user), (0, 0.0))
        if self._clock() - last > FORGET or count < FREE:
            return 0.0
        return float(min(2 ** min(count - FREE, 8), LONGEST))

    def failed(self, address: str, user: str) -> None:
        """Count a try that failed."""
        key = address, user[:64]
        count, last = self._failed.pop(key, (0, 0.0))
        if self._clock() - last > FORGET:
            count = 0
        self._failed[key] = count + 1, self._clock()
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def passed(self, address: str, user: str) -> None:
        """Forget what failed."""
        self._failed.pop((address, user[:64]), None)
