"""What clients may send, and everything else: read within bounds, or refused."""

from __future__ import annotations

import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pgwire import message
from isthmus.pgwire.error import SqlError

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
READERS = [
    message.startup,
    message.parse,
    message.bind,
    message.named,
    message.execute,
    message.query,
    message.sasl_initial,
]


@pytest.mark.parametrize("reader", READERS)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error_of_ours(reader, body):
    try:
        reader(body)
    except SqlError as error:
        told = error.fatal, error.state
    else:
        return
    assert told == (True, "08P01")


@given(name=TEXT, query=TEXT, types=st.lists(st.integers(0, 2**32 - 1), max_size=5))
def test_parse(name, query, types):
    body = name.encode() + b"\0" + query.encode() + b"\0"
    body += struct.pack(f">H{len(types)}I", len(types), *types)
    assert message.parse(body) == message.Parse(name, query, tuple(types))
    with pytest.raises(SqlError):
        message.parse(body + b"x")


@given(
    values=st.lists(st.none() | st.binary(max_size=20), max_size=5),
    formats=st.lists(st.sampled_from([0, 1]), max_size=5),
)
def test_bind(values, formats):
    codes = struct.pack(f">H{len(formats)}h", len(formats), *formats)
    parts = [
        struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
        for value in values
    ]
    body = b"p\0s\0" + codes + struct.pack(">H", len(values)) + b"".join(parts) + codes
    found = message.bind(body)
    assert found.values == tuple(values)
    assert found.formats == found.results == tuple(formats)


@pytest.mark.parametrize("size", [-1, 0, 3, 70_000, 0x7FFF_FFFF])
def test_a_length_that_lies_is_refused_before_anything_is_kept(size):
    async def read() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(b"Q" + struct.pack(">i", size))
        await message.read_message(stream, 65_536)

    with pytest.raises(SqlError):
        asyncio.run(read())


@pytest.mark.parametrize("size", [-1, 0, 7, 10_001, 0x7FFF_FFFF])
def test_a_first_packet_that_lies_is_refused(size):
    async def read() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(struct.pack(">i", size))
        await message.read_startup(stream)

    with pytest.raises(SqlError):
        asyncio.run(read())


def test_a_later_minor_protocol_and_its_options_are_seen():
    body = struct.pack(">i", 3 << 16 | 2) + b"user\0anna\0_pq_.x\0y\0\0"
    assert message.startup(body) == message.Startup(2, {"user": "anna", "_pq_.x": "y"}, ("_pq_.x",))
