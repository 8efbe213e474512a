"""Time, counters, KPIs and energy: cases computed by hand, and what must hold for any data."""

from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.accounting import Accounts, Look, look
from isthmus.insight.calendar import Stretch, planned, shift_at, shifts
from isthmus.insight.counter import Growth
from isthmus.insight.energy import base_load, baseline, cusum, per_piece, profile, saving
from isthmus.insight.kpi import Count, Loss, Times, losses, oee
from isthmus.insight.series import Series, grid
from isthmus.model.plant import Calendar, Shift
from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.state import Cause, State
from isthmus.model.tag import Counter

S = 10**9
BERLIN = ZoneInfo("Europe/Berlin")


def series(rows, start, end, before=()):
    def batch(pairs):
        time, value, quality = zip(*pairs, strict=True) if pairs else ((), (), ())
        return Batch(
            np.zeros(len(time), np.int32),
            np.array(time, np.int64) * S,
            np.array(value, float),
            np.array(quality, np.uint32),
        )

    return Series.of(batch(rows), Nanoseconds(start * S), Nanoseconds(end * S), batch(before))


BAD = int(Status.BAD_NO_COMMUNICATION)
SAMPLES = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 17), st.sampled_from([0, BAD])), max_size=30
).map(lambda rows: sorted({row[0]: row for row in rows}.values()))


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


def test_nothing_planned_or_made_says_nothing():
    assert oee(Times(), Count(), planned_run_time_per_item=1).index is None
    stood = oee(Times(planned_busy=10, actual_unit_down=10), Count(), planned_run_time_per_item=1)
    assert (stood.availability, stood.effectiveness, stood.index) == (0, None, 0)


def test_the_machine_tells_its_break_and_the_break_is_not_planned():
    accounts = Accounts.of(
        series([(0, State.EXECUTE, 0), (60, State.STOPPED, 0)], 0, 100),
        series([(0, 0, 0), (60, Cause.BREAK, 0)], 0, 100),
    )
    assert Times.of(accounts).planned_busy == 60
    assert look(State.SUSPENDED, 0) is Look.STARVED


# ------------------------------------------------------------------ counters
def growth(rows, **rules):
    return Growth.of(series(rows, 0, 1000), Counter(**rules))


def test_a_wrap_a_reset_and_a_stumble():
    assert growth([(1, 990, 0), (2, 998, 0), (3, 5, 0)], wraps_at=1000).sum == 15
    assert growth([(1, 990, 0), (2, 998, 0), (3, 5, 0)], resets=True).sum == 13
    stumbled = growth([(1, 100, 0), (2, 98, 0), (3, 99, 0), (4, 105, 0)])
    assert (stumbled.sum, stumbled.backwards) == (5, 1)


def test_a_gap_hides_nothing():
    assert growth([(1, 10, 0), (2, 0, BAD), (3, 30, 0)]).sum == 20


def told_on_change(*stretches):
    """A counter of one a second in each stretch (s), told by a sample only when it moves."""
    seconds = np.concatenate([np.arange(first, last) for first, last in stretches])
    return np.asarray(seconds * S, np.int64), np.arange(len(seconds), dtype=float)


def test_a_counter_told_only_on_change_stands_still_while_nothing_is_told():
    time, value = told_on_change((0, 3600))
    found = Growth.of(Series(time, value, Nanoseconds(0), Nanoseconds(14_400 * S)), Counter())
    hours = np.arange(5, dtype=np.int64) * 3600 * S
    assert found.per_bucket(hours).tolist() == [3599, 0, 0, 0]


def test_idle_minutes_between_two_runs_are_idle():
    time, value = told_on_change((0, 3600), (3 * 3600, 4 * 3600))
    found = Growth.of(Series(time, value, Nanoseconds(0), Nanoseconds(14_400 * S)), Counter())
    minutes = np.arange(241, dtype=np.int64) * 60 * S
    idle = (minutes[:-1] >= 3600 * S) & (minutes[:-1] < 3 * 3600 * S)
    made = found.per_bucket(minutes)
    assert base_load(np.where(idle, 10.0, 50.0), np.round(made, 3)) == 10
    assert made.sum() == pytest.approx(found.sum)


def test_a_counter_read_every_ten_minutes_grew_all_the_while():
    rows = [(600 * turn, 100 * turn, 0) for turn in range(13)]
    found = Growth.of(series(rows, 0, 7260), Counter())
    np.testing.assert_allclose(found.per_bucket(np.arange(121, dtype=np.int64) * 60 * S), 10)


