"""What is shared on the bus for those who hear and cannot look up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from tests.integration.bus.test_revocation import until

from isthmus.bus.document import decode_catalogue
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime import share


class Kept:
    """A bucket that tells what was put into it."""

    def __init__(self):
        self.put_there = []

    async def put(self, key, value):
        self.put_there.append((key, value))


def shared(monkeypatch, readers, turns):
    """What the catalogue was told in so many turns."""
    monkeypatch.setattr(share, "EVERY", 0.001)
    monkeypatch.setattr(share, "AGAIN", 0.0)
    namespace = Namespace()
    namespace.bind(Tag("acme/riverside/packaging/line1/filler/speed"))
    zones = SimpleNamespace(plant=SimpleNamespace(readers=readers))
    app = SimpleNamespace(namespace=namespace, links={}, trust=SimpleNamespace(zones=zones))
    buckets, asked = {"catalogue": Kept(), "last": Kept()}, []

    async def bucket(name):
        asked.append(name)
        return buckets[name]

    async def main():
        task = asyncio.create_task(share.share_for_ever(app, SimpleNamespace(bucket=bucket)))
        await until(lambda: asked.count("last") >= turns)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    return buckets["catalogue"].put_there


def test_names_come_again_where_a_reader_that_came_late_could_not_look_them_up(monkeypatch):
    told = shared(monkeypatch, {"bi": "business"}, 4)
    assert len(told) >= 3
    assert {key for key, _ in told} == {"tags"}
    assert [tag.path for _, tag in decode_catalogue(told[-1][1])] == [
        "acme/riverside/packaging/line1/filler/speed"
    ]


def test_names_are_put_once_where_all_can_look_them_up(monkeypatch):
    assert len(shared(monkeypatch, {}, 4)) == 1
