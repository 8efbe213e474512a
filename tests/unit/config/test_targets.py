"""Goals in %: a share of 1 taken for one is told, and so is what no share can be."""

from __future__ import annotations

import pytest

from isthmus.runtime.config.load import lint

PLANT = """isthmus: 1
enterprise: acme
site: riverside
scorecard: {a: {measure: MEASURE, target: TARGET}}
"""


def wrong(tmp_path, measure, target):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace("MEASURE", measure).replace("TARGET", target))
    return [(each.line, each.text, each.hint) for each in lint(file)[1]]


@pytest.mark.parametrize(
    ("measure", "target", "text", "hint"),
    [
        ("oee", "0.75", "0.75 % of OEE index is always reached", "did you mean `75`?"),
        ("data_availability", "1", "1 % of Data availability is always", "did you mean `100`?"),
        ("effectiveness", "1.05", "1.05 % of Effectiveness is always reached", "mean `105`?"),
        ("oee", "7500", "7500 % of OEE index cannot be", "0 to 200"),
        ("availability", "105", "105 % of Availability cannot be", "0 to 100"),
        ("unplanned_downtime", "-3", "-3 % of Unplanned downtime cannot be", "0 to 100"),
    ],
)
def test_a_target_that_is_not_meant_in_percent_is_told(tmp_path, measure, target, text, hint):
    ((line, said, told),) = wrong(tmp_path, measure, target)
    assert line == 4
    assert text in said
    assert hint in told


@pytest.mark.parametrize(
    ("measure", "target"),
    [("oee", "75"), ("oee", "100"), ("effectiveness", "105"), ("scrap", "0.8"), ("scrap", "0"),
     ("energy_per_piece", "0.01"), ("pilot_benefit", "-100"), ("data_freshness", "600")],
)  # fmt: skip
def test_others_are_right(tmp_path, measure, target):
    assert wrong(tmp_path, measure, target) == []
