"""Where the energy of a line or a machine went: by state, order and product, and what was idle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.partition import NO_ORDER, Orders
from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.energy import baseline as rule
from isthmus.insight.energy.split import USES, WASTE, Cut, Part, grains, joined, parts, uses
from isthmus.insight.series import grid
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.hours import HOUR, KNOWN, metered
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Records, Shelf, Window, bottleneck, meters, units
from isthmus.runtime.figures.tariff import Tariff
from isthmus.runtime.figures.worked import worked

NONE, UNTOLD = "no order", "not told"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The energy of `place` over a window, each list adding up to `total`.

    `waste` is what was drawn while nothing was made or prepared. `known` is the share of the
    window in which its meters told anything.
    """

    place: Equipment
    total: Part
    states: tuple[Part, ...]
    waste: Part
    orders: tuple[Part, ...]
    products: tuple[Part, ...]
    known: float


def split(records: Records, place: Equipment, window: Window) -> Split | None:
    """Where the energy of a line or a unit went; None where nothing measures it or tells a state.

    A line's state is that of its bottleneck.
    """
    whole = place.level is Level.WORK_CENTER
    unit = bottleneck(place) if whole else place
    sources = meters(records.plant, place) if whole else [place]
    tags = metered(sources)
    span = Window(window.name, window.start, Nanoseconds(min(window.end, records.now())))
    if unit is None or unit.tag("state") is None or not tags or not all(tags):
        return None
    if span.end <= span.start:
        return None
    made = counters(place) if whole else [unit.tag("good_count"), unit.tag("scrap_count")]
    last = Nanoseconds(min(span.end + HOUR, records.now()))
    around = Window("", Nanoseconds(span.start - HOUR), last)
    shelf = records.shelf([*tags, *made, unit.tag("state"), unit.tag("cause")], around)
    accounts = shelf.accounts(unit)
    busy = Timetable.of(records.calendar(unit), span.start, span.end, records.zone).busy
    told = [worked(records, place, role, (span.start, span.end)) for role in ("order", "product")]
    bounds = [accounts.start, *busy, *(one.start for one in told if one)]
    counted = Pieces.of(shelf, place) if whole else Pieces.of_unit(shelf, unit)
    cut = _cut(records, shelf, sources, counted, span, bounds)
    states = parts(USES, uses(accounts, cut.edges[:-1], _within(cut.edges, busy)), cut)
    orders, products = (_by(one, cut) for one in told)
    waste = joined("waste", (part for part in states if part.name in WASTE))
    known = _known(shelf, tags, span)
    return Split(place, joined("total", states), states, waste, orders, products, known)


