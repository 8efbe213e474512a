"""PostgreSQL as the historian under attack: writer and server die at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.postgresql.engine import PostgreSql
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds

ROWS = 2_000
START = 20_000 * DAY
KILLS = 8

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


def frame(number: int) -> Batch:
    """The rows of frame `number`: one in ten corrects a row of the frame before."""
    tag = (np.arange(ROWS) % 100).astype(np.int32)
    step = np.arange(ROWS, dtype=np.int64) // 100
    time_ns = START + (number * (ROWS // 100) + step) * SECOND + number % 7
    time_ns[::10] -= (ROWS // 100) * SECOND + number % 7 - (number - 1) % 7
    return Batch.of(tag, time_ns, number + tag / 1000)


def write(url: str) -> None:
    """Write for ever, and say after each seal how far it is."""
    engine = PostgreSql.open(PostgreSqlSettings(url), now=lambda: Nanoseconds(START))
    number = engine.positions().get("s", 0)
    while True:
        for _ in range(20):
            number += 1
            put(engine, number)
        engine.seal()
        sys.stdout.write(f"{engine.positions()['s']}\n")
        sys.stdout.flush()


def expected(last: int) -> Batch:
    from isthmus.historian.columns import settled

    return settled(Batch.concat([frame(number) for number in range(1, last + 1)]))


def whole(engine: PostgreSql) -> None:
    """What is stored is every frame up to the position, each once, the later write last."""
    last = engine.positions()["s"]
    rows = engine.raw(list(range(100)), 0, 1 << 62)
    right = expected(last)
    for name in ("tag", "time", "value", "quality"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(right, name), name)
    told = [int(event.text) for event in engine.events(0, 1 << 62, limit=1_000_000)]
    assert told == list(range(1, last + 1))
    assert engine.stats().rows == len(right)


def put(engine: PostgreSql, number: int) -> None:
    event = [Event(Nanoseconds(START + number), "a", "text", str(number))]
    engine.append(frame(number), stream="s", position=number, events=event)


def test_the_writer_is_killed_at_random_moments(postgresql):
    url, acknowledged = postgresql.database(), 0
    for seed in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), url], stdout=subprocess.PIPE
        )
        lines = [process.stdout.readline()]
        assert lines[0], "it writes"
        time.sleep(random.Random(seed).random())
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        acknowledged = int([line for line in lines if line.endswith(b"\n")][-1])
        engine = PostgreSql.open(PostgreSqlSettings(url), now=lambda: Nanoseconds(START))
        assert engine.positions()["s"] >= acknowledged
        engine.close()
    engine = PostgreSql.open(PostgreSqlSettings(url), now=lambda: Nanoseconds(START))
    whole(engine)
    engine.close()


def test_the_server_dies_in_the_middle_of_seals(postgresql_alone):
    settings = PostgreSqlSettings(postgresql_alone.database(), retry_age=0.1)
    engine = PostgreSql.open(settings, now=lambda: Nanoseconds(START))
    number, failures, chance = 0, 0, random.Random(7)
    for _ in range(5):
        done = threading.Event()

        def attack(done=done) -> None:
            time.sleep(chance.random() / 3)
            postgresql_alone.kill()
            done.set()

        threading.Thread(target=attack).start()
        while not done.is_set():
            for _ in range(10):
                number += 1
                put(engine, number)
            try:
                engine.seal()
            except StorageError:
                failures += 1
        with pytest.raises(StorageError) as told:
            engine.raw([1], 0, 1 << 62)
        assert told.value.hint
        assert engine.last([1]).value[0] == number + 1 / 1000, "the newest values are still known"
        postgresql_alone.start()
        engine.seal()
    assert failures
    assert engine.positions() == {"s": number}
    assert engine.stats().state == "up"
    whole(engine)
    engine.close()


def test_an_answer_that_was_lost_is_no_second_seal(postgresql):
    """The commit came to be, but the connection died before it was told."""
    settings = PostgreSqlSettings(postgresql.database())
    engine = PostgreSql.open(settings, now=lambda: Nanoseconds(START))
    put(engine, 1)
    writer = engine._writer
    write_whole = writer.write

    def lost(waiting):
        write_whole(waiting)
        writer._connection.close()
        raise StorageError("the answer was lost")

    writer.write = lost
    with pytest.raises(StorageError, match="lost"):
        engine.seal()
    assert engine.positions() == {}
    put(engine, 2)
    assert len(engine.raw([5], 0, 1 << 62)) == len(expected(2).where(expected(2).tag == 5))
    engine.seal()
    assert engine.positions() == {"s": 2}
    whole(engine)
    engine.close()


def test_a_writer_that_was_replaced_is_told_and_writes_no_more(postgresql):
    settings = PostgreSqlSettings(postgresql.database(), retry_age=0)
    first = PostgreSql.open(settings, now=lambda: Nanoseconds(START))
    first.append(frame(1), stream="s", position=1)
    name = settings.url.rpartition("/")[2]
    postgresql.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        f"where datname = '{name}' and application_name like 'isthmus%'"
    )
    second = PostgreSql.open(settings, now=lambda: Nanoseconds(START))
    second.append(frame(1), stream="s", position=1)
    second.seal()
    with pytest.raises(StorageError):
        first.seal()  # its connection is gone
    with pytest.raises(StorageError, match="is writing it"):
        first.seal()
    second.close()
    with pytest.raises(StorageError, match="another process has written it since") as told:
        first.seal()
    assert "share one schema" in told.value.hint
    first.close()


def test_old_partitions_are_dropped_and_new_ones_stand_ready(postgresql):
    url = postgresql.database()
    now = Nanoseconds(START + 60 * DAY)
    engine = PostgreSql.open(PostgreSqlSettings(url, keep=30 * 86_400), now=lambda: now)
    times = np.arange(START, now, DAY // 2, dtype=np.int64)
    rows = Batch.of(np.zeros(len(times), np.int32), times, np.arange(len(times)) / 2)
    engine.append(rows, stream="s", position=1)
    engine.seal()
    engine.maintain()
    found = engine.raw([0], 0, 1 << 62)
    assert 30 * DAY <= now - found.time[0] < 38 * DAY, "whole weeks go, no later than a week"
    assert engine.stats().rows == len(found) < len(rows)
    name = url.rpartition("/")[2]
    parts = postgresql.sql(r"\dt isthmus.raw_samples_*", name)
    assert "raw_samples_20241209" in parts, "two weeks ahead"
    engine.close()


if __name__ == "__main__":
    write(sys.argv[1])
