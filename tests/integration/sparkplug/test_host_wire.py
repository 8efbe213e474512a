"""What the host application puts on the wire, recorded between it and a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Self

import pytest

from isthmus.connectors.sparkplug import Sparkplug, SparkplugAddress
from isthmus.connectors.sparkplug.codec import parse
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Binding
from isthmus.model.tag import Tag

pytestmark = pytest.mark.peer

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, DISCONNECT = 1, 3, 4, 8, 14
STATE = "spBv1.0/STATE/isthmus"


@dataclass
class Recorder:
    """A TCP relay to a broker that keeps what the client sent, packet by packet."""

    target: int
    sent: bytearray = field(default_factory=bytearray)

    async def __aenter__(self) -> Self:
        self.ended = asyncio.Event()
        self.server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.wait_for(self.ended.wait(), 5)
        self.server.close()
        await self.server.wait_closed()

    async def _relay(self, reader, writer) -> None:
        to, out = await asyncio.open_connection("127.0.0.1", self.target)

        async def copy(source, sink, kept) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65_536):
                    if kept is not None:
                        kept += data
                    sink.write(data)
                    await sink.drain()
            sink.close()
            with contextlib.suppress(ConnectionError):
                await sink.wait_closed()

        await asyncio.gather(copy(reader, out, self.sent), copy(to, writer, None))
        self.ended.set()

    def packets(self) -> list[tuple[int, int, bytes]]:
        """(type, flags, body) of every packet so far (MQTT 3.1.1, 2.2)."""
        found, place, data = [], 0, bytes(self.sent)
        while place < len(data):
            head, size, shift = data[place], 0, 0
            while True:
                place += 1
                size |= (data[place] & 0x7F) << shift
                shift += 7
                if not data[place] & 0x80:
                    break
            place += 1
            found.append((head >> 4, head & 0xF, data[place : place + size]))
            place += size
        return found

    def published(self, *, five: bool = False) -> list[tuple[str, int, bool, bytes]]:
        """(topic, QoS, retain, payload) of every PUBLISH."""
        found = []
        for kind, flags, body in self.packets():
            if kind == PUBLISH:
                size = int.from_bytes(body[:2])
                qos = flags >> 1 & 3
                start = 2 + size + (2 if qos else 0) + (1 if five else 0)
                found.append((body[2 : 2 + size].decode(), qos, bool(flags & 1), body[start:]))
        return found


def build(port: int, folder, **more):
    settings = Sparkplug(
        name="shopfloor", broker=f"mqtt://127.0.0.1:{port}", group="riverside", timeout=3, **more
    )
    names = ("Power", "Count")
    bindings = [
        Binding(number, Tag(f"l/m/{name}"), SparkplugAddress.parse("packer-edge/packer"))
        for number, name in enumerate(names)
    ]
    return settings.build(bindings, now=time.time_ns, state=str(folder))


def text_at(body: bytes, place: int) -> tuple[bytes, int]:
    size = int.from_bytes(body[place : place + 2])
    return body[place + 2 : place + 2 + size], place + 2 + size


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_a_primary_host_says(mosquitto, tmp_path, version):
    five = version == "5"

    async def run() -> Recorder:
        async with Recorder(mosquitto.port) as recorder:
            link = build(recorder.port, tmp_path, host_id="isthmus", version=version)
            await link.open()
            await asyncio.sleep(0.02)  # so that the death's time differs
            await link.close()
            await asyncio.sleep(0.1)
            return recorder

    recorder = asyncio.run(run())
    packets = [one for one in recorder.packets() if one[0] != PUBACK]
    assert [kind for kind, *_ in packets] == [CONNECT, SUBSCRIBE, PUBLISH, PUBLISH, DISCONNECT]

    connect = packets[0][2]
    protocol, place = text_at(connect, 0)
    level, flags = connect[place], connect[place + 1]
    assert (protocol, level) == (b"MQTT", 5 if five else 4)
    assert flags & 0x02  # clean session, clean start
    assert flags & 0x04  # a will
    assert flags >> 3 & 3 == 1  # of QoS 1
    assert flags & 0x20  # retained
    place += 4
    if five:
        assert connect[place] == 0  # no properties: the session expires with the link
        place += 1
    _, place = text_at(connect, place)
    if five:
        place += 1
    topic, place = text_at(connect, place)
    payload, place = text_at(connect, place)
    will = json.loads(payload)
    assert topic.decode() == STATE
    assert will["online"] is False

    assert STATE.encode() in packets[1][2]
    assert b"spBv1.0/riverside/+/packer-edge/#" in packets[1][2]

    birth, death = recorder.published(five=five)
    for said in (birth, death):
        assert said[:3] == (STATE, 1, True)
    assert json.loads(birth[3]) == {"online": True, "timestamp": will["timestamp"]}
    assert json.loads(death[3])["online"] is False
    assert json.loads(death[3])["timestamp"] > will["timestamp"]
    assert abs(will["timestamp"] - time.time() * 1e3) < 60e3


def test_a_host_without_an_id_says_nothing(mosquitto, tmp_path):
    async def run() -> Recorder:
        async with Recorder(mosquitto.port) as recorder:
            link = build(recorder.port, tmp_path)
            await link.open()
            await link.close()
            await asyncio.sleep(0.1)
            return recorder

    recorder = asyncio.run(run())
    assert recorder.published() == []
    assert [kind for kind, *_ in recorder.packets()] == [CONNECT, SUBSCRIBE, DISCONNECT]


def test_commands(mosquitto, edge_node, tmp_path):
    """A rebirth request by name, writes by the alias that the birth gave."""

    async def run() -> Recorder:
        edge_node(mosquitto.url).heard("born")
        await asyncio.sleep(0.5)  # it subscribes to its commands without waiting for the answer
        async with Recorder(mosquitto.port) as recorder:
            link = build(recorder.port, tmp_path)
            await link.open()
            ready = asyncio.Event()

            async def follow() -> None:
                async for reading in link.listen():
                    if len(reading.batch) >= 2:
                        ready.set()

            following = asyncio.create_task(follow())
            await asyncio.wait_for(ready.wait(), 10)
            await link.write(Action(tag=0, value=2.5, reason="test", by="test"))
            await link.write(Action(tag=1, value=-3.0, reason="test", by="test"))
            with pytest.raises(ProtocolError):
                await link.write(Action(tag=1, value=float("nan"), reason="test", by="test"))
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await link.close()
            return recorder

    rebirth, power, count = asyncio.run(run()).published()
    for topic, qos, retain, data in (rebirth, power, count):
        payload = parse(data)
        assert (qos, retain) == (0, False)
        assert not payload.HasField("seq")
        assert abs(payload.timestamp - time.time() * 1e3) < 60e3
        assert len(payload.metrics) == 1
        verb = "NCMD/packer-edge" if topic == rebirth[0] else "DCMD/packer-edge/packer"
        assert topic == f"spBv1.0/riverside/{verb}"
    (metric,) = parse(rebirth[3]).metrics
    assert (metric.name, metric.boolean_value) == ("Node Control/Rebirth", True)
    assert not metric.HasField("alias")
    (metric,) = parse(power[3]).metrics
    assert (metric.name, metric.alias, metric.float_value) == ("", 7, 2.5)
    (metric,) = parse(count[3]).metrics
    assert (metric.name, metric.alias, metric.long_value) == ("", 2, 2**64 - 3)