def test_a_gap_in_a_counter_is_bridged_not_taken_for_a_standstill():
    found = Growth.of(series([(0, 0, 0), (600, 0, BAD), (1200, 120, 0)], 0, 1260), Counter())
    assert found.per_bucket(np.array([0, 600, 1200]) * S).tolist() == pytest.approx([60, 60])


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.lists(st.integers(1, 400), min_size=40, max_size=40),
    st.lists(st.integers(0, 20_000), max_size=6),
)
def test_growth_in_buckets_adds_up_wherever_they_are_cut(steps, apart, cuts):
    times = np.cumsum(apart)[: len(steps)]
    rows = list(zip(times.tolist(), np.cumsum(steps).tolist(), [0] * len(steps), strict=True))
    end = int(times[-1]) + 100
    found = Growth.of(series(rows, 0, end), Counter())
    inner = sorted({cut for cut in cuts if times[0] < cut < end})
    edges = np.array([times[0], *inner, end], np.int64) * S
    made = found.per_bucket(edges)
    assert (made >= 0).all()
    assert made.sum() == pytest.approx(found.sum) == sum(steps[1:])


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.integers(0, 999),
    st.integers(1, 300),
)
def test_any_counter_that_wraps_gives_back_what_was_counted(steps, first, width):
    true = first + np.concatenate([[0], np.cumsum(steps)])
    rows = [(10 * number + 1, value % 1000, 0) for number, value in enumerate(true.tolist())]
    found = growth(rows, wraps_at=1000)
    assert found.sum == pytest.approx(sum(steps))
    edges = np.arange(0, rows[-1][0] + width + 1, width, dtype=np.int64) * S
    assert np.nansum(found.per_bucket(edges)) == pytest.approx(sum(steps))


# ------------------------------------------------------------------ averages
@given(SAMPLES, st.integers(-10, 110))
def test_from_where_nothing_is_known_nothing_is(rows, since):
    whole = series(rows, 0, 100)
    cut = whole.unknown_from(Nanoseconds(since * S))
    assert (np.diff(cut.time) > 0).all()
    assert cut.time[0] == 0
    assert cut.lasts.sum() == pytest.approx(100)
    edges = np.arange(101, dtype=np.int64) * S
    kept = np.where(np.arange(100) < since, whole.bucket_known(edges), 0)
    np.testing.assert_allclose(cut.bucket_known(edges), kept, atol=1e-9)


@given(SAMPLES, st.integers(1, 30))
def test_bucket_means_weighted_by_known_time_add_up_to_the_mean(rows, width):
    one = series(rows, 0, 100)
    edges = grid(Nanoseconds(0), Nanoseconds(100 * S), width * S)
    means = one.bucket_means(edges)
    ones = Series(one.time, np.where(np.isnan(one.value), np.nan, 1.0), one.start, one.end)
    spans = np.array(
        [
            sum(
                max(0, min(e, right) - max(s, left)) / S
                for s, e, v in zip(one.time, [*one.time[1:], one.end], one.value, strict=True)
                if not np.isnan(v)
            )
            for left, right in pairwise(edges)
        ]
    )
    assert ones.known == pytest.approx(spans.sum() / 100)
    if one.mean() is None:
        assert np.isnan(means).all()
    else:
        assert np.nansum(means * spans) / spans.sum() == pytest.approx(one.mean())


@given(SAMPLES, st.integers(1, 30))
def test_known_shares_of_buckets_add_up_to_the_known_share(rows, width):
    one = series(rows, 0, 100)
    edges = np.array(sorted({*range(0, 100, width), 100}), np.int64) * S
    known = one.bucket_known(edges)
    assert ((known >= 0) & (known <= 1 + 1e-12)).all()
    assert (known * np.diff(edges)).sum() / (100 * S) == pytest.approx(one.known)


# ------------------------------------------------------------------ calendar
def day(text):
    return Nanoseconds(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * S)


TWO = Calendar(
    "two-shift",
    (
        Shift("early", 6 * 60, 14 * 60, frozenset(range(5))),
        Shift("late", 14 * 60, 22 * 60, frozenset(range(5))),
    ),
    ((9 * 60, 9 * 60 + 15),),
)
NIGHT = Calendar("night", (Shift("night", 22 * 60, 6 * 60, frozenset(range(7))),))


