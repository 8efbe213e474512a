"""What a lake promises, case by case; the property test covers the combinations."""

from __future__ import annotations

import re
import threading
import time

import numpy as np
import pyarrow as pa
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.errors import Refused, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag

NOON = 20_000 * DAY + DAY // 2
SMALL = LakeSettings(merge_files=3, merge_pause=0, reserve_bytes=0)
A, B = TagId(1), TagId(2)


@pytest.fixture
def lake(tmp_path):
    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(NOON), settings=SMALL)
    yield lake
    lake.close()


def put(lake: Lake, position: int, value: float, *, tag: int = 1, time: int = NOON) -> None:
    lake.append(Batch.of([tag], Nanoseconds(time), [value]), stream="s", position=position)


def count(lake) -> list[tuple]:
    rows = lake.sql("select tag, value from samples order by tag, time, value").to_pylist()
    return [tuple(row.values()) for row in rows]


def test_a_correction_wins_while_hot_once_sealed_and_once_merged(lake):
    for position, value in enumerate((1.0, 2.0, 3.0, 4.0), 1):
        put(lake, position, value)
        put(lake, position, -1.0)  # the same position again: ignored
        assert count(lake) == [(1, value)]
        assert lake.raw([A], 0, 1 << 62).value.tolist() == [value]
        assert lake.last([A]).value.tolist() == [value]
        assert lake.seal().rows == 1
        assert count(lake) == [(1, value)]
        assert lake.raw([A], 0, 1 << 62).value.tolist() == [value]
    assert lake.stats().files == 4
    lake.maintain()
    assert lake.stats().files == 1
    assert count(lake) == [(1, 4.0)]
    assert lake.stats().rows == 1


def test_a_late_sample_does_not_move_the_last_value_but_is_history(lake):
    put(lake, 1, 1.0)
    lake.seal()
    put(lake, 2, 2.0, time=NOON - DAY)
    assert lake.last([A]).value.tolist() == [1.0]
    assert lake.raw([A], NOON - DAY, NOON).value.tolist() == [2.0]
    assert lake.before([A], NOON - 1).value.tolist() == [2.0]
    lake.seal()
    assert lake.before([A], NOON - 1).value.tolist() == [2.0]


def test_a_merge_that_holds_late_samples_still_wins_over_an_older_large_file(tmp_path):
    """SQL must know that the merged file replaces samples of the one that was left alone."""
    lake = Lake.open(tmp_path, now=lambda: Nanoseconds(NOON), settings=SMALL)
    many = np.arange(100, dtype=np.int64)
    batch = Batch.of(np.ones(100, np.int32), NOON + many, np.zeros(100))
    lake.append(batch, stream="s", position=1)
    lake.seal()
    for position, value in enumerate((1.0, 2.0, 3.0), 2):
        put(lake, position, value, time=NOON + 50)
        lake.seal()
    lake.maintain()
    assert lake.stats().files == 2
    assert sorted(value for _, value in count(lake)) == [0.0] * 99 + [3.0]
    assert lake.raw([A], NOON + 50, NOON + 51).value.tolist() == [3.0]
    lake.close()


def test_seal_answers_none_when_there_is_nothing(lake):
    assert lake.seal() is None
    put(lake, 1, 1.0)
    assert lake.seal() is not None
    assert lake.seal() is None


def test_a_frame_without_rows_moves_the_position(lake):
    lake.append(Batch.empty(), stream="s", position=7)
    assert lake.positions() == {}
    assert lake.seal().rows == 0
    assert lake.positions() == {"s": 7}


def test_values_and_times_survive_to_the_last_bit(tmp_path):
    values = [0.0, -0.0, 1e300, 5e-324, float("inf"), float("-inf"), 0.1, 1e12, -1e12, 1 / 3]
    times = np.array([NOON + place * 1_001 for place in range(len(values))], np.int64)
    quality = np.arange(0xFFFF_FFF0, 0xFFFF_FFF0 + len(values), dtype=np.uint32)
    batch = Batch(np.ones(len(values), np.int32), times, np.array(values), quality)
    with_nan = Batch.of([A], Nanoseconds(NOON + 99_999), [float("nan")], Status.BAD)
    lake = Lake.open(tmp_path, now=lambda: Nanoseconds(NOON), settings=SMALL)
    lake.append(Batch.concat([batch, with_nan]), stream="s", position=1)
    lake.seal()
    lake.close()
    rows = Reader(tmp_path).raw([A], 0, 1 << 62)
    assert rows.value[:-1].tobytes() == batch.value.tobytes()
    assert np.isnan(rows.value[-1])
    assert rows.time[:-1].tolist() == times.tolist()
    assert rows.quality[:-1].tolist() == quality.tolist()


