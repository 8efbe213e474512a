"""Files that grow, turn and vanish: no line lost, none twice, across restarts."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from isthmus.connectors.files import subscription
from isthmus.connectors.files.tail import PATIENCE, Tail
from isthmus.model.errors import LinkError


def test_lines_appear_once_each_across_restarts(machine):
    machine.write("1\n2\n")
    assert machine.read(2) == [1, 2]
    machine.write("3\n")
    assert machine.read(1) == [3]
    machine.write("4\n", "b.log")
    assert machine.read(1) == [4]


def test_what_was_not_taken_comes_again(machine):
    machine.write("1\n2\n")
    (first,), _ = machine.readings(1)  # closed before the next was asked for
    assert first.batch.value.tolist() == [1, 2]
    assert machine.read(2) == [1, 2]


def test_a_line_without_its_end_waits(machine):
    machine.write("1\n2")

    async def run():
        source = machine.source()
        await source.open()
        assert await machine.values(source, 1) == [1]
        machine.write("5\r\n")
        assert await machine.values(source, 1) == [25]
        await machine.shut(source)

    asyncio.run(run())


def test_from_end_passes_over_what_was_there_and_nothing_after(machine):
    machine.write("1\n2\n3")
    source = machine.source(first="end")

    async def run():
        await source.open()
        machine.write("4\n")
        machine.write("5\n", "new.log")
        assert sorted(await machine.values(source, 2)) == [5, 34]
        await machine.shut(source)

    asyncio.run(run())
    machine.write("6\n")
    assert machine.read(1, first="end") == [6]


@pytest.mark.parametrize("pattern", ["*.log", "*"])
def test_rename_and_a_new_file(machine, pattern):
    machine.write("1\n")

    async def run():
        source = machine.source(pattern=pattern)
        await source.open()
        assert await machine.values(source, 1) == [1]
        machine.write("2\n")
        (machine.folder / "a.log").rename(machine.folder / "a.log.1")
        machine.write("3\n")
        assert sorted(await machine.values(source, 2)) == [2, 3]
        await machine.shut(source)

    asyncio.run(run())


def test_rename_while_we_were_away(machine):
    machine.write("1\n")
    assert machine.read(1) == [1]
    machine.write("2\n")
    (machine.folder / "a.log").rename(machine.folder / "a.old")
    machine.write("3\n")
    assert sorted(machine.read(2)) == [2, 3]


def test_removed_after_its_last_line(machine):
    machine.write("1\n")

    async def run():
        source = machine.source()
        await source.open()
        assert await machine.values(source, 1) == [1]
        machine.write("2\n")
        (machine.folder / "a.log").unlink()
        assert await machine.values(source, 1) == [2]
        machine.write("3\n")
        assert await machine.values(source, 1) == [3]
        await machine.shut(source)

    asyncio.run(run())


def test_truncation_begins_again(machine):
    machine.write("1\n2\n")

    async def run():
        source = machine.source()
        await source.open()
        assert await machine.values(source, 2) == [1, 2]
        (machine.folder / "a.log").write_text("7\n")
        assert await machine.values(source, 1) == [7]
        (machine.folder / "a.log").write_text("8\n9\n")  # longer than what was read
        assert await machine.values(source, 2) == [8, 9]
        await machine.shut(source)
        assert source.counts()["truncated"] >= 2  # more where it is looked at half-way

    asyncio.run(run())


def test_copy_and_truncate_neither_repeats_nor_loses(machine):
    lines = [str(1000 + n) for n in range(100)]
    machine.write("\n".join(lines) + "\n")

    async def run():
        source = machine.source(pattern="a.log*")
        await source.open()
        assert len(await machine.values(source, 100)) == 100
        machine.write("1\n")  # not read yet when the copy is made
        shutil.copy(machine.folder / "a.log", machine.folder / "a.log.1")
        (machine.folder / "a.log").write_text("2\n")
        assert sorted(await machine.values(source, 2)) == [1, 2]
        await machine.shut(source)
        assert source.counts()["copied"] == 1

    asyncio.run(run())


def test_a_twin_of_a_file_is_read_for_itself(machine):
    text = "".join(f"{1000 + n}\n" for n in range(100))
    machine.write(text)
    assert len(machine.read(100)) == 100
    machine.write(text, "twin.log")
    assert len(machine.read(100)) == 100


def test_more_files_than_allowed_are_counted_and_the_newest_read(machine):
    import os

    for number in range(20):
        machine.write(f"{number}\n", f"{number}.log")
        os.utime(machine.folder / f"{number}.log", (number, number))
    (reading,), counts = machine.readings(1, max_files=5)
    assert reading.batch.value.tolist() == [15, 16, 17, 18, 19]
    assert counts["ignored"] == 15


def test_hundreds_of_files_need_few_descriptors(machine):
    import psutil

    for number in range(300):
        machine.write(f"{number}\n", f"{number}.log")

    async def run():
        source = machine.source()
        await source.open()
        assert sorted(await machine.values(source, 300)) == list(range(300))
        held = psutil.Process().num_fds()
        for number in range(300):
            machine.write(f"{number + 1000}\n", f"{number}.log")
        assert sorted(await machine.values(source, 300)) == list(range(1000, 1300))
        assert psutil.Process().num_fds() <= held + 8
        await machine.shut(source)
        async with asyncio.timeout(10):  # a read that was under way lets go when it ends
            while psutil.Process().num_fds() > held - 60:
                await asyncio.sleep(0.02)

    asyncio.run(run())


def test_a_share_that_was_away_goes_on_where_it_was(machine):
    machine.write("1\n2\n")
    away = machine.folder.with_name("away")

    async def run():
        source = machine.source()
        await source.open()
        assert await machine.values(source, 2) == [1, 2]
        machine.folder.rename(away)
        machine.folder.mkdir()  # an empty mount point
        for number in range(PATIENCE + 2):
            machine.write(f"{10 + number}\n", f"{number}.log")
            assert await machine.values(source, 1) == [10 + number]
        shutil.rmtree(machine.folder)
        away.rename(machine.folder)
        machine.write("3\n")
        assert await machine.values(source, 1) == [3]
        await machine.shut(source)

    asyncio.run(run())


def test_a_share_that_was_away_over_a_restart_goes_on_where_it_was(machine):
    machine.write("1\n2\n")
    away = machine.folder.with_name("away")
    assert machine.read(2) == [1, 2]
    machine.folder.rename(away)
    machine.folder.mkdir()

    async def run():
        source = machine.source()
        await source.open()
        for number in range(PATIENCE + 2):
            machine.write(f"{10 + number}\n", f"{number}.log")
            assert await machine.values(source, 1) == [10 + number]
        await machine.shut(source)

    asyncio.run(run())
    shutil.rmtree(machine.folder)
    away.rename(machine.folder)
    machine.write("3\n")
    assert machine.read(1) == [3]


def test_the_oldest_of_too_many_files_is_known_again_when_it_grows(machine):
    import os

    async def run():
        source = machine.source(max_files=2)
        await source.open()
        for number in range(PATIENCE + 4):
            machine.write(f"{number}\n", f"{number}.log")
            os.utime(machine.folder / f"{number}.log", (1000 + number, 1000 + number))
            assert await machine.values(source, 1) == [number]
        grown = PATIENCE + 1  # let go in the end, and remembered
        for number in range(100, 100 + PATIENCE + 2):
            machine.write(f"{number}\n", f"{PATIENCE + 3}.log")
            assert await machine.values(source, 1) == [number]
        machine.write("7\n", f"{grown}.log")
        assert await machine.values(source, 1) == [7]
        await machine.shut(source)

    asyncio.run(run())


def test_a_hung_share_takes_one_thread_and_none_of_the_loops(machine, monkeypatch):
    release, calls, check = threading.Event(), [], Tail.check

    def hang(tail):
        if str(machine.folder) not in tail._path:  # a thread that an earlier test left behind
            check(tail)
            return
        calls.append(1)
        release.wait(60)

    monkeypatch.setattr(Tail, "check", hang)

    async def run():
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        for _ in range(20):
            source = machine.source(timeout=0.1)
            with pytest.raises(LinkError, match="no answer"):
                await source.open()
            await source.close()
        async with asyncio.timeout(20):
            assert await asyncio.to_thread(len, "abc") == 3
        monkeypatch.undo()  # before it goes on: it may look once more by itself
        release.set()
        machine.write("1\n")
        async with asyncio.timeout(20):
            while True:
                source = machine.source()
                try:
                    await source.open()
                except LinkError:
                    await asyncio.sleep(0.02)
                else:
                    break
        assert await machine.values(source, 1) == [1]
        await machine.shut(source)

    asyncio.run(run())
    assert len(calls) == 1


def test_no_folder_is_no_link_and_a_folder_that_goes_is_a_lost_one(machine):
    source = machine.source(pattern="sub/*.log")

    async def run():
        with pytest.raises(LinkError, match="No such file") as caught:
            await source.open()
        assert "mounted" in caught.value.hint
        (machine.folder / "sub").mkdir()
        machine.write("1\n", "sub/a.log")
        await source.open()
        assert await machine.values(source, 1) == [1]
        shutil.rmtree(machine.folder / "sub")
        with pytest.raises(LinkError, match="reading file://"):
            await machine.values(source, 1)
        await machine.shut(source)

    asyncio.run(run())


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '{"files": [{"path": 1}]}', '{"files": 3}'])
def test_positions_that_cannot_be_read_are_told_and_all_is_read_again(machine, kept):
    machine.write("1\n")
    (machine.state / "positions.json").write_text(kept)
    found, _ = machine.readings(1)
    assert [event.kind for event in found[0].events] == ["positions-lost"]
    assert found[0].batch.value.tolist() == [1]


def test_positions_are_written_whole(machine):
    machine.write("1\n")
    machine.read(1)
    kept = json.loads((machine.state / "positions.json").read_text())
    assert [entry["offset"] for entry in kept["files"]] == [2]
    assert [path.name for path in machine.state.iterdir()] == ["positions.json"]


def test_closing_while_waiting_and_opening_again(machine):
    machine.write("1\n")

    async def run():
        source = machine.source()
        await source.close()
        with pytest.raises(LinkError, match="not open"):
            await anext(source.listen())
        await source.open()
        await source.open()
        assert await machine.values(source, 1) == [1]
        await machine.shut(source)
        await source.close()
        machine.write("2\n")
        await source.open()
        assert await machine.values(source, 1) == [2]
        await machine.shut(source)

    asyncio.run(run())


def test_closing_waits_for_what_is_being_remembered(machine, monkeypatch):
    machine.write("1\n")
    real = subscription.save

    def slow(*given):  # as on a busy disk
        time.sleep(0.3)
        real(*given)

    async def run():
        source = machine.source()
        await source.open()
        monkeypatch.setattr(subscription, "save", slow)
        assert await machine.values(source, 1) == [1]
        await machine.shut(source)
        machine.write("2\n")
        await source.open()
        assert await machine.values(source, 1) == [2]
        await machine.shut(source)

    asyncio.run(run())


def test_listening_anew_begins_behind_what_was_taken(machine):
    machine.write("1\n")

    async def run():
        source = machine.source()
        await source.open()
        for _ in range(3):  # each listener goes before it has taken what it was given
            listening = source.listen()
            assert (await anext(listening)).batch.value.tolist() == [1]
            await listening.aclose()
        listening = source.listen()
        await anext(listening)
        waiting = asyncio.create_task(anext(listening))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        machine.write("2\n")
        assert await machine.values(source, 1) == [2]
        await machine.shut(source)

    asyncio.run(run())
