"""Plants for measuring: sources that speak as fast as they are listened to, with known content."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.model.plant import Connection, Equipment, Level, Plant
from isthmus.model.ports import Address, Binding, Reading, SourceConfig
from isthmus.model.sample import Batch, Clock, Int32s
from isthmus.model.tag import Tag

CYCLE = 64


class Flood(SourceConfig):
    """A batched source: each reading has `rows` rows, one a tag, every one of them news.

    `rate` paces it (values a second), 0 lets it run as fast as it is listened to. `limit` ends it.
    """

    kind: str = "flood"
    rows: int = 1_000
    rate: float = 0.0
    limit: int = 0

    def build(self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str) -> Flooding:
        """The source."""
        del state
        ids = np.array([binding.id for binding in bindings], np.int32)
        return Flooding(self, ids, now)

    @property
    def endpoint(self) -> str:
        """Nowhere."""
        return "memory:"


@dataclass(slots=True)
class Flooding:
    """Speaks without end; values are slow walks with three decimals, as sensors have them."""

    config: Flood
    ids: Int32s
    now: Clock

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect."""

    async def listen(self) -> AsyncIterator[Reading]:
        """Batches, each a few nanoseconds after the one before."""
        chance = np.random.default_rng(1)
        size = len(self.ids)
        steps_of = np.round(chance.normal(0, 0.02, (CYCLE, size)), 3)
        steps_of[steps_of == 0] = 0.001
        walks = np.round(20 + np.cumsum(steps_of, axis=0), 3)
        quality = np.zeros(size, np.uint32)
        steps = np.arange(size, dtype=np.int64)
        said, began = 0, time.perf_counter()
        turn = 0
        while not self.config.limit or said < self.config.limit:
            at = np.full(size, self.now(), np.int64) + steps
            # to and fro through the walks, so that no value repeats the one before
            place = turn % (2 * CYCLE - 2)
            row = place if place < CYCLE else 2 * CYCLE - 2 - place
            yield Reading(Batch(self.ids, at, walks[row], quality))
            turn += 1
            said += size
            if self.config.rate:
                await asyncio.sleep(
                    max(0.0, said / self.config.rate - (time.perf_counter() - began))
                )
            else:
                await asyncio.sleep(0)
        await asyncio.Event().wait()


def flood_plant(links: int, tags: int, *, rate: float = 0.0, limit: int = 0) -> Plant:
    """A plant of `links` flooding connections with `tags` tags each; `rate`, `limit` a link."""
    units, connections = [], {}
    for number in range(links):
        path = f"area/line/unit{number}"
        own = tuple(Tag(f"{path}/t{place}") for place in range(tags))
        units.append(Equipment(path, Level.WORK_UNIT, tags=own))
        connections[f"link{number}"] = Connection(
            Flood(name=f"link{number}", rows=tags, rate=rate, limit=limit),
            {tag.path: Address() for tag in own},
        )
    line = Equipment("area/line", Level.WORK_CENTER, children=tuple(units))
    area = Equipment("area", Level.AREA, children=(line,))
    return Plant("acme", "bench", areas=(area,), connections=connections)
