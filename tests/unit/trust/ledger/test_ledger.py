"""The ledger: what is recorded is there, torn lines are mended, months turn, old files go."""

from __future__ import annotations

import errno
import os
import stat
import threading

import pytest

from isthmus.model.errors import StorageError
from isthmus.model.record import Kind
from isthmus.trust.ledger import files
from isthmus.trust.ledger.anchor import read_anchor
from isthmus.trust.ledger.check import Wrong, examine
from isthmus.trust.ledger.find import Wanted, newest, oldest
from isthmus.trust.ledger.ledger import Ledger, LedgerSettings

NOVEMBER = 1_795_000_000 * 10**9  # 2026-11-18
DAY = 86_400 * 10**9


class Clock:
    def __init__(self, at=NOVEMBER):
        self.at = at

    def __call__(self):
        self.at += 1_000
        return self.at


def texts(folder, **wanted):
    return [entry.text for entry in oldest(folder, Wanted(**wanted))]


def filled(folder, records=5, **settings):
    ledger = Ledger.open(folder, wall=Clock(), settings=LedgerSettings(**settings))
    for number in range(records):
        about = f"packaging/line{number % 2}/filler"
        ledger.record(Kind.ACTION, "person:anna", f"wrote {number}", about=about)
    return ledger


def test_what_is_recorded_is_read_back_whole(tmp_path):
    ledger = Ledger.open(tmp_path, wall=Clock(), plant=Clock(NOVEMBER + 3_600 * 10**9))
    facts = {"before": 1.5, "after": float("nan"), "ok": True, "n": 3, "none": None, "why": "ü\n"}
    ledger.record(Kind.ACTION, "person:jürgen", 'he said "so"\n{"n":1}', about="a/b", facts=facts)
    ledger.close()
    (entry,) = newest(tmp_path, Wanted(kind="action"), 10)
    assert entry.text == 'he said "so"\n{"n":1}'
    assert (entry.by, entry.about) == ("person:jürgen", "a/b")
    assert entry.facts == facts | {"after": "nan"}
    assert entry.plant is not None
    assert 3_599 < (entry.plant - entry.time) / 1e9 < 3_601
    assert examine(tmp_path).sound


def test_only_its_owner_reads_it(tmp_path):
    filled(tmp_path / "ledger").close()
    assert stat.S_IMODE((tmp_path / "ledger").stat().st_mode) == 0o700
    for file in (tmp_path / "ledger").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_records_are_found_by_time_kind_who_and_what(tmp_path):
    ledger = filled(tmp_path)
    ledger.record(Kind.LOCK, "person:ben", "locked", about="packaging/line1/filler/speed")
    assert [e.text for e in newest(tmp_path, Wanted(about="packaging/line1"), 2)] == [
        "locked",
        "wrote 3",
    ]
    assert texts(tmp_path, by="person:b*") == ["locked"]
    assert texts(tmp_path, kind="lock") == ["locked"]
    assert texts(tmp_path, start=NOVEMBER + DAY) == []
    ledger.close()


def test_opening_goes_on_where_it_was(tmp_path):
    filled(tmp_path).close()
    second = filled(tmp_path)
    assert second.count == examine(tmp_path).records
    second.close()
    found = examine(tmp_path)
    assert found.sound
    assert found.unsigned == 0
    assert found.checkpoints >= 2


def test_a_torn_last_line_is_cut_and_told(tmp_path):
    filled(tmp_path).close()
    (file,) = files.names(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    assert examine(tmp_path).torn
    ledger = Ledger.open(tmp_path, wall=Clock())
    ledger.close()
    (told,) = [e for e in oldest(tmp_path, Wanted()) if "torn" in e.text]
    assert told.facts["bytes"] == len(whole.splitlines()[-1]) + 1 - 40
    assert examine(tmp_path).sound


def test_a_file_without_a_whole_line_is_mended(tmp_path):
    filled(tmp_path).close()
    (file,) = files.names(tmp_path)
    (tmp_path / "2026-12.jsonl").write_bytes(b'{"about":')
    december = Clock(NOVEMBER + 20 * DAY)
    Ledger.open(tmp_path, wall=december).close()
    assert examine(tmp_path).sound
    assert len(files.names(tmp_path)) == 2
    assert file.exists()


def test_a_damaged_end_is_told_and_the_chain_goes_on_before_it(tmp_path):
    filled(tmp_path).close()
    (file,) = files.names(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b"checkpoint", b"checkpoimt")
    file.write_bytes(b"".join(lines))
    Ledger.open(tmp_path, wall=Clock()).close()
    found = examine(tmp_path)
    assert found.fault is not None
    assert (found.fault.wrong, found.fault.line) == (Wrong.CHANGED, len(lines))
    assert any("damaged" in text for text in texts(tmp_path))


def test_one_process_at_a_time(tmp_path):
    ledger = filled(tmp_path)
    with pytest.raises(StorageError, match="another process"):
        Ledger.open(tmp_path, wall=Clock())
    ledger.close()
    Ledger.open(tmp_path, wall=Clock()).close()


def test_without_its_key_it_does_not_open(tmp_path):
    filled(tmp_path).close()
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(StorageError, match=r"ledger\.key is missing"):
        Ledger.open(tmp_path, wall=Clock())


def test_each_thousand_records_are_signed_and_anchored(tmp_path):
    anchor = tmp_path / "elsewhere" / "anchor.jsonl"
    ledger = filled(tmp_path / "ledger", 0, anchor=anchor)
    ledger._sync = lambda: None
    for number in range(2_500):
        ledger.record(Kind.ACCESS, "person:eve", f"refused {number}")
    ledger.close()
    found = examine(tmp_path / "ledger", read_anchor(anchor))
    assert found.sound
    assert found.checkpoints == len(read_anchor(anchor)) == 4
    assert found.anchored == found.records - 1


def test_what_was_cut_off_is_seen_against_an_anchor_alone(tmp_path):
    anchor = tmp_path / "anchor.jsonl"
    folder = tmp_path / "ledger"
    filled(folder, anchor=anchor).close()
    (file,) = files.names(folder)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4]))
    assert examine(folder).sound, "the chain alone cannot know"
    fault = examine(folder, read_anchor(anchor)).fault
    assert fault is not None
    assert (fault.wrong, fault.line, fault.number) == (Wrong.CUT, 4, 5)


