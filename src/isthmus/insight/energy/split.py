"""Energy by what was done with it: by state, by order, by product; parts add up to the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.model.sample import Bools, Floats, Int64s
from isthmus.model.state import State

GRAIN = 1e9  # parts of a kWh in which energy is counted: whole ones add up exactly


class Use(StrEnum):
    """What a machine does while it draws energy."""

    RUNNING = "running"
    SETUP = "setup"
    IDLE = "idle"
    STOPPED = "stopped"
    OFF = "off"
    UNKNOWN = "unknown"


USES = tuple(Use)
WASTE = frozenset({Use.IDLE, Use.STOPPED, Use.OFF})
"""What is drawn then makes nothing and prepares nothing."""

_USES = {
    Look.RUN: Use.RUNNING,
    Look.SETUP: Use.SETUP,
    Look.STARVED: Use.IDLE,
    Look.BLOCKED: Use.IDLE,
    Look.STOP: Use.STOPPED,
    Look.BREAK: Use.OFF,
    Look.UNKNOWN: Use.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one state or order took: seconds, grains of energy, money, kg of CO2, good pieces."""

    name: str
    seconds: float
    grains: int
    money: float
    co2: float
    pieces: float

    @property
    def kwh(self) -> float:
        """The energy in kWh."""
        return self.grains / GRAIN


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A window cut into buckets between `edges` (ns): grains, price, factor, pieces of each."""

    edges: Int64s
    grains: Int64s
    price: Floats
    factor: Floats
    pieces: Floats


def uses(accounts: Accounts, times: Int64s, planned: Bools) -> Int64s:
    """What is done from each of `times` on, as a place in `USES`.

    Idle is a machine that could run: starved, blocked, or ready. What neither runs nor is planned
    to is off, as it is in breaks and without orders.
    """
    states, looks = accounts.state.tolist(), accounts.looks()
    told = [
        Use.IDLE if look is Look.SETUP and state == State.IDLE else _USES[look]
        for state, look in zip(states, looks, strict=True)
    ]
    place = np.maximum(np.searchsorted(accounts.start, times, side="right") - 1, 0)
    found = np.array([USES.index(use) for use in told], np.int64)[place]
    running, unknown, off = (USES.index(use) for use in (Use.RUNNING, Use.UNKNOWN, Use.OFF))
    return np.where(planned | (found == running) | (found == unknown), found, off)


def grains(kwh: Floats) -> Int64s:
    """What was used in each bucket, in whole grains, of what was used up to each of its edges."""
    whole: Int64s = np.rint(kwh * GRAIN).astype(np.int64)
    return whole[1:] - whole[:-1]


def parts(names: Sequence[str], label: Int64s, cut: Cut) -> tuple[Part, ...]:
    """One part for each of `names` that has time in it; `label` is a place in `names` by bucket.

    Their grains add up to the sum of those of the buckets, to the last one.
    """
    size, kwh = len(names), cut.grains / GRAIN
    whole = np.zeros(size, np.int64)
    np.add.at(whole, label, cut.grains)
    columns = [
        np.bincount(label, weights=np.nan_to_num(column), minlength=size).tolist()
        for column in (np.diff(cut.edges) / 1e9, kwh * cut.price, kwh * cut.factor, cut.pieces)
    ]
    rows = zip(names, whole.tolist(), *columns, strict=True)
    return tuple(
        Part(name, seconds, used, money, co2, pieces)
        for name, used, seconds, money, co2, pieces in rows
        if seconds > 0
    )


def joined(name: str, some: Iterable[Part]) -> Part:
    """Several parts as one."""
    told = list(some)
    return Part(
        name,
        sum(part.seconds for part in told),
        sum(part.grains for part in told),
        sum(part.money for part in told),
        sum(part.co2 for part in told),
        sum(part.pieces for part in told),
    )
