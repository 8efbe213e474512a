"""Writing: each engine takes batches for some seconds, then it is the next one's turn."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.historian.data import frames, hours, later
from benchmarks.historian.engine import Engine
from benchmarks.historian.ours import Ours
from benchmarks.historian.stream import Through
from benchmarks.report import Report, middle
from isthmus.historian.settings import HOUR
from isthmus.model.sample import Batch

SIZES = ((1_000, "1k"), (10_000, "10k"), (100_000, "100k"))
ROUNDS = 3
MOST = 1_200_000  # samples a second of a turn: prepared before its clock runs


def in_turns(report: Report, engines: Sequence[Engine], seconds: float) -> None:
    """Rates by the size of a batch, as acknowledged; the time of preparing is told beside."""
    source = hours()
    pool = Batch.concat([next(source), next(source)])
    for size, name in SIZES:
        turn = Turn(pool, size, seconds)
        for engine in engines:
            engine.begin()
        for _ in range(ROUNDS):
            for engine in engines:
                turn.take(engine)
            turn.moved += 1
        for engine in engines:
            put(report, engine, f"rows_per_s_{name}", middle(turn.rates[engine.name]))
            put(report, engine, f"p99_{name}_ms", round(turn.p99(engine.name), 2))
            if turn.preparing[engine.name] > 1e-9:
                whole = 1 / (1 / middle(turn.rates[engine.name]) + turn.preparing[engine.name])
                put(report, engine, f"with_formatting_rows_per_s_{name}", whole)
            put(report, engine, f"cpu_us_per_row_{name}", round(turn.cpu(engine.name), 3))
        if name == SIZES[-1][1]:
            for engine in engines:
                if not engine.loads:
                    engine.settle()
                    put(report, engine, "bytes_per_sample", engine.size() / engine.count())


class Turn:
    """One turn of an engine at a time, with samples that it has not seen."""

    def __init__(self, pool: Batch, size: int, seconds: float) -> None:
        self._pool, self._size, self._seconds = pool, size, seconds
        self.moved = 0
        self.rates: dict[str, list[float]] = {}
        self.preparing: dict[str, float] = {}
        self._took: dict[str, list[float]] = {}
        self._used: dict[str, list[float]] = {}

    def take(self, engine: Engine) -> None:
        """Have it write for the seconds, or all there is."""
        rows = later(self._pool.slice(0, int(MOST * self._seconds)), self.moved * 2 * HOUR)
        batches = list(frames(rows, self._size))
        began, cpu = time.perf_counter(), time.process_time()
        prepared = [engine.prepare(batch) for batch in batches]
        spent = time.perf_counter() - began
        self.preparing[engine.name] = spent / len(rows) if prepared[0] is not batches[0] else 0.0
        taken, took = 0, self._took.setdefault(engine.name, [])
        cpu, began = time.process_time(), time.perf_counter()
        for batch, one in zip(batches, prepared, strict=True):
            before = time.perf_counter()
            engine.send(one)
            took.append((time.perf_counter() - before) * 1e3)
            taken += len(batch)
            if time.perf_counter() - began >= self._seconds:
                break
        engine.flush()
        self.rates.setdefault(engine.name, []).append(taken / (time.perf_counter() - began))
        used = (time.process_time() - cpu) / taken * 1e6
        self._used.setdefault(engine.name, []).append(used)

    def p99(self, name: str) -> float:
        """Milliseconds that all but one in a hundred batches took at most."""
        return float(np.percentile(self._took[name], 99))

    def cpu(self, name: str) -> float:
        """Microseconds of this process's time a sample."""
        return middle(self._used[name])


def through(report: Report, folder: Path, seconds: float) -> None:
    """Ours behind its stream: rates of being acknowledged, and of being sealed as well."""
    pool = next(hours())
    for size, name in SIZES:
        place = folder / f"stream-{name}"
        place.mkdir()
        with Through(place, place / "lake") as path:
            path.pour(list(frames(pool.slice(0, 20_000), 1_000)))  # warm
            taken, moved, began = 0, 1, time.perf_counter()
            while (spent := time.perf_counter() - began) < seconds:
                rows = later(pool, moved * HOUR)
                for first in range(0, len(rows), 100_000):
                    part = rows.slice(first, first + 100_000)
                    path.pour(list(frames(part, size)))
                    taken += len(part)
                    if (spent := time.perf_counter() - began) >= seconds:
                        break
                moved += 1
            path.seal()
            report.add(f"acknowledged_rows_per_s_{name}", round(taken / spent))
            report.add(f"sealed_rows_per_s_{name}", round(taken / (time.perf_counter() - began)))
        shutil.rmtree(place)
    report.note(
        "acknowledged_: our durable log, a NATS stream that syncs before each acknowledgement, "
        "as many batches under way as its window holds, the lake taking them in meanwhile; "
        "sealed_: until the last of them is in a synced file. Others send one batch at a time"
    )


def load(report: Report, engines: Sequence[Engine], count: int, fewer: int) -> None:
    """The same hours to all, in batches of 100,000; then what they take on disk and in memory."""
    spent = {engine.name: 0.0 for engine in engines if engine.loads}
    for engine in engines:
        engine.begin()
    source, held = hours(), 0
    for hour in range(count):
        rows = next(source)
        held += len(rows)
        for engine in engines:
            if not engine.loads or (hour >= fewer and engine.server):
                continue
            try:
                spent[engine.name] += _hour(engine, rows)
            except OSError as error:
                report.note(f"{engine.name} took no more and was left out: {error}")
                engine.loads = False
    for engine in engines:
        if engine.loads:
            _loaded(report, engine, spent[engine.name], held, held * fewer // count)


def _hour(engine: Engine, rows: Batch) -> float:
    """Seconds in which an engine takes an hour."""
    spent = 0.0
    for batch in frames(rows, 100_000):
        prepared = engine.prepare(batch)
        began = time.perf_counter()
        engine.send(prepared)
        spent += time.perf_counter() - began
    return spent


def _loaded(report: Report, engine: Engine, spent: float, whole: int, fewer: int) -> None:
    began = time.perf_counter()
    engine.flush()
    spent += time.perf_counter() - began
    right = fewer if engine.server else whole
    if isinstance(engine, Ours):  # it seals while the next hour is made: its load says nothing
        report.add("bytes_per_sample_sealed", engine.size() / engine.count())
    else:
        put(report, engine, "load_rows_per_s", round(right / spent))
    began = time.perf_counter()
    engine.settle()
    put(report, engine, "settle_s", round(time.perf_counter() - began, 1))
    found = engine.count()
    put(report, engine, "bytes_per_sample", engine.size() / max(found, 1))
    put(report, engine, "loaded_rss_mb", round(engine.rss_mb()))
    if isinstance(engine, Ours):
        report.add("files", engine.lake.stats().files)
    if found != right:
        report.note(f"{engine.name} holds {found:,} of {right:,} samples")


def put(report: Report, engine: Engine, name: str, value: float) -> None:
    """A figure of ours, or of a peer."""
    if isinstance(engine, Ours):
        report.add(name, value)
    else:
        report.peer(engine.name, name, value)
