"""What an export holds, against numbers worked out by hand; every kind of file read by others."""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest

from isthmus.historian import export_file
from isthmus.historian.export_excel import Workbook
from isthmus.historian.memory import Memory
from isthmus.model.errors import ConfigError, Refused
from isthmus.model.sample import Batch, Status
from isthmus.model.tag import Counter, Kind, Tag
from isthmus.runtime.export.extract import Extract, StoppedError, export, numeric

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
TAGS = {
    0: Tag("a/l/filler/speed", unit="1/min", normal=(110.0, 125.0)),
    1: Tag("a/l/filler/good", counter=Counter(wraps_at=1000.0)),
    2: Tag("a/l/filler/state", kind=Kind.ENUMERATION, legend={6: "execute", 2: "stopped"}),
    3: Tag("a/l/filler/order", kind=Kind.TEXT, description="=1+1"),
}


def ns(text, zone=BERLIN):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 10**9


START = ns("2026-11-10T06:00")


@pytest.fixture
def history():
    """Speed 100 for 30 s, 200 for 15 s, unknown for 15 s; a counter that wraps; two states."""
    kept = Memory()
    rows = [
        (0, 0, 100.0, Status.GOOD),
        (0, 30, 200.0, Status.GOOD),
        (0, 45, 0.0, Status.BAD_NO_COMMUNICATION),
        (0, 60, 50.0, Status.GOOD),
        (1, 0, 990.0, Status.GOOD),
        (1, 60, 998.0, Status.GOOD),
        (1, 120, 3.0, Status.GOOD),
        (2, 0, 6.0, Status.GOOD),
        (2, 90, 2.0, Status.GOOD),
    ]
    tag, second, value, quality = (np.array(column) for column in zip(*rows, strict=True))
    time = START + second.astype(np.int64) * 10**9
    batch = Batch(tag.astype(np.int32), time, value, quality.astype(np.uint32))
    kept.append(batch, stream="s", position=1)
    return kept


def extract(**changes):
    given = {"every": MINUTE, "layout": "wide", "end": START + 2 * MINUTE, "start": START}
    given |= changes
    return Extract(numeric(TAGS), zone=BERLIN, **given)


def made(history, wish, kind, **more):
    out = io.BytesIO()
    rows = export(history, wish, kind, out, **more)
    return rows, out.getvalue()


def test_texts_have_no_samples_and_the_rest_comes_by_path():
    assert [tag.name for tag in numeric(TAGS).values()] == ["good", "speed", "state"]


def test_a_wide_row_holds_means_by_time_growth_and_words(history):
    rows, data = made(history, extract(), "csv")
    assert rows == 2
    first, second = csv.DictReader(io.StringIO(data.decode()))
    assert first["time"] == "2026-11-10T05:00:00.000000000Z"
    assert float(first["a/l/filler/speed"]) == pytest.approx((100 * 30 + 200 * 15) / 45)
    assert float(second["a/l/filler/speed"]) == pytest.approx(50)
    assert [first["a/l/filler/state"], second["a/l/filler/state"]] == ["execute", "stopped"]
    grown = float(first["a/l/filler/good"]) + float(second["a/l/filler/good"])
    assert grown == pytest.approx(8, abs=0.2), "the wrap at 120 s is outside, but for its rise"


def test_a_long_row_tells_every_figure(history):
    rows, data = made(history, extract(layout="long"), "parquet")
    found = pl.read_parquet(io.BytesIO(data))
    assert rows == len(found) == 6
    speed = found.filter(pl.col("tag") == "a/l/filler/speed").to_dicts()[0]
    assert (speed["min"], speed["max"], speed["samples"]) == (100, 200, 3)
    assert speed["last"] is None, "the minute ends in a gap"
    assert speed["good_percent"] == pytest.approx(75)
    state = found.filter(pl.col("tag") == "a/l/filler/state").to_dicts()[0]
    assert state["mean"] is None
    assert state["last"] == 6


def test_each_sample_is_there_once_whatever_the_file(history):
    wish = extract(every=0, layout="long", end=START + HOUR)
    rows, data = made(history, wish, "parquet")
    found = pl.read_parquet(io.BytesIO(data))
    assert rows == len(found) == 9
    assert found["tag"].to_list() == sorted(found["tag"].to_list())
    told = pq.ParquetFile(io.BytesIO(data)).schema_arrow.metadata
    assert told[b"isthmus.unit.a/l/filler/speed"] == b"1/min"
    _, text = made(history, wish, "csv")
    assert len(text.splitlines()) == 10


def test_excel_has_real_dates_in_the_plants_zone_units_and_what_it_is_about(history):
    facts = (("export", "=cmd()"),)
    _, data = made(history, extract(), "xlsx", facts=facts)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["data", "tags", "about"]
    sheet = book["data"]
    assert [cell.value for cell in sheet[1]] == [
        "time",
        *(f"a/l/filler/{name}" for name in ("good", "speed", "state")),
    ]
    assert str(sheet["A2"].value) == "2026-11-10 06:00:00"
    assert sheet["A2"].is_date
    assert sheet["D2"].value == "execute"
    tags = {row[0].value: row for row in book["tags"].iter_rows(min_row=2)}
    assert tags["a/l/filler/speed"][1].value == "1/min"
    assert (tags["a/l/filler/speed"][3].value, tags["a/l/filler/speed"][4].value) == (110, 125)
    about = {row[0].value: row[1] for row in book["about"].iter_rows(min_row=2)}
    assert about["export"].value == "=cmd()"
    assert about["export"].data_type == "s", "a text is never a formula"
    assert "Europe/Berlin" in about["time zone"].value
    assert about["rows"].value == "2"


