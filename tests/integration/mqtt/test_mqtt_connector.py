"""The plain MQTT connector against real brokers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from isthmus.connectors.mqtt import Mqtt, MqttAddress
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.event import Action
from isthmus.model.ports import Binding
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.trust.lend import lend

pytestmark = pytest.mark.peer


def now() -> int:
    return time.time_ns()


def bound(*pairs: tuple[str, object]) -> list[Binding]:
    return [
        Binding(number, tag if isinstance(tag, Tag) else Tag(tag), MqttAddress.parse(address))
        for number, (tag, address) in enumerate(pairs)
    ]


@contextlib.contextmanager
def publisher(port: int, **options):
    """An MQTT client that is none of ours, on its own thread."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, **options)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield lambda topic, payload, **more: client.publish(
            topic, payload, **more
        ).wait_for_publish(5)
    finally:
        client.disconnect()
        client.loop_stop()


async def collect(link, rows: int, *, events: int = 0, seconds: float = 10.0):
    readings = []
    async with asyncio.timeout(seconds):
        async for reading in link.listen():
            readings.append(reading)
            got = sum(len(one.batch) for one in readings)
            if got >= rows and sum(len(one.events) for one in readings) >= events:
                return readings
    raise AssertionError


def config(url: str, **more) -> Mqtt:
    return Mqtt(name="shopfloor", broker=url, timeout=3, **more)


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_values_of_one_message_are_one_batch(mosquitto, tmp_path, version):
    async def run():
        link = config(mosquitto.url, version=version).build(
            bound(
                ("p/a", {"topic": "plant/m1", "value": "$.t", "time": "$.ts"}),
                ("p/b", "plant/m1#$.list[1]['x y']"),
                (Tag("p/name", kind=Kind.TEXT), "plant/m1#$.name"),
                ("p/c", "plant/bare"),
            ),
            now=now,
            state=str(tmp_path),
        )
        await link.open()
        with publisher(mosquitto.port) as publish:
            document = {"t": 21.5, "ts": 1_700_000_000_123, "list": [0, {"x y": 7}], "name": "cola"}
            publish("plant/m1", json.dumps(document))
            publish("plant/bare", "42")
        readings = await collect(link, 3, events=1)
        await link.close()
        return readings

    readings = asyncio.run(run())
    assert len(readings[0].batch) >= 2
    rows = {}
    for reading in readings:
        batch = reading.batch
        for tag, at, value, quality in zip(
            batch.tag, batch.time, batch.value, batch.quality, strict=True
        ):
            rows[int(tag)] = (int(at), float(value), int(quality))
    assert rows[0] == (1_700_000_000_123_000_000, 21.5, 0)
    assert rows[1][1:] == (7.0, 0)
    assert rows[3][1:] == (42.0, 0)
    assert abs(rows[3][0] - time.time_ns()) < 60e9
    (event,) = (event for reading in readings for event in reading.events)
    assert (event.path, event.kind, event.text) == ("p/name", "text", "cola")


def test_retained_without_time_is_uncertain(mosquitto, tmp_path):
    async def run():
        with publisher(mosquitto.port) as publish:
            publish("plant/kept", "5", retain=True, qos=1)
        link = config(mosquitto.url).build(
            bound(("p/kept", "plant/kept")), now=now, state=str(tmp_path)
        )
        await link.open()
        readings = await collect(link, 1)
        await link.close()
        return readings

    (reading,) = asyncio.run(run())
    assert reading.batch.value.tolist() == [5.0]
    assert reading.batch.quality.tolist() == [Status.UNCERTAIN_LAST_USABLE_VALUE]


