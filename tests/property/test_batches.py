"""Batches against plain lists of rows."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.columns import arranged, joined, settled
from isthmus.model.sample import Batch, Status

rows = st.tuples(
    st.integers(0, 5),
    st.integers(-5, 5) | st.integers(-(2**62), 2**62),
    st.floats(allow_nan=True),
    st.sampled_from([0, 0x0030_0000, 0x4090_0000, 0x8031_0000, 0xFFFF_FFFF]),
)
tables = st.lists(rows, max_size=40)


def batch(table) -> Batch:
    tag, time, value, quality = zip(*table, strict=True) if table else ((), (), (), ())
    return Batch(
        np.array(tag, np.int32),
        np.array(time, np.int64),
        np.array(value, np.float64),
        np.array(quality, np.uint32),
    )


def rows_of(made: Batch) -> list[tuple[object, ...]]:
    columns = (made.tag.tolist(), made.time.tolist(), made.value.tolist(), made.quality.tolist())
    return [
        (tag, time, "nan" if math.isnan(value) else value, quality)
        for tag, time, value, quality in zip(*columns, strict=True)
    ]


def plain(table):
    return [(a, b, "nan" if math.isnan(c) else c, d) for a, b, c, d in table]


@given(st.lists(tables, max_size=4))
def test_concat_is_all_rows_in_order(several):
    made = Batch.concat([batch(table) for table in several])
    assert rows_of(made) == plain([row for table in several for row in table])
    assert (made.tag.dtype, made.time.dtype) == (np.int32, np.int64)
    assert (made.value.dtype, made.quality.dtype) == (np.float64, np.uint32)


@given(tables, st.randoms(use_true_random=False))
def test_where_keeps_marked_rows(table, random):
    mask = [random.random() < 0.5 for _ in table]
    kept = [row for row, keep in zip(table, mask, strict=True) if keep]
    assert rows_of(batch(table).where(np.array(mask, bool))) == plain(kept)


@given(tables)
def test_latest_is_the_last_of_the_greatest_time(table):
    last: dict[int, tuple[int, int, float, int]] = {}
    for row in table:
        if row[0] not in last or row[1] >= last[row[0]][1]:
            last[row[0]] = row
    assert rows_of(batch(table).latest()) == plain([last[tag] for tag in sorted(last)])


@given(tables)
def test_good_is_severity_zero(table):
    assert rows_of(batch(table).good()) == plain([row for row in table if row[3] >> 30 == 0])


@given(tables, st.integers(0, 50), st.integers(0, 50))
def test_a_slice_is_a_slice(table, start, stop):
    assert rows_of(batch(table).slice(start, stop)) == plain(table[start:stop])


@given(st.integers(0, 2**32 - 1))
def test_every_status_has_a_word(code):
    word = Status.word(code)
    assert word.startswith(("Good", "Uncertain", "Bad"))
    assert word.startswith("Good") is (code >> 30 == 0)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 120), st.integers(0, 4)), max_size=5))
def test_parts_are_joined_as_if_all_were_sorted(made):
    """Of parts that follow each other, and of parts that overlap; the later one holds."""
    parts = []
    for number, (start, size, tag) in enumerate(made):
        time = np.tile(np.arange(start, start + size, dtype=np.int64), 2)
        tags = np.repeat(np.array([tag, tag + 1], np.int32), size)
        parts.append(arranged(Batch.of(tags, time, np.full(2 * size, float(number)))))
    assert rows_of(joined(parts)) == rows_of(settled(Batch.concat(parts)))
