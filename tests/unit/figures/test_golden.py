"""Key figures of one hour of one unit, computed by hand in `tests/cases/kpi`."""

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
    line = line_of(replace(made, tags=tags), ideal_rate=1 / case["ideal"])
    kept = records(line, rows, end=2 * HOUR)
    found = key_figures(kept, line, [span(1)], Catalogue.of())
    columns = {name: float(column[0]) for name, column in found.elements.columns.items()}
    values = {name: figure.at(0) for name, figure in found.figures.items()}
    for name, expected in case["expected"].items():
        assert (columns | values)[name] == pytest.approx(expected), name
