"""Trends that the server reduces, where samples would be too many to fetch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from psycopg import errors, sql

from isthmus.historian.postgresql.connect import Connection
from isthmus.historian.postgresql.read import FIELDS, moment, read, span
from isthmus.historian.settings import Trend
from isthmus.historian.trend import buckets
from isthmus.model.sample import Batch, Floats, Int32s, Int64s, TagId

NAN = float("nan")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNT = """
select count(*) from (
  select 1 from {schema}.raw_samples
  where tag = any({tags}::integer[]) and time >= {first} and time <= {last} limit {limit}
) counted
"""
BUCKETS = """
select count(*), count(*) filter (where drawn),
       count(*) filter (where status between 0 and 1073741823), min(ns), max(ns),
       min(ns) filter (where drawn), max(ns) filter (where drawn),
       min(value) filter (where drawn), max(value) filter (where drawn),
       sum(value) filter (where drawn)
from (
  select value, status, status >= 0 and value <> 'NaN' as drawn,
         round(date_part('epoch', time - {origin}) * 1000000)::bigint * 1000
           + sub_ns - {origin_ns} as ns
  from {schema}.raw_samples
  where tag = {tag} and time >= {first} and time <= {last}
    and (time, sub_ns) >= ({first}, {first_ns}) and (time, sub_ns) < ({last}, {last_ns})
) rows group by ns / {width} order by min(ns)
"""
EXACTLY = """
select {fields} from {schema}.raw_samples
join unnest({times}::timestamptz[], {rests}::smallint[]) wanted (at, rest)
  on time = at and sub_ns = rest
where tag = {tag} and time >= {first} and time <= {last}
"""


def many(
    connection: Connection, schema: str, tags: Int32s, start: int, end: int, limit: int
) -> bool:
    """Whether there are more than `limit` samples of `tags` in [start, end)."""
    query = sql.SQL(COUNT).format(
        schema=sql.Identifier(schema),
        tags=sql.Literal(tags.tolist()),
        limit=sql.Literal(limit + 1),
        **span(start, end),
    )
    row = connection.execute(query).fetchone()
    return bool(row and row[0] > limit)


def every(
    connection: Connection, schema: str, tags: Int32s, start: int, end: int, points: int
) -> dict[TagId, Trend]:
    """The trends of those of `tags` that the server reduces."""
    made = {
        TagId(tag): reduced(connection, schema, tag, start, end, points) for tag in tags.tolist()
    }
    return {tag: trend for tag, trend in made.items() if trend is not None}


def reduced(
    connection: Connection, schema: str, tag: int, start: int, end: int, points: int
) -> Trend | None:
    """The trend of what is stored of `tag`, in buckets; None where its samples must be fetched.

    That is so where there are not more of them than points, or their sum is no number.
    """
    origin, width = buckets(start, end, points)
    named = {"schema": sql.Identifier(schema), "tag": sql.Literal(tag), **span(start, end)}
    query = sql.SQL(BUCKETS).format(
        origin=moment(origin),
        origin_ns=sql.Literal(origin % 1000),
        width=sql.Literal(width),
        **named,
    )
    try:
        found = connection.execute(query).fetchall()
    except errors.NumericValueOutOfRange:
        return None
    size = sum(row[0] for row in found)
    if size <= points:
        return None
    count, drawn, good = (np.array([row[place] for row in found], np.int64) for place in range(3))
    time, final, opening, closing = (_times(found, place, origin) for place in range(3, 7))
    low, high, total = (_numbers(found, place) for place in range(7, 10))
    wanted = np.unique(np.concatenate([opening[drawn > 0], closing[drawn > 0]]))
    query = sql.SQL(EXACTLY).format(
        fields=sql.SQL(FIELDS),
        times=sql.Literal([EPOCH + timedelta(microseconds=at // 1000) for at in wanted.tolist()]),
        rests=sql.Literal((wanted % 1000).tolist()),
        **named,
    )
    ends = read(connection, query)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / drawn
    newest = _at(ends, closing[drawn > 0][-1:])
    return Trend(
        *(False, time, low, high, mean, np.where(drawn > 0, _at(ends, opening), NAN)),
        np.where((drawn > 0) & (closing == final), _at(ends, closing), NAN),
        *(good / count, size, int(good.sum()) / size),
        float(newest[0]) if len(newest) else None,
    )


def _times(found: list[tuple[object, ...]], place: int, origin: int) -> Int64s:
    """A column of times since `origin`; `origin` itself where there is none."""
    return np.array([row[place] or 0 for row in found], np.int64) + origin


def _numbers(found: list[tuple[object, ...]], place: int) -> Floats:
    return np.array([NAN if row[place] is None else row[place] for row in found], np.float64)


def _at(rows: Batch, times: Int64s) -> Floats:
    """The values of `rows`, all of one tag, at `times`; anything where there is none."""
    if not len(rows):
        return np.full(len(times), NAN)
    order = np.argsort(rows.time)
    place = np.searchsorted(rows.time[order], times).clip(0, len(rows) - 1)
    values: Floats = rows.value[order][place]
    return values
