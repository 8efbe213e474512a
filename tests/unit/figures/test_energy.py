"""A line's energy from samples whose sums are known."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, S, line_of, records, span, unit

from isthmus.insight.series import Series
from isthmus.model.counter import HEARTBEAT
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Counter, Tag
from isthmus.runtime.collect import transform
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.read import Shelf, factor

EVERY = np.arange(0, 24 * 3600, 10)


def output(seconds):
    """Pieces made by then: a rate that changes from hour to hour."""
    return np.interp(
        seconds / 3600, np.arange(25), np.cumsum([0, *(100 + 40 * (np.arange(24) % 3))])
    )


def used(seconds):
    """kWh used by then: 5 an hour and 0.1 a piece."""
    return 5 * seconds / 3600 + 0.1 * output(seconds)


def test_growth_and_what_is_kept_mean_the_same_heartbeat():
    assert HEARTBEAT == transform.HEARTBEAT


def test_an_hour_of_which_five_minutes_are_known_is_no_part_of_the_baseline():
    line = line_of(unit("filler", "good_count", "energy"))
    late = EVERY[EVERY >= 3300]
    rows = {"filler/good_count": (late, output(late)), "filler/energy": (late, used(late))}
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert not found.reference[0]
    assert found.reference[1:16].all()
    assert found.baseline.terms[0].value == pytest.approx(5)
    assert found.baseline.terms[1].value == pytest.approx(0.1)


def rows_of(seconds):
    """The filler's counters, told at `seconds`."""
    good, kwh = output(seconds), used(seconds)
    return {"filler/good_count": (seconds, good), "filler/energy": (seconds, kwh)}


def test_a_unit_without_an_energy_counter_does_not_hide_the_others():
    filler, capper = unit("filler", "good_count", "energy", "power"), unit("capper", "power")
    line = line_of(filler, capper, unit("packer", "energy"))
    rows = rows_of(EVERY) | {
        "filler/power": (EVERY, np.full(len(EVERY), 10.0)),
        "capper/power": (EVERY, np.full(len(EVERY), 1.0)),
        "packer/energy": (EVERY, EVERY / 3600),
    }
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert found.kwh.sum() == pytest.approx(used(EVERY[-1]) + EVERY[-1] / 3600 + 24)
    assert np.nanmax(found.profile_now) == pytest.approx(11)
    names = {role: [one.name for one in units] for role, units in found.unmeasured.items()}
    assert names == {"energy": ["capper"], "power": ["packer"]}


def test_the_hour_that_runs_neither_saves_nor_wastes():
    line = line_of(unit("filler", "good_count", "energy"))
    end = 23 * HOUR + HOUR // 6
    seconds = EVERY[end > EVERY * 10**9]
    found = energy(records(line, rows_of(seconds), end=end), line, span(22.9, end / HOUR - 22.9))
    assert not found.whole[0]
    assert not found.whole[-1]
    run, _ = found.baseline.cusum(found.kwh, found.drivers, found.whole)
    assert np.isnan(run[[0, -1]]).all()
    assert np.nanmax(np.abs(run)) == pytest.approx(0, abs=0.2)


def test_nothing_made_in_the_last_hours_is_not_told_as_older_hours():
    line = line_of(unit("filler", "good_count", "energy"))
    rows = rows_of(EVERY)
    rows["filler/good_count"] = (EVERY, np.minimum(output(EVERY), output(12 * 3600)))
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert found.baseline is not None
    assert found.per_piece is None


def test_a_line_that_used_nothing_used_nothing():
    line = line_of(unit("filler", "good_count", "energy"))
    rows = rows_of(EVERY)
    rows["filler/energy"] = (EVERY, np.minimum(used(EVERY), used(16 * 3600)))
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert found.per_piece == pytest.approx(0, abs=1e-6)


def test_a_month_over_the_change_of_the_clocks_keeps_its_local_hours():
    line = line_of(unit("filler", "good_count", "energy", "power"))
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2023, 10, 20, tzinfo=zone).timestamp()) - START // 10**9
    seconds = first + np.arange(0, 20 * 86_400, 900)
    local = [datetime.fromtimestamp(START / 1e9 + at, zone).hour for at in seconds.tolist()]
    rows = {"filler/power": (seconds, np.where(np.array(local) == 6, 100.0, 1.0))}
    kept = records(line, rows, end=(first + 20 * 86_400) * 10**9, timezone="Europe/Berlin")
    found = energy(kept, line, span(20 * 24, first / 3600))
    assert found.profile_before[24:28].tolist() == [100.0] * 4
    assert np.delete(found.profile_before, slice(24, 28)).tolist() == [1.0] * 92


