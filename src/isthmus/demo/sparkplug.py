"""The packer's gateway: a Sparkplug B edge node with one device, over MQTT and TLS.

The network side runs in the MQTT library's own thread; what both sides touch is under one lock.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from isthmus.demo.moment import Moment
from isthmus.demo.payload import DataType, Metric, asks_rebirth, encode
from isthmus.demo.signal import LINE, Signal, signals

GROUP, EDGE, DEVICE = "riverside", "packer-edge", "packer"
_TOPIC = f"spBv1.0/{GROUP}/{{}}/{EDGE}"
_REBIRTH = "Node Control/Rebirth"
_SEQUENCES = 256
_KEEP_ALIVE = 10  # seconds


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the MQTT broker is and who we are there."""

    url: str
    ca: str = ""
    user: str = ""
    password: str = ""


class PackerEdge:
    """The edge node; between `start` and `stop` it is connected, or tries to be."""

    def __init__(self, broker: Broker, moment: Callable[[], Moment]) -> None:
        self._broker, self._moment = broker, moment
        self._signals = signals("Packer")
        self._paths = [f"{LINE}/{DEVICE}/{signal.name}" for signal in self._signals]
        self._lock = threading.Lock()
        self._births = itertools.count()  # bdSeq: one for each connection
        self._birth = 0
        self._sequence = 0
        self._born = False
        self._sent: list[float] = []
        self._client: Client | None = None

    def start(self) -> None:
        """Connects in the background, and again whenever the connection is lost."""
        parts = urlsplit(self._broker.url)
        secure = parts.scheme == "mqtts"
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=EDGE, protocol=MQTTProtocolVersion.MQTTv311
        )
        if secure:
            client.tls_set_context(ssl.create_default_context(cafile=self._broker.ca or None))
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password or None)
        client.on_pre_connect = self._leave_will
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 2)
        port = parts.port or (8883 if secure else 1883)
        client.connect_async(parts.hostname or "127.0.0.1", port, keepalive=_KEEP_ALIVE)
        self._client = client
        client.loop_start()

    def stop(self, *, abruptly: bool = False) -> None:
        """Says goodbye and disconnects; `abruptly` only lets the connection break."""
        client, self._client = self._client, None
        if client is None:
            return
        wire = client.socket()
        if abruptly and isinstance(wire, socket.socket):
            with contextlib.suppress(OSError):  # it was gone already
                wire.shutdown(socket.SHUT_RDWR)
        elif client.is_connected():
            with self._lock:
                self._born = False
                goodbye = client.publish(_TOPIC.format("NDEATH"), self._death(), qos=1)
            with contextlib.suppress(
                RuntimeError, ValueError
            ):  # it broke just now: the will says it
                goodbye.wait_for_publish(2.0)
            client.disconnect()
        client.loop_stop()
        with self._lock:
            self._born = False

    def show(self) -> None:
        """Publishes what moved since the last call."""
        with self._lock:
            client = self._client
            if client is None or not self._born:
                return
            moment = self._moment()
            metrics = []
            for alias, (signal, path) in enumerate(zip(self._signals, self._paths, strict=True), 1):
                value = moment.value(path)
                if abs(value - self._sent[alias - 1]) > signal.deadband:
                    self._sent[alias - 1] = value
                    metrics.append(Metric(value, _type(signal), alias=alias))
            if metrics:
                time = moment.time // 1_000_000
                payload = encode(time, metrics, self._next())
                client.publish(f"{_TOPIC.format('DDATA')}/{DEVICE}", payload)

    def _leave_will(self, client: Client, _data: object) -> None:
        with self._lock:
            self._birth = next(self._births) % _SEQUENCES
            client.will_set(_TOPIC.format("NDEATH"), self._death(), qos=1)

    def _death(self) -> bytes:
        time = self._moment().time // 1_000_000
        return encode(time, [Metric(self._birth, DataType.UINT64, "bdSeq")], None)

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            return  # the library tries again
        client.subscribe(_TOPIC.format("NCMD"), qos=1)
        with self._lock:
            self._be_born(client)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            self._born = False

    def _on_message(self, client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            wanted = asks_rebirth(bytes(message.payload))
        except ValueError:
            return  # a command that nobody can read commands nothing
        if wanted:
            with self._lock:
                self._be_born(client)

    def _be_born(self, client: Client) -> None:
        """NBIRTH, then DBIRTH: all metrics by name, with the aliases that data will use."""
        moment = self._moment()
        time = moment.time // 1_000_000
        self._sequence = 0
        node = [
            Metric(self._birth, DataType.UINT64, "bdSeq"),
            Metric(0.0, DataType.BOOLEAN, _REBIRTH),
        ]
        client.publish(_TOPIC.format("NBIRTH"), encode(time, node, self._next()))
        self._sent = [moment.value(path) for path in self._paths]
        device = [
            Metric(
                value, _type(signal), signal.name, alias,
                {"engUnit": signal.unit} if signal.unit else {},
            )
            for alias, (signal, value) in enumerate(
                zip(self._signals, self._sent, strict=True), 1
            )
        ]  # fmt: skip
        client.publish(f"{_TOPIC.format('DBIRTH')}/{DEVICE}", encode(time, device, self._next()))
        self._born = True

    def _next(self) -> int:
        sequence, self._sequence = self._sequence, (self._sequence + 1) % _SEQUENCES
        return sequence


def _type(signal: Signal) -> DataType:
    if signal.kind == "enumeration":
        return DataType.INT32
    if signal.counter and not signal.step:
        return DataType.UINT32
    return DataType.DOUBLE
