"""A machine that writes lines, and what we read of them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from isthmus.connectors.files import Files, FilesAddress
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

NOW = Nanoseconds(1_760_000_000_000_000_000)


class Machine:
    """A folder of files, a folder of state, and a subscription over both."""

    def __init__(self, folder):
        self.folder, self.state = folder / "machine", folder / "state"
        self.listening = {}
        self.folder.mkdir()
        self.state.mkdir()

    def write(self, text, name="a.log"):
        with (self.folder / name).open("ab") as out:
            out.write(text if isinstance(text, bytes) else text.encode())

    def source(self, columns=("v",), *, pattern="*.log", kinds=None, legends=None, **settings):
        if "line" not in settings and not settings.get("csv"):
            settings["line"] = r"(?P<v>\S+)$"
        config = Files(name="logs", path=str(self.folder / pattern), **{"every": 0.01, **settings})
        bindings = [
            Binding(
                TagId(number),
                Tag(
                    f"line/unit/{column}",
                    kind=(kinds or {}).get(column, Kind.NUMBER),
                    legend=(legends or {}).get(column, {}),
                ),
                FilesAddress.parse(column),
            )
            for number, column in enumerate(columns)
        ]
        return config.build(bindings, now=lambda: NOW, state=str(self.state))

    async def values(self, source, wanted):
        """The next `wanted` values, and what else comes at once; all taken and remembered."""
        listening, waiting = self.listening.pop(source, (None, None))
        if listening is None:
            listening = source.listen()
        found = []
        while True:
            waiting = waiting or asyncio.create_task(anext(listening))
            patience = 20 if len(found) < wanted else 0.05
            done, _ = await asyncio.wait({waiting}, timeout=patience)
            if not done:
                self.listening[source] = listening, waiting
                assert len(found) >= wanted, f"only {found} of {wanted} came"
                return found
            reading, waiting = await waiting, None
            found += reading.batch.value.tolist()

    async def shut(self, source):
        """Stop listening, and close."""
        listening, waiting = self.listening.pop(source, (None, None))
        if listening is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await listening.aclose()
        await source.close()

    def read(self, wanted, **settings):
        """What one run from open to close reads."""

        async def run():
            source = self.source(**settings)
            await source.open()
            try:
                return await self.values(source, wanted)
            finally:
                await self.shut(source)

        return asyncio.run(run())

    def readings(self, count, **settings):
        """The first `count` readings of one run, and its counts."""

        async def run():
            source = self.source(**settings)
            await source.open()
            async with contextlib.aclosing(source.listen()) as readings, asyncio.timeout(20):
                found = [await anext(readings) for _ in range(count)]
            await source.close()
            return found, source.counts()

        return asyncio.run(run())


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)
