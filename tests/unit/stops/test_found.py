"""Stops are found whole, whatever range is asked for, and are going on while nothing says else."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.figures.memory import HOUR, START, S, line_of, records, unit

from isthmus.insight.accounting.correction import Correction
from isthmus.model.errors import Refused, StorageError
from isthmus.model.plant import Calendar, Shift
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.read import Window
from isthmus.runtime.stops import say
from isthmus.runtime.stops.book import Book, Sent
from isthmus.runtime.stops.found import Around

PRESS = unit("press", "state", "cause")
DAY = frozenset(range(7))
WORK = Calendar(
    "work",
    (Shift("early", 6 * 60, 14 * 60, DAY), Shift("late", 14 * 60, 22 * 60, DAY)),
    breaks=((540, 560),),
)


class NoEvents:
    def events(self, start, end, **_):
        return []


def around(tmp_path, states, *, end, calendar=None, orders=None, dark=None):
    """Where stops of a press are looked for; its clock goes on with every look."""
    name = calendar.name if calendar else ""
    press = replace(unit("press", "state", "cause", *(["order"] if orders else [])), calendar=name)
    told = {"press/state": states} | ({"press/order": orders} if orders else {})
    kept = records(line_of(press, calendar=name), told, end=0, calendar=calendar)
    book = Book.open(tmp_path, Reasons(DEFAULT))
    ticks = itertools.count(START + int(end * HOUR))
    kept = replace(kept, told=book.told, now=lambda: Nanoseconds(next(ticks)))
    if dark:
        kept = replace(kept, dark=lambda _: Nanoseconds(START + int(dark * HOUR)))
    return Around(kept, book, NoEvents())


def press(where):
    return where.records.plant.equipment(PRESS.path)


def hours(stop):
    return (stop.start - START) / HOUR, (stop.end - START) / HOUR


def at(where, hour):
    moment = START + int(hour * HOUR)
    span = Nanoseconds(moment - S), Nanoseconds(moment + S)
    return where.stops(press(where), span)


@pytest.mark.parametrize("hour", [4.001, 5, 6.5, 6.999])
def test_a_long_stop_is_the_same_from_each_of_its_moments(tmp_path, hour):
    states = [0, 4 * 3_600, 7 * 3_600], [6, 9, 6]
    (found,) = at(around(tmp_path, states, end=9), hour)
    assert hours(found.stop) == (4, 7)
    assert found.inside == pytest.approx(2)
    assert not found.going


@pytest.mark.parametrize("hour", [21.5, 23, 26, 29, 30.5])
def test_a_stop_over_a_night_without_a_shift_is_found_in_that_night_too(tmp_path, hour):
    states = [0, 21 * 3_600, 31 * 3_600], [6, 9, 6]
    (found,) = at(around(tmp_path, states, end=40, calendar=WORK), hour)
    assert (hours(found.stop), found.stop.seconds) == ((21, 31), 2 * 3_600)


@pytest.mark.parametrize("back", [1, 24 * 10, 24 * 31])
def test_a_stop_of_months_begins_at_one_midnight_a_month_back(tmp_path, back):
    where = around(tmp_path, ([0, 86_400], [6, 9]), end=90 * 24)
    end = START + 90 * 24 * HOUR
    (found,) = where.stops(press(where), (Nanoseconds(end - back * HOUR), Nanoseconds(end)))
    assert (hours(found.stop)[0], found.going) == (58 * 24, True)
    (again,) = where.stops(
        press(where), (Nanoseconds(found.stop.start - S), Nanoseconds(found.stop.start + S))
    )
    assert (again.stop.start, again.going) == (found.stop.start, True)


def test_without_an_order_a_machine_does_not_go_on_being_broken(tmp_path):
    """A stop is what the accounts of time say at each moment, however it began."""
    for codes, counts in (([7, 0], "NOT"), ([0, 7], "ADOT")):
        where = around(tmp_path, ([0, 36_000], [6, 9]), end=80, orders=([0, 39_600], codes))
        span = Nanoseconds(START + 72 * HOUR), Nanoseconds(START + 80 * HOUR)
        (found,) = where.stops(press(where), span)
        assert (hours(found.stop)[0], found.stop.element.name) == (11, counts)
        assert found.asks == (counts == "ADOT")
        (made,) = elements_of(where.records, [press(where)], [Window("", *span)])
        assert made.columns[counts][0] == found.inside == 8 * 3_600


def test_what_stands_now_goes_on_though_the_clock_does_too(tmp_path):
    where = around(tmp_path, ([0, 3_600], [6, 9]), end=2.5)
    found = where.stops(press(where), (START, Nanoseconds(START + 5 * HOUR)))
    assert [(each.going, hours(each.stop)[0]) for each in found] == [(True, 1)]
    ran = around(tmp_path, ([0, 3_600, 7_200], [6, 9, 6]), end=2.5)
    assert [
        each.going for each in ran.stops(press(ran), (START, Nanoseconds(START + 5 * HOUR)))
    ] == [False]


def test_a_stop_goes_on_in_a_break(tmp_path):
    where = around(tmp_path, ([0, 8 * 3_600], [6, 9]), end=9.2, calendar=WORK)
    (found,) = where.stops(
        press(where), (Nanoseconds(START + 8 * HOUR), Nanoseconds(START + 12 * HOUR))
    )
    assert found.going
    assert hours(found.stop) == (8, 9)


def test_seconds_inside_a_range_add_up_over_ranges(tmp_path):
    where = around(tmp_path, ([0, 8 * 3_600, 15 * 3_600], [6, 9, 6]), end=30, calendar=WORK)
    bounds = [Nanoseconds(START + int(hour * HOUR)) for hour in (6, 8.5, 9.1, 14, 22)]
    inside = [
        found.inside
        for span in itertools.pairwise(bounds)
        for found in where.stops(press(where), span)
        if not found.going
    ]
    (whole,) = where.stops(press(where), (bounds[0], bounds[-1]))
    assert sum(inside) == pytest.approx(whole.stop.seconds) == pytest.approx(7 * 3_600 - 1_200)
    assert whole.inside == whole.stop.seconds


def test_as_it_was_known_leaves_out_all_that_was_said_later(tmp_path):
    where = around(tmp_path, ([0, 4 * 3_600, 8 * 3_600], [6, 9, 6]), end=10)
    first, last = START + 4 * HOUR, START + 8 * HOUR
    where.book.correct(Correction(0, PRESS.path, first, last, "people", "anna", START + 9 * HOUR))
    where.book.correct(Correction(0, PRESS.path, first + HOUR, last, "", "anna", START + 9 * HOUR))
    span = (START, Nanoseconds(START + 9 * HOUR))
    then = where.as_known(int(START + 8.5 * HOUR)).stops(press(where), span)
    assert [(hours(each.stop), each.correction, each.asks, each.version) for each in then] == [
        ((4, 8), None, True, 0)
    ]
    assert [hours(each.stop) for each in where.stops(press(where), span)] == [(4, 5), (5, 8)]


class Site:
    """What words about stops need of a running plant."""

    def __init__(self, where):
        self.records, self.stops, self.historian = where.records, where.book, where.historian
        self.plant, self.done, self.full = where.records.plant, [], False
        self.trust = SimpleNamespace(ledger=SimpleNamespace(record=self._record))
        self.deriver = SimpleNamespace(
            dirt=SimpleNamespace(
                order=asyncio.Lock(),
                until=0,
                add=lambda *_: self.done.append("figures"),
                keep=self._kept,
                woken=asyncio.Event(),
            )
        )

    def now(self):
        return self.records.now()

    async def _kept(self):
        return None

    def _record(self, *_, **__):
        if self.full:
            raise StorageError("the ledger is full")
        self.done.append(f"recorded after {len(self.stops.entries)}")


def test_a_reason_of_a_stop_that_is_over_is_kept_and_told(tmp_path):
    site = Site(around(tmp_path, ([0, 4 * 3_600, 7 * 3_600], [6, 9, 6]), end=9))
    why, moment = say.Why("people"), START + 5 * HOUR
    kept = asyncio.run(say.correct(site, PRESS, moment, why, "anna", Sent()))
    assert (kept.start, kept.end, kept.going) == (START + 4 * HOUR, START + 7 * HOUR, False)
    assert Book.open(tmp_path, Reasons(DEFAULT)).held(PRESS.path) == (kept,)


def test_a_reason_given_while_it_stands_holds_until_it_runs(tmp_path):
    states = [0, 3_600], [6, 9]
    site = Site(around(tmp_path, states, end=1.2))

    async def said():
        why = say.Why("people")
        return await say.correct(site, PRESS, START + int(1.1 * HOUR), why, "anna", Sent())

    kept = asyncio.run(said())
    assert kept.going
    later = around(tmp_path, states, end=3)
    (found,) = later.stops(press(later), (START, Nanoseconds(START + 3 * HOUR)))
    assert (hours(found.stop)[0], found.correction.reason, found.asks) == (1, "people", False)
    ran = around(tmp_path, ([0, 3_600, 3 * 3_600], [6, 9, 6]), end=4)
    asyncio.run(say.settle(Site(ran)))
    (held,) = Book.open(tmp_path, Reasons(DEFAULT)).held(PRESS.path)
    assert (held.going, (held.end - START) / HOUR) == (False, 3)


def test_the_silence_of_an_edge_ends_no_word(tmp_path):
    states = [0, 3_600], [6, 9]
    site = Site(around(tmp_path, states, end=3))
    why = say.Why("people")
    asyncio.run(say.correct(site, PRESS, START + 2 * HOUR, why, "anna", Sent()))
    asyncio.run(say.settle(Site(around(tmp_path, states, end=3.1, dark=3.05))))
    later = around(tmp_path, states, end=4)
    (found,) = later.stops(press(later), (START, Nanoseconds(START + 4 * HOUR)))
    assert (found.going, found.asks, found.inside) == (True, False, pytest.approx(3 * 3_600))


def test_a_stop_that_is_cut_while_it_stands_has_two_parts(tmp_path):
    states = [0, 3_600], [6, 9]
    site = Site(around(tmp_path, states, end=2))
    asyncio.run(say.split(site, PRESS, START + int(1.5 * HOUR), "anna", Sent()))
    later = around(tmp_path, states, end=3)
    found = later.stops(press(later), (START, Nanoseconds(START + 3 * HOUR)))
    assert [round(hours(each.stop)[0], 6) for each in found] == [1, 1.5]
    assert [each.going for each in found] == [False, True]


def test_what_ran_takes_no_reason(tmp_path):
    site = Site(around(tmp_path, ([0, 3_600, 7_200], [6, 9, 6]), end=4))
    with pytest.raises(Refused, match="did not stand"):
        asyncio.run(say.correct(site, PRESS, START + 3 * HOUR, say.Why("people"), "anna", Sent()))


def test_no_word_holds_without_a_record_and_without_its_figures(tmp_path):
    site = Site(around(tmp_path, ([0, 3_600, 7_200], [6, 9, 6]), end=4))
    moment, sent = START + int(1.5 * HOUR), Sent("key")

    async def say_it():
        return await say.correct(site, PRESS, moment, say.Why("people"), "anna", sent)

    site.full = True
    with pytest.raises(StorageError, match="full"):
        asyncio.run(say_it())
    assert not site.stops.entries
    site.full, site.done = False, []
    kept = asyncio.run(say_it())
    assert site.done == ["figures", "recorded after 0", "figures"]
    assert asyncio.run(say_it()) == kept
    site.full = True
    with pytest.raises(StorageError, match="full"):
        asyncio.run(say.undo(site, kept.number, "anna", Sent("other")))
    assert site.stops.held(PRESS.path) == (kept,)
