"""PublishResponse, RepublishResponse, ReadResponse: where their values lie in the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from isthmus.connectors.opcua.wire import (
    checked,
    count,
    diagnostic_info,
    extension_object,
    int32,
    node_id,
    numeric_id,
    string,
    uint32,
)
from isthmus.model.errors import ProtocolError

# Ids of the DefaultBinary encodings (OPC UA Part 6, annex A: NodeIds.csv).
DATA_CHANGE = 811
EVENTS = 916
STATUS_CHANGE = 820


@dataclass(frozen=True, slots=True)
class Span:
    """Values or events in a message: where they start, how many they are, where they must end."""

    at: int
    count: int
    end: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A NotificationMessage: values and events lie in its bytes; none is a keep-alive.

    `status` is that of a StatusChangeNotification: the subscription has changed or ended.
    """

    sequence: int
    values: tuple[Span, ...] = ()
    events: tuple[Span, ...] = ()
    status: int | None = None
    subscription: int = 0
    available: tuple[int, ...] = ()
    more: bool = False
    keep_alive: bool = False
    acknowledged: tuple[int, ...] = field(default=())


def header(data: bytes, at: int) -> tuple[int, int]:
    """The ServiceResult of a response whose type id starts at `at`, and where its header ends."""
    at = node_id(data, at)
    (result,) = uint32(data, at + 12)
    at = diagnostic_info(data, at + 16)
    number = count(data, at, 4)
    at += 4
    for _ in range(number):
        at = string(data, at)
    return result, extension_object(data, at)


@dataclass(slots=True)
class _Notification:
    """A NotificationMessage, and where it ends."""

    sequence: int
    values: list[Span] = field(default_factory=list)
    events: list[Span] = field(default_factory=list)
    status: int | None = None
    number: int = 0
    end: int = 0


def _notification(data: bytes, at: int) -> _Notification:
    (sequence,) = uint32(data, at)
    found = _Notification(sequence, number=count(data, at + 12, 3))
    at += 16
    for _ in range(found.number):
        end = extension_object(data, at)
        kind, body = numeric_id(data, at)
        if data[body] == 1:
            body += 5
            if kind == DATA_CHANGE and body < end:
                found.values.append(Span(body + 4, count(data, body, 5, end), end))
            elif kind == EVENTS and body < end:
                found.events.append(Span(body + 4, count(data, body, 8, end), end))
            elif kind == STATUS_CHANGE and body + 4 <= end:
                (found.status,) = uint32(data, body)
        at = end
    found.end = at
    return found


@checked
def publication(data: bytes, at: int = 0) -> tuple[int, Publication | None]:
    """The service result of a PublishResponse and, where that is good, what was published."""
    result, at = header(data, at)
    if result & 0x8000_0000:
        return result, None
    (subscription,) = uint32(data, at)
    number = count(data, at + 4, 4)
    at += 8
    available = tuple(uint32(data, at + 4 * place)[0] for place in range(number))
    at += 4 * number
    more = data[at] != 0
    found = _notification(data, at + 1)
    at = found.end
    acknowledged = count(data, at, 4)
    at += 4
    results = tuple(uint32(data, at + 4 * place)[0] for place in range(acknowledged))
    at += 4 * acknowledged
    diagnostics = count(data, at, 1)
    at += 4
    for _ in range(diagnostics):
        at = diagnostic_info(data, at)
    return result, Publication(
        found.sequence,
        tuple(found.values),
        tuple(found.events),
        found.status,
        subscription,
        available,
        more,
        keep_alive=found.number == 0,
        acknowledged=results,
    )


@checked
def republication(data: bytes, at: int = 0) -> tuple[int, Publication | None]:
    """The service result of a RepublishResponse and, where good, the message sent again."""
    result, at = header(data, at)
    if result & 0x8000_0000:
        return result, None
    found = _notification(data, at)
    return result, Publication(
        found.sequence,
        tuple(found.values),
        tuple(found.events),
        found.status,
        keep_alive=found.number == 0,
    )


@checked
def answers(data: bytes, at: int = 0) -> tuple[int, Span | None]:
    """The service result of a ReadResponse and, where good, where its DataValues lie."""
    result, at = header(data, at)
    if result & 0x8000_0000:
        return result, None
    if int32(data, at)[0] < 0:
        raise ProtocolError("decoding a read response: it has no results")
    return result, Span(at + 4, count(data, at, 1), len(data))
