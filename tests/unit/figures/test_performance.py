"""A line's performance from samples whose times and counts are known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.figures.memory import HOUR, START, S, line_of, records, span, unit

from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.oee import Count
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Nanoseconds, Status
from isthmus.runtime.figures.key_figures import key_figures
from isthmus.runtime.figures.performance import inside, performance
from isthmus.runtime.figures.pieces import Pieces, counters
from isthmus.runtime.figures.read import Window

EXECUTE = 6.0
EVERY = np.arange(0, 8 * 3600, 10)
COUNTS = ("state", "good_count", "scrap_count")
FOUR = Calendar("four", (Shift("early", 0, 4 * 60, frozenset(range(7))),))


def running(name, *, good=1.0, scrap=0.0):
    """Samples of a unit that runs for eight hours at so many pieces a second."""
    return {
        f"{name}/state": (EVERY, np.full(len(EVERY), EXECUTE)),
        f"{name}/good_count": (EVERY, EVERY * good),
        f"{name}/scrap_count": (EVERY, EVERY * scrap),
    }


def test_pieces_made_outside_of_planned_time_do_not_count():
    line = line_of(replace(unit("filler", *COUNTS), calendar="four"), calendar="four")
    kept = records(line, running("filler", good=0.9), end=8 * HOUR, calendar=FOUR)
    found = performance(kept, line, span(8))
    assert found.times.actual_production == found.times.planned_busy == 4 * 3600
    assert found.count.good == pytest.approx(0.9 * 4 * 3600)
    assert found.unplanned == pytest.approx(0.9 * 4 * 3600, abs=10)
    assert found.oee.effectiveness == pytest.approx(0.9)
    assert found.oee.index == pytest.approx(0.9)


def test_it_says_what_the_key_figures_say_also_with_gaps_and_a_stop_over_its_edges():
    lost = ((EVERY > 3_300) & (EVERY < 3_900)) | ((EVERY > 6_600) & (EVERY < 7_500))
    quality = np.where(lost, Status.BAD, Status.GOOD).astype(np.uint32)
    told = {
        name: (times, value, quality)
        for name, (times, value) in running("filler", good=0.9, scrap=0.05).items()
    }
    stood = (EVERY > 5_000) & (EVERY < 5_020) | (EVERY > 3_000) & (EVERY < 4_500)
    told["filler/state"] = (EVERY, np.where(stood, 9.0, EXECUTE), quality)
    line = line_of(unit("filler", *COUNTS))
    kept = records(line, told, end=8 * HOUR)
    window = Window("", Nanoseconds(START + HOUR), Nanoseconds(START + 2 * HOUR))
    found = performance(kept, line, window)
    said = key_figures(kept, line, [window], Catalogue.of())
    assert found.count.good == pytest.approx(said.elements.columns["GQ"][0])
    assert found.times.actual_unit_down == said.elements.columns["ADOT"][0]
    assert found.oee.index == pytest.approx(said.figures["oee_index"].value[0])
    alone = inside(kept, line, window)
    assert alone.count.good != pytest.approx(found.count.good, abs=100)


@pytest.mark.parametrize("where", ["line", "unit", "nowhere"])
def test_the_ideal_rate_of_a_line_or_of_its_bottleneck_counts_everywhere(where):
    filler = replace(unit("filler", *COUNTS), ideal_rate=2.0 if where == "unit" else None)
    line = line_of(filler, ideal_rate=2.0 if where == "line" else None)
    kept = records(line, running("filler", good=1.0), end=8 * HOUR)
    window = Window("", START, Nanoseconds(START + HOUR))
    found, alone = (of(kept, line, window) for of in (performance, inside))
    said = key_figures(kept, line, [window], Catalogue.of()).figures["oee_index"].at(0)
    told = None if where == "nowhere" else pytest.approx(0.5, abs=0.01)
    assert found.oee.index == told
    assert found.oee.effectiveness == told
    assert alone.oee.index == told
    assert said == told
    assert found.oee.availability == 1


def test_scrap_before_the_bottleneck_is_not_the_bottlenecks():
    line = line_of(
        unit("filler", *COUNTS),
        unit("labeller", *COUNTS),
        unit("packer", *COUNTS),
        bottleneck="packaging/line1/labeller",
    )
    rows = running("filler", scrap=0.1) | running("labeller", scrap=0.02) | running("packer")
    rows |= running("packer", scrap=0.03)
    found = performance(records(line, rows, end=8 * HOUR), line, span(8))
    last = EVERY[-1]
    assert found.count.produced == pytest.approx(1.02 * last)
    assert found.count.scrap == pytest.approx(0.05 * last)
    assert found.count.good == pytest.approx(0.97 * last)


def test_without_counts_there_is_no_oee():
    line = line_of(unit("filler", *COUNTS))
    rows = {name: row for name, row in running("filler").items() if name.endswith("state")}
    found = performance(records(line, rows, end=8 * HOUR), line, span(8))
    assert found.count is None
    assert found.oee.availability == 1
    assert (found.oee.effectiveness, found.oee.quality, found.oee.index) == (None, None, None)
    assert found.untold == ("packaging/line1/filler/scrap_count",)


def test_nothing_made_is_zero_where_the_counter_says_so():
    line = line_of(unit("filler", *COUNTS))
    found = performance(records(line, running("filler", good=0), end=8 * HOUR), line, span(8))
    assert found.count == Count(0.0, 0.0)
    assert found.oee.index == 0


@given(st.lists(st.integers(1, 8 * 3600 - 1), max_size=5))
def test_counts_of_parts_add_up_to_the_whole(cuts):
    line = line_of(unit("filler", *COUNTS), unit("packer", *COUNTS))
    rows = running("filler", scrap=0.05) | running("packer", scrap=0.02)
    window = span(8)
    shelf = records(line, rows, end=8 * HOUR).shelf(counters(line), window)
    pieces = Pieces.of(shelf, line)
    edges = [START, *sorted({START + cut * S for cut in cuts}), window.end]
    parts = [Stretch("", Nanoseconds(first), Nanoseconds(last)) for first, last in pairwise(edges)]
    whole = pieces.inside([Stretch("", window.start, window.end)])
    assert sum(pieces.inside([part]).produced for part in parts) == pytest.approx(whole.produced)
    assert pieces.inside(parts).good == pytest.approx(whole.good)
    made = pieces.per_bucket(np.array(edges, np.int64))
    assert made.sum() == pytest.approx(whole.good)
    curve = pieces.until(parts, np.array(edges, np.int64))
    np.testing.assert_allclose(np.diff(curve), made, atol=1e-6)


@given(st.lists(st.integers(1, 8 * 3600 - 1), min_size=1, max_size=4))
def test_figures_of_parts_of_the_window_add_up(cuts):
    line = line_of(unit("filler", *COUNTS), calendar="four")
    kept = records(line, running("filler", scrap=0.05), end=8 * HOUR, calendar=FOUR)
    edges = [START, *sorted({START + cut * S for cut in cuts}), START + 8 * HOUR]
    parts = [
        performance(kept, line, Window("", Nanoseconds(first), Nanoseconds(last)))
        for first, last in pairwise(edges)
    ]
    whole = performance(kept, line, span(8))
    busy = sum(part.times.planned_busy for part in parts)
    assert busy == pytest.approx(whole.times.planned_busy)
    made = sum(part.count.produced for part in parts if part.count)
    assert made == pytest.approx(whole.count.produced, abs=11 * len(edges))


def test_time_starved_without_a_cause_is_lost_once():
    line = line_of(unit("filler", *COUNTS), unit("capper", *COUNTS))
    line = line_of(*line.children, bottleneck="packaging/line1/capper")
    rows = running("filler") | running("capper")
    rows["capper/state"] = ([0, 3600, 3610, 3700, 3720], [EXECUTE, 13, 5, 14, EXECUTE])
    rows["filler/state"] = ([0, 3590, 3700], [EXECUTE, 9, EXECUTE])
    found = performance(records(line, rows, end=8 * HOUR), line, span(8))
    assert [(loss.unit, loss.cause, loss.seconds, loss.stops) for loss in found.losses] == [
        ("filler", "aborted", 120, 1)
    ]
    assert found.times.actual_unit_delay == 120


def test_the_silence_of_an_edge_is_neither_production_nor_a_stop():
    line = line_of(unit("filler", *COUNTS))
    first = EVERY[EVERY < 3600]
    rows = {
        "filler/state": (first, np.full(len(first), EXECUTE)),
        "filler/good_count": (first, first * 1.0),
        "filler/scrap_count": (first, first * 0.0),
    }
    silent = Nanoseconds(START + HOUR)
    found = performance(records(line, rows, end=8 * HOUR, dark=lambda _: silent), line, span(8))
    assert found.times.actual_production == 3600
    assert found.times.unknown == 7 * 3600
    assert found.known == pytest.approx(1 / 8)
    held = performance(records(line, rows, end=8 * HOUR), line, span(8))
    assert held.times.actual_production == 8 * 3600  # all is told: it ran all the time
