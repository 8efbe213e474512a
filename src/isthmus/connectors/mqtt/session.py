"""One MQTT session (OASIS MQTT 3.1.1 and 5.0) on the event loop, over paho's protocol engine.

paho is driven directly: the loop reads its socket only while the inbox has room, so that TCP
carries back-pressure to the broker instead of a queue that grows or drops.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from isthmus.connectors.mqtt.acks import Acks
from isthmus.connectors.mqtt.dial import REFUSED, Will, dial, engine, refused
from isthmus.connectors.mqtt.inbox import Inbox, Message
from isthmus.connectors.mqtt.settings import BrokerConfig
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.sample import Clock

READS_AT_ONCE = 256  # packets taken in one turn of the event loop
FILTERS_AT_ONCE = 200  # topic filters in one SUBSCRIBE


class Session:
    """A clean session with one broker: opened, used and closed from one event loop.

    Received messages wait in an `Inbox`. When it is full the socket is left alone; after half a
    keep-alive of that, reading goes on and the oldest messages are dropped and counted, because
    a client that never reads is one that the broker must give up.
    """

    def __init__(self, config: BrokerConfig, client_id: str, *, now: Clock) -> None:
        self._config = config
        self._client_id = client_id
        self._now = now
        self._inbox = Inbox(config.queue)
        self._client: Client | None = None
        self._socket: socket.socket | None = None
        self._lost: LinkError | None = None
        self._wake = asyncio.Event()
        self._acks = Acks(config.endpoint)
        self._connected: asyncio.Future[ReasonCode] | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._paused_at: float | None = None
        self._overflow = False
        self._total = {"held_back": 0, "received": 0}

    @property
    def alive(self) -> bool:
        """Whether the session is open and the link has not been lost."""
        return self._client is not None and self._lost is None

    async def open(self, will: Will | None = None) -> None:
        """Connect; LinkError where the broker is not reached, AuthError where it refuses us."""
        await self.close()
        loop = asyncio.get_running_loop()
        self._lost, self._wake = None, asyncio.Event()
        self._overflow, self._paused_at = False, None
        self._connected = loop.create_future()
        client = self._client = self._made(will)
        config = self._config
        try:
            async with asyncio.timeout(config.timeout * 2):
                # name resolution, TCP and the TLS handshake block: a thread, ended by its timeout
                await asyncio.to_thread(dial, client, config)
                self._watch(client)
                reason = await self._connected
        except TimeoutError as error:
            await self.close()
            raise LinkError(
                f"opening {config.endpoint}: no answer in {config.timeout:g} s",
                hint="is it a broker, and does its listener speak TLS exactly when we do?",
            ) from error
        except BaseException:
            await self.close()
            raise
        if reason.value >= REFUSED:
            await self.close()
            raise refused(f"opening {config.endpoint}", reason)
        self._pulse = loop.create_task(self._keep_alive(client))

    def _made(self, will: Will | None) -> Client:
        client = engine(self._config, self._client_id, will)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_want_write
        return client

    def _watch(self, client: Client) -> None:
        found = client.socket()
        if not isinstance(found, socket.socket):
            raise LinkError(f"opening {self._config.endpoint}: closed at once")
        self._socket = found
        loop = asyncio.get_running_loop()
        loop.add_reader(found, self._readable)
        loop.add_writer(found, self._writable)

    # ------------------------------------------------------------------ socket
    def _readable(self) -> None:
        client = self._client
        for _ in range(READS_AT_ONCE):
            if client is None or self._socket is None or self._paused_at is not None:
                return
            before = self._total["received"]
            client.loop_read()
            if self._inbox.full and not self._overflow:
                self._pause()
            # TLS may hold decrypted bytes that no selector sees
            more = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
            if self._total["received"] == before and not more:
                return
        if self._socket is not None:
            asyncio.get_running_loop().call_soon(self._readable)

    def _writable(self) -> None:
        if self._client is not None:
            self._client.loop_write()
            if not self._client.want_write():
                self._stop_writing()

    def _stop_writing(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_writer(self._socket)

    def _on_want_write(self, _client: Client, _data: object, wants: object) -> None:
        if (
            self._socket is not None and self._socket is wants
        ):  # unset while a thread dials: the loop writes once it watches
            asyncio.get_running_loop().add_writer(self._socket, self._writable)

    def _on_socket_close(self, _client: Client, _data: object, closing: object) -> None:
        if self._socket is closing:
            self._unwatch()

    def _unwatch(self) -> None:
        if self._socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            self._socket = None

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)  # type: ignore[arg-type] # watched: we are reading
        self._paused_at = loop.time()
        self._total["held_back"] += 1

    def _resume(self) -> None:
        self._paused_at = None
        if self._socket is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._socket, self._readable)
            loop.call_soon(self._readable)

    async def _keep_alive(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        while self._lost is None:
            await asyncio.sleep(min(1.0, self._config.keep_alive / 4))
            paused = self._paused_at
            if paused is not None and loop.time() - paused > self._config.keep_alive / 2:
                self._overflow = True
                self._resume()
            client.loop_misc()

    # ------------------------------------------------------------------ paho's callbacks
    def _on_connect(
        self, _c: Client, _d: object, _f: object, reason: ReasonCode, _p: object
    ) -> None:
        if self._connected is not None and not self._connected.done():
            self._connected.set_result(reason)

    def _on_disconnect(
        self, _c: Client, _d: object, _f: object, reason: ReasonCode, _p: object
    ) -> None:
        error = LinkError(
            f"listening to {self._config.endpoint}: link lost: {str(reason).lower()}",
            hint="a broker also ends a link when another client uses the same `client_id`",
        )
        self._lost = self._lost or error
        self._wake.set()
        if self._connected is not None and not self._connected.done():
            self._connected.set_exception(
                LinkError(
                    f"opening {self._config.endpoint}: the broker hung up",
                    hint="set `version` to the other of 3.1.1 and 5, or check its log",
                )
            )
        self._acks.fail(error)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._total["received"] += 1
        try:
            topic = message.topic
        except UnicodeDecodeError:  # a topic must be UTF-8 (MQTT-1.5.3-1)
            self._inbox.dropped += 1
            return
        came = Message(topic, bytes(message.payload), self._now(), message.retain)
        self._inbox.put(came, overflow=self._overflow)
        self._wake.set()

    def _on_subscribe(
        self, _c: Client, _d: object, number: int, reasons: list[ReasonCode], _p: object
    ) -> None:
        self._acks.settle(number, reasons)

    def _on_publish(
        self, _c: Client, _d: object, number: int, reason: ReasonCode, _p: object
    ) -> None:
        self._acks.settle(number, [reason])

    # ------------------------------------------------------------------ use
    async def subscribe(self, filters: Mapping[str, int]) -> None:
        """Subscribe to each filter at its QoS; AuthError names the filters that are refused."""
        names = list(filters)
        for start in range(0, len(names), FILTERS_AT_ONCE):
            part = names[start : start + FILTERS_AT_ONCE]
            client = self._alive_client()
            wanted: list[Any] = [
                (name, SubscribeOptions(qos=filters[name]))
                if self._config.version == "5"
                else (name, filters[name])
                for name in part
            ]
            code, number = client.subscribe(wanted)
            reasons = await self._acknowledged(code, number, "subscribing")
            denied = [
                name for name, reason in zip(part, reasons, strict=False) if reason.value >= REFUSED
            ]
            if denied:
                raise AuthError(
                    f"subscribing at {self._config.endpoint}: refused `{'`, `'.join(denied[:5])}`",
                    hint="the broker must allow this user to read these topics",
                )

    async def unsubscribe(self, filters: Iterable[str]) -> None:
        """Ask for no more of `filters`; what is under way may still come."""
        wanted = list(filters)
        if wanted:
            self._alive_client().unsubscribe(wanted)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False
    ) -> None:
        """Publish; return when the broker has acknowledged it (QoS 0: when it is on its way)."""
        client = self._alive_client()
        info = client.publish(topic, payload, qos=qos, retain=retain)
        if qos == 0:
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise self._lost or LinkError(f"publishing to `{topic}`: {info.rc.name}")
            return
        reasons = await self._acknowledged(info.rc, info.mid, f"publishing to `{topic}`")
        if reasons and reasons[0].value >= REFUSED:
            raise refused(f"publishing to `{topic}`", reasons[0])

    async def receive(self, *, gather: float = 0.0, wait: float | None = None) -> list[Message]:
        """The messages that wait, at least one unless `wait` seconds pass; LinkError when lost.

        Once there is one, `gather` more seconds pass, so that many small messages become one batch.
        """
        if not self._inbox.waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    while not self._inbox.waiting and self._lost is None:
                        self._wake.clear()
                        await self._wake.wait()
            if self._inbox.waiting and gather > 0:
                await asyncio.sleep(gather)
        taken = self._inbox.take(4 << 20)
        if not taken and self._lost is not None:
            raise self._lost
        if self._inbox.relieved:
            self._overflow = False
            if self._paused_at is not None:
                self._resume()
        return taken

    async def close(self) -> None:
        """Disconnect cleanly, so that the broker does not publish our will; never raises."""
        client, self._client = self._client, None
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()
            await asyncio.gather(pulse, return_exceptions=True)
        if client is not None:
            with contextlib.suppress(Exception):
                client.disconnect()
                client.loop_write()
            self._unwatch()
            left = client.socket()
            if left is not None:
                with contextlib.suppress(OSError):
                    left.close()
        if self._connected is not None and self._connected.done():
            self._connected.cancelled() or self._connected.exception()
        self._lost = self._lost or LinkError(f"listening to {self._config.endpoint}: closed")
        self._wake.set()

    def counts(self) -> dict[str, int]:
        """Totals: messages received, dropped for want of room, and times the broker was held."""
        return {**self._total, "dropped": self._inbox.dropped}

    def _alive_client(self) -> Client:
        if self._client is None or self._lost is not None:
            raise self._lost or LinkError(f"using {self._config.endpoint}: not open")
        return self._client

    async def _acknowledged(
        self, code: MQTTErrorCode, number: int | None, doing: str
    ) -> list[ReasonCode]:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or number is None:
            raise self._lost or LinkError(f"{doing} at {self._config.endpoint}: {code.name}")
        return await self._acks.of(number, doing, within=self._config.timeout)
