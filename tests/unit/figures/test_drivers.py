"""What moves the energy of a line: products, running time; and what nobody has seen before."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, span, unit

from isthmus.model.event import Event
from isthmus.model.measure import Driver, Measure
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.measure import verified

HOURS = 10 * 24
SECONDS = np.arange(0, HOURS * 3600 + 1, 300)
FIRST = date(2023, 11, 14)
NEEDS = {"lemon": 0.2, "still": 0.1, "cola": 0.9}


def mixed(order, *, running_kw=0.0, **settings):
    """Lines whose products need different energy; they change every five hours, in the half."""
    chance = np.random.default_rng(7)
    rate, running = chance.uniform(50, 400, HOURS), chance.uniform(0.2, 1, HOURS)
    change = np.arange(0, HOURS * 3600, 5 * 3600) + 1800
    product = [order(at) for at in range(len(change))]
    events = [
        Event(START + int(at) * S, f"{LINE}/filler/product", "text", name)
        for at, name in zip(change, product, strict=True)
    ]
    events.insert(0, Event(START, f"{LINE}/filler/product", "text", product[0]))
    second = np.arange(HOURS * 3600)
    which = np.maximum(np.searchsorted(change, second, side="right") - 1, 0)
    needs = np.array([NEEDS[name] for name in product])[which]
    each = np.repeat(rate, 3600) / 3600
    base = np.repeat(5 + running_kw * running, 3600) / 3600
    good = np.concatenate([[0.0], np.cumsum(each)])
    used = np.concatenate([[0.0], np.cumsum(base + needs * each)])
    filler = unit("filler", "good_count", "energy", "state")
    product_tag = Tag(f"{LINE}/filler/product", kind=Kind.TEXT, role="product")
    filler = replace(filler, tags=(*filler.tags, product_tag))
    state = np.stack([np.full(HOURS, 6.0), np.full(HOURS, 2.0)], axis=1).ravel()
    times = np.stack([np.arange(HOURS) * 3600, np.arange(HOURS) * 3600 + running * 3600], axis=1)
    rows = {
        "filler/good_count": (SECONDS, good[SECONDS]),
        "filler/energy": (SECONDS, used[SECONDS]),
        "filler/state": (times.ravel().astype(int), state),
    }

    def texts(start, end, *, kinds=(), path=None, limit=10_000):
        found = [one for one in events if start <= one.time < end and one.path == path]
        return found[-limit:]

    line = line_of(filler, baseline=(FIRST, FIRST + timedelta(days=5)), **settings)
    return records(line, rows, end=HOURS * HOUR + HOUR // 2, texts=texts), line


MIX = (Driver("mix", kind="product_mix"),)


def test_each_product_has_its_own_need():
    held, line = mixed(lambda at: ("lemon", "still")[at % 2], drivers=MIX)
    found = energy(held, line, span(48, 8 * 24))
    terms = {term.name: term.value for term in found.baseline.terms}
    assert terms == pytest.approx(
        {"base": 5, "good pieces, lemon": 0.2, "good pieces, still": 0.1}, rel=0.02
    )
    assert found.baseline.r2 > 0.999
    assert abs(found.saving.kwh[0]) <= max(found.saving.kwh[1], 1)
    plain = energy(held, replace(line, drivers=()), span(48, 8 * 24))
    assert plain.baseline.r2 < found.baseline.r2


def test_hours_of_a_product_that_the_baseline_never_saw_are_not_judged():
    held, line = mixed(lambda at: "cola" if at >= 44 else ("lemon", "still")[at % 2], drivers=MIX)
    found = energy(held, line, span(48, 8 * 24))
    assert found.saving.hours == 44 * 5 - 8 * 24
    assert abs(found.saving.kwh[0]) < 2
    measure = Measure("m", LINE, FIRST + timedelta(days=8), line.baseline, drivers=MIX)
    assert verified(held, measure).saving.hours == found.saving.hours


def test_the_time_in_which_a_line_runs_is_a_driver():
    running = (Driver("hours", kind="running_time"),)
    held, line = mixed(lambda _: "still", running_kw=30.0, drivers=running)
    found = energy(held, line, span(48, 8 * 24))
    terms = {term.name: term.value for term in found.baseline.terms}
    assert terms == pytest.approx({"base": 5, "good pieces": 0.1, "hours": 30}, rel=0.02)
    assert energy(held, replace(line, drivers=()), span(48, 8 * 24)).baseline.r2 < 0.9
