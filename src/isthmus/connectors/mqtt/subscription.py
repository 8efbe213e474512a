"""Plain MQTT: topics as sources of samples, and as places to write to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from isthmus.connectors.mqtt.address import MqttAddress
from isthmus.connectors.mqtt.extract import Extractor, decode
from isthmus.connectors.mqtt.path import written
from isthmus.connectors.mqtt.session import Session
from isthmus.connectors.mqtt.topic import checked_filter, fewest
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Binding, Node, Reading
from isthmus.model.sample import Clock
from isthmus.model.tag import Kind

if TYPE_CHECKING:
    from isthmus.connectors.mqtt import Mqtt

LEAVES = 500  # values of one payload that browsing shows
DEEPEST = 16
SHOWN = 80  # characters of a value that browsing shows


class MqttSubscription:
    """Listens to the topics of its bindings; many small messages become one reading."""

    def __init__(
        self, config: Mqtt, bindings: Sequence[Binding[MqttAddress]], *, now: Clock, state: str
    ) -> None:
        self._config = config
        self._bindings = {binding.id: binding for binding in bindings}
        self._filters = dict.fromkeys(fewest(b.address.topic for b in bindings), config.qos)
        self._extractor = Extractor(bindings, largest=config.largest)
        self._client_id, self._now = config.named(state), now
        self._session = Session(config.at(state), self._client_id, now=now)

    async def open(self) -> None:
        """Connect and subscribe; LinkError or AuthError where the broker does not let us."""
        await self._session.open()
        try:
            await self._session.subscribe(self._filters)
        except BaseException:
            await self._session.close()
            raise

    async def listen(self) -> AsyncIterator[Reading]:
        """What the topics say, gathered over `gather` seconds; LinkError when the link is lost."""
        while True:
            messages = await self._session.receive(gather=self._config.gather)
            reading = self._extractor.reading(messages)
            if len(reading.batch) or reading.events:
                yield reading

    async def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        await self._session.close()

    async def write(self, action: Action) -> None:
        """Publish the raw value at the address's `write` topic, QoS 1; the broker confirms it."""
        binding = self._bindings.get(action.tag)
        if binding is None or not binding.address.write:
            raise ProtocolError(
                f"writing at {self._config.endpoint}: the tag has no topic to write to",
                hint="add `write: TOPIC` to its address",
            )
        value = action.value
        said: object = int(value) if value.is_integer() else value
        if binding.tag.kind is Kind.BOOLEAN:
            said = bool(value)
        await self._session.publish(binding.address.write, json.dumps(said).encode(), qos=1)

    async def browse(self, node: str = "", *, limit: int = 1000) -> Sequence[Node]:
        """What is heard within `discover` seconds at the filter `node` (all topics where empty)."""
        pattern = _browse_filter(node)
        # a session of its own: the live one neither loses nor doubles a message
        session = Session(self._config, f"{self._client_id}b", now=self._now)
        await session.open()
        try:
            await session.subscribe({pattern: 0})
            return await self._heard(session, limit)
        finally:
            await session.close()

    async def _heard(self, session: Session, limit: int) -> list[Node]:
        found: dict[str, Node] = {}
        loop = asyncio.get_running_loop()
        end = loop.time() + self._config.discover
        while len(found) < limit and (left := end - loop.time()) > 0:
            for message in await session.receive(wait=left):
                if len(message.payload) <= self._config.largest:
                    for one in _leaves(message.topic, decode(message.payload)):
                        found.setdefault(one.address, one)
        return sorted(found.values(), key=lambda one: one.address)[:limit]

    def counts(self) -> Mapping[str, int]:
        """Totals of the session, and of what payloads held that was not what was expected."""
        return {**self._session.counts(), **self._extractor.counted}


def _browse_filter(node: str) -> str:
    try:
        return checked_filter(node) if node else "#"
    except ValueError as error:
        raise ProtocolError(f"browsing `{node}`: {error}") from error


def _leaves(topic: str, document: object) -> list[Node]:
    """The values of a decoded payload, each as the address that a plant file would write."""
    found: list[Node] = []
    waiting: list[tuple[str, object, int]] = [("$", document, 0)]
    while waiting and len(found) < LEAVES:
        path, value, depth = waiting.pop()
        if isinstance(value, dict) and depth < DEEPEST:
            waiting.extend((path + written(str(key)), one, depth + 1) for key, one in value.items())
        elif isinstance(value, list) and depth < DEEPEST:
            waiting.extend((f"{path}[{n}]", one, depth + 1) for n, one in enumerate(value[:LEAVES]))
        elif isinstance(value, str | int | float | bool):
            address = topic if path == "$" else f"{topic}#{path}"
            kind = type(value).__name__
            found.append(
                Node(address, address.rpartition("/")[2], data_type=kind, value=str(value)[:SHOWN])
            )
    return found
