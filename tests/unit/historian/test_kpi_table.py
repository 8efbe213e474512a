"""Derived values: the table answers as a list does, whatever is merged, reopened or damaged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from isthmus.historian.delta.kpi import AUDIT, SMALL
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.memory import Memory
from isthmus.historian.settings import DAY, HOUR
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.sample import Nanoseconds, Status

NOON = Nanoseconds(20_000 * DAY + DAY // 2)
OEE = KpiResult(
    *("packaging/line1", "oee_index", "hour", NOON, Nanoseconds(NOON + HOUR), 0.75),
    formula="iso22400.oee",
    version=2,
    inputs=(KpiInput("packaging/line1/filler/state", 12, "00c0ffee"),),
    computed=Nanoseconds(NOON + HOUR + 1_000),
)
LATER = (NOON - DAY, NOON + DAY)


@pytest.fixture
def lake(tmp_path):
    opened = Lake.open(tmp_path, now=lambda: Nanoseconds(NOON + 2 * DAY))
    yield opened
    opened.close()


def at(hours: int, value: float | None = 0.5, **more) -> KpiResult:
    start = Nanoseconds(NOON + hours * HOUR)
    return replace(OEE, start=start, end=Nanoseconds(start + HOUR), value=value, **more)


def test_all_that_a_result_says_comes_back(lake):
    unknown = at(1, None, status=int(Status.BAD_NO_COMMUNICATION), shift="früh", unit="kWh")
    lake.write_kpis([OEE, unknown])
    assert lake.kpis(*LATER) == [OEE, unknown]


def test_a_later_result_holds_and_the_earlier_one_is_kept(lake):
    better = replace(OEE, value=0.7, computed=Nanoseconds(OEE.computed + 1_000))
    lake.write_kpis([OEE])
    lake.write_kpis([better])
    assert lake.kpis(*LATER) == [better]
    assert lake.kpis(*LATER, versions=True) == [OEE, better]
    (row,) = lake.sql("select value, quality, path from kpi").to_pylist()
    assert row == {"value": 0.7, "quality": 0, "path": "packaging/line1"}
    (count,) = lake.sql("select count(*) as n from kpi_versions").to_pylist()
    assert count == {"n": 2}


def test_results_are_found_by_name_place_period_and_time(lake):
    rows = [
        at(0), at(1, kpi="availability"), at(2, path="packaging/line10"),
        at(3, path="packaging/line1/filler"), at(4, period="shift"),
    ]  # fmt: skip
    memory = Memory()
    for history in (lake, memory):
        history.write_kpis(rows)
    for asked in (
        {}, {"names": ["availability"]}, {"path": "packaging/line1"}, {"period": "shift"},
        {"limit": 2}, {"path": "packaging"}, {"path": "nowhere"},
    ):  # fmt: skip
        assert lake.kpis(*LATER, **asked) == memory.kpis(*LATER, **asked)
    assert len(lake.kpis(*LATER, path="packaging/line1")) == 4
    assert lake.kpis(rows[1].start, rows[3].start) == rows[1:3]


def test_results_outlive_the_process_and_any_number_of_merges(tmp_path):
    def opened():
        return Lake.open(tmp_path, now=lambda: Nanoseconds(NOON + 2 * DAY))

    memory = Memory()
    lake = opened()
    for turn in range(3 * SMALL):
        some = [at(turn % 5, turn / 10), at(turn % 5, turn, kpi="good")]
        lake.write_kpis(some)
        memory.write_kpis(some)
        if turn % 7 == 6:
            lake.maintain()
            lake.close()
            lake = opened()
    lake.maintain()
    dates = [file.date for file in lake.kpi_table.files]
    assert len(dates) < SMALL
    for asked in ({}, {"versions": True}):
        assert lake.kpis(*LATER, **asked) == memory.kpis(*LATER, **asked)
    lake.close()
    assert Reader(tmp_path).kpis(*LATER) == memory.kpis(*LATER)


def test_what_was_replaced_long_ago_is_forgotten_and_what_holds_is_not(tmp_path):
    late = NOON + AUDIT + 2 * DAY
    with_all = Lake.open(tmp_path, now=lambda: Nanoseconds(late))
    for turn in range(SMALL):
        with_all.write_kpis([replace(OEE, value=float(turn))])
    with_all.maintain()
    assert [result.value for result in with_all.kpis(*LATER, versions=True)] == [SMALL - 1]
    with_all.close()


def test_a_damaged_file_is_named_and_the_rest_is_answered(tmp_path):
    lake = Lake.open(tmp_path, now=lambda: NOON)
    lake.write_kpis([OEE])
    broken = Path(lake.kpi_table.files[0].path)
    lake.write_kpis([at(3)])
    (tmp_path / "kpi" / broken).write_bytes(b"PAR1 no more PAR1")
    assert lake.kpis(*LATER) == [at(3)]
    assert lake.sql("select count(*) as n from kpi").to_pylist() == [{"n": 1}]
    assert any(str(broken) in told for told in lake.stats().damaged)
    lake.maintain()
    assert [path.name for path in (tmp_path / "quarantine").iterdir()]
    lake.close()
    again = Lake.open(tmp_path, now=lambda: NOON)
    assert again.kpis(*LATER) == [at(3)]
    again.close()


def test_a_history_of_before_has_no_results_and_says_so(tmp_path):
    Lake.open(tmp_path, now=lambda: NOON).close()
    shutil.rmtree(tmp_path / "kpi")
    reader = Reader(tmp_path)
    assert reader.kpis(*LATER) == []
    assert reader.sql("select count(*) as n from kpi").to_pylist() == [{"n": 0}]


def test_another_tool_reads_the_table(lake, tmp_path):
    lake.write_kpis([OEE])
    files = [str(tmp_path / "kpi" / file.path) for file in lake.kpi_table.files]
    (row,) = duckdb.sql(f"select kpi, value, inputs from read_parquet({files})").fetchall()
    assert row == (
        "oee_index", 0.75,
        '[{"path": "packaging/line1/filler/state", "samples": 12, "digest": "00c0ffee"}]',
    )  # fmt: skip
