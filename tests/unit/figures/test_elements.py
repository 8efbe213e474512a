"""Elements of units, lines and areas from history: additive, however it is read."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, span, unit

from isthmus.model.plant import Calendar, Equipment, Level, Shift
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Window

ROLES = ("state", "cause", "good_count", "scrap_count", "energy")
EVERY = np.arange(0, 8 * 3600, 10)
SHIFTS = Calendar(
    "shifts",
    (
        Shift("night", 0, 3 * 60, frozenset(range(7))),
        Shift("early", 4 * 60, 8 * 60, frozenset({1})),
    ),
    breaks=((60, 75), (5 * 60, 5 * 60 + 30)),
)


def told(name, *, down=(), good=1.0, scrap=0.0, every=EVERY):
    """A unit that runs but for `down`, (from, to) in s, and makes so many pieces a second."""
    held = np.zeros(len(every), np.bool_)
    for first, last in down:
        held |= (every >= first) & (every < last)
    ran = np.concatenate([[0], np.cumsum(np.diff(every) * ~held[:-1])])
    return {
        f"{name}/state": (every, np.where(held, 11.0, 6.0)),
        f"{name}/cause": (every, np.where(held, 4.0, 0.0)),
        f"{name}/good_count": (every, ran * good),
        f"{name}/scrap_count": (every, ran * scrap),
        f"{name}/energy": (every, every * 0.01),
    }


def plant(rows, **more):
    line = line_of(unit("filler", *ROLES), unit("packer", *ROLES), calendar="shifts")
    filler, packer = (replace(each, calendar="shifts") for each in line.children)
    line = replace(line, children=(filler, packer))
    return line, records(line, rows, end=8 * HOUR, calendar=SHIFTS, **more)


DOWN = ((3000, 3200), (9000, 11500), (13000, 15000), (17500, 20000))
ROWS = told("filler", down=DOWN, good=0.9, scrap=0.1) | told("packer", scrap=0.05)


def test_a_line_has_the_times_of_its_bottleneck_and_scrap_from_there_on():
    line, kept = plant(ROWS)
    found = elements(kept, line, [span(8)])
    was = performance(kept, line, span(8))
    row = {name: of[0] for name, of in found.columns.items()}
    assert row["PBT"] == was.times.planned_busy
    assert row["APT"] == was.times.actual_production
    assert row["ADOT"] == was.times.actual_unit_down
    assert row["ADET"] == row["MICRO"] == 200 == was.times.actual_unit_delay
    assert row["PQ"] == pytest.approx(was.count.produced, rel=1e-3)
    assert row["SQ"] == pytest.approx(was.count.scrap, rel=1e-3)
    assert row["GQ"] + row["SQ"] == pytest.approx(row["PQ"])
    assert row["IPT"] == pytest.approx(row["PQ"])  # one a second
    assert row["EN"] == pytest.approx(2 * 0.01 * (8 * 3600 - 10), rel=1e-3)
    assert (row["STOPS"], row["FAILURES"]) == (4, 3)


@given(st.sets(st.integers(1, 8 * 3600 - 1), max_size=5))
@settings(max_examples=25, deadline=None)
def test_windows_that_are_asked_for_one_by_one_add_up(cuts):
    line, kept = plant(ROWS)
    edges = [Nanoseconds(START + cut * S) for cut in [0, *sorted(cuts), 8 * 3600]]
    windows = [Window("", first, last) for first, last in pairwise(edges)]
    whole = elements(kept, line, [span(8)])
    at_once = elements(kept, line, windows)
    alone = [elements(kept, line, [window]) for window in windows]
    for name, of in whole.columns.items():
        assert at_once.columns[name].sum() == pytest.approx(of[0]), name
        assert sum(part.columns[name][0] for part in alone) == pytest.approx(of[0]), name


def test_a_line_may_be_the_sum_of_its_units_and_an_area_that_of_its_lines():
    line, kept = plant(ROWS)
    parts = [elements(kept, each, [span(8)]) for each in line.children]
    summed = elements(kept, line, [span(8)], every=True)
    area = Equipment("packaging", Level.AREA, children=(line, line))
    twice = elements(kept, area, [span(8)])
    for name, of in summed.columns.items():
        assert of[0] == pytest.approx(sum(part.columns[name][0] for part in parts))
    assert twice.columns["APT"] == 2 * elements(kept, line, [span(8)]).columns["APT"]


def test_what_has_not_happened_yet_belongs_to_no_window():
    line, kept = plant(ROWS)
    found = elements(kept, line, [span(16), span(8, start=9)])
    assert found.columns["CAL"].tolist() == [8 * 3600, 0]
    assert elements(kept, line, [span(8, start=9)]) is None


def test_what_nothing_tells_is_no_column():
    bare = replace(line_of(unit("filler", "state"), ideal_rate=None))
    kept = records(bare, {"filler/state": (EVERY, EVERY * 0 + 6.0)}, end=8 * HOUR)
    found = elements(kept, bare, [span(8)])
    assert not {"PQ", "GQ", "SQ", "IPT", "EN", "AOET"} & found.columns.keys()
    assert elements(kept, Equipment(f"{LINE}/x", Level.WORK_UNIT), [span(8)]) is None


def test_history_read_in_parts_gives_the_same(monkeypatch):
    line, kept = plant(ROWS)
    windows = [span(1, start=hour) for hour in range(8)]
    whole = elements(kept, line, windows)
    for module in ("bucket", "elements"):
        monkeypatch.setattr(f"isthmus.runtime.figures.{module}.PART", 4111 * S)
    parts = elements(kept, line, windows)
    for name, of in whole.columns.items():
        assert parts.columns[name] == pytest.approx(of), name


@pytest.mark.parametrize(
    ("gaps", "cuts"),
    [
        ([(0, 7200)], [3600]),
        ([(0, 7200), (5000, 7200), (12_000, 7200)], [1, 6000, 12_500, 19_200]),
        ([(28_000, 800)], [28_400]),
        ([(20_000, 7200)], [21_000, 24_000, 27_005]),
        ([(3590, 70)], [3599, 3600, 3601]),
        ([(10_000, 7200), (3600, 60)], [3630, 12_000]),
    ],
)
def test_windows_that_meet_where_the_link_was_away_add_up_too(gaps, cuts):
    """Counters and meters out of reach for up to two hours: no piece is lost, none counts twice."""
    rows = dict(ROWS)
    for name in ("good_count", "scrap_count", "energy", "state"):
        seconds, values = rows[f"filler/{name}"]
        lost = np.zeros(len(seconds), np.uint32)
        for first, size in gaps:
            lost[(seconds >= first) & (seconds < first + size)] = 0x8031_0000
        rows[f"filler/{name}"] = (seconds, values, lost)
    line, kept = plant(rows)
    edges = [Nanoseconds(START + cut * S) for cut in [0, *cuts, 8 * 3600]]
    windows = [Window("", first, last) for first, last in pairwise(edges)]
    whole = elements(kept, line, [span(8)])
    alone = [elements(kept, line, [window]) for window in windows]
    for name, of in whole.columns.items():
        parts = np.array([part.columns[name][0] for part in alone])
        assert np.nansum(parts) == pytest.approx(np.nan_to_num(of[0]), rel=1e-6, abs=1e-6), name
    assert whole.columns["GQ"][0] >= 0
