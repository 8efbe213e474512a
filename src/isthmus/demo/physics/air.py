"""The air compressor: old; throttles its inlet while it is needed, unloads when it is not."""

from __future__ import annotations

LOAD, UNLOAD = 6.9, 7.6  # bar
_THROTTLE = 0.4  # bar below `UNLOAD` at which it delivers all it can
_LEAST = 0.25  # share of that below which it unloads instead
_FILL = 0.07  # bar a second when it delivers all and nobody takes air
_LOADED, _IDLING = 37.0, 15.0  # kW
_SLEEP = 60.0  # seconds of idling after which the motor stops
_LEAK = 0.10  # what is lost when all is well, share of what it can deliver


class Compressor:
    """Pressure, motor, hours and power of the one compressor."""

    __slots__ = ("energy", "hours", "idled", "leak", "loading", "power", "pressure", "running")

    def __init__(self) -> None:
        self.pressure = 7.3
        self.loading = 1
        self.running = 1
        self.idled = 0.0
        self.hours = 12_345.0
        self.power = 31.2
        self.energy = 0.0
        self.leak = _LEAK

    def step(self, use: float) -> None:
        """One second in which machines take `use` (share of what it can deliver)."""
        share = min(1.0, (UNLOAD - self.pressure) / _THROTTLE)
        if self.pressure <= LOAD:
            self.loading = self.running = 1
            self.idled = 0.0
        elif share < _LEAST:
            self.loading = 0
        if not self.loading and self.running:
            self.idled += 1.0
            if self.idled >= _SLEEP:
                self.running = 0
        taken = (use + self.leak) * self.pressure / 7.2
        made = share if self.loading else 0.0
        self.pressure += _FILL * (made - taken)
        aim = _IDLING + (_LOADED - _IDLING) * made if self.running else 0.0
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
