"""Addresses, ids, topics, STATE payloads and settings of the Sparkplug connector."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from isthmus.connectors.sparkplug import Sparkplug, SparkplugAddress
from isthmus.connectors.sparkplug.datatype import FIELD, DataType
from isthmus.connectors.sparkplug.schema import MESSAGES, Payload
from isthmus.connectors.sparkplug.state import HostState
from isthmus.connectors.sparkplug.topic import Topic, state_topic
from isthmus.model.errors import ConfigError
from isthmus.model.ports import Binding
from isthmus.model.tag import Tag


@pytest.mark.parametrize(
    ("written", "edge", "device", "metric"),
    [
        ("e/d", "e", "d", ""),
        ("e/d/speed", "e", "d", "speed"),
        ("e/d/Motor/Speed/Raw", "e", "d", "Motor/Speed/Raw"),
        ("e//Uptime", "e", "", "Uptime"),
        ("e", "e", "", ""),
        ({"edge": "e", "device": "d", "metric": "a/b"}, "e", "d", "a/b"),
    ],
)
def test_addresses(written, edge, device, metric):
    found = SparkplugAddress.parse(written)
    assert (found.edge, found.device, found.metric) == (edge, device, metric)


@pytest.mark.parametrize(
    "wrong", ["", "/d", {"edge": "a/b"}, {"edge": "a+"}, {"edge": "e", "x": 1}]
)
def test_wrong_addresses(wrong):
    with pytest.raises(ValidationError):
        SparkplugAddress.parse(wrong)


def settings(**more) -> Sparkplug:
    return Sparkplug(name="shopfloor", **{"broker": "mqtts://b", "group": "riverside", **more})


def test_the_settings_tell_where_and_how_protected():
    assert settings().endpoint == "mqtts://b:8883"
    assert settings().wire == "TLS"
    assert settings(broker="mqtt://b").endpoint == "mqtt://b:1883"
    assert settings(broker="mqtt://b").wire == "none"
    assert settings(certificate="c", key="k").wire == "mutual TLS"


@pytest.mark.parametrize("wrong", [{"group": "a/b"}, {"group": "#"}, {"host_id": "a+b"},
                                   {"edges": ["a/b"]}, {"group": ""}])  # fmt: skip
def test_wrong_ids(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_edges_must_hold_those_that_have_tags(tmp_path):
    binding = Binding(0, Tag("l/m/x"), SparkplugAddress.parse("e/d"))
    with pytest.raises(ConfigError) as refused:
        settings(edges=["f"]).build([binding], now=lambda: 1, state=str(tmp_path))
    assert "e" in str(refused.value)


def test_filters_take_in_one_group_and_the_edges_that_have_tags(tmp_path):
    binding = Binding(0, Tag("l/m/x"), SparkplugAddress.parse("e/d"))
    host = settings(host_id="h").build([binding], now=lambda: 1, state=str(tmp_path))
    assert host._filters() == {"spBv1.0/riverside/+/e/#": 0, "spBv1.0/STATE/h": 1}
    everything = settings().build([], now=lambda: 1, state=str(tmp_path))
    assert everything._filters() == {"spBv1.0/riverside/#": 0}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("spBv1.0/g/NDATA/e", Topic("g", "NDATA", "e")),
        ("spBv1.0/My Group/DBIRTH/e/d", Topic("My Group", "DBIRTH", "e", "d")),
        ("$sparkplug/certificates/spBv1.0/g/NBIRTH/e", Topic("g", "NBIRTH", "e")),
        ("spBv1.0/g/NDATA/e/d", None),
        ("spBv1.0/g/DDATA/e", None),
        ("spBv1.0/g/ndata/e", None),
        ("spAv1.0/g/NDATA/e", None),
        ("spBv1.0/g/NDATA/", None),
        ("spBv1.0/STATE/h", None),
        ("spBv1.0/g/DDATA/e/d/more", None),
    ],
)
def test_topics(text, topic):
    assert Topic.parse(text) == topic
    if topic is not None:
        assert text.endswith(str(topic))


def test_state_payloads():
    state = HostState(online=True, timestamp=1_700_000_000_000)
    assert json.loads(state.encode()) == {"online": True, "timestamp": 1_700_000_000_000}
    assert HostState.parse(state.encode()) == state
    assert state_topic("isthmus") == "spBv1.0/STATE/isthmus"
    for wrong in (b"ONLINE", b"[]", b'{"online": 1, "timestamp": 2}', b'{"online": true}', b"\xff"):
        assert HostState.parse(wrong) is None


def test_every_type_has_its_field():
    fields = {name for _, name, _, group in MESSAGES["Metric"] if group == "value"}
    without = {DataType.UNKNOWN, DataType.PROPERTYSET, DataType.PROPERTYSETLIST}
    assert set(FIELD) == set(DataType) - without
    assert set(FIELD.values()) == fields


def test_a_payload_on_the_wire_is_that_of_the_specification():
    """Written by hand from the field numbers of the specification's proto file."""
    payload = Payload(timestamp=1, seq=2)
    payload.metrics.add(name="a", alias=0, datatype=3, int_value=0xFFFF_FFFF)
    head, metric, tail = "0801", "0a0161 1000 2003 50ffffffff0f", "1802"
    assert payload.SerializeToString() == bytes.fromhex(f"{head} 120d {metric} {tail}")
