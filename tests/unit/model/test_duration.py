"""Lengths of time in a plant file: with a unit, for a bare number could be minutes as well."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from isthmus.model.plantfile_fields import Duration
from isthmus.runtime.config.load import lint

READ = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("told", "seconds"), [("10 min", 600), ("250 ms", 0.25), ("6 h", 21_600), (0, 0), ("0", 0)]
)
def test_a_length_has_a_unit_and_nothing_has_none(told, seconds):
    assert READ.validate_python(told) == pytest.approx(seconds)


@pytest.mark.parametrize("told", [10, 0.5, -3, "10", True, "10 kW", [1]])
def test_a_bare_number_is_no_length(told):
    with pytest.raises(ValidationError, match=r"unit|is no|cannot"):
        READ.validate_python(told)


@pytest.mark.parametrize(
    "told",
    [
        "micro_stop: 5",
        "startup: 10",
        "energy: {movable: 6}",
        "alarms: {hot: {when: oil > 1, priority: low, delay: 30}}",
        "alarms: {hot: {when: oil > 1, priority: low, response: 30}}",
    ],
)
def test_equipment_and_alarms_want_units(tmp_path, told):
    file = tmp_path / "plant.yaml"
    plant = f"equipment: {{hall: {{line1: {{units: {{press: {{tags: {{oil: degC}}, {told}}}}}}}}}}}"
    file.write_text(f"isthmus: 1\nenterprise: acme\nsite: riverside\n{plant}\n")
    (mistake,) = lint(file)[1]
    assert mistake.text.endswith("has no unit of time")
    assert "min`?" in mistake.hint
