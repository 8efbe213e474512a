"""What waits survives whatever dies, is bounded, and nothing is told twice."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.errors import StorageError
from isthmus.model.notice import Attachment, Notice
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify import outbox as module
from isthmus.runtime.notify.incident import Incident
from isthmus.runtime.notify.message import Address, Message, State
from isthmus.runtime.notify.outbox import Outbox


def message(key, priority=3, now=0, **more):
    notice = Notice(key, "rule", key, "text", Nanoseconds(now), priority=priority)
    return Message.of(notice, Address("mail", "anna", "a@b.example"), now, **more)


def incident(path, told=0):
    return Incident(path, "line", 1, 2, "title", "text", 2, "/alarms", told)


def held(box):
    return (
        [asdict(each) for each in box.waiting.values()],
        [asdict(each) for each in box.past],
        {key: asdict(each) for key, each in box.incidents.items()},
        box.dropped,
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "sent", "failed", "incident", "end", "reopen"]),
            st.integers(0, 7),
        ),
        max_size=40,
    )
)
def test_a_reopened_outbox_holds_what_the_old_one_held(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("box")
    box, put = Outbox.open(folder), set()
    for number, (step, which) in enumerate(steps):
        if step == "put":
            fresh = box.keep([message(str(which), now=number)])
            assert bool(fresh) == (which not in put)  # told once, whatever became of it
            put.add(which)
        elif step in ("sent", "failed"):
            waiting = [each for each in box.waiting.values() if each.key == str(which)]
            for each in waiting:
                box.mark(each, State(step), number, "why")
        elif step == "incident":
            box.keep(incidents=[incident(f"a/{which}", number)])
        elif step == "end":
            for each in [one for one in box.incidents.values() if one.path == f"a/{which}"]:
                box.keep(over=[each])
        before = held(box)
        if step == "reopen":
            box = Outbox.open(folder)
            assert held(box) == before
    assert held(Outbox.open(folder)) == held(box)


def test_the_least_urgent_and_oldest_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    box = Outbox.open(tmp_path)
    for number, priority in enumerate([3, 1, 3, 2, 1]):
        box.keep([message(str(number), priority, number)])
    assert sorted(each.key for each in box.waiting.values()) == ["1", "3", "4"]
    assert box.dropped == 2
    assert [(each.key, each.state) for each in box.past] == [
        ("0", State.DROPPED),
        ("2", State.DROPPED),
    ]
    assert Outbox.open(tmp_path).dropped == 2


def test_the_file_is_written_anew_and_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LINES", 20)
    box = Outbox.open(tmp_path)
    box.keep([message("waits")], [incident("a/b", 1)])
    for number in range(200):
        each = message(f"m{number}")
        box.keep([each])
        box.mark(each, State.SENT, number)
    assert len(box.file.read_bytes().splitlines()) <= 22
    again = Outbox.open(tmp_path)
    assert held(again) == held(box)
    assert [each.key for each in again.waiting.values()] == ["waits"]
    assert list(again.incidents) == [incident("a/b").key]


def test_a_torn_line_is_cut_off_and_a_damaged_one_counted(tmp_path):
    box = Outbox.open(tmp_path)
    box.keep([message("one")])
    box.keep([message("two")])
    lines = box.file.read_bytes().splitlines(keepends=True)
    box.file.write_bytes(lines[0] + b'{"put": [{"id"]}\n' + lines[1] + lines[1][:30])
    again = Outbox.open(tmp_path)
    assert [each.key for each in again.waiting.values()] == ["one", "two"]
    assert again.damaged == 1
    assert again.file.read_bytes().endswith(lines[1])
    again.keep([message("three")])
    assert len(Outbox.open(tmp_path).waiting) == 3


def test_a_disk_that_is_full_changes_nothing(tmp_path, monkeypatch):
    box = Outbox.open(tmp_path)
    box.keep([message("one")])
    before, text = held(box), box.file.read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    for step in (
        lambda: box.keep([message("two")], [incident("a/b")]),
        lambda: box.mark(next(iter(box.waiting.values())), State.SENT, 1),
    ):
        with pytest.raises(StorageError, match="No space left"):
            step()
        assert held(box) == before
        assert box.file.read_bytes() == text
    monkeypatch.undo()
    assert len(box.keep([message("two")])) == 1


def test_files_stay_until_no_message_needs_them(tmp_path, monkeypatch):
    box = Outbox.open(tmp_path)
    files = box.attach([Attachment("a.pdf", "application/pdf", b"one")])
    box.keep([each := message("one", files=files)])
    assert [one.body for one in Outbox.open(tmp_path).attached(each)] == [b"one"]
    monkeypatch.setattr(module, "HOUR", -10.0)
    assert len(list((tmp_path / "files").iterdir())) == 1
    box.mark(each, State.SENT, 1)
    Outbox.open(tmp_path)
    assert list((tmp_path / "files").iterdir()) == []


def test_each_line_is_whole_json(tmp_path):
    box = Outbox.open(tmp_path)
    box.keep([message("ä\nü")], [incident("a")])
    (line,) = box.file.read_text("utf-8").splitlines()
    assert json.loads(line)["put"][0]["key"] == "ä\nü"
