"""JSON paths, topic filters, times and payloads, against plain reference implementations."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.mqtt import MqttAddress
from isthmus.connectors.mqtt.extract import Extractor
from isthmus.connectors.mqtt.inbox import Inbox, Message
from isthmus.connectors.mqtt.path import MISSING, JsonPath
from isthmus.connectors.mqtt.topic import Routes, checked_filter, fewest, matches
from isthmus.connectors.mqtt.value import quality_of, time_reader
from isthmus.model.ports import Binding
from isthmus.model.sample import Status
from isthmus.model.tag import Tag

STEPS = st.lists(st.text(max_size=12) | st.integers(-999_999_999, 999_999_999), max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
LEVEL = st.sampled_from(["a", "b", "", "$x", "spB v1", "ü"])
TOPICS = st.lists(LEVEL, min_size=1, max_size=5).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, end: "/".join([*levels, *(["#"] if end else [])]) or "#",
    st.lists(st.sampled_from(["a", "b", "", "$x", "+"]), max_size=4),
    st.booleans(),
)


@given(STEPS)
def test_a_written_path_reads_back(steps):
    path = JsonPath(tuple(steps))
    assert JsonPath.parse(str(path)) == path


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_refused(text):
    try:
        path = JsonPath.parse(text)
    except ValueError:
        return
    assert JsonPath.parse(str(path)) == path


@given(DOCUMENTS, st.data())
def test_a_path_to_a_place_finds_it(document, data):
    steps, here = [], document
    while isinstance(here, dict | list) and here and data.draw(st.booleans()):
        if isinstance(here, dict):
            step = data.draw(st.sampled_from(sorted(here)))
        else:
            step = data.draw(st.integers(-len(here), len(here) - 1))
        steps.append(step)
        here = here[step]
    path = JsonPath(tuple(steps))
    assert path.find(document) is here
    assert JsonPath((*steps, "no such")).find(document) is MISSING


def reference(pattern: str, topic: str) -> bool:
    """The rules of MQTT 4.7 as one regular expression."""
    if topic.startswith("$") and pattern[0] in "+#":
        return False
    if pattern == "#":
        return True
    text = re.escape(pattern).replace(r"\+", "[^/]*")
    text = re.sub(r"/\\#$", "(/.*)?", text)
    return re.fullmatch(text, topic, re.DOTALL) is not None


@given(FILTERS, TOPICS)
def test_filters_match_as_the_standard_says(pattern, topic):
    if not pattern:
        return
    assert matches(checked_filter(pattern), topic) == reference(pattern, topic)


@given(st.lists(FILTERS.filter(bool), max_size=8), TOPICS)
def test_fewer_filters_take_in_the_same_topics(filters, topic):
    kept = fewest(filters)
    assert any(matches(one, topic) for one in kept) == any(matches(one, topic) for one in filters)


@given(st.lists(st.tuples(FILTERS.filter(bool) | TOPICS, st.integers())), TOPICS)
def test_routes_find_every_target(pairs, topic):
    routes: Routes[int] = Routes()
    for pattern, target in pairs:
        routes.add(pattern, target)
    expected = sorted(target for pattern, target in pairs if matches(pattern, topic))
    assert sorted(routes.find(topic)) == sorted(routes.find(topic)) == expected


@given(st.lists(st.binary(max_size=400), max_size=60), st.booleans())
def test_an_inbox_keeps_its_bound_and_its_books(payloads, overflow):
    inbox = Inbox(2_000)
    for place, payload in enumerate(payloads):
        inbox.put(Message("t", payload, place), overflow=overflow)
    assert inbox.bytes == sum(message.size for message in inbox.waiting)
    assert len(inbox.waiting) + inbox.dropped == len(payloads)
    if overflow:
        assert inbox.bytes <= 2_000
    taken = []
    while part := inbox.take(500):
        taken += part
    assert inbox.bytes == 0
    assert [message.payload for message in taken] == payloads[inbox.dropped :]


@given(st.integers(1_000_000_000, 4_000_000_000), st.integers(0, 999_999_999))
def test_times_are_read_in_every_unit(seconds, fraction):
    guess = time_reader("")
    whole = seconds * 10**9
    assert guess(seconds) == guess(str(seconds)) == whole
    assert guess(seconds * 1000 + fraction // 10**6) == whole + fraction // 10**6 * 10**6
    assert guess(whole // 1000 + fraction // 1000) == whole + fraction // 1000 * 1000
    assert guess(whole + fraction) == whole + fraction
    assert time_reader("ns")(str(whole + fraction)) == whole + fraction


@given(st.datetimes(min_value=__import__("datetime").datetime(1980, 1, 1),
                    max_value=__import__("datetime").datetime(2100, 1, 1)))  # fmt: skip
def test_iso_times_without_offset_are_utc(moment):
    read = time_reader("")
    assert read(moment.isoformat()) == read(moment.isoformat() + "Z")
    assert read(moment.isoformat()) == read(moment.isoformat() + "+00:00")


@given(DOCUMENTS, st.sampled_from(["", "s", "ms", "%Y-%m-%d"]))
def test_any_value_is_a_time_or_none(value, layout):
    found = time_reader(layout)(value)
    assert found is None or 0 < found < 2**62


@given(DOCUMENTS, st.sampled_from(["opcda", "opcua"]))
def test_any_value_is_a_quality_or_none(value, codes):
    found = quality_of(value, codes)
    assert found is None or 0 <= found < 2**32


def extractor() -> Extractor:
    addresses = [
        {"topic": "t", "value": "$.a", "time": "$.ts", "quality": "$.q"},
        {"topic": "t", "value": "$[0]"},
        {"topic": "t"},
        {"topic": "+", "value": "$.a.b"},
    ]
    return Extractor(
        [
            Binding(place, Tag(f"line/m/x{place}"), MqttAddress.parse(address))
            for place, address in enumerate(addresses)
        ],
        largest=1 << 20,
    )


@settings(max_examples=300)
@given(st.binary(max_size=80) | DOCUMENTS.map(lambda one: json.dumps(one).encode()), st.booleans())
def test_any_payload_is_samples_of_known_quality(payload, retained):
    batch = extractor().reading([Message("t", payload, 5, retained)]).batch
    for value, quality in zip(batch.value.tolist(), batch.quality.tolist(), strict=True):
        assert quality >= Status.BAD or not math.isnan(value)
        if retained:
            assert quality >= Status.UNCERTAIN


@pytest.mark.parametrize("wrong", ["", "a/#/b", "a+", "a/b#", "\0"])
def test_wrong_filters_are_refused(wrong):
    with pytest.raises(ValueError):
        checked_filter(wrong)
