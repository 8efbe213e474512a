"""What a query reaches, read from DuckDB's own parse of it: nothing that is not listed.

Only SELECT can be parsed to this form, so that whatever passes here writes nothing. Names of
common table expressions count where they are in scope and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from isthmus.model.errors import Refused

TABLE_FUNCTIONS = frozenset(
    "generate_series range unnest generate_subscripts json_each json_tree pg_get_keywords".split()  # noqa: SIM905
)
FORBIDDEN = frozenset(
    "getenv getvariable write_log nextval currval txid_current duckdb_context_id "  # noqa: SIM905
    "current_transaction_id current_connection_id current_query json_execute_serialized_sql "
    "json_serialize_plan pg_sleep".split()
)
PREFIXES = ("hot_", "no_", "duckdb_", "pragma_", "sqlite_")  # names that the engine itself has
Node = dict[str, Any]


class ForbiddenError(Refused):
    """A query asks for something that is not there, or not for it; `state` is the SQLSTATE."""

    def __init__(self, state: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.state = state


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query as a tree, the relations that it reads and the functions that it calls."""

    tree: Node
    reads: frozenset[tuple[str, str]]
    calls: frozenset[str]  # functions, in small letters


def parsed(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    known: Collection[tuple[str, str]],
    schemas: Sequence[str] = ("public", "pg"),
) -> Parsed:
    """The tree of `sql`; ForbiddenError where it is no single query over `known` relations.

    Schema and name of `known` are in small letters. A name without a schema is the first found in
    `schemas`.
    """
    ((text,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(text)
    if tree.get("error"):
        message = str(tree.get("error_message", ""))
        if tree.get("error_type") == "parser":
            raise ForbiddenError("42601", message)
        raise ForbiddenError("0A000", "only SELECT is answered here")
    if len(tree["statements"]) != 1:
        raise ForbiddenError("42601", "one statement at a time")
    reads: set[tuple[str, str]] = set()
    calls: set[str] = set()
    for kind, node, scope in _walk(tree["statements"][0], frozenset()):
        if kind == "BASE_TABLE":
            _table(node, scope, known, schemas, reads)
        elif kind == "TABLE_FUNCTION":
            calls.add(_function(node))
        elif kind == "FUNCTION":
            name = str(node.get("function_name", "")).lower()
            calls.add(name)
            if name in FORBIDDEN or name.startswith(("duckdb_", "pragma_")):
                raise ForbiddenError("42501", f"permission denied for function {name}")
        elif kind == "SHOW_REF":
            raise ForbiddenError("0A000", "SHOW and DESCRIBE of tables are not answered here")
    return Parsed(tree["statements"][0], frozenset(reads), frozenset(calls))


def _walk(node: object, scope: frozenset[str]) -> Iterator[tuple[str, Node, frozenset[str]]]:
    """Every node that says what it is, with the common table expressions in its scope."""
    if isinstance(node, list):
        for part in node:
            yield from _walk(part, scope)
        return
    if not isinstance(node, dict):
        return
    if "type" in node:
        yield str(node["type"]), node, scope
    table = node.get("cte_map")
    for entry in table["map"] if isinstance(table, dict) else ():
        name = str(entry["key"]).lower()
        if name.startswith(PREFIXES):
            raise ForbiddenError("42501", f"`{name}` is a name of the engine's own")
        body = entry["value"]
        again = "RECURSIVE" in json.dumps(body)[:20_000]
        yield from _walk(body, scope | {name} if again else scope)
        scope |= {name}
    for key, part in node.items():
        if key != "cte_map":
            yield from _walk(part, scope)


def _table(
    node: Node,
    scope: frozenset[str],
    known: Collection[tuple[str, str]],
    schemas: Sequence[str],
    reads: set[tuple[str, str]],
) -> None:
    catalog, schema, name = (
        str(node.get(key) or "").lower() for key in ("catalog_name", "schema_name", "table_name")
    )
    if not catalog and not schema and name in scope:
        return
    tried = [(place, name) for place in ([schema] if schema else schemas)]
    found = next((place for place in tried if place in known), None)
    if catalog or found is None or node.get("at_clause"):
        shown = ".".join(part for part in (catalog, schema, name) if part)
        shown = shown.replace("pg.", "pg_catalog.", 1) if schema == "pg" else shown
        raise ForbiddenError(
            "42P01",
            f'relation "{shown[:200]}" does not exist',
            hint="`select * from information_schema.tables` lists what there is",
        )
    reads.add(found)


def _function(node: Node) -> str:
    function = node.get("function") or {}
    name = str(function.get("function_name", "")).lower()
    if name not in TABLE_FUNCTIONS:
        raise ForbiddenError(
            "42501" if name else "0A000",
            f"permission denied for function {name[:200] or 'of a table'}",
            hint="history is read from its tables, not from files",
        )
    return name
