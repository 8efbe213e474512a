"""A history outlives kill -9, torn logs, flipped bytes and full disks; the rest always opens."""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from isthmus.historian.columns import settled
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId

WRITING = Path(__file__).with_name("writing.py")
spec = importlib.util.spec_from_file_location("writing", WRITING)
writing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(writing)
SETTINGS = writing.SETTINGS
NOON = 20_000 * DAY + DAY // 2


def opened(root: Path, settings: LakeSettings = SETTINGS) -> Lake:
    return Lake.open(root, now=lambda: Nanoseconds(NOON + 2 * DAY), settings=settings)


def fill(root: Path, seals: int, *, rows: int = 1_000) -> None:
    """Seal number n holds rows of value n at second n."""
    lake = opened(root, LakeSettings(reserve_bytes=0))
    for number in range(1, seals + 1):
        moment = Nanoseconds(NOON + number * SECOND)
        batch = Batch.of(np.arange(rows, dtype=np.int32), moment, np.full(rows, float(number)))
        lake.append(batch, stream="s", position=number)
        lake.seal()
    lake.close()


def files(root: Path) -> list[Path]:
    return sorted((root / "samples").glob("date=*/*.parquet"))


def entries(root: Path) -> list[Path]:
    return sorted((root / "samples" / "_delta_log").glob("*.json"))


def killed(root: Path, after: float, *way: str) -> int:
    """Run a writer, kill it, and tell the last position that it was told is durable."""
    with subprocess.Popen(
        [sys.executable, str(WRITING), str(root), *way], stdout=subprocess.PIPE
    ) as child:
        said = child.stdout.read(8)
        time.sleep(after)
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.read()
    whole = len(said) // 8 * 8
    return struct.unpack("<q", said[whole - 8 : whole])[0]


def must_hold(root: Path) -> int:
    """Check that exactly the frames up to the position are there, for us and for others."""
    lake = opened(root)
    try:
        position = lake.positions()["frames"]
        assert not lake.stats().damaged
        rows = lake.raw(list(range(100)), 0, 1 << 62)
        assert len(rows) == position * writing.ROWS
        each = float(writing.frame(0).value.sum())  # of frame n: n more in every row
        total = position * each + writing.ROWS * position * (position + 1) / 2
        assert rows.value.sum() == pytest.approx(total, rel=1e-12)
        last = lake.last(list(range(100)))
        assert (last.value == np.arange(100) / 1000 + position).all()
        events = lake.events(0, 1 << 62, limit=1_000_000)
        expected = [str(number) for number in range(10, position + 1, 10)]
        # an event may be durable before the position is: its replay is ignored
        assert [event.text for event in events][: len(expected)] == expected
        assert len({event.text for event in events}) == len(events)
    finally:
        lake.close()
    names = [uri.removeprefix("file://") for uri in DeltaTable(str(root / "samples")).file_uris()]
    ((others,),) = duckdb.sql(f"select count(*) from read_parquet({names})").fetchall()
    assert others == position * writing.ROWS
    return position


@pytest.mark.chaos
def test_killed_at_any_moment_it_loses_nothing_acknowledged_and_doubles_nothing(tmp_path):
    chance = random.Random(20_261_122)
    position = 0
    for _ in range(15):
        acknowledged = killed(tmp_path, chance.uniform(0.0, 0.7))
        held = must_hold(tmp_path)
        assert held >= acknowledged >= position
        position = held
    assert position > 15 * 20


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_killed_in_a_storm_of_threads_it_loses_nothing_and_replays_to_the_same(tmp_path):
    """Appending, sealing, merging, vacuum and names at once; each frame spoils the next one's."""
    chance = random.Random(20_261_126)
    for _ in range(4):
        acknowledged = killed(tmp_path, chance.uniform(0.2, 1.2), "storm")
        lake = opened(tmp_path)
        position = lake.positions().get("frames", 0)
        assert position >= acknowledged
        in_storm(lake, position)
        for number in range(position + 1, position + 8):  # what the stream replays
            lake.append(writing.stormy(number), stream="frames", position=number)
            lake.append(writing.stormy(number), stream="frames", position=number)
        lake.seal()
        in_storm(lake, position + 7)
        lake.close()
        reader = Reader.open(tmp_path)
        in_storm(reader, position + 7)
        assert set(reader.paths()) in (set(), set(range(100)))
        reader.close()


