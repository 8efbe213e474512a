"""Old days move to a folder or to a bucket, are read as if they were here, and nothing is lost.

The bucket is one of moto's: a mock of S3, spoken to over HTTP on the loopback.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deltalake import DeltaTable

from isthmus.historian.backup.document import newest
from isthmus.historian.backup.make import Source, back_up
from isthmus.historian.backup.restore import restore
from isthmus.historian.backup.verify import verify
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.disk import usage
from isthmus.historian.keep.place import Target, place
from isthmus.historian.keep.retention import Retention
from isthmus.historian.keep.tier import storage_options
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.secret import Secret
from isthmus.model.tag import Tag

TODAY, ROWS = 20_000, 400
NOON = TODAY * DAY + DAY // 2
TAGS = [(TagId(n), Tag(path)) for n, path in enumerate(("a/fast", "a/slow"))]
ALL = "select tag, time, value, quality from samples order by tag, time"
EVER = Nanoseconds(0), Nanoseconds(1 << 62)


@pytest.fixture(scope="module")
def moto():
    """The address of moto's S3 server, with the bucket `plant`."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    boto3 = pytest.importorskip("boto3")
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {"ARCHIVE_KEY": "the-key", "ARCHIVE_SECRET": "hush-hush"}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="the-key",
        aws_secret_access_key="hush-hush",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="plant")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3 of moto"])
def target(request, tmp_path) -> Target:
    """A place for the archive."""
    if request.param == "folder":
        return Target(str(tmp_path / "nas"))
    return Target(
        f"s3://plant/{tmp_path.name}",
        request.getfixturevalue("moto"),
        "",
        Secret(env="ARCHIVE_KEY"),
        Secret(env="ARCHIVE_SECRET"),
    )


def lake_at(root: Path, target: Target, *, after: int = 0, retention=None, **more) -> Lake:
    settings = LakeSettings(
        reserve_bytes=0,
        merge_pause=0,
        archive=ArchivePlan(target, after, more.pop("cache", 1 << 30)),
        retention=retention or Retention(),
        **more,
    )
    lake = Lake.open(root, now=lambda: Nanoseconds(NOON), settings=settings)
    lake.write_tags(TAGS)
    return lake


def fill(lake: Lake, ages) -> None:
    """Two tags of each of the days so long ago."""
    for position, age in enumerate(ages, lake.positions().get("s", 0) + 1):
        time = (TODAY - age) * DAY + np.arange(2 * ROWS) * 1_000_000
        tags = np.tile(np.arange(2, dtype=np.int32), ROWS)
        value = np.random.default_rng(age).normal(size=2 * ROWS)
        lake.append(Batch.of(tags, time, value), stream="s", position=position)
        assert lake.seal() is not None


def held(lake: Lake | Reader) -> tuple:
    rows = lake.raw([TagId(0), TagId(1)], *EVER)
    return rows.tag.tolist(), rows.time.tolist(), rows.value.tolist()


def lies(target: Target) -> DeltaTable:
    there = target.below("samples")
    return DeltaTable(there.to, storage_options=storage_options(there))


def forgotten(lake: Lake, root: Path) -> None:
    """Delete what the table here names no more, as clean-up does a day later."""
    lake.close()
    live = {Path(uri).name for uri in DeltaTable(root / "samples").file_uris()}
    for path in (root / "samples").rglob("date=*/*.parquet"):
        if path.name not in live:
            path.unlink()


def test_old_days_move_and_every_question_has_the_same_answer(tmp_path, target):
    root = tmp_path / "history"
    lake = lake_at(root, target, after=2 * DAY)
    fill(lake, [9, 6, 3, 2, 1, 0])
    before, answer = held(lake), lake.sql(ALL)
    assert lake.move_old() == 3
    assert lake.move_old() == 0
    stats = lake.stats()
    assert (stats.rows, stats.kept.archived_rows) == (6 * 2 * ROWS, 3 * 2 * ROWS)
    assert held(lake) == before
    assert (
        sum(lies(target).get_add_actions(flatten=True)["num_records"].to_pylist()) == 3 * 2 * ROWS
    )
    forgotten(lake, root)
    lake = lake_at(root, target, after=2 * DAY)
    assert held(lake) == before, "now fetched"
    assert lake.sql(ALL).equals(answer)
    trend = lake.trend([TagId(0)], Nanoseconds((TODAY - 10) * DAY), Nanoseconds(NOON), 50)
    assert trend[TagId(0)].samples == 6 * ROWS
    time = Nanoseconds((TODAY - 8) * DAY)
    assert len(lake.before([TagId(0)], time)) == 1
    lake.close()
    reader = Reader(root)
    assert held(reader) == before
    assert reader.sql(ALL).equals(answer)
    reader.verify(1 << 40)
    assert reader.damage.told() == ()