def test_a_second_writer_is_refused_and_told_who_writes(lake, tmp_path):
    with pytest.raises(StorageError, match=r"process \d+ is writing it"):
        Lake.open(tmp_path / "history", now=lambda: Nanoseconds(0))


def test_the_reserve_is_never_taken_and_appending_stops(tmp_path):
    settings = LakeSettings(reserve_bytes=1 << 62, hot_rows=2, retry_age=0.0, seal_age=0.0)
    lake = Lake.open(tmp_path, now=lambda: Nanoseconds(0), settings=settings)
    put(lake, 1, 1.0)
    assert lake.seal() is None
    assert lake.stats().state == "full"
    assert lake.due()
    put(lake, 2, 2.0, time=NOON + 1)
    needed = r"sealing needs [\d,]+ MB free, has [\d,]+ MB"
    assert re.fullmatch(needed, lake.stats().why)
    with pytest.raises(StorageError, match=f"wait for space on the disk: {needed}"):
        put(lake, 3, 3.0)
    assert lake.raw([A], 0, 1 << 62).value.tolist() == [1.0, 2.0]
    lake.settings = LakeSettings(reserve_bytes=0)
    assert lake.seal().rows == 2
    assert (lake.stats().state, lake.stats().why) == ("up", "")
    put(lake, 3, 3.0)
    assert lake.positions() == {"s": 2}
    lake.close()


def test_events_of_one_time_stay_in_the_order_in_which_they_came(lake):
    events = [Event(NOON, "line/a", "text", str(number)) for number in range(3)]
    for number, event in enumerate(events):
        lake.append_events([event], stream="s", position=number)
        if number < 2:
            lake.seal()
    assert lake.events(NOON, NOON + 1) == events
    assert lake.events(NOON, NOON + 1, limit=2) == events[1:]


def test_events_survive_and_are_found_by_time_kind_and_place(lake, tmp_path):
    events = [
        Event(Nanoseconds(NOON + number), f"line/{'ab'[number % 2]}", kind, f"é {number}", 5, data)
        for number, (kind, data) in enumerate(
            [("text", {}), ("order", {"pieces": 3, "rate": 1.5, "late": True, "why": None})] * 3
        )
    ]
    lake.append_events(events, stream="s", position=1)
    lake.append_events(events, stream="s", position=1)
    for sealed in (False, True):
        assert lake.events(NOON, NOON + 100) == events, sealed
        assert lake.events(NOON, NOON + 100, kinds=("order",), path="line/b") == events[1::2]
        assert lake.events(NOON, NOON + 100, path="line") == events
        assert lake.events(NOON, NOON + 100, path="lin") == []
        assert lake.events(NOON, NOON + 100, limit=2) == events[-2:]
        assert lake.sql("select * from events").num_rows == 6
        lake.seal()
    assert lake.stats().events == 6
    assert Reader(tmp_path / "history").events(NOON, NOON + 3) == events[:3]


def test_events_of_many_seals_become_one_file_and_stay_the_same(lake):
    events = [Event(Nanoseconds(NOON + number), "line", "text", str(number)) for number in range(7)]
    for number, event in enumerate(events, 1):
        lake.append_events([event], stream="s", position=number)
        lake.seal()
    for _ in range(2):
        lake.maintain()
        assert lake.events(0, 1 << 62) == events
    assert len(lake._store.event_files) == 1


def test_tags_give_names_in_sql(lake):
    put(lake, 1, 1.5)
    tags = [(A, Tag("line/a/speed", unit="1/min", legend={1: "on"})), (B, Tag("line/b/power"))]
    lake.write_tags(tags)
    lake.write_tags(tags)
    assert lake.sql("select path, value from samples").to_pylist() == [
        {"path": "line/a/speed", "value": 1.5}
    ]
    assert lake.sql("select tag, unit from tags order by tag").to_pylist() == [
        {"tag": 1, "unit": "1/min"},
        {"tag": 2, "unit": ""},
    ]


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '/tmp/x'",
        "attach '/tmp/x.db'",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '1TB'",
        "set enable_external_access = true",
        "create table x (a int)",
        "drop view samples",
        "select 1; select 2",
        "",
        "selec 1",
        "select * from batch",
        "select * from range(1000000)",
    ],
)
def test_sql_refuses_all_but_a_query_within_limits(lake, query):
    batch = Batch.of([A], Nanoseconds(0), [1.0])  # a Python variable is no table
    with pytest.raises(Refused, match="running the query"):
        lake.sql(query, seconds=10, rows=len(batch) + 1_000)


