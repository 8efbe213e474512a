"""One row a stretch: time-weighted means, extremes, growth of counters, states at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from isthmus.historian.port import Samples
from isthmus.insight.calendar import instant, local_day
from isthmus.insight.counter import Growth
from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Floats, Int64s, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag
from isthmus.model.zone import offsets

DAY = 86_400 * 10**9
TAGS = 16  # read at once, over a day
TIME = pa.field("time", pa.timestamp("ns", "UTC"))
FIGURES = ("mean", "min", "max", "last", "growth", "good_percent")
WORDS = (Kind.ENUMERATION, Kind.BOOLEAN)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Edges (ns UTC) on round local times around [start, end): stretch i is edges[i:i + 2]."""

    edges: Int64s
    start: Nanoseconds
    end: Nanoseconds

    @classmethod
    def of(cls, start: Nanoseconds, end: Nanoseconds, every: int, zone: ZoneInfo) -> Stretches:
        """Stretches of `every` ns; whole days begin at local midnight, of 23 to 25 hours."""
        if every % DAY == 0:
            days, first = every // DAY, local_day(start, zone)
            edges = [instant(first, 0, zone)]
            while edges[-1] < end:
                first += timedelta(days=days)
                edges.append(instant(first, 0, zone))
            return cls(np.array(edges, np.int64), start, end)
        ahead = int(offsets(np.array([start], np.int64), zone)[0])
        first_edge = (start + ahead) // every * every - ahead
        return cls(np.arange(first_edge, end + every, every, dtype=np.int64), start, end).cut()

    def cut(self) -> Stretches:
        """The same without edges behind the first at or after the end."""
        stop = int(np.searchsorted(self.edges, self.end)) + 1
        return Stretches(self.edges[:stop], self.start, self.end)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some stretches' starts, and each tag's figures in them by name; NaN where not known."""

    time: Int64s
    figures: Mapping[TagId, Mapping[str, Floats]]


def pieces(samples: Samples, tags: Mapping[TagId, Tag], stretches: Stretches) -> Iterator[Piece]:
    """The figures of all stretches, about a day of them and 16 tags read at a time."""
    edges, at = stretches.edges, 0
    while at < len(edges) - 1:
        stop = max(at + 1, int(np.searchsorted(edges, edges[at] + DAY, "right")) - 1)
        part = edges[at : stop + 1]
        start = Nanoseconds(max(int(part[0]), stretches.start))
        end = Nanoseconds(min(int(part[-1]), stretches.end))
        group = max(1, round(TAGS * DAY / max(end - start, DAY)))
        numbers = list(tags)
        found: dict[TagId, Mapping[str, Floats]] = {}
        for first in range(0, len(numbers), group):
            some = numbers[first : first + group]
            found |= _figures(samples, {number: tags[number] for number in some}, part, start, end)
        yield Piece(part[:-1], found)
        at = stop


def _figures(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    edges: Int64s,
    start: Nanoseconds,
    end: Nanoseconds,
) -> dict[TagId, Mapping[str, Floats]]:
    numbers = np.array(sorted(tags), np.int32)
    rows = samples.raw(numbers, start, end)
    held = samples.before(numbers, start)
    inside = np.clip(edges, start, end)
    found = {}
    for number, tag in tags.items():
        left, right = np.searchsorted(rows.tag, [number, number + 1])
        own = rows.slice(int(left), int(right))
        series = Series.of(own, start, end, held.where(held.tag == number))
        found[number] = _of(series, tag, inside, own)
    return found


def _of(series: Series, tag: Tag, edges: Int64s, own: Batch) -> Mapping[str, Floats]:
    low, high, last = _extremes(series, edges)
    unknown = np.full(len(edges) - 1, np.nan)
    counts = tag.counter is not None and tag.kind is Kind.NUMBER
    growth = Growth.of(series, tag.counter).per_bucket(edges) if counts and tag.counter else unknown
    number = tag.kind is Kind.NUMBER
    samples = np.diff(np.searchsorted(own.time, edges)).astype(np.float64)
    return {
        "mean": series.bucket_means(edges) if number else unknown,
        "min": low if number else unknown,
        "max": high if number else unknown,
        "last": last,
        "growth": growth,
        "good_percent": 100 * series.bucket_known(edges),
        "samples": samples,
    }


def _extremes(series: Series, edges: Int64s) -> tuple[Floats, Floats, Floats]:
    """Least and greatest of what held in each stretch, and what held at its end."""
    time = np.union1d(series.time, edges[:-1])
    value = series.value[np.maximum(np.searchsorted(series.time, time, "right") - 1, 0)]
    first = np.searchsorted(time, edges[:-1])
    last = np.searchsorted(series.time, edges[1:], "left") - 1
    return (
        np.fmin.reduceat(value, first),
        np.fmax.reduceat(value, first),
        series.value[np.maximum(last, 0)],
    )


def wide_schema(tags: Mapping[TagId, Tag]) -> pa.Schema:
    """`time`, then a column a tag by its path: words for states, numbers else."""
    columns = [
        pa.field(tag.path, pa.string() if _worded(tag) else pa.float64()) for tag in tags.values()
    ]
    return pa.schema([TIME, *columns])


def wide_table(tags: Mapping[TagId, Tag], piece: Piece) -> pa.Table:
    """The rows of `piece` with the one figure of each tag that says most."""
    columns: list[Any] = [pa.array(piece.time, TIME.type)]
    for number, tag in tags.items():
        figures = piece.figures[number]
        if _worded(tag):
            columns.append(pa.array(_words(tag, figures["last"]), pa.string()))
            continue
        name = "last" if tag.kind in WORDS else "growth" if tag.counter else "mean"
        columns.append(pa.array(figures[name], pa.float64(), from_pandas=True))
    return pa.table(columns, schema=wide_schema(tags))


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
    figures = [piece.figures[number] for number in tags]

    def column(name: str) -> Floats:
        found: Floats = np.stack([each[name] for each in figures], axis=1).ravel()
        return found

    return pa.table(
        [
            pa.array(np.repeat(piece.time, many), TIME.type),
            pa.DictionaryArray.from_arrays(place, names),
            *(pa.array(column(name), from_pandas=True) for name in FIGURES),
            pa.array(column("samples").astype(np.int64)),
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
