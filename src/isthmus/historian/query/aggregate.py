"""Aggregates of many tags over many intervals at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.historian.port import Samples
from isthmus.historian.query.functions import AT_A_POINT, FUNCTIONS, NEIGHBOURS, NEVER_PARTIAL
from isthmus.historian.query.reading import AT_ONCE
from isthmus.historian.query.rows import GOOD_ROW, load
from isthmus.historian.query.rules import CALCULATED, Column, Rules, codes
from isthmus.historian.query.step import Intervals
from isthmus.historian.query.window import Window
from isthmus.historian.query.words import chosen, function_of
from isthmus.historian.settings import MINUTE, SECOND
from isthmus.model.counter import growth
from isthmus.model.errors import Refused
from isthmus.model.sample import Bools, Floats, Int32s, Nanoseconds, TagId
from isthmus.model.tag import Counter, Kind, Tag

MOST_RESULTS = 5_000_000  # tags times intervals
PROBE, SLOWEST = 10 * MINUTE, 1 / 60  # how dense samples are: looked at so long; a heartbeat
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Results by the word or name asked for; rows are `tags`, columns the intervals asked for."""

    tags: Int32s
    intervals: Intervals
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: which aggregates, of what counts as good, sloped or stepped, as of when.

    Values hold until the next sample: history leaves out what did not move. `sloped` draws
    straight lines between the samples of numbers instead (the attribute Stepped = False); states
    and booleans stay stepped. What a tag said last is taken to hold until `now`; without it
    nothing is known after the last sample.
    """

    names: Sequence[str]
    rules: Rules = field(default_factory=Rules)
    sloped: bool = False
    now: Nanoseconds | None = None


def aggregate(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    intervals: Intervals,
    wish: Wish,
    told: Progress = lambda _: None,
) -> Answer:
    """The aggregates of `tags` in each of `intervals`; Refused beyond what one answer may hold."""
    names = chosen(wish.names)
    ids = np.array(sorted(tags), np.int32)
    size = len(ids) * (len(intervals.edges) - 1)
    if size > MOST_RESULTS:
        raise Refused(
            f"{len(ids):,} tags in {len(intervals.edges) - 1:,} intervals are {size:,} results",
            hint=f"{MOST_RESULTS:,} are allowed: ask for longer intervals, or fewer tags",
        )
    parts = list(parts_of(samples, ids, intervals))
    found: dict[int, list[dict[str, Column]]] = {}
    for number, (low, high, first, last) in enumerate(parts):
        some = {TagId(tag): tags[TagId(tag)] for tag in ids[low:high].tolist()}
        made = _few(samples, some, intervals, (first, last), names, wish)
        found.setdefault(low, []).append(made)
        told((number + 1) / len(parts))
    rows = [_beside(columns, names) for columns in found.values()]
    return Answer(ids, intervals, _asked(_below(rows, names), intervals.keep))


def density(samples: Samples, ids: Int32s, start: int, end: int) -> float:
    """How many samples a tag has in a second, at its busiest of three moments of the range."""
    spans = [(at, min(at + PROBE, end)) for at in (start, (start + end) // 2, end - PROBE)]
    rows = max(len(samples.raw(ids, Nanoseconds(low), Nanoseconds(high))) for low, high in spans)
    return max(rows / max(len(ids), 1) / (PROBE / SECOND), SLOWEST)


def parts_of(
    samples: Samples, ids: Int32s, intervals: Intervals
) -> Iterator[tuple[int, int, int, int]]:
    """Slices of tags and intervals that are read at a time, so that memory stays bounded.

    As many tags as can be; where one alone has too much to tell, its intervals in several pieces.
    """
    edges = intervals.edges
    start, end = int(edges[0]), int(edges[-1])
    each = max((end - start) / SECOND, 1.0)  # samples of a tag
    if len(ids) * each > AT_ONCE:
        each *= density(samples, ids, start, end)
    many = max(int(AT_ONCE / each), 1)
    pieces = 1 if many > 1 else max(round(each / AT_ONCE), 1)
    targets = np.linspace(int(edges[0]), int(edges[-1]), pieces + 1)[1:-1]
    cuts = np.unique([0, *np.searchsorted(edges, targets).tolist(), len(edges) - 1])
    for low in range(0, len(ids), many):
        for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            yield low, min(low + many, len(ids)), first, last


def _few(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    intervals: Intervals,
    span: tuple[int, int],
    names: Sequence[str],
    wish: Wish,
) -> dict[str, Column]:
    """The aggregates of some tags in some of the intervals."""
    window = open_window(samples, tags, intervals, wish, names=names, span=span)
    return columns(window, list(tags.values()), names)


def columns(window: Window, tags: Sequence[Tag], names: Sequence[str]) -> dict[str, Column]:
    """The aggregates of a window, whose `tags` are in the order of their ids."""
    grows = np.array([tag.counter is not None for tag in tags], np.bool_)
    found = {}
    for name in names:
        column = FUNCTIONS[function_of(name)](window)
        if function_of(name) not in AT_A_POINT:
            part = window.partial & (function_of(name) not in NEVER_PARTIAL)
            column = column.within(window.known, part)
        if name == "delta" and grows.any():
            column = _grown(window, tags, grows, column)
        found[name] = column
    return found


def open_window(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    intervals: Intervals,
    wish: Wish,
    *,
    names: Sequence[str] = (),
    span: tuple[int, int] | None = None,
) -> Window:
    """The window of `tags`, ascending, on the intervals from `span[0]` up to `span[1]`."""
    first, last = span or (0, len(intervals.edges) - 1)
    kinds = [tag.kind for tag in tags.values()]
    sloped = np.array([wish.sloped and kind is Kind.NUMBER for kind in kinds], np.bool_)
    around = bool(sloped.any()) or not NEIGHBOURS.isdisjoint(map(function_of, names))
    ids = np.array(list(tags), np.int32)
    edges = intervals.edges[first : last + 1]
    rows = load(samples, ids, edges, rules=wish.rules, now=wish.now, around=around)
    return Window(rows, sloped, wish.rules, intervals.cut[first:last])


def _grown(window: Window, tags: Sequence[Tag], grows: Bools, other: Column) -> Column:
    """The growth of counters in place of `other`, uncertain where it fell into a gap."""
    value, size = other.value.copy(), window.shape[1]
    for place in np.flatnonzero(grows).tolist():
        counter = tags[place].counter
        value[place] = per_interval(window, place, counter) if counter else np.full(size, np.nan)
    gap = window.simple.lasting(GOOD_ROW) < window.simple.sum(window.simple.seconds)
    status = codes(np.isnan(value), gap)
    column = Column.of(value, status, CALCULATED).within(window.known, window.partial)
    return Column(
        np.where(grows[:, None], column.value, other.value),
        np.where(grows[:, None], column.status, other.status).astype(np.uint32),
    )


def per_interval(window: Window, place: int, counter: Counter) -> Floats:
    """The growth of one counter in each interval; NaN where it is not covered."""
    rows, edges = window.rows, window.rows.edges
    low, high = np.searchsorted(rows.place, [place, place + 1])
    start, end = int(edges[0]), int(min(edges[-1], rows.known_to[place]))
    time = rows.time[low:high]
    value = np.where(rows.state[low:high] == GOOD_ROW, rows.value[low:high], np.nan)
    before, inside = np.flatnonzero(time < start), (time < end) & (time > start)
    at_start = np.flatnonzero(time == start)
    held = value[at_start[0]] if len(at_start) else value[before[-1]] if len(before) else np.nan
    times = np.concatenate([np.array([start], np.int64), time[inside]])
    moments, totals, _ = growth(times, np.append(held, value[inside]), end, counter)
    if len(moments) <= 1:
        return np.full(window.shape[1], np.nan)
    up_to = np.interp(edges.astype(np.float64), moments.astype(np.float64), totals)
    covered = (edges[1:] > moments[0]) & (edges[:-1] < moments[-1])
    return np.where(covered, np.diff(up_to), np.nan)


def _beside(parts: Sequence[Mapping[str, Column]], names: Sequence[str]) -> dict[str, Column]:
    return {name: _joined([part[name] for part in parts], axis=1) for name in names}


def _below(parts: Sequence[Mapping[str, Column]], names: Sequence[str]) -> dict[str, Column]:
    if not parts:
        raise Refused("no tag is asked for", hint="name one, or a pattern such as `**/power`")
    return {name: _joined([part[name] for part in parts], axis=0) for name in names}


def _joined(columns: Sequence[Column], axis: int) -> Column:
    if len(columns) == 1:
        return columns[0]
    times = [column.time for column in columns if column.time is not None]
    return Column(
        np.concatenate([column.value for column in columns], axis),
        np.concatenate([column.status for column in columns], axis),
        np.concatenate(times, axis) if times else None,
    )


def _asked(columns: Mapping[str, Column], keep: Bools) -> dict[str, Column]:
    """The columns without the intervals between those asked for."""
    if keep.all():
        return dict(columns)
    return {
        name: Column(
            column.value[:, keep],
            column.status[:, keep],
            None if column.time is None else column.time[:, keep],
        )
        for name, column in columns.items()
    }
