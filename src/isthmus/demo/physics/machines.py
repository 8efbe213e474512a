"""What each of the five machines has of its own, and how that makes scrap."""

from __future__ import annotations

from isthmus.demo.physics.chance import Chance
from isthmus.demo.physics.machine import NOMINAL, Around, Machine, Make
from isthmus.model.state import State

DAY = 86_400.0
CASE = 24  # pieces
PALLET = 60  # cases
DELIVERY = 24_000  # empty bottles
ROLL = 26_000  # labels on a roll of film
MAGAZINE = 150  # cartons

_EXECUTE = State.EXECUTE


class Filler(Machine):
    """Fills half a litre from a bowl under pressure; too little or too much is rejected."""

    MAKE = Make("filler", 18.3, 8.2, 0.6, 2.2, 1700, 95, 720, 0.0055, 90 * DAY)
    __slots__ = ("bottles", "bowl_pressure", "fill_volume", "steady")

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.bottles = DELIVERY * 0.9  # empty ones, waiting to be filled
        self.bowl_pressure = 2.41
        self.fill_volume = 500.3
        self.steady = 60.0  # seconds since it started

    def adjust(self, around: Around) -> None:
        """The bowl needs some seconds after a start until its pressure is right."""
        self.bottles -= self.made
        if self.state == _EXECUTE:
            self.steady += 1.0
        else:
            self.steady = 0.0
        sag = 0.12 * 0.55**self.steady if self.steady < 20.0 else 0.0
        pressure = self.bowl_pressure
        pressure += (2.41 - sag - pressure) * 0.25 + 0.003 * around.drift
        self.bowl_pressure = pressure
        volume = 500.3 + 30.0 * (pressure - 2.41)
        self.fill_volume = volume
        off = abs(volume - 500.3) - 1.6
        self.risk = self.MAKE.scrap if off <= 0.0 else min(0.95, self.MAKE.scrap + 0.25 * off)

    def short(self) -> bool:
        """Whether the empty bottles have run out."""
        return self.bottles <= 0.0

    def refill(self) -> None:
        """The next truck."""
        self.bottles = float(DELIVERY)


class Capper(Machine):
    """Screws caps on; its main bearing is what wears in this plant."""

    MAKE = Make("capper", 5.4, 2.4, 0.2, 7.4, 4000, 300, 300, 0.004, 60 * DAY)
    __slots__ = ("bearing_temp", "cap_torque")

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.cap_torque = 1.79
        self.bearing_temp = 54.0

    def adjust(self, around: Around) -> None:
        """Torque falls with the air's pressure and wanders with a worn bearing."""
        worn = self.wear - 0.3 if self.wear > 0.3 else 0.0
        aim = 1.79 - 0.06 * max(0.0, 6.6 - around.air)
        self.cap_torque += (aim - self.cap_torque) * 0.05 + (0.002 + 0.01 * worn) * around.drift
        heat = 24.0 + 30.0 * self.speed / NOMINAL + 45.0 * worn * worn
        self.bearing_temp += (heat - self.bearing_temp) / 420.0
        off = abs(self.cap_torque - 1.79) - 0.08
        self.risk = self.MAKE.scrap + (0.15 * off if off > 0.0 else 0.0) + 0.012 * worn


class Labeller(Machine):
    """Sleeves the bottles from a roll of film that has an end."""

    MAKE = Make("labeller", 4.1, 1.8, 0.2, 9.0, 3600, 60, 420, 0.0025, 80 * DAY)
    __slots__ = ("film", "label_offset")

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.film = ROLL * 0.7
        self.label_offset = 0.3

    def adjust(self, around: Around) -> None:
        """The offset wanders while it runs; a new roll is threaded straight."""
        self.film -= self.made
        if self.state == _EXECUTE:
            self.label_offset += (0.3 - self.label_offset) * 0.004 + 0.012 * around.drift
        off = abs(self.label_offset) - 0.8
        self.risk = self.MAKE.scrap + (0.05 * off if off > 0.0 else 0.0)

    def short(self) -> bool:
        """Whether the roll is empty."""
        return self.film <= 0.0

    def refill(self) -> None:
        """A new roll."""
        self.film = float(ROLL)
        self.label_offset = 0.1


class Packer(Machine):
    """Packs 24 bottles into a carton and glues it."""

    MAKE = Make("packer", 7.9, 4.4, 0.4, 4.2, 4200, 90, 360, 0.0005, 85 * DAY)
    __slots__ = ("cartons", "glue_temperature", "heating")

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.cartons = MAGAZINE * 0.8
        self.glue_temperature = 164.0
        self.heating = 0.0

    def adjust(self, around: Around) -> None:
        """The glue's heater switches between 163 and 166; cartons are filled up by hand."""
        self.cartons -= self.made / CASE
        if self.cartons < 0.22 * MAGAZINE and around.drift > 2.2:  # somebody passes and sees it
            self.cartons = float(MAGAZINE)
        if self.glue_temperature < 163.0:
            self.heating = 1.0
        elif self.glue_temperature > 166.0:
            self.heating = 0.0
        aim = 205.0 if self.heating else 120.0
        self.glue_temperature += (aim - self.glue_temperature) / 900.0
        self.risk = self.MAKE.scrap + (0.05 if self.glue_temperature < 155.0 else 0.0)

    def short(self) -> bool:
        """Whether the magazine is empty."""
        return self.cartons <= 0.0

    def refill(self) -> None:
        """A full magazine."""
        self.cartons = float(MAGAZINE)


class Palletiser(Machine):
    """Stacks 60 cartons on a pallet; each layer lifts the drive's load."""

    MAKE = Make("palletiser", 6.2, 2.8, 0.3, 6.4, 6000, 60, 240, 0.0, 100 * DAY)
    __slots__ = ("drive_power", "order_start")

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.drive_power = 6.2
        self.order_start = 0  # `good` when the order began here

    @property
    def pallet(self) -> int:
        """Cartons on the present pallet."""
        return (self.good - self.order_start) // CASE % PALLET

    def adjust(self, around: Around) -> None:  # noqa: ARG002 - nothing around it matters
        """The drive works harder the higher the pallet is."""
        aim = self.power * (0.94 + 0.12 * self.pallet / PALLET)
        self.drive_power += (aim - self.drive_power) * 0.2


LINE: tuple[type[Machine], ...] = (Filler, Capper, Labeller, Packer, Palletiser)
BUFFERS = (200, 80, 150, 20)  # pieces, behind the first four
