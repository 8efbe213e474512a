"""An alarm that a PLC has of its own: a condition of OPC UA Part 9, told by events."""

from __future__ import annotations

from datetime import datetime

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server

_SEVERITY = 700
_IDS = ua.ObjectIds


class OwnAlarm:
    """One alarm condition of a machine: active or not, acknowledged or not."""

    def __init__(self, server: Server, source: Node, node: ua.NodeId, name: str, text: str) -> None:
        self._server, self._source, self._node = server, source, node
        self._name, self._text = name, text
        self.active, self.acknowledged, self._comment = False, True, ""
        self._at: datetime | None = None

    async def start(self) -> None:
        """Take acknowledgements; the server calls us for all of its conditions, which are one."""
        method = self._server.get_node(ua.NodeId(_IDS.AcknowledgeableConditionType_Acknowledge))
        self._server.link_method(method, self._acknowledge)
        self._maker = await self._server.get_event_generator(_IDS.AlarmConditionType)
        event = self._maker.event
        event.NodeId, event.ConditionName, event.Severity = self._node, self._name, _SEVERITY
        event.SourceNode = self._source.nodeid
        event.SourceName = (await self._source.read_browse_name()).Name
        event.Quality = ua.StatusCode()
        setattr(event, "EnabledState/Id", True)

    async def show(self, *, active: bool, at: datetime) -> None:
        """Tell that it came or went, if it did."""
        self._at = at
        if active == self.active:
            return
        self.active = active
        if active:
            self.acknowledged, self._comment = False, ""
        await self._tell()

    async def _tell(self) -> None:
        event = self._maker.event
        event.Retain = self.active or not self.acknowledged
        event.Comment = ua.LocalizedText(self._comment)
        setattr(event, "ActiveState/Id", self.active)
        setattr(event, "AckedState/Id", self.acknowledged)
        await self._maker.trigger(self._at, self._text if self.active else f"{self._text}: over")

    async def _acknowledge(
        self, node: ua.NodeId, _event: ua.Variant, comment: ua.Variant
    ) -> ua.StatusCode:
        if node != self._node:
            return ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown)
        if self.acknowledged:
            return ua.StatusCode(ua.StatusCodes.BadConditionBranchAlreadyAcked)
        self.acknowledged = True
        self._comment = (comment.Value.Text or "") if comment.Value is not None else ""
        await self._tell()
        return ua.StatusCode()
