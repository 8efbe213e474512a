"""Sparkplug's data types (3.0.0, 6.4.16), and which of their values are numbers."""

from __future__ import annotations

import json
import math
import struct
from enum import IntEnum
from typing import Final

from isthmus.connectors.sparkplug.schema import Fields
from isthmus.model.sample import Status


class DataType(IntEnum):
    """The numbers of the specification's enumeration `DataType`."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTYSET = 20
    PROPERTYSETLIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


D = DataType
SIGNED: Final[dict[int, int]] = {D.INT8: 8, D.INT16: 16, D.INT32: 32, D.INT64: 64}
UNSIGNED: Final[dict[int, int]] = {
    D.UINT8: 8,
    D.UINT16: 16,
    D.UINT32: 32,
    D.UINT64: 64,
    D.DATETIME: 64,
}
# the field of a metric in which a value of each type travels (6.4.16)
FIELD: Final[dict[DataType, str]] = {
    **dict.fromkeys((D.INT8, D.INT16, D.INT32, D.UINT8, D.UINT16, D.UINT32), "int_value"),
    **dict.fromkeys((D.INT64, D.UINT64, D.DATETIME), "long_value"),
    D.FLOAT: "float_value",
    D.DOUBLE: "double_value",
    D.BOOLEAN: "boolean_value",
    **dict.fromkeys((D.STRING, D.TEXT, D.UUID), "string_value"),
    D.DATASET: "dataset_value",
    D.TEMPLATE: "template_value",
    **{kind: "bytes_value" for kind in D if kind in (D.BYTES, D.FILE) or kind >= D.INT8_ARRAY},
}
NUMERIC_FIELDS: Final = frozenset(
    ("int_value", "long_value", "float_value", "double_value", "boolean_value")
)
NUMERIC: Final = frozenset((*SIGNED, *UNSIGNED, D.FLOAT, D.DOUBLE, D.BOOLEAN))
# little-endian elements of the array types (6.4.16); booleans and strings are packed otherwise
ELEMENTS: Final = {
    D.INT8_ARRAY: "b", D.INT16_ARRAY: "h", D.INT32_ARRAY: "i", D.INT64_ARRAY: "q",
    D.UINT8_ARRAY: "B", D.UINT16_ARRAY: "H", D.UINT32_ARRAY: "I", D.UINT64_ARRAY: "Q",
    D.FLOAT_ARRAY: "f", D.DOUBLE_ARRAY: "d", D.DATETIME_ARRAY: "Q",
}  # fmt: skip
LARGEST_FLOAT: Final = 3.4028234663852886e38
SHOWN: Final = 4096  # elements of an array, cells of a data set that a text shows


def integer(raw: int, kind: int, field: str) -> float:
    """The integer of type `kind` that `field` carries as the unsigned `raw`; NaN if it is none.

    Signed types travel as two's complement. Writers fill up narrow ones either to their own width
    or to the field's: both are read.
    """
    if kind in UNSIGNED:
        return float(raw) if raw >> UNSIGNED[kind] == 0 else math.nan
    bits = SIGNED[kind]
    width = 32 if field == "int_value" else 64
    if raw >> bits == 0:
        return float(raw - (1 << bits) if raw >> (bits - 1) else raw)
    negative = raw - (1 << width)
    return float(negative) if -(1 << (bits - 1)) <= negative < 0 else math.nan


def number(metric: Fields, kind: int) -> tuple[float, int]:
    """The value of `metric`, of type `kind`, as float64 with its quality; NaN where it is none."""
    field = metric.WhichOneof("value")
    if field is None or metric.is_null:
        return math.nan, Status.BAD
    value = getattr(metric, field)
    if field in ("int_value", "long_value") and (kind in SIGNED or kind in UNSIGNED):
        value = integer(value, kind, field)
    elif field not in NUMERIC_FIELDS or (kind not in NUMERIC and kind != D.UNKNOWN):
        return math.nan, Status.BAD_TYPE_MISMATCH
    elif kind == D.BOOLEAN:
        value = value != 0
    return (float(value), 0) if math.isfinite(value) else (math.nan, Status.BAD_OUT_OF_RANGE)


def raw(value: float, kind: DataType) -> int | float | bool:
    """`value` as the field of type `kind` carries it; ValueError where the type cannot hold it."""
    if kind is D.BOOLEAN:
        return bool(value)
    if kind is D.DOUBLE:
        return value
    if kind is D.FLOAT:
        if math.isfinite(value) and abs(value) > LARGEST_FLOAT:
            raise ValueError(f"{value} is too large for {kind.name.lower()}")
        return value
    bits = SIGNED.get(kind) or UNSIGNED.get(kind)
    if bits is None or not math.isfinite(value):
        raise ValueError(f"{value} is no {kind.name.lower()}")
    whole = round(value)
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if kind in SIGNED else (0, 1 << bits)
    if not low <= whole < high:
        raise ValueError(f"{value} is outside of {kind.name.lower()}")
    # two's complement as wide as the field (6.4.16)
    return whole & (0xFFFF_FFFF if FIELD[kind] == "int_value" else 0xFFFF_FFFF_FFFF_FFFF)


def text(metric: Fields, kind: int) -> str | None:
    """The value of `metric` for people: text as it is, arrays and data sets as JSON; None if null.

    ValueError where an array's bytes are not what its type says.
    """
    field = metric.WhichOneof("value")
    if field is None or metric.is_null:
        return None
    if field == "string_value":
        return str(metric.string_value)
    if field == "bytes_value":
        return json.dumps(elements(metric.bytes_value, kind)[:SHOWN])
    if field == "dataset_value":
        table = metric.dataset_value
        rows = [[_cell(one) for one in row.elements] for row in table.rows[: SHOWN // 8]]
        return json.dumps({"columns": list(table.columns), "rows": rows})
    if field == "template_value":
        return json.dumps({"template": metric.template_value.template_ref})
    value, quality = number(metric, kind)
    return None if quality else f"{value:.17g}"


def elements(data: bytes, kind: int) -> list[float] | list[bool] | list[str] | list[int]:
    """The elements of an array of type `kind`, or the bytes of any other; ValueError if cut."""
    if kind in ELEMENTS:
        letter = ELEMENTS[DataType(kind)]
        count, rest = divmod(len(data), struct.calcsize(f"<{letter}"))
        if rest:
            raise ValueError(f"{rest} bytes too many for {DataType(kind).name.lower()}")
        return list(struct.unpack(f"<{count}{letter}", data))
    if kind == D.BOOLEAN_ARRAY:
        # a 32-bit count, then bits from the highest of each byte on
        if len(data) < 4 or (count := int.from_bytes(data[:4], "little")) > (len(data) - 4) * 8:  # noqa: PLR2004
            raise ValueError("too few bytes for boolean_array")
        return [bool(data[4 + place // 8] >> (7 - place % 8) & 1) for place in range(count)]
    if kind == D.STRING_ARRAY:
        return data.decode("utf-8").split("\0")[:-1] if data else []
    return list(data)


def _cell(value: Fields) -> float | str | bool | None:
    field = value.WhichOneof("value")
    if field is None:
        return None
    found: float | str | bool = getattr(value, field)
    return found if not isinstance(found, float) or math.isfinite(found) else None
