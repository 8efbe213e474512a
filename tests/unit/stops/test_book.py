"""Corrections: kept in versions, durable, laid over what the machine told, taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.insight.told import S, series

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.insight.accounting.correction import Correction
from isthmus.model.errors import Refused, StorageError
from isthmus.model.plant import Equipment, Level
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.state import State
from isthmus.runtime.stops.book import FILE, Book, Overtaken, Sent

UNIT = Equipment("packaging/line1/filler", Level.WORK_UNIT)
REASONS = Reasons(DEFAULT)
RAW = Accounts.of(
    series([(0, State.EXECUTE, 0), (100, State.HELD, 0), (700, State.EXECUTE, 0)], 0, 900), None
)


def said(start, end, reason, *, made=1, going=False, unit=UNIT.path):
    return Correction(
        0, unit, start * S, end * S, reason, "anna", made, comment="seen", going=going
    )


@pytest.fixture
def book(tmp_path):
    return Book.open(tmp_path, REASONS)


def told(book):
    found = book.told(UNIT, RAW)
    return [
        (int(start / S), int(end / S), REASONS.words[int(cause)])
        for start, end, cause in zip(found.start, found.end, found.cause, strict=True)
    ]


def test_a_reason_is_for_the_time_that_stood(book):
    book.correct(said(50, 800, "changeover"))
    assert told(book) == [
        (0, 50, "none"),
        (50, 100, "none"),
        (100, 700, "changeover"),
        (700, 800, "none"),
        (800, 900, "none"),
    ]
    assert Look.SETUP in book.told(UNIT, RAW).looks()
    other = Equipment("packaging/line1/packer", Level.WORK_UNIT)
    assert book.told(other, RAW) is RAW


def test_a_stop_cut_in_two_has_two_reasons_and_the_later_word_holds(book):
    book.correct(said(100, 700, "breakdown"))
    book.correct(said(400, 700, ""))
    book.correct(said(400, 700, "breakdown/electrical", made=2))
    assert told(book)[1:3] == [(100, 400, "breakdown"), (400, 700, "breakdown/electrical")]


def test_an_undo_lets_what_was_said_before_hold_again(book):
    book.correct(said(100, 700, "material"))
    second = book.correct(said(100, 700, "breakdown"))
    assert book.taken_back(second.number) is None
    book.undo(second.number, "bert", 5)
    assert told(book)[1] == (100, 700, "material")
    taken = book.taken_back(second.number)
    assert taken is not None
    assert (taken.number, taken.by) == (3, "bert")
    with pytest.raises(Refused, match="taken back"):
        book.undo(second.number, "bert", 6)
    versions = book.versions(UNIT.path, 100 * S, 700 * S)
    assert [(each.reason, taken.by if taken else "") for each, taken in versions] == [
        ("material", ""),
        ("breakdown", "bert"),
    ]


def test_what_was_known_at_a_moment_can_be_told(book):
    book.correct(said(100, 700, "material", made=10))
    second = book.correct(said(100, 700, "breakdown", made=20))
    book.undo(second.number, "bert", 30)
    causes = {
        moment: {REASONS.words[int(each)] for each in book.at(moment).told(UNIT, RAW).cause if each}
        for moment in (5, 10, 25, 30)
    }
    assert causes == {5: set(), 10: {"material"}, 25: {"breakdown"}, 30: {"material"}}


def test_a_reason_given_while_it_stood_holds_until_it_ran(book):
    kept = book.correct(said(100, 300, "people", going=True))
    assert told(book)[1] == (100, 700, "people")
    assert book.going() == [kept]
    book.end(kept.number, 700 * S, 9)
    assert told(book)[1] == (100, 700, "people")
    assert book.going() == []


def test_it_is_all_there_after_a_restart_and_a_torn_line_was_never_answered(book, tmp_path):
    book.correct(said(100, 700, "material"))
    gone = book.correct(said(100, 700, "breakdown"))
    book.undo(gone.number, "bert", 5)
    with (tmp_path / FILE).open("ab") as out:
        out.write(b'{"number": 4, "by": "an')
    again = Book.open(tmp_path, REASONS)
    assert told(again) == told(book)
    assert again.correct(said(100, 700, "people")).number == 4
    assert told(Book.open(tmp_path, REASONS))[1] == (100, 700, "people")


def test_a_damaged_line_is_named(book, tmp_path):
    book.correct(said(100, 700, "material"))
    (tmp_path / FILE).write_bytes(b"{}\n" + (tmp_path / FILE).read_bytes())
    with pytest.raises(StorageError, match=f"{FILE}:1"):
        Book.open(tmp_path, REASONS)


def test_a_reason_that_the_plant_has_no_more_changes_nothing(book):
    book.correct(said(100, 700, "gone"))
    assert {each for _, _, each in told(book)} == {"none"}
    assert np.array_equal(np.unique(book.told(UNIT, RAW).state), np.unique(RAW.state))


def test_a_cut_stays_where_history_is_read_in_parts(book):
    book.correct(said(400, 700, ""))
    laid = book.told(UNIT, RAW)
    assert Accounts.joined([laid]).start.tolist() == laid.start.tolist()
    assert 400 * S in laid.start


def test_a_word_that_is_sent_twice_counts_once_also_after_a_restart(book, tmp_path):
    first = book.correct(said(100, 700, "material"), Sent("k1"))
    assert book.correct(said(100, 700, "material"), Sent("k1")) == first
    again = Book.open(tmp_path, REASONS)
    assert again.correct(said(100, 700, "material"), Sent("k1")) == first
    taken = again.undo(first.number, "anna", 5, Sent("k2"))
    assert again.undo(first.number, "anna", 6, Sent("k2")) == taken == first
    assert len(Book.open(tmp_path, REASONS).entries) == 2
    other = replace(said(100, 700, "people"), by="bert")
    assert again.correct(other, Sent("k1")).number == 3, "a key is its speaker's own"


def last(book, start, end):
    return max((each.number for each in book.marks(UNIT.path, start * S, end * S)), default=0)


@pytest.mark.parametrize("reopened", [False, True])
def test_a_word_does_not_pass_over_one_that_its_speaker_has_not_seen(book, tmp_path, reopened):
    first = book.correct(said(100, 700, "material"), Sent(seen=0))
    book = Book.open(tmp_path, REASONS) if reopened else book
    with pytest.raises(Overtaken) as told:
        book.correct(said(100, 700, "breakdown"), Sent(seen=0))
    assert told.value.number == first.number
    second = book.correct(said(100, 700, "breakdown"), Sent(seen=last(book, 100, 700)))
    with pytest.raises(Overtaken):
        book.undo(first.number, "bert", 5, Sent(seen=first.number))
    book.undo(second.number, "bert", 5, Sent(seen=second.number))
    with pytest.raises(Overtaken, match="meanwhile"):
        book.correct(said(100, 700, "people"), Sent(seen=second.number))
    assert told_of(book) == "material", "what was refused changed nothing"


def told_of(book):
    return told(book)[1][2]


def test_a_cut_concerns_both_parts_and_no_other_stop(book):
    book.correct(said(400, 700, ""))
    assert (last(book, 100, 400), last(book, 400, 700)) == (1, 1)
    assert last(book, 700, 800) == 0
    book.correct(said(100, 400, "material"))
    assert (last(book, 100, 400), last(book, 400, 700)) == (2, 1), "a reason is for its part alone"
