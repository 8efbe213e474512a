"""The whole plant in steps of one second: line, buffers, orders, air, calendar and faults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, cast

from isthmus.demo.physics.air import Compressor
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.chance import Chance
from isthmus.demo.physics.machine import NEVER, Around, Duty
from isthmus.demo.physics.machines import (
    BUFFERS,
    MAGAZINE,
    ROLL,
    Capper,
    Filler,
    Labeller,
    Packer,
    Palletiser,
)
from isthmus.demo.physics.order import Order, order
from isthmus.model.state import Cause, State

_EXECUTE, _CHANGEOVER = State.EXECUTE, Cause.CHANGEOVER
VERSION = 1
SLOWEST, FASTEST = 60.0, 140.0  # pieces a minute that the filler's drive takes
AIR = (0.14, 0.08, 0.12, 0.18, 0.11)  # what each machine takes at work, share of the compressor
LIGHTS = 1.5  # kW that no machine's meter sees

Row = tuple[float, ...]


class Fault(StrEnum):
    """What can be made to go wrong on demand."""

    BEARING = "bearing"
    LEAK = "leak"
    SENSOR_FREEZE = "sensor-freeze"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Happening:
    """A shift begins (`shift`), an order starts or is done (`start`, `done`); `now` in s, UTC."""

    now: int
    kind: str
    text: str


class Plant:
    """The plant at `now` (s, UTC); `step` takes it one second on."""

    def __init__(self, seed: int, now: int, *, first_order: int, calendar: Calendar) -> None:
        self.seed, self.now, self.calendar = seed, now, calendar
        self.chance = Chance(seed)
        self.filler = Filler(self.chance)
        self.capper = Capper(self.chance)
        self.labeller = Labeller(self.chance)
        self.packer = Packer(self.chance)
        self.palletiser = Palletiser(self.chance)
        self.machines = (self.filler, self.capper, self.labeller, self.packer, self.palletiser)
        self.buffers = [int(0.4 * capacity) for capacity in BUFFERS]
        behind = 0  # what stands in the buffers has passed every machine before them
        for machine, pieces in zip(self.machines[-2::-1], self.buffers[::-1], strict=True):
            behind += pieces
            machine.taken = machine.good = behind
        self.compressor = Compressor()
        self.air_use = sum(AIR)
        self.energy = 0.0  # kWh of the main meter
        self.power = 75.0
        self.ambient = 22.0
        self.filling = self.packing = first_order  # order numbers at the two ends of the line
        self.filling_since = now
        self.finished = 0, 0  # the order that ended last, and its good pieces
        self.filler.limit = order(first_order).fills
        self.faults: frozenset[Fault] = frozenset()
        self.frozen: float | None = None  # what the fill sensor shows for ever
        self.opening = 0  # when it first opened (s, UTC), with weeks before that; 0 without them
        self.wish: float | None = None  # a speed that somebody set for the present order
        self.happenings: list[Happening] = []
        self._around = Around()
        self._duty = Duty.WORK
        self._minute = -1
        self._shift = ""

    def step(self) -> None:
        """One second."""
        now = self.now = self.now + 1
        if now // 60 != self._minute:
            self._new_minute()
        luck, drift = self.chance.second(now)
        around, buffers = self._around, self.buffers
        around.duty, around.ambient = self._duty, self.ambient
        around.air, around.pace = self.compressor.pressure, self.pace
        use, power = 0.0, LIGHTS
        # From the end of the line, so that a place that becomes free is free in this second.
        for place in (4, 3, 2, 1, 0):
            machine = self.machines[place]
            self._set_around(place)
            around.luck, around.drift = luck[place], drift[place]
            changing = machine.cause == _CHANGEOVER
            good = machine.step(around, self.chance)
            if place:
                buffers[place - 1] -= machine.made
            if place < 4:
                buffers[place] += good
            if changing != (machine.cause == _CHANGEOVER):
                self._change(place, begins=not changing)
            if machine.state == _EXECUTE:
                use += AIR[place]
            power += machine.power
        self.air_use += (use - self.air_use) * 0.2
        self.compressor.step(self.air_use)
        self.power = power + self.compressor.power
        self.energy += self.power / 3600.0

    @property
    def order(self) -> Order:
        """What the filler works on."""
        return order(self.filling)

    @property
    def done(self) -> int:
        """Good pieces of the order at the end of the line."""
        return self.palletiser.good - self.palletiser.order_start

    def set_faults(self, faults: frozenset[Fault]) -> None:
        """The faults that are on from now; a bearing once broken is repaired like any other."""
        begun, ended = faults - self.faults, self.faults - faults
        if Fault.BEARING in begun:
            # Within half an hour of work from the first sign to the end.
            self.capper.wear = max(self.capper.wear, 0.55)
            self.capper.wear_factor = self.capper.MAKE.life * 0.45 / 1800.0
        if Fault.BEARING in ended:
            self.capper.wear, self.capper.wear_factor = 0.1, 1.0
        self.compressor.leak = 0.55 if Fault.LEAK in faults else 0.10
        if Fault.SENSOR_FREEZE not in faults:
            self.frozen = None
        elif self.frozen is None:
            self.frozen = round(self.filler.fill_volume, 1)
        self.faults = faults

    def rouse(self) -> None:
        """Lets every stop end soon, so that a plant that opens is seen to run."""
        for machine in self.machines:
            machine.rouse()

    def row(self) -> Row:
        """What is true in this second, in the order of `isthmus.demo.signal.COLUMNS`."""
        filler, capper, labeller = self.filler, self.capper, self.labeller
        packer, palletiser, air = self.packer, self.palletiser, self.compressor
        common: list[float] = []
        for machine in self.machines:
            common += (
                machine.state, machine.cause, machine.speed,
                machine.good - machine.offset_good, machine.scrap - machine.offset_scrap,
                machine.power, machine.energy, machine.motor_temp, machine.wear,
            )  # fmt: skip
        return (
            *common,
            *self.buffers,
            filler.bowl_pressure, math.nan if self.frozen is None else self.frozen,
            filler.fill_volume, self.pace, self.order.planned,
            capper.bearing_temp, capper.cap_torque,
            labeller.label_offset, max(0.0, labeller.film) * 100.0 / ROLL,
            packer.glue_temperature, max(0.0, packer.cartons) * 100.0 / MAGAZINE,
            palletiser.pallet, palletiser.drive_power, self.done,
            self.power, self.energy,
            air.pressure, air.running, air.hours, air.power, air.energy,
            self.ambient,
        )  # fmt: skip

    def dump(self) -> dict[str, Any]:
        """All that `load` needs to go on as if nothing had happened; fit for JSON."""
        return {
            "version": VERSION,
            "seed": self.seed,
            "now": self.now,
            "breaks": [list(pair) for pair in self.calendar.breaks],
            "machines": [machine.dump() for machine in self.machines],
            "buffers": self.buffers,
            "compressor": self.compressor.dump(),
            "air_use": self.air_use,
            "energy": self.energy,
            "power": self.power,
            "ambient": self.ambient,
            "filling": self.filling,
            "packing": self.packing,
            "filling_since": self.filling_since,
            "finished": list(self.finished),
            "faults": sorted(self.faults),
            "frozen": self.frozen,
            "wish": self.wish,
            "opening": self.opening,
            "shift": self._shift,
        }

    @classmethod
    def load(cls, saved: Mapping[str, Any]) -> Self:
        """The plant that `dump` saved; KeyError or ValueError where it is not one."""
        if saved["version"] != VERSION:
            raise ValueError(f"a plant of version {saved['version']}, not {VERSION}")
        calendar = Calendar(tuple((int(start), int(end)) for start, end in saved["breaks"]))
        plant = cls(saved["seed"], saved["now"], first_order=saved["filling"], calendar=calendar)
        for machine, state in zip(plant.machines, saved["machines"], strict=True):
            machine.load(state)
        plant.buffers = list(saved["buffers"])
        plant.compressor.load(saved["compressor"])
        plant.air_use, plant.energy = saved["air_use"], saved["energy"]
        plant.power, plant.ambient = saved["power"], saved["ambient"]
        plant.packing, plant.filling_since = saved["packing"], saved["filling_since"]
        ended, good = saved["finished"]
        plant.finished = int(ended), int(good)
        plant.faults = frozenset(Fault(name) for name in saved["faults"])
        plant.frozen = saved["frozen"]
        plant.wish, plant.opening = saved.get("wish"), saved.get("opening", 0)
        plant._shift = saved["shift"]
        plant._duty = calendar.duty(plant.now)
        plant._minute = plant.now // 60
        return plant

    @property
    def pace(self) -> float:
        """The speed that was set, else what the product allows, in pieces a minute."""
        return self.order.speed if self.wish is None else self.wish

    def set_speed(self, wish: float) -> None:
        """Run the present order at this speed, as far as the line can; the next has its own."""
        self.wish = min(max(wish, SLOWEST), FASTEST)

    def _set_around(self, place: int) -> None:
        """The buffers before and behind the machine at `place`."""
        around = self._around
        if place:
            capacity = BUFFERS[place - 1]
            around.waiting = self.buffers[place - 1]
            around.fill, around.enough = around.waiting / capacity, capacity // 5
        else:
            around.waiting, around.fill, around.enough = NEVER, 0.4, 0
        if place < 4:
            capacity = BUFFERS[place]
            around.space, around.roomy = capacity - self.buffers[place], capacity // 5
        else:
            around.space, around.roomy = NEVER, 0

    def _new_minute(self) -> None:
        self._minute = self.now // 60
        self._duty = self.calendar.duty(self.now)
        hours = self.now / 3600.0 % 24.0
        self.ambient = 22.0 + 3.0 * math.sin((hours - 9.0) * math.pi / 12.0)
        shift = self.calendar.shift(self.now)
        if shift != self._shift:
            self._shift = shift
            self._tell("shift", shift)

    def _change(self, place: int, *, begins: bool) -> None:
        """An order ends, or the next one begins, at a machine."""
        machine = self.machines[place]
        if begins:
            if place < 4:  # what stands between still belongs to the old order
                self.machines[place + 1].limit = machine.good
            else:
                self.finished = self.packing, self.done
                self._tell("done", order(self.packing).name)
        elif place == 0:
            filler = cast("Filler", machine)
            self.filling += 1
            self.wish = None  # the recipe sets it anew
            self.filling_since = self.now
            filler.limit = filler.taken + self.order.fills
            filler.offset_good, filler.offset_scrap = filler.good, filler.scrap
            self._tell("start", self.order.name)
        elif place == 4:
            self.packing += 1
            self.palletiser.order_start = self.palletiser.good

    def _tell(self, kind: str, text: str) -> None:
        self.happenings.append(Happening(self.now, kind, text))
