"""A host application's view of its edge nodes (Sparkplug 3.0.0, 5.3 to 5.12): pure, no I/O.

Messages and the time go in; samples, and the edge nodes that must be asked to be born again, come
out. A node is believed (ONLINE) from its birth on while its sequence numbers are whole. After a
gap that no late message closed it is UNSURE: its aliases may have changed unseen, so that its
values are marked uncertain until it is born again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from isthmus.connectors.mqtt.columns import Columns
from isthmus.connectors.sparkplug.codec import nanoseconds
from isthmus.connectors.sparkplug.node import (
    SEQUENCE,
    Device,
    Known,
    Life,
    Moment,
    Node,
    Target,
    after,
    bd_seq,
    metrics_of,
)
from isthmus.connectors.sparkplug.sample import AHEAD, add_samples
from isthmus.connectors.sparkplug.schema import Fields
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.ports import Reading
from isthmus.model.sample import Status
from isthmus.model.tag import Kind

WINDOW: Final = 64  # messages that may wait for an earlier one
MOST_NODES: Final = 4_096
MOST_DEVICES: Final = 4_096  # of one edge node
SLOWEST_ASKING: Final = 32  # times the shortest pause between two rebirth requests


class HostSession:
    """All edge nodes of one group; `reorder`, `patience` and `pause` are in ns of the timer."""

    def __init__(
        self,
        wanted: Mapping[str, Mapping[str, Mapping[str, tuple[Target, ...]]]],
        *,
        reorder: int,
        patience: int,
        pause: int,
    ) -> None:
        self._reorder, self._patience, self._pause = reorder, patience, pause
        self.nodes = {
            edge: Node(devices={name: Device(targets) for name, targets in devices.items()})
            for edge, devices in wanted.items()
        }
        self.counted: Counter[str] = Counter()
        self._columns = Columns()
        self._rebirths: list[str] = []

    # ------------------------------------------------------------------ what goes in
    def opened(self, now: Moment, *, grace: int = 0) -> None:
        """The link was opened: what happened before is not known.

        Edge nodes that have tags are asked for their births after `grace` ns, unless they come.
        """
        for node in self.nodes.values():
            node.life = Life.UNSURE if node.life in (Life.ONLINE, Life.UNSURE) else Life.UNKNOWN
            node.held.clear()
            node.deadline = node.bd_seq = node.expected = None
            node.heard, node.pause, node.next_ask = False, 1, 0
            node.ask_at = now.timer + grace
            node.due = now.timer + grace + self._patience

    def receive(self, topic: Topic, payload: Fields, now: Moment) -> None:
        """One parsed message of an edge node or device, received at `now`."""
        node = self._node(topic.edge)
        if node is None:
            return
        node.heard = True
        if topic.verb == "NBIRTH":
            self._node_birth(node, payload, now)
        elif topic.verb == "NDEATH":
            self._node_death(node, payload, now)
        elif topic.verb in ("NDATA", "DDATA", "DBIRTH", "DDEATH"):
            self._in_order(node, topic, payload, now)

    def unreadable(self, topic: Topic, now: Moment) -> None:
        """A message of an edge node came that could not be decoded: one of its sequence is lost."""
        node = self._node(topic.edge)
        self.counted["unreadable"] += 1
        if node is not None and node.life in (Life.ONLINE, Life.UNSURE):
            self._doubt(topic.edge, node, now)
            node.expected = None

    def lost(self, now: Moment) -> None:
        """Messages were dropped before they got here: no node can be believed."""
        for edge, node in self.nodes.items():
            if node.life is Life.ONLINE:
                self._doubt(edge, node, now)
                node.expected = None

    def tick(self, now: Moment) -> None:
        """Let time pass: late messages count as lost, missing births as silence."""
        for edge, node in self.nodes.items():
            if node.deadline is not None and node.deadline <= now.timer:
                self._doubt(edge, node, now)
            if node.ask_at is not None and node.ask_at <= now.timer:
                node.ask_at = None
                self._ask(edge, node, now)
            if node.due is not None and node.due <= now.timer:
                node.due = None
                if node.life is Life.UNKNOWN or (node.life is Life.UNSURE and not node.heard):
                    self._mark(node.targets(), now.time, Status.BAD_NO_COMMUNICATION)
            for device in node.devices.values():
                if device.due is not None and device.due <= now.timer:
                    device.due = None
                    self._mark(device.all_targets(), now.time, Status.BAD_NO_COMMUNICATION)

    def deadline(self) -> int | None:
        """When `tick` has something to do next (ns of the timer); None where it has nothing."""
        return min((at for node in self.nodes.values() for at in node.times()), default=None)

    # ------------------------------------------------------------------ what comes out
    def take(self) -> tuple[Reading, Sequence[str]]:
        """The samples since the last call, and the edge nodes to be asked to be born again."""
        reading, self._columns = self._columns.reading(), Columns()
        rebirths, self._rebirths = self._rebirths, []
        return reading, rebirths

    def known(self, edge: str, device: str, metric: str) -> Known | None:
        """The metric as it was born, None where it is not born or its edge node is not online."""
        node = self.nodes.get(edge)
        if node is None or node.life not in (Life.ONLINE, Life.UNSURE):
            return None
        found = node.devices.get(device)
        return found.metrics.get(metric) if found is not None and found.born else None

    # ------------------------------------------------------------------ births and deaths
    def _node(self, edge: str) -> Node | None:
        node = self.nodes.get(edge)
        if node is None:
            if len(self.nodes) >= MOST_NODES:
                self.counted["too_many_nodes"] += 1
                return None
            node = self.nodes[edge] = Node()
        return node

    def _node_birth(self, node: Node, payload: Fields, now: Moment) -> None:
        self.counted["births"] += 1
        self.counted["dropped_messages"] += len(node.held)
        node.held.clear()
        node.aliases.clear()
        node.life, node.bd_seq = Life.ONLINE, bd_seq(payload)
        node.expected = after(payload.seq) if payload.HasField("seq") else None
        node.deadline = node.due = node.ask_at = None
        for name, device in list(node.devices.items()):
            if name and not device.targets:
                del node.devices[name]  # its birth follows, where it is still there
            elif name:
                device.born = False
                device.due = now.timer + self._patience
        self._learn(node, "", payload, now)

    def _learn(self, node: Node, name: str, payload: Fields, now: Moment) -> None:
        device = node.devices.get(name)
        if device is None:
            if len(node.devices) >= MOST_DEVICES:
                self.counted["too_many_devices"] += 1
                return
            device = node.devices[name] = Device({})
        node.forget_aliases(device)
        found = metrics_of(payload, name, device.targets)
        device.metrics = {known.name: known for known in found}
        device.born, device.due = True, None
        for known in found:
            if known.alias is not None:
                if known.alias in node.aliases:
                    self.counted["alias_twice"] += 1
                node.aliases[known.alias] = known
        absent = [
            target
            for metric, targets in device.targets.items()
            if metric not in device.metrics
            for target in targets
        ]
        self._mark(absent, now.time, Status.BAD_NODE_ID_UNKNOWN)
        self._samples(node, device, payload, now, Status.GOOD)

    def _node_death(self, node: Node, payload: Fields, now: Moment) -> None:
        if node.life is Life.OFFLINE:
            return
        said = bd_seq(payload)
        if node.bd_seq is not None and said is not None and said != node.bd_seq:
            self.counted["old_deaths"] += 1  # the will of a link that the node has replaced
            return
        self._release(node, now)
        node.life, node.expected = Life.OFFLINE, None
        node.due = node.ask_at = None
        self.counted["deaths"] += 1
        # its own timestamp is that of its connect: the host's time counts (5.8)
        for device in node.devices.values():
            device.born, device.due = False, None
            time = max(now.time, device.newest)
            self._mark(device.all_targets(), time, Status.BAD_NOT_CONNECTED)

    def _device_death(self, node: Node, name: str, payload: Fields, now: Moment) -> None:
        device = node.devices.get(name)
        if device is None or not device.born:
            return
        device.born, device.due = False, None
        if not device.targets:
            node.forget_aliases(device)
            del node.devices[name]
        self.counted["device_deaths"] += 1
        said = nanoseconds(payload.timestamp) or now.time
        time = max(said if said <= now.time + AHEAD else now.time, device.newest)
        self._mark(device.all_targets(), time, Status.BAD_NO_COMMUNICATION)

    # ------------------------------------------------------------------ the order of messages
    def _in_order(self, node: Node, topic: Topic, payload: Fields, now: Moment) -> None:
        if node.life in (Life.UNKNOWN, Life.OFFLINE):
            self.counted["unborn"] += 1
            self._ask(topic.edge, node, now)
            return
        if node.life is Life.UNSURE:
            self._ask(topic.edge, node, now)
        if not payload.HasField("seq") or payload.seq >= SEQUENCE:
            self.counted["malformed"] += 1
            self._doubt(topic.edge, node, now)
            self._apply(node, topic, payload, now)
            return
        ahead = 0 if node.expected is None else (payload.seq - node.expected) % SEQUENCE
        if ahead == 0:
            node.expected = after(payload.seq)
            self._apply(node, topic, payload, now)
            self._drain(node, now)
        elif self._reorder and ahead <= WINDOW and payload.seq not in node.held:
            node.held[payload.seq] = (topic, payload)
            if node.deadline is None:
                node.deadline = now.timer + self._reorder
        else:
            self._doubt(topic.edge, node, now)
            node.expected = after(payload.seq)
            self._apply(node, topic, payload, now)

    def _drain(self, node: Node, now: Moment) -> None:
        """Handle what was held and follows on; wait on for what is still missing."""
        while node.expected is not None and node.expected in node.held:
            topic, payload = node.held.pop(node.expected)
            node.expected = after(node.expected)
            self.counted["reordered"] += 1
            self._apply(node, topic, payload, now)
        if not node.held:
            node.deadline = None
        elif node.deadline is not None:
            node.deadline = max(node.deadline, now.timer + 1)

    def _release(self, node: Node, now: Moment) -> None:
        """Handle all that was held, in its order; what is missing is missing."""
        start = node.expected or 0
        for seq in sorted(node.held, key=lambda one: (one - start) % SEQUENCE):
            topic, payload = node.held.pop(seq)
            node.expected = after(seq)
            self._apply(node, topic, payload, now)
        node.deadline = None

    def _doubt(self, edge: str, node: Node, now: Moment) -> None:
        self.counted["gaps"] += 1
        node.life = Life.UNSURE
        self._release(node, now)
        self._ask(edge, node, now)

    def _ask(self, edge: str, node: Node, now: Moment) -> None:
        if now.timer < node.next_ask:
            self.counted["rebirths_held_back"] += 1
            node.ask_at = node.next_ask  # unless a birth comes by itself
            return
        if now.timer >= node.next_ask + SLOWEST_ASKING * self._pause:
            node.pause = 1  # births have helped for long: this trouble is a new one
        node.next_ask = now.timer + self._pause * node.pause
        node.pause = min(node.pause * 2, SLOWEST_ASKING)
        if node.due is None:
            node.due = now.timer + self._patience
        self.counted["rebirths"] += 1
        self._rebirths.append(edge)

    # ------------------------------------------------------------------ samples
    def _apply(self, node: Node, topic: Topic, payload: Fields, now: Moment) -> None:
        if topic.verb == "DBIRTH":
            self.counted["births"] += 1
            self._learn(node, topic.device, payload, now)
            return
        if topic.verb == "DDEATH":
            self._device_death(node, topic.device, payload, now)
            return
        device = node.devices.get(topic.device)
        if device is None and len(node.devices) >= MOST_DEVICES:
            self.counted["too_many_devices"] += 1
            return
        if device is None or not device.born:
            self.counted["unborn"] += 1
            self._ask(topic.edge, node, now)
            return
        floor = Status.GOOD if node.life is Life.ONLINE else Status.UNCERTAIN
        if not self._samples(node, device, payload, now, floor):
            self._ask(topic.edge, node, now)

    def _samples(
        self, node: Node, device: Device, payload: Fields, now: Moment, floor: int
    ) -> bool:
        counted = add_samples(
            self._columns, (device, node.aliases), payload, now=now.time, floor=floor
        )
        self.counted.update(counted)
        return not counted["unknown_metrics"]

    def _mark(self, targets: Iterator[Target] | Sequence[Target], time: int, quality: int) -> None:
        for target in targets:
            if target.tag.kind is not Kind.TEXT:
                self._columns.add(target.id, time, float("nan"), quality)
