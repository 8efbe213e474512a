"""Columns laid into rows, in text and binary, against one value at a time."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pgwire import oid
from isthmus.pgwire.encode import rows
from isthmus.pgwire.error import SqlError
from isthmus.pgwire.oid import columns
from isthmus.pgwire.parameter import elements, literal_of
from isthmus.pgwire.slow import array_text, number_binary


def decoded(data: bytes) -> list[list[bytes | None]]:
    """The DataRow messages in `data`, which must fill it."""
    found, at = [], 0
    while at < len(data):
        assert data[at : at + 1] == b"D"
        (size, count) = struct.unpack_from(">ih", data, at + 1)
        end, at = at + 1 + size, at + 7
        row: list[bytes | None] = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", data, at)
            row.append(None if length < 0 else data[at + 4 : at + 4 + length])
            at += 4 + max(length, 0)
        assert at == end
        found.append(row)
    return found


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.booleans(),
        st.none() | st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
    ),
    max_size=20,
)


@given(ROWS)
def test_rows_hold_what_the_columns_hold(given_rows):
    kinds = [pa.int64(), pa.string(), pa.float64(), pa.bool_(), pa.timestamp("us", "UTC")]
    values = [
        (*row[:4], row[4].replace(tzinfo=UTC) if row[4] is not None else None) for row in given_rows
    ]
    arrays = [pa.array([row[n] for row in values], kind) for n, kind in enumerate(kinds)]
    batch = pa.RecordBatch.from_arrays(arrays, list("abcde"))
    for part in (batch, batch.slice(1)):
        told = columns(part.schema)
        text = decoded(rows(part, told, [0] * 5))
        binary = decoded(rows(part, told, [1] * 5))
        wanted = values[len(batch) - len(part) :]
        assert len(text) == len(binary) == len(wanted)
        for row, one, two in zip(wanted, text, binary, strict=True):
            assert _texts(one) == list(row)
            assert _binaries(two) == list(row)


def _texts(row: list[bytes | None]) -> list[object]:
    made = [int, str, float, lambda text: text == "t", datetime.fromisoformat]
    return [None if v is None else f(v.decode()) for v, f in zip(row, made, strict=True)]


def _binaries(row: list[bytes | None]) -> list[object]:
    start = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
    made = [
        lambda raw: struct.unpack(">q", raw)[0],
        bytes.decode,
        lambda raw: struct.unpack(">d", raw)[0],
        lambda raw: raw == b"\1",
        lambda raw: _moment(struct.unpack(">q", raw)[0] + int(start) * 10**6),
    ]
    return [None if v is None else f(v) for v, f in zip(row, made, strict=True)]


def _moment(micros: int) -> datetime:
    seconds, rest = divmod(micros, 10**6)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20
    )
)
def test_numerics_go_to_postgresqls_digits_and_back(value):
    raw = number_binary(value)
    text = literal_of(raw, oid.NUMERIC.oid, 1)
    assert Decimal(text.strip("()")) == value


@given(
    st.lists(
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
    )
)
def test_arrays_are_written_so_that_they_are_read_again(values):
    assert list(elements(array_text(values, oid.TEXT).decode())) == values


def test_dates_zones_and_what_is_no_number():
    schema_rows = pa.record_batch(
        {
            "d": pa.array([date(1999, 12, 31)]),
            "z": pa.array([datetime(2026, 7, 1, tzinfo=UTC)], pa.timestamp("us", "Asia/Kolkata")),
            "n": pa.array([float("nan")]),
            "i": pa.array([float("-inf")]),
            "w": pa.array([3.0]),
        }
    )
    text = decoded(rows(schema_rows, columns(schema_rows.schema), [0] * 5))
    assert text == [[b"1999-12-31", b"2026-07-01 05:30:00+05:30", b"NaN", b"-Infinity", b"3"]]
    binary = decoded(rows(schema_rows, columns(schema_rows.schema), [1] * 5))
    assert binary[0][0] == struct.pack(">i", -1)


@given(
    st.sampled_from([0, *(kind.oid for kind in oid.TYPES), *oid.ELEMENT]), st.binary(max_size=40)
)
def test_any_value_is_a_literal_or_an_error_of_ours(kind, raw):
    for form in (0, 1):
        try:
            text = literal_of(raw, kind, form)
        except SqlError:
            continue
        assert "\0" not in text
