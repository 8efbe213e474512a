"""Files hold some hours of a day, late samples rewrite no more than these, and old days are one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.maintenance import next_merge
from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.settings import DAY, HOUR, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds

DATE = "2024-10-04"
MIDNIGHT = 20_000 * DAY
SMALL = LakeSettings(merge_files=3, reserve_bytes=0)
ALWAYS = (0, 1 << 62)


def opened(root: Path, settings: LakeSettings = SMALL, *, now: int = MIDNIGHT + 2 * DAY) -> Lake:
    return Lake.open(root, now=lambda: Nanoseconds(now), settings=settings)


def seal(lake: Lake, position: int, times: list[int], value: float) -> None:
    size = len(times)
    batch = Batch.of(np.ones(size, np.int32), np.array(times, np.int64), np.full(size, value))
    lake.append(batch, stream="s", position=position)
    lake.seal()


def live(lake: Lake) -> list[tuple[tuple[int, int], int]]:
    return sorted((file.hours, file.rows) for file in lake.view().files)


def sql(lake: Lake) -> dict[int, float]:
    rows = lake.sql("select epoch_ns(time) t, value from samples").to_pylist()
    assert len({row["t"] for row in rows}) == len(rows), "each sample once"
    return {row["t"]: row["value"] for row in rows}


def test_a_seal_makes_one_file_for_each_slice_that_it_touches(tmp_path):
    lake = opened(tmp_path)
    times = [MIDNIGHT + hour * HOUR for hour in range(24)]
    seal(lake, 1, times, 1.0)
    assert live(lake) == [((hour, hour + 2), 2) for hour in range(0, 24, 2)]
    assert lake.raw([1], *ALWAYS).time.tolist() == times
    lake.close()


def test_a_closed_slice_becomes_one_file_and_late_samples_rewrite_it_alone(tmp_path):
    lake = opened(tmp_path)
    hours = [MIDNIGHT + hour * HOUR // 2 for hour in range(48)]
    seal(lake, 1, hours[::2], 1.0)
    seal(lake, 2, hours[1::2], 1.0)
    lake.maintain()
    before = {file.path for file in lake.view().files}
    assert len(before) == 12
    seal(lake, 3, [hours[9]], 2.0)
    lake.maintain()
    after = {file.path for file in lake.view().files}
    assert len(after) == 12
    (changed,) = [file for file in lake.view().files if file.path in after - before]
    assert changed.hours == (4, 6)
    assert sql(lake)[hours[9]] == 2.0
    lake.close()


def test_days_long_over_become_one_file(tmp_path):
    lake = opened(tmp_path, replace(SMALL, day_after=DAY), now=MIDNIGHT + 3 * DAY)
    for position, hour in enumerate(range(0, 24, 3)):
        seal(lake, 2 * position, [MIDNIGHT + hour * HOUR], float(hour))
        seal(lake, 2 * position + 1, [MIDNIGHT + 2 * DAY + hour * HOUR], float(hour))
    lake.maintain()
    dates = {
        date: [file.hours for file in lake.view().files if file.date == date]
        for date in (DATE, "2024-10-06")
    }
    assert dates[DATE] == [(0, 22)]
    assert len(dates["2024-10-06"]) == 8
    lake.close()


@pytest.mark.parametrize("day_after", [DAY, 35 * DAY])
def test_a_lake_laid_out_by_day_is_answered_and_goes_on_in_slices(tmp_path, day_after):
    """What the first version wrote: files of whole days, without hours in their names."""
    lake = opened(tmp_path, replace(SMALL, slice_hours=24))
    times = [MIDNIGHT + hour * HOUR for hour in range(24)]
    seal(lake, 1, times, 1.0)
    seal(lake, 2, times[:12], 2.0)
    assert [file.hours for file in lake.view().files] == [(0, 24), (0, 24)]
    lake.close()
    lake = opened(tmp_path, replace(SMALL, day_after=day_after), now=MIDNIGHT + 3 * DAY)
    seal(lake, 3, times[6:9], 3.0)
    seal(lake, 4, times[7:8], 4.0)
    right = dict.fromkeys(times, 1.0)
    right |= dict.fromkeys(times[:12], 2.0) | dict.fromkeys(times[6:9], 3.0) | {times[7]: 4.0}
    for _ in range(2):
        assert sql(lake) == right
        rows = lake.raw([1], *ALWAYS)
        assert dict(zip(rows.time.tolist(), rows.value.tolist(), strict=True)) == right
        lake.maintain()
    assert len(lake.view().files) < 6
    lake.close()


def named(seq: int, hours: tuple[int, int], rows: int = 10) -> DataFile:
    part = "" if hours == (0, 24) else f"-{hours[0]:02d}to{hours[1]:02d}"
    path = f"date={DATE}/{seq:012d}-000000-00000000{part}.parquet"
    return DataFile(path, 100, rows, DATE, seq)


def test_no_merge_reaches_over_a_file_of_the_same_hours_sealed_between():
    """Its rows would lose against older ones, which would carry the greater number."""
    now = MIDNIGHT + 2 * DAY
    slices = [named(1, (2, 4)), named(3, (2, 4))]
    assert next_merge(slices, SMALL, now=now) == slices
    assert next_merge([*slices, named(2, (0, 24))], SMALL, now=now) == []
    assert next_merge([*slices, named(2, (6, 8))], SMALL, now=now) == slices
    days = [named(1, (0, 24)), named(3, (0, 24))]
    assert next_merge([*days, named(2, (2, 4))], SMALL, now=now) == []
    late = replace(SMALL, day_after=DAY)
    together = [days[0], named(2, (2, 4)), days[1]]
    assert next_merge(together, late, now=now) == together


def test_a_slice_that_is_not_over_waits_for_neighbours_of_its_size():
    now = MIDNIGHT + 3 * HOUR
    few = [named(1, (2, 4)), named(2, (2, 4))]
    assert next_merge(few, SMALL, now=now) == []
    three = [*few, named(3, (2, 4))]
    assert next_merge(three, SMALL, now=now) == three


def test_hours_that_do_not_divide_a_day_are_refused():
    with pytest.raises(ValueError, match="slice_hours is 5"):
        LakeSettings(slice_hours=5)


@pytest.mark.parametrize("hot", [False, True])
def test_pieces_are_all_samples_in_order_of_time_late_ones_and_hot_ones_in_their_place(
    tmp_path, hot
):
    lake = opened(tmp_path)
    hours = [MIDNIGHT + hour * HOUR for hour in range(24)]
    seal(lake, 1, hours[::2], 1.0)
    seal(lake, 2, hours[6:9], 2.0)
    if hot:
        late = Batch.of(np.ones(2, np.int32), np.array([hours[3], hours[20] + 1]), np.zeros(2))
        lake.append(late, stream="s", position=3)
    for start, end in (ALWAYS, (hours[5], hours[9] + 1), (hours[22], hours[22])):
        whole = lake.raw([1], start, end)
        for keep in (False, True):
            found = list(lake.pieces([1], start, end, keep=keep))
            assert Batch.concat(found).time.tolist() == whole.time.tolist()
            assert Batch.concat(found).value.tolist() == whole.value.tolist()
    assert len(list(lake.pieces([1], *ALWAYS))) == (4 if hot else 12)
    assert list(lake.pieces([], *ALWAYS)) == []
    lake.close()
