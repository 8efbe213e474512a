"""How long each tag was in each of its states, such as PackML's, an interval at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.historian.port import Samples
from isthmus.historian.query.aggregate import Progress, Wish, open_window, parts_of
from isthmus.historian.query.rows import BAD_ROW
from isthmus.historian.query.step import Intervals
from isthmus.model.errors import Refused
from isthmus.model.sample import Floats, Int32s, Int64s, TagId
from isthmus.model.tag import Tag

MOST_STATES = 256


@dataclass(frozen=True, slots=True, eq=False)
class StateTimes:
    """Seconds of each tag in each state, by interval, tag and state; a row where there are any.

    `interval` counts those asked for. `code` is the state; -1 stands for time without a good
    value, so that the rows of a complete interval add up to its length.
    """

    interval: Int64s
    tag: Int32s
    code: Int64s
    seconds: Floats


UNKNOWN = -1


def states(
    samples: Samples,
    tags: Mapping[TagId, Tag],
    intervals: Intervals,
    wish: Wish,
    told: Progress = lambda _: None,
) -> StateTimes:
    """The time in each state; a state lasts from its sample to the next (5.4.3.22, for all)."""
    if not tags:
        raise Refused("no tag is asked for", hint="name one, or a pattern such as `**/state`")
    ids = np.array(sorted(tags), np.int32)
    found = []
    parts = list(parts_of(samples, ids, intervals))
    for number, (low, high, first, last) in enumerate(parts):
        some = {TagId(tag): tags[TagId(tag)] for tag in ids[low:high].tolist()}
        window = open_window(samples, some, intervals, wish, span=(first, last))
        pieces, many = window.stepped, last - first
        code = np.where(pieces.state < BAD_ROW, np.rint(pieces.middle), UNKNOWN)
        codes, place = np.unique(code, return_inverse=True)
        if len(codes) > MOST_STATES:
            raise Refused(
                f"{len(codes):,} different values are no states",
                hint=f"{MOST_STATES} at most; ask for the states of enumerations and booleans",
            )
        counts = np.diff(np.append(pieces.first, len(code)))
        group = np.repeat(np.arange(len(counts)), counts) * len(codes) + place
        seconds = np.bincount(group, pieces.seconds, minlength=len(counts) * len(codes))
        some_time = np.flatnonzero(seconds > 0)
        slot = some_time // len(codes)
        found.append(
            (
                slot % many + first,
                ids[low:high][slot // many],
                codes[some_time % len(codes)].astype(np.int64),
                seconds[some_time],
            )
        )
        told((number + 1) / len(parts))
    interval, tag, code, seconds = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((code, tag, interval))
    order = order[intervals.keep[interval[order]]]
    asked = np.cumsum(intervals.keep) - 1
    return StateTimes(asked[interval[order]], tag[order], code[order], seconds[order])
