"""Aggregates as the clauses of OPC UA Part 13 read, one sample at a time: slow and plain.

It shares no code with what it judges: lists of samples, loops, and no NumPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

GOOD, UNCERTAIN, BAD, NONE = range(4)
NO_DATA, SUB_NORMAL, BARE_BAD = 0x809B0000, 0x40A40000, 0x80000000


@dataclass(frozen=True)
class Sample:
    time: int
    value: float
    quality: int


@dataclass(frozen=True)
class Judge:
    """What counts as good, and how lines run."""

    uncertain_is_bad: bool = True
    percent_bad: float = 100.0
    percent_good: float = 100.0
    sloped: bool = False

    def state(self, sample):
        if not math.isfinite(sample.value) or sample.quality >> 30 >= 2:
            return BAD
        if sample.quality >> 30 == 1:
            return BAD if self.uncertain_is_bad else UNCERTAIN
        return GOOD

    def percent(self, good, uncertain, bad, whole):
        """5.4.3.2.1."""
        if good + uncertain <= 0:
            return BARE_BAD
        is_good = good + uncertain >= whole or 100 * (good + uncertain) / whole >= self.percent_good
        is_bad = bad > 0 and 100 * bad / whole >= self.percent_bad
        if self.percent_good == 100 - self.percent_bad and is_good:
            is_bad = False  # 4.2.1.2: then the good threshold decides
        if is_bad:
            return BARE_BAD
        return 0 if is_good and not uncertain else SUB_NORMAL


class History:
    """One tag's samples in order, and until when (exclusive) the last one holds."""

    def __init__(self, samples, known_to, judge):
        self.samples = sorted(samples, key=lambda sample: sample.time)
        self.known_to, self.judge = known_to, judge

    def at_or_before(self, time, *, fit=False):
        found = [s for s in self.samples if s.time <= time]
        if fit:
            found = [s for s in found if self.judge.state(s) != BAD]
        return found[-1] if found else None

    def after(self, time, *, fit=False):
        found = [s for s in self.samples if s.time > time]
        if fit:
            found = [s for s in found if self.judge.state(s) != BAD]
        return found[0] if found else None

    def simple(self, time, *, sloped):
        """The value and state of the line that leaves `time` (3.1.9)."""
        left = self.at_or_before(time)
        if left is None:
            return math.nan, NONE
        state = self.judge.state(left)
        right = self.after(time)
        if state == BAD or not sloped or right is None:
            return left.value, state
        towards = self.judge.state(right)
        if towards == BAD:
            return left.value, max(state, UNCERTAIN)
        value = line(left, right, time)
        return value, max(state, towards)

    def interpolated(self, time, *, sloped):
        """The value and state of the line between fit samples that leaves `time` (3.1.8)."""
        left = self.at_or_before(time, fit=True)
        if left is None:
            return math.nan, NONE
        right = self.after(time, fit=True)
        if not sloped or right is None:
            return left.value, self.judge.state(left)
        skipped = [s for s in self.samples if left.time < s.time < right.time]
        state = max(self.judge.state(left), self.judge.state(right))
        return line(left, right, time), max(state, UNCERTAIN if skipped else GOOD)

    def regions(self, start, end, kind, *, sloped):
        """(seconds, middle value, state, begins with a sample) between samples of an interval."""
        end = min(end, self.known_to)
        fit = kind == "interpolated"
        inside = [s for s in self.samples if start < s.time < end]
        if fit:
            inside = [s for s in inside if self.judge.state(s) != BAD]
        cuts = [start, *[s.time for s in inside], end]
        found = []
        for low, high in pairwise(cuts):
            if high > low:
                value, state = getattr(self, kind)(Fraction(low + high, 2), sloped=sloped)
                found.append(((high - low) / 1e9, value, state, low))
        return found

    def inside(self, start, end):
        return [s for s in self.samples if start <= s.time < end]


def line(left, right, time):
    share = float(Fraction(time - left.time, right.time - left.time))
    return left.value + share * (right.value - left.value)


def mean(regions):
    used = [(seconds, value) for seconds, value, state, _ in regions if state < BAD]
    whole = sum(seconds for seconds, _ in used)
    return sum(seconds * value for seconds, value in used) / whole if whole > 0 else math.nan


def lasting(regions, state):
    return sum(seconds for seconds, _, found, _ in regions if found == state)


def by_time(history, regions, start, end):
    good, uncertain = lasting(regions, GOOD), lasting(regions, UNCERTAIN)
    bad = lasting(regions, BAD) + lasting(regions, NONE)
    whole = (end - start) / 1e9
    if history.known_to >= end:
        whole = good + uncertain + bad
    return history.judge.percent(good, uncertain, bad, whole)


def by_count(history, start, end):
    states = [history.judge.state(s) for s in history.inside(start, end)]
    good, uncertain, bad = (states.count(each) for each in (GOOD, UNCERTAIN, BAD))
    return history.judge.percent(good, uncertain, bad, len(states)) if states else 0


def time_average2(history, start, end):
    regions = history.regions(start, end, "simple", sloped=history.judge.sloped)
    return mean(regions), by_time(history, regions, start, end)


