"""What the server reduces is what is made of its samples."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.historian.postgresql.engine import PostgreSql
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.sample import Batch, Nanoseconds, TagId

NOON = 20_000 * DAY + DAY // 2
ODD = NOON + 123_456_789  # a start between microseconds


def opened(url: str, rows: int) -> PostgreSql:
    settings = PostgreSqlSettings(url, trend_rows=rows)
    return PostgreSql.open(settings, now=lambda: Nanoseconds(NOON))


def same(ours, right) -> None:
    for name in ("raw", "time", "min", "max", "first", "final", "good", "samples"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(right, name), name)
    np.testing.assert_allclose(ours.mean, right.mean, rtol=1e-9)
    assert ours.good_share == pytest.approx(right.good_share)
    assert ours.last == right.last


@pytest.mark.parametrize("length", [3 * SECOND, 977 * SECOND, 20_001 * SECOND, 9 * DAY])
@pytest.mark.parametrize("points", [1, 7, 100])
def test_the_server_reduces_as_we_do(postgresql, length, points):
    size, rng = 3_000, np.random.default_rng(length + points)
    tag = rng.integers(0, 3, size, np.int32)
    time = ODD + np.sort(rng.integers(0, length, size))
    value = np.where(rng.random(size) < 0.1, np.nan, rng.normal(size=size).round(3))
    quality = rng.choice(np.array([0, 0, 0x4000_0000, 0x8031_0000], np.uint32), size)
    quality[tag == 2] = 0x8000_0000  # nothing of this one is drawn
    rows = Batch(tag, time, value, quality)
    url = postgresql.database()
    engine = opened(url, 10**9)
    engine.append(rows, stream="s", position=1)
    right = engine.trend([0, 1, 2, 9], ODD, ODD + length, points)
    engine.seal()
    engine.append(rows.slice(0, 50).with_value(np.full(50, 77.0)), stream="s", position=2)
    corrected = engine.trend([0, 1, 2, 9], ODD, ODD + length, points)
    engine.seal()
    engine.close()
    engine = opened(url, 0)
    found = engine.trend([0, 1, 2, 9], ODD, ODD + length, points)
    for id_ in (0, 1, 2, 9):
        same(found[TagId(id_)], corrected[TagId(id_)])
    assert right[TagId(0)].samples == found[TagId(0)].samples
    engine.close()


def test_what_waits_is_in_a_reduced_trend(postgresql):
    engine = opened(postgresql.database(), 5)
    for part in range(2):
        times = NOON + (part * 50 + np.arange(50, dtype=np.int64)) * SECOND
        engine.append(
            Batch.of(np.zeros(50, np.int32), times, np.arange(50) + part),
            stream="s",
            position=part + 1,
        )
        found = engine.trend([0], NOON, NOON + 100 * SECOND, 10)[TagId(0)]
        if part == 0:
            engine.seal()
    assert found.samples == 100
    assert found.last == 50.0
    engine.close()


def test_sums_beyond_all_numbers_are_made_here(postgresql):
    engine = opened(postgresql.database(), 0)
    times = NOON + np.arange(30, dtype=np.int64) * SECOND
    engine.append(
        Batch.of(np.zeros(30, np.int32), times, np.full(30, 1.7e308)), stream="s", position=1
    )
    found = engine.trend([0], NOON, NOON + 30 * SECOND, 3)[TagId(0)]
    assert (found.samples, found.max.tolist()) == (30, [1.7e308] * 3)
    engine.close()
