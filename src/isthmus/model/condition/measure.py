"""Units of the parts of a condition: what can be compared, added and multiplied."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from isthmus.model.condition.node import Calculated, Constant, Converted, Number
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.unit import Unit
from isthmus.model.unit_table import PLAIN

_SECOND = Unit.parse("s")
_TEMPERATURE = Unit.parse("K").dimension


@dataclass(frozen=True, slots=True)
class Measured:
    """A number and its unit.

    `bare` is a number without a unit, which takes that of its neighbour. A difference of two
    temperatures is a `step`: it has no zero of its own. Beside a share plain numbers are up to
    `most`; beside a `pace`, which is told by any unit of time, there is none but 0.
    """

    node: Number
    unit: Unit
    bare: bool = False
    step: bool = False
    most: float = math.inf
    pace: bool = False

    @property
    def offset(self) -> float:
        """Where its zero stands above that of the SI unit."""
        return 0.0 if self.step else self.unit.offset


def aligned(one: Measured, other: Measured, at: int) -> tuple[Measured, Measured]:
    """Both in the unit of the first that has one; ConditionError where they measure unlike."""
    if one.bare and not other.bare:
        second, first = aligned(other, one, at)
        return first, second
    if other.bare:
        _require_plain(one, other, at)
        return one, replace(other, unit=one.unit, step=one.step)
    if one.unit.dimension != other.unit.dimension:
        text = f"{_spelt(one.unit)} and {_spelt(other.unit)} measure different things"
        hint = f"write a unit like `{one.unit.symbol}`" if one.unit.symbol else ""
        raise ConditionError(text, at=at, hint=hint)
    if (one.step and other.offset) or (other.step and one.offset):
        hint = "a difference of temperatures is in kelvin: write `10 K`"
        raise ConditionError("a temperature is compared with a difference", at=at, hint=hint)
    if one.step or other.step:
        one, other = replace(one, step=True), replace(other, step=True)
    factor = other.unit.factor / one.unit.factor
    offset = (other.offset - one.offset) / one.unit.factor
    if factor == 1.0 and offset == 0.0:
        return one, replace(other, unit=one.unit)
    if isinstance(other.node, Constant):
        return one, replace(other, node=Constant(other.node.value * factor + offset), unit=one.unit)
    return one, replace(other, node=Converted(other.node, factor, offset), unit=one.unit)


def _require_plain(one: Measured, bare: Measured, at: int) -> None:
    """ConditionError where `bare` beside `one` is most likely meant in another unit."""
    value = bare.node.value if isinstance(bare.node, Constant) else None
    if value is not None and value > one.most:
        text = f"`{value:g}` stands beside a share, of which 1 is 100 %"
        raise ConditionError(text, at=at, hint=f"did you mean `{value:g} %`?")
    if one.pace and value != 0:
        of = one.unit.symbol.removesuffix("/s")
        hint = f"write such as `3{'' if of == '1' else f' {of}'}/h`"
        raise ConditionError("a number beside a rate needs its unit", at=at, hint=hint)


def calculated(operator: str, parts: list[Measured], at: int) -> Measured:
    """The parts joined by an operator or a function, with the unit of the result."""
    first, *others = parts
    for other in others:
        first = _joined(operator, first, other, at)
    if not others:
        first = replace(first, node=Calculated(operator, (first.node,)))
    return first


def _joined(operator: str, one: Measured, other: Measured, at: int) -> Measured:
    if operator in "*/":
        return _scaled(operator, one, other, at)
    if operator == "+" and _is_step(one):
        one, other = other, one
    if operator in "+-" and one.offset and _is_step(other):  # `temperature + 5 K`
        factor = other.unit.factor / one.unit.factor
        node = other.node if factor == 1.0 else Converted(other.node, factor)
        return Measured(Calculated(operator, (one.node, node)), one.unit)
    left, right = aligned(one, other, at)
    absolute = left.unit.dimension == _TEMPERATURE and not left.step and not right.bare
    if operator == "+" and absolute and left.offset:
        raise ConditionError("two temperatures are added", at=at, hint="add kelvin: `+ 5 K`")
    step = left.step or (operator == "-" and absolute)
    node = Calculated(operator, (left.node, right.node))
    most, pace = math.inf if operator in "+-" else left.most, left.pace
    return Measured(node, left.unit, left.bare and right.bare, step, most, pace)


def _is_step(part: Measured) -> bool:
    kelvin = part.unit.dimension == _TEMPERATURE and not part.unit.offset
    return part.step or (kelvin and isinstance(part.node, Constant) and not part.bare)


def _scaled(operator: str, one: Measured, other: Measured, at: int) -> Measured:
    for part in (one, other):
        if part.offset:
            text = f"a temperature in {part.unit.display} cannot be multiplied or divided"
            raise ConditionError(text, at=at, hint="multiply a difference, or use kelvin")
    power = 1 if operator == "*" else -1
    pairs = zip(one.unit.dimension, other.unit.dimension, strict=True)
    dimension = tuple(left + power * right for left, right in pairs)
    factor = one.unit.factor * other.unit.factor**power
    node = Calculated(operator, (one.node, other.node))
    if dimension == PLAIN and factor == 1.0:
        return Measured(node, Unit("", PLAIN, 1.0), bare=one.bare and other.bare)
    symbols = filter(None, (one.unit.symbol, other.unit.symbol))
    return Measured(node, Unit(operator.join(symbols), dimension, factor))


def _spelt(unit: Unit) -> str:
    return f"`{unit.display}`" if unit.symbol else "a number without a unit"


def per_second(unit: Unit) -> Unit:
    """The unit of how fast something of `unit` changes; degrees change by kelvin."""
    dimension = tuple(
        one - other for one, other in zip(unit.dimension, _SECOND.dimension, strict=True)
    )
    symbol = "K" if unit.offset else unit.symbol or "1"
    return Unit(f"{symbol}/s", dimension, unit.factor)
