"""Key figures of any equipment over any windows, and what they were computed from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from isthmus.insight.elements import Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Figures, figures
from isthmus.insight.unseen import straddled
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.bucket import reaching
from isthmus.runtime.figures.condensed import Condensed, condenses
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.pieces import counters
from isthmus.runtime.figures.quantities import also_told
from isthmus.runtime.figures.read import Records, Window, bottleneck, meters

T = TypeVar("T")
DAY = 86_400 * 10**9
PART = 31 * DAY  # ns of history in memory at once, where little of it has to be kept
SHARED = 7 * DAY  # the same, where all is
AMONG = 40  # tags that are kept of so long; of more, less
EDGE = 3_600 * 10**9  # ns around the windows that are read with them; seldom more is asked for


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Elements and figures by id, a row for each of `windows`."""

    windows: Sequence[Window]
    elements: Elements
    figures: Mapping[str, Figures]


def key_figures(
    records: Records,
    equipment: Equipment,
    windows: Sequence[Window],
    catalogue: Catalogue,
    ids: Iterable[str] = (),
) -> KeyFigures | None:
    """The key figures of `equipment`, all where none is named; None where no unit tells a state."""
    (found,) = elements_of(records, [equipment], windows)
    if found is None:
        return None
    return KeyFigures(windows, found, figures(catalogue, found, ids))


def elements_of(
    records: Records, places: Sequence[Equipment], windows: Sequence[Window]
) -> list[Elements | None]:
    """The elements of several pieces of equipment over the same windows; history is read once."""
    tags = [tag for place in places for tag in _tags(records.plant, place)]
    many = len({tag.path for tag in tags if tag is not None})
    span = (PART if condenses(tags) else SHARED) * AMONG // max(AMONG, many)
    portions = list(_portions(windows, span))

    def read(rows: Sequence[Window]) -> Records:
        first, last = min(row.start for row in rows), max(row.end for row in rows)
        if last - first > 2 * span:
            return records
        around = Window("", Nanoseconds(max(0, first - EDGE)), Nanoseconds(last + EDGE))
        return replace(records, historian=Condensed.of(records, tags, around, rows, places))

    parts = [
        [elements(own, place, rows) for place in places]
        for rows, own in zip(portions, _ahead(read, portions), strict=True)
    ]
    joined = [_joined(windows, list(each), span) for each in zip(*parts, strict=True)]
    return joined or [None] * len(places)


def _ahead(read: Callable[[T], Records], portions: Sequence[T]) -> Iterator[Records]:
    """What is read of each portion; the next one is read while one is worked on."""
    if len(portions) < 2:  # noqa: PLR2004 - nothing comes after
        yield from map(read, portions)
        return
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(read, portions[0])
        for after in portions[1:]:
            own, coming = coming.result(), reader.submit(read, after)
            yield own
        yield coming.result()


def _portions(windows: Sequence[Window], span: int) -> Iterator[list[Window]]:
    """The windows in their order, about `span` ns of history at a time."""
    rows: list[Window] = []
    for window in windows:
        if rows and window.end - rows[0].start > span:
            yield rows
            rows = []
        rows.append(window)
    if rows:
        yield rows


def _joined(windows: Sequence[Window], parts: list[Elements | None], span: int) -> Elements | None:
    """Parts one after the other; an element that only some of them tell is unknown in the rest."""
    told = [part for part in parts if part is not None]
    if not told:
        return None
    names = dict.fromkeys(name for part in told for name in part.columns)
    sizes = [len(rows) for rows in _portions(windows, span)]
    columns = {
        name: np.concatenate(
            [
                np.full(size, np.nan)
                if part is None
                else part.columns.get(name, np.full(size, np.nan))
                for part, size in zip(parts, sizes, strict=True)
            ]
        )
        for name in names
    }
    start = np.array([window.start for window in windows], np.int64)
    return Elements(start, np.array([window.end for window in windows], np.int64), columns)


@dataclass(frozen=True, slots=True)
class Source:
    """A tag that elements come from: its samples in a window, and the share that is known.

    `shared` is how much a counter grew out of reach over an edge of the window: when is not known,
    and a part of it is taken for what came inside.
    """

    tag: Tag
    samples: int
    known: float
    shared: float = 0.0


def sources(records: Records, equipment: Equipment, windows: Sequence[Window]) -> list[Source]:
    """What was read of history for the elements of `equipment` over `windows`."""
    found = {tag.path: tag for tag in read_for(records.plant, equipment)}
    samples, known = dict.fromkeys(found, 0), dict.fromkeys(found, 0.0)
    span = max(1, sum(window.end - window.start for window in windows))
    for part in _days(windows):
        shelf = records.shelf(found.values(), part)
        for path, tag in found.items():
            series = shelf.of(tag)
            samples[path] += int((series.time > part.start).sum())
            known[path] += series.known * (part.end - part.start) / span
    shared = _shared(records, [tag for tag in found.values() if tag.counter], windows)
    return [
        Source(tag, samples[path], known[path], shared.get(path, 0.0))
        for path, tag in found.items()
    ]


def _shared(records: Records, tags: Sequence[Tag], windows: Sequence[Window]) -> dict[str, float]:
    """How much each counter grew unseen over an edge of the windows."""
    found: dict[str, float] = {}
    for window in windows:
        end = Nanoseconds(min(window.end, records.now()))
        if not tags or end <= window.start:
            continue
        shelf = reaching(records, tags, window.start, end)
        edges = np.array([window.start, end], np.int64)
        for tag in tags:
            found[tag.path] = found.get(tag.path, 0.0) + straddled(shelf.growth(tag), edges)
    return found


def read_for(plant: Plant, equipment: Equipment) -> list[Tag]:
    """The tags that the elements of `equipment` come from, each once."""
    asked = [*_tags(plant, equipment), *also_told(equipment)]
    return list({tag.path: tag for tag in asked if tag is not None}.values())


def _days(windows: Sequence[Window]) -> Iterator[Window]:
    for window in windows:
        for start in range(window.start, window.end, DAY):
            yield Window("", Nanoseconds(start), Nanoseconds(min(start + DAY, window.end)))


def _tags(plant: Plant, equipment: Equipment) -> list[Tag | None]:
    if equipment.level is Level.AREA:
        return [tag for line in equipment.children for tag in _tags(plant, line)]
    line = equipment.level is Level.WORK_CENTER
    unit = bottleneck(equipment) if line else equipment
    counts = counters(equipment) if line else [equipment.tag("good_count")]
    counts += [] if line else [equipment.tag("scrap_count")]
    measured = meters(plant, equipment) if line else [equipment]
    used = [each.tag("energy") or each.tag("power") for each in measured]
    return [*([unit.tag("state"), unit.tag("cause")] if unit else []), *counts, *used]


def version(catalogue: Catalogue, kpi: str) -> str:
    """A digest of a formula and of all that it is made of: another one computes otherwise."""
    text = "\n".join(
        f"{each.id} [{each.unit}] = {each.formula}" for each in catalogue.needed([kpi])
    )
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def number(value: float) -> float | None:
    """A number as JSON has it."""
    return float(value) if np.isfinite(value) else None
