"""What is asked of a server's events, and one event as it answers (OPC UA Part 9, A and C)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary

from isthmus.connectors.opcua.message import Span
from isthmus.model.sample import Nanoseconds

LONGEST = 1_000  # characters of a text that a server may tell
OLDEST = 2_000  # the first year of which a server may tell: before it, it has lost its clock
WORST = 1_000  # Part 5, 6.4.2: severities are 1 to 1000
_IDS = ua.ObjectIds

_PATHS = (
    (_IDS.BaseEventType, "EventId"),
    (_IDS.BaseEventType, "EventType"),
    (_IDS.BaseEventType, "SourceNode"),
    (_IDS.BaseEventType, "SourceName"),
    (_IDS.BaseEventType, "Time"),
    (_IDS.BaseEventType, "Message"),
    (_IDS.BaseEventType, "Severity"),
    (_IDS.ConditionType, "ConditionName"),
    (_IDS.ConditionType, "BranchId"),
    (_IDS.ConditionType, "Retain"),
    (_IDS.ConditionType, "EnabledState/Id"),
    (_IDS.ConditionType, "Quality"),
    (_IDS.ConditionType, "Comment"),
    (_IDS.ConditionType, "ClientUserId"),
    (_IDS.AcknowledgeableConditionType, "AckedState/Id"),
    (_IDS.AlarmConditionType, "ActiveState/Id"),
)


def wanted() -> ua.EventFilter:
    """The fields of each event, the node of its condition last."""
    clauses = [
        ua.SimpleAttributeOperand(
            TypeDefinitionId=ua.NodeId(kind),
            BrowsePath=[ua.QualifiedName(part) for part in path.split("/")],
            AttributeId=ua.AttributeIds.Value,
        )
        for kind, path in _PATHS
    ]
    node = ua.SimpleAttributeOperand(
        TypeDefinitionId=ua.NodeId(_IDS.ConditionType), AttributeId=ua.AttributeIds.NodeId
    )
    return ua.EventFilter(SelectClauses=[*clauses, node])


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a server; of one that is no condition, `name` is empty.

    `acknowledged` and `active` are None where the condition has no such state. `branch` is set of
    an earlier state of the condition that still waits for somebody.
    """

    id: bytes
    kind: ua.NodeId
    source: ua.NodeId
    source_name: str
    time: Nanoseconds
    message: str
    severity: int
    name: str
    branch: bool
    retain: bool
    enabled: bool
    quality: int
    comment: str
    by: str
    acknowledged: bool | None
    active: bool | None
    node: ua.NodeId

    @property
    def is_condition(self) -> bool:
        """Whether it tells the state of a condition."""
        return bool(self.name)

    def is_of(self, standard: int) -> bool:
        """Whether its type is that of the standard's namespace."""
        return bool(self.kind == ua.NodeId(standard))


def event_fields(data: bytes, span: Span) -> list[list[ua.Variant]]:
    """The fields of each event of an EventNotificationList; ValueError where it is damaged."""
    try:
        found: Any = struct_from_binary(
            ua.EventNotificationList, Buffer(data[: span.end], span.at - 4)
        )
    except Exception as error:  # asyncua raises whatever cut bytes make it raise
        raise ValueError(f"events cannot be decoded: {error}") from error
    return [list(one.EventFields or ()) for one in found.Events or ()]


def told(fields: list[ua.Variant], now: Nanoseconds) -> Told:
    """One event; ValueError where it does not have the fields that were asked for."""
    if len(fields) != len(_PATHS) + 1:
        raise ValueError(f"{len(fields)} fields where {len(_PATHS) + 1} were asked for")
    values = [field.Value for field in fields]
    kind, branch = values[1], values[8]
    return Told(
        id=values[0] if isinstance(values[0], bytes) else b"",
        kind=kind if isinstance(kind, ua.NodeId) else ua.NodeId(_IDS.BaseEventType),
        source=values[2] if isinstance(values[2], ua.NodeId) else ua.NodeId(),
        source_name=_text(values[3]),
        time=_time(values[4], now),
        message=_text(values[5]),
        severity=min(max(values[6], 1), WORST) if isinstance(values[6], int) else 1,
        name=_text(values[7]),
        branch=isinstance(branch, ua.NodeId) and not branch.is_null(),
        retain=values[9] is True,
        enabled=values[10] is not False,
        quality=int(values[11].value) if isinstance(values[11], ua.StatusCode) else 0,
        comment=_text(values[12]),
        by=_text(values[13]),
        acknowledged=values[14] if isinstance(values[14], bool) else None,
        active=values[15] if isinstance(values[15], bool) else None,
        node=values[16] if isinstance(values[16], ua.NodeId) else ua.NodeId(),
    )


def _text(value: object) -> str:
    found = value.Text if isinstance(value, ua.LocalizedText) else value
    return str(found)[:LONGEST] if found is not None else ""


def _time(value: object, now: Nanoseconds) -> Nanoseconds:
    """A time of an event; now, where the server tells none or has lost its clock."""
    if not isinstance(value, datetime):
        return now
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    if aware.year < OLDEST:
        return now
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return Nanoseconds((since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000)
