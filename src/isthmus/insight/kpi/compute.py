"""Key figures of many windows at once: trees over columns of elements.

A window without a value has a reason. Zero times what is not defined is zero: a unit that did not
run has an OEE index of 0, though nothing can be said of its quality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from isthmus.insight.elements import Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.formula import Choice, Constant, Named, Negative, Node, Operation
from isthmus.insight.kpi.measure import Measure, measure
from isthmus.model.sample import Floats

Reasons = npt.NDArray[np.int8]


class Reason(IntEnum):
    """Why a window has no value; the greater one holds where two meet."""

    NONE = 0  # it has one
    UNDEFINED = 1  # nothing was planned, made or run: a denominator is zero
    UNKNOWN = 2  # an element is not known in that window
    ABSENT = 3  # nothing here tells an element


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """One key figure over windows: `value` is NaN where `reason` is not NONE."""

    value: Floats
    reason: Reasons

    def at(self, row: int) -> float | None:
        """The value of one window, None where it has none."""
        return None if self.reason[row] else float(self.value[row])


def figures(
    catalogue: Catalogue, elements: Elements, ids: Iterable[str] = ()
) -> dict[str, Figures]:
    """The key figures of each window by id, all of the catalogue where none is named."""
    rows = len(elements)
    found = {name: _column(catalogue, elements, name) for name in catalogue.names}
    wanted = list(ids) or list(catalogue.kpis)
    for kpi in catalogue.needed(wanted):
        tree = catalogue.trees[kpi.id]
        given = _Columns(found, catalogue.measures, rows).value(tree)
        scale = measure(tree, catalogue.measures).factor / catalogue.measures[kpi.id].factor
        value = given.value if scale == 1 else given.value * scale
        found[kpi.id] = _settled(value, given.reason)
    return {name: found[name] for name in wanted}


_STATED = (
    *("APT", "AUBT", "AUPT", "AUST", "ADET", "ADOT", "STARVED", "BLOCKED", "MICRO", "NOT"),
    *("TBF", "TTF", "TTR", "CMT", "STOPS", "FAILURES"),
)


def _column(catalogue: Catalogue, elements: Elements, name: str) -> Figures:
    rows = len(elements)
    column = elements.columns.get(name)
    if name in catalogue.absent or column is None:
        return Figures(np.full(rows, np.nan), np.full(rows, Reason.ABSENT, np.int8))
    value = np.asarray(column, np.float64)
    unknown, busy = elements.columns.get("UNKNOWN"), elements.columns.get("PBT")
    if name in _STATED and unknown is not None and busy is not None:
        blind = (busy > 0) & (unknown >= busy)  # nothing was seen: 0 s of production is no answer
        value = np.where(blind, np.nan, value)
    return Figures(value, np.where(np.isfinite(value), Reason.NONE, Reason.UNKNOWN).astype(np.int8))


def _settled(value: Floats, reason: Reasons) -> Figures:
    lost = ~np.isfinite(value) & (reason == Reason.NONE)  # beyond what a number can hold
    why = np.where(lost, Reason.UNDEFINED, reason).astype(np.int8)
    return Figures(np.where(why == Reason.NONE, value, np.nan), why)


@dataclass(frozen=True, slots=True)
class _Columns:
    """What names stand for, in what unit, in so many windows."""

    found: Mapping[str, Figures]
    known: Mapping[str, Measure]
    rows: int

    def value(self, node: Node) -> Figures:
        if isinstance(node, Named):
            return self.found[node.name]
        if isinstance(node, Constant):
            return Figures(np.full(self.rows, node.value), np.zeros(self.rows, np.int8))
        if isinstance(node, Negative):
            inner = self.value(node.part)
            return Figures(-inner.value, inner.reason)
        return self._choice(node) if isinstance(node, Choice) else self._operation(node)

    def _operation(self, node: Operation) -> Figures:
        one = self.value(node.left)
        if node.sign in "*/":
            other = self.value(node.right)
            return _product(one, other) if node.sign == "*" else _ratio(one, other)
        other = self._like(node.left, node.right)
        total = one.value + other.value if node.sign == "+" else one.value - other.value
        return _settled(total, np.maximum(one.reason, other.reason))

    def _choice(self, node: Choice) -> Figures:
        pick = np.minimum if node.word == "min" else np.maximum
        joined = self.value(node.parts[0])
        for part in node.parts[1:]:
            other = self._like(node.parts[0], part)
            least = pick(joined.value, other.value)
            joined = _settled(least, np.maximum(joined.reason, other.reason))
        return joined

    def _like(self, first: Node, part: Node) -> Figures:
        """A part in the unit of the first, to be added to it or compared with it."""
        given = self.value(part)
        scale = measure(part, self.known).factor / measure(first, self.known).factor
        return given if scale == 1 else Figures(given.value * scale, given.reason)


def _product(one: Figures, other: Figures) -> Figures:
    reason = np.maximum(one.reason, other.reason)
    with np.errstate(over="ignore", invalid="ignore"):
        value = one.value * other.value
    for zero, with_ in ((one, other), (other, one)):
        nothing = (zero.value == 0) & (with_.reason == Reason.UNDEFINED)
        value, reason = np.where(nothing, 0.0, value), np.where(nothing, Reason.NONE, reason)
    return _settled(value, reason.astype(np.int8))


def _ratio(one: Figures, other: Figures) -> Figures:
    reason = np.maximum(one.reason, other.reason)
    reason = np.where((other.value == 0) & (reason == 0), Reason.UNDEFINED, reason)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        value = one.value / other.value
    return _settled(value, reason.astype(np.int8))
