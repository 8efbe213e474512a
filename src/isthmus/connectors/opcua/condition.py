"""The conditions of a server (OPC UA Part 9): their states as values, what they tell as events.

A server tells a condition when it changes, and tells again on ConditionRefresh all that somebody
should still see (`Retain`). So a condition that a refresh does not tell is not active.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from asyncua import ua

from isthmus.connectors.opcua.event import Told, event_fields, told, wanted
from isthmus.connectors.opcua.heard import Heard
from isthmus.connectors.opcua.setting import OpcUa, OpcUaAddress
from isthmus.connectors.opcua.status import check
from isthmus.connectors.opcua.timeline import Timeline
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Clock, Status, TagId
from isthmus.model.tag import Kind

if TYPE_CHECKING:
    from isthmus.connectors.opcua.message import Span
    from isthmus.connectors.opcua.session import Session

QUEUE = 10_000  # events that the server may hold for us
HANDLE = 0xFFFF_FFFF
AGAIN = 10.0  # seconds between two refreshes that a server asks for, doubled while none is whole
DOUBLED = 5  # times at most
FILE = "conditions.json"
COUNTED = ("events", "events_undecoded", "overflows", "refreshes", "unrefreshed")
_IDS = ua.ObjectIds
_OVERFLOW = (_IDS.EventQueueOverflowEventType, _IDS.RefreshRequiredEventType)


class Conditions:
    """The conditions that tags of one link are bound to, and the rest of what the server tells."""

    def __init__(
        self,
        setting: OpcUa,
        bindings: Sequence[Binding[OpcUaAddress]],
        *,
        now: Clock,
        state: Path,
    ) -> None:
        self.setting, self.bindings, self.now = setting, bindings, now
        self.counts = dict.fromkeys(COUNTED, 0)
        self._places: dict[tuple[ua.NodeId, str], int] = {}
        self._last: dict[int, Told] = {}
        self._missing: set[int] = set()  # places that the refresh has not told yet
        self._refreshing = False
        self._again = False  # a refresh is wanted: what was told since the last has holes
        self._asked = 0.0
        self._broken = 0  # refreshes in a row that did not come to their end
        self._times = Timeline(now)
        self._heard = Heard(state / FILE)

    @property
    def wanted(self) -> bool:
        """Whether the server's events are needed at all."""
        return self.setting.events != "bound" or any(map(is_condition, self.bindings))

    @property
    def due(self) -> bool:
        """Whether the server is to be asked again, and the pause after the last time is over."""
        pause = AGAIN * 2 ** min(max(self._broken - 1, 0), DOUBLED)
        return self._again and time.monotonic() - self._asked > pause

    @property
    def acknowledgeable(self) -> Collection[TagId]:
        """The tags whose conditions may be acknowledged at the server."""
        if not self.setting.acknowledge:
            return ()
        return [self.bindings[place].id for place in self._places.values()]

    def resolve(self, session: Session) -> dict[int, int]:
        """Find the nodes of the bound conditions; by place, the status of those that cannot be."""
        self._places, refused = {}, {}
        self._refreshing, self._missing = False, set()
        self._times.begin()
        for place, binding in enumerate(self.bindings):
            if not is_condition(binding):
                continue
            if binding.tag.kind is Kind.TEXT:
                refused[place] = int(Status.BAD_TYPE_MISMATCH)
                continue
            node = session.node(binding.address.node)
            self._places[node, binding.address.condition or ""] = place
        return refused

    async def monitor(self, session: Session, subscription: int) -> None:
        """Have the server tell its events in `subscription`, then what is so at the moment."""
        item = ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(
                session.node(self.setting.notifier), ua.AttributeIds.EventNotifier
            ),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=HANDLE,
                SamplingInterval=0.0,
                QueueSize=QUEUE,
                DiscardOldest=True,
                Filter=wanted(),
            ),
        )
        parameters = ua.CreateMonitoredItemsParameters(
            SubscriptionId=subscription,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            ItemsToCreate=[item],
        )
        (result,) = await session.services.create_monitored_items(parameters)
        check(result.StatusCode, f"listening to events of {self.setting.notifier}")
        await self.refresh(session, subscription)

    async def refresh(self, session: Session, subscription: int) -> None:
        """Ask for all that is so; a server that cannot tell leaves what it has not told unknown."""
        self._again, self._asked = False, time.monotonic()
        self._broken += 1
        request = ua.CallMethodRequest(
            ObjectId=ua.NodeId(_IDS.ConditionType),
            MethodId=ua.NodeId(_IDS.ConditionType_ConditionRefresh),
            InputArguments=[ua.Variant(subscription, ua.VariantType.UInt32)],
        )
        (result,) = await session.services.call([request])
        self.counts["unrefreshed" if result.StatusCode.is_bad() else "refreshes"] += 1
        if result.StatusCode.value == ua.StatusCodes.BadRefreshInProgress:
            self._again = True

    async def acknowledge(self, session: Session, tag: TagId, note: str) -> bool:
        """Whether there was anything to acknowledge; AuthError, ProtocolError where refused."""
        place = next(place for place, each in enumerate(self.bindings) if each.id == tag)
        last = self._last.get(place)
        if last is None or last.acknowledged is not False:
            return False
        request = ua.CallMethodRequest(
            ObjectId=last.node,
            MethodId=ua.NodeId(_IDS.AcknowledgeableConditionType_Acknowledge),
            InputArguments=[
                ua.Variant(last.id, ua.VariantType.ByteString),
                ua.Variant(ua.LocalizedText(note), ua.VariantType.LocalizedText),
            ],
        )
        (result,) = await session.services.call([request])
        check(result.StatusCode, f"acknowledging {last.name} of {last.source_name}")
        return True

    def close(self) -> None:
        """Keep what was heard."""
        self._heard.save(now=True)

    # ------------------------------------------------------------------ what is told
    def notification(self, data: bytes, span: Span) -> Reading:
        """What a list of events says."""
        try:
            return self.objects(event_fields(data, span))
        except ValueError:
            self.counts["events_undecoded"] += 1
            return Reading(Batch.empty())

    def objects(self, lists: Iterable[list[ua.Variant]]) -> Reading:
        """What events say that asyncua has decoded."""
        rows: list[tuple[int, int, float, int]] = []
        events: list[Event] = []
        for fields in lists:
            try:
                one = told(fields, self.now())
            except ValueError:
                self.counts["events_undecoded"] += 1
                continue
            self.counts["events"] += 1
            news = self._news(one)
            rows += self._rows(one, news=news)
            if news:
                events.append(self._event(one))
        self._heard.save()
        ids, times, values, quality = zip(*rows, strict=True) if rows else ((), (), (), ())
        batch = Batch(
            np.array(ids, np.int32),
            np.array(times, np.int64),
            np.array(values, np.float64),
            np.array(quality, np.uint32),
        )
        return Reading(batch, tuple(events))

    def _rows(self, one: Told, *, news: bool) -> list[tuple[int, int, float, int]]:
        """What becomes of values: a condition's own, and after a refresh those not told."""
        if one.is_of(_IDS.RefreshStartEventType):
            self._refreshing, self._missing = True, set(self._places.values())
            return []
        if one.is_of(_IDS.RefreshEndEventType):
            return self._refreshed()
        if any(one.is_of(kind) for kind in _OVERFLOW):
            self.counts["overflows"] += 1
            self._again, self._refreshing, self._missing = True, False, set()
            return []
        place = self._place(one)
        if place is None or one.branch:
            return []
        self._missing.discard(place)
        self._last[place] = one
        quality = one.quality if one.enabled else int(Status.BAD_OUT_OF_SERVICE)
        active = float(one.retain if one.active is None else one.active)
        tag = int(self.bindings[place].id)
        times = self._times.of(place, int(one.time), standing=self._refreshing, news=news)
        return [(tag, at, active, quality) for at in times]

    def _refreshed(self) -> list[tuple[int, int, float, int]]:
        """What a refresh leaves out; nothing where events were lost, for these may have told it."""
        whole, missing = self._refreshing and not self._again, sorted(self._missing)
        self._refreshing, self._missing = False, set()
        if not whole:
            return []
        self._broken = 0
        return [self._untold(place) for place in missing]

    def _untold(self, place: int) -> tuple[int, int, float, int]:
        """A condition that a refresh does not tell: not active, if the server is to be believed.

        Some retain nothing that was acknowledged, though it is active still: then it is uncertain.
        """
        self._last.pop(place, None)
        binding, at = self.bindings[place], self._times.now(place)
        if self._heard.is_forgotten(binding.tag.path):
            return int(binding.id), at, 1.0, int(Status.UNCERTAIN_LAST_USABLE_VALUE)
        return int(binding.id), at, 0.0, 0

    def _news(self, one: Told) -> bool:
        """Whether it goes into history: it is wanted there, and was not heard before."""
        if not one.is_condition:
            return self.setting.events == "all" and one.severity >= self.setting.severity
        place = self._place(one)
        unwanted = self.setting.events == "bound" or one.severity < self.setting.severity
        if unwanted and place is None:
            return False
        name = f"{one.source.to_string()} {one.name}"
        return self._heard.is_new(name if place is None else self.bindings[place].tag.path, one)

    def _place(self, one: Told) -> int | None:
        """The binding of the condition, named by its source or by its own node."""
        found = self._places.get((one.source, one.name))
        return self._places.get((one.node, one.name)) if found is None else found

    def _event(self, one: Told) -> Event:
        place = self._place(one)
        path = self.setting.name if place is None else self.bindings[place].tag.path
        data: dict[str, str | float | int | bool | None] = {
            "source": one.source_name or one.source.to_string(),
            "node": one.source.to_string(),
            "type": one.kind.to_string(),
        }
        if not one.is_condition:
            text = one.message or one.source_name
            return Event(one.time, path, "device-event", text, one.severity, data)
        data |= {
            "condition": one.name,
            "active": one.active,
            "acknowledged": one.acknowledged,
            "enabled": one.enabled,
            "by": one.by or None,
            "comment": one.comment or None,
            "branch": one.branch or None,
        }
        return Event(one.time, path, "condition", one.message or one.name, one.severity, data)


def is_condition(binding: Binding[OpcUaAddress]) -> bool:
    """Whether the tag is bound to a condition."""
    return binding.address.condition is not None
