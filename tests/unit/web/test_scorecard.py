"""Which notes the scorecard tells: the newest, and every action that is still to be done."""

from __future__ import annotations

from isthmus.cli.scorecard import shown
from isthmus.runtime.scorecard.book import Note
from isthmus.web.scorecard import NEWEST, _first, noted


def note(number, kind="comment", state="open"):
    return Note(number, 1, kind, f"note {number}", "person:anna", 1_000, state=state)


def notes(*old, count=NEWEST):
    """`count` comments, the newest first, and `old` notes behind them."""
    return [*(note(number) for number in range(count + len(old), len(old), -1)), *old]


def test_an_open_action_stays_however_many_notes_came_after_it():
    written = notes(note(3, "action"), note(2, "action", "done"), note(1))
    found, before = _first(written)
    assert [one.number for one in found[-2:]] == [4, 3]
    assert len(found) == NEWEST + 1
    assert before == 4  # older ones are asked for by that

    answer = {"goals": [], "trouble": "", "notes": [noted(one).model_dump() for one in found]}
    assert "3 action: note 3" in shown(answer)


def test_where_all_is_told_nothing_is_older():
    assert _first([]) == ([], None)
    assert _first(notes(count=5))[1] is None
    assert _first(notes(note(1, "action")))[1] is None
    assert _first(notes(note(1)))[1] == 2
