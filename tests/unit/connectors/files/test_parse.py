"""What lines say, in the ways machines write them."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from isthmus.connectors.files import Files, FilesAddress
from isthmus.connectors.files.clock import LineClock
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Status
from isthmus.model.tag import Kind

NAN, GOOD = math.nan, Status.GOOD
FAILED, MISMATCH = Status.BAD_SENSOR_FAILURE, Status.BAD_TYPE_MISMATCH
COMPRESSOR = r"(?P<time>\S+ \S+) P=(?P<pressure>[\d,]+)bar RUN=(?P<running>[01]) H=(?P<hours>\d+)"


def test_the_compressor_of_1998(machine):
    machine.write("2026-11-22 09:10:11,500 P=7,25bar RUN=1 H=48211\nservice due\n\n")
    (reading,), counts = machine.readings(
        1, columns=("pressure", "running", "hours"), line=COMPRESSOR, decimal=",",
        timezone="Europe/Berlin",
    )  # fmt: skip
    assert reading.batch.value.tolist() == [7.25, 1, 48_211]
    assert set(reading.batch.time.tolist()) == {1_795_335_011_500_000_000}
    assert not reading.batch.quality.any()
    assert counts == {"lines": 1, "unmatched": 1}
    (event,) = reading.events
    assert event.text == "unmatched: 'service due'"
    assert event.data["why"] == "unmatched"


def test_csv_with_a_header_two_time_columns_quotes_and_a_repeated_header(machine):
    machine.write(
        b'\xef\xbb\xbfDate;Time;Temp;Recipe;State\r\n'
        b'22.11.2026;09:10:11;"81,5";"PET; 0,5";running\r\n'
        b'Date;Time;Temp;Recipe;State\r\n'
        b'22.11.2026;09:10:12;;"PET; 0,5";Stopped\r\n'
    )  # fmt: skip
    settings = {
        "columns": ("Temp", "Recipe", "State"), "csv": True, "delimiter": ";", "decimal": ",",
        "time": ["Date", "Time"], "time_format": "%d.%m.%Y %H:%M:%S",
        "kinds": {"Recipe": Kind.TEXT}, "legends": {"State": {0: "stopped", 6: "running"}},
    }  # fmt: skip
    source_settings = {key: value for key, value in settings.items() if key != "columns"}
    (reading,), counts = machine.readings(1, columns=settings["columns"], **source_settings)
    assert reading.batch.tag.tolist() == [0, 2, 2]
    assert reading.batch.value.tolist() == [81.5, 6, 0]
    assert [(event.path, event.text) for event in reading.events] == [
        ("line/unit/Recipe", "PET; 0,5")
    ]
    assert counts["lines"] == 2


def test_a_header_is_known_after_a_restart(machine):
    machine.write("a,b\n1,2\n")
    assert machine.read(1, columns=("b",), csv=True) == [2]
    machine.write("3,4\n")
    assert machine.read(1, columns=("b",), csv=True) == [4]


def test_a_column_that_the_file_lacks_is_told(machine):
    machine.write("a,b\n1,2\n")
    found, counts = machine.readings(1, columns=("a", "c"), csv=True)
    assert found[0].batch.value.tolist() == [1]
    assert counts["missing_columns"] == 1


@pytest.mark.parametrize(
    ("text", "value", "quality"),
    [
        ("7.5", 7.5, GOOD), ("-1e3", -1000, GOOD), ("+4", 4, GOOD), ("nan", NAN, FAILED),
        ("inf", NAN, FAILED), ("1e999", NAN, FAILED), ("1_000", NAN, MISMATCH),
        ("----", NAN, MISMATCH), ("0x1F", NAN, MISMATCH),
    ],
)  # fmt: skip
def test_numbers(machine, text, value, quality):
    machine.write(f"{text}\n")
    (reading,), _ = machine.readings(1)
    assert reading.batch.quality.tolist() == [quality]
    assert reading.batch.value[0] == value or math.isnan(reading.batch.value[0])


def test_a_point_where_the_decimal_sign_is_a_comma_is_not_guessed_at(machine):
    machine.write("1.234,5\n1.5\n2,5\n")
    (reading,), _ = machine.readings(1, decimal=",")
    bad = Status.BAD_TYPE_MISMATCH
    assert reading.batch.quality.tolist() == [bad, bad, Status.GOOD]
    assert reading.batch.value[2] == 2.5


def test_words_of_a_switch(machine):
    machine.write("ON\noff\n1\nperhaps\n")
    (reading,), _ = machine.readings(1, kinds={"v": Kind.BOOLEAN})
    assert reading.batch.value[:3].tolist() == [1, 0, 1]
    assert reading.batch.quality[3] == Status.BAD_TYPE_MISMATCH


def test_lines_that_say_nothing_are_counted_and_the_first_few_shown(machine):
    machine.write(b"\xff\xfe\n" * 3 + b"no match here\n" * 50 + b"5\n")
    (reading,), counts = machine.readings(1)
    assert reading.batch.value.tolist() == [5]
    assert counts["undecodable"] == 3
    assert counts["unmatched"] == 50
    assert len(reading.events) == 5


def test_a_line_without_a_readable_time_is_no_sample(machine):
    machine.write("yesterday 5\n2026-11-22T09:00:00Z 6\n")
    (reading,), counts = machine.readings(1, line=r"(?P<time>\S+) (?P<v>\S+)")
    assert reading.batch.value.tolist() == [6]
    assert counts["untimed"] == 1


def test_long_lines_are_cut_and_counted_and_the_next_is_whole(machine):
    machine.write(b"x" * 3_000_000)
    machine.write(b"\n7\n" + b"8" * 100 + b"\n")
    (reading,), counts = machine.readings(1, longest=64, line=r"(?P<v>\d+)")
    assert reading.batch.value.tolist()[0] == 7
    assert reading.batch.value.tolist()[1] == float("8" * 64)
    assert counts["cut"] == 2


@pytest.mark.parametrize(
    ("layout", "zone", "text", "time"),
    [
        ("", "UTC", "2026-11-22T09:10:11Z", 1_795_338_611_000_000_000),
        ("", "UTC", "2026-11-22 09:10:11.123456", 1_795_338_611_123_456_000),
        ("", "Europe/Berlin", "2026-11-22 10:10:11", 1_795_338_611_000_000_000),
        ("", "Europe/Berlin", "2026-11-22 10:10:11+00:00", 1_795_342_211_000_000_000),
        ("%d.%m.%y %H:%M:%S", "UTC", "22.11.26 09:10:11", 1_795_338_611_000_000_000),
        ("s", "UTC", "1795338611.000000001", 1_795_338_611_000_000_001),
        ("ms", "UTC", "1795338611123", 1_795_338_611_123_000_000),
        ("", "UTC", "", None), ("", "UTC", "09:10", None), ("s", "UTC", "NaN", None),
        ("s", "UTC", "1e30", None), ("s", "UTC", "-5", None), ("", "UTC", "1950-01-01", None),
    ],
)  # fmt: skip
def test_times(layout, zone, text, time):
    assert LineClock(layout, zone).read(text) == time


def test_the_hour_that_autumn_repeats_does_not_run_backwards():
    clock = LineClock("", "Europe/Berlin")
    written = ["2026-10-25 02:15", "2026-10-25 02:45", "2026-10-25 02:15", "2026-10-25 03:00"]
    times, last = [], 0
    for text in written:
        last = clock.read(text, last)
        times.append(last)
    assert [(later - times[0]) // 60_000_000_000 for later in times] == [0, 30, 60, 105]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "exactly one"), ({"line": "(?P<a>.)", "csv": True}, "exactly one"),
        ({"line": "("}, "no regular expression"), ({"line": "abc"}, "no named group"),
        ({"line": "(?P<a>.)", "columns": ["a"]}, "`columns` is for CSV"),
        ({"csv": True, "timezone": "Berlin"}, "no time zone"),
        ({"csv": True, "encoding": "utf-16"}, "not one byte"),
        ({"csv": True, "encoding": "utf-9"}, "no encoding"),
        ({"csv": True, "time_format": "%H:%M"}, "no day"), ({"csv": True, "longest": 1}, "64"),
    ],
)  # fmt: skip
def test_mistakes_are_named(settings, says):
    with pytest.raises(ValidationError, match=says):
        Files(name="logs", path="/tmp/*.log", **settings)


def test_an_address_that_is_no_group_is_a_mistake(machine):
    with pytest.raises(ConfigError, match="none of v"):
        machine.source(columns=("w",))
    assert FilesAddress.parse("pressure") == FilesAddress.parse({"column": "pressure"})
