"""The columnar decoder against asyncua's own, and against bytes that lie."""

from __future__ import annotations

import math
import struct
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.opcua import OpcUaAddress
from isthmus.connectors.opcua.decode import Decoder
from isthmus.connectors.opcua.message import Span, answers, publication, republication
from isthmus.connectors.opcua.unusual import text
from isthmus.model.errors import ProtocolError
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, Status, TagId
from isthmus.model.tag import Kind, Tag

NOW = 1_790_000_000_000_000_000
TAGS = 24
VT = ua.VariantType


def integers(bits, *, signed):
    low = -(2 ** (bits - 1)) if signed else 0
    return st.integers(low, 2 ** (bits - signed) - 1)


NUMBERS = {
    VT.Boolean: st.booleans(),
    VT.SByte: integers(8, signed=True),
    VT.Byte: integers(8, signed=False),
    VT.Int16: integers(16, signed=True),
    VT.UInt16: integers(16, signed=False),
    VT.Int32: integers(32, signed=True),
    VT.UInt32: integers(32, signed=False),
    VT.Int64: integers(64, signed=True),
    VT.UInt64: integers(64, signed=False),
    VT.Float: st.floats(width=32),
    VT.Double: st.floats(),
}
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LIFE = (datetime(1971, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - hypothesis adds the zone
moments = st.datetimes(*LIFE, timezones=st.just(UTC))
nodes = st.builds(ua.NodeId, words.filter(bool), st.integers(0, 9))
TEXTS = {
    VT.String: words,
    VT.DateTime: moments,
    VT.Guid: st.builds(uuid.UUID, int=st.integers(0, 2**128 - 1)),
    VT.ByteString: st.binary(max_size=9),
    VT.NodeId: nodes,
    VT.QualifiedName: st.builds(ua.QualifiedName, words.filter(bool), st.integers(0, 9)),
    VT.LocalizedText: st.builds(ua.LocalizedText, words, st.sampled_from([None, "de"])),
}
OTHERS = {
    VT.ExtensionObject: st.builds(
        lambda low, high: ua.Range(Low=low, High=high), st.floats(0, 1), st.floats(1, 2)
    ),
    VT.Variant: st.builds(lambda n: ua.Variant(n, VT.Int32), st.integers(0, 99)),
    VT.DiagnosticInfo: st.just(ua.DiagnosticInfo()),
    VT.Null: st.none(),
}
SCALARS = {**NUMBERS, **TEXTS, **OTHERS}


@st.composite
def variants(draw):
    kind = draw(st.sampled_from(list(SCALARS)))
    if kind not in OTHERS and draw(st.integers(0, 5)) == 0:
        size = draw(st.integers(0, 4))
        return ua.Variant([draw(SCALARS[kind]) for _ in range(size)], kind, is_array=True)
    return ua.Variant(draw(SCALARS[kind]), kind)


statuses = st.sampled_from([None, 0, 0x0030_0000, 0x4090_0000, 0x8031_0000, 0x0000_0480])


@st.composite
def values(draw):
    status = draw(statuses)
    return ua.DataValue(
        draw(variants()),
        StatusCode=None if status is None else ua.StatusCode(ua.UInt32(status)),
        SourceTimestamp=draw(st.none() | moments),
        ServerTimestamp=draw(st.none() | moments),
    )


def decoder():
    """Every third tag is of text, every fourth an element of an array."""
    return Decoder(
        [
            Binding(
                TagId(100 + place),
                Tag(f"a/{place}", kind=Kind.TEXT if place % 3 == 0 else Kind.NUMBER),
                OpcUaAddress(node=f"ns=2;i={place}", index=1 if place % 4 == 0 else None),
            )
            for place in range(TAGS)
        ],
        now=lambda: Nanoseconds(NOW),
    )


def published(items, *, sequence=5, more=False):
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 77
    response.Parameters.AvailableSequenceNumbers = [3, 4, 5]
    response.Parameters.MoreNotifications = more
    note = response.Parameters.NotificationMessage
    note.SequenceNumber = sequence
    note.PublishTime = datetime.now(UTC)
    note.NotificationData = [
        ua.DataChangeNotification(
            [ua.MonitoredItemNotification(handle, value) for handle, value in items]
        )
    ]
    return bytes(struct_to_binary(response))


def nanoseconds(moment):
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def expected(handle, value):  # noqa: C901, PLR0911 - the cases of the specification
    """(tag, time, number or None, quality, text or None) as the decoder should have it."""
    stamp = value.SourceTimestamp or value.ServerTimestamp
    time = NOW if stamp is None else nanoseconds(stamp.replace(tzinfo=UTC))
    code = 0 if value.StatusCode is None else int(value.StatusCode.value)
    is_text, index = handle % 3 == 0, 1 if handle % 4 == 0 else None
    kind, raw = value.Value.VariantType, value.Value.Value
    bad = code >= 0x8000_0000
    if isinstance(raw, list):
        if bad:
            return time, None, code, None
        if index is None:
            return time, None, Status.BAD_TYPE_MISMATCH, None
        if len(raw) == 1:
            index = 0
        if index >= len(raw):
            return time, None, Status.BAD_OUT_OF_RANGE, None
        raw = raw[index]
    elif kind is VT.Null:
        return time, None, code if bad else Status.BAD_WAITING_FOR_INITIAL_DATA, None
    elif kind in NUMBERS and bad and not is_text:
        return time, float(raw), code, None
    if bad:
        return time, None, code, None
    if kind not in NUMBERS and kind not in TEXTS:
        return time, None, Status.BAD_TYPE_MISMATCH, None
    if (kind in TEXTS) is not is_text:
        return time, None, Status.BAD_TYPE_MISMATCH, None
    return (time, None, code, text(raw)) if is_text else (time, float(raw), code, None)


def check(reading, items):
    rows = iter(
        zip(
            reading.batch.tag.tolist(), reading.batch.time.tolist(),
            reading.batch.value.tolist(), reading.batch.quality.tolist(), strict=True,
        )
    )  # fmt: skip
    events = iter(reading.events)
    for handle, value in items:
        time, number, quality, word = expected(handle, value)
        if word is not None:
            event = next(events)
            assert (event.time, event.path, event.kind) == (time, f"a/{handle}", "text")
            assert event.text == word
            assert event.data == {"quality": quality}
            continue
        row = next(rows)
        assert row[:2] == (100 + handle, time)
        assert row[3] == quality
        if number is None or math.isnan(number):
            assert math.isnan(row[2])
        else:
            assert row[2] == number
    assert next(rows, None) is None
    assert next(events, None) is None


def reference(data):
    """What asyncua makes of the same bytes."""
    note = struct_from_binary(ua.PublishResponse, Buffer(data)).Parameters.NotificationMessage
    (part,) = note.NotificationData
    return [(item.ClientHandle, item.Value) for item in part.MonitoredItems]


items_of_all_types = st.lists(st.tuples(st.integers(0, TAGS - 1), values()), max_size=30)


@settings(deadline=None, max_examples=120)
@given(items_of_all_types)
def test_a_notification_is_what_asyncua_says_it_is(items):
    data = published(items)
    code, message = publication(data)
    assert (code, message.sequence, message.subscription) == (0, 5, 77)
    assert message.available == (3, 4, 5)
    assert not message.keep_alive
    ours = decoder()
    for _ in range(2):  # the second time with the layout known
        check(ours.notification(data, message.values[0]), reference(data))


@settings(deadline=None, max_examples=60)
@given(st.lists(values(), min_size=1, max_size=TAGS))
def test_read_results_are_what_asyncua_says_they_are(found):
    response = ua.ReadResponse()
    response.Results = found
    data = bytes(struct_to_binary(response))
    code, span = answers(data)
    assert code == 0
    first = TAGS - len(found)
    results = struct_from_binary(ua.ReadResponse, Buffer(data)).Results
    check(decoder().answers(data, span, first), list(enumerate(results, first)))


@settings(deadline=None, max_examples=50)
@given(items_of_all_types)
def test_objects_of_asyncua_give_the_same_as_bytes(items):
    data = published(items)
    check(decoder().objects(reference(data)), reference(data))


numeric = st.sampled_from([VT.Double, VT.Int32, VT.Boolean, VT.Float, VT.UInt16]).flatmap(
    lambda kind: st.builds(lambda raw: ua.Variant(raw, kind), NUMBERS[kind])
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, TAGS - 1), numeric), max_size=12), max_size=8))
def test_messages_whose_layouts_change_do_not_disturb_each_other(messages):
    ours = decoder()
    for message in messages:
        items = [(handle, ua.DataValue(variant)) for handle, variant in message]
        data = published(items)
        check(ours.notification(data, publication(data)[1].values[0]), reference(data))


