"""The demonstration: a shop-floor broker, the demo plant's process, a day of past, and a site."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from isthmus.bus.server import Server
from isthmus.bus.settings import MqttSettings, ServerSettings
from isthmus.demo.history import Part, history
from isthmus.demo.signal import PATHS
from isthmus.demo.weeks import past
from isthmus.historian.delta.lake import Lake
from isthmus.model.clock import Pace
from isthmus.model.errors import ConfigError, LinkError, StorageError
from isthmus.model.plant import Connection, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.config import load
from isthmus.runtime.demonstrated import say
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.filling import Progress, fill
from isthmus.runtime.settings import Settings
from isthmus.runtime.sql.endpoint import demonstrate_sql
from isthmus.runtime.stops.book import Book
from isthmus.trust.pki.authority import PlantAuthority, write_private

log = logging.getLogger(__name__)

DAY = 86_400
READY_SECONDS = 60.0
FASTEST = 0.1
NEEDS = ("asyncua", "paho.mqtt", "google.protobuf", "pymodbus", "xlsxwriter")
MARKER = "demo.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """How the demonstration shall run; `back_fill` in seconds of past."""

    folder: Path
    seed: int = 7
    speed: float = 1.0
    back_fill: int = DAY
    keep: bool = False


class Demonstration:
    """A plant that looks alive within seconds; use as `async with`, then `app.run`."""

    def __init__(self, wish: Wish, progress: Progress = lambda _what, _share: None) -> None:
        self.wish = wish
        self._progress = progress
        now = Nanoseconds(time.time_ns())
        self.pace = Pace(now, now, wish.speed)
        self.started = time.monotonic()
        self.app: App
        self._past: list[Part] = []  # weeks by the quarter hour, then its own past by the second

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[App]:
        """The site of the demo plant, ready to run; the devices run while the block lasts."""
        wish = self.wish
        complete()
        prepare(wish)
        state = wish.folder / "plant" / "state.json"
        state.parent.mkdir(parents=True, exist_ok=True)
        async with contextlib.AsyncExitStack() as ends:
            past = asyncio.create_task(asyncio.to_thread(self._make_past, state))
            broker = await self._broker()
            ends.push_async_callback(broker.stop)
            supervising = asyncio.create_task(broker.supervise())
            ends.push_async_callback(_end, supervising)
            fresh = self.wish.back_fill > 0 and not state.exists()
            process = await self._machines(broker, state, past=fresh)
            ends.push_async_callback(_stop, process)
            await past
            self._progress("starting the machines", 1.0)
            await self._ready(process)
            file = wish.folder / "plant" / "plant.yaml"
            plant = paced(load(file), wish.speed)
            plant = demonstrate_sql(plant, wish.folder / "site")
            if self._past:
                say(Book.open(wish.folder / "site", plant.reasons), plant, self._past[1:])
            pace = self.pace if wish.speed != 1.0 else None
            self.app = App(plant, Settings.of(plant, wish.folder / "site", file), pace=pace)
            self.app.started = self.started
            if self._past:
                self.app.judging.clear()  # what happened then is no alarm of today
            yield self.app

    async def fill(self) -> int:
        """Send the past through the stream like everything else; the number of samples."""
        sent = await fill(self.app, self._past, self._progress)
        self._past.clear()
        return sent

    def _make_past(self, state: Path) -> None:
        if self.wish.back_fill <= 0 or state.exists():
            return
        end = Nanoseconds(self.pace.plant)
        start = Nanoseconds(end - self.wish.back_fill * 10**9)
        self._past.append((PATHS, past(self.wish.seed, end, start), ()))
        for part in history(self.wish.seed, start, end, state=state, opens=end):
            self._past.append(part)
            reached = int(part[1].time.max()) if len(part[1]) else end
            self._progress("simulating the day before", (reached - start) / (end - start))

    async def _broker(self) -> Server:
        """An MQTT broker as a shop floor has one, with TLS and a password made today."""
        folder = self.wish.folder / "floor"
        authority = PlantAuthority.open(
            folder / "pki", "acme floor", lambda: Nanoseconds(time.time_ns())
        )
        word = folder / "packer.password"
        if not word.exists():
            write_private(word, secrets.token_urlsafe(24).encode())
        mqtt = MqttSettings(
            users=(("packer", word.read_text("ascii")),), tls=authority.broker("floor")
        )
        server = Server(ServerSettings(folder / "broker", mqtt=mqtt, tls=authority.server("nats")))
        await server.start()
        return server

    async def _machines(
        self, broker: Server, state: Path, *, past: bool
    ) -> asyncio.subprocess.Process:
        """The machines' process; it gets ready while the past is still being made."""
        floor = self.wish.folder / "floor"
        folder = self.wish.folder / "plant"
        with (folder / "machines.log").open("wb") as errors:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "isthmus.demo"),
                *("--folder", str(folder), "--seed", str(self.wish.seed)),
                *("--pace", self.pace.text(), "--state", str(state)),
                *("--broker", broker.mqtt_url, "--broker-ca", str(floor / "pki" / "ca.crt")),
                *(("--past",) if past else ()),
                *("--broker-user", "packer", "--broker-password-file", f"{floor}/packer.password"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            async with asyncio.timeout(READY_SECONDS):
                line = await process.stdout.readline()
            json.loads(line)["ready"]
        except (TimeoutError, ValueError, KeyError) as error:
            raise LinkError(
                "starting the machines of the demo plant failed",
                hint=f"see {self.wish.folder / 'plant' / 'machines.log'}",
            ) from error


def complete() -> None:
    """Raise where a library that the demonstration's devices need is not installed."""
    for module in NEEDS:
        top = module.partition(".")[0]
        if importlib.util.find_spec(top) is None or importlib.util.find_spec(module) is None:
            raise ConfigError(
                f"the demonstration needs `{module}`, which is not installed",
                hint="install it: pip install 'isthmus[demo]'",
            )


def prepare(wish: Wish) -> None:
    """An empty folder of our own, or the kept one; never touches what is not ours."""
    folder = wish.folder
    ours = (folder / MARKER).exists()
    if folder.exists() and any(folder.iterdir()) and not ours:
        raise ConfigError(
            f"{folder} holds other things", hint="name an empty folder with `--folder`"
        )
    if ours:
        running(folder)
    if ours and not wish.keep:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(json.dumps({"seed": wish.seed, "speed": wish.speed}), "utf-8")


def running(folder: Path) -> None:
    """Raise where another demonstration lives in `folder`: its files must not go."""
    lake = folder / "site" / "history"
    if not lake.exists():
        return
    try:
        Lake.open(lake, now=lambda: Nanoseconds(time.time_ns())).close()
    except StorageError as error:
        hint = "stop it, or name another folder with `--folder`"
        raise StorageError(f"a demonstration lives in {folder}: {error}", hint=hint) from error


def paced(plant: Plant, speed: float) -> Plant:
    """The plant with its devices asked as often in plant time as at speed 1, within reason."""
    if speed <= 1:
        return plant
    faster = {}
    for name, connection in plant.connections.items():
        config = connection.config
        changes = {
            key: max(FASTEST, value / speed)
            for key in ("every", "publish")
            if isinstance(value := getattr(config, key, None), float)
        }
        faster[name] = Connection(config.model_copy(update=changes), connection.addresses)
    return replace(plant, connections=faster)


def stored(app: App) -> dict[str, float | int | None]:
    """What the demonstration made, read back from what was stored; after the site has closed."""
    lake = Lake.open(app.settings.history, now=app.now)
    try:
        namespace = Catalogue.open(app.settings.folder / "catalogue.json").namespace
        records = Records(app.plant, namespace, lake, app.now)
        line = next(app.plant.lines())
        window = _known(lake, records.window(line, "day"))
        found = performance(records, line, window)
        used = energy(records, line, window)
        return {
            "connections": len(app.plant.connections),
            "tags": sum(1 for _ in app.plant.tags()),
            "samples_stored": lake.stats().rows,
            "samples_lost": app.lost(),
            "first_value_s": round(app.first_value, 2) if app.first_value else None,
            "pieces": round(found.count.good) if found and found.count else 0,
            "kwh_per_piece": _rounded(used.per_piece, 5),
            "oee": _rounded(found.oee.index, 4) if found else None,
        }
    finally:
        lake.close()


def _known(lake: Lake, window: Window) -> Window:
    """The part of `window` of which anything is stored: before, nobody looked."""
    (row,) = lake.sql("select epoch_ns(min(time)) as first from samples").to_pylist()
    start = window.start if row["first"] is None else max(window.start, Nanoseconds(row["first"]))
    return replace(window, start=start)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()  # its parent is gone: it ends by itself
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
