"""Columns of Arrow as rows of the protocol, without a Python object for a value.

Each column becomes one field of bytes per row; then all rows are laid into one buffer with a few
copies per column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.pgwire import oid
from isthmus.pgwire.oid import Column, Type
from isthmus.pgwire.slow import BINARY, TEXT, array_binary, array_text

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
EPOCH_DAYS = 10_957  # from 1970 to 2000, where PostgreSQL counts from
EPOCH_MICROS = EPOCH_DAYS * 86_400 * 10**6
HEAD = 7  # type, length, number of columns


@dataclass(frozen=True, slots=True)
class Field:
    """What each row holds of one column: `data` from `start` on for `size` bytes, -1 for null."""

    size: Int64s
    start: Int64s
    data: Bytes


def rows(batch: pa.RecordBatch, columns: Sequence[Column], formats: Sequence[int]) -> bytes:
    """The DataRow messages of a batch."""
    count = batch.num_rows
    if not count:
        return b""
    fields = [
        field_of(batch.column(number), column, formats[number])
        for number, column in enumerate(columns)
    ]
    total = np.full(count, HEAD, np.int64)
    for field in fields:
        total += 4 + np.maximum(field.size, 0)
    ends = np.cumsum(total)
    out = np.empty(int(ends[-1]), np.uint8)
    at = ends - total
    _lay(out, at, np.full(count, ord("D"), np.uint8).reshape(-1, 1))
    _lay(out, at + 1, _big(total - 1, ">i4"))
    _lay(out, at + 5, _big(np.full(count, len(fields), np.int64), ">i2"))
    at = at + HEAD
    for field in fields:
        _lay(out, at, _big(field.size, ">i4"))
        size = np.maximum(field.size, 0)
        _copy(out, at + 4, field, size)
        at = at + 4 + size
    return out.tobytes()


def texts(array: pa.Array, column: Column) -> pa.Array:
    """One column as the texts that its values are told by."""
    field = field_of(array, column, 0)
    if not len(field.size):
        return pa.array([], pa.large_string())
    ends = np.append(field.start, field.start[-1] + max(int(field.size[-1]), 0))
    valid = np.packbits(field.size >= 0, bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(ends.astype(np.int64)), pa.py_buffer(field.data)]
    return pa.LargeStringArray.from_buffers(len(field.size), buffers[1], buffers[2], buffers[0])


def lines(array: pa.Array) -> bytes:
    """The CopyData messages of lines, one for each."""
    field = _strings(array)
    total = field.size + 6  # type, length, the end of the line
    ends = np.cumsum(total)
    out = np.full(int(ends[-1]), ord("\n"), np.uint8)
    at = ends - total
    _lay(out, at, np.full(len(at), ord("d"), np.uint8).reshape(-1, 1))
    _lay(out, at + 1, _big(total - 1, ">i4"))
    _copy(out, at + 5, field, field.size)
    return out.tobytes()


def _big(numbers: Int64s, form: str) -> Bytes:
    return numbers.astype(form).view(np.uint8).reshape(len(numbers), -1)


def _lay(out: Bytes, at: Int64s, block: Bytes) -> None:
    for place in range(block.shape[1]):
        out[at + place] = block[:, place]


def _copy(out: Bytes, at: Int64s, field: Field, size: Int64s) -> None:
    if not len(size):
        return
    width = int(size[0])
    if width <= 32 and (size == width).all():  # noqa: PLR2004 - as many passes
        for place in range(width):
            out[at + place] = field.data[field.start + place]
        return
    step = np.arange(int(size.sum()), dtype=np.int64)
    before = np.cumsum(size) - size
    out[step + np.repeat(at - before, size)] = field.data[
        step + np.repeat(field.start - before, size)
    ]


def field_of(array: pa.Array, column: Column, code: int) -> Field:
    """One column in text (0) or binary (1)."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if column.element is not None:
        each, element = (array_binary if code else array_text), column.element
        return _objects(array, lambda value: each(value, element))
    kind = column.type
    if code:
        return _binary(array, kind)
    return _text(array, kind)


def _binary(array: pa.Array, kind: Type) -> Field:
    if kind.oid in _FIXED:
        form, shift = _FIXED[kind.oid]
        return _fixed(array, form, shift)
    if kind.oid in BINARY:
        return _objects(array, BINARY[kind.oid])  # type: ignore[arg-type]
    return _text(array, kind)


