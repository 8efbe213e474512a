"""When a trend was not good, and why: stretches to hatch, with the status code's reason."""

from __future__ import annotations

import numpy as np

from isthmus.historian.port import Samples
from isthmus.historian.settings import Trend
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.runtime.app import App
from isthmus.web import contract

MOST = 200  # stretches of a pen: the widest
NAMED = 12  # of these, the widest whose reason is looked up
GOOD, DOUBTFUL, GAP = 0, 1, 2


def stretches(
    samples: Samples,
    tag: TagId,
    trend: Trend,
    before: Batch,
    span: tuple[Nanoseconds, Nanoseconds],
) -> list[contract.QualityStretch]:
    """The stretches of `trend` in `span` that are not good, by time.

    `before` is the tag's last row at or before the start. A stretch as wide as a pixel may hold
    good samples too. Its code is the reason of its last sample, `Bad` or `Uncertain` where it was
    not looked up.
    """
    start, end = span
    found = _found(trend, before, start, end)
    widest = sorted(found, key=lambda one: one[0] - one[1])
    kept = sorted(widest[:MOST])
    named = {one[0] for one in widest[:NAMED]}
    told = []
    for since, until, kind in kept:
        code = int(Status.BAD if kind == GAP else Status.UNCERTAIN)
        if since in named:
            code = _reason(samples, tag, until, code)
        told.append(contract.QualityStretch(start=since / 1e6, end=until / 1e6, code=code))
    return told


def late_stretches(
    app: App, tag: TagId, start: Nanoseconds, end: Nanoseconds
) -> list[contract.LateStretch]:
    """Where samples of a tag came late or corrected what was known, by time: the newest so many."""
    path = app.path(tag)
    links = app.plant.connections.items()
    link = next((name for name, known in links if path in known.addresses), "")
    spans = app.late.spans(tag, link, start, end)
    return [
        contract.LateStretch(start=span.first / 1e6, end=span.last / 1e6, samples=span.samples)
        for span in spans[-MOST:]
    ]


def _found(trend: Trend, before: Batch, start: int, end: int) -> list[tuple[int, int, int]]:
    """(from, to, kind) of what is not good."""
    kinds = np.where(np.isnan(trend.final), GAP, np.where(trend.good < 1, DOUBTFUL, GOOD))
    time = trend.time
    if len(before) and (not len(time) or time[0] > start):
        quality = int(before.quality[-1])
        held = GAP if quality >= Status.BAD else DOUBTFUL if quality >= Status.UNCERTAIN else GOOD
        kinds, time = np.append(held, kinds), np.append(np.int64(start), time)
    if not len(time):
        return []
    first = np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1]))
    since = time[first]
    until = np.append(since[1:], np.int64(max(end, int(since[-1]))))
    rows = zip(since.tolist(), until.tolist(), kinds[first].tolist(), strict=True)
    return [(a, b, kind) for a, b, kind in rows if kind != GOOD and b > a]


def _reason(samples: Samples, tag: TagId, until: int, code: int) -> int:
    """The status code of the last sample before `until`, where it is of the severity of `code`."""
    last = samples.before([tag], Nanoseconds(until - 1))
    if not len(last):
        return code
    found = int(last.quality[-1])
    return found if found >> 30 == code >> 30 else code
