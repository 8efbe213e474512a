"""The demo's own Sparkplug payloads against the product's codec, and against damaged bytes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.demo.payload import DataType, Metric, asks_rebirth, encode

whole = st.integers(0, 2**32 - 1)
numbers = st.one_of(
    st.tuples(st.floats(allow_nan=False), st.just(DataType.DOUBLE)),
    st.tuples(st.floats(width=32, allow_nan=False), st.just(DataType.FLOAT)),
    st.tuples(whole, st.just(DataType.UINT32)),
    st.tuples(st.integers(0, 2**63), st.just(DataType.UINT64)),
    st.tuples(st.integers(0, 1), st.just(DataType.BOOLEAN)),
    st.tuples(st.text(max_size=200), st.just(DataType.STRING)),
)


@given(
    values=st.lists(numbers, max_size=30),
    time=st.integers(0, 2**63),
    sequence=st.integers(0, 255),
    name=st.text(min_size=1, max_size=50),
)
def test_a_second_implementation_reads_what_was_written(values, time, sequence, name):
    protobuf = pytest.importorskip("google.protobuf")
    assert protobuf
    from isthmus.connectors.sparkplug import schema

    metrics = [
        Metric(value, kind, f"{name}{place}", place + 1, {"engUnit": "kW"})
        for place, (value, kind) in enumerate(values)
    ]
    read = schema.Payload.FromString(encode(time, metrics, sequence))
    assert (read.timestamp, read.seq) == (time, sequence)
    assert len(read.metrics) == len(metrics)
    field = {
        DataType.DOUBLE: "double_value", DataType.FLOAT: "float_value",
        DataType.UINT32: "int_value", DataType.UINT64: "long_value",
        DataType.BOOLEAN: "boolean_value", DataType.STRING: "string_value",
    }  # fmt: skip
    for metric, found in zip(metrics, read.metrics, strict=True):
        assert (found.name, found.alias, found.datatype) == (metric.name, metric.alias, metric.type)
        assert found.WhichOneof("value") == field[metric.type]
        value = getattr(found, field[metric.type])
        assert value == metric.value or math.isclose(value, metric.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_wish_or_no_wish_or_damaged(data):
    try:
        asks_rebirth(data)
    except ValueError as error:
        if "reading a payload" not in str(error):
            raise


@given(st.data())
def test_a_rebirth_is_seen_and_survives_no_cut(data):
    wish = encode(7, [Metric(1, DataType.BOOLEAN, "Node Control/Rebirth")], None)
    assert asks_rebirth(wish)
    assert not asks_rebirth(encode(7, [Metric(0, DataType.BOOLEAN, "Node Control/Rebirth")], None))
    cut = data.draw(st.integers(0, len(wish) - 1))
    try:
        assert not asks_rebirth(wish[:cut])
    except ValueError:
        return
