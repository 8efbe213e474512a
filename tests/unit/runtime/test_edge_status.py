"""What an edge says of itself comes back whole, and nonsense is told as such."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.edge.status import EdgeStatus, LinkStatus

LINKS = st.builds(
    LinkStatus,
    st.sampled_from(Condition),
    st.integers(0, 2**62).map(Nanoseconds),
    error=st.text(max_size=50),
    hint=st.text(max_size=50),
    lost=st.integers(0, 2**40),
    queue=st.integers(0, 2**40),
)
STATUSES = st.builds(
    EdgeStatus,
    st.integers(0, 2**62).map(Nanoseconds),
    *(st.sampled_from(["up", "down", "full"]), st.sampled_from(["up", "down", "full"])),
    behind=st.integers(0, 2**40),
    age=st.integers(0, 10**9).map(lambda ms: ms / 1000),
    lost=st.integers(0, 2**40),
    why=st.text(max_size=50),
    links=st.dictionaries(st.text(max_size=20), LINKS, max_size=4),
)
WHOLE = EdgeStatus(Nanoseconds(1), "up", "down", links={"plc": LinkStatus(Condition.UP, 2)})


def sane(status):
    return math.isfinite(status.age) and min(status.age, status.behind, status.lost) >= 0


@given(STATUSES)
def test_a_status_comes_back(status):
    text = status.encode()
    clean = EdgeStatus.decode(text)
    assert EdgeStatus.decode(clean.encode()) == clean
    assert (clean.time, clean.behind, clean.age, clean.lost) == (
        *(status.time, status.behind, status.age, status.lost),
    )
    assert [link.condition for link in clean.links.values()] == [
        link.condition for link in status.links.values()
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_status_or_a_protocol_error(data):
    with contextlib.suppress(ProtocolError):
        assert sane(EdgeStatus.decode(data))


@given(st.data())
def test_a_status_with_a_wrong_value_is_told(data):
    body = json.loads(WHOLE.encode())
    place = data.draw(st.sampled_from([body, body["links"]["plc"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(
        st.sampled_from([None, [], {"a": 1}, "x", 1e400, True, -1])
    )
    with contextlib.suppress(ProtocolError):
        assert sane(EdgeStatus.decode(json.dumps(body).encode()))


@pytest.mark.parametrize("data", [b"[" * 100_000, b"null", b"{}", b'{"links": []}'])
def test_nonsense_is_a_protocol_error(data):
    with pytest.raises(ProtocolError):
        EdgeStatus.decode(data)


def test_long_texts_are_cut():
    status = EdgeStatus(Nanoseconds(1), "up", "up", why="x" * 10_000)
    assert len(EdgeStatus.decode(status.encode()).why) == 500


def test_samples_and_messages_that_are_lost_are_told_apart():
    link = LinkStatus(Condition.UP, Nanoseconds(1), lost=5)
    status = EdgeStatus(Nanoseconds(1), "up", "up", lost=12, links={"a": link, "b": link})
    told = EdgeStatus.decode(status.encode())
    assert (told.lost, told.lost_samples) == (12, 10)
