"""The collecting side of an installation: links to devices, and the way of their words out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from isthmus.bus.port import Publishing
from isthmus.model.plant import Connection
from isthmus.model.ports import Binding
from isthmus.model.sample import Clock
from isthmus.model.tag import Namespace
from isthmus.runtime.collect.ending import end
from isthmus.runtime.collect.link import Link
from isthmus.runtime.collect.outlet import Outlet
from isthmus.runtime.collect.tap import Tap
from isthmus.runtime.collect.transform import Transform
from isthmus.runtime.subject import Subjects, level

DRAIN = 10.0


class Collector:
    """Links, their transforms and the outlet to one stream; `start`, then `stop`."""

    def __init__(
        self,
        connections: Mapping[str, Connection],
        namespace: Namespace,
        publisher: Publishing,
        subjects: Subjects,
        *,
        now: Clock,
        tap: Tap,
        folder: Path,
    ) -> None:
        """`folder` keeps what a connection must remember, in a folder of its own."""
        self.publisher = publisher
        self.links: dict[str, Link] = {}
        self.outlet = Outlet(
            publisher,
            subjects,
            {path: number for number, path in enumerate(namespace.paths())},
            now,
            tap,
            lambda link: Transform.of(link.bindings, len(namespace)),
        )
        for name, connection in connections.items():
            state = folder / level(name)
            state.mkdir(parents=True, exist_ok=True)
            bindings = []
            for path, address in connection.addresses.items():
                number = namespace.id(path)
                if number is not None:
                    bindings.append(Binding(number, namespace[number], address))
            self.links[name] = Link(
                *(connection.config, bindings, self.outlet.take, self.outlet.store, now),
                state=str(state),
            )
        self._running: list[asyncio.Task[None]] = []
        self._outlet: list[asyncio.Task[None]] = []

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Open the links, and publish what they say."""
        self._outlet = [tasks.create_task(self.outlet.run(), name="outlet")]
        self._running = [
            tasks.create_task(link.run(), name=f"link {name}") for name, link in self.links.items()
        ]

    async def stop(self) -> None:
        """Close the links, then hand over what they said, waiting 10 s at most."""
        await end(self._running)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.outlet.drain()
        await end(self._outlet)
