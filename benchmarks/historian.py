"""How fast history is written and read, and what a sample costs on disk.

The data are those of a plant: 10,000 tags, 100 of them each second, 1,000 each ten, the rest each
minute; walks of three decimals, set-points, booleans and counters, times that jitter. Writing is
the whole way: append, sort, encode, fsync, commit; nothing is left unsealed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import psutil

from benchmarks.report import Report, arguments, middle
from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, HOUR, SECOND, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Floats, Int32s, Int64s, Nanoseconds, Status, TagId

TODAY = 20_736 * DAY
CLASSES = ((0, 100, 1), (100, 1_000, 10), (1_100, 8_900, 60))  # first tag, tags, seconds
TAGS = 10_000


def _values(tags: Int32s, steps: int, every: int, chance: np.random.Generator) -> Floats:
    """A row of values for each tag: walks, set-points, booleans, counters by the tag's number."""
    value: Floats = np.empty((len(tags), steps))
    kind = np.searchsorted((12, 15, 18), tags % 20, "right")
    for number in range(4):
        mine = kind == number
        size = (int(mine.sum()), steps)
        if number == 0:
            walk = np.cumsum(chance.normal(0, 0.02, size), 1) + chance.normal(0, 0.01, size)
            value[mine] = np.round(50 + chance.normal(0, 20, (size[0], 1)) + walk, 3)
        elif number == 1:
            moved = chance.random(size) < every / 7_200
            jumps = np.cumsum(np.where(moved, chance.integers(-5, 6, size), 0), 1)
            value[mine] = np.round(jumps * 0.5 + 60, 1)
        elif number == 2:
            value[mine] = np.cumsum(chance.random(size) < every / 1_800, 1) % 2
        else:
            value[mine] = np.round(np.cumsum(chance.integers(0, 4, size) * every, 1) * 0.125, 3)
    return value


