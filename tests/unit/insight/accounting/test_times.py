"""Times, losses and OEE: cases computed by hand, and what must hold for any data."""

from dataclasses import astuple
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.insight.told import BAD, SAMPLES, S, series

from isthmus.insight.accounting.accounts import Accounts, Look, look
from isthmus.insight.accounting.calendar import Stretch
from isthmus.insight.kpi.oee import Count, Loss, Times, losses, oee
from isthmus.model.state import Cause, State


@given(SAMPLES, SAMPLES, st.integers(0, 40), st.integers(50, 100))
def test_time_is_partitioned_exactly(states, causes, start, end):
    accounts = Accounts.of(series(states, start, end), series(causes, start, end))
    assert accounts.start[0] == start * S
    assert accounts.end[-1] == end * S
    assert (accounts.start[1:] == accounts.end[:-1]).all()
    assert (accounts.end > accounts.start).all()
    assert accounts.seconds.sum() == end - start


@given(SAMPLES, st.integers(1, 60))
def test_a_window_cut_in_two_gives_the_same_times(states, cut):
    cut += 20
    whole = Times.of(Accounts.of(series(states, 0, 100), None))
    left = Accounts.of(series(states, 0, cut), None)
    held = [row for row in states if row[0] <= cut][-1:]
    right = Accounts.of(series(states, cut, 100, held), None)
    both = Times.of(left) + Times.of(right)
    assert both.actual_production == pytest.approx(whole.actual_production)
    assert both.unknown == pytest.approx(whole.unknown)
    assert both.planned_busy == pytest.approx(whole.planned_busy) == 100


def test_a_gap_is_unknown_neither_stop_nor_production():
    accounts = Accounts.of(series([(0, 6, 0), (40, 6, BAD), (60, 6, 0)], 0, 100), None)
    assert accounts.looks() == [Look.RUN, Look.UNKNOWN, Look.RUN]
    assert Times.of(accounts).unknown == 20


def test_oee_as_computed_by_hand():
    # 480 min planned, 420 producing, 30 setup, 20 breakdown (one stop), 10 starved
    m = 60
    rows = [(0, State.EXECUTE, 0), (200 * m, State.STOPPED, 0), (230 * m, State.EXECUTE, 0)]
    rows += [(330 * m, State.ABORTED, 0), (350 * m, State.EXECUTE, 0)]
    rows += [(470 * m, State.SUSPENDED, 0)]
    causes = [(0, Cause.NONE, 0), (200 * m, Cause.CHANGEOVER, 0), (230 * m, Cause.NONE, 0)]
    causes += [(330 * m, Cause.BREAKDOWN, 0), (350 * m, Cause.NONE, 0), (470 * m, Cause.STARVED, 0)]
    accounts = Accounts.of(series(rows, 0, 480 * m), series(causes, 0, 480 * m))
    times = Times.of(accounts)
    assert (times.planned_busy, times.actual_production) == (480 * m, 420 * m)
    assert (times.actual_unit_setup, times.actual_unit_down) == (30 * m, 20 * m)
    assert times.actual_unit_delay == 10 * m
    found = oee(times, Count(good=45_360, scrap=1_512), planned_run_time_per_item=0.5)
    assert found.availability == pytest.approx(0.875)
    assert found.effectiveness == pytest.approx(0.93)
    assert found.quality == pytest.approx(45_360 / 46_872)
    assert found.index == pytest.approx(0.875 * 0.93 * 45_360 / 46_872)
    assert [(loss.cause, loss.seconds) for loss in losses("filler", accounts)] == [
        ("changeover", 30 * m),
        ("breakdown", 20 * m),
        ("starved", 10 * m),
    ]


ABORT = [(0, State.ABORTING, 0), (10, State.ABORTED, 0), (20, State.CLEARING, 0)]
ABORT += [(260, State.STOPPED, 0), (290, State.STOPPING, 0), (560, State.EXECUTE, 0)]


