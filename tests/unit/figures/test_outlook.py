"""What is foreseen of a line whose days repeat: load, peak, cost, moves, clocks that change."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, line_of, records, unit

from isthmus.model.plant import Calendar, Equipment, Level, Step
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.outlook import outlook

DAYS = 28
SECONDS = np.arange(0, DAYS * 86_400, 900)


def load(hour, weekday):
    """kW: workdays 20 and 60 from 6 to 18, weekends 5."""
    return np.where(weekday > 4, 5.0, np.where((hour >= 6) & (hour < 18), 60.0, 20.0))


def steady(seconds=SECONDS, first_weekday=1):
    """START is a Tuesday, 00:00 UTC."""
    return load(seconds / 3600 % 24, (seconds // 86_400 + first_weekday) % 7)


def asked(kw, *, end, seconds=SECONDS, movable=0.0, **words):
    filler = replace(unit("filler", "power", "good_count"), movable=movable)
    line = line_of(filler, calendar="year" if "calendar" in words else "")
    made = records(line, {"filler/power": (seconds, kw)}, end=end, **words)
    return made, line


def test_days_that_repeat_are_foreseen_exactly_from_any_hour():
    kw = steady()
    for hour in (0, 7, 13):
        end = (21 * 24 + hour) * HOUR
        seen = end // 10**9 > SECONDS
        made, line = asked(kw[seen], seconds=SECONDS[seen], end=end + 7 * 60 * 10**9)
        found = outlook(made, line)
        assert found.edges[0] == START + end
        truth = kw[~seen][:96]
        np.testing.assert_allclose(found.middle, truth)
        np.testing.assert_allclose(found.high, truth)
        assert found.peak == pytest.approx((60, 60, 60))
        assert found.kwh == pytest.approx(truth.sum() / 4)
        assert found.days == 21
        assert found.money == pytest.approx(found.kwh * 0.18)


def test_three_weeks_after_a_shutdown_the_load_is_foreseen_as_it_is():
    seconds = np.arange(-63 * 86_400, 22 * 86_400, 900)
    day = seconds // 86_400
    kw = np.where((day >= -28) & (day < 0), 3.0, steady(seconds))
    seen = day < 21
    made, line = asked(kw[seen], seconds=seconds[seen], end=21 * 24 * HOUR)
    found = outlook(made, line)
    np.testing.assert_allclose([found.middle, found.high], [kw[~seen]] * 2)
    assert found.peak == pytest.approx((60, 60, 60))
    assert found.kwh == pytest.approx(960)


def test_what_was_read_is_kept_and_only_what_is_new_is_read():
    made, line = asked(steady(), end=21 * 24 * HOUR)
    asked_for = []

    class Counting:
        def raw(self, tags, start, end):
            asked_for.append(end - start)
            return made.historian.raw(tags, start, end)

        def before(self, tags, time):
            return made.historian.before(tags, time)

    clock = [START + 21 * 24 * HOUR]
    counted = replace(made, historian=Counting(), now=lambda: Nanoseconds(clock[0]))
    first = outlook(counted, line)
    assert sum(asked_for) == (70 * (24 + 2) - 1) * HOUR  # an hour around each of the days
    asked_for.clear()
    clock[0] += HOUR
    later = outlook(counted, line)
    assert sum(asked_for) == (2 + 1) * HOUR
    np.testing.assert_allclose(later.middle[:-4], first.middle[4:])
    fresh = outlook(replace(counted, quarters={}), line)
    np.testing.assert_array_equal(later.middle, fresh.middle)
    clock[0] += 7 * HOUR
    asked_for.clear()
    outlook(counted, line)
    assert sum(asked_for) == (70 * (24 + 2) - 1) * HOUR


def test_a_holiday_of_the_calendar_is_foreseen_as_one():
    day = datetime.fromtimestamp(START / 1e9, UTC).date()
    closed = date.fromordinal(day.toordinal() + 21)
    made, line = asked(
        steady()[: 21 * 96],
        seconds=SECONDS[: 21 * 96],
        end=21 * 24 * HOUR,
        calendar=Calendar("year", (), holidays=frozenset({closed})),
    )
    found = outlook(made, line)
    assert found.closed
    np.testing.assert_allclose(found.middle, 5.0)


def test_below_a_week_there_is_no_interval_and_below_a_day_nothing():
    made, line = asked(steady()[:200], seconds=SECONDS[:200], end=200 * 900 * 10**9)
    found = outlook(made, line)
    assert found.days == 2
    assert np.isnan([*found.low, *found.high, found.peak[0], found.peak[2]]).all()
    assert np.isfinite(found.middle).all()
    made, line = asked(steady()[:90], seconds=SECONDS[:90], end=90 * 900 * 10**9)
    assert outlook(made, line) is None


def nights_unknown(first, last):
    """Three weeks of a meter that tells nothing good from the hour `first` to `last`, overnight."""
    seconds = SECONDS[: 21 * 96]
    hour = seconds / 3600 % 24
    quality = np.where((hour >= first) | (hour < last), 0x8000_0000, 0).astype(np.uint32)
    filler = unit("filler", "power", "good_count")
    rows = {"filler/power": (seconds, steady(seconds), quality)}
    line = line_of(filler)
    return records(line, rows, end=21 * 24 * HOUR), line


def test_quarters_that_nobody_ever_measured_are_no_zeros_in_the_totals():
    made, line = nights_unknown(22, 6)
    found = outlook(made, line)
    assert found.unknown == 32
    np.testing.assert_allclose(found.middle[np.isfinite(found.middle)], [60.0] * 48 + [20.0] * 16)
    assert (found.kwh, found.money, found.co2, found.peak_at) == (None,) * 4
    assert np.isnan(found.peak).all()
    made, line = nights_unknown(23, 0)  # of so little the peak is known
    found = outlook(made, line)
    assert (found.unknown, found.kwh) == (4, None)
    assert found.peak == pytest.approx((60, 60, 60))
    assert found.peak_at == START + (21 * 24 + 6) * HOUR


@pytest.mark.parametrize("change", ["2026-03-29T01:00", "2026-10-25T01:00"])
def test_a_day_of_23_or_25_hours_keeps_the_hours_of_the_wall_clock(change):
    """Before and after the clocks change in Berlin, work begins at 6 by the wall clock."""
    zone_change = int(datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp())
    before, after = (1, 2) if "-03-" in change else (2, 1)
    shift = zone_change - START // 10**9
    seconds = shift + np.arange(-20 * 86_400, 3 * 86_400, 900)
    east = np.where(seconds < shift, before, after) * 3600
    wall = START // 10**9 + seconds + east
    kw = load(wall / 3600 % 24, (wall // 86_400 + 3) % 7)
    for hours in (-6, 30):  # the change is ahead, and in the past
        origin = shift + hours * 3600
        seen = seconds < origin
        made, line = asked(
            kw[seen], seconds=seconds[seen], end=origin * 10**9, timezone="Europe/Berlin"
        )
        found = outlook(made, line)
        np.testing.assert_allclose(found.middle, kw[~seen][:96])


def test_work_that_may_be_moved_goes_to_the_cheap_hours():
    kw = steady()[: 21 * 96]
    made, line = asked(kw, seconds=SECONDS[: 21 * 96], end=21 * 24 * HOUR, movable=8 * 3600.0)
    tariff = {"06:00-18:00": 0.3, "18:00-06:00": 0.1, "co2": 0.4}
    made = replace(made, plant=replace(made.plant, tariffs={"electricity": tariff}))
    found = outlook(made, line)
    assert found.co2 == pytest.approx(0.4 * found.kwh)
    assert len(found.moves) == 3
    for place, move in found.moves:
        assert place.path == "packaging/line1/filler"
        assert move.kwh == pytest.approx(40)
        assert move.money == pytest.approx(8)
        assert not 6 <= move.to / 4 % 24 < 18
        assert abs(move.to - move.start) <= 32


def movable(name, *roles, line):
    return replace(unit(name, *roles, line=line), movable=8 * 3600.0)


def asked_of(line, *others):
    """A plant whose machines all draw the same; work by day costs three times that by night."""
    seconds = SECONDS[: 21 * 96]
    kw = steady(seconds)
    rows = {
        f"{machine.path}/{role}": (seconds, column)
        for center in (line, *others)
        for machine in center.walk()
        for role, column in (("power", kw), ("energy", np.cumsum(kw) / 4))
        if machine.tag(role)
    }
    made = records(line, rows, end=21 * 24 * HOUR, others=others)
    tariff = {"06:00-18:00": 0.3, "18:00-06:00": 0.1, "co2": 0.4}
    return replace(made, plant=replace(made.plant, tariffs={"electricity": tariff}))


def center(name, *machines, **more):
    """A work center without a flow, as the plant files of the guide have them."""
    path = f"packaging/{name}"
    return Equipment(path, Level.WORK_CENTER, children=machines, **more)


def test_without_a_flow_a_machine_is_moved_once_and_only_by_its_own_line():
    told = ("power", "energy", "good_count")
    first = center("line1", movable("oven", *told, line="packaging/line1"))
    second = center("line2", movable("press", *told, line="packaging/line2"))
    made = asked_of(first, second)
    for line, name in ((first, "oven"), (second, "press")):
        found = outlook(made, line)
        assert [place.name for place, _ in found.moves] == [name] * 3
        assert sum(move.money for _, move in found.moves) == pytest.approx(3 * 8)
        assert found.kwh == pytest.approx(steady()[21 * 96 : 22 * 96].sum() / 4)
        window = made.window(line, "day")
        assert [meter.unit.name for meter in energy(made, line, window).meters] == [name]


def test_a_utility_is_shared_by_the_lines_and_has_itself_once():
    line = center("line1", unit("oven", "power", "energy", "good_count"))
    air = center("air", movable("compressor", "power", "energy", line="packaging/air"))
    made = asked_of(line, air)
    for asker in (line, air):
        assert [place.name for place, _ in outlook(made, asker).moves] == ["compressor"] * 3
    window = made.window(line, "day")
    meters = [meter.unit.name for meter in energy(made, line, window).meters]
    assert meters == ["oven", "compressor"]


@pytest.mark.parametrize("own", [{"energy_meter": "packaging/line2/press"}, {"flow": True}])
def test_a_line_without_counters_is_no_utility_where_it_has_a_meter_or_a_flow(own):
    press = movable("press", "power", "energy", line="packaging/line2")
    if "flow" in own:
        own = {"flow": (Step(press.path),)}
    line = center("line1", movable("oven", "power", "energy", line="packaging/line1"))
    made = asked_of(line, center("line2", press, **own))
    assert {place.name for place, _ in outlook(made, line).moves} == {"oven"}
