"""Scheduled exports: due in local time, each file once and whole, failures told and made up."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from isthmus.historian.memory import Memory
from isthmus.model.calendar import shift
from isthmus.model.errors import Refused, StorageError
from isthmus.model.export import Export, Schedule
from isthmus.model.plant import Calendar, Equipment, Level, Plant
from isthmus.model.sample import Batch, Status
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime.export.due import missed, next_due
from isthmus.runtime.export.scheduled import STATE, Exports, remembered

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 10**9


def local(time):
    return datetime.fromtimestamp(time / 1e9, BERLIN).strftime("%m-%d %H:%M")


LINE = Equipment(
    "a/line1", Level.WORK_CENTER, tags=(Tag("a/line1/power", unit="kW"),), calendar="three"
)
CALENDAR = Calendar(
    "three",
    (
        shift("early", "06:00-14:00 Mon-Fri"),
        shift("late", "14:00-22:00 Mon-Fri"),
        shift("night", "22:00-06:00 Mon-Fri"),
    ),
)


def plant(**exports):
    area = Equipment("a", Level.AREA, children=(LINE,))
    return Plant(
        "acme",
        "riverside",
        "Europe/Berlin",
        areas=(area,),
        calendars={"three": CALENDAR},
        exports=exports,
    )


def spans(schedule, after, count):
    found, at = [], ns(after)
    for _ in range(count):
        due = next_due(schedule, plant(), at, BERLIN)
        found.append((local(due.start), local(due.end), local(due.time)))
        at = due.end
    return found


def test_at_a_time_of_the_day_the_file_covers_what_was_before():
    schedule = Schedule(at=6 * 60 + 5, last=8 * 3600.0, wait=60.0)
    assert spans(schedule, "2026-11-10T00:00", 2) == [
        ("11-09 22:05", "11-10 06:05", "11-10 06:06"),
        ("11-10 22:05", "11-11 06:05", "11-11 06:06"),
    ]


def test_a_file_a_shift_leaves_the_weekend_out():
    schedule = Schedule(each="shift", wait=120.0)
    assert spans(schedule, "2026-11-13T15:00", 3) == [
        ("11-13 14:00", "11-13 22:00", "11-13 22:02"),
        ("11-13 22:00", "11-14 06:00", "11-14 06:02"),
        ("11-16 06:00", "11-16 14:00", "11-16 14:02"),
    ]


@pytest.mark.parametrize(
    ("each", "after", "ends"),
    [
        (86_400.0, "2026-03-28T12:00", ["03-29 00:00", "03-30 00:00"]),
        (
            8 * 3600.0,
            "2026-10-24T20:00",
            ["10-25 00:00", "10-25 07:00", "10-25 15:00", "10-26 00:00"],
        ),
        (
            8 * 3600.0,
            "2026-03-28T20:00",
            ["03-29 00:00", "03-29 09:00", "03-29 17:00", "03-30 00:00"],
        ),
        (7 * 86_400.0, "2026-10-24T12:00", ["10-26 00:00", "11-02 00:00"]),
        (3600.0, "2026-10-25T01:30", ["10-25 02:00", "10-25 02:00", "10-25 03:00"]),
    ],
)
def test_stretches_follow_the_clock_on_the_wall(each, after, ends):
    found = spans(Schedule(each=each, wait=0.0), after, len(ends))
    assert [end for _, end, _ in found] == ends
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_what_was_missed_is_the_newest_of_it_oldest_first():
    schedule = Schedule(each=3600.0, wait=0.0)
    found = missed(schedule, plant(), ns("2026-11-10T06:00"), ns("2026-11-10T20:30"), BERLIN, 3)
    assert [local(due.end) for due in found] == ["11-10 18:00", "11-10 19:00", "11-10 20:00"]


class Clock:
    def __init__(self, text):
        self.time = ns(text)

    def __call__(self):
        return self.time


WISH = Export(
    "hourly", ("**/power",), Schedule(each=3600.0, wait=60.0), 60.0, format="parquet", keep=4
)


@pytest.fixture
def namespace():
    known = Namespace()
    known.bind(LINE.tags[0])
    return known


@pytest.fixture
def history():
    kept = Memory()
    time = np.arange(ns("2026-11-10T00:00"), ns("2026-11-11T00:00"), MINUTE, dtype=np.int64)
    value = np.arange(len(time), dtype=np.float64)
    batch = Batch(
        np.zeros(len(time), np.int32), time, value, np.full(len(time), Status.GOOD, np.uint32)
    )
    kept.append(batch, stream="s", position=1)
    return kept


@pytest.fixture
def open_exports(tmp_path, namespace, history):
    def opened(clock, wish=WISH, samples=history):
        return Exports(plant(**{wish.name: wish}), namespace, samples, clock, tmp_path)

    return opened


async def turn(exports):
    """One look at everything that is due."""
    running = asyncio.ensure_future(exports.run())
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def files(folder):
    return sorted(file.name for file in (folder / "exports").glob("*"))


def test_each_stretch_is_made_once_also_after_a_restart_and_old_ones_go(open_exports, tmp_path):
    clock = Clock("2026-11-10T06:30")
    asyncio.run(turn(open_exports(clock)))
    assert not (tmp_path / "exports").exists(), "nothing is due before it began"
    clock.time = ns("2026-11-10T08:00:30")
    first = open_exports(clock)
    first._state["hourly"].since = ns("2026-11-10T06:30")
    asyncio.run(turn(first))
    assert files(tmp_path) == ["hourly-20261110T050000Z.parquet"], "the next waits for late values"
    found = pl.read_parquet(tmp_path / "exports" / files(tmp_path)[0])
    assert len(found) == 60
    assert found["a/line1/power"].to_list() == [360.0 + minute for minute in range(60)]
    clock.time = ns("2026-11-10T20:10")
    (tmp_path / "exports" / "hourly-report.parquet").write_bytes(b"mine")
    again = open_exports(clock)
    asyncio.run(turn(again))
    assert files(tmp_path) == [
        *(f"hourly-20261110T{hour}0000Z.parquet" for hour in (15, 16, 17, 18)),
        "hourly-report.parquet",
    ], "four are kept, the newest; what is not ours stays"
    asyncio.run(turn(open_exports(clock)))
    told = remembered(tmp_path)["hourly"]
    assert (local(told.until), told.rows, told.error) == ("11-10 20:00", 60, "")


class Broken(Memory):
    def raw(self, *_, **__):
        raise StorageError("reading history: the disk is gone", hint="look at it")


def test_a_failure_is_told_leaves_no_half_file_and_is_made_up(open_exports, tmp_path):
    clock = Clock("2026-11-10T07:30")
    failing = open_exports(clock, samples=Broken())
    failing._state["hourly"].since = ns("2026-11-10T06:30")
    asyncio.run(turn(failing))
    (told,) = failing.failing()
    assert told.error == "reading history: the disk is gone"
    assert told.hint == "look at it"
    assert files(tmp_path) == []
    mended = open_exports(clock)
    asyncio.run(turn(mended))
    assert files(tmp_path) == [], "not tried again at once"
    clock.time += 6 * MINUTE
    asyncio.run(turn(open_exports(clock)))
    assert files(tmp_path) == ["hourly-20261110T050000Z.parquet"]
    assert remembered(tmp_path)["hourly"].error == ""


class Greedy(Memory):
    def raw(self, *_, **__):
        raise Refused("too much", hint="ask for less")


def test_what_is_refused_does_not_stop_what_follows(open_exports, tmp_path):
    clock = Clock("2026-11-10T07:30")
    failing = open_exports(clock, samples=Greedy())
    failing._state["hourly"].since = ns("2026-11-10T06:30")
    asyncio.run(turn(failing))
    assert failing.failing()[0].error == "too much"
    clock.time = ns("2026-11-10T08:10")
    asyncio.run(turn(open_exports(clock)))
    assert files(tmp_path) == ["hourly-20261110T060000Z.parquet"]


def test_a_damaged_state_is_told_and_does_not_stop_a_plant(open_exports, tmp_path, caplog):
    (tmp_path / STATE).write_text("{", "utf-8")
    with pytest.raises(StorageError, match=r"exports\.json"):
        remembered(tmp_path)
    exports = open_exports(Clock("2026-11-10T07:30"))
    assert "begin anew" in caplog.text
    assert local(exports.told()[0].due) == "11-10 08:01"


def test_keys_of_a_newer_version_do_not_matter(open_exports, tmp_path):
    (tmp_path / STATE).write_text(json.dumps({"gone": {"since": 1, "until": 2}}), "utf-8")
    assert [told.name for told in open_exports(Clock("2026-11-10T07:30")).told()] == ["hourly"]
