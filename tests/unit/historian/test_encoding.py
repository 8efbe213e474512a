"""Columns are packed as their data are smallest, and every Parquet reader reads them."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from isthmus.historian.columns import decode, settled
from isthmus.historian.delta import encoding
from isthmus.historian.delta.encoding import DELTA, DICTIONARY, MERGED, SEALED, SPLIT, options
from isthmus.historian.delta.parquet import write_samples
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.sample import Batch

NOON = 20_000 * DAY + DAY // 2
CHANCE = np.random.default_rng(5)


def rows(times: np.ndarray, values: np.ndarray, *, tags: int = 20) -> Batch:
    each = len(times) // tags
    tag = np.repeat(np.arange(tags, dtype=np.int32), each)
    return settled(Batch(tag, times, values, np.zeros(len(times), np.uint32)))


def polls(tags: int = 20, each: int = 2_000) -> np.ndarray:
    """One poll reads all tags at one moment, and no poll is quite on time."""
    moments = NOON + np.arange(each) * SECOND + CHANCE.integers(0, 900_000, each) * 1_000
    return np.tile(moments, tags)


def changes(tags: int = 20, each: int = 2_000) -> np.ndarray:
    """Each tag in its own time."""
    apart = NOON + np.arange(each) * SECOND + CHANCE.integers(0, 20, (tags, each)) * 1_000_000
    return apart.ravel()


WALK = np.round(np.cumsum(CHANCE.normal(0, 0.02, 40_000)), 3)
STEPS = CHANCE.choice(np.round(CHANCE.normal(0, 1e5, 7), 3), 40_000)
DOUBLES = CHANCE.normal(3_000, 0.001, 40_000)
FEW_DOUBLES = CHANCE.choice(CHANCE.normal(size=5), 40_000)


def packing(batch: Batch, name: str, level: int = MERGED) -> str:
    chosen = options(batch, level)
    return DICTIONARY if name in chosen["use_dictionary"] else chosen["column_encoding"][name]


def test_times_that_tags_share_are_a_dictionary_and_others_deltas():
    assert packing(rows(polls(), WALK), "time") == DICTIONARY
    assert packing(rows(changes(), WALK), "time") == DELTA


def test_values_that_repeat_are_a_dictionary_and_walks_deltas():
    assert packing(rows(changes(), WALK), "exact") == DELTA
    assert packing(rows(changes(), STEPS), "exact") == DICTIONARY


def test_true_doubles_are_split_and_few_of_them_a_dictionary():
    assert packing(rows(changes(), DOUBLES), "value") == SPLIT
    assert packing(rows(changes(), FEW_DOUBLES), "value") == DICTIONARY


@pytest.mark.parametrize("values", [WALK, STEPS, DOUBLES, FEW_DOUBLES])
@pytest.mark.parametrize("times", [polls(), changes()], ids=["polls", "changes"])
@pytest.mark.parametrize("turn", [0, 1])
def test_a_file_says_how_it_is_packed_and_gives_back_every_bit(tmp_path, times, values, turn):
    batch = rows(times, values)
    file = write_samples(tmp_path, tmp_path / "draft", [batch], date="d", seq=1, turn=turn)
    opened = pq.ParquetFile(tmp_path / file.path)
    chosen = options(batch, MERGED if turn else SEALED)
    for place in range(opened.metadata.num_columns):
        column = opened.metadata.row_group(0).column(place)
        wanted = chosen["column_encoding"].get(column.path_in_schema, DICTIONARY)
        assert wanted in column.encodings or not column.statistics.has_min_max
    back = decode(opened.read())
    for name in ("tag", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(back, name), getattr(batch, name))
    found = duckdb.sql(
        f"select count(*), sum(tag), sum(coalesce(value, exact::double))"
        f" from read_parquet('{tmp_path / file.path}')"
    ).fetchall()[0]
    assert found[:2] == (len(batch), int(batch.tag.sum()))
    assert found[2] == pytest.approx(batch.value.sum())


def test_a_merged_file_is_packed_tighter_than_a_sealed_one(tmp_path):
    batch = rows(changes(), WALK)
    sealed, merged = (
        write_samples(tmp_path, tmp_path / "draft", [batch], date="d", seq=1, turn=turn).size
        for turn in (0, 1)
    )
    assert merged < 0.95 * sealed


def test_what_is_chosen_is_never_larger_than_the_default(tmp_path, monkeypatch):
    for values in (WALK, STEPS, DOUBLES):
        for times in (polls(), changes()):
            batch = rows(times, values)
            chosen = write_samples(tmp_path, tmp_path / "a", [batch], date="d", seq=1, turn=1)
            with monkeypatch.context() as patch:
                fixed = {name: choices[:1] for name, choices in encoding.CHOICES.items()}
                patch.setattr(encoding, "CHOICES", fixed)
                default = write_samples(tmp_path, tmp_path / "b", [batch], date="d", seq=2, turn=1)
            assert chosen.size <= default.size * 1.01
