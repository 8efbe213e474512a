"""What the plant's instruments show: every tag once, with its unit, noise and how it is sampled.

The plant file, the servers and the back-fill all read this table, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINES = ("filler", "capper", "labeller", "packer", "palletiser")
_COMMON = ("state", "cause", "speed", "good_count", "scrap_count", "power", "energy")

# The order of the values in a row of `physics.plant.Plant.row`.
COLUMNS: tuple[str, ...] = (
    *(f"{m}.{name}" for m in MACHINES for name in (*_COMMON, "motor_temp", "wear")),
    *(f"{m}.buffer" for m in MACHINES[:-1]),
    *("filler.bowl_pressure", "filler.frozen", "filler.fill_volume"),
    *("filler.setpoint", "filler.order_quantity"),
    *("capper.bearing_temp", "capper.cap_torque"),
    *("labeller.label_offset", "labeller.film_left"),
    *("packer.glue_temperature", "packer.cartons_left"),
    *("palletiser.pallet", "palletiser.drive_power", "palletiser.order_good"),
    *("meter.power", "meter.energy"),
    *("compressor.pressure", "compressor.running", "compressor.hours"),
    *("compressor.power", "compressor.energy"),
    "ambient",
)


@dataclass(frozen=True, slots=True)
class Signal:
    """One tag of a type. Noise is `sigma` plus `share` of the value; `step` the resolution.

    A connection looks every `every` seconds and passes on what moved by more than `deadband`.
    """

    name: str
    unit: str = ""
    range: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    limits: tuple[tuple[str, float], ...] = ()
    deadband: float = 0.0
    sigma: float = 0.0
    share: float = 0.0
    step: float = 0.0
    every: int = 1
    kind: str = "number"
    legend: str = ""
    counter: str = ""  # as the plant file writes it
    role: str = ""
    description: str = ""
    write: str = ""  # as the plant file writes it
    specification: tuple[float, float] | None = None


_COUNT = "{resets: true}"

MACHINE = (
    Signal("state", kind="enumeration", legend="packml"),
    Signal("cause", kind="enumeration", legend="cause", description="why it does not execute"),
    Signal("good_count", counter=_COUNT, every=2),
    Signal("scrap_count", counter=_COUNT, every=2),
    Signal("power", "kW", (0, 60), deadband=0.05, share=0.015, step=0.01),
    Signal("energy", "kWh", counter="{wraps_at: 1_000_000}", step=0.001, every=5),
    Signal("motor_temp", "degC", (0, 120), (30, 75), (("high", 85), ("high_high", 95)),
           deadband=0.15, sigma=0.12, step=0.01, every=2),
    Signal("motor_current", "A", (0, 100), deadband=0.1, share=0.02, step=0.01, every=2),
    Signal("vibration", "mm/s", (0, 30), (0, 2.8), (("high", 4.5), ("high_high", 7.1)),
           deadband=0.05, share=0.04, step=0.01, role=""),
)  # fmt: skip

_SPEED = Signal("speed", "1/min", (0, 200), (100, 126), deadband=0.5, share=0.004, step=0.1)
_CASES = Signal("speed", "{case}/min", (0, 8), (4.2, 5.3), deadband=0.02, share=0.004, step=0.01)
_BUFFER = Signal("buffer", every=2, description="pieces on the conveyor behind it")

TYPES: dict[str, tuple[Signal, ...]] = {
    "Filler": (
        _SPEED,
        Signal("setpoint", "1/min", (0, 180),
               write="{range: [90, 130], max_step: 15, max_rate: 40, needs: [permit], "
               "interlocks: [capper/state != aborted]}"),
        Signal("bowl_pressure", "bar", (0, 4), (2.3, 2.5),
               deadband=0.01, sigma=0.006, step=0.001, every=2),
        Signal("fill_volume", "mL", (480, 520), (498, 502.5), (("low", 495), ("high", 505)),
               deadband=0.2, sigma=0.35, step=0.1, specification=(497, 503)),
        _BUFFER,
        Signal("order", kind="text", role="order"),
        Signal("product", kind="text", role="product"),
        Signal("order_quantity", role="order_quantity", description="good pieces wanted"),
        Signal("orders", kind="text", role="orders",
               description="the order book as JSON: running and next"),
    ),
    "Capper": (
        _SPEED,
        Signal("bearing_vibration", "mm/s", (0, 15), (0.8, 2.8), (("high", 4.5),
               ("high_high", 7.1)), deadband=0.05, share=0.03, step=0.01, role="vibration"),
        Signal("bearing_temp", "degC", (0, 120), (30, 65), (("high", 75), ("high_high", 85)),
               deadband=0.15, sigma=0.1, step=0.1, every=2),
        Signal("cap_torque", "N.m", (0, 4), (1.65, 1.95), (("low", 1.6), ("high", 2.0)),
               deadband=0.01, sigma=0.008, step=0.001, every=2, specification=(1.6, 2.0)),
        Signal("air_pressure", "bar", (0, 10), (5.6, 6.6), (("low", 5.0),),
               deadband=0.03, sigma=0.01, step=0.01, every=2),
        _BUFFER,
    ),
    "Labeller": (
        _SPEED,
        Signal("label_offset", "mm", (-3, 3), (-0.8, 0.8), (("low", -1.5), ("high", 1.5)),
               deadband=0.02, sigma=0.02, step=0.01, every=2),
        Signal("film_left", "%", (0, 100), (10, 100), step=0.1, every=5),
        _BUFFER,
    ),
    "Packer": (
        _CASES,
        Signal("glue_temperature", "degC", (0, 250), (155, 172), (("low", 150), ("high", 180)),
               deadband=0.1, sigma=0.1, step=0.1, every=2),
        Signal("cartons_left", "%", (0, 100), (10, 100), step=0.1, every=5),
        _BUFFER,
    ),
    "Palletiser": (
        _CASES,
        Signal("pallet", "{case}", (0, 60), description="cartons on the present pallet"),
        Signal("drive_power", "kW", (0, 15), (4, 8), deadband=0.05, share=0.015, step=0.01),
        Signal("order_good", counter=_COUNT, every=2, role="order_good",
               description="good pieces of the order at the end of the line"),
    ),
    "EnergyMeter": (
        Signal("power", "kW", (0, 200), (66, 82), deadband=0.1, share=0.006, step=0.01),
        Signal("energy", "kWh", counter="{wraps_at: 1_000_000}", step=0.01, every=5),
        Signal("reactive_power", "kvar", (0, 200), deadband=0.2, share=0.01, step=0.01, every=5),
        Signal("power_factor", "", (0, 1), deadband=0.005, sigma=0.003, step=0.001, every=5),
        Signal("frequency", "Hz", (45, 55), deadband=0.01, sigma=0.008, step=0.01, every=5),
        *(Signal(f"voltage_{phase}", "V", (0, 400), deadband=0.3, sigma=0.4, step=0.1, every=5)
          for phase in (1, 2, 3)),
        *(Signal(f"current_{phase}", "A", (0, 300), deadband=0.5, share=0.008, step=0.1, every=5)
          for phase in (1, 2, 3)),
    ),
    "LegacyCompressor": (
        Signal("pressure", "bar", (0, 12), (6.8, 7.7), (("low", 6.2),),
               deadband=0.01, sigma=0.004, step=0.01, every=2),
        Signal("running", kind="boolean", every=2),
        Signal("hours", "h", counter="true", step=1.0, every=2),
        Signal("power", "kW", (0, 90), deadband=0.1, share=0.01, step=0.01),
        Signal("energy", "kWh", counter="{wraps_at: 1_000_000}", step=0.001, every=5),
    ),
}  # fmt: skip

LINE = "packaging/line1"
UNITS: dict[str, str] = {
    f"{LINE}/filler": "Filler",
    f"{LINE}/capper": "Capper",
    f"{LINE}/labeller": "Labeller",
    f"{LINE}/packer": "Packer",
    f"{LINE}/palletiser": "Palletiser",
    f"{LINE}/meter": "EnergyMeter",
    "utilities/air/compressor": "LegacyCompressor",
}


def signals(kind: str) -> tuple[Signal, ...]:
    """All signals of a type, inherited first."""
    return (MACHINE if kind.lower() in MACHINES else ()) + TYPES[kind]


# Every tag that is a number, and the texts beside them, by path: the order of all columns here.
SIGNALS: dict[str, Signal] = {
    f"{unit}/{signal.name}": signal
    for unit, kind in UNITS.items()
    for signal in signals(kind)
    if signal.kind != "text"
}
PATHS: list[str] = list(SIGNALS)
TEXTS = (f"{LINE}/filler/order", f"{LINE}/filler/product", f"{LINE}/filler/orders")


def short(path: str) -> str:
    """`filler.speed` for `packaging/line1/filler/speed`."""
    unit, _, name = path.rpartition("/")
    return f"{unit.rpartition('/')[2]}.{name}"
