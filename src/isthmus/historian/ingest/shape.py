"""Pieces of a table, long or wide, made into samples; what is none is told row by row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.historian.ingest.mapping import Known, Names, Target
from isthmus.historian.ingest.moment import Moments
from isthmus.historian.ingest.piece import Piece, Reject
from isthmus.historian.ingest.value import Values, qualities
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Batch, Bools, Floats, Int64s, Status, Uint32s

TIME = ("time", "timestamp", "datetime", "date", "date_time", "ts", "zeit", "zeitstempel", "datum")
TAG = (
    "tag",
    "path",
    "name",
    "tagname",
    "tag_name",
    "point",
    "signal",
    "series",
    "variable",
    "item",
)
VALUE = ("value", "val", "wert", "reading", "v")
QUALITY = ("quality", "status", "q", "opc_quality", "statuscode", "qualität")
SHOWN = 80
DOUBT = "whose dot parts thousands (say `--thousands .`) or decimals (leave out `--decimal`)"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column is what: long (a tag and a value a row) or wide (a column a tag)."""

    time: str
    tag: str = ""
    value: str = ""
    quality: str = ""
    wide: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Sequence[str],
        *,
        time: str = "",
        tag: str = "",
        value: str = "",
        quality: str = "",
        layout: str = "",
    ) -> Layout:
        """The layout of `columns`, found by their names where nothing was said."""
        low = {name.lower(): name for name in reversed(columns)}

        def pick(said: str, usual: Sequence[str]) -> str:
            if said and said not in columns:
                raise ConfigError(
                    f"there is no column `{said}`", hint="there are " + ", ".join(columns)[:300]
                )
            return said or next((low[word] for word in usual if word in low), "")

        time = pick(time, TIME)
        if not time:
            raise ConfigError(
                "no column is a time by its name",
                hint="name it with --time; there are " + ", ".join(columns)[:300],
            )
        tag, value = pick(tag, TAG), pick(value, VALUE)
        long = layout == "long" or (layout != "wide" and bool(tag and value))
        quality = pick(quality, QUALITY if long else ())
        if not long:
            rest = tuple(name for name in columns if name not in (time, quality))
            return cls(time, quality=quality, wide=rest)
        if not tag or not value:
            raise ConfigError(
                f"no column is a {'value' if tag else 'tag'} by its name",
                hint="name both with --tag and --value, or say --layout wide",
            )
        return cls(time, tag, value, quality)


