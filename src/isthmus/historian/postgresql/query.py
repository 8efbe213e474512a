"""SQL of people against the plant's PostgreSQL: one read-only query, in bounds, as Arrow."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import errors, sql

from isthmus.historian.postgresql.connect import AWAY, Connection, connect, failed
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.model.errors import Refused

CHUNK = 2_048
MOST_BYTES = 64 << 20
TYPES: dict[int, pa.DataType] = {  # by the number of PostgreSQL's type; all else is text
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    26: pa.int64(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
    1700: pa.float64(),
}
HINT = "one SELECT over the views samples, tags, events, latest, kpi"


def select(settings: PostgreSqlSettings, query: str, *, seconds: float, rows: int) -> pa.Table:
    """The answer to `query`; Refused where it is no query, is wrong, or exceeds its limits.

    It runs on a connection of its own, in a read-only transaction, as the cursor of one SELECT,
    so that nothing that it sets outlives it.
    """
    connection = connect(settings, read_only=True)
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.cancel_safe(timeout=5)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        if connection.info.parameter_status("is_superuser") == "on":
            raise Refused(
                f"running the query: the user at {settings.place} is a superuser",
                hint="let Isthmus use a role that only owns its schema: a superuser's query can "
                "read files and run programs at the server",
            )
        timer.start()
        return _answer(connection, settings, query, rows)
    except psycopg.Error as error:
        if late.is_set() or isinstance(error, errors.QueryCanceled):
            raise Refused(
                f"running the query: not done after {seconds:g} s",
                hint="ask for a shorter time or fewer tags",
            ) from error
        if isinstance(error, AWAY) and not error.sqlstate:
            raise failed(settings, error, "running the query") from error
        said = error.diag.message_primary or str(error)
        raise Refused(f"running the query: {said}", hint=HINT) from error
    finally:
        timer.cancel()
        connection.close()


def _answer(
    connection: Connection, settings: PostgreSqlSettings, query: str, rows: int
) -> pa.Table:
    text = query.strip().rstrip(";").strip()
    if not text:
        raise Refused("running the query: it is empty", hint=HINT)
    with connection.transaction():
        path = sql.SQL("set local search_path = {}, pg_catalog")
        connection.execute(path.format(sql.Identifier(settings.schema)))
        if text.split(None, 1)[0].lower() == "explain":
            cursor = connection.execute(text.encode(), binary=True)
            return _table(cursor, cursor.fetchmany(rows + 1), rows)
        # the binary protocol takes one statement only, and a cursor no other than a SELECT
        declare = f"declare answer no scroll cursor for {text}".encode()
        connection.execute(declare, binary=True, prepare=True)
        found: list[tuple[Any, ...]] = []
        size = 0
        while True:
            cursor = connection.execute(f"fetch {CHUNK} from answer".encode())
            some = cursor.fetchall()
            found += some
            size += sum(len(str(value)) for row in some for value in row)
            if size > MOST_BYTES:
                raise Refused(
                    f"running the query: the answer has more than {MOST_BYTES >> 20} MiB",
                    hint="ask for fewer columns or rows, or aggregate",
                )
            if len(some) < CHUNK or len(found) > rows:
                return _table(cursor, found, rows)


def _table(
    cursor: psycopg.Cursor[tuple[Any, ...]], found: Sequence[tuple[Any, ...]], rows: int
) -> pa.Table:
    if len(found) > rows:
        raise Refused(
            f"running the query: the answer has more than {rows:,} rows",
            hint="aggregate, add a LIMIT, or allow more `rows`",
        )
    columns = cursor.description or []
    kinds = [TYPES.get(column.type_code, pa.string()) for column in columns]
    arrays = [
        pa.array([_value(row[place], kind) for row in found], kind)
        for place, kind in enumerate(kinds)
    ]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _value(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - whatever a column holds
    if value is None or not (pa.types.is_string(kind) or pa.types.is_floating(kind)):
        return value
    return float(value) if pa.types.is_floating(kind) else str(value)
