"""How fast key figures are: a line of ten machines, states and counts of every second, by shift.

Each machine tells its state, cause, good and scrap count once a second. What a site keeps of that
is kept: what moved, and once a minute what did not; its days are one file each, as old ones are.
`year_s` is the time from the files to all key figures of the line and of each of its machines for
every shift of a year, in one process; where fewer days are written it is told for a year in
proportion, and `days` says how many there were. `late_ms` is the time from a sample that comes late
to the figures of its shift: appended, read again, accounted, computed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.historian.ours import LATE, Ours
from benchmarks.report import Report, arguments, middle
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import figures
from isthmus.model.plant import Calendar, Equipment, Level, Plant, Shift, Step
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Counter, Namespace, Tag
from isthmus.runtime.figures.key_figures import elements_of, key_figures
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.windows import windows

MACHINES, SECONDS, S = 10, 86_400, 10**9
FIRST = 1_735_689_600 * S  # 2025-01-01, a Wednesday
DAY = SECONDS * S
HEARTBEAT = 60  # seconds after which a value that did not move is kept again
LINE = "hall/line"
EVERY_DAY = frozenset(range(7))
CALENDAR = Calendar(
    "three",
    tuple(
        Shift(name, start * 60, (start + 8) % 24 * 60, EVERY_DAY)
        for name, start in (("early", 6), ("late", 14), ("night", 22))
    ),
    breaks=((600, 620), (1080, 1100)),
)
ROLES = ("state", "cause", "good_count", "scrap_count")


def plant() -> Plant:
    """A line of ten machines."""
    units = tuple(
        Equipment(
            f"{LINE}/m{number}",
            Level.WORK_UNIT,
            tags=tuple(
                Tag(
                    f"{LINE}/m{number}/{role}",
                    role=role,
                    counter=Counter(resets=True) if role.endswith("count") else None,
                )
                for role in ROLES
            ),
            ideal_rate=1.0,
            calendar="three",
        )
        for number in range(MACHINES)
    )
    flow = tuple(Step(unit.path) for unit in units)
    line = Equipment(
        *(LINE, Level.WORK_CENTER), children=units, flow=flow, ideal_rate=1.0, calendar="three"
    )
    area = Equipment("hall", Level.AREA, children=(line,))
    return Plant("acme", "riverside", areas=(area,), calendars={"three": CALENDAR})


def days(many: int) -> Iterator[Batch]:
    """What is kept of each day, in the order of time and tag."""
    chance = np.random.default_rng(7)
    height = np.zeros((MACHINES, 2))
    ids = np.arange(MACHINES, dtype=np.int32) * len(ROLES)
    for day in range(many):
        parts = []
        for machine in range(MACHINES):
            columns = _day(chance)
            for place in (2, 3):
                columns[place] += height[machine, place - 2]
                height[machine, place - 2] = columns[place][-1]
            for place, column in enumerate(columns):
                kept = np.flatnonzero(_kept(column))
                tags = np.full(len(kept), ids[machine] + place, np.int32)
                parts.append(Batch.of(tags, FIRST + day * DAY + kept * S, column[kept]))
        whole = Batch.concat(parts)
        yield whole.where(np.argsort(whole.time, kind="stable"))


def _day(chance: np.random.Generator) -> list[np.ndarray]:
    """State, cause and pieces of each second of a day of one machine."""
    state, cause = np.full(SECONDS, 6.0), np.zeros(SECONDS)
    for code, why, many, mean in ((9, 4, 12, 300), (5, 1, 60, 30), (5, 2, 60, 30)):
        starts = chance.integers(0, SECONDS, many)
        for first, length in zip(starts, chance.exponential(mean, many) + 1, strict=True):
            state[first : first + int(length)] = code
            cause[first : first + int(length)] = why
    made = (state == 6) & (chance.random(SECONDS) < 0.93)
    scrap = made & (chance.random(SECONDS) < 0.01)
    return [state, cause, np.cumsum(made & ~scrap).astype(float), np.cumsum(scrap).astype(float)]


def _kept(column: np.ndarray) -> np.ndarray:
    moved = np.concatenate([[True], np.diff(column) != 0])
    place = np.arange(len(column))
    since = place - np.maximum.accumulate(np.where(moved, place, 0))
    kept: np.ndarray = moved | (since % HEARTBEAT == 0)
    return kept


def filled(folder: Path, many: int) -> tuple[Ours, int]:
    """The lake with so many days sealed, and its samples."""
    ours, samples = Ours(folder), 0
    for batch in days(many):
        for first in range(0, len(batch), 100_000):
            ours.send(batch.slice(first, first + 100_000))
        samples += len(batch)
    ours.flush()
    ours.close()
    ours.reopen(LATE)
    ours.settle()
    assert ours.count() == samples
    return ours, samples


def all_of_it(records: Records, catalogue: Catalogue, many: int) -> tuple[float, float, int]:
    """Seconds from files to every figure, those of the processor, and how many figures."""
    (line,) = records.plant.lines()
    began, spent = time.perf_counter(), time.process_time()
    end = Nanoseconds(FIRST + many * DAY)
    shifts = list(windows(records, line, "shift", Nanoseconds(FIRST), end))
    made = [
        figures(catalogue, each)
        for each in elements_of(records, (line, *line.children), shifts)
        if each is not None
    ]
    assert len(made) == 1 + MACHINES
    found = sum(len(each) for each in made) * len(shifts)
    return time.perf_counter() - began, time.process_time() - spent, found


def late(records: Records, ours: Ours, catalogue: Catalogue, end: int, rounds: int) -> list[float]:
    """Milliseconds from late samples to the figures of their shift, one after the other."""
    (line,) = records.plant.lines()
    shift = [
        each
        for each in windows(records, line, "shift", Nanoseconds(end - 2 * DAY), Nanoseconds(end))
        if each.end <= end - 8 * 3_600 * S
    ][-1]
    took, produced = [], set()
    for number in range(rounds):
        time_ = shift.start + (3_600 + 600 * number) * S + 1
        row = Batch.of(np.array([0, 1], np.int32), np.full(2, time_), np.array([9.0, 4.0]))
        began = time.perf_counter()
        ours.send(row)
        made = key_figures(records, line, [Window(shift.name, shift.start, shift.end)], catalogue)
        took.append(1_000 * (time.perf_counter() - began))
        assert made is not None
        produced.add(float(made.elements.columns["APT"][0]))
    assert len(produced) > rounds / 2, "late samples changed nothing"
    return took


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, help="days of history that are written (365)")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "", _options)
    report = Report("kpi", packages=("deltalake", "duckdb"))
    many = options.days or (10 if options.quick else 365)
    place, namespace = plant(), Namespace()
    for tag in place.tags():
        namespace.bind(tag)
    catalogue = Catalogue.of()
    with tempfile.TemporaryDirectory() as folder:
        ours, samples = filled(Path(folder), many)
        end = FIRST + many * DAY
        records = Records(place, namespace, ours.lake, lambda: Nanoseconds(end))
        seconds, spent, found = all_of_it(records, catalogue, many)
        report.add("year_s", round(seconds * 365 / many, 1))
        report.add("year_cpu_s", round(spent * 365 / many, 1))
        report.add("days", many)
        report.add("samples", samples)
        report.add("figures", found)
        report.add("late_ms", round(middle(late(records, ours, catalogue, end, 9)), 1))
        ours.close()
    if many < 365:
        report.note(f"a year in proportion to {many} days")
    report.show(options)


if __name__ == "__main__":
    main()
