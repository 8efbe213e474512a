"""Aggregates agree with an oracle that reads the standard one sample at a time."""

import math
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.oracle import ORACLE, History, Judge, Sample, expected

from isthmus.historian.memory import Memory
from isthmus.historian.query.aggregate import Wish, aggregate
from isthmus.historian.query.rules import Rules
from isthmus.historian.query.step import Intervals, Step
from isthmus.insight.counter import Growth
from isthmus.insight.series import Series
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Counter, Kind, Tag

T0 = 1_800_000_000 * 10**9
SECOND = 10**9
SPAN = 60  # seconds from T0
QUALITIES = st.sampled_from([0, 0, 0, 0x0030_0000, 0x4090_0000, 0x8031_0000, 0xC000_0000])
VALUES = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0]),
)
# times come in any order, twice (corrections), far behind and ahead (late data, clocks that leap)
MOMENTS = st.one_of(
    st.integers(-20, SPAN + 20).map(lambda second: second * SECOND),
    st.integers(-5 * SECOND, SPAN * SECOND),
    st.sampled_from([-3_600 * SECOND, 3_600 * SECOND]),
)
SAMPLES = st.lists(st.tuples(MOMENTS, VALUES, QUALITIES), max_size=14)
JUDGES = st.builds(
    Judge,
    uncertain_is_bad=st.booleans(),
    percent_bad=st.sampled_from([100.0, 50.0]),
    percent_good=st.sampled_from([100.0, 50.0]),
    sloped=st.booleans(),
)


def written(tags):
    """What was written, in its order, and what remains: of a tag and time the last one."""
    memory, left = Memory(), {}
    for number, (tag, (at, value, quality)) in enumerate(tags):
        row = Batch.of([TagId(tag)], Nanoseconds(T0 + at), [value], quality)
        memory.append(row, stream="s", position=number)
        left.setdefault(tag, {})[T0 + at] = Sample(T0 + at, value, quality)
    return memory, {tag: list(of.values()) for tag, of in left.items()}


def known_to(samples, now, end):
    newest = max((s.time for s in samples), default=None)
    if now is not None and now >= end:
        return now
    return max(now or 0, newest + 1 if newest is not None else 0)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    histories=st.lists(SAMPLES, min_size=1, max_size=3),
    edges=st.lists(st.integers(0, SPAN), min_size=2, max_size=6, unique=True).map(sorted),
    judge=JUDGES,
    now=st.none() | st.integers(-10, SPAN + 10),
    order=st.randoms(),
)
def test_every_aggregate_is_what_the_clauses_say(histories, edges, judge, now, order):
    rows = [(tag, sample) for tag, samples in enumerate(histories) for sample in samples]
    order.shuffle(rows)
    memory, left = written(rows)
    edges = np.array(edges) * SECOND + T0
    now = None if now is None else T0 + now * SECOND
    rules = Rules(judge.uncertain_is_bad, judge.percent_bad, judge.percent_good)
    wish = Wish(list(ORACLE), rules, sloped=judge.sloped, now=now)
    keep = np.ones(len(edges) - 1, np.bool_)
    tags = {TagId(number): Tag(f"a/b{number}") for number in range(len(histories))}
    answer = aggregate(memory, tags, Intervals(edges, keep, ~keep), wish)
    reach = max(int(np.diff(edges).max()), 60 * SECOND)
    for tag in range(len(histories)):
        samples = [
            s
            for s in left.get(tag, ())
            if edges[0] - reach <= s.time < edges[-1] + reach or s.time < edges[0]
        ]
        end = int(edges[-1])
        history = History(samples, known_to(left.get(tag, ()), now, end), judge)
        for name in ORACLE:
            column = answer.columns[name]
            for place, (low, high) in enumerate(pairwise(edges)):
                value, status = expected(name, visible(history, name, edges), int(low), int(high))
                got = column.value[tag, place], int(column.status[tag, place]) & 0xFFFF_F000
                where = f"{name} of tag {tag} from {(low - T0) / 1e9} to {(high - T0) / 1e9}"
                assert got[1] == status & 0xFFFF_F000, where
                assert got[0] == pytest.approx(value, rel=1e-9, abs=1e-6, nan_ok=True), where


