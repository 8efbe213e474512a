"""The hours of a line, and the baseline learned from a period that the plant file fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from isthmus.insight.accounting.calendar import instant
from isthmus.insight.energy import baseline as rule
from isthmus.insight.series import grid
from isthmus.model.plant import Equipment
from isthmus.model.sample import Bools, Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Records, Shelf, Window, bottleneck

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
KNOWN = 0.95  # of an hour, to take it for a whole one


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """kWh and good pieces of a line between `edges` (ns), NaN where not covered.

    `whole` marks the hours inside the window of which all is known.
    """

    edges: Int64s
    kwh: Floats
    pieces: Floats
    whole: Bools

    @classmethod
    def read(
        cls,
        records: Records,
        line: Equipment,
        sources: Sequence[Equipment],
        window: Window,
        more: Sequence[Tag | None] = (),
    ) -> tuple[Hours, Shelf]:
        """The hours of `window`, and the shelf that they were read from.

        An hour around it is read too: a slow meter tells what it counted before and after.
        """
        start = Nanoseconds(window.start - HOUR)
        around = Window(window.name, start, Nanoseconds(min(window.end + HOUR, records.now())))
        shelf = records.shelf([*metered(sources), *counters(line), *more], around)
        found = cls.of(shelf, line, sources)
        inside = (found.edges[:-1] >= window.start // HOUR * HOUR) & (found.edges[:-1] < window.end)
        edges = found.edges[:-1][inside]
        whole = found.whole[inside] & (edges >= window.start) & (edges + HOUR <= window.end)
        last = edges[-1:] + HOUR
        return cls(np.append(edges, last), found.kwh[inside], found.pieces[inside], whole), shelf

    @classmethod
    def of(cls, shelf: Shelf, line: Equipment, sources: Sequence[Equipment]) -> Hours:
        """The hours of the shelf's window."""
        window = shelf.window
        edges = grid(window.start, window.end, HOUR)
        whole: Bools = (edges[:-1] >= window.start) & (edges[1:] <= window.end)
        unit = bottleneck(line)
        counted = [unit.tag("good_count")] if unit else []
        for tag in [*counted, *metered(sources)]:
            whole &= shelf.of(tag).bucket_known(edges) >= KNOWN
        pieces = Pieces.of(shelf, line).per_bucket(edges)
        return cls(edges, shelf.kwh(sources, edges), pieces, whole)


@dataclass(frozen=True, slots=True)
class Learned:
    """A baseline and the period that it was to be learned from; None where that is too little."""

    period: Window
    baseline: rule.Baseline | None


def fixed(records: Records, line: Equipment, sources: Sequence[Equipment]) -> Learned | None:
    """What the line's declared period teaches (ISO 50015); None where the plant file has none.

    The period is read day by day, and again after an hour: late samples may have come.
    """
    if line.baseline is None:
        return None
    first, last = line.baseline
    start = instant(first, 0, records.zone)
    period = Window("baseline", start, instant(last + timedelta(days=1), 0, records.zone))
    now = records.now()
    known = records.learned.get(line.path)
    if known is None or now - known[0] >= HOUR:
        known = now, _regression(records, line, sources, period, now)
        records.learned[line.path] = known
    return Learned(period, known[1])


def _regression(
    records: Records,
    line: Equipment,
    sources: Sequence[Equipment],
    period: Window,
    now: Nanoseconds,
) -> rule.Baseline | None:
    parts = []
    end = min(period.end, now)
    for start in range(period.start, end, DAY):
        day = Window(period.name, Nanoseconds(start), Nanoseconds(min(start + DAY, end)))
        parts.append(Hours.read(records, line, sources, day)[0])
    if not parts:
        return None
    kwh, pieces, whole = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("kwh", "pieces", "whole")
    )
    return rule.baseline(kwh, pieces, whole)


def metered(sources: Sequence[Equipment]) -> list[Tag | None]:
    """The tag of each source that its energy is known by."""
    return [source.tag("energy") or source.tag("power") for source in sources]
