"""Writes of which nobody knows how they ended, until one to the same tag ends in a known way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from isthmus.model.record import Fact, Kind
from isthmus.trust.ledger.find import Wanted, newest
from isthmus.trust.ledger.ledger import Ledger

DAY = 86_400 * 10**9  # for which a doubt is told
LOOKED_AT = 2_000  # records, after a start


class Doubt(NamedTuple):
    """One such write: which action, of whom, what it was to become, since when (ns UTC, wall)."""

    action: str
    by: str
    value: float
    since: int


@dataclass(slots=True)
class Doubts:
    """The last doubtful write of each tag, by path."""

    _found: dict[str, Doubt] = field(default_factory=dict)

    def read(self, ledger: Ledger) -> None:
        """Take what the ledger tells of the last day."""
        wanted = Wanted(time.time_ns() - DAY, kind=Kind.ACTION)
        for entry in reversed(newest(ledger.folder, wanted, LOOKED_AT)):
            if entry.facts.get("step") == "end":
                self.ended(entry.about, entry.by, entry.facts, entry.time)

    def ended(self, path: str, by: str, facts: Mapping[str, Fact], now: int) -> None:
        """A write ended as `facts` of its record say."""
        if facts.get("state") == "unknown":
            value = facts.get("value")
            number = float(value) if isinstance(value, int | float) else float("nan")
            self._found[path] = Doubt(str(facts.get("action")), by, number, now)
        elif facts.get("after") is not None:
            self._found.pop(path, None)

    def all(self, now: int) -> Mapping[str, Doubt]:
        """The doubts of the last day at `now` (ns UTC, wall), by path."""
        return {path: one for path, one in self._found.items() if one.since > now - DAY}
