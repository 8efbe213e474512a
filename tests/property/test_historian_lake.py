"""The lake gives the answers of a dictionary, whatever is sealed, merged or restarted between."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from isthmus.historian.delta.lake import Lake
from isthmus.historian.memory import Memory
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds, TagId

NOON = 20_000 * DAY + DAY // 2
SETTINGS = LakeSettings(
    merge_files=3, merge_pause=0, checkpoint_commits=4, look_back=2 * DAY, cache_bytes=2_000
)
TAGS = st.sampled_from([0, 0, 0, 1, 1, 2, 6, 65_536, 200_000])
# few moments, so that samples are corrected; whole seconds, microseconds and odd nanoseconds
KNOWN = [0, 1, 2, 3, 6, 65_535, 65_536, 65_537, 200_000]
TIMES = st.builds(
    lambda day, step, rest: NOON + day * DAY + step * 3_600_000_000_000 + rest,
    st.sampled_from([0, 0, 0, -1, -3, 1]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0, 0, 1, 999, 1_000]),
)
VALUES = st.one_of(
    st.integers(-5_000_000, 5_000_000).map(lambda number: number / 1000),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e300, -1e12, 1e12, float("inf"), float("-inf"), float("nan")]),
)
QUALITIES = st.sampled_from([0, 0, 0, 0x4000_0000, 0x8031_0000, 0xFFFF_FFFF, 0x0030_0000])
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


class LakeIsMemory(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.root = Path(tempfile.mkdtemp(prefix="lake-"))
        self.memory = Memory(look_back=SETTINGS.look_back)
        self.position = 0
        self.unsealed: list[tuple[Batch, int]] = []
        self.open()

    def open(self, **changed):
        """Files of slices, of whole days (as the first version wrote them), or both in turn."""
        chosen = replace(SETTINGS, **changed)
        self.lake = Lake.open(self.root, now=lambda: Nanoseconds(NOON + DAY), settings=chosen)

    @rule(rows=ROWS)
    def append(self, rows):
        self.position += 1
        batch = batch_of(rows)
        self.unsealed.append((batch, self.position))
        for history in (self.lake, self.memory):
            history.append(batch, stream="one", position=self.position)

    @rule(back=st.integers(0, 3), rows=ROWS)
    def replay_is_ignored(self, back, rows):
        for history in (self.lake, self.memory):
            history.append(
                batch_of(rows), stream="one", position=min(self.position, self.position - back)
            ) if self.position else None

    @rule(rows=ROWS)
    def append_and_seal(self, rows):
        self.append(rows)
        self.seal()

    @rule()
    def seal(self):
        self.lake.seal()
        self.unsealed.clear()
        assert dict(self.lake.positions()) == dict(self.memory.positions())

    @rule()
    def maintain(self):
        self.lake.maintain()
        self.sql()

    @rule(
        orderly=st.booleans(),
        hours=st.sampled_from([1, 2, 2, 4, 24]),
        day_after=st.sampled_from([0, 35 * DAY, 35 * DAY]),
    )
    def restart(self, orderly, hours, day_after):
        """A lake that starts again resumes after its last seal, from the stream."""
        if orderly:
            self.seal()
        self.lake.close()
        self.open(slice_hours=hours, day_after=day_after)
        after = self.lake.positions().get("one", 0)
        for batch, position in self.unsealed:
            assert position > after
            self.lake.append(batch, stream="one", position=position)

    @rule(tags=st.lists(TAGS, max_size=4), start=TIMES, end=TIMES, limit=st.none() | st.just(3))
    def raw(self, tags, start, end, limit):
        assert bits(self.lake.raw(tags, start, end, limit=limit)) == bits(
            self.memory.raw(tags, start, end, limit=limit)
        )

    @rule(tags=st.lists(TAGS, max_size=5), time=TIMES)
    def before(self, tags, time):
        assert bits(self.lake.before(tags, time)) == bits(self.memory.before(tags, time))

    @rule(tag=TAGS, points=st.integers(1, 12))
    def trend(self, tag, points):
        start, end = NOON - 4 * DAY, NOON + 2 * DAY
        ours = self.lake.trend([TagId(tag)], start, end, points)[TagId(tag)]
        right = self.memory.trend([TagId(tag)], start, end, points)[TagId(tag)]
        for name in (
            "time",
            "min",
            "max",
            "first",
            "final",
            "good",
            "samples",
            "good_share",
            "raw",
        ):
            np.testing.assert_array_equal(getattr(ours, name), getattr(right, name), name)
        np.testing.assert_allclose(ours.mean, right.mean, rtol=1e-9)
        assert ours.last == right.last

    @rule()
    def sql(self):
        """SQL sees each sample once, its time in microseconds."""
        right = self.memory.raw(KNOWN, 0, 1 << 62)
        answer = self.lake.sql("select tag, time, value, quality from samples", seconds=30)
        rows = Batch(
            answer["tag"].to_numpy(),
            answer["time"].to_numpy().astype("M8[us]").astype(np.int64),
            answer["value"].to_numpy(),
            answer["quality"].to_numpy().astype(np.uint32),
        )
        assert sorted(bits(rows)) == sorted(bits(replace(right, time=right.time // 1000)))

    @invariant()
    def everything(self):
        if hasattr(self, "lake"):
            assert bits(self.lake.raw(KNOWN, 0, 1 << 62)) == bits(
                self.memory.raw(KNOWN, 0, 1 << 62)
            )

    @invariant()
    def last(self):
        if hasattr(self, "lake"):
            assert bits(self.lake.last(KNOWN)) == bits(self.memory.last(KNOWN))

    def teardown(self):
        if hasattr(self, "lake"):
            stats = self.lake.stats()
            assert stats.state == "up"
            assert not stats.damaged
            self.lake.close()
            shutil.rmtree(self.root)


LakeIsMemory.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLakeIsMemory = LakeIsMemory.TestCase
