"""SQL over the history: one read-only DuckDB query with limits, and no way out of it."""

from __future__ import annotations

import threading

import duckdb
import pyarrow as pa

from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql.allow import parsed
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.sql.stock import Stock
from isthmus.model.errors import Refused, StorageError

ALLOWED = {"SELECT", "EXPLAIN"}
VIEWS = frozenset(("main", name) for name in ("samples", "tags", "events", "kpi", "kpi_versions"))
CHUNK = 2_048  # rows at a time, DuckDB's own vector: what one brings is not bounded otherwise
MOST_BYTES = 64 << 20
OURS = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException)  # not the query's


class UnreadableError(StorageError):
    """A query met a file that cannot be read; its cause is what DuckDB said."""


def select(
    shelf: Shelf, query: str, *, seconds: float, rows: int, settings: LakeSettings, stock: Stock
) -> pa.Table:
    """The answer to `query`; Refused where it is no query, is wrong, or exceeds its limits."""
    try:
        loan = stock.lend(stock, shelf, settings)
    except duckdb.Error as error:
        raise _unreadable(error) from error
    connection, clean = loan.connection, False
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        statements = connection.extract_statements(query)
        kinds = [statement.type.name for statement in statements]
        if len(kinds) != 1 or kinds[0] not in ALLOWED:
            raise Refused(
                f"running the query: it is {' and '.join(kinds) or 'empty'}",
                hint="one SELECT over the views samples, tags, events, kpi",
            )
        timer.start()
        found = _fetch(connection.sql(query), rows)
        clean = _is_plain(connection, query)
    except duckdb.Error as error:
        if late.is_set():
            raise Refused(
                f"running the query: not done after {seconds:g} s",
                hint="ask for a shorter time or fewer tags",
            ) from error
        if isinstance(error, OURS) or type(error) is duckdb.Error or ".parquet" in str(error):
            raise _unreadable(error) from error
        raise Refused(f"running the query: {error}") from error
    else:
        return found
    finally:
        timer.cancel()
        loan.end(clean=clean and not late.is_set())


def _is_plain(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a query surely left nothing behind, as one of our views alone has not."""
    try:
        parsed(connection, query, VIEWS, ("main",))
    except Refused:
        return False
    return True


def _unreadable(error: duckdb.Error) -> UnreadableError:
    return UnreadableError(
        f"reading history for the query: {_first(error)}",
        hint="`isthmus doctor` verifies the files; restore the one named from a backup",
    )


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _fetch(answer: duckdb.DuckDBPyRelation, rows: int) -> pa.Table:
    reader = answer.to_arrow_reader(CHUNK)
    batches, size, held = [], 0, 0
    for batch in reader:
        batches.append(batch)
        size += batch.num_rows
        held += batch.nbytes
        if held > MOST_BYTES:
            raise Refused(
                f"running the query: the answer has more than {MOST_BYTES >> 20} MiB",
                hint="ask for fewer columns or rows, or aggregate",
            )
        if size > rows:
            raise Refused(
                f"running the query: the answer has more than {rows:,} rows",
                hint="aggregate, add a LIMIT, or allow more `rows`",
            )
    return pa.Table.from_batches(batches, reader.schema)
