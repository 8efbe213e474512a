"""Who may connect to the bundled server, and who may not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import time

import pytest

from isthmus.bus.client import Bus, Credentials
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.port import StreamSettings
from isthmus.bus.server import Server
from isthmus.bus.server_state import ServerState
from isthmus.bus.settings import Client, MqttSettings, ServerSettings
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.sample import Nanoseconds
from isthmus.trust.pki.authority import Identity, PlantAuthority


@pytest.fixture
def authority(tmp_path):
    return PlantAuthority.open(tmp_path / "trust", "p", lambda: Nanoseconds(time.time_ns()))


def test_mutual_tls_admits_our_clients_and_nobody_else(tmp_path, running, authority):
    async def main():
        server_tls = authority.server("nats")
        clients = (Client("isthmus"), Client("reader", publish=("$JS.API.STREAM.INFO.>",)))
        async with running(tmp_path / "bus", tls=server_tls, clients=clients) as server:
            assert server.url.startswith("tls://127.0.0.1:")
            bus = await Bus.connect(server.url, tls=authority.client("isthmus"))
            await bus.stream(StreamSettings("S", ("s.>",)))
            publisher = await bus.publisher("S")
            assert (await (await publisher.publish("s.a", b"1"))).seq == 1
            cipher = bus.client._transport._io_writer.get_extra_info("cipher")
            assert cipher[1] == "TLSv1.3"
            await bus.close()

            with pytest.raises(LinkError):
                await Bus.connect(server.url, within=1)  # no certificate
            with pytest.raises(AuthError):  # ours, but named nowhere
                await Bus.connect(server.url, tls=authority.client("stranger"), within=3)
            others = PlantAuthority.open(
                tmp_path / "others", "q", lambda: Nanoseconds(time.time_ns())
            )
            with pytest.raises(AuthError):  # we refuse a server of another authority
                await Bus.connect(server.url, tls=others.client("isthmus"), within=3)
            forged = others.client("isthmus")
            mixed = Identity("m", authority.ca, forged.certificate, forged.key, forged.ends)
            with pytest.raises(LinkError):  # it refuses our certificate of another authority
                await Bus.connect(server.url, tls=mixed, within=1)

    asyncio.run(main())


def test_a_client_is_held_to_its_subjects(tmp_path, running, authority):
    async def main():
        clients = (Client("isthmus"), Client("edge1", publish=("up.edge1.>", "$JS.API.INFO")))
        async with running(tmp_path / "b", tls=authority.server("n"), clients=clients) as server:
            ours = await Bus.connect(server.url, tls=authority.client("isthmus"))
            await ours.stream(StreamSettings("S", ("up.>",)))
            edge = await Bus.connect(server.url, tls=authority.client("edge1"))
            await edge.client.publish("up.edge2.x", b"not mine")
            await edge.client.publish("up.edge1.x", b"mine")
            await edge.client.flush()
            messages = await anext(ours.consume("S", 1))
            assert [message.data for message in messages] == [b"mine"]
            await ours.close()
            await edge.close()

    asyncio.run(main())


def test_its_files_are_private(tmp_path, running, authority):
    async def main():
        async with running(tmp_path / "bus", tls=authority.server("nats")):
            mode = (tmp_path / "bus" / "nats.conf").stat().st_mode
            assert stat.S_IMODE(mode) == 0o600

    asyncio.run(main())


def test_the_shop_floor_broker_is_apart_from_the_plants_streams(tmp_path, running, authority):
    aiomqtt = pytest.importorskip("aiomqtt")
    import ssl

    async def main():
        mqtt = MqttSettings((("floor", os.urandom(12).hex()),), tls=authority.broker())
        async with running(tmp_path / "bus", tls=authority.server("nats"), mqtt=mqtt) as server:
            assert server.mqtt_url == f"mqtts://127.0.0.1:{server.mqtt_port}"
            context = ssl.create_default_context(cafile=str(authority.ca))
            bus = await Bus.connect(server.url, tls=authority.client("isthmus"))
            await bus.stream(StreamSettings("S", ("s.>",)))
            where = {
                "hostname": "127.0.0.1",
                "port": server.mqtt_port,
                "tls_context": context,
                "username": "floor",
            }
            async with aiomqtt.Client(**where, password=mqtt.users[0][1]) as client:
                await client.subscribe("spBv1.0/#", qos=1)
                await client.publish("spBv1.0/g/NBIRTH/e", b"birth", qos=1)
                await client.publish("s/a", b"not yours", qos=1)
                message = await anext(client.messages)
                assert (message.topic.value, message.payload) == ("spBv1.0/g/NBIRTH/e", b"birth")
            assert (await bus.info("S")).messages == 0
            with pytest.raises(aiomqtt.MqttError):
                async with aiomqtt.Client(**where, password="wrong"):
                    pass
            await bus.close()

    asyncio.run(main())


@pytest.mark.parametrize("ours", [True, False], ids=["certificate", "password"])
def test_nothing_is_said_to_a_server_whose_greeting_lost_its_tls(authority, ours):
    async def main():
        heard = []

        async def pose(reader, writer):
            info = {"server_id": "x", "version": "2.15.0", "proto": 1, "max_payload": 1 << 20}
            writer.write(b"INFO " + json.dumps({**info, "headers": True}).encode() + b"\r\n")
            while line := await reader.readline():
                heard.append(line)
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
            writer.close()

        async with await asyncio.start_server(pose, "127.0.0.1", 0) as listener:
            url = f"tls://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            shown = {"tls": authority.client("edge1")} if ours else {}
            if not ours:
                shown["credentials"] = Credentials(user="isthmus", password="word")
            with pytest.raises(AuthError, match="does not ask for TLS"):
                await Bus.connect(url, **shown, within=3)
        assert heard == []

    asyncio.run(main())


def test_a_strangers_name_in_the_log_is_not_taken_for_a_full_disk(tmp_path):
    aiomqtt = pytest.importorskip("aiomqtt")

    async def main():
        told = []
        mqtt = MqttSettings((("floor", os.urandom(12).hex()),))
        server = Server(
            ServerSettings(tmp_path / "bus", mqtt=mqtt),
            on_state=lambda state, why: told.append(state),
        )
        await server.start()
        try:
            with pytest.raises(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1",
                    server.mqtt_port,
                    username="no space left on device",
                    password="wrong",
                ):
                    pass
            async with asyncio.timeout(10):
                while "no space left on device" not in server.log.file.read_text():
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            assert told == [ServerState.STARTING, ServerState.UP]
        finally:
            await server.stop()

    asyncio.run(main())


@contextlib.asynccontextmanager
async def two_edges(folder, running, authority):
    """A site's connection, and one of edge `a`, beside which there is an edge `b`."""
    a, b = EdgeAccess("a"), EdgeAccess("b")
    clients = (Client("isthmus"), a.client(), b.client())
    async with running(folder, tls=authority.server("nats"), clients=clients) as server:
        site = await Bus.connect(server.url, tls=authority.client("isthmus"))
        await a.prepare(site, 1 << 20)
        await b.prepare(site, 1 << 20)
        edge = await Bus.connect(server.url, tls=authority.client(a.identity), inbox=a.inbox)
        try:
            yield site, edge
        finally:
            await edge.close()
            await site.close()


