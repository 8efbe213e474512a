"""Payloads to samples: what is said, when, and how good."""

from __future__ import annotations

import json
import math

import pytest

from isthmus.connectors.mqtt import MqttAddress
from isthmus.connectors.mqtt.extract import Extractor
from isthmus.connectors.mqtt.inbox import Message
from isthmus.model.ports import Binding
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag

RECEIVED = 1_800_000_000 * 10**9
STATE = Tag("l/m/state", kind=Kind.ENUMERATION, legend={6: "execute"})


def extracted(payload: object, *, tag: Tag | None = None, retained: bool = False, **address):
    """The rows and texts that one message gives for one address, and what was counted."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    where = MqttAddress.parse({"topic": "t", **address})
    extractor = Extractor([Binding(0, tag or Tag("l/m/x"), where)], largest=1 << 20)
    reading = extractor.reading([Message("t", data, RECEIVED, retained)])
    batch = reading.batch
    rows = list(zip(batch.time.tolist(), batch.value.tolist(), batch.quality.tolist(), strict=True))
    return rows, [event.text for event in reading.events], extractor.counted


@pytest.mark.parametrize(
    ("payload", "tag", "value"),
    [
        (b"12.5", None, 12.5),
        (b" -3 ", None, -3.0),
        (b"true", None, 1.0),
        (b'"7.5"', None, 7.5),
        (b"on", Tag("l/m/b", kind=Kind.BOOLEAN), 1.0),
        (b"Execute", STATE, 6.0),
        (b'"execute"', STATE, 6.0),
        (b"6", STATE, 6.0),
    ],
)
def test_bare_payloads(payload, tag, value):
    rows, _, _ = extracted(payload, tag=tag)
    assert rows == [(RECEIVED, value, 0)]


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"NaN", Status.BAD_OUT_OF_RANGE),
        (b"1e999", Status.BAD_OUT_OF_RANGE),
        (b"1" + b"0" * 400, Status.BAD_OUT_OF_RANGE),
        (b"1" * 10_000, Status.BAD_TYPE_MISMATCH),
        (b"null", Status.BAD),
        (b"fast", Status.BAD_TYPE_MISMATCH),
        (b"[1]", Status.BAD_TYPE_MISMATCH),
        (b"\xff", Status.BAD_DECODING_ERROR),
    ],
)
def test_what_is_no_number_is_bad(payload, status):
    ((_, value, quality),) = extracted(payload)[0]
    assert math.isnan(value)
    assert quality == status


def test_an_empty_payload_says_nothing():
    assert extracted(b"") == ([], [], {})


def test_a_path_that_is_not_there_says_nothing():
    rows, _, counted = extracted({"other": 1}, value="$.x")
    assert rows == []
    assert counted["missing"] == 1


def test_a_path_into_what_is_no_json_is_bad():
    ((_, _, quality),) = extracted(b"12 degrees", value="$.x")[0]
    assert quality == Status.BAD_DECODING_ERROR


@pytest.mark.parametrize(
    ("written", "layout"),
    [
        (1_700_000_000, ""),
        (1_700_000_000.0, ""),
        (1_700_000_000_000, ""),
        ("2023-11-14T22:13:20Z", ""),
        ("2023-11-14T23:13:20+01:00", ""),
        ("2023-11-14 22:13:20", ""),
        ("14.11.2023 22:13:20", "%d.%m.%Y %H:%M:%S"),
        ("14.11.2023 23:13:20 +0100", "%d.%m.%Y %H:%M:%S %z"),
        (1_700_000_000_000_000, "us"),
    ],
)
def test_the_devices_time(written, layout):
    rows, _, _ = extracted({"v": 1, "t": written}, value="$.v", time="$.t", time_format=layout)
    assert rows == [(1_700_000_000 * 10**9, 1.0, 0)]


@pytest.mark.parametrize("written", ["yesterday", None, -1, 1e300, True, [], "1e5"])
def test_an_unreadable_time_is_ours_and_uncertain(written):
    rows, _, counted = extracted({"v": 1, "t": written}, value="$.v", time="$.t")
    assert rows == [(RECEIVED, 1.0, Status.UNCERTAIN)]
    assert counted["bad_time"] == 1


def test_retained_values_are_uncertain_unless_they_carry_a_time():
    assert extracted(b"1", retained=True)[0][0][2] == Status.UNCERTAIN_LAST_USABLE_VALUE
    timed = extracted({"v": 1, "t": 1_700_000_000}, value="$.v", time="$.t", retained=True)
    assert timed[0] == [(1_700_000_000 * 10**9, 1.0, 0)]


@pytest.mark.parametrize(
    ("said", "codes", "status"),
    [
        (192, "opcda", 0),
        ("192", "opcda", 0),
        (216, "opcda", 0),
        (64, "opcda", Status.UNCERTAIN),
        (0, "opcda", Status.BAD),
        (500, "opcda", Status.UNCERTAIN_LAST_USABLE_VALUE),
        ("Good", "opcda", 0),
        ("bad", "opcda", Status.BAD),
        ("Quality: Uncertain", "opcda", Status.UNCERTAIN),
        (True, "opcda", 0),
        (False, "opcda", Status.BAD),
        (0, "opcua", 0),
        (0x808C_0000, "opcua", Status.BAD_SENSOR_FAILURE),
        ("who knows", "opcda", Status.UNCERTAIN),
        (None, "opcda", Status.UNCERTAIN),
    ],
)
def test_the_devices_quality(said, codes, status):
    address = {"value": "$.v", "quality": "$.q", "quality_codes": codes}
    ((_, value, quality),) = extracted({"v": 1, "q": said}, **address)[0]
    assert (value, quality) == (1.0, status)


def test_texts_are_events_and_long_ones_are_cut():
    text = Tag("l/m/name", kind=Kind.TEXT)
    assert extracted({"n": "cola"}, tag=text, value="$.n")[1] == ["cola"]
    assert extracted({"n": {"a": 1}}, tag=text, value="$.n")[1] == ['{"a": 1}']
    _, (long,), counted = extracted({"n": "x" * 100_000}, tag=text, value="$.n")
    assert len(long) == 65_536
    assert counted["cut"] == 1
    assert extracted(b"\xff", tag=text)[:2] == ([], [])
