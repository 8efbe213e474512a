"""The one connection that writes: it holds the lock of its schema, and knows if it was replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Self

from psycopg import errors
from psycopg.types.json import Json

from isthmus.historian.postgresql import kpi, read
from isthmus.historian.postgresql.connect import Connection, connect
from isthmus.historian.postgresql.partition import Partitions
from isthmus.historian.postgresql.schema import prepare
from isthmus.historian.postgresql.seal import TEMPORARY, Contents, Waiting, store
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.tags import TAGS as COLUMNS
from isthmus.historian.tags import encode_tags
from isthmus.model.errors import StorageError
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

LOCK = 0x1574_0005  # our half of the advisory lock's key; the other is the schema's
_SAME = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.names if name != "tag")
TAGS = (
    "insert into tags select * from json_populate_recordset(null::tags, %s) "  # noqa: S608 - our own
    f"on conflict (tag) do update set {_SAME} "
    "where (tags.*)::text is distinct from (excluded.*)::text"
)
HOLDER = """
select coalesce(a.application_name || ' from ' || coalesce(host(a.client_addr), 'there'), '?')
from pg_locks l left join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted
  and l.classid = %s and l.objid = (hashtext(%s)::bigint & 4294967295)::oid
"""


class Writer:
    """An open connection for writing, and what the server holds since the last seal."""

    def __init__(self, connection: Connection, settings: PostgreSqlSettings, session: str) -> None:
        self._connection, self._settings, self._session = connection, settings, session
        self.partitions = Partitions(connection)
        self.owner, self.contents = self._known()

    @classmethod
    def open(cls, settings: PostgreSqlSettings, session: str) -> Self:
        """The only writer of its schema; StorageError where another is, or none can be."""
        connection = connect(settings)
        try:
            _lock(connection, settings)
            prepare(connection, settings.schema)
            for line in TEMPORARY:
                connection.execute(line.encode())
            connection.execute("set lock_timeout = '10s'")
            return cls(connection, settings, session)
        except BaseException:
            connection.close()
            raise

    def _known(self) -> tuple[str, Contents]:
        row = self._connection.execute(
            "select session, seq, rows, events, oldest, newest from writer"
        ).fetchone()
        session, *counts = row or ("", 0, 0, 0, None, None)
        return str(session), Contents(*counts)

    @property
    def alive(self) -> bool:
        """Whether the connection was not lost, as far as is known."""
        return not self._connection.closed

    def take_over(self) -> None:
        """From now on seals are ours: whoever wrote before and comes back is told."""
        self._connection.execute("update writer set session = %s", (self._session,))
        self.owner = self._session

    def positions(self) -> dict[str, int]:
        """The stored position of each stream."""
        found = self._connection.execute("select stream, position from positions")
        return {str(stream): int(position) for stream, position in found}

    def last(self) -> Batch:
        """The newest stored sample of every tag."""
        return read.last_samples(self._connection, self._settings.schema)

    def write(self, waiting: Waiting) -> None:
        """Make it durable in one transaction; raises StorageError and psycopg.Error.

        Where the connection is lost meanwhile, the next one's contents tell what came of it.
        """
        self.partitions.hold(self._connection, waiting.rows.time)
        with self._connection.transaction():
            contents = store(self._connection, self._session, waiting)
        if contents is None:
            raise replaced(self._settings)
        self.contents = contents

    def write_tags(self, tags: Iterable[tuple[TagId, Tag]]) -> None:
        """Write the names; those that are as they were stay untouched."""
        rows = encode_tags(tags).to_pylist()
        for row in rows:
            row["legend"] = json.loads(row["legend"]) if row["legend"] else None
        with self._connection.transaction():
            self._connection.execute(TAGS, (Json(rows),))

    def write_kpis(self, results: Sequence[KpiResult]) -> None:
        """Keep derived values, all or none of them."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            kpi.write(cursor, results)

    def maintain(self, now: Nanoseconds) -> None:
        """Make the partitions of the weeks to come, drop those that need not be kept."""
        keep = self._settings.keep
        try:
            self.partitions.ahead(self._connection, now)
            if keep is not None:
                self.partitions.drop(self._connection, Nanoseconds(now - round(keep * 1e9)))
        except errors.LockNotAvailable:  # a long query of somebody's: next time
            return
        _, self.contents = self._known()

    def size(self) -> int:
        """Bytes on the server's disk, indexes and all."""
        row = self._connection.execute(
            "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s "
            "and c.relkind = 'r'",
            (self._settings.schema,),
        ).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Let the next writer in."""
        self._connection.close()


def _lock(connection: Connection, settings: PostgreSqlSettings) -> None:
    """StorageError where another process holds the schema; its connection may be just ending."""
    line = "select set_config('lock_timeout', '5s', false), pg_advisory_lock(%s::int, hashtext(%s))"
    try:
        connection.execute(line, (LOCK, settings.schema))
    except errors.LockNotAvailable as error:
        row = connection.execute(HOLDER, (LOCK, settings.schema)).fetchone()
        who = str(row[0]) if row else "another process"
        raise StorageError(
            f"opening the history at {settings.place}: {who} is writing it",
            hint="stop that process, or give this plant a schema of its own: "
            "`history: {schema: NAME}`",
        ) from error


def replaced(settings: PostgreSqlSettings) -> StorageError:
    """What a writer is told that was cut off while another took its place."""
    return StorageError(
        f"writing the history at {settings.place}: another process has written it since",
        hint="two installations share one schema: stop one of them, then start this one again",
    )
