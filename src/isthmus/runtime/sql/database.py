"""History as a database of PostgreSQL's clients: who enters, what each sees, how it is told."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa

from isthmus import __version__
from isthmus.historian.sql.allow import ForbiddenError
from isthmus.historian.sql.answer import Answer, Plan, is_ours
from isthmus.historian.sql.curated import Curated, Relation, curated
from isthmus.historian.sql.desk import Desk, Facts, Source
from isthmus.historian.sql.stock import Stock
from isthmus.model.access import Right
from isthmus.model.errors import IsthmusError, StorageError
from isthmus.model.plant import Plant
from isthmus.model.tag import Namespace
from isthmus.pgwire import oid
from isthmus.pgwire.catalog import Catalog, ColumnFact, RelationFact, catalog
from isthmus.pgwire.catalog.function import functions
from isthmus.pgwire.error import CANCELLED, NOT_ALLOWED, SqlError
from isthmus.pgwire.scram import Verifier
from isthmus.pgwire.setting import SERVER_VERSION
from isthmus.runtime.sql.users import SqlUser, SqlUsers
from isthmus.trust.policy.policy import Policy

VERSION = f"PostgreSQL {SERVER_VERSION} (Isthmus {__version__})"
MOST_DESKS = 32
TYPES = {
    "timestamptz": oid.TIMESTAMPTZ,
    "double": oid.FLOAT8,
    "bigint": oid.INT8,
    "integer": oid.INT4,
    "boolean": oid.BOOL,
    "varchar": oid.TEXT,
}
STATES: tuple[tuple[type[duckdb.Error], str, str], ...] = (  # type, part of its text, SQLSTATE
    (duckdb.InterruptException, "", CANCELLED),
    (duckdb.ParserException, "", "42601"),
    (duckdb.SyntaxException, "", "42601"),
    (duckdb.CatalogException, "Table with name", "42P01"),
    (duckdb.CatalogException, "Function with name", "42883"),
    (duckdb.CatalogException, "Type with name", "42704"),
    (duckdb.CatalogException, "", "42704"),
    (duckdb.BinderException, "Referenced table", "42P01"),
    (duckdb.BinderException, "Ambiguous", "42702"),
    (duckdb.BinderException, "must appear in the GROUP BY", "42803"),
    (duckdb.BinderException, "No function matches", "42883"),
    (duckdb.BinderException, "Cannot compare values", "42883"),
    (duckdb.BinderException, "Referenced column", "42703"),
    (duckdb.BinderException, "column", "42703"),
    (duckdb.BinderException, "", "42804"),
    (duckdb.ConversionException, "out of range", "22003"),
    (duckdb.ConversionException, "", "22P02"),
    (duckdb.OutOfRangeException, "", "22003"),
    (duckdb.OutOfMemoryException, "", "53200"),
    (duckdb.PermissionException, "", "42501"),
    (duckdb.NotImplementedException, "", "0A000"),
    (duckdb.TypeMismatchException, "", "42804"),
    (duckdb.InvalidInputException, "", "22023"),
    (duckdb.ConstraintException, "", "23514"),
)
_KIND = re.compile(r"^[A-Za-z ]+ Error: ")


class SqlGate:
    """Lets the users of one installation in."""

    def __init__(
        self,
        plant: Plant,
        namespace: Namespace,
        source: Source,
        users: SqlUsers,
        *,
        memory: int,
        window: int,
        policy: Callable[[], Policy],
    ) -> None:
        self._plant, self._namespace = plant, namespace
        self._policy, self._acting = policy, policy()
        self._limits = replace(source.settings, sql_memory=f"{memory >> 20}MB", sql_window=window)
        self._source, self._users = source, users
        self._desks: OrderedDict[tuple[SqlUser, int, str], Desk] = OrderedDict()
        self._lock = threading.Lock()
        self._stock = Stock()

    def close(self) -> None:
        """Let go of what waits for questions."""
        self._stock.close()

    def verifier(self, user: str) -> Verifier | None:
        """What proves this user, None where there is none."""
        try:
            found = self._users.all().get(user)
        except StorageError as error:
            raise SqlError("58030", str(error), hint=error.hint, fatal=True) from error
        return Verifier.parse(found.verifier) if found else None

    def database(self, user: str, name: str) -> SqlDatabase:
        """What this user sees; the database has the site's name, `postgres` and the user's too."""
        known = (self._plant.site, "postgres", user)
        if name not in known:
            raise SqlError(
                "3D000",
                f'database "{name[:64]}" does not exist',
                hint=f"the database of this plant is `{self._plant.site}`",
                fatal=True,
            )
        found = self._users.all().get(user)
        if found is None:
            raise SqlError(NOT_ALLOWED, f'role "{user[:64]}" does not exist', fatal=True)
        return SqlDatabase(self, found, name)

    def allows(self, user: SqlUser) -> bool:
        """Whether a user is still one with the same rights; a new password changes nothing."""
        try:
            found = self._users.all().get(user.name)
        except StorageError:  # whoever is in stays in, nobody new enters
            return True
        return found is not None and replace(found, verifier=user.verifier) == user

    def desk(self, user: SqlUser, database: str, zone: str) -> Desk:
        """The desk of a user in a time zone; made where there is none, the longest unused ends."""
        key = user, len(self._namespace), f"{database}\0{zone}"
        acting = self._policy()
        with self._lock:
            if acting is not self._acting:  # what each sees is decided anew
                self._desks.clear()
                self._acting = acting
            if key not in self._desks:
                self._desks[key] = self._made(user, database, zone)
            self._desks.move_to_end(key)
            while len(self._desks) > MOST_DESKS:
                self._desks.popitem(last=False)
            return self._desks[key]

    def _made(self, user: SqlUser, database: str, zone: str) -> Desk:
        policy, who = self._acting, user.principal

        def visible(path: str) -> bool:
            return policy.decide(who, Right.READ, path).allowed

        tags = [(int(number), tag) for number, tag in self._namespace.items()]
        view = curated(self._plant, tags, None if visible("") else visible)
        found = facts(view, database, user.name)
        known = Facts(found.tables, found.functions, NEEDS)
        return Desk(self._source, view, known, zone, self._limits, self._stock)


def facts(view: Curated, database: str, user: str) -> Catalog:
    """The catalogue of what a reader sees."""
    return catalog(database, user, [_relation(one) for one in view.relations.values()], VERSION)


def _relation(relation: Relation) -> RelationFact:
    columns = [ColumnFact(one.name, TYPES[one.type], one.comment) for one in relation.columns]
    wide = bool(relation.carried)
    return RelationFact(relation.schema, relation.name, columns, relation.comment, view=wide)


class SqlDatabase:
    """What one user sees; the protocol's `Database`."""

    def __init__(self, gate: SqlGate, user: SqlUser, name: str) -> None:
        self._gate, self._user, self.name = gate, user, name
        self.functions = NAMES

    def current(self) -> bool:
        """Whether the user is still one, and may see the same."""
        return self._gate.allows(self._user)

    def plan(self, sql: str, *, zone: str, schemas: Sequence[str], explain: bool) -> SqlPlan:
        """A query that is understood."""
        try:
            desk = self._gate.desk(self._user, self.name, zone)
            return SqlPlan(desk.plan(sql, schemas=schemas, explain=explain))
        except (duckdb.Error, IsthmusError) as error:
            raise told(error) from error


