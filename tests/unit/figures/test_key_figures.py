"""Key figures of equipment over windows, windows of local time, and statistics from history."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, span, unit

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Reason
from isthmus.model.kpi import Kpi
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.key_figures import key_figures, sources, version
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.statistics import good_values, line_bottleneck, unit_cycles
from isthmus.runtime.figures.windows import windows

ROLES = ("state", "cause", "good_count", "scrap_count", "energy")
TIMES = np.arange(0, 4 * 3600, 10)


def rows(name="filler", down=(6000, 8000), scrap=0.1):
    first, last = down
    held = (first <= TIMES) & (last > TIMES)
    ran = np.concatenate([[0], np.cumsum(np.diff(TIMES) * ~held[:-1])])
    return {
        f"{name}/state": (TIMES, np.where(held, 9.0, 6.0)),
        f"{name}/cause": (TIMES, np.where(held, 4.0, 0.0)),
        f"{name}/good_count": (TIMES, ran * (1 - scrap)),
        f"{name}/scrap_count": (TIMES, ran * scrap),
        f"{name}/energy": (TIMES, TIMES * 0.01),
    }


def test_oee_of_a_line_is_that_of_the_page_and_own_figures_are_beside_it():
    line = line_of(unit("filler", *ROLES))
    kept = records(line, rows(), end=4 * HOUR)
    catalogue = Catalogue.of([Kpi("good_per_kwh", "", "GQ / EN", "1/kWh")])
    found = key_figures(kept, line, [span(4)], catalogue).figures
    page = performance(kept, line, span(4))
    assert found["oee_index"].at(0) == pytest.approx(page.oee.index, rel=2e-3)
    assert found["availability"].at(0) == pytest.approx(page.oee.availability)
    assert found["quality_ratio"].at(0) == pytest.approx(0.9)
    assert found["good_per_kwh"].at(0) == pytest.approx(page.count.good / 144, rel=2e-3)
    assert found["rework_ratio"].reason[0] == Reason.ABSENT


def test_windows_of_one_table_add_up_to_the_whole():
    line = line_of(unit("filler", *ROLES))
    kept = records(line, rows(), end=4 * HOUR)
    hours = list(windows(kept, line, "hour", START, Nanoseconds(START + 4 * HOUR)))
    table = key_figures(kept, line, hours, Catalogue.of(), ["oee_index"])
    whole = key_figures(kept, line, [span(4)], Catalogue.of(), ["oee_index"])
    assert len(table.windows) == len(table.figures["oee_index"].value) == 4
    for name, column in whole.elements.columns.items():
        assert table.elements.columns[name].sum() == pytest.approx(column[0], rel=1e-9), name


def test_sources_tell_samples_and_gaps_of_all_that_was_read():
    line = line_of(unit("filler", *ROLES))
    told = rows()
    half = len(TIMES) // 2
    quality = np.zeros(half, np.uint32)
    quality[-1] = 0x8031_0000
    told["filler/state"] = (TIMES[:half], told["filler/state"][1][:half], quality)
    kept = records(line, told, end=4 * HOUR)
    found = {each.tag.path: each for each in sources(kept, line, [span(4)])}
    assert set(found) == {f"{LINE}/filler/{role}" for role in ROLES}
    assert found[f"{LINE}/filler/state"].known == pytest.approx(0.5, abs=1e-3)
    assert found[f"{LINE}/filler/good_count"].samples == len(TIMES) - 1


def test_sources_tell_what_came_unseen_over_an_edge_of_the_window():
    line = line_of(unit("filler", *ROLES))
    told = rows()
    seconds, made = told["filler/good_count"][:2]
    away = ((seconds >= 3_000) & (seconds < 4_200)).astype(np.uint32) * 0x8031_0000
    told["filler/good_count"] = (seconds, made, away)
    kept = records(line, told, end=4 * HOUR)
    seen = seconds[away == 0]
    before, after = seen[seen < 3_600].max(), seen[seen > 3_600].min()
    expected = made[seconds == after][0] - made[seconds == before][0]
    for window, shared in ((span(1), expected), (span(4), 0)):
        found = {each.tag.path: each.shared for each in sources(kept, line, [window])}
        assert found[f"{LINE}/filler/good_count"] == pytest.approx(shared)
    assert expected > 0


def test_a_version_changes_with_any_formula_below():
    one = Catalogue.of([Kpi("a", "", "b * 2"), Kpi("b", "", "GQ / PQ")])
    other = Catalogue.of([Kpi("a", "", "b * 2"), Kpi("b", "", "SQ / PQ")])
    assert version(one, "a") != version(other, "a")
    assert version(one, "oee_index") == version(other, "oee_index")


@pytest.mark.parametrize(
    ("kind", "start", "hours"),
    [
        ("day", "2023-03-26T00:00", [23]),
        ("day", "2023-10-29T00:00", [25]),
        ("week", "2023-10-25T12:00", [7 * 24 + 1]),
        ("hour", "2023-10-29T02:30", [1, 1]),
    ],
)
def test_days_and_weeks_are_local(kind, start, hours):
    from datetime import datetime

    zone = ZoneInfo("Europe/Berlin")
    kept = records(line_of(unit("filler", *ROLES)), {}, end=HOUR, timezone="Europe/Berlin")
    first = Nanoseconds(int(datetime.fromisoformat(start).replace(tzinfo=zone).timestamp()) * S)
    found = list(windows(kept, next(kept.plant.lines()), kind, first, Nanoseconds(first + HOUR)))
    assert [(each.end - each.start) / HOUR for each in found] == hours


def test_shifts_are_those_of_the_calendar_and_the_whole_is_the_range():
    calendar = Calendar("c", (Shift("early", 6 * 60, 14 * 60, frozenset(range(7))),))
    line = line_of(unit("filler", *ROLES), calendar="c")
    kept = records(line, {}, end=HOUR, calendar=calendar)
    day = Nanoseconds(START + 24 * HOUR)
    assert [each.name for each in windows(kept, line, "shift", START, day)] == ["early"]
    (whole,) = windows(kept, line, "whole", START, day)
    assert (whole.start, whole.end) == (START, day)


def test_the_unit_for_which_the_others_wait_holds_the_line_back():
    times = [0, 600, 1200, 1800, 2400, 3000]
    starved = ([6, 5, 6, 5, 6, 5], [0, 1, 0, 1, 0, 1])
    blocked = ([6, 5, 6, 5, 6, 5], [0, 2, 0, 2, 0, 2])
    told = {"b/state": (times, [6.0] * 6), "b/cause": (times, [0.0] * 6)}
    for name, (state, cause) in {"a": blocked, "c": starved}.items():
        told |= {f"{name}/state": (times, state), f"{name}/cause": (times, cause)}
    line = line_of(*(unit(name, "state", "cause") for name in "abc"))
    found = line_bottleneck(records(line, told, end=HOUR), line, span(1))
    assert found.shares[0].unit == "b"
    assert found.shares[0].sole == 3600
    assert found.turning.unit == "b"
    assert found.turning.plain
    assert {each.unit: each.starved for each in found.waited} == {"a": 0, "b": 0, "c": 1800}


def test_cycle_times_of_a_unit_and_values_of_a_tag():
    filler = unit("filler", "state", "good_count")
    kept = records(line_of(filler), {
        "filler/state": ([0, 40, 100], [6, 9, 6]),
        "filler/good_count": ([0, 10, 20, 30, 110, 130], [0, 1, 2, 4, 5, 6]),
    }, end=HOUR)  # fmt: skip
    found = unit_cycles(kept, filler, span(1))
    assert sorted(found.seconds.tolist()) == [5, 10, 20]
    assert unit_cycles(kept, unit("other", "state"), span(1)) is None
    times, values = good_values(kept, filler.tag("good_count"), span(1), 3)
    assert values.tolist() == [4, 5, 6]
    assert ((times - START) // S).tolist() == [30, 110, 130]


def test_of_a_window_in_which_nothing_is_known_no_figure_is_zero():
    line = line_of(unit("filler", "state", "good_count"))
    kept = records(line, {"filler/state": ([0], [6.0])}, end=10 * HOUR)
    kept = replace(kept, dark=lambda _: Nanoseconds(START + 2 * HOUR))
    window = Window("", Nanoseconds(START + 4 * HOUR), Nanoseconds(START + 6 * HOUR))
    found = key_figures(kept, line, [window], Catalogue.of()).figures
    unknown = {name: each.at(0) for name, each in found.items()}
    for name in (
        "mean_operating_time_between_failures",
        "mean_time_to_failure",
        "mean_time_to_restoration",
    ):
        assert unknown[name] is None
