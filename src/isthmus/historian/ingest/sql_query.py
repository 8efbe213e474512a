"""The answer of a query to somebody else's database, in pieces."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import pyarrow as pa

from isthmus.historian.ingest.piece import ROWS, Piece
from isthmus.model.errors import ConfigError, LinkError

Rows = Iterator[Sequence[Sequence[Any]]]
Opened = tuple[list[str], Rows, Callable[[], None]]
HINT = "`postgresql://user@host/database`, `sqlite:///file.db`, or any URL of SQLAlchemy"


class SqlQuery:
    """A SELECT on a database, read through a cursor of the server where it has one."""

    def __init__(self, url: str, query: str) -> None:
        self._url, self._query = url, query
        self.name = without_password(url)
        scheme = urlsplit(url).scheme
        connect = _OPEN.get(scheme.partition("+")[0], _sqlalchemy)
        self.columns, self._rows, self._close = connect(url, query)
        if len(self.columns) < 2:  # noqa: PLR2004 - a time and something at that time
            raise ConfigError(
                f"the query gives one column, `{self.columns[0]}`",
                hint="select a time and a column a tag, or time, tag, value",
            )

    def share(self) -> float:
        """Nobody knows how many rows will come."""
        return 0.0

    def pieces(self) -> Iterator[Piece]:
        """All rows of the answer, counted from 1."""
        seen = 0
        try:
            for rows in self._rows:
                made = {
                    name: _column([row[place] for row in rows])
                    for place, name in enumerate(self.columns)
                }
                yield Piece.numbered(pa.table(made), seen + 1)
                seen += len(rows)
        finally:
            self._close()


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))


def _column(values: list[Any]) -> pa.Array:
    """The values as Arrow takes them; what has no common type becomes text."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _pages(cursor: Any) -> Rows:  # noqa: ANN401 - any cursor of the DB-API
    while rows := cursor.fetchmany(ROWS):
        yield rows


def _sqlite(url: str, query: str) -> Opened:
    path = unquote(urlsplit(url).path)
    file = path.removeprefix("/")  # sqlite:////absolute, sqlite:///relative
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        with closing(connection.cursor()) as probe:
            probe.execute("select 1 from sqlite_master")
        cursor = connection.execute(query)
    except sqlite3.Error as error:
        raise ConfigError(f"asking {file}: {error}", hint="check the file and the query") from error
    names = [column[0] for column in cursor.description or ()]
    return _named(names), _pages(cursor), connection.close


def _postgresql(url: str, query: str) -> Opened:
    try:
        import psycopg  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError(
            "reading PostgreSQL needs `psycopg`, which is not installed",
            hint="install it: pip install 'isthmus[postgresql]'",
        ) from error
    plain = "postgresql" + url[len(urlsplit(url).scheme) :]
    try:
        connection = psycopg.connect(plain)
    except psycopg.OperationalError as error:
        raise LinkError(f"connecting to {without_password(url)}: {error}", hint=HINT) from error
    try:
        connection.execute("set transaction read only")
        connection.execute("set datestyle to iso; set timezone to 'UTC'")  # as psycopg reads it
        cursor = connection.cursor("isthmus_import")  # the server's: only a page is here at once
        cursor.itersize = ROWS
        cursor.execute(query)  # the user's own words
        rows = cursor.fetchmany(ROWS)
    except psycopg.Error as error:
        connection.close()
        raise ConfigError(f"asking {without_password(url)}: {error}", hint="check --sql") from error
    names = [column.name for column in cursor.description or ()]

    def pages() -> Rows:
        page = rows
        while page:
            yield page
            try:
                page = cursor.fetchmany(ROWS)
            except psycopg.Error as error:
                hint = "what came before was imported; ask again"
                raise LinkError(f"asking {without_password(url)}: {error}", hint=hint) from error

    return _named(names), pages(), connection.close


def _sqlalchemy(url: str, query: str) -> Opened:
    try:
        import sqlalchemy  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError(
            f"reading {without_password(url)} needs `sqlalchemy`, which is not installed",
            hint=f"pip install sqlalchemy and its driver; without it {HINT}",
        ) from error
    try:
        connection = sqlalchemy.create_engine(url).connect()
        answer = connection.execution_options(stream_results=True, yield_per=ROWS).execute(
            sqlalchemy.text(query)
        )
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise ConfigError(f"asking {without_password(url)}: {error}", hint=HINT) from error
    return _named(list(answer.keys())), iter(answer.partitions(ROWS)), connection.close


def _named(names: list[str]) -> list[str]:
    if not names:
        raise ConfigError("the query gives no rows", hint="one SELECT is asked for")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ConfigError(
            f"two columns of the query are named `{min(twice)}`", hint="rename one: `... as name`"
        )
    return names


_OPEN: dict[str, Callable[[str, str], Opened]] = {
    "postgresql": _postgresql,
    "postgres": _postgresql,
    "sqlite": _sqlite,
}
