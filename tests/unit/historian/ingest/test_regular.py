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


def hourly(day="%Y-%m-%d", clock="{}", first=0, days=3):
    """Rows of a day, its hour and a count."""
    return [
        f"{date(2018, 1, 30) + timedelta(days=at // 24):{day}},{clock.format(at % 24 + first)},{at}"
        for at in range(24 * days)
    ]


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("Date,Hour,kWh", hourly()),
        ("Date,Time,kWh", hourly(clock="{:02}:00")),
        ("Datum,Uhrzeit,kWh", hourly("%d.%m.%Y", "{}:00:00")),
        ("Date,Hour,kWh", hourly("%Y-%m-%d 00:00:00", "{}.0")),
        ("Date,Time,kWh", hourly("%m/%d/%Y", "{:02}00")),
        ("Date,Hour of day,kWh", hourly("%Y%m%d")),
    ],
)
def test_a_day_beside_its_clock_is_one_time(tmp_path, head, lines):
    found = read(tmp_path, lines, head=head)
    assert (found.step, found.stamps, found.first) == (3_600 * 10**9, "start", date(2018, 1, 30))
    assert found.column == "+".join(head.split(",")[:2])
    np.testing.assert_array_equal(found.load.ravel(), np.arange(72))


def test_hours_from_1_to_24_are_the_ends_of_steps(tmp_path):
    for column, lines in (("Hour", hourly(first=1)), ("HE", hourly(clock="{:02}:00", first=1))):
        found = read(tmp_path, lines, head=f"Date,{column},kWh")
        assert (found.stamps, found.load.shape) == ("end", (3, 24))
        np.testing.assert_array_equal(found.load.ravel(), np.arange(72))


def test_a_midnight_of_24_hours_is_the_end_of_a_step(tmp_path):
    lines = [f"2018-01-{30 + at // 24} {at % 24 + 1:02}:00,{at}" for at in range(48)]
    found = read(tmp_path, lines)
    assert found.stamps == "end"
    np.testing.assert_array_equal(found.load.ravel(), np.arange(48))


def test_a_day_and_its_clock_may_be_named(tmp_path):
    found = read(tmp_path, hourly(), head="Date,x,kWh", time="Date+x")
    np.testing.assert_array_equal(found.load.ravel(), np.arange(72))
    with pytest.raises(ConfigError, match="no column `y`"):
        read(tmp_path, hourly(), head="Date,x,kWh", time="Date+y")


@pytest.mark.parametrize(
    ("head", "lines", "says"),
    [
        ("Date,x,kWh", hourly(), "--time 'Date+x'"),
        ("Date,seen,kWh", hourly(clock="2018-02-01 {:02}:00"), "--time 'seen'"),
        ("Date,meter,kWh", hourly(clock="m{}"), "of several meters"),
    ],
)
def test_a_time_that_many_rows_share_is_refused(tmp_path, head, lines, says):
    with pytest.raises(ConfigError) as told:
        read(tmp_path, lines, head=head)
    (mistake,) = told.value.mistakes
    assert mistake.line == 3
    assert "69 of 72 rows" in mistake.text
    assert says in mistake.hint


def finer(often, *, minutes=120, step=1, words="{at}"):
    """Rows of a logger that tells minutes, so often a minute on average, and a count."""
    first = datetime(2018, 1, 30)  # noqa: DTZ001 - a wall clock
    return [
        f"{first + timedelta(minutes=int(at / often) * step):%Y-%m-%d %H:%M},"
        + words.format(at=at, part=at % int(often))
        for at in range(int(minutes * often))
    ]


@pytest.mark.parametrize("often", [1.5, 2, 4, 60, 60 / 7])
def test_rows_of_a_logger_that_tells_no_seconds_are_averaged(tmp_path, often):
    found = read(tmp_path, finer(often))
    assert (found.step, found.gaps(), found.rows) == (60 * 10**9, [], int(120 * often))
    at = np.arange(int(120 * often))
    minute = (at / often).astype(np.int64)
    means = [at[minute == each].mean() for each in range(120)]
    np.testing.assert_allclose(found.load[0, :120], means)


def test_a_column_of_seconds_and_a_pause_are_no_matter_to_the_mean(tmp_path):
    lines = finer(4, words="{part},{at}")
    del lines[101:122]
    found = read(tmp_path, lines, head="date,Seconds,kWh")
    assert found.load[0, :25].tolist() == [4 * minute + 1.5 for minute in range(25)]
    assert (found.load[0, 25], len(found.gaps())) == (100, 1)


@pytest.mark.parametrize(
    ("lines", "head", "says"),
    [
        (finer(3, words="m{part},{at}"), "date,meter,kWh", "`meter` does: of several meters"),
        (finer(2) * 2, "date,kWh", "of several meters"),
        (finer(4, step=15), "date,kWh", "average those of a logger"),
    ],
)
def test_other_rows_of_one_time_are_refused(tmp_path, lines, head, says):
    with pytest.raises(ConfigError, match="`date` does not tell them apart") as told:
        read(tmp_path, lines, head=head)
    assert says in told.value.mistakes[0].hint


def test_a_day_told_twice_moves_no_day(tmp_path):
    lines = [f"2018-01-{day:02},{day}" for day in range(1, 31)]
    found = read(tmp_path, [*lines[:10], lines[9], *lines[10:]])
    assert (found.stamps, found.first, found.twice) == ("start", date(2018, 1, 1), 1)
    np.testing.assert_array_equal(found.load.ravel(), np.arange(1, 31))


