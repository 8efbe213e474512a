"""The weeks before the demonstration's own past: energy, pieces and states by the quarter hour.

Until two weeks ago hoses of compressed air leaked; then they were mended. So there is a measure
whose saving can be verified, and whose true saving is known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from isthmus.demo.physics.air import Compressor
from isthmus.demo.physics.calendar import ZONE, Calendar
from isthmus.demo.physics.machine import NOMINAL, Duty
from isthmus.demo.physics.machines import Capper, Filler, Labeller, Packer, Palletiser
from isthmus.demo.physics.order import order
from isthmus.demo.physics.plant import AIR, LIGHTS
from isthmus.demo.signal import LINE, PATHS
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.state import Cause, State

Floats = npt.NDArray[np.float64]
Row = tuple[str, npt.NDArray[np.int64], Floats]
"""A tag, its times (s, UTC) and values."""

DAYS = 36  # of coarse past
MENDED = 14  # days ago
BASELINE = 21  # days before that
LEAK, TIGHT = 0.32, 0.10  # share of what the compressor can deliver
STEP = 900  # seconds
ORDER = 6 * 3600
WRAP = 1_000_000.0  # kWh at which the counters begin again: the plant's own past begins with 0
SETTLE, LOOK = 600, 3600  # seconds
MAKES = (Filler.MAKE, Capper.MAKE, Labeller.MAKE, Packer.MAKE, Palletiser.MAKE)
SCARCE = 9  # of the stops every so many is for want of material
REST = 0.75  # share of the idle power in a break
RUNS, SPREAD, ALIKE = 0.86, 0.09, 0.6  # share of the time in which the line runs, and how it varies


@dataclass(frozen=True, slots=True)
class Mended:
    """From which local day on the air is tight, and the first and last day it is held against."""

    first: date
    baseline: tuple[date, date]

    @classmethod
    def of(cls, opening: int) -> Mended:
        """The days of a plant that opens at `opening` (s, UTC)."""
        first = datetime.fromtimestamp(opening, UTC).astimezone(ZONE).date() - timedelta(MENDED)
        return cls(first, (first - timedelta(BASELINE), first - timedelta(1)))

    @property
    def since(self) -> int:
        """The first moment with tight air (s, UTC)."""
        return _midnight(self.first)


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """Quarter hours between `edges` (s, UTC), and kW of what they would be with and without leaks.

    Columns of machines are (steps, machines) in the order of the line. `running` is the kW of the
    machines while they run, and `air` that of the compressor meanwhile.
    """

    edges: npt.NDArray[np.int64]
    runs: Floats  # share of each step in which the line runs, at its beginning
    work: Floats  # share of each step in which it should
    rest: Floats  # share of each step that is a break
    pieces: Floats
    machines: Floats
    running: Floats
    air: Floats
    leaking: Floats
    tight: Floats
    mended: npt.NDArray[np.bool_]

    @property
    def compressor(self) -> Floats:
        """kW of the compressor as it was."""
        return np.where(self.mended, self.tight, self.leaking)

    @property
    def meter(self) -> Floats:
        """kW of the main meter."""
        whole: Floats = self.machines.sum(axis=1) + self.compressor + LIGHTS
        return whole

    @property
    def saved(self) -> Floats:
        """kWh that the measure truly saved in each step."""
        won = np.where(self.mended, self.leaking - self.tight, 0.0)
        return np.asarray(won * np.diff(self.edges) / 3600)

    @property
    def ran(self) -> npt.NDArray[np.int64]:
        """For how many seconds the line ran at the beginning of each step."""
        found: npt.NDArray[np.int64] = np.rint(self.runs * np.diff(self.edges)).astype(np.int64)
        return found

    def batch(self) -> Batch:
        """What meters, counters and states told, in order of time; ids are places in `PATHS`."""
        ran = self.ran > 0
        told = np.concatenate([(self.edges[:-1] + self.ran)[ran], self.edges[1:]])
        air = self.air
        rows = self._metered(f"{LINE}/meter", self.meter, self.running.sum(axis=1) + air + LIGHTS)
        rows += self._metered("utilities/air/compressor", self.compressor, air)
        for place, make in enumerate(MAKES):
            unit = f"{LINE}/{make.name}"
            rows += self._metered(unit, self.machines[:, place], self.running[:, place])
            for name, share in (("good_count", 1 - make.scrap), ("scrap_count", make.scrap)):
                made = np.floor(np.cumsum(self.pieces) * share)
                rows.append((f"{unit}/{name}", told, np.concatenate([made[ran], made])))
            rows += self._states(unit, first=not place)
        tag = np.concatenate([np.full(len(time), PATHS.index(path)) for path, time, _ in rows])
        time = np.concatenate([time for _, time, _ in rows]) * 10**9
        value = np.concatenate([value for _, _, value in rows])
        sort = np.lexsort((tag, time))
        return Batch.of(tag[sort].astype(np.int32), time[sort].astype(np.int64), value[sort])

    def _metered(self, unit: str, kw: Floats, running: Floats) -> list[Row]:
        """Power and energy of a meter at both moments of a step: its mean is `kw`."""
        starts, ends, seconds = self.edges[:-1], self.edges[1:], np.diff(self.edges)
        ran, used = self.ran, np.cumsum(kw * seconds / 3600)
        waits = np.clip((kw * seconds - running * ran) / np.maximum(seconds - ran, 1), 0, None)
        half = used - waits * (seconds - ran) / 3600  # up to where it stops running
        moments = np.concatenate([starts[ran > 0], starts + ran])
        energy = (WRAP - used[-1] + np.concatenate([half[ran > 0], used])) % WRAP
        told = np.concatenate([(starts + ran)[ran > 0], ends])
        return [
            (f"{unit}/power", moments, np.round(np.concatenate([running[ran > 0], waits]), 2)),
            (f"{unit}/energy", told, np.round(energy, 3)),
        ]

    def _states(self, unit: str, *, first: bool) -> list[tuple[str, npt.NDArray[np.int64], Floats]]:
        """State and cause of a machine: it runs, then waits; the `first` stands by own fault."""
        starts, ran, steps = self.edges[:-1], self.ran, np.arange(len(self.runs))
        own = np.where(steps % SCARCE, Cause.MICRO_STOP, Cause.MATERIAL)
        waits = (State.HELD, own) if first else (State.SUSPENDED, Cause.STARVED)
        asked = [self.work > 0, self.rest > 0]
        state = np.select(asked, [waits[0], State.IDLE], State.STOPPED)
        cause = np.select(asked, [waits[1], Cause.BREAK], Cause.NO_ORDER)
        time = np.concatenate([starts[ran > 0], starts + ran])
        run = np.zeros(int((ran > 0).sum()))
        return [
            (f"{unit}/state", time, np.concatenate([run + State.EXECUTE, state])),
            (f"{unit}/cause", time, np.concatenate([run + Cause.NONE, cause])),
        ]


def weeks(seed: int, opening: int, end: int) -> Weeks:
    """The weeks up to `end` (s, UTC) of a plant that opens at `opening`."""
    mended, calendar = Mended.of(opening), Calendar.around(opening)
    start = _midnight(mended.first - timedelta(DAYS - MENDED))
    edges = np.append(np.arange(start, end, STEP, dtype=np.int64), end)
    chance = np.random.Generator(np.random.Philox(key=seed % 2**64))
    work, rest = _duty(edges, calendar)
    runs = np.clip(RUNS + SPREAD * _wandering(chance, len(work)), 0.1, 0.99) * work
    speed = np.array([order(int(at) // ORDER).speed for at in edges[:-1]])
    pieces = np.rint(speed / 60 * runs * np.diff(edges))
    ratio, off = speed / NOMINAL, 1 - work - rest
    columns, running = [], []
    for make in MAKES:
        at_work = make.idle + (make.run - make.idle) * ratio
        waits = make.idle * (work - runs + REST * rest)
        kw = at_work * runs + waits + make.standby * off
        noise = 1 + 0.01 * chance.standard_normal(len(kw))
        columns.append(kw * noise)
        running.append(at_work * noise)
    since = edges[:-1] >= mended.since
    wobble = 1 + 0.01 * chance.standard_normal(len(runs))
    full = [_compressor(sum(AIR), leak) for leak in (TIGHT, LEAK)]
    tight, leaking = (
        (runs * most + (1 - runs) * _compressor(0.0, leak)) * wobble
        for most, leak in zip(full, (TIGHT, LEAK), strict=True)
    )
    air = np.where(since, *full) * wobble
    machines = np.stack(columns, 1), np.stack(running, 1)
    return Weeks(edges, runs, work, rest, pieces, *machines, air, leaking, tight, since)


def past(seed: int, opening: Nanoseconds, end: Nanoseconds) -> Batch:
    """The samples of those weeks up to `end` (ns UTC)."""
    return weeks(seed, opening // 10**9, end // 10**9).batch()


def _compressor(use: float, leak: float) -> float:
    """Mean kW while machines take `use`, after a while: what the compressor itself does."""
    compressor = Compressor()
    compressor.leak = leak
    for _ in range(SETTLE):
        compressor.step(use)
    before = compressor.energy
    for _ in range(LOOK):
        compressor.step(use)
    return (compressor.energy - before) * 3600 / LOOK


def _duty(edges: npt.NDArray[np.int64], calendar: Calendar) -> tuple[Floats, Floats]:
    """The share of each step that is for work, and that is a break."""
    thirds = edges[:-1, None] + np.diff(edges)[:, None] * np.array([1, 3, 5]) // 6
    asked = np.array([[calendar.duty(int(at)) for at in row] for row in thirds.tolist()])
    return (asked == Duty.WORK).mean(axis=1), (asked == Duty.BREAK).mean(axis=1)


def _wandering(chance: np.random.Generator, size: int) -> Floats:
    """Standard normal numbers of which neighbours are alike."""
    found, last = np.empty(size), 0.0
    for at, fresh in enumerate(chance.standard_normal(size).tolist()):
        last = ALIKE * last + (1 - ALIKE**2) ** 0.5 * fresh
        found[at] = last
    return found


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())
