"""Every engine answers as a dictionary does, whatever is sealed, merged or restarted between."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.ports.histories import HISTORIES, LOOK_BACK, NOON, History

from isthmus.historian.memory import Memory
from isthmus.historian.port import Historian
from isthmus.historian.rollup import build, stitch
from isthmus.historian.settings import DAY, HOUR, MINUTE, Trend
from isthmus.model.event import Event
from isthmus.model.sample import Batch

SETTINGS = {  # small, so that little data comes past every turn
    "lake": {
        "checkpoint_commits": 4,
        "cache_bytes": 2_000,
        "slice_hours": 2,
        "day_after": 35 * DAY,
    },
    "postgresql": {},
}
TAGS = st.sampled_from([0, 0, 0, 1, 1, 2, 6, 65_536, 200_000])
# few moments, so that samples are corrected; whole seconds, microseconds and odd nanoseconds
KNOWN = [0, 1, 2, 3, 6, 65_535, 65_536, 65_537, 200_000]
# clocks that leap: by days, to a year ahead, to 1970 after a flat battery, to 2098
TIMES = st.builds(
    lambda day, step, rest: NOON + day * DAY + step * 3_600_000_000_000 + rest,
    st.sampled_from([0, 0, 0, 0, 0, 0, -1, -1, -3, 1, 1, 370, -19_990, 27_000]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0, 0, 1, 999, 1_000]),
)
VALUES = st.one_of(
    st.integers(-5_000_000, 5_000_000).map(lambda number: number / 1000),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e300, -1e12, 1e12, float("inf"), float("-inf"), float("nan")]),
)
QUALITIES = st.sampled_from([0, 0, 0, 0x4000_0000, 0x8031_0000, 0xFFFF_FFFF, 0x0030_0000])
EVENTS = st.lists(
    st.builds(
        Event,
        TIMES,
        st.sampled_from(["line/a", "line/b"]),
        st.sampled_from(["text", "order"]),
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        data=st.dictionaries(
            st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=3),
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False),
            max_size=2,
        ),
    ),
    max_size=2,
)
ROWS = st.lists(st.tuples(TAGS, TIMES, VALUES, QUALITIES), min_size=1, max_size=12)


def batch_of(rows) -> Batch:
    return Batch(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] for row in rows], np.uint32),
    )


def bits(batch: Batch) -> list[tuple[int, int, int, int]]:
    """Rows to compare to the last bit; every NaN is one NaN."""
    value = np.where(np.isnan(batch.value), np.nan, batch.value).view(np.int64)
    columns = (batch.tag, batch.time, value, batch.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def same_trend(ours: Trend, right: Trend) -> None:
    """To the last bit but for means, whose sums may be of another order."""
    names = ("time", "min", "max", "first", "final", "good", "samples", "good_share", "raw")
    for name in names:
        np.testing.assert_array_equal(getattr(ours, name), getattr(right, name), name)
    assert ours.last == right.last
    size = np.fmax(np.abs(right.min), np.abs(right.max))
    sane = ~(size > 1e290)  # beyond, the order of a sum decides whether it overflows
    error = np.abs(ours.mean[sane] - right.mean[sane])
    assert ((error <= 1e-9 * size[sane]) | np.isnan(right.mean[sane])).all()
    assert (np.isnan(ours.mean) == np.isnan(right.mean))[sane].all()


class EngineIsMemory(RuleBasedStateMachine):
    def __init__(self, kept: Callable[[], History], more: dict[str, int]):
        super().__init__()
        self.make, self.more = kept, more

    @initialize()
    def begin(self):
        self.kept = self.make()
        self.memory = Memory(look_back=LOOK_BACK)
        self.position = 0
        self.unsealed: list[tuple[Batch, list[Event], int]] = []
        self.open()

    def open(self, **changed: int):
        chosen = {name: value for name, value in changed.items() if name in self.more}
        self.engine: Historian = self.kept.open(**self.more | chosen)

    @rule(rows=ROWS, events=EVENTS)
    def append(self, rows, events):
        self.position += 1
        batch = batch_of(rows)
        self.unsealed.append((batch, events, self.position))
        for history in (self.engine, self.memory):
            history.append(batch, stream="one", position=self.position, events=events)

    @rule(back=st.integers(0, 3), rows=ROWS)
    def replay_is_ignored(self, back, rows):
        for history in (self.engine, self.memory):
            history.append(
                batch_of(rows), stream="one", position=min(self.position, self.position - back)
            ) if self.position else None

    @rule(rows=ROWS, events=EVENTS)
    def append_and_seal(self, rows, events):
        self.append(rows, events)
        self.seal()

    @rule()
    def seal(self):
        self.engine.seal()
        self.unsealed.clear()
        assert dict(self.engine.positions()) == dict(self.memory.positions())

    @rule()
    def maintain(self):
        self.engine.maintain()
        self.sql()

    @rule(
        orderly=st.booleans(),
        hours=st.sampled_from([1, 2, 2, 4, 24]),
        day_after=st.sampled_from([0, 35 * DAY, 35 * DAY]),
    )
    def restart(self, orderly, hours, day_after):
        """An engine that starts again resumes after its last seal, from the stream.

        Files of a lake may be of slices, of whole days (as the first version wrote them), or both.
        """
        if orderly:
            self.seal()
        self.engine.close()
        self.open(slice_hours=hours, day_after=day_after)
        for batch, events, position in self.unsealed:  # what is known already is ignored
            self.engine.append(batch, stream="one", position=position, events=events)

    @rule(tags=st.lists(TAGS, max_size=4), start=TIMES, end=TIMES, limit=st.none() | st.just(3))
    def raw(self, tags, start, end, limit):
        assert bits(self.engine.raw(tags, start, end, limit=limit)) == bits(
            self.memory.raw(tags, start, end, limit=limit)
        )

    @rule(tags=st.lists(TAGS, max_size=5), time=TIMES)
    def before(self, tags, time):
        assert bits(self.engine.before(tags, time)) == bits(self.memory.before(tags, time))

    @rule(start=TIMES, end=TIMES, limit=st.just(10_000) | st.just(2))
    def events(self, start, end, limit):
        assert self.engine.events(start, end, limit=limit) == self.memory.events(
            start, end, limit=limit
        )

    @rule(
        tags=st.lists(TAGS, min_size=1, max_size=3),
        points=st.integers(1, 12) | st.integers(60, 200),
        start=st.sampled_from([NOON - 4 * DAY, NOON - 7 * MINUTE, NOON + HOUR // 2 + 1, NOON + 1]),
        span=st.sampled_from([6 * DAY, 6 * DAY + 1, 3 * HOUR, 2 * HOUR + 3, 20 * MINUTE]),
    )
    def trend(self, tags, points, start, span):
        """Whichever roll-ups there are, and whatever they do not know yet."""
        ours = self.engine.trend(tags, start, start + span, points)
        right = self.memory.trend(tags, start, start + span, points)
        assert ours.keys() == right.keys()
        for tag in right:
            same_trend(ours[tag], right[tag])

    @rule()
    def sql(self):
        """SQL sees each sample once, its time in microseconds."""
        right = self.memory.raw(KNOWN, 0, 1 << 62)
        answer = self.engine.sql("select tag, time, value, quality from samples", seconds=30)
        rows = Batch(
            answer["tag"].to_numpy(),
            answer["time"].to_numpy().astype("M8[us]").astype(np.int64),
            answer["value"].to_numpy(),
            answer["quality"].to_numpy().astype(np.uint32),
        )
        assert sorted(bits(rows)) == sorted(bits(replace(right, time=right.time // 1000)))

    @invariant()
    def everything(self):
        if hasattr(self, "engine"):
            assert bits(self.engine.raw(KNOWN, 0, 1 << 62)) == bits(
                self.memory.raw(KNOWN, 0, 1 << 62)
            )

    @invariant()
    def last(self):
        if hasattr(self, "engine"):
            assert bits(self.engine.last(KNOWN)) == bits(self.memory.last(KNOWN))

    def teardown(self):
        if hasattr(self, "engine"):
            stats = self.engine.stats()
            assert stats.state == "up"
            assert not stats.damaged
            self.engine.close()
            self.kept.remove()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SETTINGS)
def test_an_engine_answers_as_the_reference(name, request, tmp_path, monkeypatch):
    for module in (build, stitch):  # minutes of some tags, hours of all
        monkeypatch.setattr(module, "DENSE", 2)
    cluster = request.getfixturevalue("postgresql") if name == "postgresql" else None

    def kept() -> History:
        return HISTORIES[name](Path(tempfile.mkdtemp(dir=tmp_path)), cluster)

    run_state_machine_as_test(
        lambda: EngineIsMemory(kept, SETTINGS[name]),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
