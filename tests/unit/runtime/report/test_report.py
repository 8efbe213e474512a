"""What a report says: figures, sums, losses, stops, orders, notes, and how far to trust them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, unit
from tests.unit.runtime.report.plants import (
    ROLES,
    ROWS,
    SHIFTS,
    because,
    beside,
    made,
    one_line,
    table,
    two_lines,
    value,
)

from isthmus.insight.scorecard.measure import MEASURES
from isthmus.insight.scorecard.verdict import Way, verdict
from isthmus.model.errors import ConfigError, Refused
from isthmus.model.event import Event
from isthmus.model.kpi import Better, Kpi
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds
from isthmus.model.scorecard import Goal
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Window
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.figures import Numbers
from isthmus.runtime.report.losses import waterfall
from isthmus.runtime.report.period import period_of
from isthmus.runtime.report.scope import scope_of
from isthmus.runtime.scorecard.board import Stand
from isthmus.runtime.scorecard.book import Note

MEASURED = ("OEE index", "Availability", "Effectiveness", "Quality ratio")


def test_the_numbers_are_those_of_the_page():
    line, known = one_line()
    page = performance(known, line, Window("shift", START, Nanoseconds(START + 8 * HOUR)))
    report = made(line, known, Beside())
    told = [page.oee.index, page.oee.availability, page.oee.effectiveness, page.oee.quality]
    assert [value(report, name) for name in MEASURED] == pytest.approx(
        [100 * each for each in told]
    )
    assert value(report, "Good pieces") == pytest.approx(page.count.good)
    assert value(report, "Energy") == pytest.approx(80)
    assert value(report, "Energy per good piece") == pytest.approx(80 / page.count.good)
    assert value(report, "Unplanned downtime") == pytest.approx(100 * 1_800 / 28_800)
    assert value(report, "Energy cost") == pytest.approx(80 * 0.18)


def test_money_at_a_price_that_the_plant_file_does_not_tell_is_marked():
    line, known = one_line()
    remarks = " ".join(made(line, known, Beside()).remarks)
    assert "0.18 EUR a kWh is assumed" in remarks
    assert "0.363 kg is assumed" in remarks
    told = {"electricity": {"00:00-24:00": 0.3, "co2": 0.4}}
    known = replace(known, plant=replace(known.plant, tariffs=told))
    assert "assumed" not in " ".join(made(line, known, Beside()).remarks)


def test_an_area_and_a_site_are_the_sums_of_their_lines():
    plant, known = two_lines()
    area, site = scope_of(plant, "packaging"), scope_of(plant, "")
    lines = [made(line, known, Beside()) for line in plant.lines()]
    for place in (area, site):
        report = made(place, known, Beside())
        for title in ("Good pieces", "Scrap pieces", "Energy", "Energy cost"):
            total = sum(value(each, title) for each in lines)
            assert value(report, title) == pytest.approx(total), title
        assert value(report, "Scrap pieces") == pytest.approx(40 + 80)
        quality = 100 * value(report, "Good pieces") / (2 * 28_799 * 0.8 + 120)
        assert value(report, "Quality ratio") == pytest.approx(quality)
        rows = table(report, "Lines and areas")
        assert [row[0] for row in rows.rows] == ["line1", "line2"]
        totals = dict(zip([each.head for each in rows.columns], rows.totals(), strict=True))
        assert totals["good"] == pytest.approx(value(report, "Good pieces"))
        assert totals["scrap"] == pytest.approx(120)


def test_what_is_no_line_or_area_is_refused_with_what_was_meant():
    plant, _ = two_lines()
    with pytest.raises(ConfigError, match="no line or area `packaging/line`") as error:
        scope_of(plant, "packaging/line")
    assert "did you mean `packaging/line" in error.value.hint
    with pytest.raises(ConfigError, match="no line or area"):
        scope_of(plant, "packaging/line1/filler")
    bare = replace(plant, areas=(replace(plant.areas[0], children=()),))
    with pytest.raises(Refused, match="no unit with a state"):
        scope_of(bare, "")


def test_the_waterfall_loses_nothing_on_its_way():
    line, known = one_line()
    window = period_of(known, line, "shift", START)
    steps = waterfall(Numbers.of(known, line, "shift", window))
    level = 0.0
    for step in steps:
        if step.kept:
            assert step.seconds == pytest.approx(level) or not level, step
            level = step.seconds
        else:
            level -= step.seconds
    assert [step.title for step in steps] == [
        *("Planned busy", "Breakdown", "Producing", "Speed loss", "Net", "Scrap", "Good")
    ]
    assert steps[0].seconds == 28_800
    assert steps[-1].seconds == pytest.approx(28_799 * 0.8)


def test_change_is_against_the_one_before_as_far_as_this_one_is():
    rows = {name: ([*s, *(at + 86_400 for at in s)], [*v, *v]) for name, (s, v) in ROWS.items()}
    rows["filler/good_count"] = (
        [*range(0, 28_801, 100), *range(86_400, 115_201, 100)],
        [*(at * 0.4 for at in range(0, 28_801, 100))]
        + [11_520 + at * 0.8 for at in range(0, 28_801, 100)],
    )
    line, known = one_line(rows, hours=26)
    report = made(line, known, Beside(), at=25 * HOUR)
    good = next(each for each in report.figures if each.title == "Good pieces")
    assert good.value == pytest.approx(7_200 * 0.8, abs=41)
    assert good.before == pytest.approx(7_200 * 0.4, abs=21)
    assert good.trend[-2] == pytest.approx(28_800 * 0.4, abs=45), "whole in the trend"
    assert "still runs" in " ".join(report.remarks)
    ended = made(
        line, replace(known, now=lambda: Nanoseconds(START + 40 * HOUR)), Beside(), at=25 * HOUR
    )
    good = next(each for each in ended.figures if each.title == "Good pieces")
    assert good.before == pytest.approx(28_800 * 0.4, abs=45)
    assert "still runs" not in " ".join(ended.remarks)


def test_a_goal_of_the_line_gives_its_figure_a_target():
    line, known = one_line()

    def stand(measure, target, path):
        better = MEASURES[measure].better
        goal = Goal(measure, measure, target, line=path)
        how = verdict(1.0, target, better)
        return Stand(goal, MEASURES[measure], better, path, 1.0, how, Way.UNKNOWN, 0, 0, 1.0)

    stands = [stand("oee", 95.0, LINE), stand("scrap", 1.0, LINE), stand("availability", 5.0, "b")]
    report = made(line, known, Beside(stands=stands))
    told = {each.title: (each.target, each.verdict) for each in report.figures}
    assert told["OEE index"] == (95.0, "behind")
    assert told["Scrap"] == (1.0, "reached")
    assert told["Availability"] == (None, "")
    assert "OEE index is behind." in report.remarks


def test_key_figures_of_the_plants_own_are_told():
    line, known = one_line()
    own = Kpi("good_per_kwh", "Good pieces for a kWh", "GQ / EN", "1/kWh", Better.MORE)
    known = replace(known, plant=replace(known.plant, kpis={own.id: own}))
    report = made(line, known, Beside())
    good = value(report, "Good pieces")
    assert value(report, "Good pieces for a kWh") == pytest.approx(good / 80)
    formulas = dict(table(report, "How this is computed").rows)
    assert formulas["Good pieces for a kWh"].startswith("GQ / EN; version ")
    assert "ISO 22400-2" in formulas["OEE index"]


STATES = {
    **ROWS,
    "filler/state": ([0, 7_200, 9_000, 12_000, 12_060], [6.0, 9.0, 6.0, 9.0, 6.0]),
    "filler/cause": ([0, 12_000, 12_060], [0.0, 3.0, 0.0]),
}


def test_reasons_are_told_with_how_they_are_known(tmp_path):
    line, known = one_line(STATES)
    said = [because(7_200, 8_400, "breakdown/electrical", "a fuse; spare is ordered")]
    known, besides = beside(known, tmp_path, said)
    report = made(line, known, besides)
    rows = {row[0]: row[1:6] for row in table(report, "Why it stood").rows}
    assert rows["Electrical"][1:] == pytest.approx((20.0, 0.0, 0.0, 20.0))
    assert rows["Jam, short stop"] == pytest.approx((1.0, 0.0, 1.0, 0.0, 1.0))
    assert sum(row[4] for row in rows.values()) == pytest.approx(31.0), "all of what it stood"
    longest = table(report, "Longest stops").rows[0]
    assert longest[1].isoformat() == "2023-11-14T02:00:00"
    assert longest[3:] == ("Electrical", "said by person:anna", "a fuse; spare is ordered")


def test_a_stop_over_the_end_counts_as_far_as_it_lies_inside(tmp_path):
    rows = {**ROWS, "filler/state": ([0, 27_000], [6.0, 9.0])}
    line, known = one_line(rows, hours=12)
    known, besides = beside(known, tmp_path)
    report = made(line, known, besides)
    assert [row[5] for row in table(report, "Why it stood").rows] == pytest.approx([30.0])


def test_orders_are_told_with_what_was_planned(tmp_path):
    unit_ = unit("filler", *ROLES, "order_quantity")
    text = Tag(f"{LINE}/filler/order", kind=Kind.TEXT)
    unit_ = replace(unit_, tags=(*unit_.tags, text))
    line = line_of(unit_, calendar="two")
    rows = {**ROWS, "filler/order_quantity": ([0, 14_400], [9_000.0, 12_000.0])}
    known = records(line, rows, end=8 * HOUR, calendar=SHIFTS)
    told = [
        Event(Nanoseconds(START + at * S), f"{LINE}/filler/order", "text", name)
        for at, name in ((0, "JO-1"), (14_400, "JO-2"))
    ]
    known, besides = beside(known, tmp_path, happened=told)
    report = made(line, known, besides)
    rows = {row[0]: row[3:] for row in table(report, "Orders").rows}
    assert rows["JO-1"][0] == 9_000
    assert rows["JO-2"][0] == 12_000
    assert rows["JO-1"][1] + rows["JO-2"][1] == pytest.approx(value(report, "Good pieces"))


def test_notes_of_the_time_and_open_actions_are_told(tmp_path):
    line, known = one_line()
    inside, later = START + HOUR, START + 9 * HOUR
    notes = [
        Note(1, 1, "decision", "run slower", "person:anna", inside),
        Note(2, 1, "comment", "next shift's", "person:anna", later),
        Note(3, 1, "action", "order a head", "person:bo", 0, who="bo", side="ot", due="2026-12-01"),
        Note(4, 2, "action", "was done", "person:bo", inside, state="done"),
        Note(5, 1, "comment", "reel 7 jams", "person:bo", inside, line=line.path),
        Note(6, 1, "comment", "of another", "person:bo", inside, line="packaging/line10"),
    ]
    known, besides = beside(known, tmp_path, notes=notes)
    report = made(line, known, besides)
    said = [(row[0], row[2]) for row in table(report, "Comments and decisions").rows]
    assert said == [("reel 7 jams", line.path), ("run slower", "")]
    assert [row[:3] for row in table(report, "Open actions").rows] == [
        ("order a head", "OT bo", "2026-12-01")
    ]


def test_what_came_late_is_said(tmp_path):
    line, known = one_line()
    data = {"first": START + HOUR, "last": START + 2 * HOUR, "samples": 7, "corrected": 2}
    elsewhere = {**data, "first": START - 9 * HOUR, "last": START - 8 * HOUR}
    told = [
        Event(Nanoseconds(START + 3 * HOUR), "plc", "late", "", 1, each)
        for each in (data, elsewhere)
    ]
    known, besides = beside(known, tmp_path, happened=told)
    assert "7 samples came late, 2 were corrected" in " ".join(made(line, known, besides).remarks)


def test_gaps_are_told_by_tag():
    rows = {**ROWS, "filler/state": ([7_200], [6.0])}
    line, known = one_line(rows)
    report = made(line, known, Beside())
    assert report.gaps == pytest.approx(25)
    rows = {row[0]: row[2] for row in table(report, "Data behind this report").rows}
    assert rows[f"{LINE}/filler/state"] == pytest.approx(75)
    assert "25.0 % of the planned time" in " ".join(report.remarks)


def test_without_data_it_says_so(tmp_path):
    line, empty = one_line({})
    empty, besides = beside(empty, tmp_path)
    report = made(line, empty, besides)
    assert report.gaps == pytest.approx(100)
    assert all(one.value is None for one in report.figures)
    assert "known of 100.0 %" in " ".join(report.remarks)


def test_windows_are_local_and_end_now():
    line, known = one_line()
    day = period_of(known, line, "day", Nanoseconds(START + HOUR))
    assert (day.start, day.end) == (START, START + 8 * HOUR)
    week = period_of(known, line, "week", Nanoseconds(START + HOUR))
    assert week.start == START - 24 * HOUR, "the Monday"
    with pytest.raises(Refused, match="still to come"):
        period_of(known, line, "day", Nanoseconds(START + 9 * HOUR))
    bare = replace(line, calendar="")
    plant = replace(known.plant, areas=(replace(known.plant.areas[0], children=(bare,)),))
    with pytest.raises(Refused, match="has no shifts"):
        period_of(replace(known, plant=plant), bare, "shift", START)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_clocks_change_is_whole(day, hours):
    line, known = one_line({}, timezone="Europe/Berlin")
    noon = int(datetime.fromisoformat(f"{day}T12:00+01:00").timestamp()) * 10**9
    known = replace(known, now=lambda: Nanoseconds(noon + 48 * HOUR))
    window = period_of(known, line, "day", Nanoseconds(noon))
    assert window.end - window.start == hours * HOUR
    numbers = Numbers.of(known, line, "day", window)
    assert [one.end - one.start for one in numbers.past] == [24 * HOUR] * 7
    lined = Calendar("two", (Shift("night", 1320, 360, frozenset(range(7))),))
    known = replace(known, plant=replace(known.plant, calendars={"two": lined}))
    night = period_of(known, line, "shift", Nanoseconds(noon - 10 * HOUR))
    assert night.end - night.start == (hours - 16) * HOUR
