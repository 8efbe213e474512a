"""A report as an Excel workbook: numbers are numbers, times are times, sums are formulas."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from isthmus.model.errors import ConfigError
from isthmus.model.report import Cell, Column, Report, Table
from isthmus.runtime.report.html import told

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
SHEET = 31  # characters of a sheet's name
NARROW, WIDE = 10, 48
A4 = 9  # its number
TIME = "yyyy-mm-dd hh:mm"
FIGURES = ("figure", "value", "unit", "before", "change", "target", "verdict")


def excel(report: Report) -> bytes:
    """The report as a workbook; ConfigError where `xlsxwriter` is not installed."""
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "writing Excel files needs `xlsxwriter`, which is not installed",
            hint="install it: pip install 'isthmus[excel]', or ask for html or pdf",
        ) from error
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": report.title, "company": report.brand.name})
        styles = _Styles(book, report.brand.accent)
        _summary(book.add_worksheet("report"), report, styles)
        taken = {"report"}
        for table in report.tables:
            sheet = book.add_worksheet(_named(table.title, taken))
            _table(sheet, table, styles)
    return out.getvalue()


class _Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook, accent: str) -> None:
        self._book = book
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": accent})
        self.head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
        self.words = book.add_format({"text_wrap": True, "valign": "top"})
        self.soft = book.add_format({"font_color": "#5b636b"})
        self.time = book.add_format({"num_format": TIME, "valign": "top", "align": "left"})
        self._numbers: dict[tuple[int, bool], Format] = {}

    def number(self, digits: int, *, total: bool = False) -> Format:
        """A number of so many decimals."""
        key = (digits, total)
        if key not in self._numbers:
            form: dict[str, Any] = {
                "num_format": "#,##0" + ("." + "0" * digits if digits else ""),
                "valign": "top",
            }
            more: dict[str, Any] = {"bold": True, "top": 1} if total else {}
            self._numbers[key] = self._book.add_format(form | more)
        return self._numbers[key]


def _summary(sheet: Worksheet, report: Report, styles: _Styles) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 6, 16)
    if report.brand.logo and report.brand.image == "image/png":
        picture = {"image_data": io.BytesIO(report.brand.logo), "x_scale": 0.5, "y_scale": 0.5}
        sheet.insert_image(0, 5, "logo.png", {**picture, "description": report.brand.name})
    lines = [report.title, report.brand.name, report.subtitle, told(report)]
    if report.because:
        lines.append(f"revision {report.revision}, because {report.because}")
    at = 0
    for place, words in enumerate(filter(None, lines)):
        sheet.write_string(at, 0, words, styles.soft if place else styles.title)
        at += 1
    at = _figures(sheet, report, styles, at + 1) + 2
    for words in report.remarks:
        sheet.write_string(at, 0, words)
        at += 1
    if report.brand.footer:
        sheet.write_string(at + 1, 0, report.brand.footer, styles.soft)
    _paper(sheet)


def _figures(sheet: Worksheet, report: Report, styles: _Styles, at: int) -> int:
    """Write the key figures from row `at` on; the last row."""
    for place, head in enumerate(FIGURES):
        sheet.write_string(at, place, head, styles.head)
    sheet.freeze_panes(at + 1, 1)
    for one in report.figures:
        at += 1
        number = styles.number(one.digits)
        sheet.write_string(at, 0, one.title)
        sheet.write_string(at, 2, one.unit)
        sheet.write_string(at, 6, one.verdict)
        for place, value in ((1, one.value), (3, one.before), (5, one.target)):
            if value is not None:
                sheet.write_number(at, place, value, number)
        if one.value is not None and one.before is not None:
            row = at + 1
            sheet.write_formula(at, 4, f"=B{row}-D{row}", number, one.value - one.before)
    return at


def _paper(sheet: Worksheet) -> None:
    """A4, as wide as a page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)


def _table(sheet: Worksheet, table: Table, styles: _Styles) -> None:
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.title, styles.head)
        sheet.set_column(place, place, _wide(table, place))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    for at, row in enumerate(table.rows, start=1):
        for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            _cell(sheet, (at, place), value, column, styles)
    last = len(table.rows)
    if not last:
        sheet.write_string(1, 0, table.empty, styles.soft)
    else:
        sheet.autofilter(0, 0, last, len(table.columns) - 1)
    for place, value in enumerate(table.totals()):
        if isinstance(value, str):
            sheet.write_string(last + 1, place, value, styles.head)
        elif value is not None and not isinstance(value, datetime):
            letter = _letter(place)
            sum_ = f"=SUM({letter}2:{letter}{last + 1})"
            form = styles.number(table.columns[place].digits, total=True)
            sheet.write_formula(last + 1, place, sum_, form, value)
    if table.says:
        sheet.write_string(max(last, 1) + 3, 0, table.says, styles.soft)
    _paper(sheet)


def _cell(
    sheet: Worksheet, at: tuple[int, int], value: Cell, column: Column, styles: _Styles
) -> None:
    if isinstance(value, str):  # never a formula, whatever a word begins with
        sheet.write_string(*at, value, styles.words)
    elif isinstance(value, datetime):
        sheet.write_datetime(*at, value.replace(tzinfo=None), styles.time)
    elif value is not None:
        sheet.write_number(*at, value, styles.number(column.digits))


def _wide(table: Table, place: int) -> int:
    column = table.columns[place]
    longest = max((_length(row[place]) for row in table.rows), default=0)
    return max(NARROW, min(WIDE, max(longest, len(column.title)) + 2))


def _length(value: Cell) -> int:
    if isinstance(value, datetime):
        return len(TIME)
    return len(value) if isinstance(value, str) else NARROW


def _letter(place: int) -> str:
    return chr(ord("A") + place)


def _named(title: str, taken: set[str]) -> str:
    """A name that Excel takes, and that no other sheet has."""
    plain = _FORBIDDEN.sub(" ", title).strip()[:SHEET] or "table"
    name, number = plain, 2
    while name.lower() in taken:
        name = f"{plain[: SHEET - 3]} {number}"
        number += 1
    taken.add(name.lower())
    return name
