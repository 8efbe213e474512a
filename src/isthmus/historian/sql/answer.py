"""A query that was checked, and its answer a few rows at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from isthmus.historian.sql.allow import Parsed
from isthmus.historian.sql.select import CHUNK, OURS
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.sql.stock import Loan

if TYPE_CHECKING:
    from isthmus.historian.sql.desk import Desk


class Plan:
    """One query that was checked; `open` answers it."""

    def __init__(
        self,
        desk: Desk,
        sql: str,
        found: Parsed,
        schema: pa.Schema,
        path: tuple[str, ...],
        *,
        explain: bool,
    ) -> None:
        self.desk, self.sql, self.parsed, self.path = desk, sql, found, path
        self.schema, self.explain = schema, explain
        self.light = not found.reads & desk.view.relations.keys()

    def open(self) -> Answer:
        """Begin to answer it."""
        return Answer(self)


class Answer:
    """The rows of one query, a few at a time."""

    def __init__(self, plan: Plan) -> None:
        self.schema = plan.schema
        self._plan = plan
        self._busy = threading.Lock()
        self._stopped = False
        self._loan: Loan | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._reader: pa.RecordBatchReader | None = None
        self._started = False

    def next(self) -> pa.RecordBatch | None:
        """The next rows, None after the last; duckdb.Error where it fails or was cancelled."""
        with self._busy:
            if not self._started:
                self._first()
            if self._reader is None:
                return None
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                self._let_go(clean=True)
                return None
        return batch.rename_columns(self.schema.names)

    def _first(self) -> None:
        """Begin; a file that cannot be read is found and left out, as elsewhere."""
        desk, damage = self._plan.desk, self._plan.desk.source.damage
        shelf = None if self._plan.light else desk.source.shelf()
        while True:
            known = len(damage)
            try:
                self._begin(shelf.without(damage) if shelf else None)
            except duckdb.Error as error:
                self._let_go()
                if shelf is None or self._stopped or not is_ours(error):
                    raise
                for table, file in shelf.without(damage).suspects(damage, str(error)):
                    table.examine(file)
                if len(damage) == known:
                    raise
            else:
                return

    def _begin(self, shelf: Shelf | None) -> None:
        desk, plan = self._plan.desk, self._plan
        if shelf is None:
            made = desk.cursor(plan.path)
        else:
            self._loan = desk.history(plan, shelf)
            made = self._loan.connection
        self._connection = made
        if self._stopped:
            made.interrupt()
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        if plan.explain:
            text = "\n".join(row[1] for row in made.execute(f"explain {plan.sql}").fetchall())
            table = pa.table({"QUERY PLAN": pa.array(text.split("\n"), pa.string())})
            self._reader = table.to_reader()
        else:
            self._reader = made.sql(plan.sql).to_arrow_reader(CHUNK)
        self._started = True

    def cancel(self) -> None:
        """Stop `next`, which fails with InterruptException; from any thread."""
        self._stopped = True
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def close(self) -> None:
        """Let go of everything, when `next` has ended."""
        with self._busy:
            self._let_go()
            self._started = True

    def _let_go(self, *, clean: bool = False) -> None:
        self._reader = None
        connection, self._connection = self._connection, None
        loan, self._loan = self._loan, None
        if loan is not None:
            loan.end(clean=clean and not self._stopped)
        elif connection is not None:
            connection.close()


def is_ours(error: duckdb.Error) -> bool:
    """Whether a file is to blame rather than the query."""
    return isinstance(error, OURS) or type(error) is duckdb.Error or ".parquet" in str(error)


def shown(found: Parsed, names: list[str]) -> list[str]:
    """The columns' names as PostgreSQL gives them: an unnamed `count(*)` is `count`."""
    node = found.tree.get("node", {})
    listed = node.get("select_list") if node.get("type") == "SELECT_NODE" else None
    if not listed or len(listed) != len(names):
        return names
    return [_name(item, name) for item, name in zip(listed, names, strict=True)]


_RENAMED: Mapping[str, str] = {"count_star": "count"}


def _name(item: Mapping[str, object], name: str) -> str:
    if item.get("alias"):
        return name
    kind = item.get("class")
    if kind == "FUNCTION" and not item.get("is_operator"):
        function = str(item.get("function_name", name))
        return _RENAMED.get(function, function)
    if kind == "CAST" and isinstance(child := item.get("child"), dict):
        return _name(child, name) if child.get("class") != "CONSTANT" else "?column?"
    return "?column?" if kind in ("CONSTANT", "OPERATOR") else name