# ---------------------------------------------------------------- what the standard says, by hand
MASKS = st.integers(0, 63)


@settings(deadline=None)
@given(st.lists(st.tuples(MASKS, st.floats(allow_nan=False), st.integers(1, 10**6)), max_size=20))
def test_every_mask_of_the_standard_in_the_order_of_the_standard(rows):
    """Part 6, 5.2.2.17: value, status, source time and picoseconds, server time and picoseconds."""
    data, wanted = b"", []
    epoch = 116_444_736_000_000_000
    for place, (mask, value, second) in enumerate(rows):
        data += struct.pack("<IB", place % TAGS, mask)
        source, server = epoch + second * 10**7, epoch + second * 10**7 + 1
        parts = (
            (1, "<Bd", (11, value)), (2, "<I", (0x4000_0000,)), (4, "<q", (source,)),
            (16, "<H", (5,)), (8, "<q", (server,)), (32, "<H", (6,)),
        )  # fmt: skip
        for bit, form, fields in parts:
            data += struct.pack(form, *fields) if mask & bit else b""
        time = second * 10**9 if mask & 4 else second * 10**9 + 100 if mask & 8 else NOW
        wanted.append((time, value if mask & 1 else None, 0x4000_0000 if mask & 2 else 0))
    ours = Decoder(
        [Binding(TagId(i), Tag(f"a/{i}"), OpcUaAddress(node=f"i={i}")) for i in range(TAGS)],
        now=lambda: Nanoseconds(NOW),
    )
    for padding in (bytes(4), b""):
        batch = ours.notification(data + padding, Span(0, len(rows), len(data))).batch
        assert batch.time.tolist() == [time for time, _, _ in wanted]
        for row, (_, value, quality) in enumerate(wanted):
            if value is None:
                assert np.isnan(batch.value[row])
                assert batch.quality[row] == Status.BAD_WAITING_FOR_INITIAL_DATA
            else:
                assert (batch.value[row], batch.quality[row]) == (value, quality)


