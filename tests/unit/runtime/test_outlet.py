"""From links to frames: nothing is dropped unseen, nothing is called stored before it is."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from isthmus.bus import document, frame
from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import StreamSettings
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.ports import Address, Binding, Reading
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.collect.health import Health
from isthmus.runtime.collect.outlet import ROWS, Outlet
from isthmus.runtime.collect.tap import Stage, Tap
from isthmus.runtime.collect.transform import Transform
from isthmus.runtime.subject import Subjects, link_of

NOW = Nanoseconds(1_800_000_000 * 10**9)


@dataclass
class StandIn:
    """What the outlet asks of a link."""

    name: str = "press"
    health: Health = field(default_factory=Health)


def transform(_link):
    tags = [Tag("l/a"), Tag("l/b")]
    return Transform.of([Binding(TagId(n), tag, Address()) for n, tag in enumerate(tags)], 2)


def rows(count, start=0):
    time = np.arange(count, dtype=np.int64) + NOW + start
    return Batch.of(np.zeros(count, np.int32), time, np.arange(count) + start + 0.5)


def event(text, kind="text"):
    return Event(NOW, "l/b", kind, text)


async def outlet():
    bus = MemoryBus()
    await bus.stream(StreamSettings("S", (">",)))
    publisher = await bus.publisher("S")
    made = Outlet(publisher, Subjects("acme", "x"), {"l/a": 0}, lambda: NOW, Tap(), transform)
    return bus, made


async def stored(bus):
    info = await bus.info("S")
    found = [await bus.message("S", seq) for seq in range(info.first, info.last + 1)]
    return [message for message in found if message is not None]


def test_store_returns_only_when_all_is_on_disk_however_much_it_is():
    async def go():
        bus, made = await outlet()
        await made.store(StandIn(), Reading(rows(3 * ROWS)))
        batches = [frame.decode(message.data) for message in await stored(bus)]
        assert sum(map(len, batches)) == 3 * ROWS
        assert made.publisher.stats.in_flight == 0

    asyncio.run(go())


def test_events_are_cut_by_bytes_so_that_each_message_fits():
    async def go():
        bus, made = await outlet()
        texts = [f"{number} " + "x" * 60_000 for number in range(150)]
        await made.take(StandIn(), Reading(Batch.empty(), tuple(map(event, texts))))
        await made.drain()
        messages = await stored(bus)
        assert max(len(message.data) for message in messages) <= 2 << 20
        told = [e.text for message in messages for e in document.decode_events(message.data)]
        assert told == texts

    asyncio.run(go())


def test_a_message_that_can_never_be_stored_is_counted_and_the_rest_goes_on():
    async def go():
        bus, made = await outlet()
        publish = made.publisher.publish

        async def refuses_events(subject, data, **more):
            if link_of(subject)[0] == "_event":
                raise ProtocolError("publishing: too large")
            return await publish(subject, data, **more)

        made.publisher.publish = refuses_events
        link = StandIn()
        running = asyncio.create_task(made.run())
        await made.take(link, Reading(rows(5), (event("a"),)))
        await asyncio.sleep(0.1)
        await made.take(link, Reading(rows(5, start=100)))
        await asyncio.sleep(0.1)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert sum(len(frame.decode(message.data)) for message in await stored(bus)) == 10
        assert link.health.lost == 1

    asyncio.run(go())


def test_a_long_reading_of_one_tag_lets_others_run():
    async def go():
        _bus, made = await outlet()
        turns = 0

        async def others():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        await made.take(StandIn(), Reading(rows(8 * ROWS)))
        beside.cancel()
        assert turns >= 7

    asyncio.run(go())


def test_who_leaves_a_tap_takes_only_his_own():
    tap = Tap()
    with tap.watch("press", Stage.STREAM) as first:
        with tap.watch("press", Stage.STREAM):
            pass
        tap.stream("press", rows(1), NOW + 1)
        assert len(first) == 1
    assert not tap.wanted("press", Stage.STREAM)


@pytest.mark.parametrize("name", ["press 4", "a.b", "ä%41", "x" * 50])
def test_names_of_links_survive_the_subject(name):
    subject = Subjects("acme", "river side").frame(name)
    assert " " not in subject
    assert link_of(subject) == ("_frame", name)


def test_a_hostile_subject_is_only_a_name():
    assert link_of("uns.v1.a.b._frame.%FF")[0] == "_frame"
    assert link_of("x") == ("", "")
