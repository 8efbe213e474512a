"""What a measure saved, of lines whose saving is known."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, line_of, records, span, unit

from isthmus.model.measure import Driver, Measure
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.measure import verified

HOURS = 12 * 24
SECONDS = np.arange(0, HOURS * 3600 + 1, 600)
FIRST = date(2023, 11, 14)  # START
LINE = "packaging/line1"


def made(saved=2.0, end=HOURS, **words):
    """Twelve days; from the seventh on each hour takes `saved` kWh less. It is cold at times."""
    chance = np.random.default_rng(3)
    rate, cold = chance.uniform(50, 400, HOURS), chance.uniform(-5, 25, HOURS)
    degrees = np.maximum(15 - cold, 0)
    used = 10 + 0.1 * rate + 0.5 * degrees - saved * (np.arange(HOURS) >= 6 * 24)
    edges = np.arange(HOURS + 1) * 3600
    filler = unit("filler", "good_count", "energy", "temperature")
    rows = {
        f"filler/{name}": (SECONDS, np.interp(SECONDS, edges, np.append(0, np.cumsum(column))))
        for name, column in (("good_count", rate), ("energy", used))
    }
    rows["filler/temperature"] = (edges[:-1], cold)
    measure = Measure(
        "leaks",
        LINE,
        date(2023, 11, 20),
        (FIRST, date(2023, 11, 18)),
        drivers=(Driver("cold", f"{LINE}/filler/temperature", heating_below=15.0),),
    )
    return records(line_of(filler), rows, end=end * HOUR + HOUR // 2, **words), measure


def test_a_saving_is_found_with_the_drivers_that_were_told():
    held, measure = made()
    found = verified(held, measure)
    base, pieces, cold = found.regression.terms
    assert (base.value, pieces.value, cold.value) == pytest.approx((10, 0.1, 0.5), rel=1e-4)
    assert (found.regression.hours, found.saving.hours) == (5 * 24, 6 * 24)
    assert found.saving.kwh[0] == pytest.approx(2 * 144, rel=1e-4)
    assert found.saving.money[0] == pytest.approx(2 * 144 * 0.18, rel=1e-4)
    assert found.saving.co2[0] == pytest.approx(2 * 144 * 0.363, rel=1e-4)
    assert found.days == tuple(date(2023, 11, 20 + day) for day in range(6))
    np.testing.assert_allclose(found.saved, 48 * np.arange(1, 7), rtol=1e-4)
    assert (found.saved[-1], found.margin[-1]) == pytest.approx(found.saving.kwh)


def test_without_its_driver_the_baseline_is_worse_and_the_margin_wider():
    held, measure = made()
    blind = verified(held, replace(measure, name="blind", drivers=()))
    told = verified(held, measure)
    assert blind.regression.r2 < told.regression.r2
    assert blind.saving.kwh[1] > told.saving.kwh[1] >= 0
    assert abs(blind.saving.kwh[0] - 288) < blind.saving.kwh[1]


@pytest.mark.parametrize("flow", [True, False])
def test_what_makes_no_pieces_is_judged_by_its_other_drivers(flow):
    """A heating without a counter; with and without a flow."""
    cold = np.random.default_rng(4).uniform(-5, 25, HOURS)
    used = 10 + 0.5 * np.maximum(15 - cold, 0) - 2.0 * (np.arange(HOURS) >= 6 * 24)
    edges = np.arange(HOURS + 1) * 3600
    total = np.interp(SECONDS, edges, np.append(0, np.cumsum(used)))
    rows = {"boiler/energy": (SECONDS, total), "boiler/temperature": (edges[:-1], cold)}
    heating = (Driver("cold", f"{LINE}/boiler/temperature", heating_below=15.0),)
    line = replace(line_of(unit("boiler", "energy", "temperature")), drivers=heating)
    line = line if flow else replace(line, flow=())
    held = records(line, rows, end=HOURS * HOUR + HOUR // 2)
    days = (FIRST, date(2023, 11, 18))
    found = verified(held, Measure("valves", LINE, date(2023, 11, 20), days, drivers=heating))
    base, slope = found.regression.terms
    assert (slope.name, found.dropped) == ("cold", ())
    assert (base.value, slope.value) == pytest.approx((10, 0.5), rel=1e-4)
    assert found.saving.kwh[0] == pytest.approx(2 * 144, rel=1e-4)
    shown = energy(held, replace(line, baseline=days), span(24, 10 * 24))
    assert [term.name for term in shown.baseline.terms] == ["base", "cold"]
    assert shown.saving.kwh[0] == pytest.approx(2 * 24, rel=0.05)
    assert (shown.per_piece, shown.baseline_per_piece) == (None, None)
    nothing = verified(held, Measure("blind", LINE, date(2023, 11, 20), days))
    assert nothing.regression is None


def test_the_margin_says_how_probable_a_goal_is():
    """95 % of what may be true lies within the margin: 2.5 % below it, 2.5 % above it."""
    held, measure = made()
    blind = verified(held, replace(measure, drivers=()))
    assert blind.probability is None
    won, margin = blind.saving.kwh
    for goal, likely in ((won - margin, 0.975), (won, 0.5), (won + margin, 0.025)):
        aimed = replace(measure, drivers=(), goal=goal / blind.saving.expected)
        assert verified(held, aimed).probability == pytest.approx(likely, abs=1e-9)
    early, _ = made(end=6 * 24)
    assert verified(early, replace(measure, goal=0.1)).probability is None


def test_each_hour_is_worth_its_own_price():
    held, measure = made()
    tariff = {"00:00-12:00": 0.1, "12:00-00:00": 0.5, "co2": 0.4}
    held = replace(held, plant=replace(held.plant, tariffs={"electricity": tariff}))
    found = verified(held, measure)
    assert found.saving.money[0] == pytest.approx(2 * 6 * (12 * 0.1 + 12 * 0.5), rel=1e-4)
    assert found.saving.co2[0] == pytest.approx(0.4 * found.saving.kwh[0])


def test_days_of_23_and_25_hours_are_days_of_the_zone():
    """The baseline and what is judged begin at local midnight."""
    held, measure = made(timezone="America/New_York")
    found = verified(held, replace(measure, first=date(2023, 11, 20)))
    assert found.saving.hours == 6 * 24 - 5
    assert found.days[0] == date(2023, 11, 20)


def test_before_it_begins_and_without_a_line_nothing_is_claimed():
    held, measure = made(end=4 * 24)
    found = verified(held, measure)
    assert (found.saving, found.days) == (None, ())
    assert found.regression.hours == 4 * 24
    assert verified(held, replace(measure, line="packaging/line9")) is None
    nothing = verified(held, replace(measure, baseline=(date(2022, 1, 1), date(2022, 1, 3))))
    assert nothing.regression is None


def test_what_was_read_is_read_again_only_where_samples_may_have_come():
    held, measure = made()
    asked = []

    class Counting:
        def raw(self, tags, start, end):
            asked.append(start)
            return held.historian.raw(tags, start, end)

        def before(self, tags, time):
            return held.historian.before(tags, time)

    clock = [START + HOURS * HOUR + HOUR // 2]
    counted = replace(held, historian=Counting(), now=lambda: Nanoseconds(clock[0]))
    first = verified(counted, measure)
    assert len(asked) == 5 + 6
    asked.clear()
    clock[0] += HOUR // 4
    assert verified(counted, measure).saving == first.saving
    assert asked == []
    clock[0] += HOUR
    verified(counted, measure)
    settled = [start for start in asked if start < START + (HOURS - 4 * 24) * HOUR]
    assert settled == []
    assert asked
