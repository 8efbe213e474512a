"""The order of what a server publishes, when several answers come at once."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from isthmus.connectors.opcua.message import Publication
from isthmus.connectors.opcua.setting import OpcUa
from isthmus.connectors.opcua.subscribe import LAST_SEQUENCE, Subscribe


class Answered(Subscribe):
    """A subscription whose publish requests are answered with what the test has."""

    async def _publish(self):
        if not self.answers:
            await asyncio.Event().wait()
        return b"", self.answers.pop(0)


@pytest.mark.parametrize("first", [5, LAST_SEQUENCE])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_keep_alive_does_not_turn_the_count_back(tmp_path, first, order):
    second = 1 if first == LAST_SEQUENCE else first + 1
    published = [
        Publication(first, subscription=1),
        Publication(second, subscription=1, keep_alive=True),
        Publication(second, subscription=1),
    ]

    async def run():
        setting = OpcUa(name="plc", url="opc.tcp://127.0.0.1:1")
        link = Answered(setting, (), now=lambda: 0, state=tmp_path)
        link._id, link._expected, link._most = 1, first, 3
        link.answers = [published[place] for place in order]
        found = await link._published()
        link.answers = [Publication(second + 1, subscription=1, available=(second, second + 1))]
        found += await link._published()
        for task in link._waiting:
            task.cancel()
        await asyncio.gather(*link._waiting, return_exceptions=True)
        return [message.sequence for _, message in found], link.counts()

    numbers, counts = asyncio.run(run())
    assert numbers == [first, second, second + 1]
    assert counts["missed"] == 0
