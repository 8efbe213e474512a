"""Any bytes from the wire: an answer, bad quality or a lost link, never anything else."""

from __future__ import annotations

import asyncio
import contextlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.modbus.transport import LONGEST, Failure, Request, Transport
from isthmus.model.errors import LinkError

ASKED = [Request.read(1, 3, 0, 2), Request.read(1, 1, 0, 10), Request.read(2, 4, 7, 1)]


def reply(tid, unit, pdu):
    return struct.pack(">HHHB", tid, 0, 1 + len(pdu), unit) + pdu


RIGHT = [
    reply(1, 1, b"\x03\x04\0\1\0\2"),
    reply(2, 1, b"\x01\x02\xff\x03"),
    reply(3, 2, b"\x04\x02\0\7"),
]
noise = st.one_of(
    st.binary(max_size=40),
    st.builds(reply, st.integers(0, 4), st.integers(0, 3), st.binary(min_size=2, max_size=9)),
    st.sampled_from(RIGHT),
    st.tuples(st.sampled_from(RIGHT), st.integers(0, 60), st.integers(0, 255)).map(
        lambda made: bytes(
            byte ^ (made[2] if place == made[1] % len(made[0]) else 0)
            for place, byte in enumerate(made[0])
        )
    ),
)


class Wire(asyncio.Transport):
    """Takes what is written, and remembers whether it was given up."""

    def __init__(self):
        super().__init__()
        self.aborted = False

    def get_extra_info(self, name, default=None):
        return self if name == "socket" else default

    def setsockopt(self, *option):
        assert not self.aborted

    def write(self, data):
        assert data

    def abort(self):
        self.aborted = True


async def exchange(chunks):
    wire = Wire()
    transport = Transport(in_flight=3, timeout=0.001)
    transport.connection_made(wire)
    asking = asyncio.create_task(transport.exchange(ASKED))
    await asyncio.sleep(0)
    for chunk in chunks:
        transport.data_received(chunk)
        assert len(transport._buffer) < 6 + LONGEST
        if wire.aborted:
            break
    try:
        answers = await asking
    except LinkError:
        assert wire.aborted
        return None
    finally:
        with contextlib.suppress(LinkError):
            transport.connection_lost(None)
    return answers


@given(st.lists(noise, max_size=8), st.integers(1, 60))
@settings(deadline=None)
def test_any_bytes_end_in_answers_or_a_lost_link(pieces, size):
    stream = b"".join(pieces)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    answers = asyncio.run(exchange(chunks))
    if answers is not None:
        assert len(answers) == len(ASKED)
        for request, answer in zip(ASKED, answers, strict=True):
            assert isinstance(answer, Failure) or len(answer) == request.size


@given(st.permutations(RIGHT), st.integers(1, 50))
@settings(deadline=None)
def test_right_answers_in_any_order_and_any_pieces_are_taken(replies, size):
    stream = b"".join(replies)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert asyncio.run(exchange(chunks)) == [right[8:] for right in RIGHT]