def test_an_edge_does_what_an_uplink_does(tmp_path, running, authority):
    async def main():
        async with two_edges(tmp_path / "b", running, authority) as (site, edge):
            publisher = await edge.publisher("UP_a")
            acks = [
                await publisher.publish("up.a.acme.x", b"%d" % number, id=f"id{number}")
                for number in range(3_000)
            ]
            assert [(await ack).seq for ack in acks] == list(range(1, 3_001))
            assert (await edge.info("UP_a")).last == 3_000
            assert (await edge.message("UP_a", 3_000)).id == "id2999"
            bucket = await edge.bucket("uplink_a")
            assert await bucket.get("a") is None
            await bucket.put("a", b"place")
            assert (await bucket.get("a")).value == b"place"
            messages = await anext(site.consume("UP_a", 1))
            assert messages[0].data == b"0"

    asyncio.run(main())


@pytest.mark.parametrize(
    "reply",
    [
        *("up.b.frame.injected", "acme.frame", "$KV.uplink_b.b", "$JS.API.STREAM.PURGE.S"),
        *("$JS.API.STREAM.DELETE.UP_b", "$JS.API.STREAM.DELETE.S"),
    ],
)
def test_an_answer_to_an_edge_goes_nowhere_but_to_it(tmp_path, running, authority, reply):
    async def main():
        async with two_edges(tmp_path / "b", running, authority) as (site, edge):
            await site.stream(StreamSettings("S", ("acme.>",)))
            publisher = await site.publisher("S")
            await (await publisher.publish("acme.frame", b"ours"))
            await publisher.close()
            await (await site.bucket("uplink_b")).put("b", b"place")
            before = (await site.info("UP_a")).last
            send = edge.client.publish
            await send("up.a.frame", b"x", reply=reply)
            for call in ("STREAM.INFO.UP_a", "STREAM.INFO.KV_uplink_a", "STREAM.MSG.GET.UP_a"):
                await send(f"$JS.API.{call}", b"", reply=reply)
            await send("$KV.uplink_a.a", b"x", reply=reply)
            await send("up.b.direct", b"x")
            await edge.client.flush()
            async with asyncio.timeout(10):
                while (await site.info("UP_a")).last == before:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            assert (await site.info("S")).last == 1
            assert (await site.info("S")).messages == 1
            assert (await site.info("UP_b")).last == 0
            assert (await (await site.bucket("uplink_b")).get("b")).value == b"place"

    asyncio.run(main())
