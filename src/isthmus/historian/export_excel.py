"""History as an Excel workbook: real dates in the plant's time, units, and what it is about."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, Self
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from isthmus.historian.export_file import About, counted
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Floats, Int64s, Status
from isthmus.model.unit import display
from isthmus.model.zone import offsets

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SHEET_ROWS = 1_048_576  # of Excel, the header included
EPOCH_DAYS = 25_569  # from Excel's day 0, 1899-12-30, to 1970
DAY_NS = 86_400 * 10**9
SECONDS = "yyyy-mm-dd hh:mm:ss"
MILLISECONDS = "yyyy-mm-dd hh:mm:ss.000"
TIME_WIDTH, WIDTH, MOST_WIDTH = 23, 14, 60


def serial(time: Int64s, zone: ZoneInfo) -> Floats:
    """Times (ns UTC) as Excel's days in the local time of `zone`."""
    return (time + offsets(time, zone)) / DAY_NS + EPOCH_DAYS


class Workbook:
    """Sheets `data` (`data 2`, ... where one is full), `tags`, `about`.

    Excel knows no time zones: `time` is the plant's local time. Where clocks change inside the
    file, a second column `UTC` tells the hour that comes twice from its first.
    """

    def __init__(
        self, out: BinaryIO, schema: pa.Schema, about: About, *, sheet_rows: int = SHEET_ROWS
    ) -> None:
        try:
            import xlsxwriter  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigError(
                "writing Excel files needs `xlsxwriter`, which is not installed",
                hint="install it: pip install 'isthmus[excel]', or export as csv or parquet",
            ) from error
        self.rows = 0
        self._about, self._sheet_rows = about, sheet_rows
        self._folder = tempfile.TemporaryDirectory(prefix="isthmus-excel-")
        self._book = xlsxwriter.Workbook(
            out, {"constant_memory": True, "tmpdir": self._folder.name, "in_memory": False}
        )
        self._head = self._book.add_format({"bold": True, "bottom": 1})
        shape = MILLISECONDS if "value" in schema.names else SECONDS
        self._time = self._book.add_format({"num_format": shape})
        self._names = list(schema.names)
        self._sheets = 0
        self._at = 0
        self._sheet = self._next_sheet()

    def write(self, rows: pa.Table) -> None:
        """Append `rows`."""
        self.rows = counted("xlsx", self.rows + rows.num_rows)
        columns = [self._cells(rows, name) for name in self._names]
        start = 0
        while start < rows.num_rows:
            if self._at == self._sheet_rows:
                self._sheet = self._next_sheet()
            stop = min(rows.num_rows, start + self._sheet_rows - self._at)
            for row in zip(*(column[start:stop] for column in columns), strict=True):
                self._put(row)
            start = stop

    def _put(self, row: tuple[Any, ...]) -> None:
        sheet, at = self._sheet, self._at
        for place, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, str):  # never a formula, whatever a word begins with
                sheet.write_string(at, place, value)
            elif place == 0 or self._names[place] == "UTC":
                sheet.write_number(at, place, value, self._time)
            else:
                sheet.write_number(at, place, value)
        self._at += 1

    def _cells(self, rows: pa.Table, name: str) -> list[Any]:
        """A column as numbers, texts and None."""
        column = rows[name].combine_chunks()
        if pa.types.is_timestamp(column.type):
            time = column.cast(pa.int64()).to_numpy()
            zone = ZoneInfo("UTC") if name == "UTC" else self._about.zone
            numbers: list[Any] = serial(time, zone).tolist()
            return numbers
        if name == "quality":
            codes, place = np.unique(column.to_numpy(), return_inverse=True)
            words = [Status.word(int(code)) for code in codes]
            return [words[at] for at in place.tolist()]
        if pa.types.is_floating(column.type):
            value = column.to_numpy(zero_copy_only=False)
            known = np.isfinite(value)
            return [at if sure else None for at, sure in zip(value.tolist(), known, strict=True)]
        plain: list[Any] = column.to_pylist()
        return plain

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._add("data" if self._sheets == 1 else f"data {self._sheets}", self._names)
        for place, name in enumerate(self._names):
            wide = TIME_WIDTH if name in {"time", "UTC"} else min(MOST_WIDTH, len(name) + 2)
            sheet.set_column(place, place, max(WIDTH, wide))
        if "tag" in self._names:
            longest = max((len(tag.path) for tag in self._about.tags), default=0)
            place = self._names.index("tag")
            sheet.set_column(place, place, min(MOST_WIDTH, max(WIDTH, longest + 2)))
        self._at = 1
        return sheet

    def _add(self, name: str, heads: list[str]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, self._head)
        sheet.freeze_panes(1, 0)
        return sheet

    def _tags(self) -> None:
        heads = ["tag", "unit", "kind", "normal from", "normal to", "words", "description"]
        sheet = self._add("tags", heads)
        for row, tag in enumerate(self._about.tags, 1):
            low, high = tag.normal or (None, None)
            words = ", ".join(f"{code} {word}" for code, word in sorted(tag.legend.items()))
            kind = "counter" if tag.counter else tag.kind.value
            cells = (tag.path, display(tag.unit), kind, low, high, words, tag.description)
            for place, value in enumerate(cells):
                if isinstance(value, str):
                    sheet.write_string(row, place, value[:32_767])
                elif value is not None:
                    sheet.write_number(row, place, value)
        sheet.set_column(0, 0, MOST_WIDTH)
        sheet.set_column(1, 5, WIDTH)
        sheet.set_column(6, 6, MOST_WIDTH)

    def _tell(self) -> None:
        sheet = self._add("about", ["about", ""])
        for row, (name, text) in enumerate((*self._about.facts, ("rows", f"{self.rows:,}")), 1):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, text)
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 90)

    def _give_up(self) -> None:
        """Let go of what the book holds, so that it neither warns nor keeps files open."""
        self._book.fileclosed = 1
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                self._tags()
                self._tell()
                self._book.close()
            else:
                self._give_up()
        finally:
            self._folder.cleanup()
