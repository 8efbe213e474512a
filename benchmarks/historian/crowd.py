"""One writer at 100,000 samples a second and four readers: what they do to each other.

    python -m benchmarks.historian.crowd ADDRESS START END SECONDS

is one reader: it asks for an hour of a tag and for an hour of a thousand tags in turn, and prints
how many milliseconds each answer took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.historian.data import TAGS, Span, moment
from benchmarks.historian.duck import DuckDb, asked
from benchmarks.historian.engine import Question
from isthmus.historian.settings import MINUTE
from isthmus.model.sample import Batch

RATE, ROWS, READERS = 100_000, 2_000, 4
ASKED = ("raw_hour_ms", "thousand_tags_hour_ms")
Spent = dict[str, list[float]]


def offered(start: int, number: int) -> Batch:
    """Batch `number` of what the writer writes after `start`."""
    chance = np.random.default_rng(number)
    tag = (np.arange(ROWS, dtype=np.int32) + number * ROWS) % TAGS
    value = np.round(50 + chance.normal(0, 1, ROWS), 3)
    return Batch.of(tag, moment(start + number * ROWS * 1_000_000_000 // RATE), value)


def paced(
    send: Callable[[Batch], None], seconds: float, start: int, first: int
) -> tuple[float, list[float]]:
    """Write at the rate for so long: the rate that was reached, and ms a batch."""
    took: list[float] = []
    began = time.perf_counter()
    while (now := time.perf_counter() - began) < seconds:
        if (ahead := len(took) * ROWS / RATE - now) > 0:
            time.sleep(ahead)
        batch = offered(start, first + len(took))
        before = time.perf_counter()
        send(batch)
        took.append((time.perf_counter() - before) * 1e3)
    return len(took) * ROWS / (time.perf_counter() - began), took


def among(
    send: Callable[[Batch], None], read: Callable[[float], Spent], seconds: float, start: int
) -> dict[str, float]:
    """Figures of a writer alone, then among readers."""
    start += MINUTE  # a late sample of the last hour may lie a little beyond it
    rate, alone = paced(send, seconds, start, 0)
    seen: Spent = {}
    readers = threading.Thread(target=lambda: seen.update(read(seconds)))
    readers.start()
    among, crowd = paced(send, seconds, start, 10_000)
    readers.join()
    figures = {
        "writer_alone_rows_per_s": rate,
        "writer_alone_p50_ms": _of(alone, 50),
        "writer_alone_p99_ms": _of(alone, 99),
        "writer_rows_per_s": among,
        "writer_p50_ms": _of(crowd, 50),
        "writer_p99_ms": _of(crowd, 99),
        "reads_per_s": sum(map(len, seen.values())) / seconds,
    }
    for name, spent in seen.items():
        what = name.removesuffix("_ms")
        figures |= {f"{what}_p50_ms": _of(spent, 50), f"{what}_p99_ms": _of(spent, 99)}
    return figures


def _of(spent: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(spent, percent)), 3) if spent else float("nan")


def processes(address: str, span: Span) -> Callable[[float], Spent]:
    """Four readers, each a process."""

    def read(seconds: float) -> Spent:
        words = [address, str(span.start), str(span.end), str(seconds)]
        command = [sys.executable, "-m", "benchmarks.historian.crowd", *words]
        children = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(READERS)
        ]
        every: Spent = {}
        for child in children:
            told, _ = child.communicate(timeout=seconds * 4 + 120)
            for name, spent in json.loads(told).items():
                every.setdefault(name, []).extend(spent)
        return every

    return read


def threads(engine: DuckDb, span: Span) -> Callable[[float], Spent]:
    """Four readers within the only process that may open the file."""

    def read(seconds: float) -> Spent:
        every: Spent = {}

        def one() -> None:
            for name, spent in until(
                asked(engine.connection.cursor(), "samples", span), seconds
            ).items():
                every.setdefault(name, []).extend(spent)

        running = [threading.Thread(target=one) for _ in range(READERS)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return every

    return read


def until(questions: Mapping[str, Question], seconds: float) -> Spent:
    """Ask in turn for so long."""
    spent: Spent = {name: [] for name in ASKED}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name in ASKED:
            before = time.perf_counter()
            questions[name]()
            spent[name].append((time.perf_counter() - before) * 1e3)
    return spent


def attached(address: str, span: Span) -> Mapping[str, Question]:
    """The questions to a history that another process writes."""
    kind, _, place = address.partition(":")
    if kind == "isthmus":
        from benchmarks.historian.ours import api  # noqa: PLC0415 - each reader loads its own
        from isthmus.historian.delta.reader import Reader  # noqa: PLC0415

        return api(Reader.open(Path(place)), span)
    if kind == "postgresql":
        import psycopg  # noqa: PLC0415

        from benchmarks.historian.postgresql import asked as in_sql  # noqa: PLC0415

        return in_sql(psycopg.connect(place, autocommit=True), span, indexed=True)
    from benchmarks.historian.lines import Web, influx, victoria  # noqa: PLC0415

    return (influx if kind == "influxdb" else victoria)(Web(int(place)), span)


if __name__ == "__main__":
    where, first, last, length = sys.argv[1:]
    print(json.dumps(until(attached(where, Span(int(first), int(last))), float(length))))