@dataclass(slots=True)
class Shape:
    """Turns pieces into samples of `targets`; tag ids are places in that list.

    `absent` counts empty cells, `unmatched` the rows of names that mean no tag.
    """

    layout: Layout
    names: Names
    moments: Moments
    values: Values
    classic: bool = False
    targets: list[Target] = field(default_factory=list)
    absent: int = 0
    unmatched: Counter[str] = field(default_factory=Counter)
    _places: dict[str, int] = field(default_factory=dict)

    def samples(self, piece: Piece) -> tuple[Batch, list[Reject]]:
        """What `piece` holds, in the order of its rows a tag."""
        rejects = list(piece.rejects)
        if not piece.table.num_rows:
            return Batch.empty(), rejects
        made = self._wide(piece, rejects) if self.layout.wide else self._long(piece, rejects)
        return Batch.concat([part for part in made if len(part)]), rejects

    def _wide(self, piece: Piece, rejects: list[Reject]) -> Iterator[Batch]:
        table = piece.table
        key = np.zeros(table.num_rows, np.int64)
        time, never = self.moments.read(table[self.layout.time], key)
        empty = _empty(table[self.layout.time]) & never
        _refuse(rejects, piece, never & ~empty, table[self.layout.time], "no time")
        graded = self._graded(piece, rejects, table) if self.layout.quality else None
        for name in self.layout.wide:
            target = self.names.target(name)
            if target is None:
                self.unmatched[name] += table.num_rows
                continue
            cells = self._cells(_one(table[name]), target)
            keep = ~never
            yield self._batch(target, piece, rejects, time, keep, cells, graded, table[name])

    def _long(self, piece: Piece, rejects: list[Reject]) -> Iterator[Batch]:
        table = piece.table
        words = _one(table[self.layout.tag]).cast(pa.string()).fill_null("").dictionary_encode()
        key = words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        names = [word.strip() for word in words.dictionary.to_pylist()]
        places = np.array([self._place(name) for name in names] or [0], np.int64)
        time, never = self.moments.read(table[self.layout.time], places[key])
        _refuse(rejects, piece, never & (places[key] >= 0), table[self.layout.time], "no time")
        graded = self._graded(piece, rejects, table) if self.layout.quality else None
        values = _one(table[self.layout.value])
        for number, name in enumerate(names):
            rows = np.nonzero(key == number)[0]
            if places[number] < 0:
                self.unmatched[name] += len(rows)
                continue
            target = self.targets[places[number]]
            part = Piece(table.take(pa.array(rows)), piece.row[rows])
            cells = self._cells(values.take(pa.array(rows)), target)
            grade = None if graded is None else graded[rows]
            column = part.table[self.layout.value]
            yield self._batch(
                *(target, part, rejects, time[rows], ~never[rows], cells, grade, column)
            )

    def _graded(self, piece: Piece, rejects: list[Reject], table: pa.Table) -> Uint32s:
        grades, wrong = qualities(_one(table[self.layout.quality]), classic=self.classic)
        _refuse(rejects, piece, wrong, table[self.layout.quality], "no quality")
        grades[wrong] = Status.UNCERTAIN
        return grades

    def _cells(self, column: pa.Array, target: Target) -> tuple[Floats, Uint32s, Bools, Bools]:
        return self.values.read(column, target.tag.legend)

    def _batch(
        self,
        target: Target,
        piece: Piece,
        rejects: list[Reject],
        time: Int64s,
        keep: Bools,
        cells: tuple[Floats, Uint32s, Bools, Bools],
        graded: Uint32s | None,
        column: pa.ChunkedArray,
    ) -> Batch:
        value, quality, absent, wrong = cells
        if graded is not None:
            quality = np.maximum(quality, graded)
            absent = absent & (graded < Status.BAD)  # a bad sample may have no value
        self.absent += int(np.count_nonzero(absent & keep))
        self._refuse_values(rejects, piece, wrong & keep, column, target.tag.path)
        keep = keep & ~absent & ~wrong
        if target.factor != 1 or target.offset:
            value = value * target.factor + target.offset
        place = self._place(target.name)
        ids = np.full(int(np.count_nonzero(keep)), place, np.int32)
        return Batch(ids, time[keep], value[keep], quality[keep].astype(np.uint32))

    def _refuse_values(
        self, rejects: list[Reject], piece: Piece, wrong: Bools, column: pa.ChunkedArray, path: str
    ) -> None:
        if not wrong.any():
            return
        doubt = wrong & self.values.doubtful(_one(column))
        _refuse(rejects, piece, wrong & ~doubt, column, f"no value of {path}")
        _refuse(rejects, piece, doubt, column, f"no sure value of {path}, {DOUBT}")

    def _place(self, name: str) -> int:
        """The place of what `name` means among the targets, -1 where it means nothing."""
        target = self.names.target(name)
        if target is None:
            return -1
        found = self._places.get(target.tag.path)
        if found is None:
            found = self._places[target.tag.path] = len(self.targets)
            self.targets.append(target)
        return found


def known_tags(rows: Sequence[dict[str, object]]) -> dict[str, Known]:
    """The tags of a site by path, from rows of its tag table."""
    found = {}
    for row in rows:
        written = row.get("legend")
        legend = json.loads(str(written)) if written else {}
        words = {str(word).lower(): float(number) for number, word in legend.items()}
        path = str(row["path"])
        found[path] = Known(path, str(row.get("unit") or ""), words)
    return found


def _refuse(
    rejects: list[Reject], piece: Piece, wrong: Bools, column: pa.ChunkedArray, reason: str
) -> None:
    for place in np.nonzero(wrong)[0].tolist():
        text = str(column[place].as_py())[:SHOWN]
        rejects.append(Reject(int(piece.row[place]), text, f"{reason}: `{text}`"))


def _empty(column: pa.ChunkedArray) -> Bools:
    one = _one(column)
    blank = one.is_null()
    if pa.types.is_string(one.type):
        blank = pc.or_(blank, pc.equal(pc.utf8_length(one), 0).fill_null(True))
    empty: Bools = blank.to_numpy(zero_copy_only=False)
    return empty


def _one(column: pa.ChunkedArray) -> pa.Array:
    one = column.combine_chunks()
    if isinstance(one, pa.ChunkedArray):
        return one.chunk(0) if one.num_chunks else pa.array([], column.type)
    return one