_FIXED = {
    oid.BOOL.oid: (">i1", 0),
    oid.INT2.oid: (">i2", 0),
    oid.INT4.oid: (">i4", 0),
    oid.INT8.oid: (">i8", 0),
    oid.FLOAT4.oid: (">f4", 0),
    oid.FLOAT8.oid: (">f8", 0),
    oid.DATE.oid: (">i4", EPOCH_DAYS),
    oid.TIME.oid: (">i8", 0),
    oid.TIMESTAMP.oid: (">i8", EPOCH_MICROS),
    oid.TIMESTAMPTZ.oid: (">i8", EPOCH_MICROS),
}


def _fixed(array: pa.Array, form: str, shift: int) -> Field:
    kind = array.type
    if pa.types.is_timestamp(kind):
        array = pc.cast(array, pa.timestamp("us", kind.tz), safe=False).view(pa.int64())
    elif pa.types.is_date(kind):
        array = pc.cast(array, pa.date32()).view(pa.int32())
    elif pa.types.is_time(kind):
        array = pc.cast(array, pa.time64("us"), safe=False).view(pa.int64())
    elif pa.types.is_boolean(kind):
        array = pc.cast(array, pa.int8())
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    numbers = array.fill_null(0).to_numpy(zero_copy_only=False)
    if shift:
        numbers = numbers.astype(np.int64) - shift
    raw = np.ascontiguousarray(numbers.astype(form)).view(np.uint8)
    width = np.dtype(form).itemsize
    start = np.arange(len(array), dtype=np.int64) * width
    return Field(np.where(valid, width, -1), start, raw)


def _text(array: pa.Array, kind: Type) -> Field:
    if kind.oid in TEXT and not _is_text(array.type):
        return _objects(array, TEXT[kind.oid])
    return _strings(_as_text(array))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _as_text(array: pa.Array) -> pa.Array:
    kind = array.type
    if _is_text(kind):
        return array
    if pa.types.is_boolean(kind):
        return pc.if_else(array, "t", "f")
    if pa.types.is_floating(kind):
        return _floats(array)
    if pa.types.is_timestamp(kind):
        return _timestamps(array)
    if pa.types.is_time(kind):
        return _trimmed(pc.cast(pc.cast(array, pa.time64("us"), safe=False), pa.string()))
    return pc.cast(array, pa.string())


def _floats(array: pa.Array) -> pa.Array:
    text = pc.cast(array, pa.string())
    text = pc.if_else(pc.ends_with(text, ".0"), pc.utf8_slice_codeunits(text, 0, -2), text)
    odd = pc.invert(pc.is_finite(array))
    if not pc.any(odd).as_py():
        return text
    sign = pc.if_else(pc.greater(array, 0.0), "Infinity", "-Infinity")
    return pc.if_else(odd, pc.if_else(pc.is_nan(array), "NaN", sign), text)


def _timestamps(array: pa.Array) -> pa.Array:
    zone = array.type.tz
    array = pc.cast(array, pa.timestamp("us", zone), safe=False)
    if not zone:
        return _trimmed(pc.cast(array, pa.string()))
    local = pc.local_timestamp(array)
    text = _trimmed(pc.cast(local, pa.string()))
    minutes = pc.divide(
        pc.subtract(local.view(pa.int64()), array.view(pa.int64())), pa.scalar(60_000_000)
    )
    known = pc.unique(minutes)
    words = pa.array([None if m is None else _offset(m) for m in known.to_pylist()], pa.string())
    offsets = words.take(pc.index_in(minutes, value_set=known))
    return pc.binary_join_element_wise(text, offsets, "")


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{hours:02}" + (f":{rest:02}" if rest else "")


def _trimmed(text: pa.Array) -> pa.Array:
    """Without zeros at the end of the fraction, which all of them have."""
    return pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), ".")


def _strings(array: pa.Array) -> Field:
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    number = np.int64 if large else np.int32
    _, ends, data = array.buffers()
    count = len(array)
    offsets = np.frombuffer(ends, number, count + 1, array.offset * number().itemsize).astype(
        np.int64
    )
    size = np.diff(offsets)
    if array.null_count:
        size = np.where(array.is_valid().to_numpy(zero_copy_only=False), size, -1)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return Field(size, offsets[:-1], raw)


def _objects(array: pa.Array, each: Callable[..., bytes]) -> Field:
    """Rare types, one value at a time."""
    parts = [None if value is None else each(value) for value in array.to_pylist()]
    size = np.array([-1 if part is None else len(part) for part in parts], np.int64)
    kept = np.maximum(size, 0)
    data = np.frombuffer(b"".join(part for part in parts if part), np.uint8)
    return Field(size, np.cumsum(kept) - kept, data)
