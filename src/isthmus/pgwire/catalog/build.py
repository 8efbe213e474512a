"""The tables of a catalogue, filled from facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from isthmus.pgwire import oid
from isthmus.pgwire.catalog.fact import ColumnFact, RelationFact
from isthmus.pgwire.catalog.function import functions
from isthmus.pgwire.catalog.shape import INFORMATION, PG
from isthmus.pgwire.dialect import CATALOG
from isthmus.pgwire.dialect import INFORMATION as INFO
from isthmus.pgwire.oid import TYPES, Type
from isthmus.pgwire.setting import DEFAULTS, FIXED

Row = Mapping[str, object]
Rows = dict[str, list[Row]]
ARROW = {
    "o": pa.int64(),
    "s": pa.string(),
    "b": pa.bool_(),
    "i": pa.int32(),
    "n": pa.int32(),
    "f": pa.float32(),
    "h": pa.list_(pa.int16()),
    "t": pa.list_(pa.string()),
}
NONE: Mapping[str, object] = {"o": 0, "b": False, "i": 0, "f": 0.0}
NAMESPACES = {"pg_catalog": 11, "public": 2200, "information_schema": 13_000}
FIRST = 16_384  # as PostgreSQL numbers what is not its own
OWNER = 10
ARRAY_IN = 750  # the function `array_in`, by which clients know arrays


@dataclass(frozen=True, slots=True)
class Catalog:
    """Tables by schema and name; how each function that goes with them is made, by name."""

    tables: Mapping[tuple[str, str], pa.Table]
    functions: Mapping[str, str]


def catalog(database: str, user: str, relations: Sequence[RelationFact], version: str) -> Catalog:
    """The catalogue in which `user` finds `relations`."""
    schemas = sorted({relation.schema for relation in relations} - NAMESPACES.keys())
    numbers = {**NAMESPACES, **{name: FIRST + n for n, name in enumerate(schemas)}}
    rows: Rows = {name: [] for name in (*PG, *INFORMATION)}
    rows["pg_namespace"] = [{"oid": number, "nspname": name} for name, number in numbers.items()]
    first = FIRST + 10_000
    for number, relation in enumerate(relations):
        _relation(rows, relation, first + number, numbers[relation.schema], database, user)
    rows["pg_type"] = [row for kind in TYPES for row in _type(kind)]
    _server(rows, database, user)
    for name in numbers:
        rows["schemata"].append(
            {"catalog_name": database, "schema_name": name, "schema_owner": user}
        )
    tables = {(CATALOG, name): _table(shape, rows[name]) for name, shape in PG.items()}
    tables |= {(INFO, name): _table(shape, rows[name]) for name, shape in INFORMATION.items()}
    return Catalog(tables, functions(database, user, version))


def _table(shape: str, rows: Sequence[Row]) -> pa.Table:
    arrays, names = [], []
    for part in shape.split():
        name, _, rest = part.partition(":")
        letter, default = rest[0], NONE.get(rest[0])
        if len(rest) > 1:
            default = _value(letter, rest[2:])
        values = [row.get(name, default) for row in rows]
        arrays.append(pa.array(values, ARROW[letter]))
        names.append(name)
    return pa.table(arrays, names)


def _value(letter: str, text: str) -> object:
    if letter == "b":
        return text == "t"
    if letter == "f":
        return float(text)
    return text if letter == "s" else int(text)


def _relation(
    rows: Rows, relation: RelationFact, number: int, namespace: int, database: str, user: str
) -> None:
    where: Row = {
        "table_catalog": database,
        "table_schema": relation.schema,
        "table_name": relation.name,
    }
    rows["pg_class"].append(
        {
            "oid": number,
            "relname": relation.name,
            "relnamespace": namespace,
            "relkind": "v" if relation.view else "r",
            "relnatts": len(relation.columns),
        }
    )
    rows["tables"].append({**where, "table_type": "VIEW" if relation.view else "BASE TABLE"})
    for grants in ("table_privileges", "role_table_grants"):
        rows[grants].append({**where, "grantor": user, "grantee": user})
    if relation.view:
        rows["views"].append(where)
        rows["pg_views"].append(
            {"schemaname": relation.schema, "viewname": relation.name, "viewowner": user}
        )
    else:
        rows["pg_tables"].append(
            {"schemaname": relation.schema, "tablename": relation.name, "tableowner": user}
        )
    _describe(rows, number, 0, relation.comment)
    for at, column in enumerate(relation.columns, 1):
        rows["pg_attribute"].append(_attribute(column, number, at))
        rows["columns"].append({**where, **_column(column, at, database)})
        _describe(rows, number, at, column.comment)


def _describe(rows: Rows, number: int, column: int, text: str) -> None:
    if text:
        rows["pg_description"].append({"objoid": number, "objsubid": column, "description": text})


def _attribute(column: ColumnFact, number: int, at: int) -> Row:
    return {
        "attrelid": number,
        "attname": column.name,
        "atttypid": column.type.oid,
        "attlen": column.type.size,
        "attnum": at,
        "attbyval": column.type.size in (1, 2, 4, 8),
    }


PRECISION = {oid.FLOAT8.oid: 53, oid.FLOAT4.oid: 24, oid.INT8.oid: 64, oid.INT4.oid: 32}


def _column(column: ColumnFact, at: int, database: str) -> Row:
    kind = column.type
    bits = PRECISION.get(kind.oid)
    return {
        "column_name": column.name,
        "ordinal_position": at,
        "data_type": kind.sql,
        "udt_catalog": database,
        "udt_name": kind.name,
        "dtd_identifier": str(at),
        "numeric_precision": bits,
        "numeric_precision_radix": 2 if bits else None,
        "numeric_scale": 0 if kind.oid in (oid.INT8.oid, oid.INT4.oid) else None,
        "datetime_precision": 6 if kind.category == "D" and kind.size == 8 else None,  # noqa: PLR2004
    }


def _type(kind: Type) -> Iterable[Row]:
    yield {
        "oid": kind.oid,
        "typname": kind.name,
        "typlen": kind.size,
        "typbyval": kind.size in (1, 2, 4, 8),
        "typtype": "p" if kind.category in ("P", "X") else "b",
        "typcategory": kind.category,
        "typispreferred": kind in (oid.BOOL, oid.TEXT, oid.FLOAT8, oid.TIMESTAMPTZ, oid.OID),
        "typarray": kind.array,
    }
    if kind.array:
        yield {
            "oid": kind.array,
            "typname": "_" + kind.name,
            "typlen": -1,
            "typcategory": "A",
            "typelem": kind.oid,
            "typinput": ARRAY_IN,
        }


def _server(rows: Rows, database: str, user: str) -> None:
    rows["pg_database"].append({"oid": FIRST - 1, "datname": database})
    rows["pg_roles"].append({"oid": OWNER, "rolname": user})
    rows["pg_user"].append({"usename": user, "usesysid": OWNER})
    rows["pg_tablespace"].append({"oid": 1663, "spcname": "pg_default"})
    rows["pg_am"].append({"oid": 2, "amname": "heap", "amtype": "t"})
    rows["pg_language"].append({"oid": 14, "lanname": "sql", "lanpltrusted": True})
    rows["pg_collation"].append(
        {"oid": 100, "collname": "default", "collnamespace": 11, "collprovider": "d"}
    )
    rows["enabled_roles"].append({"role_name": user})
    rows["applicable_roles"].append({"grantee": user, "role_name": user})
    rows["information_schema_catalog_name"].append({"catalog_name": database})
    rows["character_sets"].append({"default_collate_name": "C.UTF-8"})
    rows["pg_timezone_names"].append({"name": "UTC", "abbrev": "UTC", "utc_offset": "00:00:00"})
    rows["pg_settings"] += [
        {"name": name, "setting": value, "boot_val": value, "reset_val": value}
        for name, value in sorted({**DEFAULTS, **FIXED}.items())
    ]