def test_excel_tells_quality_as_a_word_and_milliseconds_of_samples(history):
    _, data = made(history, extract(every=0, layout="long"), "xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(data))["data"].iter_rows(min_row=2))
    assert "BadNoCommunication" in {row[3].value for row in rows}
    assert rows[0][0].number_format.endswith(".000")


def test_the_hour_that_comes_twice_is_told_from_its_first(history):
    start, end = ns("2026-10-25T00:00", ZoneInfo("UTC")), ns("2026-10-25T02:00", ZoneInfo("UTC"))
    _, data = made(history, extract(start=start, end=end, every=HOUR), "xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(data))["data"].iter_rows(values_only=True))
    assert rows[0][:2] == ("time", "UTC")
    assert [row[0].hour for row in rows[1:]] == [2, 2]
    assert [row[1].hour for row in rows[1:]] == [0, 1]


def test_days_begin_at_local_midnight_also_where_one_has_25_hours(history):
    start, end = ns("2026-10-24T06:00"), ns("2026-10-27T00:00")
    wish = extract(start=start, end=end, every=24 * HOUR, layout="long")
    found = pl.read_parquet(io.BytesIO(made(history, wish, "parquet")[1]))
    first = ns("2026-10-24T00:00")
    days = [0, 24 * HOUR, 49 * HOUR]
    assert found["time"].dt.epoch("ns").unique(maintain_order=True).to_list() == [
        first + day for day in days
    ]
    assert set(found["good_percent"]) == {0}, "nothing is known yet"


def test_a_full_sheet_is_followed_by_another(history):
    from isthmus.runtime.export.raw import RAW, raw_tables

    out = io.BytesIO()
    about = export_file.About(list(numeric(TAGS).values()), BERLIN)
    with Workbook(out, RAW, about, sheet_rows=5) as book:
        for rows in raw_tables(history, numeric(TAGS), START, START + HOUR):
            book.write(rows)
    found = openpyxl.load_workbook(out)
    assert found.sheetnames == ["data", "data 2", "data 3", "tags", "about"]
    held = [found[name].max_row - 1 for name in found.sheetnames[:3]]
    assert held == [4, 4, 1]


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_file_of_too_many_rows_is_refused_with_what_helps(history, kind, monkeypatch):
    monkeypatch.setitem(export_file.MOST_ROWS, kind, 5)
    with pytest.raises(Refused, match="more than 5 rows") as error:
        made(history, extract(every=0, layout="long"), kind)
    assert "every" in error.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"every": 0},
        {"every": 1},
        {"end": START + 3_000 * 24 * HOUR, "every": 10**9},
    ],
)
def test_what_makes_no_sense_is_refused(history, changes):
    with pytest.raises(Refused):
        made(history, extract(**changes), "csv")


def test_an_export_can_be_stopped(history):
    with pytest.raises(StoppedError):
        made(history, extract(), "csv", stopped=lambda: True)


def test_a_missing_excel_writer_is_named_with_its_install_line(history, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(ConfigError, match="xlsxwriter") as error:
        made(history, extract(), "xlsx")
    assert "pip install 'isthmus[excel]'" in error.value.hint


@pytest.mark.parametrize("seed", range(5))
def test_means_of_any_stretch_equal_those_of_every_second(seed):
    """Against a list of what held in each second."""
    chance = random.Random(seed)
    kept, held, value = Memory(), [], None
    start = START + chance.randrange(3600) * 10**9
    for second in range(4 * 3600):
        if chance.random() < 0.003:
            value = None if chance.random() < 0.2 else round(chance.uniform(-5, 5), 2)
            quality = Status.BAD if value is None else Status.GOOD
            time = np.array([start + second * 10**9], np.int64)
            row = Batch(
                np.zeros(1, np.int32),
                time,
                np.array([value or 0.0]),
                np.array([quality], np.uint32),
            )
            kept.append(row, stream="s", position=second)
        held.append(value)
    end = start + 4 * HOUR
    tags = {0: Tag("a/b")}
    wish = Extract(tags, start, end, BERLIN, every=7 * MINUTE, layout="long")
    _, data = made(kept, wish, "parquet")
    found = pl.read_parquet(io.BytesIO(data))
    zero = datetime.fromtimestamp(start / 1e9, ZoneInfo("UTC"))
    for row in found.to_dicts():
        first = (row["time"] - zero) / timedelta(seconds=1)
        inside = [
            at for at in held[max(0, round(first)) : max(0, round(first) + 420)] if at is not None
        ]
        if not inside:
            assert row["mean"] is None
            continue
        assert row["mean"] == pytest.approx(sum(inside) / len(inside))
        assert (row["min"], row["max"]) == (min(inside), max(inside))
