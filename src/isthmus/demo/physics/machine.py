"""One machine of the line: its PackML state and why, its speed, counts, power, heat and wear."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from isthmus.demo.physics.chance import Chance
from isthmus.model.state import Cause, State

NEVER = 1 << 60
NOMINAL = 118.4  # pieces a minute at which powers and vibrations are stated

_RESTING = 0.75  # share of the idle power in a break
_REFILL = 210.0  # seconds to bring a material that has run out


class Duty(IntEnum):
    """What the calendar asks of a machine."""

    WORK = 0
    BREAK = 1
    OFF = 2


# As plain names: the step of a second runs a million times a day, and attributes cost.
_STOPPED, _STARTING, _IDLE = State.STOPPED, State.STARTING, State.IDLE
_SUSPENDED, _EXECUTE, _HELD = State.SUSPENDED, State.EXECUTE, State.HELD
_NONE, _STARVED, _BLOCKED = Cause.NONE, Cause.STARVED, Cause.BLOCKED
_BREAK, _REST = Duty.BREAK, Cause.BREAK


@dataclass(frozen=True, slots=True)
class Make:
    """What a machine is built like; powers in kW, times in seconds."""

    name: str
    run: float  # power at `NOMINAL`
    idle: float  # power while it waits
    standby: float  # power while it is off
    rise: float  # motor temperature above the air, in K a kW
    jam_every: float  # mean working time between two short stops
    jam_for: float  # mean duration of a short stop
    setup: float  # change to another product
    scrap: float  # share of pieces that fail in a healthy machine
    life: float  # working time from new to worn out
    reach: float = 1.055  # fastest speed over that of the filler
    repair: float = 1500.0


@dataclass(slots=True)
class Around:
    """What a machine meets in one second; one object serves all, because it is met so often."""

    duty: int = Duty.WORK
    ambient: float = 22.0  # degC
    air: float = 7.2  # bar
    pace: float = NOMINAL  # speed of the filler, 1/min
    luck: float = 0.5  # uniform in [0, 1)
    drift: float = 0.0  # standard normal
    waiting: int = NEVER  # pieces before it
    fill: float = 0.4  # share of the buffer before it that they take
    enough: int = 0  # pieces it waits for before it starts again
    space: int = NEVER  # free places behind it
    roomy: int = 0  # free places it waits for before it starts again


class Machine:
    """A machine between two buffers; subclasses add what only they have."""

    MAKE: ClassVar[Make]
    __slots__ = (
        "cause",
        "decisions",
        "energy",
        "good",
        "left",
        "limit",
        "made",
        "motor_temp",
        "offset_good",
        "offset_scrap",
        "phase",
        "power",
        "risk",
        "scrap",
        "speed",
        "state",
        "taken",
        "to_jam",
        "warm",
        "wear",
        "wear_factor",
    )

    def __init__(self, chance: Chance) -> None:
        self.state: int = State.EXECUTE
        self.cause: int = Cause.NONE
        self.speed = NOMINAL
        self.phase = 0.0  # the part of a piece that is under way
        self.made = 0  # pieces of the last second
        self.taken = 0  # pieces ever taken in: good + scrap
        self.good = 0
        self.scrap = 0
        self.offset_good = 0  # what the displayed counters were reset at
        self.offset_scrap = 0
        self.limit = NEVER  # `taken` at which the order ends here
        self.left = 0.0  # seconds until the present stop is over
        self.warm = 0  # seconds of starting still to come
        self.power = self.MAKE.run
        self.energy = 0.0  # kWh
        self.motor_temp = 22.0 + self.MAKE.rise * self.MAKE.run
        self.wear = 0.2  # 0 new, 1 worn out
        self.wear_factor = 1.0
        self.risk = self.MAKE.scrap
        self.decisions = 0
        self.to_jam = 0.0
        self._next_jam(chance)

    def step(self, around: Around, chance: Chance) -> int:
        """The good pieces of one second; `made` says how many there were."""
        if self.left > 0.0:
            self.left -= 1.0
            if self.left <= 0.0:
                self._resume(chance)
                if around.duty:
                    self._rest(around.duty)
        elif around.duty:
            self._rest(around.duty)
        elif not self._must_stop(chance):
            self._wait_or_work(around)
        if self.state == _EXECUTE:
            good = self._work(around)
        else:
            good = self.made = 0
            self.speed = self.speed * 0.6 if self.speed > 0.8 else 0.0
        self._heat(around.ambient)
        self.adjust(around)
        return good

    def adjust(self, around: Around) -> None:
        """One second of what only this machine has; sets `risk`, the share of scrap."""

    def short(self) -> bool:
        """Whether a material has run out."""
        return False

    def refill(self) -> None:
        """The material is back."""

    def stop(self, state: State, cause: Cause, mean: float, chance: Chance) -> None:
        """A stop that begins now and takes about `mean` seconds."""
        source = chance.draw(self.MAKE.name, self.decisions)
        self.decisions += 1
        self.state, self.cause = state, cause
        spread = source.expovariate(1.0) if cause == Cause.MICRO_STOP else source.uniform(0.8, 1.2)
        self.left = max(8.0, round(mean * spread))
        self.warm = 4

    def rouse(self) -> None:
        """Ends a stop soon and keeps the next away, so that a plant that opens is seen to run."""
        self.left = min(self.left, 20.0)
        self.to_jam = max(self.to_jam, 240.0)

    def dump(self) -> dict[str, float]:
        """All that `load` needs to go on."""
        return {name: getattr(self, name) for name in self._names()}

    def load(self, saved: dict[str, float]) -> None:
        """Goes on from what `dump` gave; KeyError where something is missing."""
        for name in self._names():
            setattr(self, name, saved[name])

    def _rest(self, duty: int) -> None:
        if duty == _BREAK:
            self.state, self.cause = _IDLE, Cause.BREAK
        else:
            self.state, self.cause = _STOPPED, Cause.NO_ORDER
        self.warm = 8

    def _must_stop(self, chance: Chance) -> bool:
        """Whether the machine itself keeps it from working in this second."""
        make = self.MAKE
        if self.taken >= self.limit:
            self.stop(State.RESETTING, Cause.CHANGEOVER, make.setup, chance)
        elif self.wear >= 1.0:
            self.stop(State.ABORTED, Cause.BREAKDOWN, make.repair, chance)
        elif self.short():
            self.stop(_HELD, Cause.MATERIAL, _REFILL, chance)
        elif self.warm > 0:
            self.warm -= 1
            self.state, self.cause = _STARTING, _NONE
        elif self.to_jam <= 0.0:
            self.stop(_HELD, Cause.MICRO_STOP, make.jam_for, chance)
        else:
            return False
        return True

    def _wait_or_work(self, around: Around) -> None:
        """Starved, blocked or at work; what has stopped waits until it is worth starting."""
        waiting = around.waiting
        if waiting < (around.enough if self.cause == _STARVED else 1) and (
            waiting < self.limit - self.taken  # the last of an order are worth it
        ):
            self.state, self.cause = _SUSPENDED, _STARVED
        elif around.space < (around.roomy if self.cause == _BLOCKED else 1):
            self.state, self.cause = _SUSPENDED, _BLOCKED
        else:
            self.state, self.cause = _EXECUTE, _NONE

    def _work(self, around: Around) -> int:
        make, pace, speed = self.MAKE, around.pace, self.speed
        target = pace * (1.0 + 0.16 * (around.fill - 0.4))  # a fuller buffer makes it hurry
        speed += (min(target, pace * make.reach) - speed) * 0.3
        self.speed = speed
        phase = self.phase + speed / 60.0
        made = int(phase)
        self.phase = phase - made
        made = min(made, around.waiting, around.space, self.limit - self.taken)
        scrap = 0
        if around.luck < self.risk * made:
            scrap = made if self.risk > 0.5 else 1
        self.made = made
        self.taken += made
        self.good += made - scrap
        self.scrap += scrap
        self.to_jam -= 1.0
        self.wear += self.wear_factor / make.life
        return made - scrap

    def _heat(self, ambient: float) -> None:
        make = self.MAKE
        worn = self.wear - 0.3 if self.wear > 0.3 else 0.0
        if self.state == _EXECUTE:
            power = make.idle + (make.run - make.idle) * self.speed / NOMINAL
            power *= 1.0 + 0.3 * worn  # a worn bearing brakes
        else:
            power = make.standby if self.state == _STOPPED else make.idle
            if self.cause == _REST:  # in a break, drives are let go and heaters held back
                power *= _RESTING
        power = self.power = self.power + (power - self.power) * 0.5
        self.energy += power / 3600.0
        heat = ambient + make.rise * power * (1.0 + 0.2 * worn + 1.2 * worn * worn)
        self.motor_temp += (heat - self.motor_temp) / 600.0

    @classmethod
    def _names(cls) -> list[str]:
        return [name for kind in cls.__mro__ for name in getattr(kind, "__slots__", ())]

    def _resume(self, chance: Chance) -> None:
        if self.cause == Cause.BREAKDOWN:
            self.wear, self.wear_factor = 0.05, 1.0
        elif self.cause == Cause.MATERIAL:
            self.refill()
        elif self.cause == Cause.CHANGEOVER:
            self.limit = NEVER
        else:
            self._next_jam(chance)
        self.left = 0.0
        self.state, self.cause = _STARTING, _NONE

    def _next_jam(self, chance: Chance) -> None:
        source = chance.draw(self.MAKE.name, self.decisions)
        self.decisions += 1
        self.to_jam = 60.0 + source.expovariate(1.0) * self.MAKE.jam_every
