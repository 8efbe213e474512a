"""Figures by order, product, shift and unit: rows add up to the range, and each is right."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, span, unit
from tests.unit.figures.test_elements import ROLES, SHIFTS, told

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import figures
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Kind
from isthmus.runtime.figures.compare import BY, divided, summed
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.figures.worked import worked

ROWS = told("filler", down=((3000, 3200), (9000, 11500)), good=0.9, scrap=0.1)
ROWS |= told("packer", scrap=0.05)
# order 1 of cola, then two hours without one, then order 2 of lemon, then order 1 again
ORDERS = ((-7200, "1"), (2 * 3600, ""), (4 * 3600, "2"), (6 * 3600, "1"))
PRODUCTS = ((-7200, "cola"), (4 * 3600, "lemon"), (6 * 3600, "cola"))


def said(changes):
    """What a historian answers of texts told at so many seconds."""
    every = [
        Event(Nanoseconds(START + at * S), f"{LINE}/filler/{role}", "text", text)
        for role, some in changes.items()
        for at, text in some
    ]

    def texts(start, end, *, kinds=(), path=None, limit=10_000):
        found = [e for e in every if start <= e.time < end and e.kind in kinds and e.path == path]
        return sorted(found, key=lambda event: event.time)[-limit:]

    return texts


@pytest.fixture
def plant():
    filler = unit("filler", *ROLES, "order", "product")
    texts = tuple(replace(tag, kind=Kind.TEXT) for tag in filler.tags[-2:])
    filler = replace(filler, tags=(*filler.tags[:-2], *texts), calendar="shifts")
    packer = replace(unit("packer", *ROLES), calendar="shifts")
    line = line_of(filler, packer, calendar="shifts")
    kept = records(
        *(line, ROWS),
        end=8 * HOUR,
        calendar=SHIFTS,
        texts=said({"order": ORDERS, "product": PRODUCTS}),
    )
    return line, kept


def test_an_order_is_executed_from_its_first_moment_to_its_last_in_operation(plant):
    line, kept = plant
    (column,) = (elements(kept, line, [span(8)]).columns[name] for name in ["AOET"])
    # 0-2 h of the night shift, 4-8 h of the early one, less the breaks of 15 and 30 min
    assert column[0] == (2 + 4) * 3600 - 15 * 60 - 30 * 60
    figure = figures(Catalogue.of(), elements(kept, line, [span(8)]), ["throughput_rate"])
    made = elements(kept, line, [span(8)]).columns["PQ"][0]
    assert figure["throughput_rate"].at(0) == pytest.approx(made / (column[0] / 3600))


def test_a_unit_without_a_tag_of_its_own_works_on_what_its_line_does(plant):
    line, kept = plant
    filler, packer = line.children
    of = [worked(kept, each, "order", (START, kept.now())) for each in (line, filler, packer)]
    assert [each.order.tolist() for each in of] == [[0, -1, 1, 0]] * 3
    assert of[0].names == ("1", "2")
    assert worked(kept, line, "batch", (START, kept.now())) is None


def test_time_before_anything_was_told_is_not_known_and_no_part_of_a_window_stands_for_it(plant):
    line, kept = plant
    late = replace(kept, texts=said({"order": ((3 * 3600, "1"),)}))
    found = elements(late, line, [span(2), span(2, start=4), span(6)])
    assert np.isnan(found.columns["AOET"][0])
    assert found.columns["AOET"][1] == 3600 * 1.5  # a break of half an hour
    assert np.isnan(found.columns["AOET"][2])  # from 3 h on it is known, pieces are of 6 h


@pytest.mark.parametrize("by", BY)
def test_rows_of_a_comparison_add_up_to_the_range(plant, by):
    line, kept = plant
    whole = Window("", *(Nanoseconds(START + at) for at in (HOUR // 2, 7 * HOUR)))
    rows = divided(kept, line, by, whole, 100)
    found = summed(kept, rows)
    assert len(found) == len(rows)
    once = elements(kept, line, [whole], every=by == "unit")
    for name, column in once.columns.items():
        assert found.columns[name].sum() == pytest.approx(column[0]), name


def test_what_has_one_name_is_one_row(plant):
    line, kept = plant
    rows = divided(kept, line, "order", span(8), 100)
    assert [(row.name, len(row.windows)) for row in rows] == [("1", 2), ("", 1), ("2", 1)]
    found = summed(kept, rows)
    alone = [elements(kept, line, [w]).columns["PQ"][0] for w in rows[0].windows]
    assert found.columns["PQ"][0] == pytest.approx(sum(alone))
    products = divided(kept, line, "product", span(8), 100)
    assert [row.name for row in products] == ["cola", "lemon"]
    shifts = divided(kept, line, "shift", span(8), 100)
    assert [row.name for row in shifts] == ["night", "", "early"]
    assert [row.place.name for row in divided(kept, line, "unit", span(8), 1)] == [
        "filler",
        "packer",
    ]
    assert divided(kept, line, "hour", span(8), 7) is None


def test_orders_are_windows_of_their_own_and_begin_where_they_began(plant):
    line, kept = plant
    found = list(windows(kept, line, "order", Nanoseconds(START + HOUR), kept.now()))
    hours = [(each.name, (each.start - START) / HOUR, (each.end - START) / HOUR) for each in found]
    assert hours == [("1", -2, 2), ("2", 4, 6), ("1", 6, 8)]
    assert not list(windows(kept, line, "batch", START, kept.now()))


def test_a_number_tells_an_order_too():
    filler = unit("filler", *ROLES, "order")
    line = line_of(filler)
    codes = {"filler/order": ([0, 3600, 7200], [17.0, 0.0, 18.0])}
    kept = records(line, told("filler") | codes, end=8 * HOUR)
    found = worked(kept, line, "order", (START, kept.now()))
    assert (found.names, found.order.tolist()) == (("17", "18"), [0, -1, 1])
