"""Measured and computed meters of the plant by the hour, as the tree that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.insight.energy.meter import Node, computed, tree
from isthmus.insight.series import grid
from isthmus.model.meter import ROOT
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.bucket import reaching
from isthmus.runtime.figures.hours import HOUR, KNOWN, metered
from isthmus.runtime.figures.read import Records, Shelf, Window

MARGIN = 900 * 10**9  # ns around a window: slow counters are seen on both sides


@dataclass(frozen=True, slots=True, eq=False)
class MeterFigures:
    """One meter over a window: `kwh` by whole hour, NaN where a part of it is not known.

    `total` is None where less than 95 % of the hours are known; `missing` are the measured meters
    that are to blame for hours that are not. `kw` is what it draws now.
    """

    node: Node
    path: str
    title: str
    kwh: Floats
    total: float | None
    hours: int
    kw: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MeterTree:
    """The meters that the plant file computes and what they are made of, whole before part.

    `edges` (ns) bound the whole hours of the window, from the first on of which anything is known.
    """

    window: Window
    edges: Int64s
    meters: tuple[MeterFigures, ...]


def meter_tree(records: Records, window: Window) -> MeterTree:
    """All meters that `meters:` of the plant file names, over the whole hours of `window`."""
    plant = records.plant
    nodes, units, tags = tree(plant.meters), measured(plant), meter_tags(plant)
    shelf = records.shelf(tags, _around(records, window))
    edges = grid(window.start, window.end, HOUR)
    edges = edges[(edges >= window.start) & (edges <= min(window.end, records.now()))]
    edges = edges if len(edges) else np.array([window.start], np.int64)
    wide = reaching(records, tags, *(Nanoseconds(int(edges[at])) for at in (0, -1)))
    known = {path: meter_kwh(wide, unit, edges) for path, unit in units.items()}
    told = np.any([np.isfinite(column) for column in known.values()], axis=0) if known else ()
    first = int(np.argmax(told)) if np.any(told) else len(edges) - 1
    edges, known = edges[first:], {path: column[first:] for path, column in known.items()}
    kwh = computed(plant.meters, known, _keys(plant, wide, edges))
    now = np.array([shelf.window.end - HOUR, shelf.window.end], np.int64)
    kw = computed(
        plant.meters, {p: _kw(shelf, u) for p, u in units.items()}, _keys(plant, shelf, now)
    )
    return MeterTree(
        window,
        edges,
        tuple(_figures(plant, node, kwh[node.name], kw[node.name], known) for node in nodes),
    )


def meter_place(plant: Plant) -> Equipment | None:
    """What stands for all computed meters where figures are kept; None where there are none."""
    return Equipment(ROOT, Level.AREA) if plant.meters else None


def meter_tags(plant: Plant) -> list[Tag]:
    """The tags that the computed meters of the plant are made of."""
    units = list(measured(plant).values())
    power = [tag for unit in units if (tag := unit.tag("power"))]
    keys = {key for meter in plant.meters for key in meter.among}
    shared = [tag for tag in plant.tags() if tag.path in keys]
    return [*(tag for tag in metered(units) if tag), *power, *shared]


def measured(plant: Plant) -> dict[str, Equipment]:
    """The equipment that computed meters are made of, by path."""
    names = {node.name for node in tree(plant.meters) if node.how == "measured"}
    return {unit.path: unit for unit in plant.walk() if unit.path in names}


def hour_kwh(records: Records, window: Window) -> dict[str, float]:
    """kWh of each meter of the tree over `window`, by path; NaN where a part is not known."""
    plant = records.plant
    shelf = records.shelf(meter_tags(plant), window)
    edges = np.array([window.start, window.end], np.int64)
    known = {path: meter_kwh(shelf, unit, edges) for path, unit in measured(plant).items()}
    found = computed(plant.meters, known, _keys(plant, shelf, edges))
    paths = {meter.name: meter.path for meter in plant.meters}
    return {paths.get(name, name): float(column[0]) for name, column in found.items()}


def meter_kwh(shelf: Shelf, unit: Equipment, edges: Int64s) -> Floats:
    """kWh of one measured meter in each bucket, NaN where less than 95 % of it is known.

    A counter that was silent for a while has counted on: what lies between two of its samples is
    known.
    """
    return np.where(meter_known(shelf, unit, edges) >= KNOWN, shelf.kwh([unit], edges), np.nan)


def meter_known(shelf: Shelf, unit: Equipment, edges: Int64s) -> Floats:
    """The share of each bucket in which a measured meter is known, between 0 and 1."""
    tag = unit.tag("energy")
    if tag is None:
        return shelf.of(unit.tag("power")).bucket_known(edges)
    growth = shelf.growth(tag)
    if not growth.known:
        return np.zeros(len(edges) - 1)
    inside = np.clip(edges, growth.time[0], growth.time[-1])
    return np.asarray(np.diff(inside) / np.diff(edges))


def _around(records: Records, window: Window) -> Window:
    end = Nanoseconds(max(window.start, min(window.end + MARGIN, records.now())))
    return Window(window.name, Nanoseconds(window.start - MARGIN), end)


def _keys(plant: Plant, shelf: Shelf, edges: Int64s) -> dict[str, Floats]:
    """How much each counter grew that energy is shared by."""
    keys = {key for meter in plant.meters for key in meter.among}
    return {
        tag.path: shelf.growth(tag).per_bucket(edges) for tag in plant.tags() if tag.path in keys
    }


def _kw(shelf: Shelf, unit: Equipment) -> Floats:
    """The last kW, NaN where it is not known."""
    return shelf.of(unit.tag("power")).value[-1:]


def _figures(
    plant: Plant, node: Node, kwh: Floats, kw: Floats, known: dict[str, Floats]
) -> MeterFigures:
    finite = np.isfinite(kwh)
    hours = int(finite.sum())
    enough = len(kwh) > 0 and hours >= KNOWN * len(kwh)
    unknown = ~finite
    made_of = leaves(plant, node.name)
    missing = tuple(path for path in made_of if (np.isnan(known[path]) & unknown).any())
    declared = next((meter for meter in plant.meters if meter.name == node.name), None)
    unit = plant.equipment(node.name)
    title = (declared.title if declared else unit.title if unit else "") or node.name
    return MeterFigures(
        node,
        declared.path if declared else node.name,
        title,
        kwh,
        float(kwh[finite].sum()) if enough else None,
        hours,
        float(kw[-1]) if np.isfinite(kw[-1]) else None,
        missing,
    )


def leaves(plant: Plant, name: str) -> Iterable[str]:
    """The paths of the measured meters that `name` is made of, each once."""
    parts: Sequence[str] = next((one.parts for one in plant.meters if one.name == name), ())
    if not parts:
        return (name,)
    return dict.fromkeys(leaf for part in parts for leaf in leaves(plant, part))
