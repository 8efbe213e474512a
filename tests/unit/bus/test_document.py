"""Events and catalogues survive the trip, and damage is found."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.bus.document import MAX_TEXT
from isthmus.bus.envelope import FrameKind, seal
from isthmus.bus.frame import decode_catalogue, decode_events, encode_catalogue, encode_events
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Counter, Kind, Limits, Namespace, Tag

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
EVENTS = st.builds(
    Event,
    time=st.integers(-(2**63), 2**63 - 1).map(Nanoseconds),
    path=TEXT,
    kind=TEXT,
    text=TEXT,
    severity=st.integers(1, 1000),
    data=st.dictionaries(TEXT, TEXT | NUMBER | st.integers() | st.booleans() | st.none()),
)
TAGS = st.builds(
    Tag,
    path=TEXT,
    unit=TEXT,
    kind=st.sampled_from(Kind),
    range=st.none() | st.tuples(NUMBER, NUMBER),
    normal=st.none() | st.tuples(NUMBER, NUMBER),
    limits=st.builds(Limits, low=st.none() | NUMBER, high_high=st.none() | NUMBER),
    deadband=NUMBER,
    legend=st.dictionaries(st.integers(), TEXT, max_size=4),
    counter=st.none() | st.builds(Counter, st.none() | NUMBER, st.booleans()),
    role=TEXT,
    description=TEXT,
    writable=st.booleans(),
    type=TEXT,
    title=TEXT,
)


@given(st.lists(EVENTS, max_size=5))
def test_events_round_trip(events):
    assert decode_events(encode_events(events)) == events


@given(st.lists(TAGS, max_size=5, unique_by=lambda tag: tag.path))
def test_catalogue_round_trip(tags):
    namespace = Namespace()
    for tag in tags:
        namespace.bind(tag)
    assert decode_catalogue(encode_catalogue(namespace.items())) == list(namespace.items())


def test_what_json_has_not_is_bounded_and_said():
    event = Event(Nanoseconds(1), "a", "text", "x" * 10_000_000, data={"v": math.nan, "w": 1.5})
    (back,) = decode_events(encode_events([event]))
    assert len(back.text) == MAX_TEXT
    assert back.text.endswith("…")
    assert back.data == {"v": None, "w": 1.5}
    with pytest.raises(ValueError, match="holds 10000 events"):
        encode_events([event] * 10_001)


def test_a_lone_surrogate_does_not_stop_the_line():
    (back,) = decode_events(encode_events([Event(Nanoseconds(1), "a", "text", "\ud800!")]))
    assert back.text == "?!"


@given(st.binary(max_size=100))
def test_nonsense_with_a_right_checksum_is_refused(noise):
    for kind, read in ((FrameKind.EVENTS, decode_events), (FrameKind.CATALOGUE, decode_catalogue)):
        try:
            found = read(seal(kind, noise))
        except ProtocolError:
            continue
        assert found == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"time": 1.5, "path": "a", "kind": "b", "text": "", "severity": 1, "data": {}}',
        b'{"time": true, "path": "a", "kind": "b", "text": "", "severity": 1, "data": {}}',
        b'{"time": 1, "path": 2, "kind": "b", "text": "", "severity": 1, "data": {}}',
        b'{"time": 1, "path": "a", "kind": "b", "text": "", "severity": 1, "data": {"x": []}}',
        b'{"time": 1}',
        b"[]",
        b"[" * 100_000,
    ],
)
def test_events_of_wrong_types_are_refused(body):
    with pytest.raises(ProtocolError, match="reading events"):
        decode_events(seal(FrameKind.EVENTS, body))


@pytest.mark.parametrize(
    "tag",
    [
        '{"id": "0", "path": "a"}',
        '{"id": 0}',
        '{"id": 0, "path": "a", "kind": "colour"}',
        '{"id": 0, "path": "a", "limits": {"highest": 1}}',
        '{"id": 0, "path": "a", "range": [1]}',
        '{"id": 0, "path": "a", "legend": {"x": "y"}}',
    ],
)
def test_a_catalogue_of_wrong_types_is_refused(tag):
    with pytest.raises(ProtocolError, match="reading a catalogue"):
        decode_catalogue(seal(FrameKind.CATALOGUE, b'{"tags": [%s]}' % tag.encode()))


def test_a_plain_tag_is_written_short():
    frame = encode_catalogue([(TagId(0), Tag("a/b", unit="kW"))])
    assert b'{"tags":[{"id":0,"path":"a/b","unit":"kW"}]}' in frame
