"""Comma-separated files of any delimiter and encoding, compressed or not, in pieces of text."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from isthmus.historian.ingest.piece import Piece, Reject
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Int64s

BLOCK = 1 << 20  # bytes of a piece
HEAD = 256 << 10  # bytes looked at to guess delimiter and encoding
LOOK = 200  # lines looked at to see whether they end with a delimiter
DAMAGED = EOFError, lzma.LZMAError, zlib.error, OSError  # what unpacking raises
BEYOND = "\0"  # what stands behind such a one; no column has this name
LONG = "straddl", "sync with chunker", "field larger"  # words of those who read lines
DELIMITERS = ",;\t|"
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
PACKED: dict[str, Callable[[IO[bytes]], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


class CsvFile:
    """A file of separated values with a line of column names."""

    def __init__(
        self, path: Path, *, delimiter: str = "", encoding: str = "", skip: int = 0
    ) -> None:
        """`skip` lines stand before the names; what is empty is guessed from the first lines."""
        self.name = path.name
        self._path, self._skip = path, skip
        delimiter = _delimiter(delimiter)
        self._size = max(1, path.stat().st_size)
        self._raw: IO[bytes] | None = None
        self._at = 0
        with self._open() as stream:
            head = stream.read(HEAD)
        self._at = 0
        self.encoding = encoding or _encoding(head)
        try:
            lines = head.decode(self.encoding, "ignore").splitlines()[skip:]
        except (LookupError, UnicodeError) as error:  # the second where it is none of text
            raise ConfigError(
                f"there is no encoding `{encoding}`", hint="such as utf-8, cp1252, utf-16"
            ) from error
        if not lines or not lines[0].strip():
            raise ConfigError(
                f"{path}: no line of column names", hint="`--skip N` passes over lines before it"
            )
        self.delimiter = delimiter or max(DELIMITERS, key=lines[0].count)
        with self._told():
            names = next(csv.reader([lines[0]], delimiter=self.delimiter))
        self.columns = [name.strip() for name in names]
        self.sample = lines[1:]
        _require_names(path, self.columns)
        self._trailing = self._ends_with_a_delimiter()

    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(1.0, (self._raw.tell() if self._raw else self._at) / self._size)

    def first_rows(self, most: int) -> list[list[str]]:
        """The first rows that have a cell for each column, at most so many lines of them."""
        rows = _rows(self.sample[:most], self.delimiter)
        size = len(self.columns)
        return [row[:size] for row in rows if len(row) == size + self._trailing]

    def pieces(self) -> Iterator[Piece]:
        """The lines after the names; those of another number of cells are rejected.

        An empty last cell that the line of names has not, but most lines have, is none.
        """
        wrong: list[Reject] = []

        def odd(found: pv.InvalidRow) -> str:
            if found.text.strip():
                reason = f"{found.actual_columns} cells instead of {found.expected_columns}"
                reason += ", the last one empty" if self._trailing else ""
                wrong.append(Reject(found.number, found.text, reason))
            gone.append(found.number)
            return "skip"

        gone: list[int] = []
        with self._open() as stream:
            seen = 0
            for batch in self._batches(stream, odd):
                table = pa.Table.from_batches([batch])
                rows = self._lines(seen, table.num_rows, gone)
                seen += table.num_rows
                if self._trailing:
                    table, rows, full = self._without_last(table, rows)
                    wrong += full
                rejected = tuple(wrong)
                wrong.clear()
                yield Piece(table, rows, rejected)
            if wrong:
                none = {name: pa.array([], pa.string()) for name in self.columns}
                yield Piece(pa.table(none), np.empty(0, np.int64), tuple(wrong))

    def _batches(
        self, stream: IO[bytes], odd: Callable[[pv.InvalidRow], str]
    ) -> Iterator[pa.RecordBatch]:
        text = dict.fromkeys(self.columns, pa.string()) | {BEYOND: pa.string()}
        with self._told():  # opening reads the first piece already
            yield from pv.open_csv(
                stream,
                pv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK,
                    encoding=self.encoding,
                    skip_rows=self._skip + 1,
                    column_names=[*self.columns, BEYOND] if self._trailing else self.columns,
                ),
                pv.ParseOptions(
                    delimiter=self.delimiter,
                    invalid_row_handler=odd,
                    ignore_empty_lines=False,
                ),
                pv.ConvertOptions(column_types=text, strings_can_be_null=False),
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what makes no text or no cells."""
        try:
            yield
        except (pa.ArrowInvalid, UnicodeError, csv.Error) as error:
            text = str(error)
            hint = "`--encoding` names another, `--delimiter` what stands between cells"
            if any(words in text for words in LONG):
                hint = "a line of it is too long: is a quote left open, or is it no text at all?"
            raise ConfigError(
                f"reading {self._path} as {self.encoding}: {text}", hint=hint
            ) from error

    def _ends_with_a_delimiter(self) -> bool:
        """Whether most lines end with one that the line of names has not."""
        rows = [row for row in _rows(self.sample[:LOOK], self.delimiter) if any(row)]
        more = [row for row in rows if len(row) == len(self.columns) + 1 and not row[-1].strip()]
        return len(more) * 2 > len(rows)

    def _without_last(self, table: pa.Table, rows: Int64s) -> tuple[pa.Table, Int64s, list[Reject]]:
        """The columns that have names; rows with something beyond them are rejected."""
        beyond = pc.utf8_trim_whitespace(table.column(BEYOND))
        full = pc.not_equal(beyond, "").to_numpy()
        size = len(self.columns)
        wrong = [
            Reject(
                int(rows[at]),
                self.delimiter.join(str(cell[at]) for cell in table.columns),
                f"{size + 1} cells instead of {size}",
            )
            for at in np.flatnonzero(full).tolist()
        ]
        return table.filter(pa.array(~full)).select(self.columns), rows[~full], wrong

    def _lines(self, seen: int, rows: int, gone: list[int]) -> Int64s:
        """The lines of the next `rows` valid rows: those left out lie between."""
        first = self._skip + 2
        valid = np.arange(seen, seen + rows, dtype=np.int64)
        before = np.array(gone, np.int64) - first - np.arange(len(gone))
        return first + valid + np.searchsorted(before, valid, "right")

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        unpack = PACKED.get(self._path.suffix.lower())
        with self._path.open("rb") as raw:
            self._raw = raw
            if unpack is None:
                yield raw
            else:
                with self._whole(), cast("IO[bytes]", unpack(raw)) as plain:
                    yield plain
            self._at = raw.tell()
        self._raw = None

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Tell what cannot be unpacked."""
        try:
            yield
        except DAMAGED as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # it is the disk
            raise ConfigError(
                f"unpacking {self._path}: {error}",
                hint="it is cut off, damaged or not packed as its name says: copy or pack it anew",
            ) from error


def _delimiter(told: str) -> str:
    sign = told.replace("\\t", "\t")
    if len(sign.encode()) > 1 or sign in ('"', "\n", "\r"):
        raise ConfigError(
            f"`{told}` is no delimiter", hint="one sign, such as `;`, or `\\t` for a tab"
        )
    return sign


def _rows(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    with suppress(csv.Error):
        yield from csv.reader(lines, delimiter=delimiter)


def _encoding(head: bytes) -> str:
    """By its mark, else UTF-8 where that fits, else what Windows writes in Western Europe."""
    for mark, name in MARKS.items():
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _require_names(path: Path, columns: list[str]) -> None:
    if len(columns) < 2:  # noqa: PLR2004 - a time and something at that time
        raise ConfigError(
            f"{path}: one column only, `{columns[0][:60]}`",
            hint="`--delimiter` says what stands between cells, `--skip N` where the names are",
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ConfigError(
            f"{path}: two columns are named `{twice[0]}`", hint="names must tell columns apart"
        )