@pytest.mark.parametrize("ticks", [0, -1, -(2**63), 2**63 - 1, 116_444_735_999_999_999])
def test_absurd_times_give_way_to_the_servers_and_then_to_ours(ticks):
    ours = decoder()
    epoch = 116_444_736_000_000_000
    head = struct.pack("<IB", 1, 0x0D) + struct.pack("<Bd", 11, 1.5) + struct.pack("<q", ticks)
    good = head + struct.pack("<q", epoch + 10**7)
    absurd = head + struct.pack("<q", ticks)
    data = good + absurd + bytes(4)
    batch = ours.notification(data, Span(0, 2, len(data) - 4)).batch
    assert batch.time.tolist() == [10**9, NOW]


# ---------------------------------------------------------------- hostile bytes
def survives(data):
    """Whatever comes of it, it is a reading or a ProtocolError."""
    ours = decoder()
    try:
        code, message = publication(data)
        for span in message.values if message is not None else ():
            ours.notification(data, span)
        assert isinstance(code, int)
    except ProtocolError:
        pass
    for read in (answers, republication):
        try:
            _, found = read(data)
            if isinstance(found, Span):
                ours.answers(data, found, 0)
        except ProtocolError:
            pass


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    survives(data)


@settings(deadline=None, max_examples=150)
@given(items_of_all_types, st.data())
def test_damaged_messages_are_refused_or_read(items, data):
    message = bytearray(published(items))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(message) - 1))
        message[place] = data.draw(st.integers(0, 255) | st.sampled_from([0, 0x7F, 0x80, 0xFF]))
    survives(bytes(message))


@settings(deadline=None, max_examples=50)
@given(items_of_all_types, st.data())
def test_messages_cut_off_anywhere_are_refused(items, data):
    message = published(items)
    size = data.draw(st.integers(0, len(message) - 1))
    with pytest.raises(ProtocolError):
        publication(message[:size])


@pytest.mark.parametrize("claimed", [2**31 - 1, 10**6, 100])
def test_more_announced_than_there_is_costs_nothing(claimed):
    """Neither a loop nor memory for elements that are not there, whatever their type."""
    for kind in range(26):
        item = struct.pack("<IBBi", 0, 1, 0x80 | kind, claimed) + bytes(40)
        with pytest.raises(ProtocolError):
            decoder().notification(item + bytes(4), Span(0, 1, len(item)))
    with pytest.raises(ProtocolError):
        decoder().answers(bytes(60), Span(0, claimed, 60), 0)


@pytest.mark.parametrize("kind", [23, 24, 25])
def test_things_nested_without_end_are_refused(kind):
    nest = {23: b"\x01\x17", 24: b"\x18", 25: b"\x40"}[kind]
    item = struct.pack("<IBB", 0, 1, kind) + nest * 50_000
    with pytest.raises(ProtocolError, match="nested too deep"):
        decoder().notification(item + bytes(4), Span(0, 1, len(item)))


def test_a_handle_that_was_never_given_is_refused():
    data = published([(TAGS, ua.DataValue(ua.Variant(1.0, VT.Double)))])
    with pytest.raises(ProtocolError, match="never given"):
        decoder().notification(data, publication(data)[1].values[0])
