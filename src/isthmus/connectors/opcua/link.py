"""What subscribing and polling links have in common: opening, closing, browsing, writing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from asyncua import ua

from isthmus.connectors.opcua.browse import children
from isthmus.connectors.opcua.condition import Conditions, is_condition
from isthmus.connectors.opcua.decode import Decoder
from isthmus.connectors.opcua.history import history
from isthmus.connectors.opcua.session import Session
from isthmus.connectors.opcua.setting import OpcUa, OpcUaAddress
from isthmus.connectors.opcua.status import meaning, name
from isthmus.connectors.opcua.write import held, written
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Binding, Node, Reading
from isthmus.model.sample import Batch, Clock, Nanoseconds, Status, TagId


class OpcUaLink:
    """An OPC UA server and the tags bound to its variables."""

    def __init__(
        self,
        setting: OpcUa,
        bindings: Sequence[Binding[OpcUaAddress]],
        *,
        now: Clock,
        state: Path,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        self.setting = setting
        self.bindings = bindings
        self.now = now
        self.session = Session(setting, state, user, password)
        self.decoder = Decoder(bindings, now=now)
        self.conditions = Conditions(setting, bindings, now=now, state=state)
        self.nodes: list[ua.NodeId | None] = []
        self.refused: dict[int, int] = {}
        self.unkept: dict[int, int] = {}  # of the bindings asked for last, those without history
        self._counts = dict.fromkeys(("notifications", "republished", "missed", "keep_alives"), 0)

    async def open(self) -> None:
        """Connect; LinkError, AuthError or ProtocolError say why it could not be done."""
        await self.session.open()
        self.refused = {}
        self.nodes = [self._node(place) for place in range(len(self.bindings))]

    async def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        await self.session.close()

    async def browse(self, node: str = "", *, limit: int = 1000) -> Sequence[Node]:
        """The children of `node`, of the Objects folder where empty, at most `limit`."""
        with meaning(f"browsing {node or 'the root'} of {self.setting.url}"):
            return await children(self.session, node, limit=limit)

    async def backfill(
        self, tags: Collection[TagId], start: Nanoseconds, end: Nanoseconds
    ) -> AsyncIterator[Reading]:
        """What the server recorded of `tags` in [start, end]; ProtocolError where it does not."""
        if self.setting.history == "never":
            return
        places = [
            place
            for place, binding in enumerate(self.bindings)
            if binding.id in tags and self.nodes[place] is not None
        ]
        async for reading in history(self, places, start, end):
            yield reading

    def unrecorded(self) -> Mapping[TagId, str]:
        """What the server said in place of the history that was asked for last."""
        codes = {**self.refused, **self.unkept}
        return {self.bindings[place].id: name(code) for place, code in codes.items()}

    async def write(self, action: Action) -> None:
        """Write the raw value as the variable's type, and read it back."""
        for binding in self.bindings:
            if binding.id == action.tag:
                break
        else:
            raise ProtocolError(
                f"writing to tag {action.tag}: it is not of connection {self.setting.name}"
            )
        if is_condition(binding):
            raise ProtocolError(
                f"writing to {binding.tag.path}: it is a condition of the server",
                hint="conditions are acknowledged, not written",
            )
        with meaning(f"writing {action.value:g} to {binding.address.node} of {self.setting.url}"):
            await written(self.session, binding, action.value)

    async def read_back(self, tag: TagId) -> float:
        """What the variable holds now."""
        binding = next((each for each in self.bindings if each.id == tag), None)
        if binding is None:
            raise ProtocolError(f"reading tag {tag}: it is not of connection {self.setting.name}")
        if is_condition(binding):
            raise ProtocolError(f"reading {binding.tag.path}: it is a condition, told by events")
        with meaning(f"reading {binding.address.node} of {self.setting.url}"):
            return await held(self.session, binding)

    @property
    def acknowledgeable(self) -> Collection[TagId]:
        """The tags whose conditions may be acknowledged at the server."""
        return self.conditions.acknowledgeable

    async def acknowledge(self, tag: TagId, note: str) -> bool:
        """Whether there was anything to acknowledge; AuthError, ProtocolError where refused."""
        with meaning(f"acknowledging at {self.setting.url}"):
            return await self.conditions.acknowledge(self.session, tag, note)

    def counts(self) -> Mapping[str, int]:
        """Totals since open: `dropped` samples ran over in the server's queues, and more."""
        tally = self.decoder.tally
        return {
            **self._counts,
            "dropped": tally.dropped + self._counts["missed"],
            "fallback": tally.fallback,
            "mismatched": tally.mismatched,
            "oversize": tally.oversize,
            "refused": len(self.refused),
            **(self.conditions.counts if self.conditions.wanted else {}),
        }

    def value_of(self, place: int) -> ua.ReadValueId:
        """What to read, or to monitor, for the binding at `place`."""
        node, index = self.nodes[place], self.bindings[place].address.index
        wanted = ua.ReadValueId(node, ua.AttributeIds.Value)
        if index is not None:
            wanted.IndexRange = str(index)
        return wanted

    def bad(self, statuses: Mapping[int, int]) -> Reading:
        """A reading that says of some bindings, by place, how bad they are."""
        ids = [self.bindings[place].id for place in statuses]
        quality = np.fromiter(statuses.values(), np.uint32, len(statuses))
        return Reading(Batch.of(ids, self.now(), np.full(len(ids), np.nan), quality))

    def _node(self, place: int) -> ua.NodeId | None:
        if is_condition(self.bindings[place]):
            return None  # its events tell it
        try:
            return self.session.node(self.bindings[place].address.node)
        except ProtocolError:
            self.refused[place] = int(Status.BAD_NODE_ID_UNKNOWN)
            return None
