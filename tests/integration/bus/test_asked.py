"""The plant asks an edge to write: nobody else can, and nothing waits for an edge that is away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import nats.errors
import pytest
from tests.integration.bus.test_revocation import A, B, until

from isthmus.bus.answering import BUSY, answer
from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.settings import Client, MqttSettings
from isthmus.model.errors import AbsentError, LinkError
from isthmus.model.sample import Nanoseconds
from isthmus.trust.pki.authority import PlantAuthority


class Asked:
    """What an edge was asked; it answers once it may."""

    def __init__(self):
        self.heard, self.may = [], asyncio.Event()
        self.may.set()

    async def __call__(self, data):
        self.heard.append(data)
        await self.may.wait()
        return b"done " + data


@contextlib.asynccontextmanager
async def plant(folder, running):
    """The site's connection, two edges' connections, and what the first was asked."""
    authority = PlantAuthority.open(folder / "trust", "p", lambda: Nanoseconds(time.time_ns()))
    mqtt = MqttSettings((("floor", os.urandom(12).hex()),))
    clients = (Client("isthmus"), A.client(), B.client())
    tls = authority.server("nats")
    async with running(folder / "bus", tls=tls, clients=clients, mqtt=mqtt) as server:
        site = await Bus.connect(server.url, tls=authority.client("isthmus"))
        edges = [
            await Bus.connect(server.url, tls=authority.client(one.identity), inbox=one.inbox)
            for one in (A, B)
        ]
        for one in (A, B):
            await one.prepare(site, 1 << 20)
        asked = Asked()
        task = asyncio.create_task(answer(edges[0], A.writes, asked))
        await until(lambda: edges[0].client._subs)
        await edges[0].client.flush()
        try:
            yield site, edges, asked, server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for bus in (*edges, site):
                await bus.close()


def test_the_plant_asks_and_the_edge_answers_each_request_once(tmp_path, running):
    async def main():
        async with plant(tmp_path, running) as (site, _edges, asked, _server):
            said = await asyncio.gather(
                *(site.request(A.writes, b"%d" % number) for number in range(20))
            )
            assert [one.data for one in said] == [b"done %d" % number for number in range(20)]
            assert sorted(asked.heard) == sorted(b"%d" % number for number in range(20))

    asyncio.run(main())


def test_an_edge_that_is_away_is_told_at_once_and_hears_nothing_afterwards(tmp_path, running):
    async def main():
        async with plant(tmp_path, running) as (site, edges, asked, _server):
            began = time.monotonic()
            with pytest.raises(AbsentError):  # the second edge answers nothing
                await site.request(B.writes, b"late")
            assert time.monotonic() - began < 1
            asked.may.clear()
            with pytest.raises(LinkError) as slow:
                await site.request(A.writes, b"slow", within=0.3)
            assert not isinstance(slow.value, AbsentError), "it was delivered"
            late = asyncio.create_task(answer(edges[1], B.writes, asked))
            await until(lambda: edges[1].client._subs)
            await edges[1].client.flush()
            await asyncio.sleep(0.2)
            assert asked.heard == [b"slow"]
            late.cancel()
            await asyncio.gather(late, return_exceptions=True)

    asyncio.run(main())


def test_nobody_but_the_plants_account_asks_an_edge(tmp_path, running):
    aiomqtt = pytest.importorskip("aiomqtt")

    async def main():
        async with plant(tmp_path, running) as (site, edges, asked, server):
            refusals = []

            async def note(error):
                refusals.append(str(error).lower())

            for bus in edges:
                bus.client._error_cb = note
                count = len(refusals)
                await bus.client.publish(A.writes, b"forged")
                await until(lambda count=count: len(refusals) > count)
                with contextlib.suppress(nats.errors.Error):
                    await bus.client.request(A.writes, b"forged", timeout=0.3)
            assert all("permissions violation" in one for one in refusals)
            other = edges[1].client
            await other.publish(f"{B.prefix}frame", b"x", reply=A.writes)
            await other.publish(f"$JS.API.STREAM.INFO.{B.stream}", b"", reply=A.writes)
            await other.flush()
            (user, word), port = server.settings.mqtt.users[0], server.mqtt_port
            async with aiomqtt.Client("127.0.0.1", port, username=user, password=word) as floor:
                await floor.publish(A.writes.replace(".", "/"), b"forged", qos=1)
            assert (await site.request(A.writes, b"ours")).data == b"done ours"
            assert asked.heard == [b"ours"]

    asyncio.run(main())


def test_an_edge_hears_only_what_it_is_asked_and_answers_it_once(tmp_path, running):
    async def main():
        async with plant(tmp_path, running) as (site, edges, asked, _server):
            refusals, heard = [], []

            async def note(error):
                refusals.append(str(error).lower())

            edges[1].client._error_cb = note
            for subject in (A.writes, "write.>", "_R_.>"):
                count = len(refusals)
                await edges[1].client.subscribe(subject)
                await until(lambda count=count: len(refusals) > count)

            async def twice(request):
                heard.append(request.data)
                await request.respond(b"one")
                await request.respond(b"two")

            await edges[1].client.subscribe(B.writes, cb=twice)
            await edges[1].client.flush()
            count = len(refusals)
            assert (await site.request(B.writes, b"ask")).data == b"one"
            await until(lambda: len(refusals) > count)
            assert (heard, asked.heard) == ([b"ask"], [])

    asyncio.run(main())


def test_more_than_an_edge_can_do_at_a_time_is_not_done_later(tmp_path, running):
    async def main():
        async with plant(tmp_path, running) as (site, edges, asked, _server):
            asked.may.clear()
            many = [asyncio.create_task(site.request(A.writes, b"x")) for _ in range(BUSY + 5)]
            await until(lambda: edges[0].errors == 5)
            asked.may.set()
            said = await asyncio.gather(
                *(asyncio.wait_for(one, 2) for one in many), return_exceptions=True
            )
            assert sum(not isinstance(one, Exception) for one in said) == BUSY
            assert len(asked.heard) == BUSY

    asyncio.run(main())


def test_an_answer_is_not_sent_over_another_connection(tmp_path, running):
    async def main():
        async with plant(tmp_path, running) as (site, edges, asked, _server):
            asked.may.clear()
            asking = asyncio.create_task(site.request(A.writes, b"x", within=3))
            await until(lambda: asked.heard)
            edges[0].client._transport._io_writer.transport.abort()
            await until(lambda: edges[0].generation == 1)
            asked.may.set()
            with pytest.raises(LinkError):
                await asking
            again = await site.request(A.writes, b"again")
            assert again.data == b"done again"

    asyncio.run(main())


def test_the_subject_is_the_edges_own():
    assert EdgeAccess("edge1").client().answers == ("write.edge1",)
