"""Quantities as people write them - `120/min`, `250 ms`, `1.5 kW`, `400 d` - with their dimension.

A unit is symbols joined by `/` and `.` (or `*`), each with an optional power: `kWh`, `1/min`,
`m3/h`, `m/s2`, `N.m`. `/` divides by the one symbol behind it. Words in braces count things, as in
UCUM: `{bottles}/min`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator

from isthmus.model.path import nearest
from isthmus.model.unit_table import PLAIN, PREFIXES, SHOWN, UNITS, Dimension, Known

MAX_UNIT = 64
_MAX_NUMBER = 40

_OPERATOR = re.compile(r"([/.*·])")
_POWER = re.compile(r"(.+?)(\^?-?[1-9]|²|³)")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_RAISED = {"²": "2", "³": "3"}
_SPELT_OUT = {
    "celsius": "degC",
    "fahrenheit": "degF",
    "second": "s",
    "seconds": "s",
    "secs": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "days": "d",
    "years": "y",
    "watt": "W",
    "kilowatt": "kW",
    "percentage": "%",
    "litre": "L",
    "liter": "L",
}
_COMMON = ("kW", "kWh", "MW", "MWh", "min", "ms", "mm", "degC", "bar", "mbar", "kPa", "Hz", "rpm")
_SHOWN_POWER = {"2": "²", "3": "³"}


class UnitError(ValueError):
    """A text that is no quantity or no unit; `hint` names the nearest that is."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: `value * factor + offset` is the value in SI units."""

    symbol: str
    dimension: Dimension
    factor: float
    offset: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Unit:
        """The unit that `text` writes; UnitError, which names the nearest, where it is none."""
        if len(text) > MAX_UNIT:
            raise UnitError(f"a unit has at most {MAX_UNIT} characters")
        return _parse_unit(text.strip())

    @property
    def display(self) -> str:
        """The unit as a page shows it: `°C`, `m³/h`, `µm`."""
        return display(self.symbol)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """The quantity that `text` writes; UnitError where it is none."""
        text = text.strip()
        number = _NUMBER.match(text[:_MAX_NUMBER])
        if not number:
            raise UnitError(
                f"`{text[:_MAX_NUMBER]}` is no quantity", hint="write a number and a unit: `250 ms`"
            )
        rest = text[number.end() :].strip()
        if rest.startswith(","):
            raise UnitError(
                f"`{text[:_MAX_NUMBER]}` has a comma", hint="write a point: `1.5 kW`, not `1,5 kW`"
            )
        value = float(number[0].replace("_", ""))
        if not math.isfinite(value):
            raise UnitError(f"`{text[:_MAX_NUMBER]}` is too large a number")
        return cls(value, Unit.parse(rest))

    def to(self, unit: str | Unit) -> float:
        """The value in `unit`; UnitError where that measures something else."""
        wanted = Unit.parse(unit) if isinstance(unit, str) else unit
        if wanted.dimension != self.unit.dimension:
            raise UnitError(
                f"`{self}` cannot be read in `{wanted.symbol}`",
                hint=f"write a unit like `{wanted.symbol}`",
            )
        if wanted == self.unit:
            return self.value
        base = self.value * self.unit.factor + self.unit.offset
        return (base - wanted.offset) / wanted.factor

    def __str__(self) -> str:
        number = repr(self.value).removesuffix(".0")
        gap = "" if self.unit.symbol.startswith("/") else " "
        return f"{number}{gap}{self.unit.symbol}".strip()


def compatible(one: str, other: str) -> bool:
    """Whether a value in unit `one` can be converted to `other`; UnitError where one is none."""
    return Unit.parse(one).dimension == Unit.parse(other).dimension