def test_a_ledger_written_anew_with_another_key_is_seen(tmp_path):
    anchor = tmp_path / "anchor.jsonl"
    folder = tmp_path / "ledger"
    filled(folder, anchor=anchor).close()
    for file in folder.iterdir():
        file.unlink()
    filled(folder, 50).close()
    fault = examine(folder, read_anchor(anchor)).fault
    assert fault is not None
    assert fault.wrong is Wrong.REWRITTEN


def test_a_forger_without_the_key_is_found(tmp_path):
    from isthmus.trust.ledger import line

    filled(tmp_path).close()
    (file,) = files.names(tmp_path)
    kept, head = [], line.GENESIS
    for entry in oldest(tmp_path, Wanted()):
        text = "wrote 99" if entry.text == "wrote 3" else entry.text
        told = (entry.number, entry.time, entry.kind, entry.by, text, entry.about, entry.facts)
        made, head = line.write(*told, None, head)
        kept.append(made + b"\n")
    file.write_bytes(b"".join(kept))
    fault = examine(tmp_path).fault
    assert fault is not None
    assert fault.wrong is Wrong.FORGED


def test_a_month_has_its_file_and_old_ones_go_with_a_signed_end(tmp_path):
    clock = Clock(NOVEMBER)
    ledger = Ledger.open(tmp_path, wall=clock, settings=LedgerSettings(keep=40 * 86_400))
    for _ in range(4):
        ledger.record(Kind.ACTION, "owner", "a month goes by")
        clock.at += 31 * DAY
    assert files.names(tmp_path)[0].name == "2026-11.jsonl"
    assert examine(tmp_path).files == 4
    assert ledger.retire() == ["2026-11.jsonl", "2026-12.jsonl", "2027-01.jsonl"]
    ledger.close()
    found = examine(tmp_path)
    assert found.sound, found.fault
    assert found.first > 1


def test_a_first_file_that_nobody_signed_away_is_missed(tmp_path):
    clock = Clock(NOVEMBER)
    ledger = Ledger.open(tmp_path, wall=clock)
    for _ in range(3):
        ledger.record(Kind.ACTION, "owner", "a month goes by")
        clock.at += 31 * DAY
    ledger.close()
    files.names(tmp_path)[0].unlink()
    fault = examine(tmp_path).fault
    assert fault is not None
    assert fault.wrong is Wrong.REMOVED


def test_a_clock_set_back_begins_no_older_file(tmp_path):
    clock = Clock(NOVEMBER + 20 * DAY)
    Ledger.open(tmp_path, wall=clock).close()
    clock.at = NOVEMBER
    Ledger.open(tmp_path, wall=clock).close()
    assert [file.name for file in files.names(tmp_path)] == ["2026-12.jsonl"]
    assert examine(tmp_path).sound


def test_threads_that_record_at_once_share_flushes(tmp_path, monkeypatch):
    ledger = filled(tmp_path, 0)
    flushes, fsync = [], os.fsync

    def slow(handle):
        flushes.append(handle)
        threading.Event().wait(0.01)
        fsync(handle)

    monkeypatch.setattr("isthmus.trust.ledger.ledger.os.fsync", slow)
    threads = [
        threading.Thread(target=ledger.record, args=(Kind.ACTION, "owner", f"{number}"))
        for number in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(flushes) < 20
    ledger.close()
    assert sum(entry.kind == "action" for entry in oldest(tmp_path, Wanted())) == 40
    assert examine(tmp_path).sound


def test_a_full_disk_refuses_and_goes_on_when_there_is_space(tmp_path, monkeypatch):
    ledger = filled(tmp_path)
    wrote = os.write

    calls = iter([lambda h, d: wrote(h, d[:30])])

    def fails(handle, data):
        first = next(calls, None)
        if first is not None:
            return first(handle, data)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("isthmus.trust.ledger.ledger.os.write", fails)
    with pytest.raises(StorageError, match="No space left"):
        ledger.record(Kind.ACTION, "owner", "lost")
    monkeypatch.setattr("isthmus.trust.ledger.ledger.os.write", wrote)
    ledger.record(Kind.ACTION, "owner", "kept")
    ledger.close()
    assert "lost" not in texts(tmp_path)
    assert "kept" in texts(tmp_path)
    assert examine(tmp_path).sound


def test_a_failed_flush_lets_nothing_more_in(tmp_path, monkeypatch):
    ledger = filled(tmp_path)

    def broken(handle):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("isthmus.trust.ledger.ledger.os.fsync", broken)
    with pytest.raises(StorageError, match="a flush failed"):
        ledger.record(Kind.ACTION, "owner", "unsure")
    monkeypatch.undo()
    with pytest.raises(StorageError, match="a flush failed"):
        ledger.record(Kind.ACTION, "owner", "after")
    assert "a flush failed" in ledger.trouble
    ledger.close()


def test_a_disk_that_is_nearly_full_is_told(tmp_path):
    ledger = filled(tmp_path, low=1 << 62)
    assert "MB free" in ledger.trouble
    ledger.close()