def test_shifts_in_local_time_and_planned_time_without_breaks():
    found = shifts(TWO, day("2026-11-10"), day("2026-11-11"), BERLIN)
    assert [(s.name, s.start) for s in found] == [
        ("early", day("2026-11-10T05:00")),
        ("late", day("2026-11-10T13:00")),
    ]
    busy = planned(TWO, day("2026-11-10"), day("2026-11-11"), BERLIN)
    assert sum(s.end - s.start for s in busy) == (16 * 60 - 15) * 60 * S
    assert planned(TWO, day("2026-11-14T10:00"), day("2026-11-15"), BERLIN) == []


@pytest.mark.parametrize(
    ("first", "hours"), [("2026-03-28T21:00", 7), ("2026-10-24T20:00", 9), ("2026-11-10T21:00", 8)]
)
def test_a_night_shift_is_an_hour_shorter_or_longer_when_the_clocks_change(first, hours):
    night = shift_at(NIGHT, Nanoseconds(day(first) + 3600 * S), BERLIN)
    assert night.name == "night"
    assert (night.end - night.start) == hours * 3600 * S


def test_between_shifts_the_time_has_no_name():
    free = shift_at(TWO, day("2026-11-14T12:00"), BERLIN)
    assert free.name == ""
    assert free.start == day("2026-11-13T21:00")
    assert free.end == day("2026-11-16T05:00")


def test_no_shift_begins_on_a_holiday_but_the_night_before_goes_on():
    free = replace(TWO, holidays=frozenset({date(2026, 11, 10)}))
    assert planned(free, day("2026-11-09T23:00"), day("2026-11-10T23:00"), BERLIN) == []
    night = replace(NIGHT, holidays=frozenset({date(2026, 11, 10)}))
    (only,) = planned(night, day("2026-11-09T11:00"), day("2026-11-11T11:00"), BERLIN)
    assert (only.start, only.end) == (day("2026-11-09T21:00"), day("2026-11-10T05:00"))


# ------------------------------------------------------------------ energy
def test_the_regression_finds_the_base_load_and_the_slope():
    pieces = np.array([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 2500, 0.0])
    energy = 20 + 0.008 * pieces
    found = baseline(energy, pieces, np.ones(10, bool))
    assert found.base == pytest.approx(20)
    assert found.slope == pytest.approx(0.008)
    assert found.r2 == pytest.approx(1)
    assert per_piece(energy, pieces) == pytest.approx(energy.sum() / pieces.sum())
    less = energy - 2.0
    won = saving(less, pieces, np.ones(10, bool), found)
    assert won.kwh == pytest.approx(20)
    assert cusum(less, pieces, np.ones(10, bool), found)[-1] == pytest.approx(-20)
    part = np.arange(10) < 9
    assert cusum(less, pieces, part, found)[8] == pytest.approx(-18)
    assert np.isnan(cusum(less, pieces, part, found)[9])


def test_the_intervals_cover_what_they_promise():
    inside, zero = [], 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        pieces = chance.uniform(0, 7000, 400)
        energy = 20 + 0.008 * pieces + chance.normal(0, 2, 400)
        first = np.arange(400) < 200
        found = baseline(energy, pieces, first)
        hit = np.abs(energy - found.expected(pieces))[~first] <= found.band(pieces)[~first]
        inside.append(hit.mean())
        nothing = saving(energy, pieces, ~first, found)
        zero += abs(nothing.kwh) <= nothing.margin
    assert 0.94 <= np.mean(inside) <= 0.96
    assert zero >= 88


def test_too_little_data_gives_no_baseline_and_gaps_are_left_out():
    pieces = np.array([np.nan, *range(9)], float)
    assert baseline(pieces, pieces, np.ones(10, bool)).hours == 9
    assert baseline(pieces, np.full(10, 5.0), np.ones(10, bool)) is None
    assert baseline(pieces[:7], pieces[:7], np.ones(7, bool)) is None
    assert per_piece(np.array([1.0]), np.array([0.0])) is None
    assert per_piece(np.array([1.0, np.nan]), np.array([4.0, 9.0])) == 0.25


def test_profile_of_the_day_and_base_load():
    edges = np.arange(0, 49, dtype=np.int64) * 3600 * S
    power = np.tile(np.arange(24.0), 2)
    found = profile(edges, power, 0, steps=24)
    np.testing.assert_allclose(found, np.arange(24.0))
    shifted = profile(edges, power, 3600 * S, steps=24)
    assert shifted[1] == 0
    later = np.where(np.arange(48) < 24, 3600 * S, 2 * 3600 * S)
    moved = profile(edges, power, later, steps=24)
    assert (moved[0], moved[1]) == (22.5, 11.5)
    assert base_load(np.array([10.0, 50.0]), np.array([0.0, 100.0])) == 10
    assert base_load(np.array([10.0]), np.array([1.0])) is None
