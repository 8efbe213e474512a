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
STATUS_CHANGE = 820


@dataclass(frozen=True, slots=True)
class Span:
    """Values in a message: where the first starts, how many they are, where they must end."""

    at: int
    count: int
    end: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A NotificationMessage: `values` lie in the message's bytes; none is a keep-alive.

    `status` is that of a StatusChangeNotification: the subscription has changed or ended.
    """

    sequence: int
    values: tuple[Span, ...] = ()
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


def _notification(data: bytes, at: int) -> tuple[int, list[Span], int | None, int, int]:
    (sequence,) = uint32(data, at)
    number = count(data, at + 12, 3)
    at += 16
    values: list[Span] = []
    status: int | None = None
    for _ in range(number):
        end = extension_object(data, at)
        kind, body = numeric_id(data, at)
        if data[body] == 1:
            body += 5
            if kind == DATA_CHANGE and body < end:
                values.append(Span(body + 4, count(data, body, 5, end), end))
            elif kind == STATUS_CHANGE and body + 4 <= end:
                (status,) = uint32(data, body)
        at = end
    return sequence, values, status, number, at


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
    sequence, values, status, notifications, at = _notification(data, at + 1)
    acknowledged = count(data, at, 4)
    at += 4
    results = tuple(uint32(data, at + 4 * place)[0] for place in range(acknowledged))
    at += 4 * acknowledged
    diagnostics = count(data, at, 1)
    at += 4
    for _ in range(diagnostics):
        at = diagnostic_info(data, at)
    return result, Publication(
        sequence,
        tuple(values),
        status,
        subscription,
        available,
        more,
        keep_alive=notifications == 0,
        acknowledged=results,
    )


@checked
def republication(data: bytes, at: int = 0) -> tuple[int, Publication | None]:
    """The service result of a RepublishResponse and, where good, the message sent again."""
    result, at = header(data, at)
    if result & 0x8000_0000:
        return result, None
    sequence, values, status, notifications, _ = _notification(data, at)
    return result, Publication(sequence, tuple(values), status, keep_alive=notifications == 0)


@checked
def answers(data: bytes, at: int = 0) -> tuple[int, Span | None]:
    """The service result of a ReadResponse and, where good, where its DataValues lie."""
    result, at = header(data, at)
    if result & 0x8000_0000:
        return result, None
    if int32(data, at)[0] < 0:
        raise ProtocolError("decoding a read response: it has no results")
    return result, Span(at + 4, count(data, at, 1), len(data))
