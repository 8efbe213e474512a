"""What is asked of the stored samples and events; the hot ones are the engine's to add."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from psycopg import sql

from isthmus.historian.postgresql.binary import decode
from isthmus.historian.postgresql.connect import Connection
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int32s, Nanoseconds

LOW, HIGH = -(1 << 63), (1 << 63) - 1  # what times may be
FIELDS = "time, value, tag, status, sub_ns"
RAW = """
select {fields} from {schema}.raw_samples
where tag = any({tags}) and time >= {first} and time <= {last}
  and (time, sub_ns) >= ({first}, {first_ns}) and (time, sub_ns) < ({last}, {last_ns})
"""
BEFORE = """
select s.* from unnest({tags}) wanted (id) cross join lateral (
  select {fields} from {schema}.raw_samples
  where tag = wanted.id and time >= {first} and time <= {last}
    and (time, sub_ns) >= ({first}, {first_ns}) and (time, sub_ns) < ({last}, {last_ns})
  order by tag desc, time desc, sub_ns desc limit 1
) s order by s.tag
"""
EVENTS = """
select time_us, sub_ns, path, kind, text, severity, data::text from (
  select (extract(epoch from time) * 1000000)::bigint as time_us,
         sub_ns, path, kind, text, severity, data, number
  from {schema}.raw_events
  where seq <= {seq} and time >= {first} and time <= {last}
    and (time, sub_ns) >= ({first}, {first_ns}) and (time, sub_ns) < ({last}, {last_ns})
    and ({every} or kind = any({kinds}))
    and ({anywhere} or path = {path} or starts_with(path, {below}))
  order by time desc, sub_ns desc, number desc limit {limit}
) newest order by time_us, sub_ns, number
"""


def span(start: int, end: int) -> dict[str, sql.Composable]:
    """Placeholders of a time span [start, end), ns UTC, for the texts above."""
    start, end = max(start, LOW), min(end, HIGH)
    return {
        "first": moment(start),
        "first_ns": sql.Literal(start % 1000),
        "last": moment(end),
        "last_ns": sql.Literal(end % 1000),
    }


def moment(time: int) -> sql.Composable:
    """A time (ns UTC) as a timestamp of microseconds, exact over the whole range."""
    seconds, rest = divmod(time // 1000, 1_000_000)
    text = "(timestamptz 'epoch' + interval '{} s' + interval '{} us')"
    return sql.SQL(text.format(seconds, rest))


def _tags(tags: Int32s) -> sql.Composable:
    return sql.Literal(tags.tolist()) + sql.SQL("::integer[]")


def read(connection: Connection, query: sql.Composed) -> Batch:
    """The samples that `query` selects in the columns `READ`."""
    with connection.cursor() as cursor:
        text = sql.SQL("copy ({}) to stdout (format binary)").format(query)
        with cursor.copy(text) as copy:
            return decode(b"".join(copy))


def raw(
    connection: Connection, schema: str, tags: Int32s, start: int, end: int, limit: int | None
) -> Batch:
    """The samples of `tags` in [start, end); with `limit` the first of them by (tag, time)."""
    query = _filled(RAW, schema, tags, start, end)
    if limit is not None:
        query += sql.SQL(" order by tag, time, sub_ns limit {}").format(sql.Literal(limit))
    return read(connection, query)


def before(connection: Connection, schema: str, tags: Int32s, start: int, end: int) -> Batch:
    """The last sample of each tag in [start, end), by tag."""
    return read(connection, _filled(BEFORE, schema, tags, start, end))


def _filled(text: str, schema: str, tags: Int32s, start: int, end: int) -> sql.Composed:
    return sql.SQL(text).format(
        fields=sql.SQL(FIELDS), schema=sql.Identifier(schema), tags=_tags(tags), **span(start, end)
    )


def last_samples(connection: Connection, schema: str) -> Batch:
    """The newest stored sample of every tag."""
    text = sql.SQL("select {} from {}.last_samples")
    return read(connection, text.format(sql.SQL(FIELDS), sql.Identifier(schema)))


def events(
    connection: Connection,
    schema: str,
    start: int,
    end: int,
    *,
    seq: int,
    kinds: Collection[str],
    path: str | None,
    limit: int,
) -> list[Event]:
    """The newest `limit` events in [start, end) that seals up to `seq` stored, by time."""
    if start >= end or limit <= 0:
        return []
    query = sql.SQL(EVENTS).format(
        schema=sql.Identifier(schema),
        seq=sql.Literal(seq),
        every=sql.Literal(not kinds),
        kinds=sql.Literal(list(kinds)) + sql.SQL("::text[]"),
        anywhere=sql.Literal(path is None),
        path=sql.Literal(path or ""),
        below=sql.Literal(f"{path or ''}/"),
        limit=sql.Literal(limit),
        **span(start, end),
    )
    return [_event(*row) for row in connection.execute(query)]


def _event(time: int, rest: int, *more: Any) -> Event:  # noqa: ANN401 - columns as text
    path, kind, text, severity, data = more
    found = json.loads(data) if data else {}
    return Event(Nanoseconds(time * 1000 + rest), path, kind, text, severity, found)
