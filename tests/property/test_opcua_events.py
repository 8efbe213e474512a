"""Events of a server as asyncua encodes them, and bytes that lie."""

from __future__ import annotations

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given
from hypothesis import strategies as st

from isthmus.connectors.opcua import OpcUa, OpcUaAddress
from isthmus.connectors.opcua.condition import Conditions
from isthmus.connectors.opcua.event import event_fields, told, wanted
from isthmus.connectors.opcua.message import Span, publication
from isthmus.model.errors import ProtocolError
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

NOW = Nanoseconds(1_790_000_000_000_000_000)
FIELDS = len(wanted().SelectClauses)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False),
    st.datetimes(),
    st.builds(ua.LocalizedText, st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
    st.builds(ua.NodeId, st.integers(0, 9000), st.integers(0, 3)),
    st.builds(ua.StatusCode, st.sampled_from([0, 0x4000_0000, 0x8000_0000])),
)


def conditions(folder):
    address = OpcUaAddress(node="i=85", condition="Jam")
    bound = [Binding(TagId(4), Tag("line/jam", kind=Kind.BOOLEAN), address)]
    setting = OpcUa(name="line", url="opc.tcp://127.0.0.1:4840", events="all")
    return Conditions(setting, bound, now=lambda: NOW, state=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("heard")


def response(lists):
    made = ua.PublishResponse()
    made.Parameters.SubscriptionId = 77
    message = ua.NotificationMessage(SequenceNumber=3)
    events = [ua.EventFieldList(1, [ua.Variant(each) for each in row]) for row in lists]
    message.NotificationData = [ua.EventNotificationList(events)]
    made.Parameters.NotificationMessage = message
    return bytes(struct_to_binary(made))


@given(st.lists(st.lists(values, min_size=FIELDS, max_size=FIELDS), max_size=4))
def test_whatever_fields_hold_an_event_is_told_or_counted(folder, lists):
    data = response(lists)
    _, found = publication(data)
    (span,) = found.events
    assert span.count == len(lists)
    fields = event_fields(data, span)
    assert [[each.Value for each in row] for row in fields] == lists or lists
    told_here = [told(row, NOW) for row in fields]
    assert all(one.time > 0 for one in told_here)
    one = conditions(folder)
    reading = one.notification(data, span)
    assert one.counts["events"] == len(lists)
    assert not one.counts["events_undecoded"]
    assert len(reading.events) <= len(lists)
    assert np.isfinite(reading.batch.value).all()


@given(st.binary(max_size=200))
def test_bytes_that_lie_are_counted(folder, data):
    one = conditions(folder)
    one.notification(data, Span(4, 1, len(data)))
    assert one.counts["events"] + one.counts["events_undecoded"] <= len(data) + 1


@given(st.lists(st.lists(values, min_size=1, max_size=3), min_size=1, max_size=3), st.data())
def test_a_message_that_is_cut_or_changed_raises_nothing_else(folder, lists, data):
    whole = bytearray(response(lists))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    cut = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        _, found = publication(cut)
    except ProtocolError:
        return
    for span in found.events if found else ():
        conditions(folder).notification(cut, span)


def test_other_fields_than_asked_for_are_counted(folder):
    one = conditions(folder)
    assert not one.objects([[ua.Variant(1)]]).events
    assert one.counts["events_undecoded"] == 1
