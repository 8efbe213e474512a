"""The book of permits and locks: its steps, its file, and that all of it is in the ledger."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest

from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.record import Kind, Unrecorded
from isthmus.trust.permit.book import PermitBook, Request

NOW = 1_795_000_000 * 10**9
HOUR = 3_600 * 10**9
WISH = Request(
    *("packaging/line1/filler/*", 100, 130, "new caps", "WO-1", NOW, NOW + HOUR),
    requested="person:anna",
    holder="person:anna",
)


class Clock:
    at = NOW

    def __call__(self):
        return self.at


class Heard:
    """A recorder that remembers, or that refuses."""

    def __init__(self, *, broken=False):
        self.told, self.broken = [], broken

    def record(self, kind, by, text, *, about="", facts=None):
        if self.broken:
            raise StorageError("recording: no space left")
        self.told.append((kind, by, text, about))


@pytest.fixture
def book(tmp_path):
    return PermitBook.open(tmp_path / "trust" / "permits.json", Heard(), Clock())


def test_the_life_of_a_permit_is_in_the_ledger_and_outlives_the_process(book):
    made = book.request(WISH)
    assert made.state(NOW) == "requested"
    book.approve(made.number, "person:ben")
    book.use(made.number, "abc")
    book.close(made.number, "person:anna", "done")
    book.review(made.number, "person:ben", "fine")
    again = PermitBook.open(book.file, Unrecorded(), Clock())
    assert again.permits == book.permits
    assert again.find(1).writes == ("abc",)
    assert again.find(1).state(NOW) == "reviewed"
    verbs = [text.split()[0] for _, _, text, _ in book.recorder.told]
    assert verbs == ["requested", "approved", "closed", "reviewed"]
    assert {kind for kind, *_ in book.recorder.told} == {Kind.PERMIT}
    assert stat.S_IMODE(book.file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"end": NOW + 4 * HOUR + 1}, "4 hours at most"),
        ({"end": NOW}, "4 hours at most"),
        ({"start": NOW - 2 * HOUR, "end": NOW}, "its time is over"),
        ({"start": NOW - 2 * HOUR, "end": NOW + HOUR}, "its time is over"),
        ({"low": 131}, "no value lies"),
        ({"low": float("nan")}, "no value lies"),
        ({"reason": " "}, "no reason"),
        ({"at": "a b c"}, "a b c"),
    ],
)
def test_requests_that_nobody_could_approve(book, changed, why):
    with pytest.raises(Refused, match=why):
        book.request(replace(WISH, **changed))
    assert book.permits == {}


def test_neither_requester_nor_holder_approves(book):
    made = book.request(replace(WISH, requested="person:carl"))
    for who in ("person:anna", "person:carl"):
        with pytest.raises(Refused, match="their own"):
            book.approve(made.number, who)


def test_a_high_risk_takes_two_different_people(book):
    made = book.request(replace(WISH, second=True))
    assert book.approve(made.number, "person:ben").state(NOW) == "requested"
    with pytest.raises(Refused, match="has approved"):
        book.approve(made.number, "person:ben")
    assert book.approve(made.number, "person:cleo").state(NOW) == "active"


def test_steps_out_of_order_are_refused(book):
    made = book.request(WISH)
    with pytest.raises(Refused, match="is requested"):
        book.review(made.number, "person:ben", "")
    book.refuse(made.number, "person:ben", "no")
    for step in (book.approve, book.close):
        with pytest.raises(Refused, match="is refused"):
            step(made.number, "person:ben")
    with pytest.raises(ConfigError, match="no permit 99"):
        book.approve(99, "person:ben")


def test_time_ends_a_permit(book):
    made = book.request(WISH)
    made = book.approve(made.number, "person:ben")
    assert made.state(made.end - 1) == "active"
    assert made.state(made.end) == "expired"
    book.wall.at = made.end
    with pytest.raises(Refused, match="is expired"):
        book.close(made.number, "person:anna")
    with pytest.raises(Refused, match="their own"):
        book.review(made.number, "person:anna", "")


def test_what_cannot_be_recorded_does_not_happen(tmp_path):
    book = PermitBook.open(tmp_path / "permits.json", Heard(broken=True), Clock())
    with pytest.raises(StorageError):
        book.request(WISH)
    with pytest.raises(StorageError):
        book.lock("packaging/line1", "person:anna", "belt")
    assert not book.permits
    assert not book.locks


def test_a_damaged_file_is_no_empty_one(book):
    book.request(WISH)
    book.file.write_text('{"permits": [{}]}', "utf-8")
    with pytest.raises(StorageError, match="reading the permits"):
        PermitBook.open(book.file, Unrecorded(), Clock())


def test_only_who_locked_frees_or_two_others(book):
    book.lock("packaging/line1/filler", "person:anna", "new belt")
    with pytest.raises(Refused, match="has locked"):
        book.lock("packaging/line1/filler", "person:ben", "me too")
    assert book.locked("packaging/line1/filler/setpoint")
    left = book.unlock("packaging/line1/filler", "person:ben")
    assert left is not None
    assert book.unlock("packaging/line1/filler", "person:ben") is not None, "one person, twice"
    assert book.unlock("packaging/line1/filler", "person:cleo") is None
    assert not book.locked("packaging/line1/filler/setpoint")
    book.lock("packaging/line1/filler", "person:anna", "again")
    assert book.unlock("packaging/line1/filler", "person:anna") is None


def test_the_oldest_permits_are_let_go_of_and_numbers_go_on(book, monkeypatch):
    monkeypatch.setattr("isthmus.trust.permit.book.MOST", 3)
    made = [book.request(WISH).number for _ in range(5)]
    assert made == [1, 2, 3, 4, 5]
    assert [each.number for each in book.all()] == [5, 4, 3]
    again = PermitBook.open(book.file, Heard(), Clock())
    assert [each.number for each in again.all()] == [5, 4, 3]
    assert len(book.recorder.told) == 5, "the ledger has all"
