"""What people said and what the plant remembers is in a backup, made while it was being written."""

from __future__ import annotations

import pytest
from tests.integration.historian.test_backup import opened, source

from isthmus.historian.backup.make import back_up
from isthmus.historian.backup.restore import restore
from isthmus.historian.keep.place import Folder
from isthmus.insight.accounting.correction import Correction
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.record import Unrecorded
from isthmus.runtime.scorecard.book import Book as Notes
from isthmus.runtime.stops.book import Book, Sent

REASONS = Reasons(DEFAULT)
UNIT = "packaging/line1/filler"
KEPT = {
    "alarms.json": '{"alarms": {}}',
    "rules.json": '{"rules": {}}',
    "derive.json": "{}",
    "notify/outbox.jsonl": '{"key": "one"}\n',
    "scorecard/looks.json": "[]",
    "trust/ledger/2026-11.jsonl": "a record\n",
    "trust/permits.json": "[]",
}


@pytest.fixture
def data(tmp_path):
    """A data folder in which something of each kind is remembered."""
    folder = tmp_path / "data"
    opened(folder / "history").close()
    for name, text in KEPT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "plant.yaml").write_text("isthmus: 1\nenterprise: acme\nsite: riverside\n")
    return folder


def restored(data):
    made = back_up(source(data), Folder(data.parent / "nas"))
    new = data.parent / "new"
    restore(Folder(data.parent / "nas"), made.backup, new)
    return new


def word(reason):
    return Correction(0, UNIT, 100, 700, reason, "person:anna", 800, comment="reel 7")


def test_words_about_stops_come_back_with_their_versions_and_keys(data):
    book = Book.open(data, REASONS)
    book.correct(word("material"), Sent("k1"))
    second = book.correct(word("breakdown/control"), Sent("k2", waited=90.0))
    book.undo(second.number, "person:ben", 900)
    again = Book.open(restored(data), REASONS)
    assert again.entries == book.entries
    assert again.held(UNIT) == book.held(UNIT)
    assert again.correct(word("material"), Sent("k1")).number == 1, "a late tablet counts once"


def test_a_line_that_was_being_written_is_left_out_and_the_book_goes_on(data):
    book = Book.open(data, REASONS)
    book.correct(word("material"))
    with book.file.open("ab") as out:
        out.write(b'{"number":2,"by":"person:b')
    again = Book.open(restored(data), REASONS)
    assert again.entries == book.entries
    assert again.correct(word("people")).number == 2


def test_notes_of_the_scorecard_come_back(data):
    book = Notes.open(data / "scorecard" / "notes.jsonl", Unrecorded())
    made = book.write("comment", "jams from reel 7", "person:anna")
    again = Notes.open(restored(data) / "scorecard" / "notes.jsonl", Unrecorded())
    assert again.history(made.number) == book.history(made.number) != []


def test_every_other_thing_that_is_remembered_comes_back(data):
    new = restored(data)
    assert {name: (new / name).read_text() for name in KEPT} == KEPT
