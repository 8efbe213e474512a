"""A line that stands for known reasons, and tells as little of them as most machines do.

Four machines in a row with buffers, blocked after service. Each one jams, breaks down, runs out of
material, is adjusted and is set up for the next product. A PLC tells its PackML state, and most
stops a fault code in words of its own, with the codes that follow from it, some that are always
about, and now and then a wrong one. Why it stood, only the simulation knows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

UNITS = ("saw", "press", "oven", "packer")
BUFFER = 30  # pieces between two machines
IDEAL = 20.0  # seconds a piece
LOST = 0x8031_0000  # BadNoCommunication
EXECUTE, SUSPENDED, ABORTED, HELD, RESETTING = 6.0, 5.0, 9.0, 11.0, 15.0
BATCH = 700  # pieces of one product


class Trouble(NamedTuple):
    """One reason to stand: in which state, how often a piece, how long (s), and what it tells."""

    reason: str
    state: float
    often: float
    shortest: float
    mean: float
    codes: tuple[str, ...]


TROUBLES = (
    Trouble("micro_stop", HELD, 0.0080, 8, 40, ("E101 light barrier", "E102 double feed")),
    Trouble("material", HELD, 0.0016, 150, 120, ("W310 magazine low", "E311 magazine empty")),
    Trouble("adjustment", HELD, 0.0008, 240, 300, ("Q05 out of tolerance",)),
    Trouble("breakdown/mechanical", ABORTED, 0.0006, 420, 900, ("M201 overload main drive",)),
    Trouble("breakdown/electrical", ABORTED, 0.0004, 420, 900, ("F07 inverter", "F09 encoder")),
)
FOLLOW = ("E900 safety circuit", "E901 not referenced", "E902 axis not ready")
ALWAYS = ("W001 lubrication due", "W002 filter dirty")
SPOKEN, WRONG, NUISANCE = 0.85, 0.04, 0.5  # share of stops with a code, wrong ones, an hour


@dataclass(slots=True)
class Machine:
    """What one machine did: from each `start` (s) on a state, and why it stood (empty: it ran)."""

    start: list[float] = field(default_factory=list)
    state: list[float] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)

    def turn(self, at: float, state: float, reason: str = "") -> None:
        """Go into a state."""
        self.start.append(at)
        self.state.append(state)
        self.reason.append(reason)

    def why(self, start: float, end: float) -> str:
        """The reason for which it stood longest in [start, end)."""
        first, last = max(0, bisect_right(self.start, start) - 1), bisect_left(self.start, end)
        spent: dict[str, float] = {}
        for at in range(first, last):
            until = self.start[at + 1] if at + 1 < len(self.start) else end
            lasted = min(until, end) - max(self.start[at], start)
            spent[self.reason[at]] = spent.get(self.reason[at], 0.0) + lasted
        spent.pop("", None)
        return max(spent, key=lambda reason: spent[reason], default="")


def simulated(days: int, seed: int) -> dict[str, Machine]:
    """The machines over so many days; which of them is slow changes every day."""
    chance = np.random.default_rng(seed)
    end = days * 86_400.0
    pieces = int(end / IDEAL) + 10
    machines = {name: Machine() for name in UNITS}
    slow = chance.integers(0, len(UNITS), days)
    noise = chance.normal(0, 0.3, (pieces, len(UNITS)))
    dice = chance.random((pieces, len(UNITS)))
    lengths = chance.exponential(1.0, (pieces, len(UNITS)))
    begun = np.zeros((len(UNITS), pieces))
    gone = np.zeros(len(UNITS))
    for piece in range(pieces):
        ready = 0.0
        for place, machine in enumerate(machines.values()):
            free = gone[place]
            if piece and piece % BATCH == 0:
                machine.turn(free, RESETTING, "changeover")
                free += 240 + 60 * lengths[piece, place]
            start = max(ready, free)
            if start > free:
                machine.turn(free, SUSPENDED, "starved")
            machine.turn(start, EXECUTE)
            begun[place, piece] = start
            day = min(int(start // 86_400), days - 1)
            service = IDEAL * (1.12 if slow[day] == place else 1.02) + noise[piece, place]
            finish = _served(machine, start, service, dice[piece, place], lengths[piece, place])
            leave = finish
            if place + 1 < len(UNITS) and piece >= BUFFER:
                leave = max(leave, begun[place + 1, piece - BUFFER])
            if leave > finish:
                machine.turn(finish, SUSPENDED, "blocked")
            gone[place], ready = leave, leave
        if begun[0, piece] > end:
            break
    return machines


def _served(machine: Machine, start: float, service: float, dice: float, length: float) -> float:
    """When a piece is ready whose machine may stand half-way."""
    for trouble in TROUBLES:
        if dice < trouble.often:
            down = trouble.shortest + trouble.mean * length
            machine.turn(start + service / 2, trouble.state, trouble.reason)
            machine.turn(start + service / 2 + down, EXECUTE)
            return start + service + down
        dice -= trouble.often
    return start + service


def states(machine: Machine, days: int, chance: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Seconds, states and qualities as a PLC that is asked once a second tells them."""
    times = np.array(machine.start).astype(np.int64)
    last = np.append(np.diff(times) > 0, True) & (times < days * 86_400)
    quality = np.zeros(int(last.sum()), np.uint32)
    for first in chance.choice(len(quality), 2 * days, replace=False).tolist():
        quality[first : first + 10] = LOST
    return times[last], np.array(machine.state)[last], quality


def alarms(
    path: str, machine: Machine, origin: int, chance: np.random.Generator, end: float
) -> list[Event]:
    """The fault codes of a machine, in order of time; `origin` is when it began (ns)."""
    codes = {trouble.reason: trouble.codes for trouble in TROUBLES}
    every = [code for trouble in TROUBLES for code in trouble.codes]
    found: list[tuple[float, str]] = []
    for start, reason in zip(machine.start, machine.reason, strict=True):
        if reason not in codes or chance.random() > SPOKEN:
            continue
        own = every if chance.random() < WRONG else codes[reason]
        at = start + chance.uniform(-1, 6)
        found.append((at, str(chance.choice(own))))
        for _ in range(chance.integers(0, 3)):
            found.append((at + chance.uniform(0.5, 15), str(chance.choice(FOLLOW))))
    for _ in range(int(end / 3_600 * NUISANCE)):
        found.append((chance.uniform(0, end), str(chance.choice(ALWAYS))))
    return [
        Event(Nanoseconds(origin + int(at * 1e9)), f"{path}/fault", "alarm", text)
        for at, text in sorted(found)
    ]


def products(path: str, machine: Machine, origin: int) -> list[Event]:
    """What the first machine tells when it begins another product."""
    return [
        Event(Nanoseconds(origin + int(at * 1e9)), f"{path}/product", "text", f"P{number}")
        for number, (at, reason) in enumerate(zip(machine.start, machine.reason, strict=True))
        if reason == "changeover"
    ]