def test_bad_payloads_are_bad_quality_and_the_rest_goes_on(mosquitto, tmp_path):
    async def run():
        link = config(mosquitto.url, largest=1 << 20).build(
            bound(("p/x", "plant/x#$.v"), ("p/y", "plant/y")), now=now, state=str(tmp_path)
        )
        await link.open()
        with publisher(mosquitto.port) as publish:
            publish("plant/x", "{not json", qos=1)
            publish("plant/x", '{"v": NaN}', qos=1)
            publish("plant/x", '{"v": {"deep": 1}}', qos=1)
            publish("plant/x", '{"v": "' + "x" * 10_000_000 + '"}', qos=1)
            publish("plant/x", "[" * 100_000, qos=1)
            publish("plant/x", b"\xff\xfe\x00", qos=1)
            publish("plant/x", '{"v": 3}', qos=1)
        readings = await collect(link, 7)
        counts = dict(link.counts())
        await link.close()
        return readings, counts

    readings, counts = asyncio.run(run())
    values = [float(v) for one in readings for v in one.batch.value]
    qualities = [int(q) for one in readings for q in one.batch.quality]
    assert all(math.isnan(value) for value in values[:6])
    assert all(quality >= Status.BAD for quality in qualities[:6])
    assert (values[6], qualities[6]) == (3.0, 0)
    assert counts["oversized"] == 1
    assert counts["unreadable"] >= 3


def test_broker_restart(mosquitto, tmp_path):
    async def run():
        link = config(mosquitto.url).build(bound(("p/c", "plant/c")), now=now, state=str(tmp_path))
        await link.open()
        mosquitto.kill()
        with pytest.raises(LinkError):
            await collect(link, 1)
        with pytest.raises(LinkError) as refused:
            await link.open()
        assert "opening mqtt://127.0.0.1" in str(refused.value)
        mosquitto.start()
        await link.open()
        with publisher(mosquitto.port) as publish:
            publish("plant/c", "1")
        await collect(link, 1)
        await link.close()
        await link.close()

    asyncio.run(run())


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_password(locked_mosquitto, tmp_path, monkeypatch, version):
    async def run():
        def link(secret: str):
            monkeypatch.setenv("MQTT_PASSWORD", secret)
            return config(
                locked_mosquitto.url,
                version=version,
                user="isthmus",
                password={"env": "MQTT_PASSWORD"},
            ).build(bound(("p/c", "plant/c")), now=now, state=str(tmp_path))

        with pytest.raises(AuthError) as refused:
            await link("wrong").open()
        assert refused.value.hint
        good = link("riverside-7")
        await good.open()
        await good.close()
        assert not any("riverside-7" in str(value) for value in vars(good._config).values())

    asyncio.run(run())


@pytest.mark.parametrize("mutual", [False, True])
def test_tls(tls_mosquitto, papers, tmp_path, mutual):
    broker = tls_mosquitto(mutual)
    url = f"mqtts://127.0.0.1:{broker.port}"

    async def run():
        def link(**more):
            made = config(url, **more)
            return made, made.build(bound(("p/c", "plant/c")), now=now, state=str(tmp_path))

        with pytest.raises(LinkError) as distrust:
            await link()[1].open()
        assert "ca" in distrust.value.hint
        if mutual:
            with pytest.raises(LinkError):
                await link(ca=papers.ca)[1].open()
        files = {"certificate": papers.client[0], "key": papers.client[1]} if mutual else {}
        settings, good = link(ca=papers.ca, **files)
        assert settings.wire == ("mutual TLS" if mutual else "TLS")
        await good.open()
        await good._session.publish("plant/c", b"8", qos=1)
        for number in range(2_000):
            await good._session.publish("plant/c", b"%d" % number)
        readings = await collect(good, 2_001)
        await good.close()
        return readings

    readings = asyncio.run(run())
    values = [float(value) for one in readings for value in one.batch.value]
    assert values == [8.0, *map(float, range(2_000))]


def test_the_plants_certificate_is_shown_to_a_broker_that_asks_for_one(
    tls_mosquitto, papers, tmp_path
):
    broker = tls_mosquitto(True)
    wish = config(f"mqtts://127.0.0.1:{broker.port}", ca=papers.ca, identity="plant")
    assert wish.wire == "mutual TLS"

    def link():
        return wish.build(bound(("p/c", "plant/c")), now=now, state=str(tmp_path))

    async def run():
        with pytest.raises(LinkError, match="loading its certificates"):
            await link().open()
        lend(*map(Path, papers.server), tmp_path)  # one before it was renewed
        lend(*map(Path, papers.client), tmp_path)
        good = link()
        await good.open()
        await good._session.publish("plant/c", b"8", qos=1)
        readings = await collect(good, 1)
        await good.close()
        return readings

    assert [float(one.batch.value[0]) for one in asyncio.run(run())] == [8.0]
    assert (tmp_path / "plant.key").stat().st_mode & 0o777 == 0o600


