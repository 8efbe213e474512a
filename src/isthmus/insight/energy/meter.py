"""Computed meters: sums, differences and shares of measured columns, and the tree they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.model.meter import Meter
from isthmus.model.sample import Floats

How = Literal["measured", "sum", "rest", "share"]


@dataclass(frozen=True, slots=True)
class Node:
    """A meter in the tree: a computed one by its name, equipment by its path; roots have depth 0.

    `parent` is what it is a part of, empty at a root.
    """

    name: str
    how: How
    depth: int
    parent: str


def computed(
    meters: Sequence[Meter], measured: Mapping[str, Floats], growth: Mapping[str, Floats]
) -> dict[str, Floats]:
    """The columns of `measured` and of all `meters`, by name.

    Where a part is NaN the whole is: a meter that is silent makes a sum unknown, not small.
    `growth` are the columns of the counters that energy is shared by. Where none of them grew all
    get the same: what nobody used is everybody's.
    """
    found = dict(measured)
    declared = {meter.name: meter for meter in meters}
    for meter in meters:
        _compute(meter, declared, growth, found)
    return found


def _compute(
    meter: Meter,
    declared: Mapping[str, Meter],
    growth: Mapping[str, Floats],
    found: dict[str, Floats],
) -> Floats:
    known = found.get(meter.name)
    if known is not None:
        return known
    columns = [
        found[part] if part in found else _compute(declared[part], declared, growth, found)
        for part in meter.parts
    ]
    many = len(meter.plus)
    total = np.sum(columns[:many], axis=0)
    if many < len(columns):
        total = total - np.sum(columns[many:], axis=0)
    told: Floats = total * (_share(meter, growth) if meter.key else meter.share)
    found[meter.name] = told
    return told


def _share(meter: Meter, growth: Mapping[str, Floats]) -> Floats:
    own, whole = growth[meter.key], np.sum([growth[key] for key in meter.among], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = own / whole
    return np.where(whole == 0, 1 / len(meter.among), part)


def tree(meters: Sequence[Meter]) -> tuple[Node, ...]:
    """All that `meters` name, whole before part, each once.

    What is added up stands below the sum; what is taken from something, what is left and what is
    shared out stand below that of which they are parts.
    """
    declared = {meter.name: meter for meter in meters}
    parent: dict[str, str] = {}
    for meter in meters:  # a sum says best where something belongs
        for part in meter.plus if _how(meter) == "sum" else ():
            parent.setdefault(part, meter.name)
    for meter in meters:
        if _how(meter) != "sum":
            for part in (*meter.minus, meter.name):
                parent.setdefault(part, meter.plus[0])
    names = dict.fromkeys(name for meter in meters for name in (*meter.parts, meter.name))
    found: list[Node] = []
    for name in names:
        if name not in parent:
            _down(name, 0, "", declared, parent, names, found)
    return tuple(found)


def _how(meter: Meter) -> How:
    if meter.minus:
        return "rest"
    return "share" if meter.key or meter.share != 1 else "sum"


def _down(
    name: str,
    depth: int,
    above: str,
    declared: Mapping[str, Meter],
    parent: Mapping[str, str],
    names: Mapping[str, None],
    found: list[Node],
) -> None:
    how = _how(declared[name]) if name in declared else "measured"
    found.append(Node(name, how, depth, above))
    below = [each for each in names if parent.get(each) == name]
    for part in sorted(below, key=lambda each: each in declared and _how(declared[each]) == "rest"):
        _down(part, depth + 1, name, declared, parent, names, found)
