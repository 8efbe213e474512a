"""PostgreSQL's types: their numbers, and which of them a column of Arrow is."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Type:
    """A type of PostgreSQL; `size` is -1 where values differ in length, `array` of its array."""

    name: str
    oid: int
    size: int
    array: int
    category: str
    sql: str  # as people write it

    @property
    def of_array(self) -> Type:
        """The type of arrays of it."""
        return Type("_" + self.name, self.array, -1, 0, "A", self.sql + "[]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result; an array where `element` is set."""

    name: str
    type: Type
    modifier: int = -1
    element: Type | None = None


BOOL = Type("bool", 16, 1, 1000, "B", "boolean")
BYTEA = Type("bytea", 17, -1, 1001, "U", "bytea")
CHAR = Type("char", 18, 1, 1002, "Z", '"char"')
NAME = Type("name", 19, 64, 1003, "S", "name")
INT8 = Type("int8", 20, 8, 1016, "N", "bigint")
INT2 = Type("int2", 21, 2, 1005, "N", "smallint")
INT2VECTOR = Type("int2vector", 22, -1, 1006, "A", "int2vector")
INT4 = Type("int4", 23, 4, 1007, "N", "integer")
REGPROC = Type("regproc", 24, 4, 1008, "N", "regproc")
TEXT = Type("text", 25, -1, 1009, "S", "text")
OID = Type("oid", 26, 4, 1028, "N", "oid")
JSON = Type("json", 114, -1, 199, "U", "json")
FLOAT4 = Type("float4", 700, 4, 1021, "N", "real")
FLOAT8 = Type("float8", 701, 8, 1022, "N", "double precision")
UNKNOWN = Type("unknown", 705, -2, 0, "X", "unknown")
BPCHAR = Type("bpchar", 1042, -1, 1014, "S", "character")
VARCHAR = Type("varchar", 1043, -1, 1015, "S", "character varying")
DATE = Type("date", 1082, 4, 1182, "D", "date")
TIME = Type("time", 1083, 8, 1183, "D", "time without time zone")
TIMESTAMP = Type("timestamp", 1114, 8, 1115, "D", "timestamp without time zone")
TIMESTAMPTZ = Type("timestamptz", 1184, 8, 1185, "D", "timestamp with time zone")
INTERVAL = Type("interval", 1186, 16, 1187, "T", "interval")
NUMERIC = Type("numeric", 1700, -1, 1231, "N", "numeric")
REGCLASS = Type("regclass", 2205, 4, 2210, "N", "regclass")
REGTYPE = Type("regtype", 2206, 4, 2211, "N", "regtype")
UUID = Type("uuid", 2950, 16, 2951, "U", "uuid")
JSONB = Type("jsonb", 3802, -1, 3807, "U", "jsonb")
VOID = Type("void", 2278, 4, 0, "P", "void")

TYPES = (
    *(BOOL, BYTEA, CHAR, NAME, INT8, INT2, INT2VECTOR, INT4, REGPROC, TEXT, OID, JSON, FLOAT4),
    *(FLOAT8, UNKNOWN, BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, NUMERIC),
    *(REGCLASS, REGTYPE, UUID, JSONB, VOID),
)
BY_OID = MappingProxyType({kind.oid: kind for kind in TYPES})
ELEMENT = MappingProxyType({kind.array: kind for kind in TYPES if kind.array})

_EXACT = (
    (pa.types.is_boolean, BOOL),
    (pa.types.is_int8, INT2),
    (pa.types.is_int16, INT2),
    (pa.types.is_uint8, INT2),
    (pa.types.is_int32, INT4),
    (pa.types.is_uint16, INT4),
    (pa.types.is_int64, INT8),
    (pa.types.is_uint32, INT8),
    (pa.types.is_uint64, NUMERIC),
    (pa.types.is_decimal, NUMERIC),
    (pa.types.is_float32, FLOAT4),
    (pa.types.is_floating, FLOAT8),
    (pa.types.is_date, DATE),
    (pa.types.is_time, TIME),
    (pa.types.is_interval, INTERVAL),
    (pa.types.is_duration, INTERVAL),
    (pa.types.is_binary, BYTEA),
    (pa.types.is_large_binary, BYTEA),
    (pa.types.is_nested, JSON),
)
NUMERIC_HEADER = 4


def type_of(kind: pa.DataType) -> Type:
    """The type that values of `kind` are sent as; text where PostgreSQL has none like it."""
    if pa.types.is_timestamp(kind):
        return TIMESTAMPTZ if kind.tz else TIMESTAMP
    name = getattr(kind, "extension_name", "")
    if name:
        return {"arrow.json": JSON, "arrow.uuid": UUID}.get(name, TEXT)
    return next((found for test, found in _EXACT if test(kind)), TEXT)


def columns(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns that a client is told of."""
    return tuple(_column(field) for field in schema)


def _column(field: pa.Field) -> Column:
    kind = field.type
    if pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type):
        element = type_of(kind.value_type)
        return Column(field.name, element.of_array, element=element)
    modifier = -1
    if pa.types.is_decimal(kind):
        modifier = (kind.precision << 16 | kind.scale) + NUMERIC_HEADER
    return Column(field.name, type_of(kind), modifier)