def test_a_stop_told_in_several_states_is_one_stop():
    accounts = Accounts.of(series(ABORT, 0, 600), None)
    assert Times.of(accounts).actual_unit_down == 560
    assert Times.of(accounts).actual_unit_delay == 0
    assert losses("filler", accounts) == [Loss("filler", "stopping", 560, 1)]


def test_a_stop_is_named_by_the_cause_told_in_it():
    causes = [(0, Cause.NONE, 0), (30, Cause.BREAKDOWN, 0), (280, Cause.MATERIAL, 0)]
    causes += [(300, Cause.NONE, 0)]
    accounts = Accounts.of(series(ABORT, 0, 600), series(causes, 0, 600))
    assert [(loss.cause, loss.seconds, loss.stops) for loss in losses("filler", accounts)] == [
        ("breakdown", 280, 1),
        ("material", 280, 1),
    ]


def test_a_long_stop_cut_by_a_break_stays_long():
    accounts = Accounts.of(series(ABORT, 0, 600), None)
    planned = [Stretch("", 0, 100 * S), Stretch("", 500 * S, 600 * S)]
    times = Times.of(accounts, planned)
    assert (times.planned_busy, times.actual_unit_down) == (200, 160)
    assert losses("filler", accounts, planned) == [Loss("filler", "stopping", 160, 1)]


@given(SAMPLES, SAMPLES, st.sets(st.integers(1, 99), max_size=5))
def test_times_and_losses_of_parts_add_up_to_the_whole(states, causes, cuts):
    states, causes = ([(30 * at, *rest) for at, *rest in rows] for rows in (states, causes))
    accounts = Accounts.of(series(states, 0, 3000), series(causes, 0, 3000))
    edges = [0, *sorted(30 * cut for cut in cuts), 3000]
    parts = [Stretch("", first * S, last * S) for first, last in pairwise(edges)]
    whole = Times.of(accounts)
    assert astuple(Times.of(accounts, parts)) == pytest.approx(astuple(whole))
    summed = sum((Times.of(accounts, [part]) for part in parts), Times())
    assert astuple(summed) == pytest.approx(astuple(whole))
    assert sum(astuple(whole)[1:]) == pytest.approx(whole.planned_busy)
    lost = sum(loss.seconds for loss in losses("filler", accounts, parts))
    assert lost == pytest.approx(whole.planned_busy - whole.actual_production)


def test_planned_time_without_an_order_stays_planned():
    """A lack of orders is no planned downtime: it costs availability, and has a name of its own."""
    accounts = Accounts.of(
        series([(0, State.EXECUTE, 0), (60, State.STOPPED, 0)], 0, 100),
        series([(0, 0, 0), (60, Cause.NO_ORDER, 0)], 0, 100),
    )
    times = Times.of(accounts)
    assert (times.planned_busy, times.actual_production, times.no_order) == (100, 60, 40)
    assert losses("filler", accounts) == [Loss("filler", "no order", 40, 1)]


def test_nothing_planned_or_made_says_nothing():
    assert oee(Times(), Count(), planned_run_time_per_item=1).index is None
    stood = oee(Times(planned_busy=10, actual_unit_down=10), Count(), planned_run_time_per_item=1)
    assert (stood.availability, stood.effectiveness, stood.index) == (0, None, 0)
    ran = oee(Times(planned_busy=10, actual_production=8), Count(9), planned_run_time_per_item=None)
    assert (ran.availability, ran.effectiveness, ran.quality, ran.index) == (0.8, None, 1, None)


def test_the_machine_tells_its_break_and_the_break_is_not_planned():
    accounts = Accounts.of(
        series([(0, State.EXECUTE, 0), (60, State.STOPPED, 0)], 0, 100),
        series([(0, 0, 0), (60, Cause.BREAK, 0)], 0, 100),
    )
    assert Times.of(accounts).planned_busy == 60
    assert look(State.SUSPENDED, 0) is Look.STARVED