def test_with_no_age_at_all_only_today_stays_here(tmp_path, target):
    lake = lake_at(tmp_path / "history", target)
    fill(lake, [5, 4, 3, 2, 1, 0])
    before = held(lake)
    assert lake.move_old() == 5
    here = DeltaTable(tmp_path / "history" / "samples").file_uris()
    assert len(here) == 1
    late = Nanoseconds((TODAY - 4) * DAY + 1_000_000)  # a correction of an archived sample
    lake.append(Batch.of([1], late, [7.5]), stream="s", position=99)
    assert lake.raw([TagId(1)], late, late + 1).value.tolist() == [7.5]
    lake.seal()
    for _ in range(2):
        assert lake.raw([TagId(1)], late, late + 1).value.tolist() == [7.5]
        rows = lake.sql(
            f"select value from samples where tag = 1 and epoch_us(time) = {late // 1000}"
        )
        assert rows.to_pylist() == [{"value": 7.5}]
        assert len(held(lake)[0]) == len(before[0])
        lake.move_old()
    lake.close()


def test_a_query_of_young_samples_leaves_the_archive_alone(tmp_path, target):
    root = tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, [5, 4, 0])
    lake.move_old()
    forgotten(lake, root)
    lake = lake_at(root, target)
    young = lake.sql(
        f"select count(*) as n from samples where time >= to_timestamp({(TODAY - 1) * 86_400})"
    )
    assert young.to_pylist() == [{"n": 2 * ROWS}]
    assert list((root / "cache").rglob("*.parquet")) == []
    old = f"select count(*) as n from samples where time < to_timestamp({(TODAY - 4) * 86_400})"
    assert lake.sql(old).to_pylist() == [{"n": 2 * ROWS}]
    assert len(list((root / "cache").rglob("*.parquet"))) == 1
    lake.close()


def test_the_cache_is_bounded_and_what_was_read_last_stays(tmp_path, target):
    root = tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, range(9, -1, -1))
    lake.move_old()
    most = 3 * max(file.size for file in lake.view().files)
    before = held(lake)
    forgotten(lake, root)
    lake = lake_at(root, target, cache=most, open_files=1, cache_bytes=0)
    for _ in range(2):
        assert held(lake) == before
        assert sum(p.stat().st_size for p in (root / "cache").rglob("*.parquet")) <= most
    lake.close()


def test_a_store_that_is_away_is_an_error_of_old_questions_and_stops_nothing_else(tmp_path, caplog):
    target = Target(str(tmp_path / "nas"))
    root = tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, [5, 4, 0])
    lake.move_old()
    forgotten(lake, root)
    shutil.move(tmp_path / "nas", tmp_path / "unplugged")
    (tmp_path / "nas").write_text("no folder")
    lake = lake_at(root, target)
    with pytest.raises(StorageError, match=r"reading 2024-09-29 from the archive: reading .*nas"):
        held(lake)
    with pytest.raises(StorageError, match="from the archive"):
        lake.sql(ALL)
    assert len(lake.raw([TagId(0)], Nanoseconds((TODAY - 1) * DAY), EVER[1])) == ROWS
    fill(lake, [3, 2])
    assert lake.move_old() == 0
    assert lake.move_old() == 0
    assert lake.stats().kept.archive_trouble
    assert caplog.text.count("history stays here meanwhile") == 1
    assert lake.stats().damaged == ()
    (tmp_path / "nas").unlink()
    shutil.move(tmp_path / "unplugged", tmp_path / "nas")
    assert lake.move_old() == 2
    assert lake.stats().kept.archive_trouble == ""
    assert len(held(lake)[0]) == 5 * 2 * ROWS
    lake.close()


