"""Guessing made slow, in a way that keeps nobody out who is known.

Failures count for an account and where they came from, together and each by itself. Each next one
makes the wait longer, to a limit: nothing is ever locked for good. The count of an account alone
does not hold back an address from which that account has signed in before, so that a stranger
who guesses at an operator's password does not keep the operator from the machine.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_KEYS = 10_000
FORGET = 3_600.0  # seconds after the last failure


@dataclass(frozen=True, slots=True)
class Pace:
    """So many failures are free; each one more doubles the wait, up to `longest` seconds."""

    free: int
    longest: float

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        over = failures - self.free
        return min(2.0 ** min(over, 16), self.longest) if over > 0 else 0.0


PAIR = Pace(3, 60.0)
ACCOUNT = Pace(10, 60.0)
SOURCE = Pace(30, 30.0)  # many people may share an address


@dataclass(slots=True)
class Throttle:
    """Counts failures; bounded, the oldest are forgotten first."""

    now: Callable[[], float] = time.monotonic
    refused: int = 0
    _failed: OrderedDict[tuple[str, str], tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, account: str, source: str, *, known: bool) -> float:
        """Seconds until this account may be tried again from there, 0 where at once."""
        paces = [(PAIR, (account, source)), (SOURCE, ("", source))]
        if not known:
            paces.append((ACCOUNT, (account, "")))
        with self._lock:
            longest = max(self._left(pace, key) for pace, key in paces)
            self.refused += longest > 0
            return longest

    def failed(self, account: str, source: str) -> None:
        """Count a failure."""
        now = self.now()
        with self._lock:
            for key in ((account, source), (account, ""), ("", source)):
                count, last = self._failed.pop(key, (0, now))
                self._failed[key] = (1 if now - last > FORGET else count + 1), now
            while len(self._failed) > MOST_KEYS:
                self._failed.popitem(last=False)

    def succeeded(self, account: str, source: str) -> None:
        """Forget the failures of this account from there."""
        with self._lock:
            self._failed.pop((account, source), None)

    def _left(self, pace: Pace, key: tuple[str, str]) -> float:
        count, last = self._failed.get(key, (0, 0.0))
        since = self.now() - last
        return 0.0 if since > FORGET else max(pace.wait(count) - since, 0.0)
