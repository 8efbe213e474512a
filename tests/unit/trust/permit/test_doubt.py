"""A doubtful write is told until its tag's value is known again, for a day at most."""

from __future__ import annotations

import time

from isthmus.model.record import Kind
from isthmus.runtime.trust.doubt import DAY, Doubts
from isthmus.trust.ledger.ledger import Ledger

UNKNOWN = {"action": "a1", "step": "end", "state": "unknown", "value": 7.0, "after": None}


def test_a_doubt_is_told_until_a_known_end_and_for_a_day():
    doubts = Doubts()
    doubts.ended("a/b", "person:anna", UNKNOWN, DAY)
    assert doubts.all(DAY)["a/b"] == ("a1", "person:anna", 7.0, DAY)
    assert doubts.all(2 * DAY) == {}
    doubts.ended("a/b", "person:anna", {"state": "refused", "after": None}, DAY)
    doubts.ended("a/b", "person:anna", {"state": "failed", "after": None}, DAY)
    doubts.ended("a/c", "person:anna", {"state": "written", "after": 1.0}, DAY)
    assert set(doubts.all(DAY)) == {"a/b"}, "nothing was learnt of it"
    doubts.ended("a/b", "person:ben", {"state": "mismatch", "after": 6.0}, DAY)
    assert doubts.all(DAY) == {}


def test_they_are_read_again_from_the_ledger_in_order(tmp_path):
    ledger = Ledger.open(tmp_path)
    known = {"action": "a2", "step": "end", "state": "written", "value": 7.0, "after": 7.0}
    for path, facts in (
        *(("a/b", UNKNOWN), ("a/b", known)),
        *(("a/c", known), ("a/c", UNKNOWN)),
        ("a/d", {**UNKNOWN, "step": "wish"}),
    ):
        ledger.record(Kind.ACTION, "person:anna", "told", about=path, facts=facts)
    doubts = Doubts()
    doubts.read(ledger)
    assert set(doubts.all(time.time_ns())) == {"a/c"}
    ledger.close()
