"""Many tags side by side on one set of times: what each said last (as-of), or the line between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isthmus.historian.port import Samples
from isthmus.historian.query.pieces import Lines
from isthmus.historian.query.reading import pieces
from isthmus.historian.query.rows import BAD_ROW, Rows, load
from isthmus.historian.query.rules import INTERPOLATED, NO_DATA, RAW, SUB_NORMAL, Column, Rules
from isthmus.model.errors import Refused
from isthmus.model.sample import Bools, Int32s, Int64s, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

MOST_CELLS = 10_000_000
Fill = Literal["hold", "linear"]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A column of each tag over the same `times`; `column` is of shape (tags, times)."""

    tags: Int32s
    times: Int64s
    column: Column


def grid(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    times: Int64s,
    *,
    fill: Fill = "hold",
    most_age: int | None = None,
    now: Nanoseconds | None = None,
) -> Grid:
    """What every tag was at each of `times` (ascending, each once).

    `hold` takes the last sample, `linear` the straight line to the next one for numbers. A bad
    sample stays bad until the next one. A sample older than `most_age` ns counts for nothing, nor
    does anything after `now`.
    """
    ids = np.array(sorted(tags), np.int32)
    _require_size(len(ids), len(times))
    edges = np.append(times, times[-1] + 1)
    rows = load(samples, ids, edges, rules=RULES, now=now, around=fill == "linear")
    kinds = [tags[TagId(tag)].kind for tag in ids.tolist()]
    sloped = np.array([fill == "linear" and kind is Kind.NUMBER for kind in kinds], np.bool_)
    return Grid(ids, times, _column(rows, sloped, most_age, now))


RULES = Rules(treat_uncertain_as_bad=False)  # an uncertain value is a value: its status tells


def _column(rows: Rows, sloped: Bools, most_age: int | None, now: int | None) -> Column:
    lines = Lines.simple(rows, sloped)
    bounds = lines.bounds()
    row, raw, times = bounds.row[:, :-1], bounds.raw[:, :-1], rows.edges[:-1]
    value, state = bounds.value[:, :-1], bounds.state[:, :-1]
    if not len(rows.time):
        return Column.of(value, np.full(value.shape, NO_DATA, np.uint32), RAW)
    held = rows.quality[row]
    lost = (state == BAD_ROW) & (held < SUB_NORMAL)  # no finite number, whatever was said of it
    status = np.where(lost, NO_DATA, held)
    doubt = (lines.state_of(row.ravel()).reshape(row.shape) != 0) & (status < 1 << 30)
    status = np.where(doubt, SUB_NORMAL, status)
    gone = row < 0
    if most_age is not None:
        gone |= times - rows.time[row] > most_age
    if now is not None:
        gone |= times > now
    made = np.where(gone, NO_DATA, status).astype(np.uint32)
    return Column.of(value, made, np.where(raw, RAW, INTERPOLATED).astype(np.uint32))


def union(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    start: Nanoseconds,
    end: Nanoseconds,
    *,
    fill: Fill = "hold",
    most_age: int | None = None,
) -> Grid:
    """The same at every time in [start, end) at which any of the tags has a sample."""
    ids = np.array(sorted(tags), np.int32)
    times = np.empty(0, np.int64)
    for rows in pieces(samples, ids, start, end):
        times = np.union1d(times, rows.time)
        if len(times):
            _require_size(len(ids), len(times))
    if not len(times):
        nothing = np.zeros((len(ids), 0))
        return Grid(ids, times, Column(nothing, nothing.astype(np.uint32)))
    return grid(samples, tags, times, fill=fill, most_age=most_age)


def _require_size(tags: int, times: int) -> None:
    if not tags:
        raise Refused("no tag is asked for", hint="name one, or a pattern such as `**/power`")
    if not times:
        raise Refused("no time of the grid lies in the range", hint="ask for a shorter step")
    if tags * times > MOST_CELLS:
        raise Refused(
            f"a grid of {tags:,} tags and {times:,} times has {tags * times:,} cells",
            hint=f"{MOST_CELLS:,} are allowed: ask for a longer step, less time or fewer tags",
        )