def test_sql_is_stopped_when_it_takes_too_long(lake):
    with pytest.raises(Refused, match=r"not done after 0\.2 s"):
        lake.sql(
            "select sum(a.range * b.range) from range(1e6::int) a, range(1e6::int) b", seconds=0.2
        )


def test_readers_see_every_row_once_while_it_is_sealed_and_merged(lake):
    """One thread appends, one seals and merges, two read: counts never fall nor exceed."""
    done, wrong = threading.Event(), []
    appended = 0

    def tend() -> None:
        while not done.is_set():
            lake.seal()
            lake.maintain()

    def read() -> None:
        while not done.is_set():
            least = appended
            rows = lake.raw([A, B], 0, 1 << 62)
            most = appended
            if not least <= len(rows) // 2 <= most + 1:
                wrong.append((least, len(rows), most))

    threads = [threading.Thread(target=target) for target in (tend, read, read)]
    for thread in threads:
        thread.start()
    stop = time.monotonic() + 3
    while time.monotonic() < stop:
        moment = Nanoseconds(NOON + appended * SECOND)
        lake.append(Batch.of([A, B], moment, [1.0, 2.0]), stream="s", position=appended + 1)
        appended += 1
        if appended % 100 == 0:
            time.sleep(0.001)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    lake.seal()
    assert len(lake.raw([A, B], 0, 1 << 62)) == 2 * appended


@pytest.mark.parametrize(
    "bad",
    [
        {"time": Nanoseconds(10**30)},
        {"severity": 2**40},
        {"path": "\ud800"},
        {"kind": "\ud800"},
    ],
    ids=str,
)
def test_an_event_that_no_table_can_hold_is_refused_and_the_rest_is_sealed(lake, bad):
    plain = {"time": Nanoseconds(NOON), "path": "x", "kind": "k", "text": "t", "severity": 1}
    with pytest.raises(ValueError, match="no table can hold"):
        lake.append_events([Event(**{**plain, **bad})], stream="s", position=1)
    lake.append_events([Event(**plain)], stream="s", position=2)
    assert lake.seal().events == 1
    assert lake.positions() == {"s": 2}


def test_a_seal_that_fails_in_an_unforeseen_way_is_a_storage_error_and_tried_again(
    lake, monkeypatch
):
    put(lake, 1, 1.0)
    with monkeypatch.context() as patch:

        def fail(*_):
            raise pa.ArrowInvalid("no")

        patch.setattr(lake._store, "seal_samples", fail)
        with pytest.raises(StorageError, match="sealing into"):
            lake.seal()
    assert lake.seal().rows == 1


def test_an_answer_of_sql_is_bounded_in_bytes(lake):
    for query in (
        "select repeat('x', 100000) as a from range(10000)",
        "select range(1000) as a from range(99999)",
    ):
        with pytest.raises(Refused, match="more than 64 MiB"):
            lake.sql(query, rows=100_000)


def test_closing_waits_for_maintenance_and_nothing_is_written_after_it(tmp_path, monkeypatch):
    lake = Lake.open(tmp_path / "h", now=lambda: Nanoseconds(NOON), settings=SMALL)
    put(lake, 1, 1.0)
    working, go_on = threading.Event(), threading.Event()

    def work():
        working.set()
        go_on.wait(20)

    monkeypatch.setattr(lake._maintenance, "run", work)
    maintaining = threading.Thread(target=lake.maintain)
    maintaining.start()
    working.wait(20)
    closing = threading.Thread(target=lake.close)
    closing.start()
    with pytest.raises(StorageError):
        Lake.open(tmp_path / "h", now=lambda: Nanoseconds(NOON))
    assert closing.is_alive()
    go_on.set()
    maintaining.join(20)
    closing.join(20)
    assert not closing.is_alive()
    working.clear()
    lake.maintain()
    assert not working.is_set()
    assert lake.seal() is None
    Lake.open(tmp_path / "h", now=lambda: Nanoseconds(NOON)).close()


def test_a_clock_that_runs_ahead_does_not_hide_the_last_values_of_others(tmp_path):
    now = time.time_ns()
    lake = Lake.open(tmp_path / "h", now=lambda: Nanoseconds(now), settings=SMALL)
    times = np.array([now] * 4 + [now + 30 * DAY], np.int64)
    batch = Batch(np.arange(5, dtype=np.int32), times, np.ones(5), np.zeros(5, np.uint32))
    lake.append(batch, stream="s", position=1)
    lake.seal()
    lake.close()
    found = Reader.open(tmp_path / "h").last(np.arange(5, dtype=np.int32))
    assert found.time.tolist() == times.tolist()
