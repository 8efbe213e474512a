"""One reader's place in the library: queries are checked, planned and answered there.

Facts about tables live in a small database without rows, which answers what asks for nothing else
and tells the columns of everything. What reads history is lent a database of its own, which sees
the files and the newest rows of that moment, until the answer ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa

from isthmus.historian.delta.damage import Damages
from isthmus.historian.settings import LakeSettings
from isthmus.historian.sql.allow import parsed
from isthmus.historian.sql.answer import Plan, shown
from isthmus.historian.sql.bounds import Bounds, Finder
from isthmus.historian.sql.curated import Curated, Relation
from isthmus.historian.sql.shelf import Shelf
from isthmus.historian.sql.stock import Loan, Stock
from isthmus.historian.sql.views import quoted
from isthmus.historian.sql.wide import named, wide
from isthmus.historian.sql.window import windowed
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Int32s, Nanoseconds, Status
from isthmus.model.tag import Kind

DEFAULT = ("public", "pg")
LATEST_TEXTS = 20  # newest texts looked at for each tag


class Source(Protocol):
    """The history that a desk reads."""

    settings: LakeSettings
    damage: Damages

    def shelf(self) -> Shelf:
        """Everything that SQL sees at this moment."""
        ...

    def before(self, tags: Int32s, time: Nanoseconds) -> Batch:
        """The last sample of each tag at or before `time`."""
        ...

    def events(
        self,
        start: Nanoseconds,
        end: Nanoseconds,
        *,
        kinds: Sequence[str] = (),
        path: str | None = None,
        limit: int = 10_000,
    ) -> list[Event]:
        """The newest events of a time."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """A catalogue that goes with the relations: tables by schema and name, and functions."""

    tables: Mapping[tuple[str, str], pa.Table] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)  # by name, how each is made
    needs: frozenset[tuple[str, str]] = frozenset()  # tables that functions read


class Desk:
    """Where one reader asks, in one time zone; every method may be called from any thread."""

    def __init__(
        self,
        source: Source,
        view: Curated,
        facts: Facts,
        zone: str,
        settings: LakeSettings,
        stock: Stock,
    ) -> None:
        self._stock = stock
        self.source, self.view, self.facts, self.zone = source, view, facts, zone
        self.settings = settings
        self.known = view.relations.keys() | facts.tables.keys()
        self._bare = duckdb.connect(":memory:")
        self._name_schemas(self._bare)
        self._furnish(self._bare, facts.tables.keys(), facts.functions.keys())
        for relation in view.relations.values():
            columns = ", ".join(f"{named(one.name)} {one.type}" for one in relation.columns)
            self._bare.execute(f"create table {_place(relation)} ({columns})")
        self._lock(self._bare)

    def _furnish(
        self,
        connection: duckdb.DuckDBPyConnection,
        wanted: AbstractSet[tuple[str, str]],
        calls: AbstractSet[str],
    ) -> None:
        """Of the catalogue the tables and functions that are wanted."""
        needed = self.facts.functions.keys() & calls
        for place in (wanted | self.facts.needs if needed else wanted) & self.facts.tables.keys():
            table = self.facts.tables[place]
            _keep(connection, f"{named(place[0])}.{named(place[1])}", table)
        for function in needed:
            connection.execute(self.facts.functions[function])

    def _name_schemas(self, connection: duckdb.DuckDBPyConnection) -> None:
        schemas = {"public", "pg", "info", *(schema for schema, _ in self.view.relations)}
        schemas |= {relation.schema for relation in self.view.relations.values()}
        for schema in {name.lower(): name for name in schemas}.values():
            connection.execute(f"create schema if not exists {named(schema)}")

    def _lock(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"set global TimeZone = {quoted(self.zone)}")
        for line in (
            f"set memory_limit = {quoted(self.settings.sql_memory)}",
            "set threads = 1",
            "set autoinstall_known_extensions = false",
            "set autoload_known_extensions = false",
            "set python_enable_replacements = false",
            "set temp_directory = ''",
            "set enable_external_access = false",
            "set lock_configuration = true",
        ):
            connection.execute(line)

    def cursor(self, schemas: Sequence[str]) -> duckdb.DuckDBPyConnection:
        """A connection to the facts, which looks for names in `schemas`."""
        made = self._bare.cursor()
        made.execute(_path(schemas))
        return made

    def plan(self, sql: str, *, schemas: Sequence[str] = (), explain: bool = False) -> Plan:
        """How `sql` will be answered; ForbiddenError or duckdb.Error where it cannot be.

        Names without a schema are looked for in `schemas` of the reader's own, then in the usual.
        """
        own = {schema for schema, _ in self.view.relations}
        wished = [name.lower() for name in schemas if name.lower() in own]
        path = tuple(dict.fromkeys((*wished, *DEFAULT)))
        connection = self.cursor(path)
        found = parsed(connection, sql, self.known, path)
        relation = connection.sql(sql)
        names = shown(found, list(relation.columns))
        types = relation.limit(0).to_arrow_table().schema.types
        fields = [
            pa.field(name, pa.string() if pa.types.is_null(kind) else kind)
            for name, kind in zip(names, types, strict=True)
        ]
        schema = pa.schema([("QUERY PLAN", pa.string())]) if explain else pa.schema(fields)
        return Plan(self, sql, found, schema, path, explain=explain)

    def close(self) -> None:
        """Let go of the facts."""
        self._bare.close()

    # ------------------------------------------------------------------ history
    def history(self, plan: Plan, shelf: Shelf) -> Loan:
        """A database that sees what `plan` reads of `shelf`, and nothing else."""
        loan = self._stock.lend(
            self, shelf, self.settings, zone=self.zone, furnish=self._keep_words
        )
        try:
            connection, reads = loan.connection, plan.parsed.reads
            self._furnish(connection, reads, plan.parsed.calls)
            wanted = [self.view.relations[place] for place in reads & self.view.relations.keys()]
            carried = any(one.carried for one in wanted)
            bounds = Finder(self._bare).find(plan.parsed.tree) if carried else {}
            for one in wanted:
                body = one.sql or self._wide(connection, one, _bounds_of(one, bounds), plan, shelf)
                connection.execute(f"create view {_place(one)} as {body}")
            connection.execute(_path(plan.path))
        except BaseException:
            loan.end()
            raise
        return loan

    def _keep_words(self, database: duckdb.DuckDBPyConnection) -> None:
        """What every question needs: the schemas, and what names the ids that the reader sees."""
        self._name_schemas(database)
        database.execute("create schema plant")
        _keep(database, "plant.tags", self.view.tags)
        _keep(database, "plant.words", self.view.words)
        if self.view.places is not None:
            _keep(database, "plant.places", self.view.places)

    def _wide(
        self,
        connection: duckdb.DuckDBPyConnection,
        relation: Relation,
        bounds: Bounds,
        plan: Plan,
        shelf: Shelf,
    ) -> str:
        """The query behind a wide view; ForbiddenError where it would read all of long history."""
        name = f"{relation.schema}.{relation.name}"
        here, only = windowed(name, bounds, plan.parsed.tree, shelf, self.settings)
        body = wide(relation, here, *self._seed(connection, relation, here))
        after = f"time >= make_timestamptz({here.start})"
        return f"select * from ({body}) where {after}" if only else body  # noqa: S608

    def _seed(
        self, connection: duckdb.DuckDBPyConnection, relation: Relation, bounds: Bounds
    ) -> tuple[str, str]:
        """Tables of what a wide view's columns held just before it begins."""
        numbers, texts = _empty_seeds()
        if bounds.start is not None:
            numbers, texts = self._held(relation, bounds.start)
        mark = secrets.token_hex(8)
        names = f"plant.numbers_{mark}", f"plant.texts_{mark}"
        for name, table in zip(names, (numbers, texts), strict=True):
            _keep(connection, name, table)
        return names

    def _held(self, relation: Relation, start: int) -> tuple[pa.Table, pa.Table]:
        ids = sorted(one.tag for one in relation.carried if one.kind is not Kind.TEXT)
        moment = Nanoseconds(start * 1000 - 1)
        rows = self.source.before(np.array(ids, np.int32), moment)
        good = np.where(rows.quality < Status.BAD, rows.value, np.nan)
        times = pa.array(rows.time // 1000).cast(pa.timestamp("us", "UTC"))
        numbers = pa.table({"time": times, "tag": pa.array(rows.tag), "value": pa.array(good)})
        back = Nanoseconds(moment - self.source.settings.look_back)
        found = []
        for one in relation.carried:
            if one.kind is Kind.TEXT:
                latest = self.source.events(
                    back,
                    Nanoseconds(moment + 1),
                    kinds=("text",),
                    path=one.path,
                    limit=LATEST_TEXTS,
                )
                found += [event for event in latest if event.path == one.path][-1:]
        schema = _empty_seeds()[1].schema
        texts = [
            {"time": event.time // 1000, "path": event.path, "word": event.text} for event in found
        ]
        times_ = pa.array([row["time"] for row in texts], pa.int64()).cast(schema.field(0).type)
        columns = [
            times_,
            *(pa.array([r[k] for r in texts], pa.string()) for k in ("path", "word")),
        ]
        return numbers, pa.table(columns, schema=schema)


def _bounds_of(relation: Relation, found: Mapping[tuple[str, str], Bounds]) -> Bounds:
    """Between which times a relation is read, with its schema and without."""
    places = ((schema, relation.name.lower()) for schema in (relation.schema.lower(), ""))
    here = [found[place] for place in places if place in found]
    return here[0].union(here[-1]) if here else Bounds()


def _path(schemas: Sequence[str]) -> str:
    return f"set search_path = {quoted(','.join(map(named, schemas)))}"


def _empty_seeds() -> tuple[pa.Table, pa.Table]:
    time = pa.field("time", pa.timestamp("us", "UTC"))
    numbers = [time, pa.field("tag", pa.int32()), pa.field("value", pa.float64())]
    texts = [time, pa.field("path", pa.string()), pa.field("word", pa.string())]
    return pa.schema(numbers).empty_table(), pa.schema(texts).empty_table()


def _place(relation: Relation) -> str:
    return f"{named(relation.schema)}.{named(relation.name)}"


def _keep(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """A table of the database's own, which a user's query finds under `name` alone."""
    mark = f"given_{secrets.token_hex(8)}"
    connection.register(mark, table)
    connection.execute(f"create table {name} as select * from {mark}")  # noqa: S608
    connection.unregister(mark)
