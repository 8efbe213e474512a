"""More rows than a page or a row group holds, against NumPy's own sort."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.historian.columns import arranged, by_tag, decode, encode, rows_of
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.merge import merged
from isthmus.historian.delta.parquet import GROUP
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds

NOON = 20_000 * DAY + DAY // 2


def many(size: int, *, tags: int, seconds: int, seed: int) -> Batch:
    """Rows in random order with many of equal tag and time."""
    chance = np.random.default_rng(seed)
    return Batch(
        chance.integers(0, tags, size, np.int32),
        NOON + chance.integers(0, seconds, size) * SECOND,
        np.round(chance.normal(0, 1e4, size), 4),
        chance.integers(0, 1 << 32, size, np.uint32),
    )


def right(rows: Batch) -> Batch:
    """By (tag, time), of equal keys the last."""
    order = np.lexsort((np.arange(len(rows)), rows.time, rows.tag))
    rows = rows.where(order)
    again = (rows.tag[1:] == rows.tag[:-1]) & (rows.time[1:] == rows.time[:-1])
    return rows.where(np.append(~again, True))


def must_equal(one: Batch, other: Batch) -> None:
    for name in ("tag", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


def test_pages_files_and_merges_give_what_a_plain_sort_gives(tmp_path):
    settings = LakeSettings(merge_files=3, merge_pause=0, reserve_bytes=0, cache_bytes=1 << 20)
    lake = Lake.open(tmp_path, now=lambda: Nanoseconds(NOON + 2 * DAY), settings=settings)
    rows = many(400_000, tags=50, seconds=20_000, seed=5)
    everything, one = np.arange(50), rows.where(rows.tag == 7)
    tops = rows.latest()
    for position, first in enumerate(range(0, len(rows), 25_000), 1):
        lake.append(rows.slice(first, first + 25_000), stream="s", position=position)
        if position in (4, 9, 13):
            lake.seal()
        if position == 15:  # three files and pages, one of them not full
            so_far = rows.slice(0, first + 25_000)
            must_equal(lake.raw([7], 0, 1 << 62), right(so_far.where(so_far.tag == 7)))
    must_equal(lake.raw(everything, 0, 1 << 62), right(rows))
    must_equal(lake.last(everything), tops)
    lake.seal()
    must_equal(lake.raw(everything, 0, 1 << 62), right(rows))
    lake.maintain()
    assert lake.stats().files == 3, "one a slice of two hours"
    assert lake.stats().rows == len(right(rows))
    must_equal(lake.raw(everything, 0, 1 << 62), right(rows))
    must_equal(lake.raw([7], 0, 1 << 62), right(one))
    start, end = NOON + 5_000 * SECOND, NOON + 5_100 * SECOND
    inside = right(rows).where((right(rows).time >= start) & (right(rows).time < end))
    must_equal(lake.raw(everything, start, end), inside)
    must_equal(lake.last(everything), tops)
    lake.close()


@pytest.mark.parametrize("top", [1, 1_000, 65_536, 70_000, 2**31 - 1])
def test_the_order_by_tag_is_that_of_a_stable_sort(top):
    tag = np.random.default_rng(top).integers(0, top, 5_000, np.int32)
    np.testing.assert_array_equal(by_tag(tag), np.argsort(tag, kind="stable"))


def test_sources_are_merged_as_if_sorted_together():
    parts = [many(size, tags=9, seconds=50_000, seed=size) for size in (90_000, 150_000, 3, 1)]
    sources = [right(part) for part in parts]

    def groups(rows: Batch):
        for first in range(0, len(rows), 10_000):
            yield rows.slice(first, first + 10_000)

    blocks = list(merged([groups(rows) for rows in sources]))
    must_equal(Batch.concat(blocks), right(Batch.concat(parts)))
    assert all(len(block) % GROUP == 0 for block in blocks[:-1])


def test_rows_of_many_tags_are_those_of_each():
    rows = arranged(many(20_000, tags=300, seconds=1_000, seed=2))
    tags = np.arange(0, 300, 2, dtype=np.int32)
    start, end = NOON + 100 * SECOND, NOON + 900 * SECOND
    each = [rows_of(rows, tags[place : place + 1], start, end) for place in range(len(tags))]
    must_equal(rows_of(rows, tags, start, end), Batch.concat(each))


def test_a_slice_of_encoded_rows_decodes_to_that_slice():
    rows = many(1_000, tags=5, seconds=100, seed=4)
    encoded = encode(rows, 3)
    must_equal(decode(encoded.slice(123, 400)), rows.slice(123, 523))