def test_tls_client_on_a_plain_listener(mosquitto, tmp_path):
    link = config(f"mqtts://127.0.0.1:{mosquitto.port}").build([], now=now, state=str(tmp_path))
    with pytest.raises(LinkError):
        asyncio.run(link.open())


def test_back_pressure_holds_the_broker_and_loses_nothing(mosquitto, tmp_path):
    """4 MB wait behind an inbox of 64 KiB; the reader is slow; all arrive."""

    async def run():
        link = config(mosquitto.url, queue=65_536, largest=65_536).build(
            bound(("p/c", "plant/c#$.n")), now=now, state=str(tmp_path)
        )
        await link.open()
        filler = "x" * 4_000
        with publisher(mosquitto.port) as publish:
            for number in range(1_000):
                publish("plant/c", json.dumps({"n": number, "filler": filler}), qos=1)
        await asyncio.sleep(0.3)
        counts = dict(link.counts())
        assert counts["held_back"] == 1
        assert counts["received"] < 1_000
        readings = await collect(link, 1_000)
        assert link.counts()["dropped"] == 0
        await link.close()
        return [float(value) for one in readings for value in one.batch.value]

    assert asyncio.run(run()) == list(map(float, range(1_000)))


def test_overflow_after_half_a_keep_alive_is_counted_and_the_link_lives(mosquitto, tmp_path):
    async def run():
        link = config(mosquitto.url, queue=65_536, largest=65_536, keep_alive=2).build(
            bound(("p/c", "plant/c#$.n")), now=now, state=str(tmp_path)
        )
        await link.open()
        filler = "x" * 4_000
        with publisher(mosquitto.port) as publish:
            for number in range(200):
                publish("plant/c", json.dumps({"n": number, "filler": filler}), qos=1)
        await asyncio.sleep(4.5)
        dropped = link.counts()["dropped"]
        assert dropped > 100
        readings = await collect(link, 200 - dropped)
        await link.close()
        return [float(value) for one in readings for value in one.batch.value]

    values = asyncio.run(run())
    assert values == list(map(float, range(200)))[-len(values) :]


def test_write_and_browse(mosquitto, tmp_path):
    async def run():
        tag = Tag("p/fan", kind=Kind.BOOLEAN, writable=True)
        settings = config(mosquitto.url, discover=0.5)
        link = settings.build(
            bound((tag, {"topic": "plant/fan", "write": "plant/fan"})),
            now=now,
            state=str(tmp_path),
        )
        await link.open()
        await link.write(Action(tag=0, value=1.0, reason="test", by="test"))
        (reading,) = await collect(link, 1)
        assert reading.batch.value.tolist() == [1.0]
        with publisher(mosquitto.port) as publish:
            publish("plant/b", '{"a": {"b c": [1, true]}}', retain=True, qos=1)
        nodes = await link.browse("plant/#")
        await link.close()
        return nodes

    nodes = {node.address: node for node in asyncio.run(run())}
    assert nodes["plant/b#$.a['b c'][0]"].value == "1"
    for address in nodes:
        assert MqttAddress.parse(address).topic == "plant/b"


def test_nats_speaks_mqtt(nats, tmp_path):
    async def run():
        link = config(nats.url).build(
            bound(("p/x", "plant/+/x"), ("p/y", "plant/m1/x")), now=now, state=str(tmp_path)
        )
        await link.open()
        with publisher(nats.port, client_id="pub1") as publish:
            publish("plant/m1/x", "3", qos=1)
        readings = await collect(link, 2)
        await link.close()
        wrong = config(nats.url, version="5").build([], now=now, state=str(tmp_path))
        with pytest.raises(LinkError) as refused:
            await wrong.open()
        assert "version" in refused.value.hint
        return readings

    readings = asyncio.run(run())
    assert sorted(int(tag) for one in readings for tag in one.batch.tag) == [0, 1]
