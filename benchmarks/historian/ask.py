"""Asking: the same questions to all engines, which take turns; then a crowd; then a year."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from benchmarks.historian import crowd, data
from benchmarks.historian.data import FIRST, Span, moment
from benchmarks.historian.duck import DuckDb, files_of, over_files, plain
from benchmarks.historian.engine import Engine, Question
from benchmarks.historian.ours import LATE, STREAM, Ours, opened
from benchmarks.historian.sql import ONE, POINTS
from benchmarks.historian.stream import Through
from benchmarks.report import Report, middle
from isthmus.historian.settings import DAY
from isthmus.model.sample import TagId

ROUNDS = 9
OLD = ("raw_hour_ms", "day_500_ms", "thousand_tags_hour_ms", "asof_hour_ms")
LONG = 2.0  # seconds of an answer that is waited for once
FILES = "duckdb on our files"


def milliseconds(question: Question) -> float:
    """How long an answer takes."""
    began = time.perf_counter()
    question()
    return (time.perf_counter() - began) * 1e3


def in_turns(
    report: Report, engines: Sequence[Engine], span: Span, theirs: Span, ours: Path
) -> None:
    """The median of each question and engine; the page cache is warm."""
    asked: dict[str, dict[str, Question]] = {FILES: over_files(ours, span)}
    for engine in engines:
        if engine.loads:
            held = theirs if engine.server else span
            asked[engine.name] = dict(engine.questions(held))
    for name in dict.fromkeys(name for questions in asked.values() for name in questions):
        for who, times in _each(report, asked, name).items():
            value = round(middle(times[1:] or times), 4)  # the first one warmed it up
            if who == Ours.name:
                report.add(name, value)
            else:
                report.peer(who, name, value)
    report.note(
        "questions: median of 9, warm, answers that take 2 s once; ours by its API, sql_ by our "
        "SQL; thousand_tags_hour_ms: minimum, maximum and mean of an hour, one row a tag"
    )


def _each(
    report: Report, asked: Mapping[str, dict[str, Question]], name: str
) -> dict[str, list[float]]:
    """What one question took each engine, round by round."""
    spent: dict[str, list[float]] = {}
    for _ in range(ROUNDS + 1):
        for who, questions in asked.items():
            if name not in questions or spent.get(who, [0.0])[-1] > LONG * 1e3:
                continue
            try:
                spent.setdefault(who, []).append(milliseconds(questions[name]))
            except OSError as error:
                report.note(f"{who} did not answer {name}: {str(error)[-200:]}")
                del questions[name], spent[who]
    return spent


def crowds(
    report: Report, engines: Sequence[Engine], span: Span, theirs: Span, seconds: float
) -> None:
    """One writer at 100,000 a second, alone and among four readers."""
    for engine in engines:
        if not engine.loads:
            continue
        if isinstance(engine, Ours):
            _ours(report, engine, span, seconds)
            continue
        held = theirs if engine.server else span
        readers = (
            crowd.threads(engine, held)
            if isinstance(engine, DuckDb)
            else crowd.processes(engine.address(), held)
        )
        for name, value in crowd.among(
            lambda batch, to=engine: to.send(to.prepare(batch)),  # type: ignore[misc]
            readers,
            seconds,
            held.end,
        ).items():
            report.peer(engine.name, name, value)
        report.peer(engine.name, "crowd_rss_mb", round(engine.rss_mb()))
    report.note(
        "writer_: batches of 2,000 samples at 100,000 a second, one at a time, each acknowledged; "
        "ours by its synced stream, the lake taking them in and sealing; readers are processes, "
        "DuckDB's are threads"
    )


def _ours(report: Report, engine: Ours, span: Span, seconds: float) -> None:
    engine.close()
    place = engine.folder.parent / "crowd"
    place.mkdir()
    with Through(place, engine.folder) as path:
        readers = crowd.processes(engine.address(), span)
        for name, value in crowd.among(path.send, readers, seconds, span.end).items():
            report.add(name, value)
        report.add("crowd_stream_rss_mb", round(path.rss_mb()))
        path.seal()
    engine.reopen()


def of_old(report: Report, engine: Ours, span: Span) -> None:
    """Ours again when days have become files of their own: smaller, and farther to go."""
    engine.close()
    engine.reopen(LATE)
    engine.settle()
    report.add("bytes_per_sample_old", engine.size() / engine.count())
    questions = engine.questions(span)
    for name in OLD:
        times = [milliseconds(questions[name]) for _ in range(ROUNDS + 1)]
        report.add(f"old_{name}", round(middle(times[1:]), 4))
    report.note(f"old_: {LATE // DAY} days later, days are files of their own; else slices of 2 h")


def a_year(report: Report, folder: Path, days: int) -> None:
    """A tag each ten seconds for a year as 500 points: ours, and DuckDB on the same files."""
    place = folder / "year"
    lake = opened(place)
    for position, rows in enumerate(data.a_year(ONE, days), 1):
        lake.append(rows, stream=STREAM, position=position)
        lake.seal()
    lake.maintain()
    start, end = moment(FIRST - days * DAY), moment(FIRST)

    def ours() -> object:
        return lake.trend([TagId(ONE)], start, end, POINTS)

    width = (end - start) // 1_000 // POINTS
    query = f"""select min(value), max(value), avg(value) from {files_of(place)}
                where tag = {ONE} group by epoch_us(time) // {width}"""
    duckdb = plain()

    def theirs() -> object:
        return duckdb.execute(query).fetchall()

    report.add("year_500_ms", round(middle([milliseconds(ours) for _ in range(6)][1:]), 3))
    report.peer(
        FILES, "year_500_ms", round(middle([milliseconds(theirs) for _ in range(6)][1:]), 3)
    )
    report.note(f"year_500_ms: {days} days of a tag each 10 s, {days * 8_640:,} samples")
    lake.close()


def alone_mb(folder: Path, span: Span) -> float:
    """Resident MB of a process that opens our history and answers every question once."""
    command = [sys.executable, "-m", "benchmarks.historian.ask", str(folder)]
    done = subprocess.run(
        [*command, str(span.start), str(span.end)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Open, ask everything, print the resident memory."""
    folder, start, end = sys.argv[1:]
    engine = Ours(Path(folder))
    for question in engine.questions(Span(int(start), int(end))).values():
        question()
    print(round(psutil.Process().memory_info().rss / 1e6))
    engine.close()


if __name__ == "__main__":
    main()
