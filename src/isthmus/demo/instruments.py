"""From what is true to what the instruments show: derived quantities, noise, resolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isthmus.demo.physics.chance import HOUR, Chance
from isthmus.demo.physics.machine import NOMINAL
from isthmus.demo.physics.machines import CASE
from isthmus.demo.signal import COLUMNS, MACHINES, PATHS, SIGNALS, short

Floats = npt.NDArray[np.float64]

_AT = {name: place for place, name in enumerate(COLUMNS)}
_ROOT3 = 3**0.5
_VIBRATION = {"filler": 1.3, "capper": 1.1, "labeller": 0.9, "packer": 1.7, "palletiser": 2.1}
_TAGS = {short(path): place for place, path in enumerate(PATHS)}
_DIRECT = [(place, _AT[name]) for name, place in _TAGS.items() if name in _AT]
_SIGMA = np.array([signal.sigma for signal in SIGNALS.values()])
_SHARE = np.array([signal.share for signal in SIGNALS.values()])
_PER_STEP = np.array([round(1 / signal.step) if signal.step else 1 for signal in SIGNALS.values()])
_ROUNDED = np.array([signal.step > 0 for signal in SIGNALS.values()])


class Instruments:
    """All instruments of one plant; what they add is fixed by the seed and the second."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._hour = -1
        self._noise = np.empty((0, 0), np.float32)

    def read(self, rows: Floats, first: int) -> Floats:
        """What is shown in the seconds from `first` on: (n, tags), columns as in `PATHS`.

        `rows` are true values (n, columns) of consecutive seconds of one hour.
        """
        hour, place = divmod(first, HOUR)
        if hour != self._hour:
            self._hour, self._noise = hour, self._chance.sensors(hour, len(PATHS))
        shown = np.zeros((len(rows), len(PATHS)))
        shown[:, [to for to, _ in _DIRECT]] = rows[:, [source for _, source in _DIRECT]]
        _derive(shown, rows)
        shown += self._noise[place : place + len(rows)] * (_SIGMA + _SHARE * shown)
        _settle(shown, rows)
        return shown


def _derive(shown: Floats, rows: Floats) -> None:
    """Quantities that follow from others in the same second."""

    def true(name: str) -> Floats:
        return rows[:, _AT[name]]

    for machine in MACHINES:
        ratio = true(f"{machine}.speed") / NOMINAL
        worn = np.maximum(true(f"{machine}.wear") - 0.2, 0.0)
        rough = 0.05 + _VIBRATION[machine] * ratio * np.sqrt(ratio)
        shown[:, _TAGS[f"{machine}.vibration"]] = rough * (1.0 + 1.5 * worn * worn)
        shown[:, _TAGS[f"{machine}.motor_current"]] = true(f"{machine}.power") * 1000 / 596.0
    ratio = true("capper.speed") / NOMINAL
    worn = np.maximum(true("capper.wear") - 0.2, 0.0)
    shown[:, _TAGS["capper.bearing_vibration"]] = 0.05 + 1.55 * ratio * (1.0 + 7.0 * worn * worn)
    shown[:, _TAGS["capper.air_pressure"]] = true("compressor.pressure") - 1.12
    for machine in ("packer", "palletiser"):
        shown[:, _TAGS[f"{machine}.speed"]] = true(f"{machine}.speed") / CASE
    power = true("meter.power")
    factor = 0.78 + 0.1 * power / (power + 15.0)
    shown[:, _TAGS["meter.power_factor"]] = factor
    shown[:, _TAGS["meter.reactive_power"]] = power * np.sqrt(1.0 / (factor * factor) - 1.0)
    shown[:, _TAGS["meter.frequency"]] = 50.0
    for phase, uneven in ((1, 1.03), (2, 0.99), (3, 0.98)):
        shown[:, _TAGS[f"meter.voltage_{phase}"]] = 231.5 - 0.012 * power * uneven
        shown[:, _TAGS[f"meter.current_{phase}"]] = (
            power * uneven * 1000.0 / (_ROOT3 * 400.0 * factor)
        )


def _settle(shown: Floats, rows: Floats) -> None:
    """A frozen sensor shows what it showed; all others have a resolution."""
    frozen = rows[:, _AT["filler.frozen"]]
    volume = shown[:, _TAGS["filler.fill_volume"]]
    shown[:, _TAGS["filler.fill_volume"]] = np.where(np.isnan(frozen), volume, frozen)
    rounded = np.rint(shown[:, _ROUNDED] * _PER_STEP[_ROUNDED]) / _PER_STEP[_ROUNDED]
    shown[:, _ROUNDED] = rounded
    hours = _TAGS["compressor.hours"]
    shown[:, hours] = np.floor(rows[:, _AT["compressor.hours"]])
