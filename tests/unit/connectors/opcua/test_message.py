"""The envelopes of messages: headers, keep-alives, status changes, what was missed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from isthmus.connectors.opcua.message import answers, publication, republication
from isthmus.connectors.opcua.wire import diagnostic_info, numeric_id
from isthmus.model.errors import ProtocolError


def response(**more):
    made = ua.PublishResponse()
    made.Parameters.SubscriptionId = 9
    note = made.Parameters.NotificationMessage
    note.SequenceNumber, note.PublishTime = 12, datetime.now(UTC)
    note.NotificationData = more.get("parts", [])
    made.Parameters.MoreNotifications = more.get("more", False)
    made.Parameters.Results = [ua.StatusCode(code) for code in more.get("results", [])]
    made.ResponseHeader.ServiceResult = ua.StatusCode(more.get("code", 0))
    made.ResponseHeader.StringTable = more.get("strings", [])
    return bytes(struct_to_binary(made))


def test_a_keep_alive_has_the_next_number_and_no_values():
    _, found = publication(response())
    assert found.keep_alive
    assert (found.sequence, found.values, found.status) == (12, (), None)


def test_a_bad_result_has_no_message():
    assert publication(response(code=0x8079_0000)) == (0x8079_0000, None)


def test_headers_with_strings_and_more_to_come_are_read():
    _, found = publication(response(strings=["a", "böse", ""], more=True, results=[0, 0x807A_0000]))
    assert found.more
    assert found.acknowledged == (0, 0x807A_0000)


def test_a_status_change_ends_the_subscription():
    change = ua.StatusChangeNotification(Status=ua.StatusCode(ua.StatusCodes.BadTimeout))
    _, found = publication(response(parts=[change]))
    assert found.status == ua.StatusCodes.BadTimeout
    assert not found.keep_alive


def test_events_beside_values_are_passed_over():
    value = ua.MonitoredItemNotification(0, ua.DataValue(ua.Variant(1.0, ua.VariantType.Double)))
    parts = [ua.EventNotificationList(), ua.DataChangeNotification([value])]
    _, found = publication(response(parts=parts))
    assert [span.count for span in found.values] == [1]


def test_a_message_sent_again_is_read_like_the_first():
    again = ua.RepublishResponse()
    again.NotificationMessage.SequenceNumber = 4
    again.NotificationMessage.PublishTime = datetime.now(UTC)
    value = ua.MonitoredItemNotification(0, ua.DataValue(ua.Variant(1.0, ua.VariantType.Double)))
    again.NotificationMessage.NotificationData = [ua.DataChangeNotification([value])]
    code, found = republication(bytes(struct_to_binary(again)))
    assert (code, found.sequence, len(found.values)) == (0, 4, 1)
    again.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadMessageNotAvailable)
    assert republication(bytes(struct_to_binary(again)))[1] is None


def test_a_read_without_results_is_refused():
    with pytest.raises(ProtocolError, match="no results"):
        answers(bytes(4) + bytes(16) + b"\x00" + bytes(4) + b"\x00\x00\x00" + b"\xff" * 4)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\x00\x07", (7, 2)),
        (b"\x01\x00\x2b\x03", (811, 4)),
        (b"\x02\x00\x00\x2b\x03\x00\x00", (811, 7)),
        (b"\x01\x05\x2b\x03", (-1, 4)),
        (b"\x03\x00\x00\x01\x00\x00\x00a", (-1, 8)),
    ],
)
def test_node_ids_in_each_form(data, wanted):
    assert numeric_id(data, 0) == wanted


def test_diagnostics_within_diagnostics():
    inner = b"\x10" + b"\x02\x00\x00\x00no"
    assert diagnostic_info(b"\x41" + bytes(4) + inner, 0) == 5 + len(inner)
