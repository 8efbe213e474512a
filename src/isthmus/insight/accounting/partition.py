"""The time of one unit, cut so that every nanosecond belongs to exactly one element of time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from isthmus.insight.accounting.accounts import Accounts
from isthmus.insight.accounting.rules import Rules, TimeElement
from isthmus.insight.accounting.timetable import Timetable
from isthmus.insight.elements import Elements
from isthmus.insight.series import in_order
from isthmus.model.sample import Bools, Floats, Int64s

OWN = (TimeElement.ADOT, TimeElement.MICRO)
NO_ORDER, UNTOLD = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Which order, batch or product a unit worked on from each `start` on: a place in `names`.

    NO_ORDER is none, UNTOLD not known.
    """

    start: Int64s
    order: Int64s
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Stretches of a unit's time that follow each other without a hole or an overlap.

    Columns: `start`, `end` (ns UTC), `element` (TimeElement), `state` (PackML), `cause` (the
    reason's number), `shift` and `order` (places in `shifts` and `orders`), `operation` (whether
    work is planned), `repair` (corrective maintenance), `stop` (a stop by own fault begins here),
    `episode` (which stretches of the machine's own telling belong together).
    """

    start: Int64s
    end: Int64s
    element: Int64s
    state: Int64s
    cause: Int64s
    shift: Int64s
    order: Int64s
    operation: Bools
    repair: Bools
    stop: Bools
    episode: Int64s
    shifts: tuple[str, ...] = ()
    orders: tuple[str, ...] | None = None  # None: nothing tells of orders

    @classmethod
    def of(
        cls,
        accounts: Accounts,
        timetable: Timetable,
        rules: Rules | None = None,
        orders: Orders | None = None,
    ) -> Partition:
        """The partition of the time of `accounts`, which `timetable` covers.

        The calendar goes before what the machine tells. A stop is short by its whole length,
        whatever states it is told in and wherever it is cut, and begins once: where the first of
        it lies in planned time. One that holds from the beginning, or that follows what is not
        known, began elsewhere.
        """
        rules = rules or Rules()
        element = rules.elements(accounts.state, accounts.cause)
        episode = np.cumsum(np.diff(element, prepend=element[:1]) != 0)
        seen = _began(element, episode)
        element = _short(element, episode, accounts, rules.micro)
        pieces = [accounts.start, timetable.start]
        if orders is not None:
            pieces.append(orders.start)
        start = in_order(*pieces)
        start = start[(start >= accounts.start[0]) & (start < accounts.end[-1])]
        at = np.searchsorted(accounts.start, start, side="right") - 1
        plan = np.searchsorted(timetable.start, start, side="right") - 1
        order = _order_at(orders, start)
        element, cause = element[at], accounts.cause[at]
        idle = np.isin(element, (TimeElement.AUST, TimeElement.STARVED, *OWN))
        element[idle & (order == NO_ORDER) & (cause == 0)] = TimeElement.NOT
        operation = timetable.operation[plan]
        element[~operation] = TimeElement.OFF
        element[timetable.maintenance[plan]] = TimeElement.PMT
        return cls(
            *(start, np.append(start[1:], accounts.end[-1]), element),
            *(accounts.state[at], cause, timetable.shift[plan], order),
            *(operation, rules.repair(cause), _starts(element, episode[at], seen)),
            *(episode[at], timetable.names, None if orders is None else orders.names),
        )

    def elements(self, starts: Int64s, ends: Int64s) -> Elements:
        """The elements of each window from `starts` to `ends` (ns); windows may overlap.

        Time is added in whole nanoseconds: the parts of a window add up to it exactly.
        """
        known = {
            each.name: self._spent(self.element == each, starts, ends)
            for each in TimeElement
            if each is not TimeElement.OFF and each is not TimeElement.PAUSE
        }
        down = self.element == TimeElement.ADOT
        delay = known["STARVED"] + known["BLOCKED"] + known["MICRO"]
        processing = known["APT"] + known["AUST"]
        busy = processing + delay
        columns = known | {
            "CAL": self._spent(np.ones(len(self.start), np.bool_), starts, ends),
            "POT": self._spent(self.operation, starts, ends),
            "PBT": busy + known["ADOT"] + known["NOT"] + known["UNKNOWN"],
            "ADET": delay,
            "AUPT": processing,
            "AUBT": busy,
            "TTR": known["ADOT"],
            "TTF": busy,
            "TBF": busy + known["ADOT"],
            "CMT": self._spent(down & self.repair, starts, ends),
        }
        seconds: dict[str, Floats] = {name: spent / 1e9 for name, spent in columns.items()}
        if self.orders is not None:
            spent = self._spent((self.order >= 0) & self.operation, starts, ends)
            untold = self._spent((self.order == UNTOLD) & self.operation, starts, ends)
            # a part of it would make the pieces of all of it a rate that never was
            seconds["AOET"] = np.where(untold > 0, np.nan, spent / 1e9)
        seconds["STOPS"] = self._counted(self.stop, starts, ends)
        seconds["FAILURES"] = self._counted(self.stop & down, starts, ends)
        return Elements(starts, ends, seconds)

    def lies_in(self, moment: int) -> int:
        """The number of the episode that `moment` (ns) lies in."""
        return int(self.episode[np.searchsorted(self.start, moment, side="right") - 1])

    def seconds(self, elements: Collection[TimeElement], starts: Int64s, ends: Int64s) -> Floats:
        """How many seconds of each window from `starts` to `ends` (ns) are one of `elements`."""
        return self._spent(np.isin(self.element, list(elements)), starts, ends) / 1e9

    def _spent(self, which: Bools, starts: Int64s, ends: Int64s) -> Int64s:
        """How many ns of each window are of the stretches `which`."""
        lasts = np.where(which, self.end - self.start, 0)
        total = np.concatenate([[0], np.cumsum(lasts)])

        def until(times: Int64s) -> Int64s:
            inside = np.clip(times, self.start[0], self.end[-1])
            at = np.searchsorted(self.start, inside, side="right") - 1
            return np.asarray(total[at] + np.where(which[at], inside - self.start[at], 0))

        return until(ends) - until(starts)

    def _counted(self, which: Bools, starts: Int64s, ends: Int64s) -> Floats:
        moments = self.start[which]
        found = np.searchsorted(moments, ends) - np.searchsorted(moments, starts)
        counts: Floats = np.maximum(found, 0).astype(np.float64)
        return counts


def _began(element: Int64s, episode: Int64s) -> Bools:
    """For each episode, whether its beginning was seen."""
    first = np.flatnonzero(np.diff(episode, prepend=-1))
    before = np.concatenate([[int(TimeElement.UNKNOWN)], element[first[1:] - 1]])
    return np.asarray(before != TimeElement.UNKNOWN)


def _short(element: Int64s, episode: Int64s, accounts: Accounts, micro: int) -> Int64s:
    """The same elements, own stops shorter than `micro` told apart."""
    first = np.flatnonzero(np.diff(episode, prepend=-1))
    lasts = np.add.reduceat(accounts.end - accounts.start, first)
    short = (element == TimeElement.ADOT) & (lasts < micro)[episode]
    return np.where(short, int(TimeElement.MICRO), element)


def _order_at(orders: Orders | None, times: Int64s) -> Int64s:
    if orders is None or not len(orders.start):
        return np.full(len(times), UNTOLD, np.int64)
    at = np.searchsorted(orders.start, times, side="right") - 1
    return np.where(at >= 0, orders.order[np.maximum(at, 0)], UNTOLD)


def _starts(element: Int64s, episode: Int64s, seen: Bools) -> Bools:
    """The first stretch of each own stop in planned time."""
    own = np.flatnonzero(np.isin(element, OWN))
    _, place = np.unique(episode[own], return_index=True)
    firsts = own[place]
    starts = np.zeros(len(element), np.bool_)
    starts[firsts[seen[episode[firsts]]]] = True
    return starts
