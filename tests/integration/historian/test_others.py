"""Other programs read our tables without our code, and see what we see."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.dataset import field

from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.manifest import DataFile, statistics
from isthmus.historian.settings import DAY, MINUTE, LakeSettings
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

NOON = 20_000 * DAY + DAY // 2
VALUE = "coalesce(value, cast(exact as double))"


@pytest.fixture
def lake(tmp_path):
    """Two days of five tags in several seals; tag 4 is 1/3 and so never a short decimal."""
    lake = Lake.open(
        tmp_path, now=lambda: Nanoseconds(NOON), settings=LakeSettings(reserve_bytes=0)
    )
    lake.write_tags((TagId(n), Tag(f"line/unit{n}/speed", unit="m/s")) for n in range(5))
    for seal in range(4):
        steps = np.arange(seal * 360, (seal + 1) * 360, dtype=np.int64)
        tag = np.tile(np.arange(5, dtype=np.int32), len(steps))
        time = NOON + np.repeat(steps, 5) * MINUTE
        value = np.round(np.sin(time / 1e13 + tag) * 80, 3)
        value[tag == 4] = value[tag == 4] / 3
        batch = Batch.of(tag, time, value, Status.UNCERTAIN if seal == 2 else Status.GOOD)
        events = [Event(Nanoseconds(NOON + seal * MINUTE), "line", "text", f"seal {seal}")]
        lake.append(batch, stream="s", position=seal + 1, events=events)
        lake.seal()
    yield lake
    lake.close()


def ours(lake) -> list[tuple[int, int, float, int]]:
    rows = lake.raw(list(range(5)), 0, 1 << 62)
    columns = (rows.tag, rows.time // 1000, rows.value, rows.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_duckdb_reads_the_files_that_the_delta_log_names(lake, tmp_path):
    names = [uri.removeprefix("file://") for uri in DeltaTable(tmp_path / "samples").file_uris()]
    query = f"""select tag, epoch_us(time), {VALUE}, status::bigint & 4294967295
                from read_parquet({names}) order by tag, time"""
    assert duckdb.execute(query).fetchall() == ours(lake)


def test_delta_readers_filter_by_statistics_and_lose_no_row(lake, tmp_path):
    dataset = DeltaTable(tmp_path / "samples").to_pyarrow_dataset()
    for first in range(0, 1_440, 97):
        low, high = (
            pa.scalar((NOON + minute * MINUTE) // 1000, pa.timestamp("us", "UTC"))
            for minute in (first, first + 60)
        )
        found = dataset.to_table(filter=(field("time") >= low) & (field("time") < high))
        assert found.num_rows == 5 * min(60, 1_440 - first)


@pytest.mark.peer
def test_polars_reads_the_table_and_joins_the_names(lake, tmp_path):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    samples = polars.scan_delta(str(tmp_path / "samples"))
    tags = polars.scan_delta(str(tmp_path / "tags"))
    value = polars.coalesce("value", polars.col("exact").cast(polars.Float64)).alias("v")
    table = samples.join(tags, on="tag").sort("tag", "time").select("path", "time", value)
    rows = table.collect().rows()
    right = ours(lake)
    assert [path for path, _, _ in rows] == [f"line/unit{tag}/speed" for tag, _, _, _ in right]
    assert [v for _, _, v in rows] == [v for _, _, v, _ in right]
    assert polars.scan_delta(str(tmp_path / "events")).sort("time").collect()["text"].to_list() == [
        f"seal {number}" for number in range(4)
    ]


def test_the_schema_of_the_files_is_the_documented_one(lake, tmp_path):
    for file in (tmp_path / "samples").glob("date=*/*.parquet"):
        metadata = pq.ParquetFile(file).metadata
        physical = {
            metadata.schema.column(n).name: metadata.schema.column(n).physical_type
            for n in range(7)
        }
        assert physical == {
            "tag": "INT32",
            "time": "INT64",
            "sub_ns": "INT32",
            "value": "DOUBLE",
            "exact": "INT64",
            "status": "INT32",
            "seq": "INT64",
        }
        packed = metadata.row_group(0).column(4)
        assert "DELTA_BINARY_PACKED" in packed.encodings


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.integers(-(1 << 61), 1 << 61)] * 2).map(sorted))
def test_statistics_never_exclude_a_time(times):
    """Delta's are in milliseconds: the least rounds down, the greatest up."""
    low, high = times
    written = json.loads(statistics(DataFile("x", 1, 2, times=(low, high))))
    least, most = (
        int(np.datetime64(written[side]["time"].removesuffix("Z"), "ns").astype(np.int64))
        for side in ("minValues", "maxValues")
    )
    assert low - 1_000_000 < least <= low
    assert high <= most < high + 1_000_000
