"""Retention and the disk's bound at work in a lake."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep import ledger
from isthmus.historian.keep.disk import usage
from isthmus.historian.keep.pin import pinned
from isthmus.historian.keep.retention import Retention
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.event import Event
from isthmus.model.plantfile_history import HistoryEntry
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

TODAY = 20_000
NOON = TODAY * DAY + DAY // 2
TAGS = [(TagId(n), Tag(path)) for n, path in enumerate(("a/fast", "a/slow", "b/fast"))]
KEEP = Retention.of(
    {
        "keep": {"raw": 30 * 86_400.0, "events": 5 * 86_400.0},
        "keep_where": [{"where": ["**/fast"], "raw": 10 * 86_400.0}],
    }
)


def lake_at(tmp_path, retention=KEEP, **more) -> Lake:
    settings = LakeSettings(reserve_bytes=0, merge_pause=0, retention=retention, **more)
    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(NOON), settings=settings)
    lake.write_tags(TAGS)
    return lake


def fill(lake: Lake, ages: list[int], *, rows: int = 50) -> None:
    """Samples and an event of each of the days so long ago."""
    rng = np.random.default_rng(7)
    for position, age in enumerate(ages, lake.positions().get("s", 0) + 1):
        time = (TODAY - age) * DAY + np.arange(rows * len(TAGS)) * 1_000_000
        tags = np.tile(np.arange(len(TAGS), dtype=np.int32), rows)
        batch = Batch.of(tags, time, rng.normal(size=len(tags)))
        event = Event(Nanoseconds((TODAY - age) * DAY), "a", "text", f"{age}")
        lake.append(batch, stream="s", position=position, events=[event])
        assert lake.seal() is not None


def ages_of(lake: Lake | Reader, tag: int) -> list[int]:
    found = lake.raw([TagId(tag)], Nanoseconds(0), Nanoseconds(1 << 62))
    return sorted({TODAY - day for day in (found.time // DAY).tolist()})


def test_days_go_by_rule_and_by_equipment_and_the_rest_stays_to_the_row(tmp_path):
    lake = lake_at(tmp_path)
    ages = [40, 31, 30, 29, 12, 11, 10, 9, 3, 0]
    fill(lake, ages)
    before = lake.raw([TagId(1)], Nanoseconds((TODAY - 29) * DAY), Nanoseconds(NOON))
    lake.maintain()
    assert ages_of(lake, 1) == [0, 3, 9, 10, 11, 12, 29, 30]
    assert ages_of(lake, 0) == ages_of(lake, 2) == [0, 3, 9, 10]
    after = lake.raw([TagId(1)], Nanoseconds((TODAY - 29) * DAY), Nanoseconds(NOON))
    assert after.value.tobytes() == before.value.tobytes()
    assert sorted(int(e.text) for e in lake.events(0, NOON)) == [0, 3]
    kept = lake.stats().kept
    assert kept.expired.rows == 2 * 150 + 4 * 100 + 8, "two whole days, two tags of four, events"
    assert kept.rules == {
        "raw": "30 days",
        "minutes": "for ever",
        "hours": "for ever",
        "events": "5 days",
        "**/fast": "10 days",
    }
    assert lake.positions() == {"s": len(ages)}
    lake.close()
    reader = Reader(tmp_path / "history")
    assert ages_of(reader, 0) == [0, 3, 9, 10]
    assert ledger.kept(tmp_path / "history").expired.rows == kept.expired.rows


def test_roll_ups_outlive_their_samples_and_go_by_rules_of_their_own(tmp_path):
    def months(lake: Lake) -> set[str]:
        return {file.date[:7] for file in lake._store.rollups[0].files if file.rows}

    lake = lake_at(tmp_path, Retention(hours=DAY))
    fill(lake, [45, 35, 25, 5])
    for _ in range(2):
        lake.maintain()
        assert months(lake) == {"2024-08", "2024-09"}, "never gone before their samples"
    lake.close()
    lake = lake_at(tmp_path, Retention(raw=20 * DAY, hours=40 * DAY))
    lake.maintain()
    assert ages_of(lake, 1) == [5]
    assert months(lake) == {"2024-08", "2024-09"}
    lake.close()
    lake = lake_at(tmp_path, Retention(raw=20 * DAY, hours=30 * DAY))
    for _ in range(2):
        lake.maintain()
        assert months(lake) == {"2024-09"}
    lake.close()


def test_a_file_is_rewritten_once_also_after_a_restart(tmp_path):
    lake = lake_at(tmp_path)
    fill(lake, [12, 0])
    lake.maintain()
    files = {file.path for file in lake.view().files}
    lake.maintain()
    lake.close()
    lake = lake_at(tmp_path)
    lake.maintain()
    assert {file.path for file in lake.view().files} == files
    assert lake.stats().kept.expired.rows == 101
    (tmp_path / "history" / "keep.json").write_bytes(b"\x00 torn")
    lake.close()
    lake = lake_at(tmp_path)
    lake.maintain()
    assert {file.path for file in lake.view().files} == files, "looked through again, not written"
    lake.close()


def test_nothing_goes_before_the_tags_have_names(tmp_path):
    settings = LakeSettings(reserve_bytes=0, retention=KEEP)
    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(NOON), settings=settings)
    fill(lake, [40])
    lake.maintain()
    assert ages_of(lake, 0) == [40]
    lake.close()


def test_a_correction_of_a_day_that_lost_tags_still_wins(tmp_path):
    lake = lake_at(tmp_path)
    fill(lake, [12])
    time = Nanoseconds((TODAY - 12) * DAY + 1_000_000)
    lake.append(Batch.of([1], time, [-5.0]), stream="s", position=2)
    lake.seal()
    lake.maintain()
    assert lake.raw([TagId(1)], time, time + 1).value.tolist() == [-5.0]
    found = lake.sql(f"select value from samples where tag = 1 and epoch_us(time) = {time // 1000}")
    assert found.to_pylist() == [{"value": -5.0}]
    lake.close()


def test_the_limit_of_the_plant_file_holds_and_says_so(tmp_path):
    limit = 1_500_000
    lake = lake_at(tmp_path, Retention(disk=limit), retry_age=0.0)
    rng = np.random.default_rng(7)
    for position in range(1, 60):
        rows = 20_000
        time = NOON - DAY + position * 10**9 + np.arange(rows)
        batch = Batch.of(np.zeros(rows, np.int32), time, rng.normal(size=rows))
        lake.append(batch, stream="s", position=position)
        done = lake.seal()
        lake.maintain()
        assert usage(tmp_path / "history").total <= limit
        if done is None:
            break
    stats = lake.stats()
    assert stats.state == "full"
    assert "of the 1.5 MB that `history: {disk}` allows, sealing needs" in stats.why
    assert str(stats.kept.forecast).startswith(("full", "too early"))
    read = lake.raw([TagId(0)], Nanoseconds(0), Nanoseconds(1 << 62))
    assert len(read) == position * 20_000, "what is not sealed is still readable"
    lake.close()


def test_the_oldest_days_go_for_want_of_space_only_where_that_is_said(tmp_path, caplog):
    asked = Retention(disk=1 << 20, drop_oldest=True, least=3 * DAY)
    lake = lake_at(tmp_path, replace(asked, disk=1 << 40))
    fill(lake, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], rows=3_000)
    lake.maintain()
    assert ages_of(lake, 0)[-1] == 9
    lake.close()
    lake = lake_at(tmp_path, replace(asked, drop_oldest=False))
    lake.maintain()
    assert ages_of(lake, 0)[-1] == 9
    lake.close()

    for path in (tmp_path / "history").rglob("*.parquet"):  # as if written an hour ago
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3_600))
    lake = lake_at(tmp_path, replace(asked, disk=400_000))
    lake.maintain()
    assert ages_of(lake, 0) == [0, 1, 2, 3], "none younger than `least`"
    old = lake.stats().kept.dropped
    assert old.rows == 6 * 9_000
    assert "`when_full: drop-oldest`" in caplog.text
    lake.close()


def test_files_that_no_table_names_go_when_the_disk_is_tight_but_not_under_a_pin(tmp_path):
    lake = lake_at(tmp_path, Retention(disk=1), merge_files=2)
    samples = tmp_path / "history" / "samples"
    astray = samples / "date=2024-01-01" / "000000000001-000000-deadbeef.parquet"
    astray.parent.mkdir()
    astray.write_bytes(b"x" * 9_000)
    os.utime(astray, (1.0, 1.0))
    fresh = astray.with_name("000000000002-000000-deadbeef.parquet")
    fresh.write_bytes(b"x")
    with pinned(tmp_path / "history"):
        lake.maintain()
        assert astray.exists()
    lake.maintain()
    assert not astray.exists()
    assert fresh.exists(), "it may be about to be committed"
    lake.close()


def test_what_the_plant_file_says_is_what_is_kept():
    entry = HistoryEntry.model_validate(
        {
            "keep": {"raw": "400 d", "minutes": "10 y", "hours": "20 y", "events": "10 y"},
            "keep_where": [{"where": "acme/riverside/packaging/**", "raw": "30 d"}],
            "disk": "200 GB",
            "when_full": "drop-oldest",
        }
    )
    dumped = entry.model_dump(by_alias=True, exclude_none=True)
    found = Retention.of(dumped, root="acme/riverside")
    assert (found.raw, found.minutes) == (400 * DAY, round(3652.5 * DAY))
    assert (found.disk, found.drop_oldest, found.least) == (200 * 10**9, True, 7 * DAY)
    assert found.age("packaging/line1/speed") == 30 * DAY
    assert found.age("utilities/air") == 400 * DAY
    assert json.dumps(dumped)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"keep_where": [{"where": "a/**b", "raw": "1 d"}]}, "stands alone"),
        ({"keep_where": [{"where": "a"}]}, "raw"),
        ({"keep": {"raw": "400"}}, "no unit"),
        ({"keep": {"raw": "0 d"}}, "greater than 0"),
        ({"when_full": "forget"}, "drop-oldest"),
    ],
)
def test_a_rule_that_cannot_be_is_a_mistake(entry, word):
    with pytest.raises(ValueError, match=word):
        HistoryEntry.model_validate(entry)
