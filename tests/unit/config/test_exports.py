"""The section `exports` of a plant file: what it means, and what is wrong with it."""

from __future__ import annotations

import pytest

from isthmus.model.export import Export, Schedule
from isthmus.runtime.config import lint

HEAD = "isthmus: 1\nenterprise: acme\nsite: riverside\n"
PLANT = """calendars: {two: {early: "06:00-14:00"}}
equipment:
  packaging:
    line1: {calendar: two, units: {filler: {tags: {speed: 1/min, power: kW}}}}
    line2: {units: {filler: {tags: {speed: 1/min}}}}
"""


@pytest.fixture
def read(tmp_path, parts):
    def reading(text):
        file = tmp_path / "plant.yaml"
        file.write_text(HEAD + PLANT + f"exports:\n  report: {text}\n", encoding="utf-8")
        return lint(file, parts=parts)

    return reading


def test_an_export_says_what_and_when(read):
    text = '{tags: "packaging/**", last: 8 h, every: 1 min, at: "06:05", to: out, keep: 31}'
    plant, mistakes = read(text)
    assert not mistakes
    assert plant.exports == {
        "report": Export(
            *("report", ("packaging/**",), Schedule(at=365, last=28_800.0), 60.0),
            format="xlsx",
            to="out",
            keep=31,
        )
    }


@pytest.mark.parametrize(
    ("each", "means"), [("shift", "shift"), ("1 d", 86_400), ("8 h", 28_800), ("7 d", 604_800)]
)
def test_each_is_a_shift_or_divides_a_day(read, each, means):
    plant, mistakes = read(f"{{tags: ['**/speed', '**/power'], each: {each}}}")
    assert not mistakes
    assert plant.exports["report"].schedule.each == means


@pytest.mark.parametrize(
    ("text", "wrong", "hint"),
    [
        ("{tags: '**/speed'}", "either `at` or `each`", "each: shift"),
        ("{tags: '**/speed', at: '06:05', each: 1 d}", "either `at` or `each`", ""),
        ("{tags: '**/speed', each: 1 d, last: 8 h}", "`last` goes with `at`", ""),
        ("{tags: '**/speed', each: 7 h}", "does not divide a day", "15 min"),
        ("{tags: '**/speed', at: 6:65}", "no time of the day", "06:05"),
        ("{tags: '**/sped', each: 1 d}", "no tag is selected", "speed"),
        ("{tags: '//', each: 1 d}", "selects no tags", "packaging"),
        ("{tags: '**/speed', each: shift, line: packaging/line2}", "no shifts", "calendar"),
        ("{tags: '**/speed', each: shift, line: packaging/line3}", "no equipment", "line"),
        ("{tags: '**/speed', each: 1 d, layout: wide}", "needs `every`", "1 min"),
        ("{tags: '**/speed', each: 1 d, format: xls}", "xls", "xlsx"),
    ],
)
def test_mistakes_come_with_their_line_and_what_to_write(read, text, wrong, hint):
    plant, mistakes = read(text)
    assert plant is None
    (mistake,) = mistakes
    assert wrong in mistake.text
    assert hint in mistake.hint
    assert mistake.line >= 9


def test_a_name_that_is_no_file_name_is_refused(tmp_path, parts):
    file = tmp_path / "plant.yaml"
    file.write_text(HEAD + PLANT + "exports: {../x: {tags: '**', each: 1 d}}\n", encoding="utf-8")
    _, mistakes = lint(file, parts=parts)
    assert "no name for an export" in mistakes[0].text
