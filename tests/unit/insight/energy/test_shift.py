"""Moves of work by hand: where it is cheaper, where there is room, and never into a new peak."""

import numpy as np
import pytest

from isthmus.insight.energy.shift import moves

PRICE = np.array([0.3] * 12 + [0.1] * 12)
CO2 = np.array([0.5] * 12 + [0.2] * 12)


def asked(load, whole=None, **words):
    load = np.asarray(load, float)
    whole = load + 50 if whole is None else np.asarray(whole, float)
    return moves(whole, load, PRICE, CO2, **({"room": 100.0, "within": 24, "hour": 1} | words))


def test_an_hour_of_work_goes_where_it_is_cheap():
    load = np.full(24, 5.0)
    load[3] = 25.0  # 20 kW of work above what it draws anyhow
    (move,) = asked(load, np.full(24, 100.0) + load)
    assert (move.start, move.to >= 12, move.kwh) == (3, True, pytest.approx(20))
    assert move.money == pytest.approx(20 * 0.2)
    assert move.co2 == pytest.approx(20 * 0.3)
    assert move.peak_kw == pytest.approx(0)  # there it makes the same peak as it made here


def test_it_goes_no_further_than_it_may():
    load = np.full(24, 5.0)
    load[3] = 25.0
    assert asked(load, within=8) == []
    (move,) = asked(load, within=9)
    assert move.to == 12


def test_it_draws_no_more_than_it_can():
    load = np.where(np.arange(24) == 3, 25.0, 20.0)
    load[23] = 0.0
    assert asked(load, room=25.0)[0].to == 23
    assert asked(np.where(np.arange(24) == 3, 25.0, 24.0), room=24.5) == []


def test_no_move_makes_a_new_peak_and_one_may_ease_it():
    load = np.full(24, 0.0)
    load[3] = 20.0
    whole = np.full(24, 100.0)
    whole[3], whole[20] = 110.0, 80.0
    (move,) = asked(load, whole)
    assert move.to == 20
    assert move.peak_kw == pytest.approx(10)
    assert asked(load, np.where(np.arange(24) == 3, 110.0, 108.0)) == []


@pytest.mark.parametrize("load", [np.zeros(24), np.full(24, 7.0), np.full(24, np.nan)])
def test_where_there_is_no_work_nothing_moves(load):
    assert asked(load, np.full(24, 100.0)) == []


def test_moves_together_make_no_peak_and_save_what_they_say():
    chance = np.random.default_rng(4)
    for _ in range(30):
        load, whole = chance.uniform(0, 40, 24), chance.uniform(40, 100, 24)
        whole = whole + load
        found = asked(load, whole, room=45.0, within=10)
        work, after = load - load.min(), whole.copy()
        for move in found:
            assert abs(move.start - move.to) <= 10
            assert move.money == pytest.approx(
                work[move.start] * (PRICE[move.start] - PRICE[move.to])
            )
            after[move.start] -= work[move.start]
            after[move.to] += work[move.start]
        assert after.max() <= whole.max() + 1e-6
        assert after.sum() == pytest.approx(whole.sum())
        touched = [each for move in found for each in (move.start, move.to)]
        assert len(touched) == len(set(touched))


def test_work_does_not_go_where_the_load_is_not_known():
    load = np.full(24, 5.0)
    load[3] = 25.0
    whole = np.full(24, 100.0) + load
    unknown = np.where(np.arange(24) < 12, 0.0, np.nan)
    assert asked(load + unknown, whole) == []
    assert asked(load, whole + unknown) == []
    assert len(asked(load, whole)) == 1
