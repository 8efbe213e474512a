"""Frames survive the trip, and damage is found."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as columns

from isthmus.bus.envelope import HEAD, FrameKind, seal
from isthmus.bus.frame import MAX_ROWS, SCHEMA, decode, encode, slices
from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch

SIZES = st.integers(0, 200)


@st.composite
def batches(draw):
    size = draw(SIZES)
    return Batch(
        draw(columns.arrays(np.int32, size)),
        draw(columns.arrays(np.int64, size)),
        draw(columns.arrays(np.float64, size)),
        draw(columns.arrays(np.uint32, size)),
    )


def same(one: Batch, other: Batch) -> bool:
    return all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes()
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in ("tag", "time", "value", "quality")
    )


@given(batches())
def test_round_trip(batch):
    assert same(decode(encode(batch)), batch)


def rows(size):
    columns = [pa.array(np.zeros(size, kind)) for kind in (np.int32, np.int64, np.float64)]
    return pa.RecordBatch.from_arrays(
        [*columns, pa.array(np.zeros(size, np.uint32))], schema=SCHEMA
    )


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_a_small_frame_that_unpacks_to_much_is_refused(codec):
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, SCHEMA, options=options) as writer:
        writer.write_batch(rows(1_000_000))
        end = sink.tell()
    body = memoryview(sink.getvalue())[SCHEMA.serialize().size : end]
    with pytest.raises(ProtocolError, match="it is compressed"):
        decode(seal(FrameKind.SAMPLES, body))


def test_a_frame_of_more_rows_than_we_write_is_refused():
    assert len(decode(seal(FrameKind.SAMPLES, rows(MAX_ROWS).serialize()))) == MAX_ROWS
    with pytest.raises(ProtocolError, match="65537 rows"):
        decode(seal(FrameKind.SAMPLES, rows(MAX_ROWS + 1).serialize()))


def test_columns_that_are_cut_or_strided_are_packed():
    whole = Batch.of(np.arange(1000, dtype=np.int32), 5, np.arange(1000.0))
    every_other = whole.where(np.arange(1000) % 2 == 0)
    strided = Batch(whole.tag[::2], whole.time[::2], whole.value[::2], whole.quality[::2])
    assert same(decode(encode(strided)), every_other)
    assert same(decode(encode(whole.slice(7, 19))), whole.slice(7, 19))


def test_decoding_copies_nothing():
    data = encode(Batch.of([1, 2, 3], 5, [1.0, 2.0, 3.0]))
    value = decode(data).value
    held = np.frombuffer(data, np.uint8).ctypes.data
    assert held <= value.ctypes.data < held + len(data)


def test_a_frame_is_bounded_and_a_large_batch_is_cut():
    large = Batch.of(np.arange(MAX_ROWS + 5, dtype=np.int32), 1, np.zeros(MAX_ROWS + 5))
    with pytest.raises(ValueError, match="holds 65536 rows"):
        encode(large)
    cut = slices(large)
    assert [len(part) for part in cut] == [MAX_ROWS, 5]
    assert same(Batch.concat([decode(encode(part)) for part in cut]), large)


def test_any_arrow_reader_understands_the_body():
    batch = Batch.of([1, 2], 5, [1.5, 2.5], 0x80000000)
    body = encode(batch)[HEAD.size :]
    schema = pa.schema(
        [("tag", "int32"), ("time", "int64"), ("value", "float64"), ("quality", "uint32")]
    )
    assert pa.ipc.read_record_batch(pa.py_buffer(body), schema).to_pydict() == {
        "tag": [1, 2],
        "time": [5, 5],
        "value": [1.5, 2.5],
        "quality": [0x80000000] * 2,
    }


def test_the_layout_of_version_1_never_changes():
    """Written by version 1; it must be readable for ever."""
    kept = bytes.fromhex(GOLDEN)
    assert same(decode(kept), Batch.of([1, 2], 1_000, [0.5, -1.0], 0x80000000))


@given(batches(), st.data())
def test_a_flipped_bit_or_a_missing_end_is_found(batch, data):
    whole = bytearray(encode(batch))
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    with pytest.raises(ProtocolError):
        decode(bytes(whole))


@settings(max_examples=150)
@given(batches(), st.data())
def test_a_body_of_nonsense_with_a_right_checksum_is_refused_or_read(batch, data):
    body = bytearray(encode(batch)[HEAD.size :])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    try:
        found = decode(seal(FrameKind.SAMPLES, bytes(body)))
    except ProtocolError:
        return
    assert len(found.tag) == len(found.time) == len(found.value) == len(found.quality)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    with pytest.raises(ProtocolError):
        decode(noise)
    try:
        found = decode(seal(FrameKind.SAMPLES, noise))
    except ProtocolError:
        return
    assert len(found) == len(found.value)


def test_a_later_version_and_another_kind_are_named():
    frame = encode(Batch.empty())
    with pytest.raises(ProtocolError, match="version is 2") as refused:
        decode(frame[:4] + b"\2" + frame[5:])
    assert "update" in refused.value.hint
    with pytest.raises(ProtocolError, match="of samples: it is of kind 2"):
        decode(seal(FrameKind.EVENTS, b""))


GOLDEN = (
    "495354480100010004f8f36850010000ffffffff1801000014000000000000000c0016000600050008000c00"
    "0c0000000003040018000000300000000000000000000a0018000c00040008000a0000009c00000010000000"
    "0200000000000000000000000800000000000000000000000000000000000000000000000000000008000000"
    "0000000008000000000000000000000000000000080000000000000010000000000000001800000000000000"
    "0000000000000000180000000000000010000000000000002800000000000000000000000000000028000000"
    "0000000008000000000000000000000004000000020000000000000000000000000000000200000000000000"
    "0000000000000000020000000000000000000000000000000200000000000000000000000000000001000000"
    "02000000e803000000000000e803000000000000000000000000e03f000000000000f0bf0000008000000080"
)
