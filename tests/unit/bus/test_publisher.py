"""What a publisher tells of messages that its stream held already."""

from __future__ import annotations

import asyncio

from isthmus.bus.memory import MemoryBus
from isthmus.bus.publisher import Pending, Publisher


def test_what_the_stream_holds_is_acknowledged_in_its_order():
    async def main():
        bus = MemoryBus()
        bus.client = Inboxes()
        publisher, told = Publisher(bus, "S", max_bytes=1 << 20, max_count=10), []
        for number in range(5):
            ack = asyncio.get_running_loop().create_future()
            ack.add_done_callback(lambda ack: told.append(ack.result().seq))
            publisher._window[number] = Pending("s.a", b"x", f"id{number}", ack)
        publisher._forget_stored(8, "id3")
        await asyncio.sleep(0)
        assert told == [5, 6, 7, 8]
        assert list(publisher._window) == [4]

    asyncio.run(main())


class Inboxes:
    """Stands for the NATS client where nothing is sent."""

    def new_inbox(self):
        return "_INBOX.x"
