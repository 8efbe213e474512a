"""Zones as accounts of the bus, attacked by real clients: what no conduit leads, nobody hears."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
import time
from types import SimpleNamespace

import nats
import pytest
from tests.integration.bus.test_revocation import join, until

from isthmus.bus.client import Bus
from isthmus.bus.credentials import client_context
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.port import StreamSettings
from isthmus.bus.settings import Client, MqttSettings
from isthmus.model.errors import AuthError
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.config import load
from isthmus.runtime.local_bus import LocalBus
from isthmus.runtime.settings import Settings
from isthmus.runtime.trust import zones_reload
from isthmus.runtime.trust.zones import Zones
from isthmus.runtime.trust.zones_reload import follow, reload
from isthmus.trust.pki.authority import PlantAuthority

ROOT = "uns.v1.acme.riverside"
SAID = f"{ROOT}._frame.filler"
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
zones:
  business: {level: 4, networks: [10.2.0.0/16]}
  dmz:      {level: 3.5, networks: [10.3.0.0/24]}
  site:     {level: 3, networks: [10.4.0.0/24], here: true}
  line1:    {level: 2, networks: [10.4.1.0/24]}
conduits:
  - {from: line1, to: site, allow: [nats-tls], why: its edge}
  - {from: business, to: site, allow: [nats-tls], why: reports}
edges:
  edge1: {site: "tls://site.acme:4222", zone: line1}
  edge2: {site: "tls://site.acme:4222", zone: line1}
bus:
  listen: 10.4.0.9:4222
  readers:
    bi:   {zone: business}
    lake: {zone: business}
    spy:  {zone: dmz}
"""
A = EdgeAccess("edge1")


class Unrecorded:
    def record(self, *_, **__):
        """Nobody reads it here."""


@contextlib.asynccontextmanager
async def site(folder):
    """The bus of the plant file with its zones, and those zones."""
    file = folder / "plant.yaml"
    file.write_text(PLANT, "utf-8")
    zones = Zones.open(load(file), folder, Unrecorded())
    local = await LocalBus.open(
        Settings(folder, folder / "history"),
        "acme",
        clients=zones.clients(),
        zone=zones.here,
        shut_out=zones.shut_out,
    )
    tasks = [
        asyncio.create_task(local.server.supervise()),
        asyncio.create_task(local.renew_for_ever()),
    ]
    try:
        await local.bus.stream(StreamSettings("UNS", (f"{ROOT}.>",)))
        for name in ("edge1", "edge2"):
            await EdgeAccess(name).prepare(local.bus, 8 << 20)
        yield local, zones
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await local.close()


class Stranger:
    """A program with nats-py alone, which tells what it was refused and what it hears."""

    def __init__(self):
        self.refused, self.heard = [], []

    @classmethod
    async def enter(cls, local, name, folder):
        made = cls()
        papers = local.authority.hand_out(name, name, folder / name)

        async def refused(error):
            made.refused.append(str(error).lower())

        made.client = await nats.connect(
            local.server.url,
            tls=client_context(papers),
            error_cb=refused,
            allow_reconnect=False,
            connect_timeout=5,
        )
        return made

    async def hear(self, subject):
        async def heard(message):
            self.heard.append((message.subject, message.data))

        await self.client.subscribe(subject, cb=heard)
        await self.client.flush()

    async def was_refused(self, what):
        before = len(self.refused)
        await what
        await self.client.flush()
        await until(lambda: len(self.refused) > before)
        return "permissions violation" in self.refused[-1]


async def say(local, data, stream="UNS", subject=SAID):
    publisher = await local.bus.publisher(stream)
    await (await publisher.publish(subject, data))
    await publisher.close()


