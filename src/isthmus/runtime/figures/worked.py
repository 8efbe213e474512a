"""What equipment worked on: which order, batch or product, from its first moment to its last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from isthmus.insight.accounting.partition import NO_ORDER, UNTOLD, Orders
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.figures.read import Bounds, Records, Window, bottleneck, units

KINDS = ("order", "batch", "product")
LOOK_BACK = 92 * 86_400 * 10**9  # ns in which what is worked on was told at least once
MOST = 100_000  # changes of one tag that are looked at


def worked(records: Records, place: Equipment, role: str, span: Bounds) -> Orders | None:
    """What `place` worked on over `span`, as a tag of `role` tells; None where there is no tag.

    An empty text and the number 0 say that there is none. A text that was told holds until the
    next one.
    """
    tag = teller(records.plant, place, role)
    if tag is None:
        return None
    changes = _texts(records, tag, span) if tag.kind is Kind.TEXT else _codes(records, tag, span)
    names: dict[str, int] = {}
    start, order = [int(span[0])], [UNTOLD]
    for time, name in changes:
        if name is None:
            number = UNTOLD
        else:
            number = names.setdefault(name, len(names)) if name else NO_ORDER
        if time <= span[0]:
            order[0] = number
        elif number != order[-1]:
            start.append(time)
            order.append(number)
    return Orders(np.array(start, np.int64), np.array(order, np.int64), tuple(names))


def teller(plant: Plant, place: Equipment, role: str) -> Tag | None:
    """The tag that tells what `place` works on: its own, its line's, or one of the line's units.

    Of the units the bottleneck goes first, then they go in the order of the material.
    """
    line = _line(plant, place)
    if line is None:
        return place.tag(role)
    first = bottleneck(line)
    asked = [place, line, *([first] if first else []), *units(line), *line.walk()]
    return next((tag for each in asked if (tag := each.tag(role)) is not None), None)


def runs(
    records: Records, place: Equipment, role: str, start: Nanoseconds, end: Nanoseconds
) -> Iterator[Window]:
    """The stretches in which `place` worked on one order, batch or product that touch the range.

    They are whole: the first may begin before `start`. One that goes on ends now.
    """
    early = Nanoseconds(max(0, start - LOOK_BACK))
    until = Nanoseconds(min(end, records.now()))
    found = worked(records, place, role, (early, until)) if early < until else None
    if found is None:
        return
    ends = np.append(found.start[1:], until)
    for first, last, number in zip(
        found.start.tolist(), ends.tolist(), found.order.tolist(), strict=True
    ):
        if number >= 0 and last > start:
            yield Window(found.names[number], Nanoseconds(first), Nanoseconds(last))


def _line(plant: Plant, place: Equipment) -> Equipment | None:
    if place.level is Level.WORK_CENTER:
        return place
    lines = plant.lines()
    return next((line for line in lines if place.path.startswith(f"{line.path}/")), None)


def _texts(records: Records, tag: Tag, span: Bounds) -> Sequence[tuple[int, str | None]]:
    """The texts of a tag inside the span, the one that held at its start before them."""
    early = Nanoseconds(max(0, span[0] - LOOK_BACK))
    held = records.texts(early, Nanoseconds(span[0] + 1), kinds=("text",), path=tag.path, limit=1)
    told = records.texts(
        Nanoseconds(span[0] + 1), span[1], kinds=("text",), path=tag.path, limit=MOST
    )
    return [(event.time, event.text.strip()) for event in (*held, *told)]


def _codes(records: Records, tag: Tag, span: Bounds) -> Sequence[tuple[int, str | None]]:
    """The same of a tag that tells a number: its word, else the number itself."""
    series = records.shelf([tag], Window("", *span)).of(tag).changes()
    found: list[tuple[int, str | None]] = []
    for time, value in zip(series.time.tolist(), series.value.tolist(), strict=True):
        known = value == value  # noqa: PLR0124 - NaN is not itself
        word = "" if value == 0 else tag.legend.get(int(value), f"{value:.15g}") if known else None
        found.append((time, word))
    return found
