"""One row an interval: time-weighted means, extremes, growth of counters, states at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from isthmus.historian.port import Samples
from isthmus.historian.query.aggregate import Wish, columns, open_window, parts_of
from isthmus.historian.query.step import Intervals, Step
from isthmus.historian.query.window import Window
from isthmus.historian.settings import DAY
from isthmus.model.sample import Floats, Int64s, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

MOST_ROWS = 50_000_000
AT_ONCE = 1_000_000  # intervals of all tags in one piece
TIME = pa.field("time", pa.timestamp("ns", "UTC"))
FIGURES = ("mean", "min", "max", "last", "growth", "good_percent")
WORDS = (Kind.ENUMERATION, Kind.BOOLEAN)
OF_NUMBERS = {"mean": "time-average", "min": "min", "max": "max"}
ASKED = (*OF_NUMBERS.values(), "delta", "good")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some intervals' starts, and figures by name, of shape (tags, intervals); NaN: not known."""

    time: Int64s
    figures: Mapping[str, Floats]


def pieces(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    start: Nanoseconds,
    end: Nanoseconds,
    every: int,
    zone: ZoneInfo,
) -> Iterator[Piece]:
    """The figures of each `every` ns between two times, about a day of them at a time.

    Intervals begin on round local times; the first may begin before `start` and the last end
    after `end`, but only what is between the two counts. What a tag said last holds until `end`.
    """
    step = Step.of(every)
    edges = Intervals.every(step, start, end, zone, most=MOST_ROWS).edges
    time = edges[:-1].copy()
    time[0] = step.floor(start, zone)
    most, at = max(AT_ONCE // len(tags), 1), 0
    while at < len(time):
        day = int(np.searchsorted(edges, edges[at] + DAY, "right")) - 1
        stop = min(max(at + 1, day), at + most)
        yield Piece(time[at:stop], _figures(samples, tags, Intervals.of(edges[at : stop + 1])))
        at = stop


def _figures(
    samples: Samples, tags: Mapping[TagId, Tag], intervals: Intervals
) -> dict[str, Floats]:
    """Each figure of all tags in their order."""
    ids = np.array(sorted(tags), np.int32)
    wish = Wish(ASKED, now=Nanoseconds(int(intervals.edges[-1])))
    size = (len(ids), len(intervals.edges) - 1)
    found = {name: np.full(size, np.nan) for name in (*FIGURES, "samples")}
    for low, high, first, last in parts_of(samples, ids, intervals):
        some = {TagId(tag): tags[TagId(tag)] for tag in ids[low:high].tolist()}
        window = open_window(samples, some, intervals, wish, names=ASKED, span=(first, last))
        for name, figures in _of(window, list(some.values())).items():
            found[name][low:high, first:last] = figures
    order = np.searchsorted(ids, np.array(list(tags), np.int32))
    return {name: figures[order] for name, figures in found.items()}


def _of(window: Window, tags: Sequence[Tag]) -> dict[str, Floats]:
    number = np.array([tag.kind is Kind.NUMBER for tag in tags])[:, None]
    counts = number & np.array([tag.counter is not None for tag in tags])[:, None]
    made = {name: column.value for name, column in columns(window, tags, ASKED).items()}
    return {
        **{name: np.where(number, made[word], np.nan) for name, word in OF_NUMBERS.items()},
        "last": window.stepped.final(),
        "growth": np.where(counts, made["delta"], np.nan),
        "good_percent": np.where(window.known, made["good"], 0.0),
        "samples": np.diff(window.rows.first, axis=1).astype(np.float64),
    }


def wide_schema(tags: Mapping[TagId, Tag]) -> pa.Schema:
    """`time`, then a column a tag by its path: words for states, numbers else."""
    fields = [
        pa.field(tag.path, pa.string() if _worded(tag) else pa.float64()) for tag in tags.values()
    ]
    return pa.schema([TIME, *fields])


def wide_table(tags: Mapping[TagId, Tag], piece: Piece) -> pa.Table:
    """The rows of `piece` with the one figure of each tag that says most."""
    arrays: list[Any] = [pa.array(piece.time, TIME.type)]
    for place, tag in enumerate(tags.values()):
        name = "last" if tag.kind in WORDS else "growth" if tag.counter else "mean"
        figures = piece.figures[name][place]
        words = _words(tag, figures) if _worded(tag) else figures
        arrays.append(pa.array(words, pa.string() if _worded(tag) else None, from_pandas=True))
    return pa.table(arrays, schema=wide_schema(tags))


def long_schema() -> pa.Schema:
    """`time`, `tag`, and all figures."""
    figures = [pa.field(name, pa.float64()) for name in FIGURES]
    tag = pa.field("tag", pa.dictionary(pa.int32(), pa.string()))
    return pa.schema([TIME, tag, *figures, pa.field("samples", pa.int64())])


def long_table(tags: Mapping[TagId, Tag], piece: Piece) -> pa.Table:
    """The rows of `piece`, by time, then tag."""
    size, many = len(piece.time), len(tags)
    names = pa.array([tag.path for tag in tags.values()], pa.string())
    place = pa.array(np.tile(np.arange(many, dtype=np.int32), size))
    column = {name: figures.T.ravel() for name, figures in piece.figures.items()}
    return pa.table(
        [
            pa.array(np.repeat(piece.time, many), TIME.type),
            pa.DictionaryArray.from_arrays(place, names),
            *(pa.array(column[name], from_pandas=True) for name in FIGURES),
            pa.array(column["samples"].astype(np.int64)),
        ],
        schema=long_schema(),
    )


def _worded(tag: Tag) -> bool:
    return tag.kind in WORDS and bool(tag.legend)


def _words(tag: Tag, values: Floats) -> Sequence[str | None]:
    return [
        None if np.isnan(value) else tag.legend.get(int(value), f"{value:g}")
        for value in values.tolist()
    ]
