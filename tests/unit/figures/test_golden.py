"""Key figures of one hour of one unit, computed by hand in `tests/cases/kpi`."""

import ast
import csv
import operator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.unit.figures.memory import HOUR, line_of, records, span, unit

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.state import State
from isthmus.model.tag import Counter
from isthmus.runtime.figures.key_figures import key_figures

CASES = sorted((Path(__file__).parents[2] / "cases" / "kpi").glob("*.yaml"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_an_hour_computed_by_hand(file):
    case = yaml.safe_load(file.read_text("utf-8"))
    made = unit("press", *case["told"])
    counter = Counter(**case["counter"])
    tags = tuple(replace(tag, counter=counter) if tag.counter else tag for tag in made.tags)
    rows = {
        f"press/{role}": (
            [60 * minute for minute, _ in told],
            [State[value.upper()] if role == "state" else value for _, value in told],
        )
        for role, told in case["told"].items()
    }
    line = line_of(replace(made, tags=tags, **case.get("unit", {})), ideal_rate=1 / case["ideal"])
    kept = records(line, rows, end=2 * HOUR)
    found = key_figures(kept, line, [span(1)], Catalogue.of())
    columns = {name: float(column[0]) for name, column in found.elements.columns.items()}
    values = {name: figure.at(0) for name, figure in found.figures.items()}
    for name, expected in case["expected"].items():
        assert (columns | values)[name] == pytest.approx(expected), name


SUMS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def by_hand():
    with (CASES[0].parent / "by_hand.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def done(node):
    """The value of a sum of numbers."""
    if isinstance(node, ast.BinOp):
        return SUMS[type(node.op)](done(node.left), done(node.right))
    assert isinstance(node, ast.Constant)
    return node.value


def test_the_spreadsheet_says_how_each_number_was_worked_out():
    cases = {file.stem: yaml.safe_load(file.read_text("utf-8"))["expected"] for file in CASES}
    rows = by_hand()
    for row in rows:
        worked = done(ast.parse(row["calculation"], mode="eval").body)
        assert worked == pytest.approx(float(row["value"])), row
        assert cases[row["case"]][row["name"]] == pytest.approx(float(row["value"])), row
    told = {(row["case"], row["name"]) for row in rows}
    numbers = {
        (case, name)
        for case, expected in cases.items()
        for name, value in expected.items()
        if value is not None
    }
    assert told == numbers
