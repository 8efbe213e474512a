"""A look at single values on their way, for a person; costs nothing while nobody looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from isthmus.model.event import Event
from isthmus.model.sample import Batch, Bools, Status

KEEP = 64


class Stage(StrEnum):
    """Where on its way a value is looked at."""

    READ = "read"
    TRANSFORM = "transform"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Sight:
    """One value as it passed: `raw` from the device, `value` in the tag's unit, what came of it."""

    tag: int
    time: int
    raw: float | None
    value: float | None
    quality: int
    then: str
    after: float | None = None
    text: str = ""


@dataclass(slots=True)
class Tap:
    """Who looks where; each watcher keeps the newest 64 sights and forgets older ones."""

    _watchers: dict[tuple[str, Stage], list[deque[Sight]]] = field(default_factory=dict)

    @contextmanager
    def watch(self, link: str, stage: Stage) -> Iterator[deque[Sight]]:
        """What passes `stage` of `link` while the block lasts, newest last."""
        seen: deque[Sight] = deque(maxlen=KEEP)
        watchers = self._watchers.setdefault((link, stage), [])
        watchers.append(seen)
        try:
            yield seen
        finally:
            watchers[:] = [other for other in watchers if other is not seen]
            if not watchers:
                del self._watchers[link, stage]

    def wanted(self, link: str, stage: Stage) -> bool:
        """Whether anybody looks there."""
        return (link, stage) in self._watchers

    def read(
        self, link: str, raw: Batch, events: tuple[Event, ...], ids: Mapping[str, int]
    ) -> None:
        """Show what the connector gave; `wanted` said that somebody looks."""
        rows = zip(*_tail(raw), strict=True)
        self._show(
            link,
            Stage.READ,
            [Sight(t, at, _number(v), None, q, _word(q, "kept")) for t, at, v, q in rows]
            + [_text(event, ids) for event in events if event.path in ids],
        )

    def transform(self, link: str, raw: Batch, shaped: Batch, news: Bools) -> None:
        """Show what became of each row; `wanted` said that somebody looks."""
        kept = np.asarray(news)[-KEEP:].tolist()
        before = _tail(raw)[2]
        sights = [
            Sight(
                t,
                at,
                _number(b),
                _number(v),
                q,
                _word(q, "kept" if k else "inside deadband"),
            )
            for (t, at, v, q), b, k in zip(
                zip(*_tail(shaped), strict=True), before, kept, strict=True
            )
        ]
        self._show(link, Stage.TRANSFORM, sights)

    def stream(self, link: str, batch: Batch, now: int) -> None:
        """Show what the stream gave back: it is on disk."""
        if not self.wanted(link, Stage.STREAM):
            return
        rows = zip(*_tail(batch), strict=True)
        sights = [
            Sight(t, at, None, _number(v), q, _word(q, "stored"), (now - at) / 1e9)
            for t, at, v, q in rows
        ]
        self._show(link, Stage.STREAM, sights)

    def _show(self, link: str, stage: Stage, sights: list[Sight]) -> None:
        for seen in self._watchers[link, stage]:
            seen.extend(sights)


def _tail(batch: Batch) -> tuple[list[int], list[int], list[float], list[int]]:
    last = batch.slice(max(0, len(batch) - KEEP), len(batch))
    return last.tag.tolist(), last.time.tolist(), last.value.tolist(), last.quality.tolist()


def _word(quality: int, good: str) -> str:
    if quality >= Status.BAD:
        return "bad"
    return "uncertain" if quality >= Status.UNCERTAIN and good == "kept" else good


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _text(event: Event, ids: Mapping[str, int]) -> Sight:
    return Sight(ids[event.path], event.time, None, None, 0, "kept", text=event.text)