def in_storm(history: Lake | Reader, position: int) -> None:
    """Every sample of the frames is there once and right, and what was wrong of the next one."""
    rows = history.raw(list(range(100)), 0, 1 << 62)
    frames = [writing.frame(number) for number in range(1, position + 1)]
    coming = writing.frame(position + 1).slice(0, 50) if position else Batch.empty()
    wrong = Batch.of(coming.tag, coming.time, coming.value + 9_000)
    right = settled(Batch.concat([*frames, wrong]))
    for name in ("tag", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(right, name))
    table = history.sql("select count(*) n, sum(value) v from samples").to_pylist()[0]
    assert table["n"] == len(right)
    assert table["v"] == pytest.approx(right.value.sum())


@pytest.mark.parametrize("tear", ["empty", "half", "zeros"])
def test_a_torn_last_commit_is_named_and_the_stream_heals_it(tmp_path, tear):
    fill(tmp_path, 3)
    last = entries(tmp_path)[-1]
    size = last.stat().st_size
    last.write_bytes(
        {"empty": b"", "half": last.read_bytes()[: size // 2], "zeros": b"\0" * size}[tear]
    )
    lake = opened(tmp_path)
    assert lake.positions() == {"s": 2}
    assert [last.name in text for text in lake.stats().damaged] == [True]
    assert [path.name for path in (tmp_path / "quarantine").iterdir()] == [
        f"samples___delta_log__{last.name}"
    ]
    assert lake.last([TagId(5)]).value.tolist() == [2.0]
    lake.append(Batch.of([5], Nanoseconds(NOON + 3 * SECOND), [3.0]), stream="s", position=3)
    lake.seal()
    assert lake.raw([TagId(5)], 0, 1 << 62).value.tolist() == [1.0, 2.0, 3.0]
    lake.close()


def test_a_damaged_commit_in_the_middle_is_named_and_nothing_is_changed(tmp_path):
    fill(tmp_path, 3)
    middle = entries(tmp_path)[-2]
    middle.write_bytes(b"{")
    with pytest.raises(StorageError, match=f"{middle.name} is damaged") as caught:
        opened(tmp_path)
    assert "restore" in caught.value.hint
    assert middle.read_bytes() == b"{"


def test_a_torn_checkpoint_is_set_aside(tmp_path):
    fill(tmp_path, 2)
    lake = opened(tmp_path, LakeSettings(checkpoint_commits=1, reserve_bytes=0))
    lake.maintain()
    lake.close()
    (checkpoint,) = (tmp_path / "samples" / "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-40])
    lake = opened(tmp_path)
    assert lake.positions() == {"s": 2}
    assert any(checkpoint.name in text for text in lake.stats().damaged)
    assert lake.stats().rows == 2_000
    lake.close()


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_data_file_is_named_and_the_rest_is_answered(tmp_path, damage):
    fill(tmp_path, 3)
    victim = files(tmp_path)[1]
    if damage == "gone":
        victim.unlink()
    else:
        content = bytearray(victim.read_bytes())
        group = pq.ParquetFile(victim).metadata.row_group(0)
        content[group.column(1).data_page_offset + 40] ^= 0x10  # of the times, which all need
        victim.write_bytes(content if damage == "flipped" else content[:-100])
    lake = opened(tmp_path)
    assert lake.raw([TagId(5)], 0, 1 << 62).value.tolist() == [1.0, 3.0]
    assert any(victim.name in text for text in lake.stats().damaged)
    lake.maintain()
    assert lake.stats().rows == 2_000
    assert len(lake.stats().damaged) == 1
    assert not victim.exists()
    kept = [path.name for path in (tmp_path / "quarantine").iterdir()]
    assert [victim.name in name for name in kept] == ([] if damage == "gone" else [True])
    assert lake.sql("select count(*) n from samples").to_pylist() == [{"n": 2_000}]
    lake.close()


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_file_of_events_is_named_and_the_rest_is_answered(tmp_path, damage):
    lake = opened(tmp_path)
    for number in range(1, 6):
        event = Event(Nanoseconds(NOON + number), "line", "text", f"event {number}" * 30)
        lake.append_events([event], stream="s", position=number)
        lake.seal()
    lake.close()
    victim = sorted((tmp_path / "events").glob("date=*/*.parquet"))[2]
    content = bytearray(victim.read_bytes())
    content[len(content) // 8] ^= 0x10
    victim.write_bytes(content if damage == "flipped" else content[:-9])
    lake = opened(tmp_path)
    kept = ["event 1", "event 2", "event 4", "event 5"]
    assert [event.text[:7] for event in lake.events(0, 1 << 62)] == kept
    lake.maintain()
    assert [victim.name in text for text in lake.stats().damaged] == [True]
    lake.maintain()
    assert [event.text[:7] for event in lake.events(0, 1 << 62)] == kept
    lake.close()


def test_every_flipped_byte_of_a_data_file_is_found(tmp_path):
    """By the checksum in its name, wherever in the file it is."""
    fill(tmp_path, 1, rows=50)
    lake = opened(tmp_path)
    (file,) = lake.view().files
    path = tmp_path / "samples" / file.path
    right = path.read_bytes()
    segments = lake.view().segments
    assert segments.whole(file)
    for place in range(0, len(right), 37):
        path.write_bytes(right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :])
        assert not segments.whole(file)
    lake.close()


def test_lost_last_values_are_read_from_the_files(tmp_path):
    fill(tmp_path, 3)
    for content in (None, b"", b"not parquet"):
        (tmp_path / "last.parquet").unlink(missing_ok=True)
        if content is not None:
            (tmp_path / "last.parquet").write_bytes(content)
        lake = opened(tmp_path)
        assert lake.last([TagId(7), TagId(2)]).value.tolist() == [3.0, 3.0]
        assert lake.last([TagId(7), TagId(2)]).tag.tolist() == [7, 2]
        lake.close()


def test_a_disk_that_fills_up_while_sealing_is_a_state_and_passes(tmp_path):
    """The limit on file size fails a write in the middle of a file, as a full disk does."""
    lake = opened(tmp_path, LakeSettings(reserve_bytes=0, retry_age=0.0, seal_age=0.0))
    chance = np.random.default_rng(3)
    for number in (1, 2):
        lake.append(
            Batch.of(
                np.arange(50_000, dtype=np.int32), Nanoseconds(NOON + number), chance.random(50_000)
            ),
            stream="s",
            position=number,
        )
        if number == 1:
            lake.seal()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        assert lake.seal() is None
        assert lake.stats().state == "full"
        assert lake.positions() == {"s": 1}
        assert len(lake.raw(list(range(50_000)), 0, 1 << 62)) == 100_000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not list((tmp_path / "writing").iterdir())
    assert lake.due()
    assert lake.seal().rows == 50_000
    assert lake.positions() == {"s": 2}
    assert lake.stats().state == "up"
    lake.close()
    assert len(Reader.open(tmp_path).raw(list(range(50_000)), 0, 1 << 62)) == 100_000


@pytest.mark.chaos
def test_a_reader_beside_the_writer_sees_whole_seals_and_never_less_than_before(tmp_path):
    with subprocess.Popen(
        [sys.executable, str(WRITING), str(tmp_path)], stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout.read(8)
            reader, seen = Reader.open(tmp_path), []
            stop = time.monotonic() + 2.5
            while time.monotonic() < stop:
                rows = reader.raw(list(range(100)), 0, 1 << 62)
                assert len(rows) % (20 * writing.ROWS) == 0
                seen.append(len(rows))
                ((count,),) = (
                    row.values() for row in reader.sql("select count(*) from samples").to_pylist()
                )
                assert count % (20 * writing.ROWS) == 0
                assert count >= len(rows)
                assert len(reader.last(list(range(100)))) == 100
                time.sleep(0.05)
        finally:
            child.kill()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    reader.close()
