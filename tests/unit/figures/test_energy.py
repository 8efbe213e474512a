"""A line's energy from samples whose sums are known."""

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, line_of, records, span, unit

from isthmus.insight.counter import HEARTBEAT
from isthmus.runtime import transform
from isthmus.runtime.figures.energy import energy

EVERY = np.arange(0, 24 * 3600, 10)


def output(seconds):
    """Pieces made by then: a rate that changes from hour to hour."""
    return np.interp(
        seconds / 3600, np.arange(25), np.cumsum([0, *(100 + 40 * (np.arange(24) % 3))])
    )


def used(seconds):
    """kWh used by then: 5 an hour and 0.1 a piece."""
    return 5 * seconds / 3600 + 0.1 * output(seconds)


def test_growth_and_what_is_kept_mean_the_same_heartbeat():
    assert HEARTBEAT == transform.HEARTBEAT


def test_an_hour_of_which_five_minutes_are_known_is_no_part_of_the_baseline():
    line = line_of(unit("filler", "good_count", "energy"))
    late = EVERY[EVERY >= 3300]
    rows = {"filler/good_count": (late, output(late)), "filler/energy": (late, used(late))}
    found = energy(records(line, rows, end=24 * HOUR), line, span(24))
    assert not found.reference[0]
    assert found.reference[1:16].all()
    assert found.baseline.base == pytest.approx(5)
    assert found.baseline.slope == pytest.approx(0.1)
