"""A Sparkplug B host application over one broker: listens, asks for births, writes, browses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from isthmus.connectors.mqtt.dial import Will
from isthmus.connectors.mqtt.inbox import Message
from isthmus.connectors.mqtt.session import Session
from isthmus.connectors.mqtt.value import words_of
from isthmus.connectors.sparkplug.address import SparkplugAddress
from isthmus.connectors.sparkplug.codec import MILLISECOND, Metric, encode, parse
from isthmus.connectors.sparkplug.datatype import DataType
from isthmus.connectors.sparkplug.node import SECOND, Moment, Target
from isthmus.connectors.sparkplug.session import HostSession
from isthmus.connectors.sparkplug.state import HostState
from isthmus.connectors.sparkplug.topic import CERTIFICATES, NAMESPACE, Topic, state_topic
from isthmus.model.errors import ConfigError, LinkError, ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Binding, Node, Reading
from isthmus.model.sample import Batch, Clock, TagId

if TYPE_CHECKING:
    from isthmus.connectors.sparkplug import Sparkplug

REBIRTH = "Node Control/Rebirth"


class SparkplugHost:
    """Follows the edge nodes of its bindings; what is dead or silent has bad quality."""

    def __init__(
        self,
        config: Sparkplug,
        bindings: Sequence[Binding[SparkplugAddress]],
        *,
        now: Clock,
        state: str,
    ) -> None:
        self._config, self._now = config, now
        self._places = {
            one.id: (one.address.edge, one.address.device, one.address.metric or one.tag.name)
            for one in bindings
        }
        self._edges = _followed(config, {edge for edge, *_ in self._places.values()})
        self._host = HostSession(
            _wanted(bindings, self._places),
            reorder=round(config.reorder * SECOND),
            patience=round(config.patience * SECOND),
            pause=round(config.rebirth_pause * SECOND),
        )
        self._client_id = config.named(state)
        self._session = Session(config.at(state), self._client_id, now=now)
        self._birth = HostState(online=True, timestamp=0)
        self._stated = False
        self._dropped = 0
        self._waiting: dict[TagId, asyncio.Future[None]] = {}

    async def open(self) -> None:
        """Connect, subscribe, say that we are online, and ask our edge nodes for their births."""
        config = self._config
        self._stated = False
        self._birth = HostState(online=True, timestamp=self._now() // MILLISECOND)
        will = None
        if config.host_id:
            death = HostState(online=False, timestamp=self._birth.timestamp)
            will = Will(state_topic(config.host_id), death.encode())
        await self._session.open(will)
        try:
            await self._session.subscribe(self._filters())
            if config.host_id:
                await self._state(self._birth)
                self._stated = True
        except BaseException:
            await self._session.close()
            raise
        # edge nodes that wait for a primary host are born by its STATE alone
        self._host.opened(self._moment(), grace=2 * SECOND if config.host_id else 0)

    def _moment(self) -> Moment:
        return Moment(self._now(), time.monotonic_ns())

    def _filters(self) -> dict[str, int]:
        group, host_id = self._config.group, self._config.host_id
        topics = [f"{NAMESPACE}/{group}/+/{edge}/#" for edge in self._edges]
        filters = dict.fromkeys(topics or [f"{NAMESPACE}/{group}/#"], 0)
        if host_id:
            filters[state_topic(host_id)] = 1
        return filters

    async def _state(self, state: HostState) -> None:
        topic = state_topic(self._config.host_id)
        await self._session.publish(topic, state.encode(), qos=1, retain=True)

    async def listen(self) -> AsyncIterator[Reading]:
        """What edge nodes and devices say, and what their silence means; LinkError when lost."""
        while True:
            reading = await self._turn(None)
            if len(reading.batch) or reading.events:
                yield reading

    async def _turn(self, longest: float | None) -> Reading:
        """One round: wait for messages or for the next deadline, and handle what there is."""
        deadline = self._host.deadline()
        wait = None if deadline is None else max(0.0, (deadline - time.monotonic_ns()) / SECOND)
        if longest is not None:
            wait = longest if wait is None else min(wait, longest)
        messages = await self._session.receive(gather=self._config.gather, wait=wait)
        dropped = self._session.counts()["dropped"]
        if dropped != self._dropped:
            self._dropped = dropped
            self._host.lost(self._moment())
        for message in messages:
            await self._handle(message)
        self._host.tick(self._moment())
        reading, edges = self._host.take()
        for edge in edges:
            await self._ask(edge)
        self._confirm(reading.batch)
        return reading

    async def _handle(self, message: Message) -> None:
        topic = Topic.parse(message.topic)
        if topic is None:
            if self._config.host_id and message.topic == state_topic(self._config.host_id):
                await self._answer_state(message)
            return
        kept = message.topic.startswith(CERTIFICATES)
        if message.retained and not kept:
            # births and data must not be retained (5.4): what is kept is of an unknown time
            self._host.counted["retained"] += 1
            return
        if topic.verb in ("NCMD", "DCMD"):
            return
        now = Moment(message.time, time.monotonic_ns())
        if len(message.payload) > self._config.largest:
            self._host.unreadable(topic, now)
            return
        try:
            payload = parse(message.payload, most=self._config.queue)
        except ProtocolError:
            self._host.unreadable(topic, now)
            return
        self._host.receive(topic, payload, now)

    async def _answer_state(self, message: Message) -> None:
        """Say that we are online when somebody, such as our own old will, says that we are not."""
        said = HostState.parse(message.payload)
        if self._stated and (said is None or not said.online):
            self._host.counted["states_corrected"] += 1
            await self._state(self._birth)

    async def _ask(self, edge: str) -> None:
        rebirth = Metric(name=REBIRTH, value=True, datatype=DataType.BOOLEAN)
        await self._command(edge, "", rebirth)

    async def _command(self, edge: str, device: str, metric: Metric) -> None:
        topic = Topic(self._config.group, "DCMD" if device else "NCMD", edge, device)
        payload = encode([metric], time=self._now() // MILLISECOND)
        await self._session.publish(str(topic), payload)

    async def write(self, action: Action) -> None:
        """Send the raw value as a command; return when the device has published the metric."""
        if action.tag not in self._places:
            raise ProtocolError(f"writing at {self._config.endpoint}: no metric for this tag")
        edge, device, name = self._places[action.tag]
        where = f"writing `{name}` of {'/'.join(filter(None, (edge, device)))}"
        known = self._host.known(edge, device, name)
        if known is None:
            raise LinkError(f"{where}: it is not born", hint="is the edge node online?")
        try:
            metric = Metric(
                name="" if known.alias is not None else name,
                alias=known.alias,
                value=action.value,
                datatype=DataType(known.datatype),
            )
            encode([metric])
        except (ValueError, KeyError) as error:
            raise ProtocolError(f"{where}: {error}") from error
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[action.tag] = waiting
        try:
            await self._command(edge, device, metric)
            async with asyncio.timeout(self._config.timeout):
                await waiting
        except TimeoutError as error:
            raise ProtocolError(
                f"{where}: not confirmed in {self._config.timeout:g} s",
                hint="the device did not publish the metric after the command",
            ) from error
        finally:
            self._waiting.pop(action.tag, None)

    def _confirm(self, batch: Batch) -> None:
        if self._waiting:
            for tag in set(batch.tag.tolist()) & set(self._waiting):
                waiting = self._waiting[TagId(tag)]
                if not waiting.done():
                    waiting.set_result(None)

    async def browse(self, node: str = "", *, limit: int = 1000) -> Sequence[Node]:
        """The metrics heard of within `discover` seconds, of `edge` or `edge/device` if given.

        Sparkplug has no directory: births that an Aware broker keeps are read, and every edge node
        that speaks up is asked to be born again.
        """
        # a session of its own: the live one neither loses nor doubles a message
        settings = {"host_id": "", "client_id": f"{self._client_id}b"}
        scout = SparkplugHost(self._config.model_copy(update=settings), (), now=self._now, state="")
        await scout.open()
        try:
            await scout.explore()
        finally:
            await scout.close()
        return scout.nodes(node, limit)

    async def explore(self) -> None:
        """Follow all that happens in the group for `discover` seconds."""
        kept = f"{CERTIFICATES}{NAMESPACE}/{self._config.group}/#"
        await self._session.subscribe({kept: 0})
        loop = asyncio.get_running_loop()
        end = loop.time() + self._config.discover
        while (left := end - loop.time()) > 0:
            await self._turn(left)

    def nodes(self, below: str, limit: int) -> list[Node]:
        """The metrics that are born, of the edge node or `edge/device` called `below` if any."""
        found = [
            Node(
                address=f"{edge}/{name}/{known.name}",
                name=known.name,
                data_type=DataType(known.datatype).name.lower()
                if known.datatype in DataType._value2member_map_
                else str(known.datatype),
            )
            for edge, one in self._host.nodes.items()
            for name, device in one.devices.items()
            for known in device.metrics.values()
            if not below or below in (edge, f"{edge}/{name}")
        ]
        return sorted(found, key=lambda one: one.address)[:limit]

    async def close(self) -> None:
        """Say that we are offline, and disconnect; never raises."""
        if self._stated and self._session.alive:
            death = HostState(online=False, timestamp=self._now() // MILLISECOND)
            self._stated = False
            try:
                await self._state(death)
            except LinkError:
                self._host.counted["states_unsaid"] += 1
        await self._session.close()

    def counts(self) -> Mapping[str, int]:
        """Totals of the MQTT session and of the host's view of its edge nodes."""
        return {**self._session.counts(), **self._host.counted}


def _followed(config: Sparkplug, edges: set[str]) -> list[str]:
    outside = sorted(edges - set(config.edges)) if config.edges else []
    if outside:
        raise ConfigError(
            f"reading {config.name}: tags of edge nodes that `edges` leaves out: "
            + ", ".join(outside),
            hint="add them to `edges`, or leave `edges` empty",
        )
    return list(config.edges) or sorted(edges)


def _wanted(
    bindings: Sequence[Binding[SparkplugAddress]], places: Mapping[TagId, tuple[str, str, str]]
) -> dict[str, dict[str, dict[str, tuple[Target, ...]]]]:
    """The tags by edge node, device and metric."""
    wanted: dict[str, dict[str, dict[str, tuple[Target, ...]]]] = {}
    for binding in bindings:
        edge, device, metric = places[binding.id]
        metrics = wanted.setdefault(edge, {}).setdefault(device, {})
        target = Target(binding.id, binding.tag, words_of(binding.tag))
        metrics[metric] = (*metrics.get(metric, ()), target)
    return wanted
