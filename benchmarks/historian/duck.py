"""DuckDB, with a file of its own and over our Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from benchmarks.historian.data import Span
from benchmarks.historian.engine import Engine, Question
from benchmarks.historian.sql import DUCKDB, texts
from isthmus.model.sample import Batch

THREADS = 2
PARQUET = """(select time, tag, coalesce(value, exact::double) as value
  from read_parquet({files}, hive_partitioning = false))"""


def arrow(batch: Batch) -> pa.Table:
    """A batch as the columns of its table."""
    micro = pa.array(batch.time // 1_000).cast(pa.timestamp("us", "UTC"))
    return pa.table([micro, batch.tag, batch.value, batch.quality], names=["t", "g", "v", "q"])


class DuckDb(Engine):
    """A native file, rows in order of arrival."""

    name = "duckdb"
    durability = "each batch a commit, its write-ahead log synced"
    server = False
    remarks = ("one process only: readers are threads of the writer's",)

    def __init__(self, folder: Path) -> None:
        self._path = folder / "native.duckdb"
        self.connection = duckdb.connect()
        self.begin()

    def begin(self) -> None:
        """A new file."""
        self.connection.close()
        for path in self._path.parent.glob(self._path.name + "*"):
            path.unlink()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(str(self._path), config={"threads": THREADS})
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute("set memory_limit = '4GB'")
        self.connection.execute(
            "create table samples(time timestamptz, tag integer, value double, quality uinteger)"
        )

    def send(self, prepared: object) -> None:
        """Insert from Arrow, in a transaction of its own."""
        assert isinstance(prepared, Batch)
        self.connection.register("arriving", arrow(prepared))
        self.connection.execute("insert into samples select * from arriving")

    def settle(self) -> None:
        """Bring the log into the file."""
        self.connection.execute("checkpoint")

    def count(self) -> int:
        """Rows."""
        return int(self.connection.execute("select count(*) from samples").fetchall()[0][0])

    def size(self) -> int:
        """The file and its log."""
        return sum(p.stat().st_size for p in self._path.parent.glob(self._path.name + "*"))

    def rss_mb(self) -> float:
        """What DuckDB says it holds: it shares this process."""
        held = "select sum(memory_usage_bytes) from duckdb_memory()"
        return float(self.connection.execute(held).fetchall()[0][0] or 0) / 1e6

    def questions(self, span: Span) -> Mapping[str, Question]:
        """In SQL."""
        return asked(self.connection, "samples", span)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def asked(connection: duckdb.DuckDBPyConnection, source: str, span: Span) -> dict[str, Question]:
    """The questions to a connection."""

    def asking(query: str) -> Question:
        return lambda: connection.execute(query).fetchall()

    return {name: asking(query) for name, query in texts(DUCKDB, source, span).items()}


def files_of(folder: Path) -> str:
    """The samples that a lake in `folder` sealed, as a relation."""
    actions = DeltaTable(str(folder / "samples")).get_add_actions(flatten=True)
    files = [str(folder / "samples" / path) for path in actions.column("path").to_pylist()]
    return PARQUET.format(files=files)


def plain() -> duckdb.DuckDBPyConnection:
    """DuckDB with nothing in it."""
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def over_files(folder: Path, span: Span) -> dict[str, Question]:
    """The questions to DuckDB over the samples that a lake in `folder` sealed."""
    return asked(plain(), files_of(folder), span)