def base_load(records: Records, line: Equipment, window: Window) -> Part | None:
    """What runs whether anything is made or not: mean kW of minutes without a piece, all the time.

    None where nothing tells power, or where something was made in every minute.
    """
    sources = meters(records.plant, line)
    span = Window(window.name, window.start, Nanoseconds(min(window.end, records.now())))
    tags = [unit.tag("power") for unit in sources]
    if span.end <= span.start or not any(tags):
        return None
    unit = bottleneck(line)
    shelf = records.shelf([*tags, *counters(line), unit.tag("state") if unit else None], span)
    kw = idle_power(shelf, line, sources)
    if kw is None:
        return None
    hours = np.arange(span.start // HOUR * HOUR, span.end, HOUR, dtype=np.int64)
    edges = np.unique(np.concatenate([[span.start], hours[hours > span.start], [span.end]]))
    used = grains(kw * (edges - edges[0]) / HOUR)
    price, factor = Tariff.of(records.plant).over(edges), emission(records, edges).kg
    label = np.zeros(len(used), np.int64)
    cut = Cut(edges, used, price, factor, np.zeros(len(used)))
    return parts(("base load",), label, cut)[0]


def idle_power(shelf: Shelf, line: Equipment, sources: Sequence[Equipment]) -> float | None:
    """Mean kW of the minutes in which the bottleneck was in one of its `idle_states`.

    Where it has none, of those in which it made no piece and its state is known: a counter told
    every quarter hour says nothing of single minutes.
    """
    minutes = grid(shelf.window.start, shelf.window.end, 60 * 10**9)
    power, unit = shelf.power(sources, minutes), bottleneck(line)
    state = unit.tag("state") if unit is not None else None
    if unit is not None and state is not None:
        told = shelf.of(state)
        power = np.where(told.bucket_known(minutes) >= KNOWN, power, np.nan)
        if idle := [code for code, word in state.legend.items() if word in unit.idle_states]:
            busy = np.where(np.isnan(told.value), np.nan, ~np.isin(told.value, idle))
            share = replace(told, value=busy).bucket_means(minutes)
            return rule.base_load(power, np.round(share, 3))
    made = Pieces.of(shelf, line).good.per_bucket(minutes)
    return rule.base_load(power, np.round(made, 3))


def _cut(
    records: Records,
    shelf: Shelf,
    sources: Sequence[Equipment],
    counted: Pieces,
    span: Window,
    bounds: Sequence[Int64s],
) -> Cut:
    """The window, cut at `bounds` and at whole hours."""
    hours = np.arange(span.start // HOUR * HOUR, span.end, HOUR, dtype=np.int64)
    every = np.concatenate([hours, *bounds])
    inside = every[(every > span.start) & (every < span.end)]
    edges = np.unique(np.concatenate([[span.start], inside, [span.end]]))
    used = np.sum([_until(shelf, unit, edges) for unit in sources], axis=0)
    price, factor = Tariff.of(records.plant).over(edges), emission(records, edges).kg
    return Cut(edges, grains(used), price, factor, counted.per_bucket(edges))


def _by(told: Orders | None, cut: Cut) -> tuple[Part, ...]:
    """A part for each order or product, for the time without one, and for that not told."""
    if told is None:
        return parts((UNTOLD,), np.zeros(len(cut.grains), np.int64), cut)
    at = told.order[np.searchsorted(told.start, cut.edges[:-1], side="right") - 1]
    other = np.where(at == NO_ORDER, len(told.names), len(told.names) + 1)
    return parts((*told.names, NONE, UNTOLD), np.where(at >= 0, at, other), cut)


def splits(records: Records, line: Equipment, window: Window) -> list[Split]:
    """The same of each machine of the line that is measured and tells a state."""
    found = (split(records, unit, window) for unit in units(line))
    return [one for one in found if one is not None]


def _until(shelf: Shelf, unit: Equipment, edges: Int64s) -> Floats:
    """kWh of a unit up to each of `edges`; what nobody told adds nothing."""
    tag = unit.tag("energy")
    if tag is not None:
        growth = shelf.growth(tag)
        return growth.until(edges) if growth.known else np.zeros(len(edges))
    power = shelf.of(unit.tag("power"))
    hours = np.diff(edges) / HOUR * power.bucket_known(edges)
    return np.concatenate([[0.0], np.cumsum(np.nan_to_num(power.bucket_means(edges)) * hours)])


def _known(shelf: Shelf, tags: list[Tag | None], window: Window) -> float:
    """The least share of the window that one of `tags` tells."""
    edges = np.array([window.start, window.end], np.int64)
    return min(float(shelf.of(tag).bucket_known(edges)[0]) for tag in tags)


def _within(edges: Int64s, stretches: tuple[Int64s, Int64s]) -> Bools:
    """Which buckets begin inside one of the stretches, which are in order."""
    starts, ends = stretches
    if not len(starts):
        return np.zeros(len(edges) - 1, np.bool_)
    at = np.searchsorted(starts, edges[:-1], side="right") - 1
    return np.asarray((at >= 0) & (edges[:-1] < ends[np.maximum(at, 0)]))