def test_a_damaged_archived_file_is_named_and_never_answered_from(tmp_path):
    target, root = Target(str(tmp_path / "nas")), tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, [5, 0])
    lake.move_old()
    forgotten(lake, root)
    victim = next((tmp_path / "nas").rglob("date=*/*.parquet"))
    raw = bytearray(victim.read_bytes())
    raw[len(raw) // 2] ^= 1
    victim.write_bytes(raw)
    lake = lake_at(root, target)
    with pytest.raises(StorageError, match=f"{victim.name} in the archive is not what was written"):
        held(lake)
    lake.close()


def test_archived_days_and_tags_pass_their_rules_as_well(tmp_path, target):
    root = tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, [40, 12, 3, 0])
    lake.move_old()
    lake.close()
    kept = Retention.of(
        {"keep": {"raw": 30 * 86_400.0}, "keep_where": [{"where": "a/fast", "raw": 10 * 86_400.0}]}
    )
    lake = lake_at(root, target, retention=kept)
    lake.maintain()
    lake.move_old()
    days = {
        tag: sorted({TODAY - t // DAY for t in lake.raw([tag], *EVER).time.tolist()})
        for tag in (0, 1)
    }
    assert days == {0: [0, 3], 1: [0, 3, 12]}
    assert lake.stats().kept.expired.rows == 3 * ROWS
    names = {name for name in place(target).files("samples") if name.endswith(".parquet")}
    assert len([name for name in names if "date=" in name]) == 2, "their bytes went, too"
    lake.move_old()
    assert lake.stats().kept.expired.rows == 3 * ROWS
    lake.close()


def test_for_want_of_space_days_go_to_the_archive_before_their_time(tmp_path):
    target, root = Target(str(tmp_path / "nas")), tmp_path / "history"
    lake = lake_at(root, target, after=90 * DAY)
    fill(lake, range(9, -1, -1))
    before = held(lake)
    lake.close()
    for path in root.rglob("*.parquet"):
        os.utime(path, (1.0, 1.0))
    limit = usage(root).total - 1
    lake = lake_at(root, target, after=90 * DAY, retention=Retention(disk=limit, drop_oldest=True))
    lake.maintain()
    assert lake.move_old() > 0
    lake.maintain()
    assert usage(root).total < limit
    assert lake.stats().kept.dropped.rows == 0
    assert held(lake) == before
    lake.close()


def test_a_backup_beside_an_archive_brings_back_both(tmp_path):
    data = tmp_path / "data"
    target = Target(str(data / "archive"))  # beside the history: it is not copied
    lake = lake_at(data / "history", target)
    fill(lake, [5, 4, 0])
    lake.move_old()
    before = held(lake)
    lake.close()
    store = place(Target(str(tmp_path / "backup")))
    made = back_up(Source(data, data / "history"), store)
    assert [thing.path for thing in made.backup.things] == [
        "history/archive.json",
    ]
    restore(store, newest(store), tmp_path / "new")
    assert held(Reader(tmp_path / "new" / "history")) == before


def test_a_backup_to_a_bucket_is_whole_and_tells_no_secret(tmp_path, moto, caplog):
    target = Target(
        f"s3://plant/{tmp_path.name}",
        moto,
        "",
        Secret(env="ARCHIVE_KEY"),
        Secret(env="ARCHIVE_SECRET"),
    )
    lake = lake_at(tmp_path / "data" / "history", Target(str(tmp_path / "nas")), after=90 * DAY)
    fill(lake, [5, 4, 0])
    before = held(lake)
    lake.close()
    made = back_up(Source(tmp_path / "data", tmp_path / "data" / "history"), place(target), keep=3)
    again = back_up(Source(tmp_path / "data", tmp_path / "data" / "history"), place(target), keep=1)
    assert (again.copied_files, again.pruned) == (0, 1)
    assert verify(place(target), newest(place(target))).damaged == ()
    restore(place(target), made.backup, tmp_path / "new")
    assert held(Reader(tmp_path / "new" / "history")) == before
    wrong = replace(target, to="s3://no-such-bucket/x")
    with pytest.raises(StorageError) as told:
        back_up(Source(tmp_path / "data", tmp_path / "data" / "history"), place(wrong))
    assert "no-such-bucket" in str(told.value)
    assert "hush-hush" not in f"{told.value}{caplog.text}{target}"
    with pytest.raises(StorageError, match="a key without its secret"):
        place(replace(target, secret=None))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
import test_archive as t
from isthmus.historian.keep import tier
where, root, nas = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
lake = t.lake_at(Path(root), t.Target(nas))
store = lake._store
if where == "copied":
    tier.Tier._move = die
elif where == "committed there":
    store.segments.archived.write = die
elif where == "noted here":
    store.drop = die
elif where == "half copied":
    real = tier.file_pieces
    def some(path):
        yield path.read_bytes()[:100]
        die()
    tier.file_pieces = some
lake.move_old()
"""


@pytest.mark.parametrize("where", ["half copied", "copied", "committed there", "noted here"])
@pytest.mark.parametrize("merged", [False, True])
def test_killed_anywhere_the_next_round_goes_on(tmp_path, where, merged):
    target, root = Target(str(tmp_path / "nas")), tmp_path / "history"
    lake = lake_at(root, target)
    fill(lake, [5, 5, 5, 4, 0])
    before = held(lake)
    lake.close()
    words = [where, str(root), str(tmp_path / "nas")]
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(here=str(Path(__file__).parent)), *words], check=False
    )
    assert done.returncode == -signal.SIGKILL
    reader = Reader(root)
    assert held(reader) == before
    lake = lake_at(root, target, merge_files=2)
    assert held(lake) == before
    if merged:
        lake.maintain()
        assert held(lake) == before
    lake.move_old()
    assert held(lake) == before
    count = lake.sql(
        "select count(*) as n, count(distinct (tag, time)) as d from samples"
    ).to_pylist()
    assert count == [{"n": len(before[0]), "d": len(before[0])}]
    paths = {file.path for file in lake.view().files if file.date != "2024-10-04"}
    assert {uri.partition("samples/")[2] for uri in lies(target).file_uris()} == paths
    lake.close()
