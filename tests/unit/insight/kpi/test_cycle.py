"""Cycle times of counters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.insight.counter import Growth
from isthmus.insight.kpi.cycle import Cycles, bins, cycles

S = 10**9


def grown(*pairs):
    times, total = zip(*pairs, strict=True)
    return Growth(np.array(times, np.int64) * S, np.array(total, np.float64), 0)


def run(*pairs):
    starts, ends = zip(*pairs, strict=True)
    return np.array(starts, np.int64) * S, np.array(ends, np.int64) * S


def test_only_pieces_that_were_made_in_one_run_count():
    growth = grown((0, 0), (2, 1), (4, 2), (5, 2), (9, 4), (60, 5), (63, 6), (90, 7))
    found = cycles(growth, *run((0, 10), (55, 70)))
    assert found.seconds.tolist() == [2, 2.5, 3]
    assert found.pieces.tolist() == [1, 2, 1]
    assert found.mean == pytest.approx(10 / 4)
    assert [found.percentile(p) for p in (5, 25, 50, 75, 95)] == [2, 2, 2.5, 2.5, 3]


def test_no_run_and_no_rise_give_nothing():
    nothing = cycles(grown((0, 0), (5, 0)), *run((0, 10)))
    assert nothing.count == 0
    assert nothing.mean is None
    assert nothing.percentile(50) is None
    assert len(bins(nothing)) == 0
    none = np.zeros(0, np.int64)
    assert cycles(grown((0, 0), (5, 1), (6, 2)), none, none).count == 0


@given(
    st.lists(st.tuples(st.floats(0.01, 1e4), st.integers(1, 50)), min_size=1, max_size=60),
)
def test_bars_hold_every_piece(rows):
    found = Cycles(*(np.array(column, np.float64) for column in zip(*rows, strict=True)))
    edges = bins(found)
    assert found.bars(edges).sum() == found.count
    assert (np.diff(edges) > 0).all()
    assert found.percentile(0) == found.seconds.min()
    assert found.percentile(100) == found.seconds.max()