def time_average(history, start, end):
    regions = history.regions(start, end, "interpolated", sloped=True)
    if not any(state < BAD for _, _, state, _ in regions):
        return math.nan, NO_DATA
    doubt = lasting(regions, UNCERTAIN) or lasting(regions, NONE) or history.known_to < end
    return mean(regions), SUB_NORMAL if doubt else 0


def in_state(zero):
    def found(history, start, end):
        regions = history.regions(start, end, "simple", sloped=False)
        seconds = sum(s for s, value, state, _ in regions if state < BAD and (value == 0) == zero)
        return seconds, by_time(history, regions, start, end)

    return found


def duration(wanted):
    def found(history, start, end):
        regions = history.regions(start, end, "simple", sloped=history.judge.sloped)
        seconds = 0.0
        for length, _, state, low in regions:
            begins = [s for s in history.samples if s.time == low]
            region = history.judge.state(begins[0]) if begins else state
            seconds += length * (min(region, BAD) == wanted)
        return seconds, 0

    return found


def count(history, start, end):
    states = [history.judge.state(s) for s in history.inside(start, end)]
    return states.count(GOOD), by_count(history, start, end)


def average(history, start, end):
    good = [s.value for s in history.inside(start, end) if history.judge.state(s) == GOOD]
    return (sum(good) / len(good), by_count(history, start, end)) if good else (math.nan, NO_DATA)


def deviation(history, start, end):
    inside = history.inside(start, end)
    good = [s.value for s in inside if history.judge.state(s) == GOOD]
    if not good:
        return math.nan, NO_DATA
    middle = sum(good) / len(good)
    spread = math.sqrt(sum((value - middle) ** 2 for value in good) / len(good))
    return spread, SUB_NORMAL if len(good) < len(inside) else 0


def extreme(pick, *, bounds):
    def found(history, start, end):
        judge = history.judge
        values = [(s.value, judge.state(s)) for s in history.inside(start, end)]
        if bounds and not any(s.time == start for s in history.samples):
            bound = history.simple(start, sloped=judge.sloped)
            values += [bound] if bound[1] != NONE else []
        if bounds and judge.sloped and end < history.known_to:
            at_end = [s for s in history.samples if s.time == end]
            bound = history.simple(end, sloped=True)
            bound = (at_end[0].value, judge.state(at_end[0])) if at_end else bound
            values += [bound] if bound[1] < BAD else []
        good = [value for value, state in values if state == GOOD]
        if not good:
            return math.nan, NO_DATA
        best = pick(good)
        doubt = any(state == BAD for _, state in values) or any(
            pick(value, best) != best for value, state in values if state == UNCERTAIN
        )
        return best, SUB_NORMAL if doubt else 0

    return found


def delta(history, start, end):
    inside = history.inside(start, end)
    good = [s for s in inside if history.judge.state(s) == GOOD]
    if not good:
        return math.nan, NO_DATA
    skipped = inside[0] is not good[0] or inside[-1] is not good[-1]
    return good[-1].value - good[0].value, SUB_NORMAL if skipped else 0


def transitions(history, start, end):
    number = 0
    for sample in history.inside(start, end):
        if history.judge.state(sample) != BAD:
            before = history.at_or_before(sample.time - 1, fit=True)
            number += before is None or before.value != sample.value
    return number, by_count(history, start, end)


def interpolative(history, start, _end):
    judge = history.judge
    exact = [s for s in history.samples if s.time == start and judge.state(s) != BAD]
    if exact:
        return exact[0].value, exact[0].quality
    value, state = history.interpolated(start, sloped=judge.sloped)
    if state == NONE:
        return math.nan, NO_DATA
    left = history.at_or_before(start, fit=True)
    skipped = any(left.time < s.time <= start for s in history.samples)
    doubt = state == UNCERTAIN or skipped or start >= history.known_to
    return value, SUB_NORMAL if doubt else 0


ORACLE = {
    "TimeAverage2": time_average2,
    "TimeAverage": time_average,
    "DurationInStateZero": in_state(zero=True),
    "DurationInStateNonZero": in_state(zero=False),
    "DurationGood": duration(GOOD),
    "DurationBad": duration(BAD),
    "Count": count,
    "Average": average,
    "StandardDeviationPopulation": deviation,
    "Minimum": extreme(min, bounds=False),
    "Maximum": extreme(max, bounds=False),
    "Minimum2": extreme(min, bounds=True),
    "Maximum2": extreme(max, bounds=True),
    "Delta": delta,
    "NumberOfTransitions": transitions,
    "Interpolative": interpolative,
}


def expected(name, history, start, end):
    """Value and status of an aggregate, without info bits."""
    samples = history.samples
    if name == "Interpolative":
        return interpolative(history, start, end)
    if not samples or end <= samples[0].time or start >= history.known_to:
        return math.nan, NO_DATA
    value, status = ORACLE[name](history, start, end)
    if status == BARE_BAD and name not in {"Count", "NumberOfTransitions"}:
        status = NO_DATA
    return (math.nan if status >> 30 >= 2 else value), status
