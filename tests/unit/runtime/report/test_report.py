"""Reports: the numbers of the pages, in three forms that can be read again."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import pypdf
import pytest
from tests.unit.figures.memory import HOUR, LINE, START, line_of, records, unit

from isthmus.model.errors import ConfigError, Refused
from isthmus.model.plant import Calendar, Shift
from isthmus.model.report import shown
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.performance import performance
from isthmus.runtime.figures.read import Window
from isthmus.runtime.report.compose import compose, window_of
from isthmus.runtime.report.written import written
from isthmus.runtime.scorecard.book import Note

SHIFTS = Calendar("two", (Shift("early", 0, 480, frozenset(range(7))),))
NASTY = '<script>alert(1)</script> #set page(width: 1pt) =1+1 "'


@pytest.fixture
def told():
    line = line_of(unit("filler", "state", "good_count", "scrap_count", "energy"), calendar="two")
    rows = {
        "filler/state": ([0, 7_200, 9_000], [6.0, 2.0, 6.0]),
        "filler/good_count": (range(0, 28_801, 100), [at * 0.8 for at in range(0, 28_801, 100)]),
        "filler/scrap_count": ([0, 28_800], [0.0, 40.0]),
        "filler/energy": ([0, 28_799], [100.0, 180.0]),
    }
    return line, records(line, rows, end=8 * HOUR, calendar=SHIFTS)


def made(told, notes=()):
    line, known = told
    window = window_of(known, line, "shift", Nanoseconds(START + 2 * HOUR))
    return compose(known, line, window, notes)


def text_of(pdf):
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_numbers_are_those_of_the_page(told):
    line, known = told
    page = performance(known, line, Window("shift", START, Nanoseconds(START + 8 * HOUR)))
    figures = {one.title: one.value for one in made(told).figures}
    assert figures["OEE index"] == pytest.approx(100 * page.oee.index)
    assert figures["Good pieces"] == pytest.approx(page.count.good)
    assert figures["Energy"] == pytest.approx(80)
    assert figures["Energy per good piece"] == pytest.approx(80 / page.count.good)
    assert page.times.actual_unit_down == pytest.approx(1_800)


def test_every_form_tells_every_figure(told):
    report = made(told)
    html, pdf = written(report, "html").decode(), text_of(written(report, "pdf"))
    sheet = openpyxl.load_workbook(io.BytesIO(written(report, "xlsx"))).active
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    for one in report.figures:
        assert one.title in html
        assert one.title in pdf
        assert shown(one.value, one.digits, one.unit) in html
        assert shown(one.value, one.digits, one.unit) in pdf
        assert one.value in cells
    for words in (html, pdf):
        assert report.window in words
        assert "% unknown" in words


def test_what_people_write_is_text_and_nothing_else(told):
    note = Note(1, 1, "action", NASTY, "person:anna", 0, who="@SUM(1)", side="ot")
    report = made(told, [note])
    html = written(report, "html").decode()
    assert "<script>" not in html
    reader = pypdf.PdfReader(io.BytesIO(written(report, "pdf")))
    assert float(reader.pages[0].mediabox.width) == pytest.approx(595, abs=1)
    sheet = openpyxl.load_workbook(io.BytesIO(written(report, "xlsx"))).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_long_report_goes_on_over_pages(told):
    notes = [Note(at, 1, "action", f"action {at}", "anna", 0) for at in range(90)]
    pdf = written(made(told, notes), "pdf")
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) > 1
    assert "action 89" in text_of(pdf)


def test_windows_are_local_and_end_now(told):
    line, known = told
    day = window_of(known, line, "day", Nanoseconds(START + HOUR))
    assert (day.start, day.end) == (START, START + 8 * HOUR)
    week = window_of(known, line, "week", Nanoseconds(START + HOUR))
    assert week.start == START - 24 * HOUR, "the Monday"
    with pytest.raises(Refused, match="still to come"):
        window_of(known, line, "day", Nanoseconds(START + 9 * HOUR))
    with pytest.raises(Refused, match="no calendar"):
        window_of(known, replace(line, calendar=""), "shift", START)


def test_without_data_it_says_so(told):
    line, _ = told
    empty = records(line, {}, end=8 * HOUR, calendar=SHIFTS)
    report = made((line, empty))
    assert report.gaps == pytest.approx(100)
    assert all(one.value is None for one in report.figures)
    assert "known of 100.0 %" in text_of(written(report, "pdf"))


@pytest.mark.parametrize(("form", "library"), [("pdf", "typst"), ("xlsx", "xlsxwriter")])
def test_a_missing_library_is_named_with_its_install_line(told, monkeypatch, form, library):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(ConfigError, match=library) as error:
        written(made(told), form)
    assert "pip install" in error.value.hint


def test_a_path_in_the_table_is_the_lines(told):
    assert LINE in made(told).subtitle
