"""Values of a real server, by subscription and by polling."""

from __future__ import annotations

import asyncio
import math

import pytest

from isthmus.connectors.opcua import subscribe
from isthmus.connectors.opcua.session import hooks_fit
from isthmus.model.errors import LinkError, ProtocolError
from isthmus.model.ports import Browse, Counts, Writer
from isthmus.model.sample import Status

NODES = ("Speed", "Count", "Running", "Ratio", "Levels", "Batch", "Missing")


def test_a_subscription_gives_each_type_as_a_number_and_texts_as_events(server, opcua, tmp_path):
    async def run():
        bindings = opcua.bound(*NODES, text=("Batch",), index={"Levels": 1})
        link = opcua.linked(server.url, bindings, tmp_path)
        await link.open()
        values, events = await opcua.gathered(link, len(NODES))
        counts = link.counts()
        await link.close()
        return values, events, counts

    server.put(Speed=[12.5, "Double"], Count=[7, "Int32"], Running=[True, "Boolean"])
    server.put(Ratio=[0.5, "Float"], Batch=["B-1", "String"])
    values, events, counts = asyncio.run(run())
    assert values[10] == (12.5, 0)
    assert values[11] == (7.0, 0)
    assert values[12] == (1.0, 0)
    assert values[13] == (0.5, 0)
    assert values[14] == (2.0, 0)
    assert math.isnan(values[16][0])
    assert values[16][1] == Status.BAD_NODE_ID_UNKNOWN
    assert [(event.path, event.text) for event in events] == [("line/Batch", "B-1")]
    assert counts["refused"] == 1
    assert counts["fallback"] == 2


