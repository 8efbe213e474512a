"""The whole path: batched sources -> transform -> stream on disk -> historian -> live values.

Figures: `values_per_s` sustained over the run (all of them stored and sealed at its end),
`cpu_us_per_value` of this process and the NATS child together, `rss_mb` of both. With default
durability the stream is flushed every 10 s, `always_` figures flush before each acknowledgement.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

from benchmarks.plants import flood_plant
from benchmarks.report import Report, arguments
from isthmus.runtime.app import App
from isthmus.runtime.settings import Settings

LINKS = 10


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run."""

    values_per_s: float
    cpu_us_per_value: float
    rss_mb: float
    stored: int
    bytes_per_sample: float


async def measure(tags: int, seconds: float, sync: Literal["always"] | float) -> Run:
    """Flood a fresh installation for `seconds` and count what it stored."""
    with tempfile.TemporaryDirectory() as folder:
        plant = flood_plant(LINKS, tags)
        settings = replace(Settings.of(plant, Path(folder)), sync=sync, seal_seconds=5.0)
        app = App(plant, settings)
        ready = asyncio.Event()
        running = asyncio.create_task(app.run(ready.set))
        await ready.wait()
        await asyncio.sleep(1.0)
        assert app.server is not None
        child = psutil.Process(app.server.pid)
        cpu, seen, began = _cpu(child), app.live.seen, time.perf_counter()
        peak = 0
        while time.perf_counter() - began < seconds:
            await asyncio.sleep(0.25)
            peak = max(peak, psutil.Process().memory_info().rss + child.memory_info().rss)
        spent, taken = time.perf_counter() - began, app.live.seen - seen
        used = _cpu(child) - cpu
        app.stopping.set()
        await running
        from isthmus.historian.delta.reader import Reader  # noqa: PLC0415 - reads what was sealed

        query = "select count(*) as n from samples"
        stored = int(Reader(settings.history).sql(query, seconds=120, rows=1)["n"][0].as_py())
        size = sum(file.stat().st_size for file in settings.history.rglob("*.parquet"))
        return Run(
            taken / spent, 1e6 * used / max(taken, 1), peak / 1e6, stored, size / max(stored, 1)
        )


def _cpu(child: psutil.Process) -> float:
    own = psutil.Process().cpu_times()
    total = float(own.user + own.system)
    with suppress(psutil.Error):
        theirs = child.cpu_times()
        total += float(theirs.user + theirs.system)
    return total


def run(main: object) -> Run:
    """Run on uvloop where it is installed, as the product does."""
    factory = None
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)  # type: ignore[arg-type]


def main() -> None:
    """Measure and print."""
    args = arguments(__doc__ or "")
    seconds = 6.0 if args.quick else 20.0
    report = Report("path", packages=("nats-py", "pyarrow", "deltalake", "duckdb"))
    for prefix, tags, sync in (
        ("", 1_000, 10.0),
        ("small_", 100, 10.0),
        ("always_", 1_000, "always"),
    ):
        found = run(measure(tags, seconds, sync))  # type: ignore[arg-type]
        report.add(f"{prefix}values_per_s", round(found.values_per_s))
        report.add(f"{prefix}cpu_us_per_value", round(found.cpu_us_per_value, 3))
        report.add(f"{prefix}rss_mb", round(found.rss_mb))
        report.add(f"{prefix}stored", found.stored)
        report.add(f"{prefix}bytes_per_sample", round(found.bytes_per_sample, 2))
    report.note(
        "10 links, 1,000 rows a reading (`small_`: 100); durability: flushed every 10 s, "
        "`always_`: before each acknowledgement; rates count what reached live and history"
    )
    report.show(args)


if __name__ == "__main__":
    main()
