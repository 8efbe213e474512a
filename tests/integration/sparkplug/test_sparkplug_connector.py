"""The Sparkplug B host against real brokers and an edge node that we did not write."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time

import paho.mqtt.client as paho
import pytest

from isthmus.connectors.sparkplug import Sparkplug, SparkplugAddress
from isthmus.model.errors import AuthError, LinkError, ProtocolError
from isthmus.model.event import Action
from isthmus.model.ports import Binding
from isthmus.model.sample import Status
from isthmus.model.tag import Kind, Tag

pytestmark = pytest.mark.peer

TAGS = [
    (Tag("packaging/line1/packer/Speed"), "packer-edge/packer"),
    (Tag("packaging/line1/packer/count"), "packer-edge/packer/Count"),
    (Tag("packaging/line1/packer/small"), "packer-edge/packer/Small"),
    (Tag("packaging/line1/packer/running", kind=Kind.BOOLEAN), "packer-edge/packer/Running"),
    (Tag("packaging/line1/packer/order", kind=Kind.TEXT), "packer-edge/packer/Order/Name"),
    (Tag("packaging/line1/packer/big"), "packer-edge/packer/Big"),
    (Tag("packaging/line1/packer/power", writable=True), "packer-edge/packer/Power"),
    (Tag("packaging/line1/packer/uptime"), {"edge": "packer-edge", "metric": "Uptime"}),
]
BORN = {0: 60.5, 1: -5.0, 2: -7.0, 3: 1.0, 5: 4_000_000_000.0, 6: 1.5, 7: -1.0}


def host(url: str, folder, **more):
    settings = Sparkplug(
        name="shopfloor", broker=url, group="riverside", timeout=3, rebirth_pause=1, **more
    )
    bindings = [
        Binding(number, tag, SparkplugAddress.parse(address))
        for number, (tag, address) in enumerate(TAGS)
    ]
    return settings.build(bindings, now=time.time_ns, state=str(folder))


class Heard:
    """All that a link said, and the latest of each tag."""

    def __init__(self, link) -> None:
        self.link, self.rows, self.events = link, [], []
        self._listening = link.listen()

    async def until(self, done, seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not done(self):
                reading = await anext(self._listening)
                batch = reading.batch
                self.rows += zip(
                    batch.tag.tolist(),
                    batch.time.tolist(),
                    batch.value.tolist(),
                    batch.quality.tolist(),
                    strict=True,
                )
                self.events += reading.events

    @property
    def now(self) -> dict[int, tuple[float, int]]:
        return {tag: (value, quality) for tag, _, value, quality in self.rows}

    def good(self) -> dict[int, float]:
        return {tag: value for tag, (value, quality) in self.now.items() if quality == 0}


@contextlib.asynccontextmanager
async def opened(link):
    await link.open()
    try:
        yield Heard(link)
    finally:
        await link.close()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_births_data_death_and_return(mosquitto, edge_node, tmp_path, version):
    async def run():
        async with opened(host(mosquitto.url, tmp_path, version=version)) as heard:
            edge = edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN and all_.events)
            assert heard.events[0].text == "cola"
            assert all(abs(at - time.time_ns()) < 60e9 for _, at, *_ in heard.rows)

            edge.tell(data=[{"alias": 1, "type": "Double", "value": 70.0}])
            edge.tell(data=[{"alias": 2, "type": "Int64", "value": -(2**40)}])
            edge.tell(nodeData=[{"alias": 100, "type": "Int32", "value": 12}])
            await heard.until(lambda all_: all_.good().get(7) == 12.0)
            assert heard.good()[0] == 70.0
            assert heard.good()[1] == -(2.0**40)

            edge.kill()
            await heard.until(lambda all_: not all_.good())
            assert {quality for _, quality in heard.now.values()} == {Status.BAD_NOT_CONNECTED}
            assert all(math.isnan(value) for value, _ in heard.now.values())

            edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)

    asyncio.run(run())


def test_late_host_asks_for_births(mosquitto, edge_node, tmp_path):
    edge = edge_node(mosquitto.url)
    edge.heard("born")
    time.sleep(0.5)  # it subscribes to its commands without waiting for the answer

    async def run():
        async with opened(host(mosquitto.url, tmp_path)) as heard:
            await heard.until(lambda all_: all_.good() == BORN)
            assert heard.link.counts()["rebirths"] == 1

    asyncio.run(run())
    assert edge.heard("ncmd")[0]["name"] == "Node Control/Rebirth"


def test_gap_makes_uncertain_until_reborn(mosquitto, edge_node, tmp_path):
    async def run():
        async with opened(host(mosquitto.url, tmp_path, reorder=0.2)) as heard:
            edge = edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)
            await asyncio.sleep(1.1)  # the pause between two rebirth requests
            edge.tell(deaf=True)
            edge.tell(skip=2)
            edge.tell(data=[{"alias": 1, "type": "Double", "value": 71.0}])
            await heard.until(lambda all_: all_.now[0] == (71.0, Status.UNCERTAIN))
            await asyncio.to_thread(edge.heard, "ncmd")
            edge.tell(deaf=False)
            await asyncio.sleep(2.1)  # and the next one is longer
            edge.tell(skip=2)
            edge.tell(data=[{"alias": 1, "type": "Double", "value": 72.0}])
            await heard.until(lambda all_: all_.good() == BORN)
            assert heard.link.counts()["gaps"] >= 1

    asyncio.run(run())


def test_device_death(mosquitto, edge_node, tmp_path):
    async def run():
        async with opened(host(mosquitto.url, tmp_path)) as heard:
            edge = edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)
            edge.tell(deviceDeath=True)
            await heard.until(lambda all_: all_.good() == {7: -1.0})
            assert heard.now[0][1] == Status.BAD_NO_COMMUNICATION

    asyncio.run(run())


def test_silent_edge_node_is_bad_after_patience(mosquitto, tmp_path):
    async def run():
        async with opened(host(mosquitto.url, tmp_path, patience=0.3)) as heard:
            await heard.until(lambda all_: len(all_.now) == len(BORN))
            assert {quality for _, quality in heard.now.values()} == {Status.BAD_NO_COMMUNICATION}

    asyncio.run(run())


def test_write_is_confirmed_by_the_device(mosquitto, edge_node, tmp_path):
    async def run():
        async with opened(host(mosquitto.url, tmp_path)) as heard:
            with pytest.raises(LinkError):
                await heard.link.write(Action(tag=6, value=2.5, reason="test", by="test"))
            edge = edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)
            listening = asyncio.create_task(
                heard.until(lambda all_: all_.good()[6] == 2.5 and all_.good()[2] == -9.0)
            )
            await heard.link.write(Action(tag=6, value=2.5, reason="test", by="test"))
            await heard.link.write(Action(tag=2, value=-9.0, reason="test", by="test"))
            await listening
            with pytest.raises(ProtocolError):
                await heard.link.write(Action(tag=2, value=300.0, reason="test", by="test"))
            assert edge.heard("dcmd") == [{"alias": 7, "value": 2.5}]
            assert edge.heard("dcmd") == [{"alias": 3, "value": -9}]

    asyncio.run(run())


def test_browse_finds_what_is_born(mosquitto, edge_node, tmp_path):
    edge_node(mosquitto.url).heard("born")
    settings = Sparkplug(name="all", broker=mosquitto.url, group="riverside", discover=1.5)

    async def run():
        link = settings.build([], now=time.time_ns, state=str(tmp_path))
        edge = asyncio.create_task(link.browse())
        await asyncio.sleep(0.3)
        with publisher(mosquitto.port) as publish:  # a metric of a node that is not born here
            publish("spBv1.0/riverside/NDATA/packer-edge", b"\x18\x09")
        return await edge

    nodes = {node.address: node for node in asyncio.run(run())}
    assert nodes["packer-edge/packer/Order/Name"].data_type == "string"
    assert nodes["packer-edge//Uptime"].data_type == "int32"
    parsed = SparkplugAddress.parse("packer-edge//Uptime")
    assert (parsed.edge, parsed.device, parsed.metric) == ("packer-edge", "", "Uptime")


@contextlib.contextmanager
def publisher(port: int):
    """An MQTT client that is none of ours, on its own thread."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="foreign")
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield lambda topic, payload, **more: client.publish(
            topic, payload, **more
        ).wait_for_publish(5)
    finally:
        client.disconnect()
        client.loop_stop()


