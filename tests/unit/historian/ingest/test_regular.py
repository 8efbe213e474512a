"""Files of a load: found formats, steps and gaps; mistakes with their lines."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from isthmus.historian.ingest.csv_file import CsvFile
from isthmus.historian.ingest.regular import by_days
from isthmus.model.errors import ConfigError

QUARTER = timedelta(minutes=15)


def read(tmp_path, lines, target="kWh", head="date,kWh", **words):
    path = tmp_path / "load.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return by_days(CsvFile(path), target, **words)


def stamped(form, count, step=QUARTER, first=datetime(2018, 1, 30)):  # noqa: DTZ001 - a wall clock
    return [f"{first + at * step:{form}},{at}" for at in range(count)]


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M"]
)
@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
def test_format_and_step_are_found(tmp_path, form, minutes):
    day = 1440 // minutes
    found = read(tmp_path, stamped(form, 2 * day, timedelta(minutes=minutes)))
    assert (found.first, found.step) == (date(2018, 1, 30), minutes * 60 * 10**9)
    np.testing.assert_array_equal(found.load.ravel(), np.arange(2 * day))
    assert (found.stamps, found.gaps(), found.twice, found.rows) == ("start", [], 0, 2 * day)


def test_midnight_with_the_date_of_the_day_that_it_ends(tmp_path):
    lines = [
        f"{date(2018, 1, 30 + day):%d-%m-%Y} {at % 24:02}:00,{24 * day + at - 1}"
        for day in range(2)
        for at in range(1, 25)
    ]
    assert lines[23].startswith("30-01-2018 00:00")
    found = read(tmp_path, lines)
    assert found.stamps == "end"
    np.testing.assert_array_equal(found.load, np.arange(48).reshape(2, 24))
    assert found.days() == [date(2018, 1, 30), date(2018, 1, 31)]


def test_ends_of_steps_may_be_told(tmp_path):
    lines = stamped("%Y-%m-%d %H:%M", 96, first=datetime(2018, 1, 30, 0, 15))  # noqa: DTZ001
    found = read(tmp_path, lines, stamps="end")
    assert found.load.shape == (1, 96)
    assert read(tmp_path, lines).load.shape == (2, 96)


def test_gaps_and_empty_cells_are_gaps(tmp_path):
    lines = stamped("%Y-%m-%d %H:%M", 192)
    lines[100] = lines[100].partition(",")[0] + ","
    del lines[10:14]
    found = read(tmp_path, lines)
    assert found.gaps() == [
        (datetime(2018, 1, 30, 2, 30), datetime(2018, 1, 30, 3, 30)),  # noqa: DTZ001
        (datetime(2018, 1, 31, 1, 0), datetime(2018, 1, 31, 1, 15)),  # noqa: DTZ001
    ]
    assert np.isnan(found.load).sum() == 5


def test_days_are_those_of_the_zone_and_the_clock_changes_leave_a_gap_and_a_mean(tmp_path):
    """Berlin 2026-03-29 has 23 hours: 02:00 never was. 2026-10-25 has 25: 02:00 was twice."""
    spring = [f"2026-03-{28 if at == 0 else 29}T{(23 + at) % 24:02}:00Z,{at}" for at in range(24)]
    found = read(tmp_path, spring[:23], zone="Europe/Berlin")
    assert (found.first, found.load.shape) == (date(2026, 3, 29), (1, 24))
    assert np.flatnonzero(np.isnan(found.load)).tolist() == [2]
    autumn = [f"2026-10-{24 if at < 2 else 25}T{(22 + at) % 24:02}:00Z,{at}" for at in range(25)]
    found = read(tmp_path, autumn, zone="Europe/Berlin")
    assert (found.load.shape, found.twice) == ((1, 24), 1)
    assert found.load[0, :4].tolist() == [0, 1, 2.5, 4]


def test_the_column_of_time_is_found_by_what_it_holds(tmp_path):
    lines = [f"x,{line}" for line in stamped("%Y-%m-%d %H:%M", 96)]
    assert read(tmp_path, lines, head="name,Zeitpunkt,kWh").column == "Zeitpunkt"


def test_mistakes_tell_their_lines(tmp_path):
    lines = stamped("%Y-%m-%d %H:%M", 96)
    lines[4] = lines[4].partition(",")[0] + ",broken"
    lines[7] = "2018-01-3x,7"
    lines[9] += ",more"
    with pytest.raises(ConfigError) as told:
        read(tmp_path, lines)
    found = {(mistake.line, mistake.text.partition(":")[0]) for mistake in told.value.mistakes}
    assert found == {(6, "no number"), (9, "no time"), (11, "3 cells instead of 2")}


@pytest.mark.parametrize(
    ("lines", "words", "says"),
    [
        (stamped("%Y-%m-%d %H:%M", 96), {"target": "MWh"}, "no column `MWh`"),
        (stamped("%Y-%m-%d %H:%M", 96), {"time": "when"}, "no column `when`"),
        (stamped("%Y-%m-%d %H:%M", 96), {"head": "a,kWh", "form": "%d.%m.%Y"}, "make no sense"),
        (["1,2", "3,4"], {"head": "a,kWh"}, "no column is a time"),
        ([], {}, "no rows"),
        (["", ""], {}, "no rows"),
        (["2018-01-01 00:00,1"], {}, "fewer than two different times"),
        (stamped("%Y-%m-%d %H:%M", 50, timedelta(minutes=7)), {}, "no whole part of a day"),
        (["1900-01-01 00:00,1", "1900-01-01 01:00,1", "2199-01-01 00:00,2"], {}, "astray"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, lines, words, says):
    with pytest.raises(ConfigError) as told:
        read(tmp_path, lines, **words)
    assert says in str(told.value) or says in str(told.value.hint)


def test_what_is_finer_than_a_minute_is_averaged(tmp_path):
    found = read(tmp_path, stamped("%Y-%m-%d %H:%M:%S", 240, timedelta(seconds=15)))
    assert found.step == 60 * 10**9
    assert found.load[0, :3].tolist() == [1.5, 5.5, 9.5]
