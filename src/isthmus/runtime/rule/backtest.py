"""What a rule would have done over a time that history knows, judged by the same code as now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from isthmus.historian.port import Samples
from isthmus.insight.rule.bench import Bench
from isthmus.insight.rule.past import Past, Story, past
from isthmus.model.errors import Refused
from isthmus.model.plant import Plant
from isthmus.model.rule import Rule
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.figures.read import Records
from isthmus.runtime.rule.during import during
from isthmus.runtime.rule.feeding import Events, Feeding

MOST_CELLS = 2_000_000_000
LONGEST = 400 * 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Source:
    """Where the past is: the plant, the names of its tags, their samples, and the journal."""

    plant: Plant
    namespace: Namespace
    samples: Samples
    records: Records | None = None  # where a rule asks for more than tags
    events: Events = lambda *_: ()


def backtest(
    rule: Rule, source: Source, span: tuple[Nanoseconds, Nanoseconds], *, piece: int = 0
) -> Past:
    """The firings of `rule` in `span`; `piece` is how many moments are judged at once."""
    start, end = span
    bench = Bench.of([rule], source.namespace, partial(during, source.plant))
    tags, (judge,) = bench.held.tags, bench.judges
    if end - start > LONGEST or (end - start) / 1e9 / rule.step * bench.width > MOST_CELLS:
        raise Refused("that is too much of the past at once", hint="take a shorter `--over`")
    first = Nanoseconds(start - round(rule.reach * 1e9))
    feeding = None
    if source.records is not None and bench.feeds:
        feeding = Feeding(bench.feeds, source.records, source.events)
    before = source.samples.before(tags, first) if len(tags) else Batch.empty()
    bench.start(first, before, feeding.begin(first) if feeding else None)
    story = Story([place.equipment for place in rule.places])
    wide = round((piece or bench.most) * rule.step * 1e9)
    read = 0
    for low, high in [*_pieces(first, start, wide), *_pieces(start, end, wide)]:
        if low == start:  # what came before only fills windows
            judge.known = judge.seen = 0
        found = Batch.empty()
        if len(tags):
            found = source.samples.raw(tags, Nanoseconds(low + 1), Nanoseconds(high + 1))
        fed = feeding.more(high) if feeding else None
        story.add(one.turn for one in bench.advance(found, high, fed))
        read += len(found)
    unknown = 1.0 - judge.known / judge.seen if judge.seen else 1.0
    told = [one for one in story.firings() if one.start >= start]
    return past(told, start, end, unknown=unknown, step=rule.step, samples=read)


def _pieces(start: int, end: int, wide: int) -> Iterator[tuple[int, int]]:
    for low in range(start, end, wide):
        yield low, min(low + wide, end)
