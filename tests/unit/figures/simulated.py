"""A line whose truth is known: machines in a row with buffers, failures, speed and scrap.

Pieces pass machines by the recursion of a tandem queue that blocks after service. The clock of
the simulation runs in planned time only; `Plan` tells what the clock on the wall says meanwhile.
What machines tell is what PLCs tell: states once a second, counters every ten seconds that roll
over at 65,536 and start again from 0 some nights; both are out of reach for minutes a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isthmus.model.plant import Calendar, Shift

IDEAL = 20.0  # seconds a piece
WRAP = 65_536
UNITS = ("saw", "press", "oven", "packer")
BUFFER = 6
SHIFTS = Calendar(
    "two",
    (
        Shift("early", 6 * 60, 14 * 60, frozenset(range(7))),
        Shift("late", 14 * 60, 22 * 60, frozenset(range(7))),
    ),
    breaks=((10 * 60, 10 * 60 + 20), (18 * 60, 18 * 60 + 20)),
)
STRETCHES = ((21_600, 36_000), (37_200, 64_800), (66_000, 79_200))  # planned seconds of a day
PLANNED = sum(end - start for start, end in STRETCHES)
EXECUTE, SUSPENDED, ABORTED = 6.0, 5.0, 9.0
STARVED, BLOCKED, MICRO, BREAKDOWN = 1.0, 2.0, 3.0, 4.0
LOST = 0x8031_0000  # BadNoCommunication


def on_the_wall(seconds: np.ndarray) -> np.ndarray:
    """Planned seconds since the beginning as seconds of days and nights."""
    day, rest = np.divmod(np.asarray(seconds, np.float64), PLANNED)
    edges = np.cumsum([0, *(end - start for start, end in STRETCHES)])
    place = np.clip(np.searchsorted(edges, rest, side="right") - 1, 0, len(STRETCHES) - 1)
    starts = np.array([start for start, _ in STRETCHES])
    return day * 86_400 + starts[place] + rest - edges[place]


@dataclass(slots=True)
class Machine:
    """What one machine did, in planned seconds: stretches of states, pieces and their fate."""

    start: list[float] = field(default_factory=list)
    state: list[float] = field(default_factory=list)
    cause: list[float] = field(default_factory=list)
    made: list[float] = field(default_factory=list)  # when each piece was ready
    busy: list[float] = field(default_factory=list)  # seconds it took, failures included

    def turn(self, at: float, state: float, cause: float = 0.0) -> None:
        """Go into a state."""
        self.start.append(at)
        self.state.append(state)
        self.cause.append(cause)


@dataclass(frozen=True, slots=True)
class Truth:
    """The machines by name, and which pieces the press made for scrap."""

    machines: dict[str, Machine]
    scrap: np.ndarray
    days: int

    def oee(self) -> np.ndarray:
        """The OEE index of each day, from the pieces of the press."""
        made = np.array(self.machines["press"].made)
        day = np.minimum((made // PLANNED).astype(int), self.days - 1)
        inside = made < self.days * PLANNED
        good = np.bincount(day[inside & ~self.scrap[: len(made)]], minlength=self.days)
        return IDEAL * good / PLANNED

    def bottleneck(self) -> list[str]:
        """The machine of each day on which a piece took longest, failures included."""
        means = []
        for machine in self.machines.values():
            day = (np.array(machine.made) // PLANNED).astype(int)
            inside = day < self.days
            busy = np.array(machine.busy)[inside]
            spent = np.bincount(day[inside], busy, self.days)
            means.append(spent / np.bincount(day[inside], minlength=self.days))
        return [list(self.machines)[slowest] for slowest in np.argmax(means, axis=0)]


def simulated(days: int, seed: int = 3) -> Truth:
    """The line over so many days; who is slow changes every few days."""
    chance = np.random.default_rng(seed)
    end = days * PLANNED
    pieces = int(end / IDEAL) + 10
    machines = {name: Machine() for name in UNITS}
    slow = np.repeat(chance.integers(0, len(UNITS), days // 4 + 1), 4)[:days]
    noise = chance.normal(0, 0.4, (pieces, len(UNITS)))
    fails = chance.random((pieces, len(UNITS)))
    lengths = chance.exponential(1.0, (pieces, len(UNITS)))
    scrap = chance.random(pieces) < 0.02
    begun = np.zeros((len(UNITS), pieces))
    gone = np.zeros(len(UNITS))
    for piece in range(pieces):
        ready = 0.0
        for place, machine in enumerate(machines.values()):
            free = gone[place]
            start = max(ready, free)
            if start > free:
                machine.turn(free, SUSPENDED, STARVED)
            begun[place, piece] = start
            day = min(int(start // PLANNED), days - 1)
            service = IDEAL * (1.12 if slow[day] == place else 1.02) + noise[piece, place]
            finish = _served(machine, start, service, fails[piece, place], lengths[piece, place])
            leave = finish
            if place + 1 < len(UNITS) and piece >= BUFFER:
                leave = max(leave, begun[place + 1, piece - BUFFER])
            if leave > finish:
                machine.turn(finish, SUSPENDED, BLOCKED)
            machine.made.append(finish)
            machine.busy.append(finish - start)
            gone[place], ready = leave, leave
        if begun[0, piece] > end:
            break
    return Truth(machines, scrap, days)


def _served(machine: Machine, start: float, service: float, fails: float, length: float) -> float:
    """When a piece is ready that may meet a failure half-way."""
    machine.turn(start, EXECUTE)
    if fails > 0.004:
        return start + service
    micro = fails > 0.0006
    down = length * 40 if micro else 420 + length * 600
    machine.turn(start + service / 2, ABORTED, MICRO if micro else BREAKDOWN)
    machine.turn(start + service / 2 + down, EXECUTE)
    return start + service + down


def told(truth: Truth, seed: int = 5) -> dict[str, tuple[np.ndarray, ...]]:
    """(seconds, values, qualities) of each tag, as `records` takes them."""
    chance = np.random.default_rng(seed)
    end = truth.days * 86_400
    rows: dict[str, tuple[np.ndarray, ...]] = {}
    every = np.arange(7, end, 10)
    for name, machine in truth.machines.items():
        times = on_the_wall(np.array(machine.start)).astype(np.int64)
        last = np.append(np.diff(times) > 0, True) & (times < end)  # of one second the last
        quality = np.zeros(int(last.sum()), np.uint32)
        for first in chance.choice(len(quality), 2 * truth.days, replace=False).tolist():
            quality[first : first + 10] = LOST
        rows[f"{name}/state"] = (times[last], np.array(machine.state)[last], quality)
        rows[f"{name}/cause"] = (times[last], np.array(machine.cause)[last])
        if name != "press":
            continue
        made = on_the_wall(np.array(machine.made))
        bad = truth.scrap[: len(made)]
        for role, which in (("good_count", ~bad), ("scrap_count", bad)):
            height = np.searchsorted(made[which], every, side="right").astype(np.int64)
            rows[f"{name}/{role}"] = _plc(every, height, chance)
    return rows


def _plc(
    every: np.ndarray, height: np.ndarray, chance: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A counter that starts high, rolls over, is reset on some nights, and is out of reach."""
    value = height + WRAP - 1_000
    for night in range(7, int(every[-1] // 86_400) + 1, 7):
        at = int(np.searchsorted(every, night * 86_400))
        value[at:] += WRAP - value[at] % WRAP if chance.random() < 0.5 else 0
    quality = np.zeros(len(every), np.uint32)
    for first in chance.choice(len(every), len(every) // 8_640, replace=False).tolist():
        quality[first : first + 30] = LOST
    return every, (value % WRAP).astype(np.float64), quality
