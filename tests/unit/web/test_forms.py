"""Columns, ribbons, headlines and tariffs: what goes in comes out, nothing gets lost."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from isthmus.insight.accounting.accounts import Accounts
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.tag import Counter, Kind, Tag
from isthmus.runtime.figures.tariff import PRICE, Tariff
from isthmus.web.history import PenColumns, _binary, numbers
from isthmus.web.plant import headline
from isthmus.web.ribbon import MOST, ribbon

SECOND = 10**9


@st.composite
def pens(draw):
    rows = draw(st.integers(0, 12))
    columns = tuple(draw(arrays.arrays(np.float64, rows)) for _ in range(4))
    return PenColumns(
        draw(st.integers(0, 2**31 - 1)),
        columns,
        raw=draw(st.booleans()),
        samples=draw(st.integers(0, 2**40)),
        good=draw(st.floats(0, 100)),
        last=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    )


def decode(body):
    (length,) = struct.unpack_from("<I", body)
    head, place, found = json.loads(body[4 : 4 + length]), 4 + length, []
    for pen in head["pens"]:
        rows = pen["rows"]
        table = np.frombuffer(body, "<f8", 4 * rows, place).reshape(4, rows)
        found.append((pen, table))
        place += 32 * rows
    assert place == len(body)
    return head, found


@given(st.lists(pens(), max_size=5), st.floats(0, 4e12), st.floats(0, 4e12))
def test_columns_come_back_as_they_were(wanted, start, end):
    body = _binary(start, end, wanted)
    head, found = decode(body)
    assert (head["start"], head["end"]) == (start, end)
    (length,) = struct.unpack_from("<I", body)
    assert (4 + length) % 8 == 0, "the numbers are aligned for typed arrays"
    for pen, (told, table) in zip(wanted, found, strict=True):
        assert (told["tag"], told["raw"], told["samples"]) == (pen.tag, pen.raw, pen.samples)
        assert told["last"] == pen.last
        for own, row in zip((pen.time, pen.min, pen.max, pen.mean), table, strict=True):
            assert np.array_equal(own, row, equal_nan=True)


@given(arrays.arrays(np.float64, st.integers(0, 30)))
def test_json_gets_numbers_or_null(values):
    told = json.loads(json.dumps(numbers(values), allow_nan=False))
    assert [value is None for value in told] == (~np.isfinite(values)).tolist()
    assert [value for value in told if value is not None] == values[np.isfinite(values)].tolist()


@st.composite
def accounts(draw):
    spans = draw(st.lists(st.integers(1, 3_600), min_size=1, max_size=60))
    again = draw(st.integers(1, 60))
    lasts = np.tile(np.array(spans, np.int64) * SECOND, again)
    edges = np.concatenate([[0], np.cumsum(lasts)]) + draw(st.integers(0, 10**18))
    state = np.tile(draw(arrays.arrays(np.int64, len(spans), elements=st.integers(0, 17))), again)
    cause = np.tile(draw(arrays.arrays(np.int64, len(spans), elements=st.integers(0, 8))), again)
    return Accounts(edges[:-1], edges[1:], state, cause)


@given(accounts())
def test_a_ribbon_has_no_hole_and_no_overlap(kept):
    found = ribbon(Equipment("hall/line1/press", Level.WORK_UNIT), kept).intervals
    assert found[0].start == kept.start[0] / 1e6
    assert found[-1].end == kept.end[-1] / 1e6
    assert all(before.end == after.start for before, after in pairwise(found))
    assert len(found) <= len(kept.start)
    if len(kept.start) > MOST:
        assert len(found) <= MOST + 1
    else:
        assert [one.look for one in found] == [str(look) for look in kept.looks()]


STOPS = [
    ("run stop run stop run", 2, True),
    ("stop run stop", 1, True),
    ("stop", 0, True),
    ("run aborting stop run", 1, True),
    ("run starved run setup run", 0, True),
    ("run unknown stop run stop run", 1, False),
    ("run stop unknown", 1, False),
]
STATES = {"run": 6, "stop": 2, "aborting": 8, "starved": 5, "setup": 15, "unknown": 0}


@pytest.mark.parametrize(("told", "stops", "known"), STOPS)
def test_a_ribbon_counts_the_stops_that_began_inside(told, stops, known):
    states = [STATES[word] for word in told.split()]
    edges = np.arange(len(states) + 1) * 60 * SECOND
    kept = Accounts(edges[:-1], edges[1:], np.array(states), np.zeros(len(states), np.int64))
    found = ribbon(Equipment("hall/line1/press", Level.WORK_UNIT), kept)
    assert (found.stops, found.known) == (stops, known)


# ---------------------------------------------------------------- headline
def tags(*names, **more):
    return tuple(Tag(f"hall/line1/press/{name}", **more) for name in names)


def test_three_analog_tags_lead_and_those_with_a_band_come_first():
    unit = Equipment(
        "hall/line1/press",
        Level.WORK_UNIT,
        tags=(
            *tags("zeta", "power", "speed"),
            *tags("force", normal=(1.0, 2.0)),
            *tags("count", counter=Counter()),
            *tags("state", kind=Kind.ENUMERATION),
        ),
    )
    assert [tag.name for tag in headline(unit)] == ["force", "speed", "power"]


def test_a_unit_without_analog_tags_has_no_headline():
    unit = Equipment("hall/line1/press", Level.WORK_UNIT, tags=tags("name", kind=Kind.TEXT))
    assert headline(unit) == []


# ---------------------------------------------------------------- tariff
def ns(hour, minute=0):
    return int(datetime(2026, 1, 15, hour, minute, tzinfo=UTC).timestamp()) * SECOND


DAY_NIGHT = {"06:00-22:00": 0.24, "22:00-06:00": 0.18, "co2": 0.4, "demand_per_kw": 9.5}


@pytest.mark.parametrize(
    ("at", "price"), [(ns(4, 59), 0.18), (ns(5), 0.24), (ns(20, 59), 0.24), (ns(21), 0.18)]
)
def test_the_price_is_that_of_the_local_time(at, price):
    tariff = Tariff.of(Plant("acme", "r", "Europe/Berlin", tariffs={"electricity": DAY_NIGHT}))
    assert tariff.at(at) == price
    assert tariff.mean == pytest.approx((16 * 0.24 + 8 * 0.18) / 24)


def test_without_a_tariff_the_usual_price_holds():
    tariff = Tariff.of(Plant("acme", "riverside"))
    assert tariff.at(ns(3)) == tariff.mean == PRICE
