"""The partitions of the samples by time: made ahead, made when asked for, dropped when old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
from psycopg import sql

from isthmus.historian.postgresql.connect import Connection
from isthmus.historian.settings import DAY
from isthmus.model.sample import Int64s, Nanoseconds

MONDAY = 4 * DAY  # 1970-01-05
OLDEST, NEWEST = 946_684_800 * 10**9, 4_102_444_800 * 10**9  # 2000 to 2100; the rest is together
AHEAD = 2  # partitions made before their time comes


class Partitions:
    """Which partitions there are; the writer alone makes and drops them."""

    def __init__(self, connection: Connection) -> None:
        """What `connection`, with the schema on its path, has; TimescaleDB needs none of ours."""
        (days,) = connection.execute("select partition_days from writer").fetchone() or (7,)
        self._width = int(days) * DAY
        found = connection.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = 'raw_samples'::regclass"
        )
        self._made = {name for (name,) in found}
        kind = connection.execute(
            "select relkind = 'p' from pg_class where oid = 'raw_samples'::regclass"
        ).fetchone()
        self._ours = bool(kind and kind[0])

    def __len__(self) -> int:
        return len(self._made)

    def hold(self, connection: Connection, times: Int64s) -> None:
        """Make the partitions that rows of these times need."""
        if not self._ours or not len(times):
            return
        known = times[(times >= OLDEST) & (times < NEWEST)]
        self._make(connection, np.unique((known - MONDAY) // self._width).tolist())

    def ahead(self, connection: Connection, now: Nanoseconds) -> None:
        """Make those of now and of the weeks to come."""
        if self._ours and OLDEST <= now < NEWEST:
            first = (now - MONDAY) // self._width
            self._make(connection, range(first, first + AHEAD + 1))

    def _make(self, connection: Connection, places: Iterable[int]) -> None:
        for place in places:
            start = MONDAY + place * self._width
            name = _name(start)
            if name not in self._made:
                text = sql.SQL(
                    "create table if not exists {} partition of raw_samples "
                    "for values from ({}) to ({})"
                )
                line = text.format(
                    sql.Identifier(name), _moment(start), _moment(start + self._width)
                )
                connection.execute(line)
                self._made.add(name)

    def drop(self, connection: Connection, before: Nanoseconds) -> int:
        """Drop what ends at or before `before`; the number of rows known to be gone."""
        if not self._ours:  # TimescaleDB drops the chunks that are older
            line = sql.SQL("select drop_chunks('raw_samples', {})").format(_moment(before))
            connection.execute(line)
        gone = 0
        for name in sorted(self._made):
            start = _start(name)
            if start is not None and start + self._width <= before:
                table = sql.Identifier(name)
                gone += _drop(connection, table, sql.SQL("drop table {}").format(table))
                self._made.discard(name)
        return gone


def _drop(connection: Connection, table: sql.Identifier, line: sql.Composed) -> int:
    with connection.transaction():
        rows = connection.execute(sql.SQL("select count(*) from {}").format(table))
        (count,) = rows.fetchone() or (0,)
        connection.execute(line)
        connection.execute("update writer set rows = rows - %s", (count,))
    return int(count)


def _name(start: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=start // 10**9)
    return f"raw_samples_{moment:%Y%m%d}"


def _start(name: str) -> int | None:
    try:
        day = datetime.strptime(name, "raw_samples_%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) * 10**9


def _moment(time: int) -> sql.Literal:
    return sql.Literal(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time // 10**9))
