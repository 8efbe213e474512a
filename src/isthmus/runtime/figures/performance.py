"""A line's OEE, where its time went, and which unit is to thank for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.elements import Elements
from isthmus.insight.kpi.oee import Count, Loss, Oee, Times, losses, oee
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.elements import elements, rules_of
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Records, Window, bottleneck, ideal_rate, units
from isthmus.runtime.figures.worked import worked

NEIGHBOURHOOD = 180 * 10**9


@dataclass(frozen=True, slots=True)
class LinePerformance:
    """A line over a window; `accounts` of every unit by path, uncut.

    `count` is None where the good counter tells nothing, `unplanned` are the pieces made outside
    of planned time, `untold` the scrap counters of which nothing is known.
    """

    window: Window
    unit: Equipment
    times: Times
    count: Count | None
    unplanned: float
    untold: tuple[str, ...]
    oee: Oee
    item_seconds: float
    losses: tuple[Loss, ...]
    accounts: dict[str, Accounts]
    known: float

    @property
    def speed_loss(self) -> float:
        """Seconds of production that a line at its ideal rate would not have needed."""
        if self.count is None:
            return 0.0
        return self.times.actual_production - self.item_seconds * self.count.produced

    @property
    def scrap_loss(self) -> float:
        """Seconds at the ideal rate spent on scrap."""
        return self.item_seconds * self.count.scrap if self.count else 0.0


def performance(records: Records, line: Equipment, window: Window) -> LinePerformance | None:
    """The line's performance over `window`; None where the line has no unit with a state.

    Times and produced pieces are the bottleneck's inside planned time; scrap is its own and that
    of the units behind it: what is scrapped there was produced in vain as well. They are those of
    the line's key figures: stops and gaps that reach over an edge of the window are seen whole.
    """
    found, seen = inside(records, line, window), elements(records, line, [window])
    if found is None or seen is None:
        return found
    times, count = Times.at(seen, 0), _count(seen)
    made = found.unplanned + (found.count.produced if found.count else 0.0)
    rate = ideal_rate(line)
    return replace(
        found,
        times=times,
        count=count,
        unplanned=max(0.0, made - count.produced) if count else 0.0,
        oee=oee(times, count, planned_run_time_per_item=1 / rate if rate else None),
        item_seconds=1 / rate if rate else _item(times, count),
    )


def _count(seen: Elements) -> Count | None:
    """The pieces of the first window; None where the good counter tells nothing."""
    good = seen.columns.get("GQ")
    if good is None or np.isnan(good[0]):
        return None
    scrap = seen.columns.get("SQ", np.zeros(1))
    return Count(max(0.0, float(good[0])), float(scrap[0]))


def inside(records: Records, line: Equipment, window: Window) -> LinePerformance | None:
    """The same of what is told in `window` alone: whatever comes later elsewhere, it stays."""
    unit = bottleneck(line)
    if unit is None or unit.tag("state") is None:
        return None
    found = units(line)
    states = [each.tag(role) for each in found for role in ("state", "cause")]
    shelf = records.shelf([*states, *counters(line)], window)
    accounts = {each.path: shelf.accounts(each) for each in found}
    busy = records.planned(line, window)
    times = times_of(records, unit, accounts[unit.path], busy)
    pieces = Pieces.of(shelf, line)
    count = pieces.inside(busy)
    whole = pieces.inside([Stretch("", window.start, window.end)])
    rate = ideal_rate(line)
    return LinePerformance(
        window,
        unit,
        times,
        count,
        whole.produced - count.produced if whole and count else 0.0,
        pieces.untold,
        oee(times, count, planned_run_time_per_item=1 / rate if rate else None),
        1 / rate if rate else _item(times, count),
        tuple(_blamed(unit, busy, found, accounts)),
        accounts,
        shelf.of(unit.tag("state")).known,
    )


def times_of(
    records: Records, unit: Equipment, accounts: Accounts, planned: Sequence[Stretch]
) -> Times:
    """The time elements of `unit` inside `planned`, by its own rules and its orders."""
    span = Nanoseconds(int(accounts.start[0])), Nanoseconds(int(accounts.end[-1]))
    orders = worked(records, unit, "order", span)
    return Times.of(accounts, planned, rules_of(unit), orders)


def _item(times: Times, count: Count | None) -> float:
    """Without an ideal rate losses are told at the pace that the line had: none of speed."""
    return times.actual_production / count.produced if count and count.produced else 0.0


def _blamed(
    unit: Equipment,
    busy: Sequence[Stretch],
    found: Sequence[Equipment],
    accounts: dict[str, Accounts],
) -> list[Loss]:
    """The losses of the bottleneck, starved and blocked time named after the unit at fault."""
    own = accounts[unit.path]
    totals: dict[tuple[str, str], tuple[float, int]] = {}
    for loss in losses(unit.name, own, busy):
        if loss.cause not in ("starved", "blocked"):
            totals[loss.unit, loss.cause] = (loss.seconds, loss.stops)
    place = next(number for number, each in enumerate(found) if each.path == unit.path)
    spent = own.within(busy)
    for episode in own.episodes():
        kind, lost = episode.look, float(spent[episode.first : episode.last].sum())
        if kind not in (Look.STARVED, Look.BLOCKED) or not lost:
            continue
        side = found[:place][::-1] if kind is Look.STARVED else found[place + 1 :]
        name, cause = _culprit(side, accounts, episode.start, episode.end)
        key = (name or unit.name, cause or str(kind))
        seconds, stops = totals.get(key, (0.0, 0))
        totals[key] = (seconds + lost, stops + 1)
    rows = [Loss(name, cause, seconds, stops) for (name, cause), (seconds, stops) in totals.items()]
    return sorted(rows, key=lambda loss: -loss.seconds)


def _culprit(
    side: Sequence[Equipment], accounts: dict[str, Accounts], start: int, end: int
) -> tuple[str, str]:
    """The nearest unit on `side` that stood by its own fault then or just before, and why."""
    for unit in side:
        there = accounts[unit.path]
        near = (there.end > start - NEIGHBOURHOOD) & (there.start < end)
        columns = (there.start, there.end, there.state, there.cause)
        begin, until, state, cause = (column[near] for column in columns)
        own = Accounts(begin, until, state, cause, there.words)
        faults = [loss for loss in losses(unit.name, own) if loss.cause not in _NOT_OWN]
        if faults:
            return unit.name, faults[0].cause
    return "", ""


_NOT_OWN = frozenset({"starved", "blocked", "no data", "break", "no order"})


def state_now(accounts: Accounts) -> tuple[int, Look, int]:
    """The last state, how it counts, and since when (ns) that look has lasted."""
    looks = accounts.looks()
    last = len(looks) - 1
    first = last
    while first > 0 and looks[first - 1] is looks[last]:
        first -= 1
    return int(accounts.state[last]), looks[last], int(accounts.start[first])


def shares(part: float, whole: float) -> float:
    """Percent of `part` in `whole`, 0 of nothing."""
    return float(np.clip(100 * part / whole, 0, 1e6)) if whole else 0.0
