"""What a line made: the pieces of its bottleneck, less what is scrapped behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.counter import Growth
from isthmus.insight.kpi.oee import Count
from isthmus.insight.unseen import Course, shared
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s
from isthmus.model.tag import Tag
from isthmus.runtime.figures.read import Shelf, bottleneck, units


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Counters of a line: the bottleneck's `good` and `scrap`, and the scrap `behind` it.

    What is scrapped before the bottleneck never reached it, so nobody counted it as produced.
    `untold` are the paths of scrap counters of which nothing is known; they count as none.
    """

    good: Growth
    scrap: tuple[Growth, ...]
    behind: tuple[Growth, ...]
    untold: tuple[str, ...] = ()

    @classmethod
    def of(cls, shelf: Shelf, line: Equipment) -> Pieces:
        """The pieces of `line`; the shelf holds what `counters` names."""
        unit = bottleneck(line)
        if unit is None:
            return cls(shelf.growth(None), (), ())
        own, behind = _told(shelf, [unit]), _told(shelf, units_behind(line))
        tags = [tag for each in (unit, *units_behind(line)) if (tag := each.tag("scrap_count"))]
        untold = tuple(tag.path for tag in tags if not shelf.growth(tag).known)
        return cls(shelf.growth(unit.tag("good_count")), own, behind, untold)

    @classmethod
    def of_unit(cls, shelf: Shelf, unit: Equipment) -> Pieces:
        """The pieces of one unit alone; the shelf holds its `good_count` and `scrap_count`."""
        return cls(shelf.growth(unit.tag("good_count")), _told(shelf, [unit]), ())

    def placed(self, course: Course) -> Pieces:
        """The same, what was made unseen put where the unit (whose `course` it is) made it."""
        blind = course.blind()
        return replace(
            self,
            good=shared(self.good, course),
            scrap=tuple(shared(each, course) for each in self.scrap),
            behind=tuple(shared(each, blind) for each in self.behind),
        )

    def until(self, stretches: Sequence[Stretch], times: Int64s) -> Floats:
        """Good pieces made inside `stretches` up to each of `times` (ns), NaN before the first."""
        if not self.good.known:
            return np.full(len(times), np.nan)
        made = np.zeros(len(times))
        for stretch in stretches:
            begin = np.full(len(times), stretch.start, np.int64)
            until = np.maximum(begin, np.minimum(times, stretch.end))
            made += self._total(until) - self._total(begin)
        return np.where(times < self.good.time[0], np.nan, made)

    def per_bucket(self, edges: Int64s) -> Floats:
        """Good pieces between `edges` (ns), NaN where not covered; buckets add up."""
        made = self.good.per_bucket(edges)
        for scrap in self.behind:
            made = made - np.diff(scrap.until(edges))
        return made

    def inside(self, stretches: Sequence[Stretch]) -> Count | None:
        """What was made inside `stretches`; None where the good counter tells nothing."""
        starts = np.array([stretch.start for stretch in stretches], np.int64)
        ends = np.array([stretch.end for stretch in stretches], np.int64)
        good = self.good.inside(starts, ends)
        if good is None:
            return None
        own, behind = (
            sum(growth.inside(starts, ends) or 0.0 for growth in growths)
            for growths in (self.scrap, self.behind)
        )
        produced, scrap = good + own, own + behind
        return Count(max(0.0, produced - scrap), min(scrap, produced))

    def _total(self, times: Int64s) -> Floats:
        good = self.good.until(times)
        for scrap in self.behind:
            good = good - scrap.until(times)
        return good


def counters(line: Equipment) -> list[Tag | None]:
    """The tags that `Pieces.of` needs."""
    unit = bottleneck(line)
    if unit is None:
        return []
    scrap = [each.tag("scrap_count") for each in (unit, *units_behind(line))]
    return [unit.tag("good_count"), *scrap]


def units_behind(line: Equipment) -> list[Equipment]:
    """The units that the material reaches after the bottleneck."""
    unit, found = bottleneck(line), units(line)
    place = next((at for at, each in enumerate(found) if unit and each.path == unit.path), None)
    return [] if place is None else found[place + 1 :]


def _told(shelf: Shelf, found: Sequence[Equipment]) -> tuple[Growth, ...]:
    """The scrap of `found`, without counters of which nothing is known."""
    growths = [shelf.growth(each.tag("scrap_count")) for each in found]
    return tuple(growth for growth in growths if growth.known)
