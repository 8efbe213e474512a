"""Bytes that rot while the site runs are found, told once, left out and set aside."""

from __future__ import annotations

import contextlib
import os
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.errors import Refused, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

SETTINGS = LakeSettings(reserve_bytes=0)
NOON = 20_000 * DAY + DAY // 2
SUM = "select count(*) n, sum(value) v from samples"


def opened(root: Path, settings: LakeSettings = SETTINGS) -> Lake:
    return Lake.open(root, now=lambda: Nanoseconds(NOON + DAY // 2), settings=settings)


def fill(root: Path, seals: int, *, rows: int = 1_000) -> None:
    """Seal number n holds rows of value n at second n."""
    lake = opened(root)
    for number in range(1, seals + 1):
        moment = Nanoseconds(NOON + number * SECOND)
        batch = Batch.of(np.arange(rows, dtype=np.int32), moment, np.full(rows, float(number)))
        lake.append(batch, stream="s", position=number)
        lake.seal()
    lake.close()


def files(root: Path) -> list[Path]:
    return sorted((root / "samples").glob("date=*/*.parquet"))


def spoil(victim: Path) -> None:
    """Make the first page unreadable to whoever needs it, and leave the rest."""
    content = bytearray(victim.read_bytes())
    for place in range(30, len(content) - 400, 40):
        content[place] ^= 0x55
    victim.write_bytes(content)


def test_sql_leaves_out_a_file_that_rots_while_the_site_runs(tmp_path, caplog):
    fill(tmp_path, 3)
    lake = opened(tmp_path)
    victim = files(tmp_path)[1]
    spoil(victim)
    for _ in range(2):
        assert lake.sql(SUM).to_pylist() == [{"n": 2_000, "v": 4_000.0}]
    assert [victim.name in text for text in lake.stats().damaged] == [True]
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [victim.name in text and "2024-10-04T12:00:02Z" in text for text in told] == [True]
    assert victim.exists(), "a query moves nothing"
    lake.maintain()
    assert not victim.exists()
    assert [victim.name in path.name for path in (tmp_path / "quarantine").iterdir()] == [True]
    assert lake.sql(SUM).to_pylist() == [{"n": 2_000, "v": 4_000.0}]
    assert lake.stats().rows == 2_000
    assert len(lake.stats().damaged) == 1
    lake.close()


@pytest.mark.parametrize("damage", ["spoilt", "cut", "empty", "gone"])
def test_a_reader_leaves_out_what_is_damaged_and_tells_it(tmp_path, caplog, damage):
    fill(tmp_path, 3)
    victim = files(tmp_path)[1]
    if damage == "spoilt":
        spoil(victim)
    elif damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-100] if damage == "cut" else b"")
    left = victim.exists()
    reader = Reader.open(tmp_path)
    assert reader.sql(SUM).to_pylist() == [{"n": 2_000, "v": 4_000.0}]
    assert reader.raw([TagId(5)], 0, 1 << 62).value.tolist() == [1.0, 3.0]
    (told,) = reader.damage.told()
    assert victim.name in told
    assert [victim.name in text for text in caplog.messages] == [True]
    assert victim.exists() == left
    assert not (tmp_path / "quarantine").exists()


@pytest.mark.parametrize("table", ["events", "tags"])
def test_sql_leaves_out_damaged_events_and_names(tmp_path, table):
    lake = opened(tmp_path)
    event = Event(Nanoseconds(NOON), "line", "text", "x" * 900)
    lake.append(Batch.of([TagId(1)], Nanoseconds(NOON), [2.0]), stream="s", position=1)
    lake.append_events([event], stream="s", position=2)
    lake.seal()
    lake.write_tags([(TagId(1), Tag("line/a"))])
    (victim,) = (tmp_path / table).glob("**/0*.parquet")
    spoil(victim)
    query = "select value, path, (select count(*) from events) n from samples"
    row = {"value": 2.0, "path": "line/a", "n": 1}
    row |= {"n": 0} if table == "events" else {"path": None}
    assert lake.sql(query).to_pylist() == [row]
    assert [victim.name in text for text in lake.stats().damaged] == [True]
    lake.write_tags([(TagId(1), Tag("line/a"))])
    lake.maintain()
    assert lake.sql(query).to_pylist() == [row | {"path": "line/a"}]
    lake.close()


def test_a_damaged_tag_table_is_written_anew(tmp_path):
    lake = opened(tmp_path)
    lake.write_tags([(TagId(1), Tag("line/a"))])
    lake.close()
    (victim,) = (tmp_path / "tags").glob("0*.parquet")
    spoil(victim)
    lake = opened(tmp_path)
    lake.write_tags([(TagId(1), Tag("line/a"))])
    assert Reader.open(tmp_path).paths() == {1: "line/a"}
    lake.close()


def test_maintenance_finds_rot_that_nobody_asked_for(tmp_path):
    """One file a round: after as many rounds as there are files, each was compared."""
    fill(tmp_path, 3)
    lake = opened(tmp_path, replace(SETTINGS, verify_bytes=1, merge_files=9, merge_pause=9 * DAY))
    victim = files(tmp_path)[2]
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1  # of the closing magic bytes: an open reader does not look there again
    for _ in range(3):
        lake.maintain()
    assert lake.stats().damaged == ()
    victim.write_bytes(content)
    found = []
    for _ in range(3):
        lake.maintain()
        found.append(len(lake.stats().damaged))
    assert found == [0, 0, 1]
    assert not victim.exists()
    assert lake.stats().rows == 2_000
    lake.close()


def test_a_file_set_aside_at_the_start_is_told_with_its_times(tmp_path, caplog):
    fill(tmp_path, 3)
    victim = files(tmp_path)[1]
    victim.write_bytes(victim.read_bytes()[:-100])
    opened(tmp_path).close()
    (told,) = caplog.messages
    assert victim.name in told
    assert "2024-10-04T12:00:02Z" in told


def test_what_this_process_cannot_read_just_now_is_not_damaged(tmp_path):
    """No file can be opened: no reason to take one out of history."""
    fill(tmp_path, 2)
    lake = opened(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while len(taken) <= highest:  # whatever numbers are free below the limit
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(StorageError, match="Too many open files"):
            lake.raw([TagId(5)], 0, 1 << 62)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for handle in taken:
            os.close(handle)
    assert not lake.damage
    assert lake.raw([TagId(5)], 0, 1 << 62).value.tolist() == [1.0, 2.0]
    lake.close()


def test_a_mistake_in_a_query_suspects_no_file(tmp_path):
    fill(tmp_path, 1)
    with pytest.raises(Refused, match="nothing_known"):
        Reader.open(tmp_path).sql("select nothing_known from samples")
    with pytest.raises(Refused, match="Could not convert"):
        Reader.open(tmp_path).sql("select 'x'::int from samples")