def display(unit: str) -> str:
    """`unit` as a page shows it: `degC` as `°C`, `m3/h` as `m³/h`, `um` as `µm`."""

    def shown(factor: str) -> str:
        symbol, power = _split_power(factor)
        if factor in UNITS and factor not in {"Nm3", "Sm3"}:
            symbol, power = factor, 1
        prefix, base = (symbol[0], symbol[1:]) if _is_prefixed(symbol) else ("", symbol)
        name = {"u": "µ"}.get(prefix, prefix) + SHOWN.get(base, base).strip("{}")
        return name if power == 1 else name + _SHOWN_POWER.get(str(power), str(power))

    if unit == "1":
        return ""
    parts = _OPERATOR.split(unit)
    parts[::2] = [shown(part) if part not in {"", "1"} else part for part in parts[::2]]
    return "".join("·" if part in {".", "*"} else part for part in parts)


def seconds(written: object) -> object:
    """The seconds that a quantity such as `250 ms` stands for; anything but text is kept."""
    if not isinstance(written, str):
        return written
    quantity = Quantity.parse(written)
    if not quantity.unit.symbol:
        return quantity.value
    return quantity.to("s")


Seconds = Annotated[float, BeforeValidator(seconds, json_schema_input_type=float | str)]
"""A field in seconds that a plant file may write as `250 ms`, `5 s`, `2 h`, or as a number."""


@lru_cache(maxsize=1024)
def _parse_unit(text: str) -> Unit:
    if not text:
        return Unit("", PLAIN, 1.0)
    factor, powers = 1.0, PLAIN
    parts = _OPERATOR.split(text)
    for operator, part in zip(["", *parts[1::2]], parts[::2], strict=True):
        if not part.strip() and not operator and len(parts) > 1:
            continue  # `/min`, as in `120/min`
        known, power = _look_up(part.strip(), text)
        power = -power if operator == "/" else power
        factor *= known.factor**power
        powers = tuple(a + b * power for a, b in zip(powers, known.dimension, strict=True))
    alone = UNITS.get(text)
    return Unit(text, powers, factor, alone.offset if alone else 0.0)


def _look_up(part: str, text: str) -> tuple[Known, int]:
    """The table's entry for one factor of a unit, and the power it is raised to."""
    whole = _known(part)
    if whole is not None:  # before the power is split off: `Nm3` is a normal cubic metre
        return whole, 1
    symbol, power = _split_power(part)
    known = _known(symbol)
    if known is not None:
        return known, power
    if not symbol:
        raise UnitError(f"`{text}` is no unit", hint="write it like `kW`, `1/min`, `m3/h`")
    meant = _SPELT_OUT.get(symbol.lower()) or nearest(symbol, _COMMON) or nearest(symbol, symbols())
    hint = f"did you mean `{text.replace(symbol, meant)}`?" if meant else ""
    raise UnitError(
        f"`{text}` is no unit" + (f": `{symbol}` is not known" if symbol != text else ""),
        hint=hint or "write it like `kW`, `1/min`, `m3/h`; count things as `{bottles}`",
    )


def _known(symbol: str) -> Known | None:
    if symbol in UNITS:
        return UNITS[symbol]
    if len(symbol) > 1 and symbol[0] == "{" and symbol.find("}") == len(symbol) - 1:
        return UNITS["1"]
    if _is_prefixed(symbol):
        base = UNITS[symbol[1:]]
        return Known(PREFIXES[symbol[0]] * base.factor, base.dimension)
    return None


def _is_prefixed(symbol: str) -> bool:
    base = UNITS.get(symbol[1:])
    return symbol not in UNITS and symbol[:1] in PREFIXES and base is not None and base.prefixes


def _split_power(factor: str) -> tuple[str, int]:
    found = _POWER.fullmatch(factor)
    if not found:
        return factor, 1
    return found[1], int(_RAISED.get(found[2], found[2].lstrip("^")))


@lru_cache(maxsize=1)
def symbols() -> tuple[str, ...]:
    """All symbols of the table, the common prefixes of those that take them included."""
    prefixed = (p + name for p in "mkM" for name, known in UNITS.items() if known.prefixes)
    return (*UNITS, *(name for name in prefixed if name not in UNITS))
