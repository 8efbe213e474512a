"""At which moments a rule looks: in the shifts of its calendar."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from isthmus.insight.accounting.calendar import planned
from isthmus.model.plant import Plant
from isthmus.model.rule import Rule
from isthmus.model.sample import Bools, Int64s, Nanoseconds


def during(plant: Plant, rule: Rule, moments: Int64s) -> Bools:
    """For each moment whether it lies in a shift of the rule's calendar, breaks left out."""
    calendar = plant.calendars.get(rule.during)
    if calendar is None or not len(moments):
        return np.ones(len(moments), bool)
    start, end = Nanoseconds(int(moments[0])), Nanoseconds(int(moments[-1]) + 1)
    found = np.zeros(len(moments), bool)
    for stretch in planned(calendar, start, end, ZoneInfo(plant.timezone)):
        found |= (moments >= stretch.start) & (moments < stretch.end)
    return found
