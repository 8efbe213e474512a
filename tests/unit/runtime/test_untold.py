"""Events that wait for the stream: in order, once, bounded, as they were after a restart."""

from __future__ import annotations

import asyncio
from collections import UserDict
from contextlib import suppress

import pytest

from isthmus.bus.memory import MemoryBus
from isthmus.bus.port import Ack, StreamSettings
from isthmus.model.errors import LinkError, ProtocolError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds
from isthmus.runtime import untold as module
from isthmus.runtime.untold import Untold


def event(number):
    return Event(Nanoseconds(number), "a/b", "rule", f"text {number}", 200, {"number": number})


def stored():
    """The word of a stream that has it."""
    ack = asyncio.get_running_loop().create_future()
    ack.set_result(Ack(1, duplicate=False))
    return ack


def made(*numbers):
    found = Untold()
    for number in numbers:
        found.tell(event(number))
    return found


def test_what_fails_waits_and_nothing_is_told_twice():
    found, told = made(1, 2, 3), []

    async def tell(one):
        if one.time == 2 and told == [1]:
            told.append("fails")
            raise LinkError("the stream is away")
        told.append(one.time)
        return stored()

    with pytest.raises(LinkError):
        asyncio.run(found.hand_over(tell))
    assert [one.time for one in found.waiting] == [2, 3]
    assert asyncio.run(found.hand_over(tell)) == 2
    assert told == [1, "fails", 2, 3]
    assert asyncio.run(found.hand_over(tell)) == 0


def test_what_a_full_stream_has_not_stored_waits_and_is_stored_once(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    found = made(1, 2, 3, 4, 5)

    async def main():
        bus = MemoryBus()
        await bus.stream(StreamSettings("S", ("s.>",), max_bytes=1))
        publisher = await bus.publisher("S", max_count=1)

        async def send(one):
            return await publisher.publish("s.a", b"%d" % one.time, id=f"{one.time}")

        for _ in range(3):
            with pytest.raises(LinkError, match="has not taken an event"):
                await found.hand_over(send)
        assert [one.time for one in found.waiting] == [1, 2, 3, 4, 5]
        assert publisher.stats.in_flight == 1  # it is not sent again while it is under way
        await bus.stream(StreamSettings("S", ("s.>",)))
        async with asyncio.timeout(5):
            while found.waiting:
                with suppress(LinkError):
                    await found.hand_over(send)
        again = made(5)  # as after a kill: the stream had it, the file did not say so
        assert await again.hand_over(send) == 1
        held = [bus.stored("S").messages[place].data for place in range(5)]
        assert (held, bus.stored("S").last) == ([b"1", b"2", b"3", b"4", b"5"], 5)
        await publisher.close()
        await bus.close()

    asyncio.run(main())


def test_what_no_stream_ever_takes_is_counted_and_holds_up_nothing():
    found = made(1, 2)

    async def send(one):
        if one.time == 1:
            raise ProtocolError("too large")
        return stored()

    assert asyncio.run(found.hand_over(send)) == 1
    assert (found.dropped, list(found.waiting)) == (1, [])


def test_beyond_the_bound_the_oldest_goes_even_while_it_is_handed_over(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    found, told = made(1, 2, 3, 4), []
    assert ([one.time for one in found.waiting], found.dropped) == ([2, 3, 4], 1)

    async def tell(one):
        told.append(one.time)
        if one.time == 2:
            found.tell(event(5))  # 2 makes room, which is being told
        return stored()

    asyncio.run(found.hand_over(tell))
    assert told == [2, 3, 4, 5]
    assert not found.waiting


def test_an_event_that_comes_while_what_waits_is_written_down_waits_too():
    found = made(1)

    class Telling(UserDict):
        def keys(self):
            if len(found.waiting) < 5:
                found.tell(event(2))
            return super().keys()

    found.waiting[0] = Event(Nanoseconds(1), "a/b", "rule", "text 1", 200, Telling())
    assert [one["time"] for one in found.told()] == [1]
    assert [one.time for one in found.waiting] == [1, 2]


def test_it_is_the_same_after_a_restart():
    found = made(1, 2)
    found.dropped = 7
    assert Untold.of(found.told(), 7, "alarm") == found
    old = [{key: value for key, value in one.items() if key != "kind"} for one in found.told()]
    assert [one.kind for one in Untold.of(old, 0, "alarm").waiting] == ["alarm", "alarm"]
