"""A report as HTML, PDF and Excel: complete, safe, and with numbers that stay numbers."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import datetime

import openpyxl
import pypdf
import pytest
from tests.unit.figures.memory import HOUR, LINE
from tests.unit.runtime.report.plants import because, beside, made, one_line, png, table

from isthmus.model.errors import ConfigError
from isthmus.model.report import Brand, Column, Table, shown
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.written import written
from isthmus.runtime.scorecard.book import Note

NASTY = '<script>alert(1)</script> #set page(width: 1pt) =1+1 "'


def told(tmp_path, notes=(), title="", **more):
    line, known = one_line(title=title)
    said = [because(7_200, 8_400, "breakdown/electrical", "a fuse")]
    known, besides = beside(known, tmp_path, said, notes=notes, **more)
    return made(line, known, besides)


def text_of(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return " ".join(page.extract_text() for page in reader.pages).replace("\u200b", "")


def book_of(report):
    return openpyxl.load_workbook(io.BytesIO(written(report, "xlsx")))


def test_every_form_tells_every_figure_and_table(tmp_path):
    report = told(tmp_path)
    html, pdf = written(report, "html").decode(), text_of(written(report, "pdf"))
    book = book_of(report)
    cells = [cell for row in book["report"].iter_rows(values_only=True) for cell in row]
    for one in report.figures:
        assert one.title in html
        assert one.title in pdf
        assert shown(one.value, one.digits, one.unit) in html
        assert shown(one.value, one.digits, one.unit) in pdf
        numbers = [each for each in cells if isinstance(each, float | int)]
        assert one.value is None or any(each == pytest.approx(one.value) for each in numbers)
    for each in report.tables:
        assert each.title in html
        assert each.title in pdf
        assert each.title in book.sheetnames
    for words in (html, pdf):
        assert report.window in words
        assert "% unknown" in words


def test_html_needs_nothing_else_and_is_read_aloud_in_order(tmp_path):
    html = written(told(tmp_path), "html").decode()
    assert not re.search(r"<(script|link|iframe|object)\b", html)
    outside = re.findall(r"(?:src|href|url\()\s*=?\s*['\"]?(?!data:|#)[^'\" )]+", html)
    assert [each for each in outside if "w3.org" not in each] == []
    assert html.count("<h1>") == 1
    assert html.count("<caption>") == html.count("<table>")
    for svg in re.findall(r"<svg [^>]*>", html):
        assert 'role="img"' in svg
        assert 'aria-label="' in svg
    assert re.search(r'<th scope="col"', html)
    assert '<html lang="en">' in html


def test_excel_has_numbers_times_formulas_and_frozen_heads(tmp_path):
    report = told(tmp_path)
    book = book_of(report)
    sheet = book["Longest stops"]
    assert sheet.freeze_panes == "B2"
    assert isinstance(sheet["B2"].value, datetime)
    assert sheet["B2"].number_format == "yyyy-mm-dd hh:mm"
    assert sheet["C2"].value == pytest.approx(20)
    reasons = book["Why it stood"]
    last = len(table(report, "Why it stood").rows) + 2
    assert reasons[f"F{last}"].value == f"=SUM(F2:F{last - 1})"
    assert reasons["F2"].number_format == "#,##0.0"
    first = next(row for row in book["report"].iter_rows() if row[0].value == "OEE index")
    assert isinstance(first[1].value, float)
    assert book["report"].freeze_panes


def test_what_people_write_is_text_and_nothing_else(tmp_path):
    note = Note(1, 1, "action", NASTY, "person:anna", 0, who="@SUM(1)", side="ot")
    report = told(tmp_path, [note], title=NASTY, brand=Brand(NASTY, footer=NASTY))
    html = written(report, "html").decode()
    assert "<script>" not in html
    pdf = written(report, "pdf")
    assert float(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].mediabox.width) == pytest.approx(
        595, abs=1
    )
    assert "#set page" in text_of(pdf)
    sums = re.compile(r"=(SUM\([A-Z]2:[A-Z]\d+\)|B\d+-D\d+)")
    for sheet in book_of(report):
        for row in sheet.iter_rows():
            formulas = [cell.value for cell in row if cell.data_type == "f"]
            assert all(sums.fullmatch(each) for each in formulas), formulas


def test_a_long_report_goes_on_over_pages(tmp_path):
    notes = [Note(at, 1, "action", f"action {at}", "anna", 0) for at in range(90)]
    pdf = written(told(tmp_path, notes), "pdf")
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 2
    assert "action 89" in text_of(pdf)
    assert all("due" in page.extract_text() for page in pages if "action 5" in page.extract_text())


def test_long_names_do_not_leave_the_page(tmp_path):
    long = "Abfuellanlage_" * 12
    note = Note(1, 1, "action", long, long, 0, who=long, side="ot")
    pdf = written(told(tmp_path, [note], title=long), "pdf")
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        ends = []
        page.extract_text(
            visitor_text=lambda text, _, matrix, __, ___, ends=ends: ends.append(
                matrix[4] if text.strip() else 0
            )
        )
        assert max(ends, default=0) < 595 - 40


def test_a_report_without_data_is_written_in_every_form(tmp_path):
    line, empty = one_line({})
    report = made(line, empty, Beside())
    assert "known of 100.0 %" in text_of(written(report, "pdf"))
    assert "known of 100.0 %" in written(report, "html").decode()
    assert book_of(report).sheetnames[0] == "report"


@pytest.mark.parametrize(("form", "library"), [("pdf", "typst"), ("xlsx", "xlsxwriter")])
def test_a_missing_library_is_named_with_its_install_line(monkeypatch, form, library):
    line, empty = one_line({})
    report = made(line, empty, Beside())
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(ConfigError, match=library) as error:
        written(report, form)
    assert "pip install" in error.value.hint


def test_a_brand_is_on_every_form(tmp_path):
    brand = Brand("ACME Drinks", "#7a1f2b", "confidential", png(), "image/png")
    report = told(tmp_path, brand=brand)
    html = written(report, "html").decode()
    assert "--accent:#7a1f2b" in html
    assert 'src="data:image/png;base64,' in html
    assert 'alt="ACME Drinks"' in html
    assert "confidential" in html
    reader = pypdf.PdfReader(io.BytesIO(written(report, "pdf")))
    assert "confidential" in reader.pages[0].extract_text()
    assert len(reader.pages[0].images) == 1
    sheet = book_of(report)["report"]
    assert "ACME Drinks" in [row[0].value for row in sheet.iter_rows()]


def test_a_revision_says_why():
    line, known = one_line()
    report = replace(made(line, known, Beside()), revision=2, because="12 samples came late")
    for words in (written(report, "html").decode(), text_of(written(report, "pdf"))):
        assert "Revision 2, because 12 samples came late" in words
    cells = [row[0].value for row in book_of(report)["report"].iter_rows()]
    assert "revision 2, because 12 samples came late" in cells


def test_sheets_have_names_that_excel_takes():
    line, known = one_line()
    rows = (("a", 1.0),)
    columns = (Column("x"), Column("y", total=True))
    title = "A/B: [a very long name] of a table?"
    tables = tuple(Table(title, columns, rows) for _ in range(3))
    report = replace(made(line, known, Beside()), parts=tables)
    names = book_of(report).sheetnames
    assert len(set(names)) == 4
    assert all(len(name) <= 31 for name in names)


def test_a_path_in_the_head_is_the_lines(tmp_path):
    assert LINE in told(tmp_path).subtitle
    assert told(tmp_path).end - told(tmp_path).start == 8 * HOUR
