"""Times as others write them: every form, every zone, the two nights of daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.ingest.moment import LocalTime, Moments
from isthmus.model.errors import ConfigError

BERLIN = "Europe/Berlin"


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def read(words, *, zone="UTC", form="", twice="order", key=None, kind=None):
    column = pa.chunked_array([pa.array(words, kind)])
    keys = np.zeros(len(words), np.int64) if key is None else np.array(key, np.int64)
    moments = Moments(LocalTime(zone, twice), form)
    time, bad = moments.read(column, keys)
    return [None if wrong else int(found) for found, wrong in zip(time, bad, strict=True)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01", "2026-03-01T00:00:00"),
        ("2026-03-01 10:20", "2026-03-01T10:20:00"),
        ("2026-03-01T10:20:30.123456789", "2026-03-01T10:20:30.123456789"),
        ("2026-03-01T10:20:30,5", "2026-03-01T10:20:30.5"),
        ("2026-03-01T10:20:30Z", "2026-03-01T10:20:30"),
        ("2026-03-01 10:20:30 UTC", "2026-03-01T10:20:30"),
        ("2026-03-01T10:20:30.25+02:00", "2026-03-01T08:20:30.25"),
        ("2026-03-01T10:20:30-0330", "2026-03-01T13:50:30"),
        ("13.03.2026 10:20:30", "2026-03-13T10:20:30"),
        ("13.03.2026 10:20:30.25", "2026-03-13T10:20:30.25"),
        ("13/03/2026 10:20", "2026-03-13T10:20:00"),
        ("03/13/2026 10:20", "2026-03-13T10:20:00"),
        ("03/13/2026 01:20:05 PM", "2026-03-13T13:20:05"),
        ("13-Mar-26 10:20:30.5", "2026-03-13T10:20:30.5"),
        ("20260313 102030", "2026-03-13T10:20:30"),
        ("2026-03-13 24:00", "2026-03-14T00:00:00"),
        ("2026-03-13T24:00:00.0", "2026-03-14T00:00:00"),
        ("2026-03-13 24:00+01:00", "2026-03-13T23:00:00"),
        ("31.12.2026 24:00", "2027-01-01T00:00:00"),
        ("2026-03-13 10:20+01", "2026-03-13T09:20:00"),
        ("2026-03-13T10:20:30.5-03", "2026-03-13T13:20:30.5"),
        ("2026-03-13 10:20 +01:00", "2026-03-13T09:20:00"),
        ("01/31/2026 12:15 AM", "2026-01-31T00:15:00"),
        ("01/31/2026 1:15pm", "2026-01-31T13:15:00"),
        ("2026-03-13 0:15", "2026-03-13T00:15:00"),
        ("13-Mar-2026 0:15", "2026-03-13T00:15:00"),
        ("20260313", "2026-03-13T00:00:00"),
        ("20260313 0:15", "2026-03-13T00:15:00"),
        ("2026031310", "2026-03-13T10:00:00"),
        ("202603131020", "2026-03-13T10:20:00"),
        ("20260313102030", "2026-03-13T10:20:30"),
        ("202603132400", "2026-03-14T00:00:00"),
        ("1772900000", "2026-03-07T16:13:20"),
        ("1772900000123", "2026-03-07T16:13:20.123"),
        ("1772900000123456789", "2026-03-07T16:13:20.123456789"),
    ],
)
def test_a_time_is_found_out_however_it_is_written(written, meant):
    assert read([written, written]) == [ns(meant)] * 2


def test_arrow_types_and_numbers_keep_every_nanosecond():
    odd = ns("2026-03-01T10:20:30.123456789")
    for unit, left in (("ns", 1), ("us", 1_000), ("ms", 10**6), ("s", 10**9)):
        kind = pa.timestamp(unit, "UTC")
        assert read([odd // left], kind=kind) == [odd // left * left]
    assert read([odd], kind=pa.int64(), form="epoch_ns") == [odd]
    assert read([20_000], kind=pa.date32()) == [20_000 * 86_400 * 10**9]
    assert read([46_082.5], kind=pa.float64(), form="excel") == [ns("2026-03-01T12:00:00")]
    assert read([None, float("nan"), float("inf")], kind=pa.float64()) == [None] * 3


def test_what_is_no_time_is_told_and_its_neighbours_are_read():
    told = read(["2026-03-01 10:00:00", "yesterday", "2026-02-30 10:00:00", ""])
    assert told == [ns("2026-03-01T10:00:00"), None, None, None]
    told = read(["31.12.2026 10:00", "31.13.2026 10:00"], form="%d.%m.%Y %H:%M")
    assert told == [ns("2026-12-31T10:00:00"), None]


def test_dates_of_digits_alone_are_dates_in_columns_of_numbers_too():
    quarter = ns("2018-01-01T00:15:00")
    assert read([201801010015, None], kind=pa.int64()) == [quarter, None]
    assert read([201801010015], kind=pa.int64(), form="%Y%m%d%H%M") == [quarter]
    assert read(["201801010015"] * 9 + ["?"]) == [quarter] * 9 + [None]
    epochs = [1_772_900_000 + 60 * at for at in range(99)]
    assert read(epochs, kind=pa.int64()) == [at * 10**9 for at in epochs]
    assert read([str(at) for at in epochs]) == [at * 10**9 for at in epochs]


def test_hours_of_one_digit_and_of_two_are_of_one_form():
    words = [f"2018-01-0{1 + at // 24} {at % 24}:00" for at in range(48)]
    first = ns("2018-01-01T00:00:00")
    assert read(words) == [first + at * 3_600 * 10**9 for at in range(48)]
    words = [f"2018-01-01 10:{at:02}" for at in range(40)]
    assert read([*words, "2018-01-01T9", "2018-01-01T10:41"])[-2:] == [
        None, ns("2018-01-01T10:41"),
    ]  # fmt: skip


def test_the_midnight_of_a_day_is_the_next_days_also_where_clocks_change():
    assert read(["2026-03-28 24:00", "2026-03-29 24:00"], zone=BERLIN) == [
        ns("2026-03-28T23:00:00"), ns("2026-03-29T22:00:00"),
    ]  # fmt: skip


def test_day_or_month_first_is_asked_where_both_may_be():
    with pytest.raises(ConfigError) as wrong:
        read(["01-02-2026 10:00", "03-02-2026 10:00"])
    assert "--time-format" in wrong.value.hint
    with pytest.raises(ConfigError):  # a word that is no time does not decide it
        read(["01-02-2026 10:00"] * 9 + ["yesterday"])
    assert read(["01-02-2026 10:00", "13-02-2026 10:00"])[0] == ns("2026-02-01T10:00:00")


def test_a_zone_that_there_is_not_is_refused():
    with pytest.raises(ConfigError, match="Middle/Earth"):
        LocalTime("Middle/Earth")


def test_local_times_follow_their_zone():
    assert read(["2026-01-15 12:00:00", "2026-07-15 12:00:00"], zone=BERLIN) == [
        ns("2026-01-15T11:00:00"), ns("2026-07-15T10:00:00"),
    ]  # fmt: skip


def test_the_hour_that_spring_leaves_out_is_no_time():
    assert read(["2026-03-29 01:59:59", "2026-03-29 02:30:00"], zone=BERLIN)[1] is None


NIGHT = ["02:00", "02:15", "02:30", "02:45"]
AUTUMN = [f"2026-10-25 {clock}:00" for clock in ("01:45", *NIGHT, *NIGHT, "03:00")]


def test_the_hour_that_comes_twice_is_told_apart_by_the_order_of_rows():
    first = ns("2026-10-24T23:45:00")
    quarter = 15 * 60 * 10**9
    assert read(AUTUMN, zone=BERLIN) == [first + quarter * place for place in range(10)]


@pytest.mark.parametrize(("twice", "hour"), [("earlier", 0), ("later", 1)])
def test_the_hour_that_comes_twice_may_be_taken_for_one(twice, hour):
    (found,) = read(["2026-10-25 02:30:00"], zone=BERLIN, twice=twice)
    assert found == ns(f"2026-10-25T0{hour}:30:00")


def test_each_tag_has_its_own_autumn():
    words = ["2026-10-25 02:10:00", "2026-10-25 02:10:00", "2026-10-25 02:10:00"]
    once, twice = ns("2026-10-25T00:10:00"), ns("2026-10-25T01:10:00")
    assert read(words, zone=BERLIN, key=[1, 2, 1]) == [once, once, twice]


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2036, 1, 1)),  # noqa: DTZ001 - made UTC below
    st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(1, 90),
)
def test_a_series_written_in_local_time_comes_back(begin, zone, minutes):
    begin = begin.replace(tzinfo=UTC, microsecond=0)
    times = [begin + timedelta(minutes=minutes * place) for place in range(40)]
    words = [f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for time in times]
    meant = [int(time.timestamp()) * 10**9 for time in times]
    folded = [time.astimezone(ZoneInfo(zone)).fold for time in times]
    found = read(words, zone=zone)
    # a step longer than the hour may pass over the first of the two: then nothing tells
    sure = [place for place, fold in enumerate(folded) if not fold or minutes <= 30]
    if minutes <= 30 and folded[0]:  # it begins in the second hour
        sure = [place for place in sure if not folded[place]]
    if zone == "Australia/Lord_Howe":  # half an hour
        sure = [place for place in sure if not folded[place]]
    assert [found[place] for place in sure] == [meant[place] for place in sure]
