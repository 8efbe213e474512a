"""Payloads survive the wire, agree with an independent reading, and never do harm."""

from __future__ import annotations

import gzip
import math
import random
import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.mqtt.columns import Columns
from isthmus.connectors.sparkplug.codec import COMPRESSED, Metric, encode, parse
from isthmus.connectors.sparkplug.datatype import (
    ELEMENTS,
    SIGNED,
    UNSIGNED,
    DataType,
    elements,
    integer,
    number,
    raw,
    text,
)
from isthmus.connectors.sparkplug.node import Moment, Target
from isthmus.connectors.sparkplug.schema import Payload
from isthmus.connectors.sparkplug.session import HostSession
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.errors import ProtocolError
from isthmus.model.tag import Kind, Tag

INTEGERS = [*SIGNED, *UNSIGNED]
METRICS = st.builds(
    Metric,
    name=st.text(min_size=1, max_size=30),
    alias=st.none() | st.integers(0, 2**64 - 1),
    value=st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=50)
    | st.binary(max_size=50),
    time=st.none() | st.integers(0, 2**64 - 1),
    is_historical=st.booleans(),
    is_transient=st.booleans(),
    quality=st.none() | st.sampled_from([0, 192, 500, 7]),
)


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_survive_twos_complement(kind, data):
    bits = SIGNED.get(kind) or UNSIGNED[kind]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind in SIGNED else (0, (1 << bits) - 1)
    value = data.draw(st.integers(low, high))
    payload = parse(encode([Metric("x", value, kind)]))
    assert number(payload.metrics[0], kind) == (float(value), 0)


@given(st.sampled_from(list(SIGNED)), st.data())
def test_narrow_signed_integers_are_read_at_either_width(kind, data):
    bits = SIGNED[kind]
    value = data.draw(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1))
    field, width = ("long_value", 64) if kind is DataType.INT64 else ("int_value", 32)
    assert integer(value & (1 << bits) - 1, kind, field) == float(value)
    assert integer(value & (1 << width) - 1, kind, field) == float(value)


@given(st.sampled_from(INTEGERS), st.integers(0, 2**64 - 1))
def test_what_a_type_cannot_hold_is_no_number(kind, given_):
    field = "long_value" if kind in (DataType.INT64, DataType.UINT64, DataType.DATETIME) else ""
    value = given_ if field else given_ & 0xFFFF_FFFF
    found = integer(value, kind, field or "int_value")
    bits = SIGNED.get(kind) or UNSIGNED[kind]
    if kind in UNSIGNED:
        assert math.isnan(found) == (value >= 1 << bits)
    elif not math.isnan(found):
        assert -(2 ** (bits - 1)) <= found <= 2 ** (bits - 1)


@given(st.floats(allow_nan=False))
def test_values_out_of_range_are_refused_when_written(value):
    for kind in (*INTEGERS, DataType.BOOLEAN, DataType.DOUBLE, DataType.FLOAT):
        try:
            made = raw(value, kind)
        except ValueError:
            continue
        if kind in UNSIGNED:
            assert 0 <= made < 1 << UNSIGNED[kind]


@given(st.lists(METRICS, max_size=20), st.none() | st.integers(0, 2**64 - 1))
def test_metrics_survive_the_wire(metrics, seq):
    payload = parse(encode(metrics, time=1, seq=seq))
    assert payload.HasField("seq") == (seq is not None)
    for metric, read in zip(metrics, payload.metrics, strict=True):
        assert read.name == metric.name
        assert (read.alias if read.HasField("alias") else None) == metric.alias
        assert read.is_null == (metric.value is None)
        assert read.is_historical == metric.is_historical
        if isinstance(metric.value, str):
            assert read.string_value == metric.value
        elif isinstance(metric.value, float):
            assert struct.pack("<d", read.double_value) == struct.pack("<d", metric.value)


@given(st.sampled_from(list(ELEMENTS)), st.binary(max_size=64))
def test_arrays_are_whole_elements_or_refused(kind, data):
    size = struct.calcsize("<" + ELEMENTS[kind])
    if len(data) % size:
        with pytest.raises(ValueError):
            elements(data, kind)
    else:
        assert len(elements(data, kind)) == len(data) // size