def test_changes_arrive_in_order_and_none_is_left_out(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Count"), tmp_path, sampling=0, queue=100)
        await link.open()
        seen = []
        readings = link.listen()
        await anext(readings)
        for number in range(100, 150):
            await asyncio.to_thread(server.put, Count=[number, "Int32"])
        while not seen or seen[-1] < 149:
            seen += (await anext(readings)).batch.value.tolist()
        await readings.aclose()
        await link.close()
        return seen

    assert asyncio.run(run()) == list(range(100, 150))


@pytest.mark.parametrize("mode", ["subscribe", "poll"])
def test_device_time_is_kept(server, opcua, tmp_path, mode):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Speed"), tmp_path, mode=mode)
        await link.open()
        before = link.now()
        await asyncio.to_thread(server.put, Speed=[55.0, "Double"])
        after = link.now()
        if mode == "poll":
            reading = await link.read()
        else:
            readings = link.listen()
            async for reading in readings:
                if reading.batch.value[-1] == 55.0:
                    break
            await readings.aclose()
        await link.close()
        assert before <= reading.batch.time[-1] <= after

    asyncio.run(run())


def test_not_a_number_and_infinity_pass_unchanged(server, opcua, tmp_path):
    async def run(kind):
        link = opcua.linked(server.url, opcua.bound("Speed", "Ratio"), tmp_path, mode="poll")
        await link.open()
        reading = await link.read()
        await link.close()
        return reading.batch

    server.put(Speed=[math.nan, "Double"], Ratio=[-math.inf, "Float"])
    batch = asyncio.run(run("poll"))
    server.put(Speed=[12.5, "Double"], Ratio=[0.5, "Float"])
    assert math.isnan(batch.value[0])
    assert batch.value[1] == -math.inf
    assert batch.quality.tolist() == [0, 0]


def test_a_number_for_a_tag_of_text_and_a_text_for_a_number_are_bad(server, opcua, tmp_path):
    async def run():
        bindings = opcua.bound("Batch", "Speed", "Levels", text=("Speed",))
        link = opcua.linked(server.url, bindings, tmp_path)
        await link.open()
        values, events = await opcua.gathered(link, 3)
        await link.close()
        return values, events

    values, events = asyncio.run(run())
    assert {quality for _, quality in values.values()} == {Status.BAD_TYPE_MISMATCH}
    assert all(math.isnan(value) for value, _ in values.values())
    assert events == []


def test_a_text_of_ten_megabytes_is_bad_and_all_else_goes_on(server, opcua, tmp_path):
    async def run():
        bindings = opcua.bound("Batch", "Speed", text=("Batch",))
        link = opcua.linked(server.url, bindings, tmp_path, timeout=20)
        await link.open()
        values, events = await opcua.gathered(link, 2)
        counts = link.counts()
        await link.close()
        return values, events, counts

    server.put(Batch=["x" * 10_000_000, "String"])
    values, events, counts = asyncio.run(run())
    server.put(Batch=["B-1", "String"])
    assert values[10][1] == 0x8008_0000
    assert values[11][1] == 0
    assert events == []
    assert counts["oversize"] == 1


def test_a_tag_that_the_server_learns_later_is_found(server, opcua, tmp_path, monkeypatch):
    monkeypatch.setattr(subscribe, "RETRY", 0.2)
    monkeypatch.setattr(subscribe, "KEEP_ALIVE", 0.1)

    async def run():
        link = opcua.linked(server.url, opcua.bound("Later"), tmp_path)
        await link.open()
        readings = link.listen()
        first = (await anext(readings)).batch
        await asyncio.to_thread(server.put, add=["Later", "Double"])
        second = (await anext(readings)).batch
        counts = link.counts()
        await readings.aclose()
        await link.close()
        return first, second, counts

    first, second, counts = asyncio.run(run())
    assert first.quality.tolist() == [Status.BAD_NODE_ID_UNKNOWN]
    assert (second.value.tolist(), second.quality.tolist()) == ([1.0], [0])
    assert counts["refused"] == 0


def test_a_message_longer_than_we_allow_ends_the_link(server, opcua, tmp_path, monkeypatch):
    monkeypatch.setattr("isthmus.connectors.opcua.session.LONGEST_MESSAGE", 2**20)

    async def run():
        link = opcua.linked(server.url, opcua.bound("Batch"), tmp_path, mode="poll")
        await link.open()
        with pytest.raises((LinkError, ProtocolError)):
            await link.read()
        await link.close()

    server.put(Batch=["x" * 3_000_000, "String"])
    asyncio.run(run())
    server.put(Batch=["B-1", "String"])


def test_a_link_without_tags_waits_and_notices_a_loss(opcua, tmp_path, monkeypatch):
    monkeypatch.setattr(subscribe, "KEEP_ALIVE", 0.1)

    async def run(running):
        link = opcua.linked(running.url, [], tmp_path)
        await link.open()
        waiting = asyncio.create_task(anext(link.listen()))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        running.process.kill()
        with pytest.raises(LinkError):
            async with asyncio.timeout(15):
                await waiting
        await link.close()

    with opcua.serving() as running:
        asyncio.run(run(running))


def test_polling_gives_a_text_once_and_numbers_each_time(server, opcua, tmp_path):
    async def run():
        bindings = opcua.bound(*NODES, text=("Batch",), index={"Levels": 2})
        link = opcua.linked(server.url, bindings, tmp_path, mode="poll")
        await link.open()
        first, second = await link.read(), await link.read()
        await asyncio.to_thread(server.put, Batch=["B-2", "String"])
        third = await link.read()
        await link.close()
        return first, second, third

    first, second, third = asyncio.run(run())
    server.put(Batch=["B-1", "String"])
    assert [len(reading.batch) for reading in (first, second, third)] == [6, 6, 6]
    assert first.batch.value[4] == 3.0
    assert first.batch.quality[-1] == Status.BAD_NODE_ID_UNKNOWN
    assert [event.text for event in first.events] == ["B-1"]
    assert second.events == ()
    assert [event.text for event in third.events] == ["B-2"]


def test_a_namespace_may_be_named_by_its_uri(server, opcua, tmp_path):
    async def run(mode):
        nodes = ("nsu=http://acme/riverside;s=Line.Count", "nsu=http://nobody;s=Line.Count")
        link = opcua.linked(server.url, opcua.bound(*nodes), tmp_path, mode=mode)
        await link.open()
        if mode == "poll":
            reading = await link.read()
            values = dict(
                zip(reading.batch.tag.tolist(), reading.batch.quality.tolist(), strict=True)
            )
        else:
            found, _ = await opcua.gathered(link, 2)
            values = {tag: quality for tag, (_, quality) in found.items()}
        await link.close()
        return values

    for mode in ("subscribe", "poll"):
        assert asyncio.run(run(mode)) == {10: 0, 11: Status.BAD_NODE_ID_UNKNOWN}


def test_two_thousand_tags_all_speak(opcua, tmp_path):
    nodes = [f"ns=2;s=Many.{place}" for place in range(2_000)]

    async def run(url, mode):
        link = opcua.linked(url, opcua.bound(*nodes), tmp_path, mode=mode, timeout=30)
        await link.open()
        if mode == "poll":
            values = (await link.read()).batch.value.tolist()
        else:
            found, _ = await opcua.gathered(link, len(nodes))
            values = [found[10 + place][0] for place in range(len(nodes))]
        await link.close()
        return values

    with opcua.serving(many=2_000) as large:
        for mode in ("subscribe", "poll"):
            assert asyncio.run(run(large.url, mode)) == [float(n) for n in range(2_000)]


def test_without_a_look_at_the_bytes_asyncua_decodes(server, opcua, tmp_path, monkeypatch):
    class Other:
        async def _send_request(self, message):
            return message

    assert not hooks_fit(Other())
    monkeypatch.setattr("isthmus.connectors.opcua.session.hooks_fit", lambda _session: False)

    async def run(mode):
        bindings = opcua.bound(*NODES, text=("Batch",), index={"Levels": 1})
        link = opcua.linked(server.url, bindings, tmp_path, mode=mode)
        await link.open()
        assert not link.session.raw
        if mode == "poll":
            reading = await link.read()
            numbers, events = reading.batch.value.tolist(), reading.events
        else:
            values, events = await opcua.gathered(link, len(NODES))
            numbers = [values[tag][0] for tag in sorted(values)]
        await link.close()
        return numbers, [event.text for event in events]

    server.put(Speed=[12.5, "Double"], Count=[7, "Int32"])
    for mode in ("subscribe", "poll"):
        numbers, texts = asyncio.run(run(mode))
        assert numbers[:5] == [12.5, 7.0, 1.0, 0.5, 2.0]
        assert texts == ["B-1"]


def test_a_closed_link_says_so_and_closes_again_in_silence(server, opcua, tmp_path):
    async def run():
        link = opcua.linked(server.url, opcua.bound("Speed"), tmp_path, mode="poll")
        assert isinstance(link, Browse)
        assert isinstance(link, Writer)
        assert isinstance(link, Counts)
        await link.close()
        await link.open()
        await link.open()
        await link.close()
        await link.close()
        with pytest.raises(LinkError, match="closed"):
            await link.read()

    asyncio.run(run())
