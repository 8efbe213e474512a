"""The air compressor: old, loads and unloads between two pressures, and leaks for ever."""

from __future__ import annotations

LOAD, UNLOAD = 6.9, 7.6  # bar
_FILL = 0.07  # bar a second when it loads and nobody takes air
_LOADED, _IDLING = 37.0, 15.0  # kW
_SLEEP = 60.0  # seconds of idling after which the motor stops


class Compressor:
    """Pressure, motor, hours and power of the one compressor."""

    __slots__ = ("energy", "hours", "idled", "leak", "loading", "power", "pressure", "running")

    def __init__(self) -> None:
        self.pressure = 7.2
        self.loading = 1
        self.running = 1
        self.idled = 0.0
        self.hours = 12_345.0
        self.power = _LOADED
        self.energy = 0.0
        self.leak = 0.10  # of what it can deliver

    def step(self, use: float) -> None:
        """One second in which machines take `use` (share of what it can deliver)."""
        if self.pressure <= LOAD:
            self.loading = self.running = 1
            self.idled = 0.0
        elif self.pressure >= UNLOAD:
            self.loading = 0
        if not self.loading and self.running:
            self.idled += 1.0
            if self.idled >= _SLEEP:
                self.running = 0
        taken = (use + self.leak) * self.pressure / 7.2
        self.pressure += _FILL * (self.loading - taken)
        aim = _LOADED if self.loading else _IDLING if self.running else 0.0
        self.power += (aim - self.power) * 0.4
        self.energy += self.power / 3600.0
        if self.running:
            self.hours += 1.0 / 3600.0

    def dump(self) -> dict[str, float]:
        """All that `load` needs to go on."""
        return {name: getattr(self, name) for name in self.__slots__}

    def load(self, saved: dict[str, float]) -> None:
        """Goes on from what `dump` gave."""
        for name in self.__slots__:
            setattr(self, name, saved[name])