@contextlib.contextmanager
def states(port: int):
    """The STATE messages that a foreign client sees."""
    seen = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="watcher")
    client.on_message = lambda _c, _u, message: seen.append(
        (message.topic, json.loads(message.payload), message.qos, message.retain)
    )
    client.on_connect = lambda *_: client.subscribe("spBv1.0/STATE/#", qos=1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield seen
    finally:
        client.disconnect()
        client.loop_stop()


async def soon(condition) -> None:
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in 5 s")


def test_primary_host_states(mosquitto, tmp_path):
    async def run():
        with states(mosquitto.port) as seen, publisher(mosquitto.port) as publish:
            link = host(mosquitto.url, tmp_path, host_id="isthmus")
            await link.open()
            await soon(lambda: len(seen) == 1)
            topic, birth, qos, _ = seen[0]
            assert (topic, birth["online"], qos) == ("spBv1.0/STATE/isthmus", True, 1)
            assert abs(birth["timestamp"] - time.time() * 1e3) < 60e3
            # somebody (an old will of ours) says that we are offline: we say that we are not
            listening = asyncio.create_task(anext(link.listen()))
            publish(topic, json.dumps({"online": False, "timestamp": 1}), qos=1, retain=True)
            await soon(lambda: len(seen) == 3)
            assert seen[2][1] == birth
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await link.close()
            await soon(lambda: len(seen) == 4)
            assert seen[3][1]["online"] is False
            assert seen[3][1]["timestamp"] >= birth["timestamp"]

            again = host(mosquitto.url, tmp_path, host_id="isthmus")
            await again.open()
            await soon(lambda: len(seen) == 5)
            again._session._socket.shutdown(2)  # the link breaks: the broker publishes the will
            await soon(lambda: len(seen) == 6)
            assert seen[5][1] == {"online": False, "timestamp": seen[4][1]["timestamp"]}
            await again.close()
        with states(mosquitto.port) as kept:
            await soon(lambda: len(kept) == 1)
            assert kept[0][3]  # retained

    asyncio.run(run())


def test_garbage_on_the_topics_does_no_harm(mosquitto, edge_node, tmp_path):
    async def run():
        async with opened(host(mosquitto.url, tmp_path, host_id="isthmus")) as heard:
            edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)
            with publisher(mosquitto.port) as publish:
                for verb in ("NBIRTHX", "NDATA", "STATE", "DDATA"):
                    publish(f"spBv1.0/riverside/{verb}/packer-edge", b"\xff\x00garbage")
                publish("spBv1.0/riverside/DDATA/packer-edge/packer", b"\xff" * 1000)
                publish("spBv1.0/STATE/isthmus", b"OFFLINE", retain=True)
            await soon(lambda: True)
            await heard.until(
                lambda all_: all_.link.counts().get("rebirths") and all_.good() == BORN
            )
            assert heard.link.counts()["unreadable"] == 2

    asyncio.run(run())


