"""PostgreSQL from Debian: rows by binary COPY, found by a block range index or a unique one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import psutil
import psycopg
from tests.servers.postgresql import Cluster

from benchmarks.historian.data import Span
from benchmarks.historian.engine import Engine, Question
from benchmarks.historian.sql import POSTGRESQL, texts
from isthmus.model.sample import Batch

PACKAGE = "postgresql-15"
SETTINGS = (
    "fsync = on",
    "synchronous_commit = on",
    "full_page_writes = on",
    "shared_buffers = 1GB",
    "max_wal_size = 4GB",
    "work_mem = 64MB",
    "maintenance_work_mem = 256MB",
)
SINCE_2000 = 946_684_800_000_000  # µs, where PostgreSQL's time begins
ROW = np.dtype(
    [("n", ">i2")]
    + [
        field
        for name, kind in (("time", ">i8"), ("tag", ">i4"), ("value", ">f8"), ("status", ">i4"))
        for field in ((f"{name}_size", ">i4"), (name, kind))
    ]
)
HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)


class PostgreSql(Engine):
    """A cluster of its own; `unique` by (tag, time), else found by block ranges of time."""

    durability = "each batch a commit, write-ahead log synced"

    def __init__(self, *, unique: bool) -> None:
        self._unique = self.loads = unique
        self.name = "postgresql unique" if unique else "postgresql brin"
        made = Cluster.make(*SETTINGS)
        if made is None:
            raise FileNotFoundError(PACKAGE)
        self._cluster = made
        self._dsn = f"host={made.folder} port={made.port} user={made.owner} dbname=postgres"
        self._connection = psycopg.connect(self._dsn, autocommit=True)
        self.begin()

    def begin(self) -> None:
        """A new table."""
        index = "unique index on samples (tag, time)" if self._unique else ""
        index = index or "index on samples using brin (time)"
        for statement in (
            "drop table if exists samples",
            "create table samples(time timestamptz, tag integer, value float8, status integer)",
            f"create {index}",
        ):
            self._connection.execute(statement)

    def prepare(self, batch: Batch) -> object:
        """The rows as COPY takes them."""
        rows = np.empty(len(batch), ROW)
        rows["n"] = 4
        for name, size, column in (
            ("time", 8, batch.time // 1_000 - SINCE_2000),
            ("tag", 4, batch.tag),
            ("value", 8, batch.value),
            ("status", 4, batch.quality.view(np.int32)),
        ):
            rows[f"{name}_size"], rows[name] = size, column
        return HEAD + rows.tobytes() + b"\xff\xff"

    def send(self, prepared: object) -> None:
        """COPY, in a transaction of its own."""
        assert isinstance(prepared, bytes)
        rows = "copy samples from stdin (format binary)"
        with self._connection.cursor() as cursor, cursor.copy(rows) as copy:
            copy.write(prepared)

    def settle(self) -> None:
        """Vacuum, so that visibility and statistics are known."""
        self._connection.execute("vacuum analyze samples")

    def count(self) -> int:
        """Rows."""
        return _number(self._connection, "select count(*) from samples")

    def size(self) -> int:
        """The table and its index; not the write-ahead log."""
        return _number(self._connection, "select pg_total_relation_size('samples')")

    def rss_mb(self) -> float:
        """All its processes; shared buffers count in each that touched them, so the largest."""
        process = self._cluster._process
        every = psutil.Process(process.pid) if process else None
        found = [p.memory_info() for p in (every, *every.children())] if every else []
        own = sum(memory.rss - memory.shared for memory in found)
        return (own + max((memory.shared for memory in found), default=0)) / 1e6

    def questions(self, span: Span) -> Mapping[str, Question]:
        """In SQL; where no index knows tags, only what block ranges of time help with."""
        return asked(self._connection, span, indexed=self._unique)

    def address(self) -> str:
        """Where it listens."""
        return f"postgresql:{self._dsn}"

    def close(self) -> None:
        """End the server, forget its data."""
        self._connection.close()
        self._cluster.remove()


def asked(
    connection: psycopg.Connection[tuple[object, ...]], span: Span, *, indexed: bool
) -> dict[str, Question]:
    """The questions to a connection."""

    def asking(query: str) -> Question:
        return lambda: _all(connection, query)

    queries = texts(POSTGRESQL, "samples", span, indexed=indexed)
    if not indexed:
        queries.pop("asof_hour_ms")  # 36,000 scans
    return {name: asking(query) for name, query in queries.items()}


def _all(
    connection: psycopg.Connection[tuple[object, ...]], query: str
) -> list[tuple[object, ...]]:
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(query.encode()).fetchall()


def _number(connection: psycopg.Connection[tuple[object, ...]], query: str) -> int:
    return int(str(_all(connection, query)[0][0]))
