"""What the page *Performance* is told of a line."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, line_of, records, span, unit

from isthmus.insight.kpi.oee import Loss
from isthmus.runtime.figures.performance import performance
from isthmus.web.performance import told

CAUSES = 20


def test_small_losses_count_in_the_total_of_many():
    line = line_of(unit("filler", "state", "good_count", "scrap_count"))
    every = np.arange(0, 8 * 3600, 10)
    rows = {"filler/state": (every, np.full(len(every), 6.0))}
    found = performance(records(line, rows, end=8 * HOUR), line, span(8))
    many = tuple(Loss("filler", f"cause {at}", 60.0 * (1 + at), 1) for at in range(CAUSES))
    losses = told(line, replace(found, losses=many)).losses
    assert [row.minutes for row in losses] == list(range(CAUSES, 0, -1))
    assert losses[0].cumulative_percent == pytest.approx(100 * CAUSES / 210)
    assert losses[-1].cumulative_percent == pytest.approx(100)
    assert losses[11].cumulative_percent < 83
