"""Messages that were lost on the way are asked for again, from a real server."""

from __future__ import annotations

import asyncio

from isthmus.connectors.opcua import subscribe
from isthmus.connectors.opcua.message import publication
from isthmus.model.errors import LinkError


class Leak:
    """A session's `ask` that loses some answers to publish requests after they were received."""

    def __init__(self, link, lose):
        self.ask, self.lose, self.seen = link.session.ask, lose, 0
        link.session.ask = self

    async def __call__(self, request, *, within=None):
        while True:
            data, at = await self.ask(request, within=within)
            if within != 0:
                return data, at
            _, message = publication(data, at)
            if message is None or message.keep_alive:
                return data, at
            self.seen += 1
            if self.seen not in self.lose:
                return data, at


def test_each_lost_message_is_asked_for_again_and_comes_in_its_place(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Count"), tmp_path, sampling=0, in_flight=2)
        await link.open()
        leak = Leak(link, lose={3, 4, 7})
        readings, seen = link.listen(), []
        await anext(readings)
        for number in range(500, 510):
            await asyncio.to_thread(server.put, Count=[number, "Int32"])
            await asyncio.sleep(0.12)
            if leak.seen not in leak.lose:
                while not seen or seen[-1] != number:
                    seen += (await anext(readings)).batch.value.tolist()
        counts = link.counts()
        await readings.aclose()
        await link.close()
        return seen, counts

    seen, counts = asyncio.run(run())
    assert seen == list(range(500, 510))
    assert counts["republished"] == 3
    assert counts["missed"] == counts["dropped"] == 0


def test_what_the_server_no_longer_has_is_counted_as_dropped(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Count"), tmp_path)
        await link.open()
        readings = link.listen()
        await anext(readings)
        link._expected -= 3  # as if three messages had gone, long ago
        link._expected &= subscribe.LAST_SEQUENCE
        await asyncio.to_thread(server.put, Count=[77, "Int32"])
        value = (await anext(readings)).batch.value.tolist()
        counts = link.counts()
        await readings.aclose()
        await link.close()
        return value, counts

    value, counts = asyncio.run(run())
    assert value == [77.0]
    assert counts["missed"] == counts["dropped"] == 3


def test_a_subscription_that_is_deleted_is_a_lost_link(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Count"), tmp_path)
        await link.open()
        readings = link.listen()
        await anext(readings)
        await link.session.services.delete_subscriptions([link._id])
        error = None
        try:
            async with asyncio.timeout(15):
                async for _ in readings:
                    pass
        except LinkError as raised:
            error = raised
        await link.close()
        return error

    assert isinstance(asyncio.run(run()), LinkError)
