"""How right figures are: simulated lines whose truth is known, two years of them.

`oee_worst_points` is by how much the OEE of the worst day is off, `oee_mean_points` the mean day;
`bottleneck_active` and `bottleneck_turning` the share of days on which the machine that held the
line back is named, by either method; `reason_stops` and `reason_time` the share of stops by own
fault, and of their time, whose likely reason is right, on a line that tells states and codes of
faults and no causes; `wait_stops` the share of waits as long as a piece takes or longer.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.figures import test_truth
from tests.unit.figures.memory import START, S
from tests.unit.figures.simulated import simulated
from tests.unit.stops import test_right, troubled

from benchmarks.report import Report, arguments
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.key_figures import key_figures
from isthmus.runtime.figures.statistics import line_bottleneck
from isthmus.runtime.figures.windows import windows

PROOF: Any = test_truth  # tests say no types
REASONS: Any = test_right


def days_of_the_line(report: Report, days: int) -> None:
    """OEE and bottleneck of each day beside what the simulation knows."""
    truth = simulated(days)
    line, kept = PROOF.plant_of(truth)
    end = Nanoseconds(START + days * 86_400 * S)
    every = list(windows(kept, line, "day", START, end))
    found = key_figures(kept, line, every, Catalogue.of(), ["oee_index"])
    assert found is not None
    off = np.abs(100 * (found.figures["oee_index"].value - truth.oee()))
    report.add("days", days)
    report.add("oee_worst_points", round(float(off.max()), 3))
    report.add("oee_mean_points", round(float(off.mean()), 4))
    active = turning = 0
    for day, expected in zip(every, truth.bottleneck(), strict=True):
        told = line_bottleneck(kept, line, day)
        assert told is not None
        active += told.shares[0].unit == expected
        turning += told.turning is not None and told.turning.unit == expected
    report.add("bottleneck_active", round(active / days, 3))
    report.add("bottleneck_turning", round(turning / days, 3))


def reasons_of_stops(report: Report, days: int, seed: int) -> None:
    """The likely reasons of stops beside those that they had."""
    machines = troubled.simulated(days, seed)
    with tempfile.TemporaryDirectory() as folder:
        line, around = REASONS.plant(machines, days, Path(folder), seed)
        REASONS.learn(line, around, machines, seed)
        rows = REASONS.judged(line, around, machines, days)
    waits = [row for row in rows if row[0] in ("starved", "blocked") and row[2] >= troubled.IDEAL]
    own = [row for row in rows if row[0] not in ("starved", "blocked", "")]
    stops, time = REASONS.share(own)
    report.add("reason_days", days)
    report.add("reason_stops", round(float(stops), 3))
    report.add("reason_time", round(float(time), 3))
    report.add("wait_stops", round(float(REASONS.share(waits)[0]), 3))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, help="days of OEE and bottleneck (730)")
    parser.add_argument("--reasons", type=int, help="days of stops (30)")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "", _options)
    report = Report("truth")
    reasons_of_stops(report, options.reasons or (4 if options.quick else 30), 1)
    days_of_the_line(report, options.days or (20 if options.quick else 730))
    report.show(options)


if __name__ == "__main__":
    main()