def days_of_output(days):
    """Seconds of so many days, and the pieces made by then."""
    seconds = np.arange(0, days * 86_400, 60)
    return seconds, seconds // 86_400 * output(86_400) + output(seconds % 86_400)


def test_a_fixed_baseline_does_not_slide_into_the_improvement():
    seconds, good = days_of_output(6)
    since = 2 * 86_400
    kwh = 5 * seconds / 3600 + 0.1 * good
    kwh = np.where(seconds < since, kwh, kwh[since // 60] + 0.8 * (kwh - kwh[since // 60]))
    rows = {"filler/good_count": (seconds, good), "filler/energy": (seconds, kwh)}
    day = date(2023, 11, 14)
    filler = unit("filler", "good_count", "energy")
    line = line_of(filler, baseline=(day, day + timedelta(days=1)))
    kept = records(line, rows, end=6 * 24 * HOUR)
    found = energy(kept, line, span(24, 5 * 24))
    assert not found.sliding
    assert found.baseline.terms[0].value == pytest.approx(5, abs=0.2)
    assert found.baseline.terms[1].value == pytest.approx(0.1, abs=0.002)
    assert (found.learned.start, found.learned.end) == (START, START + 48 * HOUR)
    assert not found.reference.any()
    assert found.saving.hours == 24
    assert found.saving.kwh[0] == pytest.approx(0.2 * (5 * 24 + 0.1 * output(86_400)), rel=0.03)
    sliding = line_of(filler)
    slid = energy(records(sliding, rows, end=6 * 24 * HOUR), sliding, span(24, 5 * 24))
    assert slid.sliding
    assert slid.saving.kwh[0] == pytest.approx(0, abs=1)
    shown = energy(kept, line, span(6 * 24))
    assert shown.reference.sum() == 48
    assert shown.saving.hours == 96


def test_a_baseline_is_learned_again_after_an_hour_when_late_samples_have_come():
    seconds, good = days_of_output(2)
    kwh = 5 * seconds / 3600 + 0.1 * good
    rows = {"filler/good_count": (seconds, good), "filler/energy": (seconds, kwh)}
    day = date(2023, 11, 14)
    line = line_of(unit("filler", "good_count", "energy"), baseline=(day, day))
    kept = records(line, rows, end=48 * HOUR)
    number = kept.namespace.id("packaging/line1/filler/energy")
    late = kept.historian.rows.pop(number)
    assert energy(kept, line, span(24, 24)).baseline is None
    kept.historian.rows[number] = late
    assert energy(kept, line, span(24, 24)).baseline is None
    later = replace(kept, now=lambda: Nanoseconds(START + 49 * HOUR))
    assert energy(later, line, span(24, 24)).baseline.terms[0].value == pytest.approx(5, abs=0.2)


def test_watts_and_watt_hours_are_told_in_kilowatts():
    told = {"power": "W", "energy": "Wh"}
    line = line_of(unit("filler", "good_count", "energy", "power", units=told))
    rows = {
        "filler/good_count": (EVERY, output(EVERY)),
        "filler/energy": (EVERY, used(EVERY) * 1000),
        "filler/power": (EVERY, np.full(len(EVERY), 10_000.0)),
    }
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert found.kwh.sum() == pytest.approx(used(EVERY[-1]))
    assert found.meters[0].kw == pytest.approx(10)
    assert found.meters[0].expected_kw is None
    assert found.baseline.terms[1].value == pytest.approx(0.1)


def test_a_counter_that_wraps_in_its_own_unit_wraps_in_ours():
    tag = Tag("energy", unit="Wh", role="energy", counter=Counter(wraps_at=1_000_000))
    time = np.arange(4, dtype=np.int64) * 10 * S
    series = Series(time, np.array([0.0, 900_000, 100_000, 200_000]), START, START)
    shelf = Shelf({"energy": series}, span(1))
    assert shelf.growth(tag).total[-1] == pytest.approx(1200)


@pytest.mark.parametrize(
    ("role", "unit_", "factor_"),
    [("power", "", 1), ("power", "MW", 1000), ("energy", "MJ", 1 / 3.6), ("speed", "1/h", 1 / 60)],
)
def test_values_in_the_unit_of_their_role(role, unit_, factor_):
    assert factor(Tag(f"filler/{role}", unit=unit_)) == pytest.approx(factor_)
    assert factor(Tag("filler/any", unit=unit_, role=role)) == pytest.approx(factor_)


def test_a_speed_in_metres_is_no_rate_of_pieces():
    assert np.isnan(factor(Tag("filler/speed", unit="m/s")))
