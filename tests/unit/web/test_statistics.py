"""Statistics and quality against what a person reads off a list of samples."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.model.sample import Batch, Status
from isthmus.model.tag import Counter, Kind, Namespace, Tag
from isthmus.web import statistics
from isthmus.web.quality import stretches
from isthmus.web.statistics import measured

S = 10**9
START = 1_800_000_000 * S
SPEED, COUNT, STATE = 0, 1, 2
ROWS = [
    (SPEED, -10, 5.0, Status.GOOD),
    (SPEED, 10, 7.0, Status.GOOD),
    (SPEED, 40, 3.0, Status.UNCERTAIN_SENSOR_NOT_ACCURATE),
    (SPEED, 50, 0.0, Status.BAD_SENSOR_FAILURE),
    (SPEED, 70, 9.0, Status.GOOD),
    (COUNT, 0, 95.0, Status.GOOD),
    (COUNT, 30, 99.0, Status.GOOD),
    (COUNT, 60, 2.0, Status.GOOD),
    (STATE, 0, 6.0, Status.GOOD),
    (STATE, 30, 2.0, Status.GOOD),
    (STATE, 50, 6.0, Status.GOOD),
]


@pytest.fixture
def app():
    kept, names = Memory(), Namespace()
    names.bind(Tag("a/speed"))
    names.bind(Tag("a/count", counter=Counter(wraps_at=100.0)))
    names.bind(Tag("a/state", kind=Kind.ENUMERATION, legend={6: "execute", 2: "stopped"}))
    tag, second, value, quality = (np.array(column) for column in zip(*ROWS, strict=True))
    time = START + second.astype(np.int64) * S
    rows = Batch(tag.astype(np.int32), time, value, quality.astype(np.uint32))
    kept.append(rows, stream="s", position=1)
    return SimpleNamespace(historian=kept, namespace=names, now=lambda: START + 1000 * S)


def of(app, tag, end=100):
    return measured(app, np.array([tag], np.int32), START, START + end * S)[0]


def test_a_mean_counts_each_value_as_long_as_it_held_and_nothing_that_is_not_good(app):
    found = of(app, SPEED)
    assert found.mean == pytest.approx((5 * 10 + 7 * 30 + 9 * 30) / 70)
    assert (found.min, found.min_time) == (5, START / 1e6)
    assert (found.max, found.max_time) == (9, START / 1e6 + 70_000)
    spread = (
        (5 - found.mean) ** 2 * 10 + (7 - found.mean) ** 2 * 30 + (9 - found.mean) ** 2 * 30
    ) / 70
    assert found.std == pytest.approx(spread**0.5)
    assert (found.samples, found.good_percent) == (4, 50)
    assert found.exact
    assert (found.growth, found.states) == (None, [])


def test_a_counter_tells_its_growth_over_the_wrap(app):
    assert of(app, COUNT).growth == pytest.approx(7)


def test_states_tell_how_long_and_how_often(app):
    run, stop = of(app, STATE).states
    assert (run.state, run.seconds, run.times) == ("execute", 80, 2)
    assert (stop.state, stop.seconds, stop.percent, stop.times) == ("stopped", 20, 20, 1)


def test_what_is_still_to_come_does_not_count(app):
    app.now = lambda: START + 50 * S
    assert sum(one.seconds for one in of(app, STATE).states) == 50


def test_of_millions_of_samples_the_extremes_stay_exact_and_it_says_so(app, monkeypatch):
    exact = of(app, SPEED)
    monkeypatch.setattr(statistics, "EXACT", 2)
    rough = of(app, SPEED)
    assert not rough.exact
    assert (rough.max, rough.max_time, rough.samples) == (exact.max, exact.max_time, exact.samples)
    assert rough.min == 3, "a trend draws what is uncertain"
    monkeypatch.setattr(statistics, "LONG", 0)
    assert of(app, SPEED).max == exact.max


@pytest.mark.parametrize("points", [4, 40])
def test_what_is_not_good_is_told_with_its_reason(app, points):
    start, end = START, START + 100 * S
    trend = app.historian.trend([SPEED], start, end, points)[SPEED]
    before = app.historian.before([SPEED], start)
    found = stretches(app.historian, SPEED, trend, before, (start, end))
    worst = [one for one in found if one.code >= Status.BAD]
    assert [one.code for one in worst] == [Status.BAD_SENSOR_FAILURE]
    if points == 40:
        doubt, gap = found
        assert doubt.code == Status.UNCERTAIN_SENSOR_NOT_ACCURATE
        assert (doubt.start, doubt.end) == (START / 1e6 + 40_000, START / 1e6 + 50_000)
        assert (gap.start, gap.end) == (START / 1e6 + 50_000, START / 1e6 + 70_000)


def test_what_held_before_the_range_counts_as_well(app):
    start, end = START + 52 * S, START + 60 * S
    trend = app.historian.trend([SPEED], start, end, 10)[SPEED]
    before = app.historian.before([SPEED], start)
    (gap,) = stretches(app.historian, SPEED, trend, before, (start, end))
    assert (gap.start, gap.end, gap.code) == (start / 1e6, end / 1e6, Status.BAD_SENSOR_FAILURE)


def test_only_the_widest_are_told_where_there_are_very_many():
    kept = Memory()
    time = START + np.arange(2_000, dtype=np.int64) * S
    quality = np.where(np.arange(2_000) % 2, Status.BAD_TIMEOUT, Status.GOOD).astype(np.uint32)
    kept.append(
        Batch(np.zeros(2_000, np.int32), time, np.ones(2_000), quality), stream="s", position=1
    )
    end = START + 2_000 * S
    trend = kept.trend([0], START, end, 4_000)[0]
    found = stretches(kept, 0, trend, Batch.empty(), (START, end))
    assert len(found) == 200
    assert sum(one.code == Status.BAD_TIMEOUT for one in found) == 12
