"""One honest try of a connection: open it, hear it once, close it, say what was found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from isthmus.model.errors import IsthmusError
from isthmus.model.plant import Connection, Plant
from isthmus.model.ports import Address, Binding, Reading, Source, Subscription
from isthmus.model.sample import Nanoseconds, Status, TagId
from isthmus.runtime.history.opened import probe_historian
from isthmus.runtime.settings import Settings
from isthmus.runtime.subject import level

PATIENCE = 10.0
CERTIFICATES = "pki"


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of trying one connection; `bad` are tags that answered with bad quality."""

    connection: str
    endpoint: str
    seconds: float
    heard: int = 0
    bad: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    silent: bool = False
    found: str = ""  # what a server said of itself

    def told(self) -> dict[str, object]:
        """This probe for machines."""
        return {
            "connection": self.connection,
            "endpoint": self.endpoint,
            "seconds": round(self.seconds, 3),
            "heard": self.heard,
            "bad": list(self.bad),
            "silent": self.silent,
            "found": self.found,
            "error": self.error,
            "hint": self.hint,
        }

    def line(self) -> str:
        """This probe for people."""
        if self.error:
            return f"✗ {self.connection}: {self.error}" + (
                f"\n  hint: {self.hint}" if self.hint else ""
            )
        if self.found:
            return f"✓ {self.connection}: {self.found}"
        if self.silent:
            return f"✓ {self.connection}: open, but nothing was said for {PATIENCE:g} s"
        bad = f"; bad: {', '.join(self.bad[:5])}" if self.bad else ""
        return f"✓ {self.connection}: {self.heard} values in {self.seconds:.2f} s{bad}"


@contextmanager
def visiting(state: Path) -> Iterator[str]:
    """A state folder for a visit to a device: its certificates are shared, nothing else is.

    So a link that runs beside keeps its name at the broker and its place in the files.
    """
    (state / CERTIFICATES).mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="isthmus-") as folder:
        Path(folder, CERTIFICATES).symlink_to((state / CERTIFICATES).absolute())
        yield folder


async def probe_all(plant: Plant, folder: Path) -> list[Probe]:
    """All connections of `plant`, tried side by side; certificates are kept under `folder`."""
    tags = {tag.path: tag for tag in plant.tags()}
    ids = {path: TagId(number) for number, path in enumerate(tags)}
    tries = []
    for name, connection in plant.connections.items():
        bindings = [
            Binding(ids[path], tags[path], address)
            for path, address in connection.addresses.items()
        ]
        tries.append(_probe(name, connection, bindings, folder / "links" / level(name)))
    return list(await asyncio.gather(*tries))


async def probe_history(plant: Plant, folder: Path) -> Probe | None:
    """The server that keeps history, asked once; None where files keep it."""
    settings, began = Settings.of(plant, folder), time.monotonic()
    place = f"{settings.engine} of `history`"
    try:
        found = await asyncio.to_thread(probe_historian, settings)
    except IsthmusError as error:
        spent = time.monotonic() - began
        return Probe("history", place, spent, error=str(error), hint=error.hint)
    return Probe("history", place, time.monotonic() - began, found=found) if found else None


async def _probe(
    name: str, connection: Connection, bindings: list[Binding[Address]], state: Path
) -> Probe:
    with visiting(state) as visit:
        return await _visit(name, connection, bindings, visit)


async def _visit(
    name: str, connection: Connection, bindings: list[Binding[Address]], state: str
) -> Probe:
    config, began = connection.config.visitor(), time.monotonic()
    source: Source | Subscription | None = None
    try:
        source = config.build(bindings, now=lambda: Nanoseconds(time.time_ns()), state=state)
        async with asyncio.timeout(config.timeout + PATIENCE):
            await source.open()
            reading = await _hear(source)
    except IsthmusError as error:
        spent = time.monotonic() - began
        return Probe(name, config.endpoint, spent, error=str(error), hint=error.hint)
    except TimeoutError:
        spent = time.monotonic() - began
        wrong = f"opening {config.endpoint}: no answer in {spent:.0f} s"
        return Probe(name, config.endpoint, spent, error=wrong, hint="is it powered and reachable?")
    finally:
        if source is not None:
            with suppress(Exception):
                await source.close()
    spent = time.monotonic() - began
    if reading is None:
        return Probe(name, config.endpoint, spent, silent=True)
    paths = {binding.id: binding.tag.path for binding in bindings}
    wrong_rows = reading.batch.where(reading.batch.quality >= Status.BAD)
    bad = _words(paths, wrong_rows.tag.tolist(), wrong_rows.quality.tolist())
    return Probe(name, config.endpoint, spent, len(reading.batch) + len(reading.events), tuple(bad))


async def _hear(source: Source | Subscription) -> Reading | None:
    if not isinstance(source, Subscription):
        return await source.read()
    readings = source.listen()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            async for reading in readings:
                if len(reading.batch) or reading.events:
                    return reading
    return None


def _words(paths: Mapping[TagId, str], tags: list[int], codes: list[int]) -> list[str]:
    return [
        f"{paths[TagId(tag)]} ({Status.word(code)})" for tag, code in zip(tags, codes, strict=True)
    ]
