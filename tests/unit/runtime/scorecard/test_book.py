"""Notes are kept with every version and who wrote it; the ledger hears of each before the disk."""

from __future__ import annotations

import json

import pytest

from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.record import Kind
from isthmus.runtime.scorecard.book import LONGEST, Book, Change

ANNA, BEN = "person:anna", "person:ben"


class Heard:
    """A recorder that remembers, or refuses."""

    def __init__(self):
        self.told, self.full = [], False

    def record(self, kind, by, text, *, about="", facts=None):
        if self.full:
            raise StorageError("the ledger is full")
        self.told.append((kind, by, text, about))


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "scorecard" / "notes.jsonl"


def opened(file, heard):
    return Book.open(file, heard, lambda: 1_000)


def test_a_note_survives_with_all_its_versions(file, heard):
    book = opened(file, heard)
    made = book.write("action", "order a head", ANNA, "oee", Change(who="maintenance", side="ot"))
    book.change(made.number, BEN, Change(state="done", due="2026-12-01"))
    again = opened(file, heard)
    first, last = again.history(1)
    assert (first.version, first.by, first.state, first.due) == (1, ANNA, "open", "")
    assert (last.version, last.by, last.state, last.due) == (2, BEN, "done", "2026-12-01")
    assert (last.text, last.who, last.side, last.goal) == (
        "order a head",
        "maintenance",
        "ot",
        "oee",
    )
    assert again.all() == [last]


def test_the_newest_note_is_first(file, heard):
    book = opened(file, heard)
    for text in ("one", "two"):
        book.write("comment", text, ANNA)
    assert [note.text for note in book.all()] == ["two", "one"]


def test_the_ledger_hears_of_every_version(file, heard):
    book = opened(file, heard)
    book.write("decision", "wait", ANNA, "oee")
    book.change(1, BEN, Change(text="go"))
    assert [(kind, by, about) for kind, by, _, about in heard.told] == [
        (Kind.SCORECARD, ANNA, "oee"),
        (Kind.SCORECARD, BEN, "oee"),
    ]


def test_what_the_ledger_cannot_keep_is_not_written(file, heard):
    book = opened(file, heard)
    heard.full = True
    with pytest.raises(StorageError):
        book.write("comment", "lost?", ANNA)
    assert book.all() == []
    assert opened(file, heard).all() == []


def test_nobody_overwrites_what_they_have_not_seen(file, heard):
    book = opened(file, heard)
    book.write("comment", "mine", ANNA)
    book.change(1, ANNA, Change(text="mine, mended"), version=1)
    with pytest.raises(Refused, match="version 2 now, by person:anna"):
        book.change(1, BEN, Change(text="his"), version=1)


@pytest.mark.parametrize(
    ("kind", "text", "change"),
    [
        ("comment", "  ", Change()),
        ("comment", "x" * (LONGEST + 1), Change()),
        ("comment", "x", Change(who="anna")),
        ("decision", "x", Change(state="done")),
        ("action", "x", Change(due="soon")),
        ("action", "x", Change(due="2026-02-30")),
        ("poem", "x", Change()),
        ("action", "x", Change(state="lost")),
        ("action", "x", Change(side="hr")),
    ],
)
def test_what_is_no_note_is_refused(file, heard, kind, text, change):
    book = opened(file, heard)
    with pytest.raises(Refused):
        book.write(kind, text, ANNA, "", change)
    assert not file.exists()
    assert not heard.told


def test_there_is_no_such_note(file, heard):
    with pytest.raises(ConfigError, match="no note 7"):
        opened(file, heard).history(7)


def test_a_line_that_a_power_cut_left_unfinished_is_cut_off(file, heard):
    book = opened(file, heard)
    book.write("comment", "whole", ANNA)
    with file.open("ab") as out:
        out.write(b'{"number": 2, "ver')
    again = opened(file, heard)
    assert (len(again.all()), again.damaged) == (1, 0)
    again.write("comment", "next", BEN)
    assert [note.text for note in opened(file, heard).all()] == ["next", "whole"]


def test_a_damaged_line_is_counted_and_the_rest_is_read(file, heard):
    book = opened(file, heard)
    for text in ("one", "two", "three"):
        book.write("comment", text, ANNA)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[1] = b'{"number": 2}\n'
    file.write_bytes(b"".join(lines))
    again = opened(file, heard)
    assert [note.text for note in again.all()] == ["three", "one"]
    assert again.damaged == 1


def test_a_book_of_twenty_years_still_takes_notes(file, heard):
    lines = [
        {"number": number, "version": 1, "kind": "comment", "text": "x", "by": ANNA, "time": 1}
        for number in range(1, 73_001)
    ]
    file.parent.mkdir()
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    book = opened(file, heard)
    assert book.write("action", "one more", BEN).number == 73_001
    assert book.change(1, BEN, Change(text="y")).version == 2


def test_the_file_is_one_line_a_version(file, heard):
    book = opened(file, heard)
    book.write("comment", "two\nlines", ANNA)
    (line,) = file.read_text("utf-8").splitlines()
    assert json.loads(line)["text"] == "two\nlines"
