"""One transaction that makes durable what waited: samples, events and the streams' positions.

Fresh samples are copied straight into their table. Only rows that are not newer than what is
stored of their tag may replace some, and only these are looked for and removed first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.historian.postgresql.binary import KEY, READ, WRITTEN, encode
from isthmus.historian.postgresql.connect import Connection
from isthmus.model.event import Event
from isthmus.model.sample import Batch

TEMPORARY = (
    """create temp table if not exists late
    (time timestamptz, tag integer, sub_ns smallint) on commit delete rows""",
    """create temp table if not exists fresh
    (time timestamptz, value double precision, tag integer, status integer, sub_ns smallint)
    on commit delete rows""",
)
REMOVE = """
delete from raw_samples s using late l
where s.tag = l.tag and s.time = l.time and s.sub_ns = l.sub_ns
  and s.time >= (select min(time) from late) and s.time <= (select max(time) from late)
"""
KEEP_LAST = """
insert into last_samples (tag, time, value, status, sub_ns)
select tag, time, value, status, sub_ns from fresh
on conflict (tag) do update set time = excluded.time, value = excluded.value,
  status = excluded.status, sub_ns = excluded.sub_ns
"""
COUNT = """
update writer set rows = rows + %s, events = events + %s,
  oldest = least(oldest, %s), newest = greatest(newest, %s)
returning seq, rows, events, oldest, newest
"""
POSITION = """
insert into positions (stream, position) values (%s, %s)
on conflict (stream) do update set position = excluded.position
"""
EVENT = (
    "copy raw_events (time, seq, severity, sub_ns, path, kind, text, data) from stdin (format text)"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is to be made durable: settled rows, those of them that may replace, and the rest."""

    rows: Batch
    late: Batch
    newest: Batch  # of each tag whose last sample changes
    events: Sequence[Event]
    positions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Contents:
    """What the server holds after seal `seq`; times are ns UTC."""

    seq: int
    rows: int
    events: int
    oldest: int | None
    newest: int | None


def store(connection: Connection, session: str, waiting: Waiting) -> Contents | None:
    """Write all of `waiting` in the open transaction; None if another has become the writer."""
    found = connection.execute(
        "update writer set seq = seq + 1 where session = %s returning seq", (session,)
    ).fetchone()
    if found is None:
        return None
    seq, rows = int(found[0]), waiting.rows
    gone = 0
    if len(waiting.late):
        _copy(connection, "late", waiting.late, KEY)
        gone = connection.execute(REMOVE).rowcount
    if len(rows):
        _copy(connection, "raw_samples", rows, WRITTEN, seq)
        _copy(connection, "fresh", waiting.newest, READ)
        connection.execute(KEEP_LAST)
    if waiting.events:
        _copy_events(connection, waiting.events, seq)
    span = (int(rows.time.min()), int(rows.time.max())) if len(rows) else (None, None)
    more = (len(rows) - gone, len(waiting.events), *span)
    counted = connection.execute(COUNT, more).fetchone()
    with connection.cursor() as cursor:
        cursor.executemany(POSITION, list(waiting.positions.items()))
    return Contents(*counted) if counted else None


def _copy(
    connection: Connection, table: str, rows: Batch, names: tuple[str, ...], seq: int = 0
) -> None:
    text = f"copy {table} ({', '.join(names)}) from stdin (format binary)"
    with connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
        for piece in encode(rows, names, seq):
            copy.write(piece)


def _copy_events(connection: Connection, events: Sequence[Event], seq: int) -> None:
    times = np.array([event.time for event in events], np.int64)
    micro = times // 1000
    moments = np.datetime_as_string(micro.view("M8[us]"), timezone="UTC")
    with connection.cursor() as cursor, cursor.copy(EVENT) as copy:
        for event, moment, rest in zip(events, moments, (times - micro * 1000), strict=True):
            copy.write_row(
                (
                    *(str(moment), seq, event.severity, int(rest)),
                    *(event.path, event.kind, clean(event.text), written(event)),
                )
            )


def clean(text: str) -> str:
    """The text without what PostgreSQL's text cannot hold: NUL and lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def written(event: Event) -> str | None:
    """An event's data as JSON, which knows no NaN: such a number becomes its name."""
    if not event.data:
        return None
    data = {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in event.data.items()
    }
    return json.dumps(data)


def check(events: Sequence[Event]) -> None:
    """ValueError for what could be appended and never stored."""
    for event in events:
        try:
            np.int64(event.time)
            np.int32(event.severity)
            written(event)
            whole = f"{event.path}{event.kind}".encode()
            clean(event.text)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"an event that no table can hold: {error}") from error
        if b"\0" in whole:
            raise ValueError(f"an event that no table can hold: NUL in {event.path!r}")
