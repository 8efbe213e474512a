"""Which values a control chart is drawn of: those of running units, a subgroup at a time."""

import numpy as np
from tests.unit.figures.memory import HOUR, LINE, line_of, records, span, unit

from isthmus.runtime.figures.statistics import good_values, spaced

EVERY = np.arange(0, 3600)


def test_what_was_measured_while_the_unit_stood_is_no_measure_of_its_work():
    filler = unit("filler", "state", "fill")
    line = line_of(filler)
    stands = (EVERY >= 600) & (EVERY < 1200)
    rows = {
        "filler/state": (EVERY, np.where(stands, 9.0, 6.0)),
        "filler/fill": (EVERY, np.where(stands, 0.0, 500.0 + EVERY % 2)),
    }
    kept = records(line, rows, end=HOUR)
    tag = next(tag for tag in filler.tags if tag.path == f"{LINE}/filler/fill")
    _, every = good_values(kept, tag, span(1), 10_000)
    times, values = good_values(kept, tag, span(1), 10_000, filler)
    assert every.min() == 0
    assert values.min() == 500
    assert len(values) == len(every) - 600
    assert len(times) == len(values)


def test_subgroups_are_neighbours_at_the_begin_of_each_stretch():
    times = np.array([0, 1, 2, 3, 60, 61, 120, 121, 122, 200]) * 10**9
    values = np.arange(10.0)
    taken, found = spaced(times, values, 3, 60 * 10**9)
    assert found.tolist() == [0, 1, 2, 6, 7, 8]
    assert (taken // 10**9).tolist() == [0, 1, 2, 120, 121, 122]
    assert spaced(times[:0], values[:0], 3, 60)[1].tolist() == []