def visible(history, name, edges):
    """The history without what lies so far before that no engine is asked for it."""
    judge, start = history.judge, int(edges[0])
    reach = max(int(np.diff(edges).max()), 60 * SECOND)
    before = [s for s in history.samples if s.time < start]
    near = [s for s in before[:-1] if s.time >= start - reach] + before[-1:]
    rest = [s for s in history.samples if s.time >= start]
    return History(near + rest, history.known_to, judge)


@settings(max_examples=100)
@given(
    samples=st.lists(
        st.tuples(st.integers(-100, 600), st.integers(0, 99).map(float), QUALITIES), max_size=30
    ),
    counter=st.builds(Counter, st.sampled_from([None, 100.0]), st.booleans()),
)
def test_the_growth_of_a_counter_is_what_figures_take_it_for(samples, counter):
    memory, _ = written([(0, (at * SECOND, value, quality)) for at, value, quality in samples])
    edges = np.arange(0, 601, 60) * SECOND + T0
    keep = np.ones(10, np.bool_)
    tags = {TagId(0): Tag("a/count", counter=counter)}
    wish = Wish(["delta"], now=Nanoseconds(int(edges[-1])))
    column = aggregate(memory, tags, Intervals(edges, keep, ~keep), wish).columns["delta"]
    start, end = Nanoseconds(int(edges[0])), Nanoseconds(int(edges[-1]))
    before = memory.before([TagId(0)], Nanoseconds(start - 1))
    series = Series.of(memory.raw([TagId(0)], start, end), start, end, before)
    figures = Growth.of(series, counter).per_bucket(edges)
    known = ~np.isnan(column.value[0])
    assert np.array_equal(column.value[0][known], figures[known])
    assert np.array_equal(np.isnan(column.value[0]), np.isnan(figures))


@settings(max_examples=100)
@given(
    samples=SAMPLES,
    chunk=st.sampled_from([1, 7, 20]),
)
def test_an_answer_read_in_pieces_is_the_same(samples, chunk):
    from isthmus.historian.query import aggregate as module

    memory, _ = written([(number % 2, sample) for number, sample in enumerate(samples)])
    edges = np.arange(0, SPAN + 1, 5) * SECOND + T0
    keep = np.ones(len(edges) - 1, np.bool_)
    intervals = Intervals(edges, keep, ~keep)
    tags = {TagId(0): Tag("a/b"), TagId(1): Tag("a/c", kind=Kind.BOOLEAN)}
    wish = Wish(["time-average", "min", "max-time", "count", "start"], now=Nanoseconds(T0 + SPAN))
    whole = aggregate(memory, tags, intervals, wish)
    before, module.AT_ONCE = module.AT_ONCE, chunk
    try:
        parts = aggregate(memory, tags, intervals, wish)
    finally:
        module.AT_ONCE = before
    for name, column in whole.columns.items():
        assert np.array_equal(column.value, parts.columns[name].value, equal_nan=True)
        assert np.array_equal(column.status, parts.columns[name].status)


ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]


@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 2 * 366 * 86_400),
    length=st.integers(1, 40 * 86_400),
    step=st.sampled_from(["1h", "15min", "8h", "1d", "2d", "1w", "1mo", "7h", "1y"]),
)
def test_intervals_adjoin_and_begin_where_the_local_clock_says(zone, start, length, step):
    from datetime import datetime

    low, high = T0 + start * SECOND, T0 + (start + length) * SECOND
    made = Intervals.every(Step.parse(step), Nanoseconds(low), Nanoseconds(high), zone)
    assert made.edges[0] == low
    assert made.edges[-1] == high
    assert (np.diff(made.edges) > 0).all()
    for edge in made.edges[1:-1].tolist():
        local = datetime.fromtimestamp(edge // SECOND, zone)
        if step in {"1d", "2d", "1w", "1mo", "1y"}:
            assert (local.hour, local.minute, local.second) == (0, 0, 0)
        if step == "1w":
            assert local.weekday() == 0
        if step in {"1mo", "1y"}:
            assert local.day == 1
        if step == "15min":
            assert local.minute % 15 == 0
    if len(made.edges) > 2:
        begins = Step.parse(step).floor(Nanoseconds(high - 1), zone)
        assert begins == made.edges[-2]
