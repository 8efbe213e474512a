"""Histories beside each other in one run: ours, DuckDB, PostgreSQL, InfluxDB, VictoriaMetrics.

Writing in batches of 1,000, 10,000 and 100,000 samples, engines taking turns; then all of them hold
the same samples and answer the same questions, again in turns; then one writer at 100,000 samples
a second among four readers. Servers are those of Debian, started here on the loopback in temporary
folders; one that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.__main__ import verdicts
from benchmarks.historian import ask, write
from benchmarks.historian.data import FIRST, HOURLY, Span, whole
from benchmarks.historian.duck import DuckDb
from benchmarks.historian.engine import Engine
from benchmarks.historian.lines import InfluxDb, VictoriaMetrics
from benchmarks.historian.ours import Ours
from benchmarks.report import Report, arguments
from isthmus.historian.settings import HOUR

PEERS = ("duckdb", "postgresql", "influxdb", "victoriametrics")
PROGRAMS = {
    "postgresql": "apt-get install postgresql-15",
    "influxdb": "apt-get install influxdb",
    "victoriametrics": "apt-get install victoria-metrics",
}
QUICK_ROWS, ROWS = HOURLY, 30_000_000
UNITS = {"k": 1_000, "M": 1_000_000}


def peers(name: str, folder: Path) -> list[Engine]:
    """The engines of a peer that runs; FileNotFoundError where it is not installed."""
    if name == "duckdb":
        return [DuckDb(folder)]
    if name == "postgresql":
        from benchmarks.historian.postgresql import PostgreSql  # noqa: PLC0415 - an extra

        return [PostgreSql(unique=True), PostgreSql(unique=False)]
    return [InfluxDb(folder)] if name == "influxdb" else [VictoriaMetrics(folder)]


def start(report: Report, folder: Path, names: Sequence[str]) -> list[Engine]:
    """Those peers that are installed."""
    engines: list[Engine] = []
    for name in names:
        try:
            engines += peers(name, folder)
        except (FileNotFoundError, ImportError) as error:
            said(f"{name} is left out, {error} is missing: {PROGRAMS.get(name, 'see README')}")
            report.note(f"{name} is not installed and was left out")
    return engines


def measure(report: Report, folder: Path, options: argparse.Namespace) -> None:
    """All of it."""
    hours = whole(options.rows)
    fewer = min(hours, whole(options.peer_rows)) if options.peer_rows else hours
    span, theirs = (Span(FIRST, FIRST + number * HOUR) for number in (hours, fewer))
    if options.quick:
        report.note("a quick run: turns of 0.4 s, a crowd of 1.5 s")
    report.note(
        f"{hours * HOURLY:,} samples, {hours} hours of 10,000 tags"
        + (f"; servers hold the first {fewer}" if fewer < hours else "")
    )
    ours = Ours(folder / "ours")
    engines = [ours, *start(report, folder, options.peers)]
    try:
        said(f"{len(engines)} engines")
        for engine in engines:
            report.note(f"{engine.name}: {engine.durability}")
            for remark in engine.remarks:
                report.note(f"{engine.name}: {remark}")
        seconds = 0.4 if options.quick else 1.0
        step("writing", lambda: write.in_turns(report, engines, seconds))
        step("stream", lambda: write.through(report, folder, seconds * 4))
        step("loading", lambda: write.load(report, engines, hours, fewer))
        step("asking", lambda: ask.in_turns(report, engines, span, theirs, folder / "ours"))
        length = 1.5 if options.quick else 8.0
        step("crowd", lambda: ask.crowds(report, engines, span, theirs, length))
        step("old", lambda: ask.of_old(report, ours, span))
        step("a year", lambda: ask.a_year(report, folder, 30 if options.quick else 365))
    finally:
        for engine in engines:
            engine.close()
    report.add("rss_mb", ask.alone_mb(folder / "ours", span))


def step(name: str, work: Callable[[], object]) -> None:
    """Do one part, and say on the terminal how long it took."""
    began = time.perf_counter()
    work()
    said(f"{name}: {time.perf_counter() - began:.0f} s")


def said(text: str) -> None:
    """Progress, beside the results."""
    print(text, file=sys.stderr, flush=True)


def number(text: str) -> int:
    """A number that may end in k or M."""
    return round(float(text.rstrip("kM")) * UNITS.get(text[-1:], 1))


def extra(parser: argparse.ArgumentParser) -> None:
    """How much, against whom, and where."""
    parser.add_argument("--rows", type=number, help="samples to hold, as 100M (30M; quick: 1.2M)")
    parser.add_argument("--peer-rows", type=number, help="fewer for servers, which load slower")
    parser.add_argument(
        "--peers",
        type=lambda text: [name for name in text.split(",") if name],
        default=list(PEERS),
        help=f"of {','.join(PEERS)}; an empty word for none",
    )
    parser.add_argument("--folder", type=Path, help="write below this folder, not in /tmp")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "", extra)
    if unknown := set(options.peers) - set(PEERS):
        raise SystemExit(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    options.rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    report = Report("historian", packages=["pyarrow", "deltalake", "duckdb", "psycopg"])
    root = Path(tempfile.mkdtemp(prefix="historian-", dir=options.folder))
    try:
        measure(report, root, options)
    except Exception as error:
        report.note(f"it ended early: {type(error).__name__}: {str(error)[:200]}")
        report.show(options)  # what was measured until then took long
        raise
    finally:
        shutil.rmtree(root, ignore_errors=True)
    report.show(options)
    if not options.json:
        print(verdicts({"historian": report.as_dict()})[0])


if __name__ == "__main__":
    main()
