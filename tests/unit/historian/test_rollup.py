"""Roll-ups are what the samples add up to, whatever happens to files and to samples."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.historian.columns import settled
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.delta.segment import Segments
from isthmus.historian.rollup import build, stitch
from isthmus.historian.rollup.rows import NAMES, Rollup, in_spans, of_samples
from isthmus.historian.rollup.table import began
from isthmus.historian.settings import DAY, HOUR, MINUTE, SECOND, LakeSettings, Trend
from isthmus.historian.trend import trends
from isthmus.model.sample import Batch, Nanoseconds, Status

MIDNIGHT = 20_000 * DAY
SMALL = LakeSettings(merge_files=3, merge_pause=0, reserve_bytes=0)
FAST, SLOW = 1, 2
BOTH = np.array([FAST, SLOW], np.int32)


def opened(root: Path, now: int = MIDNIGHT + 2 * DAY, **changed) -> Lake:
    return Lake.open(root, now=lambda: Nanoseconds(now), settings=replace(SMALL, **changed))


def day(date: int = MIDNIGHT, *, seed: int = 1) -> Batch:
    """A day of one tag each two seconds and one each five minutes, some of it bad."""
    chance = np.random.default_rng(seed)
    parts = []
    for tag, every in ((FAST, 2), (SLOW, 300)):
        size = 86_400 // every
        bad = chance.random(size) < 0.01
        parts.append(
            Batch(
                np.full(size, tag, np.int32),
                date + np.arange(size, dtype=np.int64) * every * SECOND + 7,
                np.round(chance.normal(50, 10, size), 3),
                np.where(bad, Status.BAD, Status.GOOD).astype(np.uint32),
            )
        )
    return Batch.concat(parts)


def put(lake: Lake, position: int, batch: Batch) -> None:
    lake.append(batch, stream="s", position=position)
    lake.seal()


def same(ours: dict[int, Trend], right: dict[int, Trend]) -> None:
    assert ours.keys() == right.keys()
    for tag, trend in right.items():
        for name in ("time", "min", "max", "first", "final", "good", "samples", "raw", "last"):
            np.testing.assert_array_equal(getattr(ours[tag], name), getattr(trend, name), name)
        np.testing.assert_allclose(ours[tag].mean, trend.mean, rtol=1e-9)


def agree(lake, rows: Batch, *, end: int = MIDNIGHT + DAY) -> None:
    """Charts of any resolution are those of `rows`."""
    for start in (MIDNIGHT, MIDNIGHT + 17 * MINUTE + 3):
        for points in (12, 24, 480):
            ours = lake.trend(BOTH, Nanoseconds(start), Nanoseconds(end), points)
            inside = rows.where((rows.time >= start) & (rows.time < end))
            same(ours, trends(settled(inside), BOTH, start, end, points))


# ------------------------------------------------------------------ adding up
ROWS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 600 * SECOND),
        st.one_of(st.integers(-1_000, 1_000).map(float), st.just(math.nan)),
        st.sampled_from([0, 0, 0x4000_0000, 0x8031_0000]),
    ),
    min_size=1,
    max_size=40,
)


def batch_of(rows) -> Batch:
    columns = list(zip(*rows, strict=True))
    kinds = (np.int32, np.int64, np.float64, np.uint32)
    return settled(Batch(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True))))


def slowly(rows: Batch, width: int) -> list[dict]:
    """The same, sample by sample."""
    made: dict[tuple[int, int], dict] = {}
    for tag, time, value, quality in zip(
        *(c.tolist() for c in (rows.tag, rows.time, rows.value, rows.quality)), strict=True
    ):
        drawn = quality < 0x8000_0000 and not math.isnan(value)
        row = made.setdefault(
            (tag, time // width * width),
            {**dict.fromkeys(("samples", "drawn", "good", "integral", "held"), 0), "opened": time}
            | {"values": []},
        )
        if row["samples"] and not math.isnan(row["final"]):
            row["integral"] += row["final"] * (time - row["closed"]) / 1e9
            row["held"] += (time - row["closed"]) / 1e9
        row["samples"] += 1
        row["good"] += quality < 0x4000_0000
        row["drawn"] += drawn
        row["values"] += [value] * drawn
        row |= {"closed": time, "final": value if drawn else math.nan}
    return [{"tag": tag, "time": time, **row} for (tag, time), row in made.items()]


@given(rows=ROWS, cut=st.integers(0, 40), width=st.sampled_from([10, 60, 600]))
def test_rows_are_what_samples_add_up_to_and_add_up_again(rows, cut, width):
    batch, width = batch_of(rows), width * SECOND
    right = slowly(batch, width)
    fine = in_spans(of_samples(batch), 10 * SECOND)
    pieces = [fine.slice(0, min(cut, len(fine))), fine.slice(min(cut, len(fine)), len(fine))]
    for made in (
        in_spans(of_samples(batch), width),
        in_spans(fine, width),
        in_spans(Rollup.concat([in_spans(piece, width) for piece in pieces]), width),
    ):
        assert len(made) == len(right)
        for place, row in enumerate(right):
            values = row["values"]
            wanted = {
                "min": min(values, default=math.nan),
                "max": max(values, default=math.nan),
                "sum": sum(values),
                "first": values[0] if values else math.nan,
                "last": values[-1] if values else math.nan,
            }
            wanted |= {name: row[name] for name in row if name != "values"}
            for name in NAMES:
                got = getattr(made, name)[place]
                assert got == pytest.approx(wanted[name], nan_ok=True, abs=1e-6), name


# ------------------------------------------------------------------ in the lake
def test_a_trend_from_roll_ups_is_that_of_the_samples(tmp_path):
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    hours, minutes = lake._store.rollups
    assert sum(file.rows for file in hours.files) == 48
    assert sum(file.rows for file in minutes.files) == 1_440, "of the fast tag alone"
    agree(lake, rows)
    agree(Reader(tmp_path), rows)
    lake.close()


def test_charts_of_hours_and_minutes_read_no_sample(tmp_path, monkeypatch):
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    right = {
        points: trends(settled(rows), BOTH[:1], MIDNIGHT, MIDNIGHT + DAY, points)
        for points in (24, 480)
    }
    monkeypatch.setattr(Segments, "of", lambda *_: pytest.fail("a sample was read"))
    for points, trend in right.items():
        same(lake.trend([FAST], MIDNIGHT, MIDNIGHT + DAY, points), trend)
    lake.close()


def test_late_and_corrected_samples_change_the_roll_ups_of_their_slice(tmp_path):
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    later = Batch.of(
        BOTH, np.full(2, MIDNIGHT + 5 * HOUR + 7, np.int64), np.array([9_000.0, -9_000.0])
    )
    both = Batch.concat([rows, later])
    lake.append(later, stream="s", position=2)
    agree(lake, both)  # hot
    lake.seal()
    agree(lake, both)  # sealed, and the roll-ups do not know
    seals = [table.files[-1].seq for table in lake._store.rollups]
    lake.maintain()
    assert [table.files[-1].seq for table in lake._store.rollups] > seals
    assert lake.view().rollups.known(lake.view().files).whole.all()
    agree(lake, both)
    agree(Reader(tmp_path), both)
    lake.close()


def test_samples_on_both_sides_of_a_roll_up_stay_on_their_sides(tmp_path):
    """Hours in the middle of a bucket are known, late samples lie before and after them."""
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    late = rows.where(np.isin(rows.time // HOUR % 24, (0, 23)))
    late = replace(late, value=late.value + 100, time=late.time + SECOND // 2)
    lake.append(late, stream="s", position=2)
    agree(lake, Batch.concat([rows, late]))
    for points in (1, 2, 3):
        same(
            lake.trend(BOTH, Nanoseconds(MIDNIGHT), Nanoseconds(MIDNIGHT + DAY), points),
            trends(settled(Batch.concat([rows, late])), BOTH, MIDNIGHT, MIDNIGHT + DAY, points),
        )
    lake.close()


def test_samples_are_read_where_they_are_fewer_than_the_roll_ups(tmp_path, monkeypatch):
    """As an hour of many tags beside a month of their hours; never where samples are gone."""
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    read = []
    table = lake.view().rollups.hours
    whole = table.read
    monkeypatch.setattr(table, "read", lambda *asked: read.append(asked) or whole(*asked))
    agree(lake, rows)
    assert read
    read.clear()
    monkeypatch.setattr(stitch, "FEW", 0)
    monkeypatch.setattr(stitch, "DEARER", 1 << 40)
    agree(lake, rows)
    assert not read
    lake.close()


def test_a_damaged_roll_up_costs_nothing_but_time(tmp_path):
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    for table in lake._store.rollups:
        for file in table.files:
            path = table.manifest.root / file.path
            content = bytearray(path.read_bytes())
            for place in range(8, len(content) - 300, 40):
                content[place] ^= 0x55
            path.write_bytes(content)
    agree(lake, rows)
    agree(Reader(tmp_path), rows)
    lake.maintain()
    assert all(len(table.files) == 1 for table in lake._store.rollups)
    assert lake.view().rollups.known(lake.view().files).whole.all()
    agree(lake, rows)
    assert len(list((tmp_path / "quarantine").iterdir())) == 2
    lake.close()
    lake = opened(tmp_path)
    agree(lake, rows)
    lake.close()


def test_roll_ups_outlive_the_samples(tmp_path):
    """Then a chart of hours or minutes is as it was, and a finer one is as fine as can be."""
    lake, rows = opened(tmp_path), day()
    put(lake, 1, rows)
    lake.maintain()
    lake._store.drop(lake._store.samples, lake._store.files)
    lake.maintain()
    assert len(lake.raw(BOTH, 0, 1 << 62)) == 0
    start, end = MIDNIGHT, MIDNIGHT + DAY
    for asked in (lake, Reader(tmp_path)):
        for points, tags in ((24, BOTH), (480, BOTH[:1])):
            same(
                asked.trend(tags, start, end, points),
                trends(settled(rows), tags, start, end, points),
            )
        found = asked.trend(BOTH, start, start + 6 * HOUR, 4_000)
        assert [len(found[tag].time) for tag in (FAST, SLOW)] == [360, 6]
        inside = rows.where(rows.time < start + 6 * HOUR)
        assert [found[tag].samples for tag in (FAST, SLOW)] == [
            int((inside.tag == tag).sum()) for tag in (FAST, SLOW)
        ]
    lake.close()


def test_hours_are_a_file_a_day_then_one_a_month_and_a_day_of_minutes_is_one(tmp_path):
    """So an hour of all tags is near, a year of one tag a dozen reads; here October 2024."""
    first, days = MIDNIGHT + 18 * DAY, 14
    now, every = [first], []
    chosen = replace(SMALL, slice_hours=8)
    lake = Lake.open(tmp_path, now=lambda: Nanoseconds(now[0]), settings=chosen)
    for number in range(days):
        date = first + number * DAY
        every.append(day(date, seed=number).where(slice(None, None, 3)))
        now[0] = date + DAY + HOUR
        put(lake, number + 1, every[-1])
        lake.maintain()
    hours, minutes = lake._store.rollups
    spans = [(began(file) + file.hours[0], began(file) + file.hours[1]) for file in hours.files]
    assert sorted(spans) == [
        (first // HOUR + number * 24, first // HOUR + number * 24 + 24) for number in range(days)
    ]
    now[0] += 30 * DAY + chosen.day_after
    lake.maintain()
    assert sorted(file.date for file in hours.files) == ["2024-10-01", "2024-11-01"]
    assert max(sum(f.date == file.date for f in minutes.files) for file in minutes.files) <= 2
    whole = Batch.concat(every)
    end = first + days * DAY
    for points in (14, 200):
        same(
            lake.trend(BOTH, first, end, points),
            trends(settled(whole), BOTH, first, end, points),
        )
    lake.close()


def test_building_holds_little(tmp_path, monkeypatch):
    """Blocks of samples as they come, and the minutes of one tag."""
    lake, rows = opened(tmp_path), day()
    for part in range(3):
        put(lake, part + 1, rows.where(slice(part, None, 3)))
    held = []
    plain = build.in_spans

    def watched(some: Rollup, width: int) -> Rollup:
        held.append(len(some))
        return plain(some, width)

    monkeypatch.setattr(build, "in_spans", watched)
    monkeypatch.setattr("isthmus.historian.delta.merge.GROUP", 1_000)
    lake.maintain()
    assert sum(held) > len(rows)
    assert max(held) <= 6_000
    agree(lake, rows)
    lake.close()


@settings(max_examples=15, deadline=None)
@given(hours=st.lists(st.integers(0, 23), min_size=1, max_size=6, unique=True))
def test_hours_that_nobody_sampled_are_no_gap_in_what_is_known(hours, tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    lake, rows = opened(root), day()
    rows = rows.where(np.isin((rows.time - MIDNIGHT) // HOUR, hours))
    put(lake, 1, rows)
    lake.maintain()
    assert lake.view().rollups.known(lake.view().files).whole.all()
    agree(lake, rows)
    lake.close()