def test_broker_restart(mosquitto, edge_node, tmp_path):
    async def run():
        link = host(mosquitto.url, tmp_path)
        async with opened(link) as heard:
            edge_node(mosquitto.url)
            await heard.until(lambda all_: all_.good() == BORN)
            mosquitto.kill()
            with pytest.raises(LinkError):
                await heard.until(lambda _: False)
            with pytest.raises(LinkError):
                await link.open()
            mosquitto.start()
            await link.open()
            again = Heard(link)
            await again.until(lambda all_: all_.good() == BORN)

    asyncio.run(run())


def test_wrong_password(locked_mosquitto, tmp_path, monkeypatch):
    monkeypatch.setenv("MQTT_PASSWORD", "wrong")
    link = host(locked_mosquitto.url, tmp_path, user="isthmus", password={"env": "MQTT_PASSWORD"})
    with pytest.raises(AuthError):
        asyncio.run(link.open())


def test_nats_as_the_broker(nats, edge_node, tmp_path):
    async def run():
        async with opened(host(nats.url, tmp_path, host_id="isthmus")) as heard:
            edge = edge_node(nats.url)
            await heard.until(lambda all_: all_.good() == BORN)
            edge.tell(data=[{"alias": 1, "type": "Double", "value": 70.0}])
            await heard.until(lambda all_: all_.good()[0] == 70.0)
            edge.kill()
            await heard.until(lambda all_: not all_.good())

    asyncio.run(run())
