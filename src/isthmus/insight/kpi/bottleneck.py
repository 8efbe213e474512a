"""Which unit holds a line back: two methods that need no model of the line.

Active periods: Roser, Nakano and Tanaka, *A practical bottleneck detection method* (2001) and
*Shifting bottleneck detection* (2002). Turning point: Li, Chang and Ni, *Data driven bottleneck
detection of manufacturing systems* (2009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.model.sample import Int64s

ACTIVE = frozenset({Look.RUN, Look.STOP, Look.SETUP})


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Stretches of one unit in order (ns), in which it waited for no other one."""

    start: Int64s
    end: Int64s

    @classmethod
    def of(cls, accounts: Accounts) -> Periods:
        """The active periods of a unit: running, in setup or down by own fault, without a pause.

        Starved and blocked time ends one, as do breaks and what is not known.
        """
        starts: list[int] = []
        ends: list[int] = []
        for episode in accounts.episodes():
            if episode.look not in ACTIVE:
                continue
            if ends and ends[-1] == episode.start:
                ends[-1] = episode.end
            else:
                starts.append(episode.start)
                ends.append(episode.end)
        return cls(np.array(starts, np.int64), np.array(ends, np.int64))


@dataclass(frozen=True, slots=True)
class Share:
    """How long a unit was the bottleneck: alone, and while it passed from or to another one."""

    unit: str
    sole: float
    shifting: float

    @property
    def seconds(self) -> float:
        """Together."""
        return self.sole + self.shifting


def active_periods(periods: Mapping[str, Periods], start: int, end: int) -> list[Share]:
    """How long each unit was the momentary bottleneck in [start, end), longest first.

    It is the one whose active period is the longest; where its period and the next bottleneck's
    overlap, it shifts. Of equal periods that of the unit named first counts.
    """
    names = list(periods)
    unit = np.concatenate([np.full(len(each.start), n) for n, each in enumerate(periods.values())])
    begin = np.concatenate([each.start for each in periods.values()])
    stop = np.concatenate([each.end for each in periods.values()])
    order = np.lexsort((unit, begin))
    rows = list(zip(begin[order].tolist(), stop[order].tolist(), unit[order].tolist(), strict=True))
    totals = {name: [0.0, 0.0] for name in names}
    chain = _chain(rows)
    for number, (first, last, at) in enumerate(chain):
        before = chain[number - 1][1] if number else first
        after = chain[number + 1][0] if number + 1 < len(chain) else last
        alone = _inside(max(first, before), min(last, after), start, end)
        totals[names[int(at)]][0] += alone
        totals[names[int(at)]][1] += _inside(first, last, start, end) - alone
    found = [Share(name, sole, shifting) for name, (sole, shifting) in totals.items()]
    return sorted(found, key=lambda share: -share.seconds)


_Row = tuple[int, int, int]


def _chain(rows: Sequence[_Row]) -> list[_Row]:
    """The bottlenecks one after the other: each the longest period when the one before ends."""
    chain: list[_Row] = []
    open_: list[_Row] = []  # periods that hold at `now` or begin there
    place = 0
    while place < len(rows) or open_:
        now = chain[-1][1] if chain else rows[0][0]
        while place < len(rows) and rows[place][0] <= now:
            open_.append(rows[place])
            place += 1
        open_ = [row for row in open_ if row[1] > now]
        if not open_:
            if place == len(rows):
                break
            begins = rows[place][0]
            while place < len(rows) and rows[place][0] == begins:
                open_.append(rows[place])
                place += 1
        chain.append(max(open_, key=lambda row: (row[1] - row[0], -row[2])))
    return chain


def _inside(first: int, last: int, start: int, end: int) -> float:
    return max(0, min(last, end) - max(first, start)) / 1e9


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a unit of a line was starved and blocked, in seconds."""

    unit: str
    starved: float
    blocked: float


@dataclass(frozen=True, slots=True)
class Turning:
    """The unit at which waiting turns from blocked to starved; `plain` where only one can be."""

    unit: str
    plain: bool


def turning_point(line: Sequence[Waited]) -> Turning | None:
    """The turning point of a line, its units in the order of the material; None where none waited.

    Upstream of it units are rather blocked, downstream rather starved, and it waits less than its
    neighbours. Where several units are such, or none, it is the one of them that waits least.
    """
    waits = [each.starved + each.blocked for each in line]
    if not line or not any(waits):
        return None
    lean = [each.blocked - each.starved for each in line]
    found = [
        at
        for at in range(len(line))
        if all(before > 0 for before in lean[:at])
        and all(after < 0 for after in lean[at + 1 :])
        and all(waits[at] < waits[near] for near in (at - 1, at + 1) if 0 <= near < len(line))
    ]
    places = found or range(len(line))
    least = min(places, key=lambda at: waits[at])
    return Turning(line[least].unit, len(found) == 1)