class SqlPlan:
    """The protocol's `Plan`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.schema, self.light = plan.schema, plan.light

    def open(self) -> SqlAnswer:
        """Begin to answer it."""
        return SqlAnswer(self._plan.open())


class SqlAnswer:
    """The protocol's `Answer`."""

    def __init__(self, answer: Answer) -> None:
        self._answer, self.schema = answer, answer.schema

    def next(self) -> pa.RecordBatch | None:
        """The next rows, None after the last."""
        try:
            return self._answer.next()
        except (duckdb.Error, IsthmusError, pa.ArrowException) as error:
            raise told(error) from error

    def cancel(self) -> None:
        """Let `next` fail with 57014."""
        self._answer.cancel()

    def close(self) -> None:
        """Let go of everything."""
        self._answer.close()


def told(error: Exception) -> SqlError:
    """What went wrong, in the protocol's words."""
    if isinstance(error, SqlError):
        return error
    if isinstance(error, ForbiddenError):
        return SqlError(error.state, str(error), hint=error.hint)
    if isinstance(error, IsthmusError):
        return SqlError("58030", str(error), hint=error.hint)
    return _of_engine(error)


def _of_engine(error: Exception) -> SqlError:
    text = str(error)
    if "INTERRUPT" in text or "Interrupted" in text:
        return SqlError(CANCELLED, "canceling statement due to user request")
    for kind, part, state in STATES:
        if isinstance(error, kind) and part in text:
            message, _, rest = _KIND.sub("", text).partition("\n")
            return SqlError(state, message, hint=_hint(state, rest))
    if isinstance(error, duckdb.Error) and is_ours(error):
        return SqlError(
            "58030",
            f"reading history for the query: {text.partition(chr(10))[0]}",
            hint="`isthmus doctor` verifies the files; restore the one named from a backup",
        )
    return SqlError("XX000", _KIND.sub("", text).partition("\n")[0])


def _hint(state: str, rest: str) -> str:
    if state == "53200":
        return "aggregate, or ask for a shorter time; `sql: {limits: {memory: 1 GB}}` allows more"
    lines = [line for line in rest.split("\n") if line.startswith(("Did you mean", "Candidate"))]
    return lines[0] if lines else ""


NAMES = frozenset(functions("", "", ""))
NEEDS = frozenset(
    ("pg", name) for name in ("pg_class", "pg_namespace", "pg_description", "pg_settings")
)
