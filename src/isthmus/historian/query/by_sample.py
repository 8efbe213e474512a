"""Aggregates of the samples themselves, however far apart they are (Part 13, 5.4.3)."""

from __future__ import annotations

import numpy as np

from isthmus.historian.query.rows import BAD_ROW, GOOD_ROW, SEVERITY
from isthmus.historian.query.rules import (
    BAD,
    CALCULATED,
    MULTIPLE,
    NO_DATA,
    RAW,
    Column,
    codes,
    no_data,
)
from isthmus.historian.query.window import Function, Window
from isthmus.model.sample import Bools, Int64s


def _average(window: Window) -> Column:
    """5.4.3.5: the mean of the good samples, however far apart."""
    good = window.state == GOOD_ROW
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = window.added(good, window.rows.value[window.inside]) / window.good_count
    status = np.where(window.good_count == 0, NO_DATA, no_data(window.by_count))
    return Column.of(mean, status.astype(np.uint32), CALCULATED)


def _count(window: Window) -> Column:
    """5.4.3.21: good samples; none inside a known interval is a good zero."""
    return Column.of(window.good_count, window.by_count, CALCULATED)


def _spread(*, sample: bool, root: bool) -> Function:
    """5.4.3.37-40: deviation or variance of the good samples; zero of a single one."""

    def spread(window: Window) -> Column:
        good, count = window.state == GOOD_ROW, window.good_count
        value = window.rows.value[window.inside]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            mean = window.added(good, value) / count
            apart = value - mean.ravel()[window.group]
            found = window.added(good, apart**2) / (np.maximum(count - 1, 1) if sample else count)
        doubt = (window.bad_count + window.uncertain_count) > 0
        status = codes(count == 0, doubt)
        return Column.of(np.sqrt(found) if root else found, status, CALCULATED)

    return spread


def _transitions(window: Window) -> Column:
    """5.4.3.24: how often a sample differs from the one before it, bad ones left out."""
    rows = window.rows
    fit = np.flatnonzero(rows.state != BAD_ROW)
    place, value = rows.place[fit], rows.value[fit]
    same = np.append(False, (place[1:] == place[:-1]) & (value[1:] == value[:-1]))
    turned = np.zeros(len(rows.state), np.bool_)
    turned[fit] = ~same[: len(fit)]
    return Column.of(window.counted(turned[window.inside]), window.by_count, CALCULATED)


def _ends(window: Window, keep: Bools, *, last: bool) -> Int64s:
    """The row of the first or last sample kept of each interval, -1 where there is none."""
    found = np.full(window.shape[0] * window.shape[1], -1, np.int64)
    places = np.flatnonzero(keep)
    places = places if last else places[::-1]
    found[window.group[places]] = window.inside[places]
    return found.reshape(window.shape)


def _end(*, last: bool) -> Function:
    """5.4.3.25, 5.4.3.26: the first or last sample, at its own time and with its own status."""

    def end(window: Window) -> Column:
        rows = window.rows
        row = _ends(window, np.ones(len(window.inside), np.bool_), last=last)
        starts = np.broadcast_to(rows.edges[:-1], window.shape)
        if not len(rows.time):
            nothing = np.full(window.shape, np.nan)
            return Column.of(nothing, np.full(window.shape, NO_DATA, np.uint32), RAW, starts)
        status = np.where(row < 0, NO_DATA, rows.quality[row]).astype(np.uint32)
        broken = (row >= 0) & ~np.isfinite(rows.value[row]) & (status < BAD)
        status = np.where(broken, BAD, status).astype(np.uint32)
        time = np.where(row < 0, starts, rows.time[row])
        return Column.of(rows.value[row], status, RAW, time)

    return end


def _delta(window: Window) -> Column:
    """5.4.3.27: from the first good sample to the last one inside."""
    good = window.state == GOOD_ROW
    first, last = (_ends(window, good, last=which) for which in (False, True))
    every = np.ones(len(window.inside), np.bool_)
    skipped = first != _ends(window, every, last=False)
    skipped |= last != _ends(window, every, last=True)
    value = window.rows.value
    change = value[last] - value[first] if len(value) else np.full(window.shape, np.nan)
    return Column.of(change, codes(first < 0, skipped), CALCULATED)


def _worst(*, bounds: bool) -> Function:
    """5.4.3.35, 5.4.3.36: the worst status code of the samples, as the value."""

    def worst(window: Window) -> Column:
        group, quality = window.group, window.rows.quality[window.inside].astype(np.int64)
        if bounds:
            group, quality = _with_start(window, group, quality)
        size = window.shape[0] * window.shape[1]
        found = np.full(size, -1, np.int64)
        if len(group):
            begin = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
            found[group[begin]] = np.maximum.reduceat(_severity(quality), begin)
        is_it = _severity(quality) == found[group]
        places = np.flatnonzero(is_it)[::-1]
        code = np.zeros(size)
        code[group[places]] = quality[places]
        other = np.bincount(group[is_it & (quality != code[group])], minlength=size) > 0
        status = codes(found < 0, np.zeros(size, np.bool_)).reshape(window.shape)
        bits = np.where(other, CALCULATED | MULTIPLE, CALCULATED).reshape(window.shape)
        return Column.of(code.reshape(window.shape), status, bits.astype(np.uint32))

    return worst


def _severity(quality: Int64s) -> Int64s:
    """Good, uncertain, bad: 0, 1, 2; the reserved 3 is bad as well."""
    severity: Int64s = np.minimum(quality >> SEVERITY, 2)
    return severity


def _with_start(window: Window, group: Int64s, quality: Int64s) -> tuple[Int64s, Int64s]:
    """The samples inside with the status that held at the start of each interval."""
    bounds = window.bounds
    row = bounds.row[:, :-1]
    held = (row >= 0) & ~bounds.raw[:, :-1] & window.known
    groups = np.arange(held.size).reshape(window.shape)[held]
    both = np.concatenate([groups, group])
    order = np.argsort(both, kind="stable")
    codes = np.concatenate([window.rows.quality[row[held]].astype(np.int64), quality])
    return both[order], codes[order]


BY_SAMPLE: dict[str, Function] = {
    "Average": _average,
    "Count": _count,
    "NumberOfTransitions": _transitions,
    "Start": _end(last=False),
    "End": _end(last=True),
    "Delta": _delta,
    "WorstQuality": _worst(bounds=False),
    "WorstQuality2": _worst(bounds=True),
    "StandardDeviationSample": _spread(sample=True, root=True),
    "StandardDeviationPopulation": _spread(sample=False, root=True),
    "VarianceSample": _spread(sample=True, root=False),
    "VariancePopulation": _spread(sample=False, root=False),
}
