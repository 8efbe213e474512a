"""All key figures of a plant: those of ISO 22400-2, the usual others, and the plant's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from isthmus.insight.elements import ELEMENTS, Element
from isthmus.insight.kpi.formula import CHOICES, FormulaError, Node, names, parse
from isthmus.insight.kpi.known import ABSENT, KPIS
from isthmus.insight.kpi.measure import Measure, measure
from isthmus.model.kpi import Kpi

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Key figures by id, each after those that it is made of; `wrong` are those left out."""

    kpis: Mapping[str, Kpi]
    trees: Mapping[str, Node]
    measures: Mapping[str, Measure]
    wrong: Mapping[str, FormulaError] = field(default_factory=dict)
    absent: Mapping[str, Element] = field(default_factory=lambda: ABSENT)

    @classmethod
    def of(cls, own: Iterable[Kpi] = ()) -> Catalogue:
        """The known key figures and a plant's `own`, each checked for names, units and circles."""
        wrong: dict[str, FormulaError] = {}
        kpis, trees = {kpi.id: kpi for kpi in KPIS}, {kpi.id: parse(kpi.formula) for kpi in KPIS}
        for kpi in own:
            try:
                _require_free(kpi.id)
                trees[kpi.id] = parse(kpi.formula)
                kpis[kpi.id] = kpi
            except FormulaError as error:
                wrong[kpi.id] = error
        known = {name: Measure.of(each.unit) for name, each in {**ELEMENTS, **ABSENT}.items()}
        waiting, ready = dict(kpis), {}
        while waiting:
            free = [each for each in waiting.values() if not _below(trees[each.id]) & set(waiting)]
            for kpi in free:
                del waiting[kpi.id]
                try:
                    _require_unit(kpi, measure(trees[kpi.id], known))
                    known[kpi.id] = Measure.of(kpi.unit)
                    ready[kpi.id] = kpi
                except FormulaError as error:
                    wrong[kpi.id] = error
            if not free:
                wrong.update({each: _circle(each, trees, set(waiting)) for each in waiting})
                break
        return cls(ready, {name: trees[name] for name in ready}, known, wrong)

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that formulas may name, those that nothing tells here included."""
        return (*ELEMENTS, *self.absent)

    def needed(self, ids: Iterable[str]) -> list[Kpi]:
        """These key figures and all that they are made of, in the order of computing."""
        wanted = set(ids)
        for kpi in reversed(list(self.kpis.values())):
            if kpi.id in wanted:
                wanted |= _below(self.trees[kpi.id])
        return [kpi for kpi in self.kpis.values() if kpi.id in wanted]

    def elements(self, kpi: str) -> tuple[str, ...]:
        """The elements that a key figure is made of, through others as well, in their order."""
        found = set().union(*(_below(self.trees[each.id]) for each in self.needed([kpi])))
        return tuple(name for name in self.names if name in found)

    def missing(self, kpi: str) -> tuple[Element, ...]:
        """The elements of a key figure that nothing in Isthmus tells yet."""
        return tuple(self.absent[name] for name in self.elements(kpi) if name in self.absent)


def _below(tree: Node) -> set[str]:
    return {each.name for each in names(tree)}


def _require_free(name: str) -> None:
    if not _NAME.fullmatch(name) or name in CHOICES:
        raise FormulaError(
            f"`{name}` cannot be a name in formulas",
            at=0,
            hint="letters, digits and `_`, such as `good_per_kwh`",
        )
    if name in ELEMENTS or name in ABSENT:
        raise FormulaError(f"`{name}` is an element already", at=0, hint=f"call it `my_{name}`")
    if any(name == kpi.id for kpi in KPIS):
        raise FormulaError(
            f"`{name}` is a key figure already", at=0, hint="`isthmus kpi list` shows them"
        )


def _require_unit(kpi: Kpi, found: Measure) -> None:
    wanted = Measure.of(kpi.unit)
    if wanted.dimension != found.dimension:
        raise FormulaError(
            f"it gives {found}, and its unit `{kpi.unit}` is {wanted}",
            at=0,
            hint="write the unit that the formula gives; a plain number has the unit `1`",
        )


def _circle(name: str, trees: Mapping[str, Node], waiting: set[str]) -> FormulaError:
    place = next(each for each in names(trees[name]) if each.name in waiting)
    return FormulaError(
        f"`{place.name}` is made of what is made of it, or of such a figure",
        at=place.at,
        hint="a key figure is made of elements in the end",
    )
