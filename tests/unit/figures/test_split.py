"""Energy by state, order and product: nothing is lost, nothing counted twice."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.figures.memory import LINE, START, S, line_of, records, span, unit

from isthmus.insight.energy.split import Use
from isthmus.model.event import Event
from isthmus.model.plant import Calendar, Shift
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.figures.split import base_load, split, splits
from isthmus.web.energy_split import split_told

EXECUTE, STOPPED, HELD, SUSPENDED, IDLE, STARTING = 6.0, 2.0, 11.0, 5.0, 4.0, 3.0
MICRO_STOP, BREAK = 3.0, 6.0
DAY = 24 * 3600
EVERY = np.arange(0, DAY + 1, 300)


def line_with(state, kwh, *, cause=None, orders=(), power=False, **settings):
    """A line of one machine; `state` and `cause` are (seconds, values), `orders` (second, name)."""
    filler = unit("filler", "state", "cause", "good_count", "power" if power else "energy")
    order = Tag(f"{LINE}/filler/order", kind=Kind.TEXT, role="order")
    filler = replace(filler, tags=(*filler.tags, order))
    events = [Event(START + int(at) * S, order.path, "text", name) for at, name in orders]

    def texts(start, end, *, kinds=(), path=None, limit=10_000):
        found = [one for one in events if start <= one.time < end and one.path == path]
        return found[-limit:]

    rows = {
        "filler/state": state,
        f"filler/{'power' if power else 'energy'}": kwh,
        "filler/good_count": (EVERY, EVERY / 10),
    } | ({"filler/cause": cause} if cause else {})
    return records(line_of(filler), rows, end=DAY * S, texts=texts, **settings)


def of(held, window=None):
    line = next(held.plant.lines())
    return split(held, line, window or span(24))


def by(parts):
    return {part.name: part for part in parts}


def test_each_state_has_what_was_drawn_in_it():
    hours = np.array([0, 6, 8, 9, 12, 14, 20]) * 3600
    state = [STOPPED, STARTING, EXECUTE, HELD, SUSPENDED, EXECUTE, STOPPED]
    kw = np.array([2, 8, 20, 6, 5, 20, 1])
    told = (hours, kw)
    cause = (hours, [BREAK, 0, 0, MICRO_STOP, 0, 0, BREAK])
    held = line_with((hours, state), told, cause=cause, power=True)
    found = by(of(held).states)
    assert {name: part.kwh for name, part in found.items()} == pytest.approx(
        {"off": 12 + 4, "setup": 16, "running": 20 + 120, "stopped": 18, "idle": 10}
    )
    assert {name: part.seconds / 3600 for name, part in found.items()} == pytest.approx(
        {"off": 10, "setup": 2, "running": 7, "stopped": 3, "idle": 2}
    )
    assert of(held).waste.kwh == pytest.approx(16 + 18 + 10)
    assert of(held).known == 1


def test_base_load_is_that_of_the_states_that_the_machine_names():
    hours = np.array([0, 6, 8, 20]) * 3600
    state = (hours, [HELD, SUSPENDED, EXECUTE, STOPPED])
    held = line_with(state, (hours, np.array([3, 6, 20, 1])), power=True)
    line = next(held.plant.lines())
    filler, *rest = line.children
    words = {int(HELD): "held", int(SUSPENDED): "suspended"}
    tags = tuple(
        replace(tag, legend=words, kind=Kind.ENUMERATION) if tag is filler.tag("state") else tag
        for tag in filler.tags
    )
    told = replace(filler, tags=tags, idle_states=("held", "suspended"))
    found = base_load(held, replace(line, children=(told, *rest)), span(24))
    assert found.kwh / found.seconds * 3600 == pytest.approx((6 * 3 + 2 * 6) / 8)


def test_money_and_co2_are_those_of_the_hours_in_which_it_was_drawn():
    hours = np.array([0, 6]) * 3600
    held = line_with((hours, [EXECUTE, HELD]), (hours, [10.0, 2.0]), power=True)
    tariff = {"00:00-06:30": 0.1, "06:30-24:00": 0.5, "co2": 0.4}
    held = replace(held, plant=replace(held.plant, tariffs={"electricity": tariff}))
    found = by(of(held).states)
    assert found["running"].money == pytest.approx(6.0)
    assert found["stopped"].money == pytest.approx(2 * (0.5 * 0.1 + 17.5 * 0.5), rel=1e-3)
    assert found["stopped"].co2 == pytest.approx(36 * 0.4)


def test_the_page_says_which_price_is_assumed():
    hours = np.array([0, 6]) * 3600
    held = line_with((hours, [EXECUTE, HELD]), (hours, [10.0, 2.0]), power=True)
    site = SimpleNamespace(plant=held.plant, records=held)
    told = split_told(site, next(held.plant.lines()), span(24))
    assert "0.18 EUR a kWh is assumed" in " ".join(told.notes)


def test_a_machine_that_stands_outside_of_its_shifts_is_off_and_one_that_runs_runs():
    shifts = Calendar("day", (Shift("day", 6 * 60, 14 * 60, frozenset(range(7))),))
    hours = np.array([0, 6, 16]) * 3600
    held = line_with((hours, [HELD, EXECUTE, HELD]), (hours, [1.0, 10, 1]), power=True)
    plant = held.plant
    line = next(plant.lines())
    children = tuple(replace(one, calendar="day") for one in line.children)
    area = replace(plant.areas[0], children=(replace(line, calendar="day", children=children),))
    held = replace(held, plant=replace(plant, areas=(area,), calendars={"day": shifts}))
    found = {part.name: part.kwh for part in of(held).states}
    assert found == pytest.approx({"off": 14, "running": 100})


def test_orders_have_what_was_drawn_between_their_first_and_last_moment():
    orders = ((0, "A"), (7.5 * 3600, "B"), (20 * 3600, ""))
    held = line_with(([0], [EXECUTE]), ([0], [12.0]), orders=orders, power=True)
    found = by(of(held).orders)
    assert {name: part.kwh for name, part in found.items()} == pytest.approx(
        {"A": 90, "B": 150, "no order": 48}
    )
    assert found["A"].pieces == pytest.approx(2700, rel=1e-3)
    assert [part.name for part in of(held).products] == ["not told"]


def test_what_the_meter_did_not_tell_is_told():
    quality = np.array([0, 0x8031_0000, 0], np.uint32)
    power = (np.array([0, 6, 12]) * 3600, [10.0, 0, 10.0], quality)
    found = of(line_with(([0], [EXECUTE]), power, power=True))
    assert found.known == pytest.approx(0.75)
    assert found.total.kwh == pytest.approx(180)
    assert of(line_with(([0], [EXECUTE]), ([], []), power=True)).known == 0


def test_a_unit_and_its_line_and_nothing_without_a_state():
    held = line_with(([0], [EXECUTE]), ([0], [12.0]), power=True)
    line = next(held.plant.lines())
    assert [one.place.path for one in splits(held, line, span(24))] == [f"{LINE}/filler"]
    assert split(held, replace(line, children=(), flow=()), span(24)) is None
    assert split(held, line, span(2, 30)) is None


moments = st.lists(st.integers(0, DAY - 1), min_size=1, max_size=12, unique=True).map(sorted)


@st.composite
def days(draw):
    """A day of any states, orders, and steps of a counter."""
    times, turns = draw(moments), draw(moments)
    states = st.sampled_from([EXECUTE, STOPPED, HELD, SUSPENDED, IDLE, STARTING, 0.0])
    state = draw(st.lists(states, min_size=len(times), max_size=len(times)))
    names = st.sampled_from(["A", "B", "C", ""])
    orders = draw(st.lists(names, min_size=len(turns), max_size=len(turns)))
    steps = draw(st.lists(st.floats(0, 50), min_size=len(EVERY), max_size=len(EVERY)))
    start = draw(st.integers(0, 12))
    return (times, state), tuple(zip(turns, orders, strict=True)), np.cumsum(steps), start


@settings(max_examples=25, deadline=None)
@given(days())
def test_states_and_orders_add_up_to_the_whole_to_the_last_grain(day):
    state, orders, kwh, start = day
    held = line_with(state, (EVERY, kwh), orders=orders)
    window = span(11.37, start)
    found = of(held, window)
    for parts in (found.states, found.orders, found.products):
        assert sum(part.grains for part in parts) == found.total.grains
        assert sum(part.seconds for part in parts) == pytest.approx(11.37 * 3600)
        assert sum(part.money for part in parts) == pytest.approx(found.total.money)
    shelf = held.shelf([next(held.plant.lines()).children[0].tag("energy")], span(24))
    until = shelf.growth(shelf_tag(held)).until(np.array([window.start, window.end]))
    assert found.total.kwh == pytest.approx(until[1] - until[0], abs=1e-6)
    assert {part.name for part in found.states} <= {str(use) for use in Use}


def shelf_tag(held):
    return next(held.plant.lines()).children[0].tag("energy")


@settings(max_examples=12, deadline=None)
@given(days(), st.floats(0.5, 11))
def test_a_window_is_the_sum_of_its_pieces(day, at):
    state, orders, kwh, start = day
    held = line_with(state, (EVERY, kwh), orders=orders)
    middle = span(at, start).end
    whole = of(held, span(11.37, start))
    first = of(held, replace(span(11.37, start), end=middle))
    second = of(held, replace(span(11.37, start), start=middle))
    for name in ("states", "orders"):
        sums = {}
        for part in (*getattr(first, name), *getattr(second, name)):
            sums[part.name] = sums.get(part.name, 0.0) + part.kwh
        told = {part.name: part.kwh for part in getattr(whole, name)}
        assert sums == pytest.approx(told, abs=1e-5)