@pytest.mark.parametrize("most", [1, 40])
def test_a_clock_that_jitters_makes_no_gaps(tmp_path, most):
    drawn = np.random.default_rng(1).integers(-most, most + 1, 960)
    first = datetime(2018, 1, 30, 0, 15)  # noqa: DTZ001 - a wall clock
    lines = [
        f"{first + at * QUARTER + timedelta(seconds=int(off)):%Y-%m-%d %H:%M:%S},{at}"
        for at, off in enumerate(drawn)
    ]
    found = read(tmp_path, lines)
    assert (found.step, found.gaps(), found.twice) == (900 * 10**9, [], 0)
    np.testing.assert_array_equal(found.load.ravel()[1:961], np.arange(960))


def test_a_steady_last_second_belongs_to_the_step_that_it_ends(tmp_path):
    first = datetime(2018, 1, 30, 0, 14, 59)  # noqa: DTZ001 - a wall clock
    found = read(tmp_path, stamped("%Y-%m-%d %H:%M:%S", 96, first=first))
    assert found.load[0, 0] == 0
    assert len(found.load) == 1


def test_a_row_that_stands_years_apart_is_refused_with_its_line(tmp_path):
    lines = stamped("%Y-%m-%d %H:%M", 192)
    for place, astray in ((0, "1970-01-01 00:00,1"), (50, "2081-01-30 00:00,1")):
        with pytest.raises(ConfigError) as told:
            read(tmp_path, [*lines[:place], astray, *lines[place:]])
        (mistake,) = told.value.mistakes
        assert (mistake.line, astray[:16] in mistake.text) == (place + 2, True)
        assert "2018-01-30 00:00 to 2018-01-31 23:45" in mistake.hint


def counted(*cells):
    first = datetime(2018, 1, 30)  # noqa: DTZ001 - a wall clock
    return [f"{first + at * QUARTER:%Y-%m-%d %H:%M},{cell}" for at, cell in enumerate(cells)]


@pytest.mark.parametrize("cells", [('"1,234"', "950"), ("950.5", '"1,234"'), ('"1,234"',) * 2])
def test_a_comma_that_may_part_thousands_is_asked_about(tmp_path, cells):
    lines = counted(*cells)
    with pytest.raises(ConfigError) as told:
        read(tmp_path, lines)
    (mistake,) = told.value.mistakes
    assert mistake.line == 2 + cells.index('"1,234"')
    assert "--decimal" in mistake.hint
    for decimal, means in ((".", 1234.0), (",", 1.234)):
        assert means in read(tmp_path, lines, decimal=decimal).load[0].tolist()


@pytest.mark.parametrize(
    ("cells", "means"),
    [
        (('"1,234"', '"950,5"', "7"), [1.234, 950.5, 7]),
        (('"0,234"', '"1,234"', "7"), [0.234, 1.234, 7]),
    ],
)
def test_a_comma_that_can_only_be_a_decimal_sign_is_one(tmp_path, cells, means):
    assert read(tmp_path, counted(*cells)).load[0, :3].tolist() == means


def test_semicolons_between_cells_leave_the_comma_to_decimals(tmp_path):
    lines = [line.replace(",", ";", 1) for line in counted("1,234", "950")]
    assert read(tmp_path, lines, head="date;kWh").load[0, :2].tolist() == [1.234, 950]


@pytest.mark.parametrize(
    ("decimal", "cells", "means"),
    [
        (".", ('"1,234,567.5"', '"-1,234"', "12"), [1_234_567.5, -1234, 12]),
        (",", ('"1.234.567,5"', "1.234", '"12,5"'), [1_234_567.5, 1234, 12.5]),
    ],
)
def test_the_other_sign_parts_thousands(tmp_path, decimal, cells, means):
    assert read(tmp_path, counted(*cells), decimal=decimal).load[0, :3].tolist() == means


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_delimiter_at_the_end_of_each_line_is_no_cell(tmp_path, mark):
    lines = [line.replace(",", mark) + mark for line in stamped("%d.%m.%Y %H:%M", 96)]
    for head in ("Zeitpunkt,kWh", "date,kWh"):
        found = read(tmp_path, lines, head=head.replace(",", mark))
        np.testing.assert_array_equal(found.load.ravel(), np.arange(96))
    lines[4] += "7"
    lines[9] = lines[9][:-1]
    with pytest.raises(ConfigError) as told:
        read(tmp_path, ["", *lines], head="date,kWh".replace(",", mark))
    found = {(each.line, each.text.partition(":")[0]) for each in told.value.mistakes}
    assert found == {(7, "3 cells instead of 2"), (12, "2 cells instead of 3, the last one empty")}


def test_lines_that_all_have_another_number_of_cells_are_told(tmp_path):
    lines = [f"{line},5" for line in stamped("%Y-%m-%d %H:%M", 96)]
    with pytest.raises(ConfigError) as told:
        read(tmp_path, lines)
    assert {each.text.partition(":")[0] for each in told.value.mistakes} == {"3 cells instead of 2"}
    assert [each.line for each in told.value.mistakes] == list(range(2, 10))
    assert "--delimiter" in told.value.mistakes[-1].hint


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
