"""Key figures of the plant's own as goals: their elements are added up, then computed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.figures.memory import HOUR, LINE, START
from tests.unit.runtime.report.plants import ROWS, one_line
from tests.unit.runtime.report.test_scheduled import repeated

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.scorecard.measure import added
from isthmus.insight.scorecard.own import own_measure
from isthmus.model.kpi import Better, Kpi
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.scorecard.board import told
from isthmus.runtime.scorecard.own import AGAIN, OwnStretches
from isthmus.runtime.scorecard.standing import benefit

OWN = Kpi("good_per_kwh", "Good pieces for a kWh", "GQ / EN", "1/kWh", Better.MORE)
DAY = 24 * HOUR


def stretches(rows=None, days=3):
    line, known = one_line(repeated(2) if rows is None else rows)
    known = replace(known, now=lambda: Nanoseconds(START + days * DAY))
    own = OwnStretches(known)
    return own, line, own.of(line, Nanoseconds(START - DAY), known.now())


def test_shifts_are_added_up_and_a_ratio_is_never_averaged():
    _, _, found = stretches()
    measure = own_measure(Catalogue.of([OWN]), OWN)
    parts = [each.sums for each in found[:2]]
    good, energy = (sum(each[name] for each in parts) for name in ("GQ", "EN"))
    assert measure.of(added(parts)) == pytest.approx(good / energy)
    assert (measure.unit, measure.better, measure.line) == ("1/kWh", Better.MORE, True)
    assert "GQ / EN" in measure.says


def test_what_is_not_known_is_left_out_and_nothing_has_no_value():
    _, _, found = stretches(days=4)
    assert [(each.start - START) // DAY for each in found] == [0, 1, 2, 3], "states hold"
    _, _, none = stretches({})
    assert none == []
    measure = own_measure(Catalogue.of([OWN]), OWN)
    assert measure.of({}) is None
    assert measure.of(added([])) is None


def test_a_shift_whose_pieces_are_not_known_hides_no_other():
    _, _, found = stretches()
    measure = own_measure(Catalogue.of([OWN]), OWN)
    blind = found[0].sums | {"GQ": float("nan")}
    assert set(measure.needs) == {"EN", "GQ"}
    assert [told(measure, each) for each in (blind, found[1].sums)] == [False, True]


def test_history_is_read_again_when_a_shift_closes_or_late_samples_may_have_come(monkeypatch):
    own, line, first = stretches(ROWS, days=1)
    end = Nanoseconds(START + DAY)
    assert own.of(line, START, end) is first
    assert own.of(line, START, Nanoseconds(end + DAY)) is not first
    later = own.of(line, START, Nanoseconds(end + DAY))
    moment = __import__("time").monotonic() + AGAIN + 1
    monkeypatch.setattr("isthmus.runtime.scorecard.own.time.monotonic", lambda: moment)
    assert own.of(line, START, Nanoseconds(end + DAY)) is not later


def test_the_pilots_benefit_is_what_verified_measures_saved(monkeypatch):
    line, known = one_line()
    measures = tuple(SimpleNamespace(line=path, won=won) for path, won in ((LINE, 3.5), ("b", 9.0)))
    known = replace(known, plant=replace(known.plant, measures=measures))
    saved = {"money": (3.5, 0.5)}

    def verified(_, measure):
        return SimpleNamespace(saving=SimpleNamespace(**saved) if saved else None) if measure else 0

    monkeypatch.setattr("isthmus.runtime.scorecard.standing.verified", verified)
    assert benefit(SimpleNamespace(records=known), line) == pytest.approx(3.5)
    saved.clear()
    assert benefit(SimpleNamespace(records=known), line) is None, "not what a sliding baseline says"
