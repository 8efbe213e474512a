"""What a site asks an edge and what it answers come back whole; nonsense is told as such."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.errors import ProtocolError
from isthmus.runtime.edge.command import MAX_TEXT, MOST, Ask, Command, Reply, State

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_TEXT // 4)
COMMANDS = st.builds(
    Command, st.sampled_from(Ask), WORDS, NUMBERS, WORDS, WORDS, NUMBERS, WORDS, WORDS
)
REPLIES = st.builds(
    Reply,
    st.sampled_from([each.value for each in State]),
    *(WORDS, NUMBERS, st.none() | NUMBERS, WORDS, st.booleans()),
)
ASKED = Command(Ask.WRITE, "a/b", 1, "n", "s", 2)


@given(COMMANDS)
def test_a_command_comes_back(command):
    assert Command.decode(command.encode()) == command


@given(REPLIES)
def test_a_reply_comes_back(reply):
    assert Reply.decode(reply.encode()) == reply


@given(st.binary(max_size=200) | st.recursive(st.none(), st.lists).map(str).map(str.encode))
def test_any_bytes_are_read_or_a_protocol_error(data):
    for kind in (Command, Reply):
        with pytest.raises(ProtocolError):
            kind.decode(data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("value", one) for one in (None, True, "1", 10**400, float("nan"), float("inf"))),
        *(("until", one) for one in (None, "soon", float("nan"))),
        *(("ask", one) for one in ("do", None, 1)),
        *(("path", one) for one in (1, None, ["a"])),
        ("session", {}),
    ],
)
def test_a_command_with_a_wrong_word_is_none(key, value):
    told = {**json.loads(ASKED.encode()), key: value}
    with pytest.raises(ProtocolError):
        Command.decode(json.dumps(told).encode())


def test_what_is_too_long_is_not_read():
    with pytest.raises(ProtocolError, match="is the most"):
        Command.decode(ASKED.encode() + b" " * MOST)


def test_a_device_that_holds_no_number_is_told_without_one():
    assert Reply.decode(Reply("sent", "s", 1, float("nan")).encode()).after is None
