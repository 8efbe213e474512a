"""How rules go on after a time in which nobody judged: by what they keep, and by history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.judge import Judge
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.rule.heard import Feeds
from isthmus.runtime.rule.kept import Kept, State

if TYPE_CHECKING:
    from isthmus.historian.port import Samples

CATCH_UP = 86_400 * 10**9  # ns: how far back is judged after a standstill
PIECE = 1_800 * 10**9  # ns of history that are read at once


def resume(samples: Samples, bench: Bench, feeds: Feeds, kept: Kept, now: int) -> int:
    """Until when `bench`, which is new, is judged: it knows what came before, and what holds."""
    last = kept.judged.get(f"{bench.step:g}", now)
    judged = min(max(last, now - CATCH_UP), now)
    first = judged - round(bench.reach * 1e9)
    tags = bench.held.tags
    before = samples.before(tags, Nanoseconds(first)) if len(tags) else Batch.empty()
    bench.start(first, before, feeds.begin(first))
    since = [_since(judge, kept, judged) for judge in bench.judges]
    for judge, told in zip(bench.judges, since, strict=True):
        judge.go_on({place: _before(first, rows) for place, rows in (told or {}).items()})
    for low in range(first, judged, PIECE):
        high = min(low + PIECE, judged)
        bench.advance(between(samples, bench, low, high), high, feeds.more(high))
    feeds.live(judged, now)
    for judge, told in zip(bench.judges, since, strict=True):
        states = kept.states.get(judge.rule.name, {})
        places = [states.get(place.equipment, State()) for place in judge.rule.places]
        judge.hold(np.array([one.on for one in places], bool))
        judge.fired[:] = [one.fired for one in places]
        if told is not None:
            judge.go_on(told)
    return judged


def _since(judge: Judge, kept: Kept, judged: int) -> dict[int, list[int]] | None:
    """Since when what must last had held at `judged`; None where nobody knows."""
    told = kept.since.get(judge.rule.name)
    if told is None or told.digest != judge.rule.digest or told.judged != judged:
        return None
    places = {place.equipment: number for number, place in enumerate(judge.rule.places)}
    return {places[path]: rows for path, rows in told.places.items() if path in places}


def _before(first: int, rows: list[int]) -> list[int]:
    """What has held without a break since then held at `first` too."""
    return [since if since <= first else 0 for since in rows]


def fresh(bench: Bench, namespace: Namespace) -> Bench:
    """The same rules without what a bench has judged; itself where that is nothing."""
    if not bench.judged:
        return bench
    made = Bench.of([judge.rule for judge in bench.judges], namespace, bench.active)
    made.late, made.dropped = bench.late, bench.dropped
    return made


def between(samples: Samples, bench: Bench, low: int, high: int) -> Batch:
    """What history has for `bench` in (low, high]."""
    tags = bench.held.tags
    if not len(tags) or high <= low:
        return Batch.empty()
    return samples.raw(tags, Nanoseconds(low + 1), Nanoseconds(high + 1))
