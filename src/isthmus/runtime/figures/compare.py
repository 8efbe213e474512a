"""Figures side by side: a range divided by shift, product, order, hour, ..., or by unit.

Rows are sums of elements over all stretches of one name; together they are the range itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from isthmus.insight.elements import Elements
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.read import Records, Window, units
from isthmus.runtime.figures.windows import windows

BY = ("hour", "shift", "day", "week", "order", "batch", "product", "unit")


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a comparison: its name, whose it is, and the stretches that it sums up.

    The name is empty for what lies between shifts, and for time of no order, batch or product.
    """

    name: str
    place: Equipment
    windows: tuple[Window, ...]

    @property
    def window(self) -> Window:
        """From the first moment of the row to its last."""
        return Window(self.name, self.windows[0].start, self.windows[-1].end)


def divided(
    records: Records, place: Equipment, by: str, window: Window, most: int
) -> list[Part] | None:
    """The rows of `place` over `window`, clipped to it, in order; None for more than `most`.

    By `unit` they are the units of a line, the lines of an area, or the unit itself.
    """
    if by == "unit":
        return [Part(each.name, each, (window,)) for each in _below(place)]
    kind = windows(records, place, by, window.start, window.end)
    found = list(islice(_filled(kind, window), most + 1))
    if len(found) > most:
        return None
    if by == "hour":
        return [Part(each.name, place, (each,)) for each in found]
    rows: dict[str, list[Window]] = {}
    for each in found:
        rows.setdefault(each.name, []).append(each)
    return [Part(name, place, tuple(some)) for name, some in rows.items()]


def summed(records: Records, parts: Sequence[Part]) -> Elements | None:
    """The elements of each row; None where none of them tells a state.

    An element that only some places tell is not known in the rows of the others.
    """
    places = list({part.place.path: part.place for part in parts}.values())
    if len(places) == 1:
        every = [window for part in parts for window in part.windows]
        (found,) = elements_of(records, places, every)
        rows = [at for at, part in enumerate(parts) for _ in part.windows]
        return None if found is None else found.grouped(np.array(rows, np.int64))
    window = parts[0].window
    told = elements_of(records, places, [window])
    names = dict.fromkeys(name for each in told if each for name in each.columns)
    if not names:
        return None
    unknown = np.full(1, np.nan)
    columns = {
        name: np.concatenate(
            [each.columns.get(name, unknown) if each else unknown for each in told]
        )
        for name in names
    }
    size = len(parts)
    return Elements(np.full(size, window.start), np.full(size, window.end), columns)


def _below(place: Equipment) -> list[Equipment]:
    if place.level is Level.AREA:
        return list(place.children)
    return units(place) if place.level is Level.WORK_CENTER else [place]


def _filled(found: Iterator[Window], window: Window) -> Iterator[Window]:
    """The windows clipped to `window`, and what lies between them without a name."""
    edge = window.start
    for each in found:
        first = Nanoseconds(max(each.start, edge))  # where two overlap, the earlier one goes first
        last = Nanoseconds(min(each.end, window.end))
        if first > edge:
            yield Window("", edge, first)
        if last > first:
            yield Window(each.name, first, last)
            edge = last
    if edge < window.end:
        yield Window("", edge, window.end)