@given(st.lists(st.booleans(), max_size=40))
def test_boolean_arrays_are_bits_after_a_count(bits):
    packed = bytearray(len(bits).to_bytes(4, "little") + bytes(-(-len(bits) // 8)))
    for place, bit in enumerate(bits):
        packed[4 + place // 8] |= bit << (7 - place % 8)
    assert elements(bytes(packed), DataType.BOOLEAN_ARRAY) == bits


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=9)))
def test_string_arrays_end_each_text_with_zero(words):
    packed = b"".join(word.encode() + b"\0" for word in words)
    assert elements(packed, DataType.STRING_ARRAY) == words


@given(st.lists(METRICS, max_size=5))
def test_compressed_payloads_are_opened_within_a_bound(metrics):
    plain = encode(metrics, seq=3)
    for packed in (zlib.compress(plain), gzip.compress(plain)):
        outer = Payload(uuid=COMPRESSED, body=packed, seq=9).SerializeToString()
        assert parse(outer).seq == 9
        assert len(parse(outer).metrics) == len(metrics)
        cut = Payload(uuid=COMPRESSED, body=packed[:-3]).SerializeToString()
        with pytest.raises(ProtocolError):
            parse(cut)


def test_a_compressed_bomb_is_refused():
    bomb = Payload(uuid=COMPRESSED, body=zlib.compress(bytes(10_000_000))).SerializeToString()
    with pytest.raises(ProtocolError):
        parse(bomb, most=1 << 20)


def fresh() -> HostSession:
    targets = {
        name: (Target(place, Tag(f"line/{name}", kind=kind), {}),)
        for place, (name, kind) in enumerate(
            [("a", Kind.NUMBER), ("b", Kind.TEXT), ("c", Kind.BOOLEAN), ("T/m", Kind.NUMBER)]
        )
    }
    wanted = {"e": {"": targets, "d": targets}}
    return HostSession(wanted, reorder=2 * 10**9, patience=10**10, pause=10**10)


def feed(session: HostSession, data: bytes) -> None:
    """`data` as every verb; the only error may be ProtocolError."""
    try:
        payload = parse(data, most=1 << 16)
    except ProtocolError:
        session.unreadable(Topic("g", "DDATA", "e", "d"), Moment(1, 1))
        return
    for verb, device in [
        ("NBIRTH", ""), ("DBIRTH", "d"), ("DDATA", "d"), ("NDATA", ""), ("DDEATH", "d"),
        ("NDEATH", ""),
    ]:  # fmt: skip
        session.receive(Topic("g", verb, "e", device), payload, Moment(10**18, 10**9))
    session.tick(Moment(10**18 + 1, 10**11))
    for metric in payload.metrics:
        for kind in DataType:
            number(metric, kind)
            try:
                text(metric, kind)
            except ValueError:
                continue
    reading, _ = session.take()
    assert len(reading.batch.tag) == len(reading.batch.quality)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_random_bytes_do_no_harm(data):
    feed(fresh(), data)


def rich() -> bytes:
    """A payload with something of everything."""
    payload = parse(
        encode(
            [
                Metric("a", 1.5, DataType.DOUBLE, alias=1, time=1_700_000_000_000, quality=192),
                Metric("b", "word", DataType.STRING, alias=2),
                Metric("c", True, DataType.BOOLEAN, alias=3, is_historical=True),
                Metric("bdSeq", 3, DataType.UINT64),
                Metric("n", None, DataType.INT8),
                Metric(
                    "T", datatype=DataType.TEMPLATE, template="Motor",
                    members=[Metric("m", -5, DataType.INT32)],
                ),
                Metric("arr", b"\x01\x00\x00\x00\x80", DataType.BOOLEAN_ARRAY),
            ],
            time=1_700_000_000_000,
            seq=0,
        )
    )  # fmt: skip
    table = payload.metrics.add(name="set", datatype=int(DataType.DATASET)).dataset_value
    table.num_of_columns = 1
    table.columns.append("x")
    table.types.append(int(DataType.INT8))
    table.rows.add().elements.add(int_value=7)
    return payload.SerializeToString()


@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_mutated_payloads_do_no_harm(chance: random.Random, strokes):
    data = bytearray(rich())
    for _ in range(strokes):
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randrange(1, 5)]
            case 2:
                data[place:place] = chance.randbytes(chance.randrange(1, 5))
            case _:
                data[place] ^= 1 << chance.randrange(8)
        if not data:
            break
    feed(fresh(), bytes(data))


def test_deep_templates_are_bounded():
    payload = Payload(seq=0)
    metric = payload.metrics.add(name="t", datatype=int(DataType.TEMPLATE))
    for _ in range(40):
        metric = metric.template_value.metrics.add(name="t", datatype=int(DataType.TEMPLATE))
    feed(fresh(), payload.SerializeToString())


def test_names_that_are_not_text_are_refused():
    with pytest.raises(ProtocolError):
        parse(b"\x12\x03\x0a\x01\xff")


def test_columns_take_the_rows_in_order():
    columns = Columns()
    columns.add(3, time.time_ns(), 1.5, 0)
    columns.add(1, 5, 2.5, 0x8000_0000)
    batch = columns.reading().batch
    assert batch.tag.tolist() == [3, 1]
    assert batch.quality.tolist() == [0, 0x8000_0000]