def test_a_reader_hears_what_the_site_says_and_can_say_nothing(tmp_path):
    async def main():
        async with site(tmp_path) as (local, _):
            bi = await Stranger.enter(local, "reader.bi", tmp_path)
            lake = await Stranger.enter(local, "reader.lake", tmp_path)
            for one in (bi, lake):
                await one.hear(f"{ROOT}.>")
                await one.hear("$KV.last.>")
            await say(local, b"speed")
            await (await local.bus.bucket("last")).put("filler", b"last")
            wanted = [(SAID, b"speed"), ("$KV.last.filler", b"last")]
            await until(lambda: bi.heard == lake.heard == wanted)
            for subject in (
                ">",
                "*",
                "$SYS.>",
                "$JS.API.>",
                "_INBOX.>",
                "up.>",
                "$KV.uplink_edge1.>",
            ):
                assert await bi.was_refused(bi.client.subscribe(subject)), subject
            before = (await local.bus.info("UNS")).last
            for subject in (
                *(SAID, f"{ROOT}.cmd.filler", "up.edge1.x", "$KV.last.filler", "_INBOX.x"),
                *("$JS.API.STREAM.INFO.UNS", "$JS.API.STREAM.PURGE.UNS", "$JS.API.INFO"),
                *("$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "anything"),
            ):
                said = bi.client.publish(subject, b"forged", reply=SAID)
                assert await bi.was_refused(said), subject
            await say(local, b"after")
            await until(lambda: (SAID, b"after") in lake.heard)
            assert all(data != b"forged" for _, data in [*bi.heard, *lake.heard])
            assert (await local.bus.info("UNS")).last == before + 1
            for one in (bi, lake):
                await one.client.close()

    asyncio.run(main())


def test_who_stands_in_a_zone_without_a_conduit_is_not_let_in_and_has_no_account(tmp_path):
    async def main():
        async with site(tmp_path) as (local, zones):
            assert zones.shut_out() == {"reader.spy"}
            papers = local.authority.hand_out("reader.spy", "spy", tmp_path / "spy")
            with pytest.raises(AuthError):
                await join(local, papers)
            told = (tmp_path / "bus" / "nats.conf").read_text()
            assert '"zone.business" {' in told
            assert "zone.dmz" not in told
            assert "CN=reader.spy" not in told

    asyncio.run(main())


def test_an_edge_hears_and_asks_for_nothing_but_its_own(tmp_path):
    async def main():
        async with site(tmp_path) as (local, _):
            edge = await Stranger.enter(local, A.identity, tmp_path)
            for subject in (">", f"{ROOT}.>", "up.edge2.>", "_INBOX.>", "_INBOX_edge2.>", "$SYS.>"):
                assert await edge.was_refused(edge.client.subscribe(subject)), subject
            for subject in (
                *(SAID, "up.edge2.x", "$KV.uplink_edge2.edge2", "$KV.catalogue.tags"),
                *("$JS.API.STREAM.INFO.UNS", "$JS.API.STREAM.DELETE.UP_edge1", "$JS.API.INFO"),
                *("plant.JS.API.STREAM.INFO.UP_edge2", "$SYS.REQ.SERVER.PING"),
            ):
                assert await edge.was_refused(edge.client.publish(subject, b"x")), subject
            await edge.hear(f"{A.inbox}.>")
            await edge.client.publish("up.edge1.x", b"mine", reply=f"{A.inbox}.1")
            await until(lambda: edge.heard)
            assert b'"stream":"UP_edge1"' in edge.heard[0][1].replace(b" ", b"")
            assert (await local.bus.info("UNS")).last == 0
            assert (await local.bus.info("UP_edge2")).last == 0
            await edge.client.close()

    asyncio.run(main())


def test_zones_of_the_plant_file_change_under_load_and_no_sample_is_lost(tmp_path):
    async def main():
        async with site(tmp_path) as (local, zones):
            papers = local.authority.hand_out(A.identity, A.name, tmp_path / "a")
            edge = await join(local, papers)
            sent, stopping = {"UNS": 0, "UP_edge1": 0}, asyncio.Event()

            async def load_it(bus, stream, subject):
                publisher, number = await bus.publisher(stream), 0
                while not stopping.is_set():
                    await publisher.publish(subject, b"%d" % number, id=f"{stream}{number}")
                    number = sent[stream] = number + 1
                    await asyncio.sleep(0)
                await publisher.flush()
                assert publisher.stats.lost == publisher.stats.rejected == 0
                await publisher.close()

            loads = [
                asyncio.create_task(load_it(local.bus, "UNS", SAID)),
                asyncio.create_task(load_it(edge, "UP_edge1", "up.edge1.x")),
            ]
            bi, lake = "    bi:   {zone: business}\n", "    lake: {zone: business}\n"
            closed = PLANT.replace("{from: business, to: site", "{from: business, to: dmz")
            opened = PLANT.replace("{from: business, to: site", "{from: dmz, to: site")
            for text, spies, reads in (
                *((closed, False, False), (opened, True, False), (PLANT, False, True)),
                *((PLANT.replace(bi, "").replace(lake, ""), False, False), (PLANT, False, True)),
            ):
                (tmp_path / "plant.yaml").write_text(text, "utf-8")
                assert zones.reload(tmp_path / "plant.yaml")
                assert not zones.reload(tmp_path / "plant.yaml")
                local.name(zones.clients())
                await local.keep_out()
                told = (tmp_path / "bus" / "nats.conf").read_text()
                assert ("CN=reader.spy" in told, "CN=reader.bi" in told) == (spies, reads)
            reader = await Stranger.enter(local, "reader.bi", tmp_path)
            await reader.hear(f"{ROOT}.>")
            await until(lambda: len(reader.heard) > 100)
            await until(lambda: min(sent.values()) > 1_000, 20)
            stopping.set()
            await asyncio.gather(*loads)
            for stream, number in sent.items():
                info = await local.bus.info(stream)
                assert (info.messages, info.last) == (number, number)
                last = await local.bus.message(stream, number)
                assert last.data == b"%d" % (number - 1)
            assert (local.server.restarts, local.bus.generation, edge.generation) == (0, 0, 0)
            await reader.client.close()
            await edge.close()

    asyncio.run(main())


def test_the_shop_floors_mqtt_hears_and_reaches_nothing_of_the_site(tmp_path, running):
    aiomqtt = pytest.importorskip("aiomqtt")

    async def main():
        authority = PlantAuthority.open(tmp_path / "pki", "p", lambda: Nanoseconds(time.time_ns()))
        mqtt = MqttSettings((("floor", os.urandom(12).hex()),), tls=authority.broker())
        settings = {"tls": authority.server("nats"), "mqtt": mqtt, "zone": "site"}
        clients = (Client("isthmus"), A.client())
        async with running(tmp_path / "bus", clients=clients, **settings) as server:
            ours = await Bus.connect(server.url, tls=authority.client("isthmus"))
            await ours.stream(StreamSettings("UNS", (f"{ROOT}.>",)))
            await A.prepare(ours, 1 << 20)
            async with aiomqtt.Client(
                "127.0.0.1",
                server.mqtt_port,
                username="floor",
                password=mqtt.users[0][1],
                tls_context=ssl.create_default_context(cafile=str(authority.ca)),
            ) as client:
                for topic in ("#", "uns/#", "up/#", "$SYS/#", "$JS/#", "$KV/#", "_INBOX/#"):
                    with contextlib.suppress(aiomqtt.MqttError):  # refused, or nothing comes
                        await client.subscribe(topic, qos=1)
                publisher = await ours.publisher("UNS")
                await (await publisher.publish(SAID, b"secret"))
                await (await ours.bucket("last")).put("filler", b"secret")
                for topic in (SAID, f"up.edge1.{SAID}", "$JS.API.STREAM.PURGE.UNS", "$KV.last.x"):
                    await client.publish(topic.replace(".", "/"), b"forged", qos=0)
                await client.publish("mark", b"mark", qos=1)
                async for message in client.messages:
                    assert message.payload in {b"forged", b"mark"}
                    if message.payload == b"mark":
                        break
            assert (await ours.info("UNS")).messages == 1
            assert (await ours.info("UP_edge1")).messages == 0
            assert await (await ours.bucket("last")).get("x") is None
            await publisher.close()
            await ours.close()

    asyncio.run(main())


def test_a_mistake_in_the_file_leaves_the_zones_as_they_were(tmp_path, caplog):
    async def main():
        file = tmp_path / "plant.yaml"
        file.write_text(PLANT, "utf-8")
        zones = Zones.open(load(file), tmp_path, Unrecorded())
        before = zones.plant
        app = SimpleNamespace(settings=SimpleNamespace(plant_file=file), local=None)
        file.write_text(PLANT.replace("to: site", "to: sight"), "utf-8")
        assert not await reload(app, zones)
        assert zones.plant is before
        assert "they stay as they were" in caplog.text
        file.write_text(PLANT.replace("level: 3.5", "level: 3"), "utf-8")
        assert await reload(app, zones)
        assert zones.plant.zones["dmz"].level == 3

    asyncio.run(main())


def test_a_signal_has_zones_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(zones_reload, "_from_a_terminal", lambda: False)
    named = []

    async def main():
        file = tmp_path / "plant.yaml"
        file.write_text(PLANT, "utf-8")
        zones = Zones.open(load(file), tmp_path, Unrecorded())
        local = SimpleNamespace(name=named.append)
        app = SimpleNamespace(settings=SimpleNamespace(plant_file=file), local=local)
        task = asyncio.create_task(follow(app, zones))
        await asyncio.sleep(0)
        file.write_text(PLANT.replace("spy:  {zone: dmz}", "spy:  {zone: business}"), "utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: named)
        task.cancel()
        await asyncio.wait([task])
        assert zones.shut_out() == frozenset()
        assert [one.name for one in named[0] if one.zone == "business"] == [
            *("reader.bi", "reader.lake", "reader.spy")
        ]

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asyncio.run(main())
    finally:
        signal.signal(signal.SIGHUP, before)
