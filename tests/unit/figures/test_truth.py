"""Figures of a simulated line beside what the simulation knows.

ISTHMUS_TRUTH_DAYS says how many days; `--log-cli-level=INFO` shows how far off it is.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.figures.memory import START, S, line_of, records, unit
from tests.unit.figures.simulated import IDEAL, SHIFTS, UNITS, WRAP, simulated, told

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Counter
from isthmus.runtime.figures.key_figures import key_figures
from isthmus.runtime.figures.statistics import line_bottleneck
from isthmus.runtime.figures.windows import windows

DAYS = int(os.environ.get("ISTHMUS_TRUTH_DAYS", "20"))
SAID = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def truth():
    return simulated(DAYS)


def plant_of(truth):
    """The line of a simulation, and its records."""
    units = []
    for name in UNITS:
        roles = ("state", "cause", *(("good_count", "scrap_count") if name == "press" else ()))
        made = unit(name, *roles)
        tags = tuple(
            replace(tag, counter=Counter(wraps_at=WRAP, resets=True)) if tag.counter else tag
            for tag in made.tags
        )
        units.append(replace(made, tags=tags, calendar="two"))
    line = line_of(*units, ideal_rate=1 / IDEAL, calendar="two", bottleneck=units[1].path)
    return line, records(line, told(truth), end=truth.days * 86_400 * S, calendar=SHIFTS)


@pytest.fixture(scope="module")
def plant(truth):
    return plant_of(truth)


@pytest.fixture(scope="module")
def days(plant):
    line, kept = plant
    return list(windows(kept, line, "day", START, Nanoseconds(START + DAYS * 86_400 * S)))


def test_oee_is_within_a_tenth_of_a_point(truth, plant, days):
    line, kept = plant
    found = key_figures(kept, line, days, Catalogue.of(), ["oee_index"]).figures["oee_index"]
    assert 0.6 < truth.oee().mean() < 0.95
    off = 100 * (found.value - truth.oee())
    worst = np.abs(off)
    SAID.info("OEE: worst of %d days %.3f points, mean %.3f", DAYS, worst.max(), worst.mean())
    assert abs(off.mean()) < 0.01
    assert worst.max() < 0.1


def test_the_bottleneck_is_right_on_nine_of_ten_days(truth, plant, days):
    line, kept = plant
    right = {"active": 0, "turning": 0}
    for day, expected in zip(days, truth.bottleneck(), strict=True):
        found = line_bottleneck(kept, line, day)
        right["active"] += found.shares[0].unit == expected
        right["turning"] += found.turning.unit == expected
    SAID.info("bottleneck: right on %s of %d days", right, DAYS)
    assert right["active"] >= 0.9 * DAYS
