"""Units of formulas: what a tree measures, told before any number is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.insight.kpi.formula import (
    Choice,
    Constant,
    FormulaError,
    Named,
    Negative,
    Node,
    Operation,
)
from isthmus.model.path import nearest
from isthmus.model.unit import Unit, UnitError
from isthmus.model.unit_table import AXES, PLAIN, Dimension


@dataclass(frozen=True, slots=True)
class Measure:
    """A dimension, and how many SI units of it a value of 1 is."""

    dimension: Dimension = PLAIN
    factor: float = 1.0

    @classmethod
    def of(cls, unit: str, at: int = 0) -> Measure:
        """The measure of a unit; FormulaError where it is none, or has an own zero (`degC`)."""
        try:
            found = Unit.parse(unit)
        except UnitError as error:
            raise FormulaError(str(error), at=at, hint=error.hint) from error
        if found.offset:
            raise FormulaError(
                f"`{unit}` has a zero of its own and cannot be multiplied",
                at=at,
                hint="write differences of temperatures in `K`",
            )
        return cls(found.dimension, found.factor)

    def __mul__(self, other: Measure) -> Measure:
        dimension = tuple(a + b for a, b in zip(self.dimension, other.dimension, strict=True))
        return Measure(dimension, self.factor * other.factor)

    def __truediv__(self, other: Measure) -> Measure:
        dimension = tuple(a - b for a, b in zip(self.dimension, other.dimension, strict=True))
        return Measure(dimension, self.factor / other.factor)

    def __str__(self) -> str:
        if self.dimension == PLAIN:
            return "a plain number"
        return _NAMES.get(self.dimension) or ".".join(
            axis if power == 1 else f"{axis}{power}"
            for axis, power in zip(AXES, self.dimension, strict=True)
            if power
        )


_NAMES = {
    Unit.parse(unit).dimension: word
    for unit, word in {
        "s": "a time",
        "1/s": "a rate",
        "kWh": "an energy",
        "kW": "a power",
        "1/kWh": "a number for an energy",
        "kg": "a mass",
        "m3": "a volume",
        "m": "a length",
    }.items()
}


def measure(node: Node, known: Mapping[str, Measure]) -> Measure:
    """What the tree gives where each name measures what `known` says.

    FormulaError for a name that there is not, and for sums of what cannot be added.
    """
    if isinstance(node, Constant):
        return Measure.of(node.unit, node.at)
    if isinstance(node, Named):
        _require_known(node, known)
        return known[node.name]
    if isinstance(node, Negative):
        return measure(node.part, known)
    if isinstance(node, Operation) and node.sign in "*/":
        left, right = measure(node.left, known), measure(node.right, known)
        return left * right if node.sign == "*" else left / right
    return _alike(node, known)


def _require_known(node: Named, known: Mapping[str, Measure]) -> None:
    if node.name not in known:
        near = nearest(node.name, known) or next(
            (word for word in known if word.lower() == node.name.lower()), ""
        )
        hint = f"did you mean `{near}`?" if near else "`isthmus kpi elements` lists names"
        raise FormulaError(f"there is no `{node.name}`", at=node.at, hint=hint)


def _alike(node: Operation | Choice, known: Mapping[str, Measure]) -> Measure:
    """What parts measure that are added or compared: all the same."""
    parts = node.parts if isinstance(node, Choice) else (node.left, node.right)
    sign = node.word if isinstance(node, Choice) else node.sign
    first = measure(parts[0], known)
    for part in parts[1:]:
        _require_alike(first, measure(part, known), f"`{sign}`", node.at)
    return first


def _require_alike(one: Measure, other: Measure, sign: str, at: int) -> None:
    if one.dimension != other.dimension:
        raise FormulaError(
            f"{sign} joins {one} and {other}",
            at=at,
            hint="only like can be added or compared; multiply or divide by a number with a unit",
        )