def plant(hours: float, *, seed: int = 7) -> Batch:
    """All samples of `hours` from midnight on, in order of arrival."""
    chance = np.random.default_rng(seed)
    parts: list[Batch] = []
    for first, count, every in CLASSES:
        steps = int(hours * 3_600 / every)
        tags = np.arange(first, first + count, dtype=np.int32)
        phase = tags.astype(np.int64) * 37 % 1_000 * 1_000_000
        time: Int64s = TODAY + np.arange(steps, dtype=np.int64) * every * SECOND + phase[:, None]
        time[tags % 2 == 1] += chance.integers(0, 20, (count // 2, steps)) * 1_000_000
        bad = chance.random(count * steps) < 0.002
        parts.append(
            Batch(
                np.repeat(tags, steps),
                time.ravel(),
                _values(tags, steps, every, chance).ravel(),
                np.where(bad, Status.BAD, Status.GOOD).astype(np.uint32),
            )
        )
    rows = Batch.concat(parts)
    return rows.where(np.argsort(rows.time, kind="stable"))


def batches(rows: Batch, size: int) -> Iterator[tuple[int, Batch]]:
    """Frames of `size` rows, numbered from 1."""
    for number, first in enumerate(range(0, len(rows), size), 1):
        yield number, rows.slice(first, first + size)


def opened(folder: Path) -> Lake:
    settings = LakeSettings(merge_pause=0)
    return Lake.open(folder, now=lambda: Nanoseconds(TODAY + 2 * DAY), settings=settings)


def write(folder: Path, rows: Batch, size: int) -> tuple[float, float]:
    """Seconds, and seconds of processor time, until all `rows` are sealed."""
    lake = opened(folder)
    done = threading.Event()

    def seal() -> None:
        while not done.wait(0.02):
            if lake.due():
                lake.seal()

    sealing = threading.Thread(target=seal)
    start, cpu = time.perf_counter(), time.process_time()
    sealing.start()
    for number, batch in batches(rows, size):
        while True:
            try:
                lake.append(batch, stream="bench", position=number)
                break
            except StorageError:  # sealing is behind: the stream would wait, too
                time.sleep(0.002)
    done.set()
    sealing.join()
    lake.seal()
    took = time.perf_counter() - start, time.process_time() - cpu
    lake.close()
    return took


def timed(ask: Callable[[], object], *, rounds: int = 15) -> float:
    """The median of milliseconds that `ask` takes, warm."""
    ask()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        ask()
        times.append((time.perf_counter() - start) * 1_000)
    return middle(times)


def append_us(folder: Path, rows: Batch) -> float:
    """Microseconds of processor time of the writing thread for one batch of 1,000 rows."""
    lake = opened(folder)
    some = list(batches(rows, 1_000))[:1_000]
    start = time.thread_time()
    for number, batch in some:
        lake.append(batch, stream="bench", position=number)
    took = (time.thread_time() - start) / len(some) * 1e6
    lake.close()
    return took


def read(report: Report, folder: Path, hours: float) -> None:
    """What charts and pages ask of a day."""
    lake = opened(folder)
    everything = np.arange(TAGS, dtype=np.int32)
    thousand = np.arange(0, TAGS, 10, dtype=np.int32)
    end = Nanoseconds(TODAY + int(hours * HOUR))
    chance = np.random.default_rng(11)

    def day() -> object:
        return lake.trend([TagId(5)], Nanoseconds(TODAY), end, 500)

    def any_day() -> object:
        return lake.trend([TagId(int(chance.integers(0, 100)))], Nanoseconds(TODAY), end, 500)

    def hour_of_many() -> object:
        return lake.trend(thousand, Nanoseconds(end - HOUR), end, 500)

    report.add("last_value_ms", timed(lambda: lake.last(everything)))
    report.add("day_500_ms", timed(day))
    report.add("any_day_500_ms", timed(any_day))
    report.add("thousand_tags_hour_ms", timed(hour_of_many, rounds=5))
    report.add("before_10k_tags_ms", timed(lambda: lake.before(everything, end), rounds=3))
    count = "select tag, avg(value) from samples where tag < 100 group by tag"
    report.add("sql_100_tags_day_ms", timed(lambda: lake.sql(count), rounds=5))
    lake.close()


def peer(report: Report, folder: Path, hours: float) -> None:
    """The same questions to DuckDB over the same files, without our code."""
    names = sorted(str(path) for path in (folder / "samples").glob("date=*/*.parquet"))
    duckdb.execute("set threads = 2")
    scan = f"from read_parquet({names})"
    value = "coalesce(value, exact::double)"
    day = f"""select min({value}), max({value}), avg({value}) {scan} where tag = 5
              group by epoch_us(time) * 500 // {int(hours * 3_600_000_000)}"""
    last = f"select tag, arg_max({value}, time) {scan} group by tag"
    report.peer("duckdb on our files", "day_500_ms", timed(lambda: duckdb.execute(day).fetchall()))
    report.peer(
        "duckdb on our files",
        "last_value_ms",
        timed(lambda: duckdb.execute(last).fetchall(), rounds=3),
    )


def main() -> None:
    options = arguments(__doc__ or "", place)
    report = Report("historian", packages=["pyarrow", "deltalake", "duckdb"])
    hours = 4.0 if options.quick else 24.0
    rows = plant(hours)
    report.note(f"{len(rows):,} samples: {hours:g} hours of 10,000 tags")
    root = Path(tempfile.mkdtemp(prefix="historian-", dir=options.folder))
    try:
        for size, name in ((1_000, "1k"), (10_000, "10k"), (100_000, "100k")):
            folder = root / name
            took, cpu = write(folder, rows, size)
            report.add(f"rows_per_s_{name}", len(rows) / took)
            report.add(f"cpu_us_per_row_{name}", cpu / len(rows) * 1e6)
            if name != "1k":
                shutil.rmtree(folder)
        report.add("append_1k_cpu_us", append_us(root / "append", rows))
        lake = opened(root / "1k")
        report.add("bytes_per_sample_sealed", lake.stats().bytes / lake.stats().rows)
        start = time.perf_counter()
        lake.maintain()
        report.add("merge_rows_per_s", len(rows) / (time.perf_counter() - start))
        report.add("bytes_per_sample", lake.stats().bytes / lake.stats().rows)
        report.add("files", lake.stats().files)
        lake.close()
        read(report, root / "1k", hours)
        peer(report, root / "1k", hours)
        report.add("rss_mb", psutil.Process().memory_info().rss / 1e6)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    report.show(options)


def place(parser: argparse.ArgumentParser) -> None:
    """The option of where to write."""
    parser.add_argument("--folder", type=Path, help="write below this folder, not in /tmp")


if __name__ == "__main__":
    main()
