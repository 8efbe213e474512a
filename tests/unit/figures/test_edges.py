"""What lies at the edges of windows, days, breaks and numbers: the same wherever it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, START, S, line_of, records, span, unit

from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Status
from isthmus.runtime.derive.compute import results
from isthmus.runtime.figures.cost import cost
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.hours import Driven
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.worked import worked

DAY = 24 * HOUR
EIGHT = Calendar("eight", (Shift("early", 0, 480, frozenset(range(7))),), breaks=((240, 270),))
EVERY = np.arange(0, 8 * 3_600, 10)
EXECUTE = np.full(len(EVERY), 6.0)


def hourly(first, last):
    """Windows of an hour, from one hour of the day to another."""
    return [span(1, start=hour) for hour in range(first, last)]


def test_long_numbers_of_orders_stay_apart():
    line = line_of(unit("a", "state", "order"))
    told = {"a/state": ([0], [6.0]), "a/order": ([0, 3_600, 7_200], [4500012345, 4500012346, 0])}
    found = worked(
        records(line, told, end=3 * HOUR), line.children[0], "order", (START, START + 3 * HOUR)
    )
    assert found.names == ("4500012345", "4500012346")


def test_a_counter_that_tells_nothing_is_unknown_also_beside_a_break():
    place = replace(unit("a", "state", "good_count"), calendar="eight")
    line = line_of(place, calendar="eight")
    kept = records(line, {"a/state": (EVERY, EXECUTE)}, end=8 * HOUR, calendar=EIGHT)
    for hours in (3, 8):
        found = performance(kept, line, span(hours))
        assert (found.count, found.oee.index) == (None, None)
    counted = {"a/state": (EVERY, EXECUTE), "a/good_count": (EVERY, EVERY * 1.0)}
    kept = records(line, counted, end=10 * HOUR, calendar=EIGHT)
    pieces = elements(kept, line, [span(8), span(0.5, start=4), span(1, start=9)]).columns["PQ"]
    assert pieces == pytest.approx([7.5 * 3_600, 0, 0], abs=10)


def test_hours_follow_each_other_where_midnight_lies_inside_one_and_are_read_once():
    line = line_of(unit("a", "state", "good_count", "energy"))
    every = np.arange(0, 6 * 86_400, 60)
    told = {"a/state": (every, np.full(len(every), 6.0))}
    told |= {"a/good_count": (every, every * 0.5), "a/energy": (every, every / 3_600)}
    kept = records(line, told, end=6 * DAY, timezone="Asia/Kolkata")
    first = datetime.fromtimestamp(START / S, UTC).date()
    days = [date.fromordinal(first.toordinal() + day) for day in (1, 4)]
    drivers = ()
    found = Driven.of(kept, line, drivers, *days)
    assert found.start[0] == START + 19 * HOUR, "the first whole hour after 18:30 UTC"
    assert np.unique(np.diff(found.start)).tolist() == [HOUR]
    assert (len(found.start), found.whole.all()) == (4 * 24, True)
    assert found.kwh == pytest.approx(np.ones(96), abs=0.02)
    asked, history = [], kept.historian
    kept.historian.raw = lambda *a, of=history.raw, **more: asked.append(a) or of(*a, **more)
    Driven.of(kept, line, drivers, *days)
    assert asked == []


def test_shifts_share_the_energy_of_a_meter_that_tells_by_the_hour():
    line = line_of(unit("a", "state", "energy"))
    every = np.arange(3_000, 49 * 3_600, 3_600) - 86_400
    told = {"a/energy": (every, 100.0 * np.arange(len(every)))}
    kept = records(line, told, end=DAY)
    shifts = [cost(kept, [line], span(8, start=hour)).kwh for hour in (0, 8, 16)]
    assert shifts == pytest.approx([800, 800, 790], abs=20)
    assert shifts[:2] == pytest.approx([800, 800])
    assert sum(shifts) == pytest.approx(cost(kept, [line], span(24)).kwh)


def test_an_hour_says_how_much_of_its_energy_it_knows():
    line = line_of(unit("a", "state", "good_count", "energy"), unit("b", "state", "energy"))
    quality = np.where((EVERY > 2_400) & (EVERY < 4_800), Status.BAD, Status.GOOD)
    told = {
        "a/state": (EVERY, EXECUTE),
        "a/good_count": (EVERY, EVERY * 1.0),
        "a/energy": (EVERY, EVERY * 90 / 3_600),
        "b/energy": (EVERY, EVERY * 10 / 3_600, quality.astype(np.uint32)),
    }
    kept = records(line, told, end=8 * HOUR)
    hour = span(1, start=1)
    found = {(each.path[-1], each.kpi): each for each in results(kept, line, "hour", hour, START)}
    assert found["1", "energy"].status == Status.UNCERTAIN
    assert found["1", "energy_per_piece"].value is None
    assert found["b", "energy"].status == Status.UNCERTAIN
    assert found["a", "energy"].status == Status.GOOD
    assert found["a", "energy"].value == pytest.approx(90, rel=0.01)


def test_derived_times_know_orders_that_are_numbers():
    line = line_of(unit("a", "state", "order"))
    told = {"a/state": (EVERY, np.full(len(EVERY), 4.0)), "a/order": ([0], [0.0])}
    kept = records(line, told, end=8 * HOUR)
    hour = span(1, start=1)
    found = {
        (each.path[-1], each.kpi): each.value for each in results(kept, line, "hour", hour, START)
    }
    page = performance(kept, line, hour)
    assert found["1", "no_order"] == page.times.no_order == 3_600
    assert found["a", "no_order"] == 3_600
    inputs = next(each.inputs for each in results(kept, line, "hour", hour, START))
    assert "packaging/line1/a/order" in {each.path for each in inputs}


def test_an_hour_of_starting_up_is_one_also_when_asked_alone():
    place = replace(unit("a", "state", "good_count", "scrap_count"), startup=7_200.0)
    line = line_of(place)
    stood = (EVERY >= 3_600) & (EVERY < 7_200)
    told = {
        "a/state": (EVERY, np.where(stood, 9.0, 6.0)),
        "a/good_count": (EVERY, np.cumsum(~stood) * 9.0),
        "a/scrap_count": (EVERY, np.cumsum(~stood) * 1.0),
    }
    kept = records(line, told, end=8 * HOUR)
    together = elements(kept, line, hourly(0, 6)).columns["SSQ"]
    alone = [elements(kept, line, [each]).columns["SSQ"][0] for each in hourly(0, 6)]
    assert together == pytest.approx([0, 0, 360, 360, 0, 0], abs=1)
    assert alone == pytest.approx(together)
