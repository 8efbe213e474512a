"""What moves together, from samples in a historian: grids, running time, companions, bounds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Batch, Status
from isthmus.model.tag import Counter, Kind, Namespace, Tag
from isthmus.web import together
from isthmus.web.together import Grid, compared

S = 10**9
START = 1_800_000_000 * S
HOUR = 3600
NAMES = ["line/a/speed", "line/a/heat", "line/a/noise", "line/b/far", "line/a/count"]
STATE, EXECUTE, STOPPED = 5, 6.0, 2.0


class Site:
    """A line of two units, an hour of one sample a second; unit a stops in the second half."""

    def __init__(self) -> None:
        self.historian, self.namespace = Memory(), Namespace()
        counter = Counter()
        for name in NAMES:
            self.namespace.bind(Tag(name, counter=counter if "count" in name else None))
        state = Tag("line/a/state", kind=Kind.ENUMERATION, role="state")
        self.namespace.bind(state)
        unit = Equipment("line/a", Level.WORK_UNIT, tags=(state,))
        places = {"line/a": unit}
        self.plant = SimpleNamespace(equipment=places.get)
        self.position = 0

    def now(self):
        return START + HOUR * S

    def write(self, tag, value, *, second=None, quality=None):
        value = np.asarray(value, np.float64)
        second = np.arange(len(value)) if second is None else np.asarray(second)
        column = np.zeros(len(value), np.uint32) if quality is None else np.asarray(quality)
        self.position += 1
        rows = Batch(
            np.full(len(value), tag, np.int32),
            START + second.astype(np.int64) * S,
            value,
            column.astype(np.uint32),
        )
        self.historian.append(rows, stream="s", position=self.position)


@pytest.fixture
def site():
    site = Site()
    chance = np.random.default_rng(7)
    wave = chance.normal(size=HOUR // 10).repeat(10)
    site.write(0, wave)
    site.write(1, 50 + 3 * np.roll(wave, 40) + chance.normal(size=HOUR) / 10)
    site.write(2, chance.normal(size=HOUR))
    site.write(3, -wave)
    site.write(4, np.arange(HOUR))
    site.write(STATE, [EXECUTE, STOPPED], second=[0, 1800])
    return site


def ask(site, *, running=False):
    return compared(site, 0, START, START + HOUR * S, running=running)


def test_companions_come_with_sign_and_lag_and_the_strongest_first(site):
    found = ask(site)
    assert [(row.tag, round(row.lag / 1000)) for row in found.rows] == [(3, 0), (1, 40)]
    assert found.rows[0].rho == pytest.approx(-1)
    assert found.rows[1].rho > 0.9
    assert (found.stretch, found.stretches, found.known) == (10_000, 360, 360)
    assert (found.compared, found.unknown, found.left_out) == (3, 0, 0), "no counters, no states"


def test_the_unit_s_running_time_alone_counts_where_it_is_asked_for(site):
    found = ask(site, running=True)
    assert found.while_running
    assert found.stretches == 180


def test_all_times_count_where_the_unit_hardly_ran_and_it_is_told(site):
    site.write(STATE, [STOPPED, STOPPED], second=[10, 20])
    found = ask(site, running=True)
    assert not found.while_running
    assert found.stretches == 360


def test_those_too_far_away_are_told(site, monkeypatch):
    monkeypatch.setattr(together, "MOST", 1)
    found = ask(site)
    assert (found.compared, found.left_out) == (1, 2)
    assert [row.tag for row in found.rows] == [1], "heat of the same unit is nearer than far"


def test_stretches_weigh_values_by_time_and_leave_gaps_out(site):
    samples = [(0, 1.0), (5, 3.0), (15, 0.0), (28, 7.0)]
    quality = [0, 0, Status.BAD_SENSOR_FAILURE, 0]
    second, value = zip(*samples, strict=True)
    site.namespace.bind(Tag("line/a/new"))
    site.write(6, value, second=second, quality=quality)
    means = Grid(site, np.array([6], np.int32), START, START + HOUR * S).means(6)
    assert means[0] == pytest.approx((1 * 5 + 3 * 5) / 10)
    assert means[1] == pytest.approx(3), "half of it is known"
    assert np.isnan(means[2]), "two seconds of ten are known"
    assert (means[3:] == 7).all(), "a value holds"


def test_a_grid_agrees_with_means_over_many_samples(site):
    grid = Grid(site, np.array([2], np.int32), START, START + HOUR * S)
    rows = site.historian.raw([2], START, START + HOUR * S)
    assert grid.means(2) == pytest.approx(rows.value.reshape(360, 10).mean(axis=1))
