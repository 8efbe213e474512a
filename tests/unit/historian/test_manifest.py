"""The list of files is that of the log, however often it was asked for before."""

from __future__ import annotations

from isthmus.historian.columns import SAMPLES
from isthmus.historian.delta.manifest import DataFile, Manifest
from isthmus.historian.settings import DAY, HOUR

FIRST = 20_000  # a day


def file_of(number: int) -> DataFile:
    day, hour = FIRST + number // 12, number % 12 * 2
    start = day * DAY + hour * HOUR
    date = f"2024-10-{4 + number // 12:02d}"
    path = f"date={date}/{number:012d}-000000-00000000-{hour:02d}to{hour + 2:02d}.parquet"
    tags = (number, number + 5)
    return DataFile(path, 100 + number, number, date, number + 1, tags, (start, start + HOUR))


def test_files_that_come_and_go_are_those_of_a_table_opened_anew(tmp_path):
    table = Manifest.open(tmp_path, SAMPLES, partition=["date"])
    other = Manifest.of(tmp_path)
    live: list[DataFile] = []
    assert table.files() == other.files() == []
    for turn in range(6):
        added = [file_of(turn * 5 + place) for place in reversed(range(5))]
        gone = live[::3]
        table.commit(added, gone, positions={"s": turn})
        live = sorted((set(live) - set(gone)) | set(added), key=lambda file: file.seq)
        if turn == 3:
            table.checkpoint()
        if turn % 2:  # the other one takes in two commits at once
            assert other.refresh()
            assert other.files() == live
        assert table.files() == table.files() == Manifest.of(tmp_path).files() == live
        table.files().clear()  # is the caller's own
    assert not other.refresh()
    assert other.files() == live


def test_a_table_without_dates_and_times_has_bounds_that_hold_nothing(tmp_path):
    table = Manifest.open(tmp_path, SAMPLES.remove(1).remove(0))
    table.commit([DataFile("a.parquet", 7, 3, seq=2)], positions={"s": 1})
    (found,) = table.files()
    assert (found.path, found.size, found.rows, found.date, found.seq) == ("a.parquet", 7, 3, "", 2)
    assert found.tags[0] > found.tags[1]
    assert found.times[0] > found.times[1]
