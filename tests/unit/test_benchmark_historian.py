"""Engines that are measured beside each other hold the same samples and give the same answers."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from benchmarks.historian import data, lines
from benchmarks.historian.__main__ import number
from benchmarks.historian.duck import DuckDb, over_files
from benchmarks.historian.ours import Ours

from isthmus.historian.settings import HOUR, SECOND


@pytest.fixture(scope="module")
def hour():
    """An hour of the tags below 20 and of every tenth below 200."""
    rows = next(data.hours())
    return rows.where((rows.tag < 20) | ((rows.tag < 200) & (rows.tag % 10 == 0)))


@pytest.fixture(scope="module")
def engines(hour, tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    ours, duck = Ours(folder / "ours"), DuckDb(folder / "duck")
    for engine in (ours, duck):
        for batch in data.frames(hour, 10_000):
            engine.send(engine.prepare(batch))
        engine.flush()
        engine.settle()
    yield ours, duck
    ours.close()
    duck.close()


SPAN = data.Span(data.FIRST, data.FIRST + HOUR)


def rounded(row) -> tuple[str, ...]:
    """A row without the last digits of its means, which depend on the order of adding."""
    return tuple(f"{cell:.9g}" if isinstance(cell, float) else str(cell) for cell in row)


def test_hours_follow_each_other_in_order_of_arrival():
    first, second = islice(data.hours(), 2)
    for place, rows in enumerate((first, second)):
        assert len(rows) == data.HOURLY
        assert (np.diff(rows.time) >= 0).all()
        assert 0 <= rows.time[0] - data.FIRST - place * HOUR < SECOND
    walks = [rows.value[rows.tag == 3] for rows in (first, second)]
    assert abs(walks[0][-1] - walks[1][0]) < 1, "the second hour begins where the first one ended"
    assert data.whole(100_000_000) == 80


def test_the_day_asked_for_is_a_whole_one_and_its_hour_within():
    span = data.Span(data.FIRST, data.FIRST + 80 * HOUR)
    assert span.day == (data.FIRST + 48 * HOUR, data.FIRST + 72 * HOUR)
    assert span.hour == (data.FIRST + 60 * HOUR, data.FIRST + 61 * HOUR)


def test_all_hold_the_same(engines, hour):
    for engine in engines:
        assert engine.count() == len(hour)
        assert 0 < engine.size() / len(hour) < 40


def test_ours_answers_as_duckdb_does(engines, hour):
    ours, duck = engines
    mine, theirs = ours.questions(SPAN), duck.questions(SPAN)
    files = over_files(ours.folder, SPAN)
    for name in theirs:
        rows = sorted(map(rounded, theirs[name]()))
        assert rows == sorted(map(rounded, files[name]())), name
        table = mine[f"sql_{name}"]()
        assert len(rows) == table.num_rows, name
    raw = mine["raw_hour_ms"]()
    assert [value for _, value in theirs["raw_hour_ms"]()] == raw.value.tolist()
    (trend,) = mine["day_500_ms"]().values()
    assert len(theirs["day_500_ms"]()) == len(trend.time) == 500
    (weighted,) = mine["time_weighted_day_ms"]().columns["TimeAverage2"].value[0]
    good = raw.where(raw.quality < 0x4000_0000)  # bad samples count for DuckDB, not for Part 13
    assert weighted == pytest.approx(theirs["time_weighted_day_ms"]()[0][0], rel=1e-3)
    assert len(good) < len(raw)
    assert len(mine["lttb_500_ms"]()) <= 500
    means = {tag: mean for tag, _, _, mean in theirs["thousand_tags_hour_ms"]()}
    assert len(means) == len(set(hour.tag[hour.tag % 10 == 0].tolist()))
    grid = sorted(theirs["asof_hour_ms"](), key=lambda row: (row[1], row[0]))
    columns = mine["asof_hour_ms"]().column.value.ravel()
    right = np.array([np.nan if row[2] is None else row[2] for row in grid])
    known = ~np.isnan(columns)  # a bad sample is none for us
    assert 0.99 < known.mean() < 1
    np.testing.assert_array_equal(columns[known], right[known])


def test_lines_of_text_hold_value_quality_and_time(hour):
    some = hour.slice(0, 3)
    made = lines.InfluxDb.prepare(object.__new__(lines.InfluxDb), some).decode().splitlines()
    assert made == [
        f"s,tag={tag} v={value!r},q={quality}i {time}".replace(".0,", ",")
        for tag, value, quality, time in zip(
            *(column.tolist() for column in (some.tag, some.value, some.quality, some.time)),
            strict=True,
        )
    ]


def test_sizes_may_be_written_short():
    assert [number(text) for text in ("1000", "30k", "100M", "1.5M")] == [
        1_000, 30_000, 100_000_000, 1_500_000,
    ]  # fmt: skip
