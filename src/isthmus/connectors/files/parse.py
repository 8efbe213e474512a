"""Lines to columns: what each named group or CSV column says of its tags."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from isthmus.connectors.files.clock import LineClock
from isthmus.model.errors import ConfigError
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Clock, Nanoseconds, Status
from isthmus.model.tag import Kind, Tag

if TYPE_CHECKING:
    from isthmus.connectors.files.config import Files, FilesAddress

SHOWN = 5  # lines that could not be read and are shown; the rest is only counted
EXCERPT = 120  # characters of such a line
SWITCH = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}

Row = Mapping[str, str | None]


@dataclass(slots=True)
class Origin:
    """What must be known of a file to read its next line."""

    columns: tuple[str, ...] = ()
    last: int = 0  # time of its latest line


@dataclass(slots=True)
class _Columns:
    tag: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Parser:
    """Turns lines into readings, and counts and shows the lines that say nothing."""

    def __init__(
        self, config: Files, bindings: Sequence[Binding[FilesAddress]], *, now: Clock
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._config, self._now = config, now
        self._clock = LineClock(config.time_format, config.timezone or "UTC")
        self._pattern = re.compile(config.line) if config.line else None
        self._bindings = tuple(bindings)
        self._words = {
            b.id: {w.lower(): float(c) for c, w in b.tag.legend.items()} for b in bindings
        }
        self._texts: dict[int, str] = {}
        self._shown = 0
        known = tuple(self._pattern.groupindex) if self._pattern else config.columns
        for binding in bindings:
            column = binding.address.column
            if known and column not in known:
                raise ConfigError(
                    f"reading {config.endpoint}: {binding.tag.path} is to come from `{column}`,"
                    f" which is none of {', '.join(known)}",
                    hint="an address is the name of a group or column",
                )

    @property
    def headed(self) -> bool:
        """Whether the first line of each file names its columns."""
        return self._config.csv and not self._config.columns

    def header(self, line: bytes) -> tuple[str, ...]:
        """The names in the first line of a CSV file."""
        text = line.decode(self._config.encoding, "replace")
        return tuple(name.strip() for name in self._cells(text.rstrip("\r")))

    def missing(self, origin: Origin, path: str) -> list[Event]:
        """One event where the file at `path` lacks columns that tags are to come from."""
        wanted = {binding.address.column for binding in self._bindings}
        lacking = sorted(wanted.difference(origin.columns))
        if not lacking:
            return []
        self.counts["missing_columns"] += len(lacking)
        text = f"no column {', '.join(lacking)}; there are {', '.join(origin.columns)}"
        return [Event(self._now(), self._config.name, "missing-column", text, 300, {"file": path})]

    def read(self, lines: Sequence[bytes], origin: Origin, path: str) -> Reading:
        """What `lines` of the file at `path` say; `origin` is moved on."""
        out = _Columns()
        take: Callable[[str, Origin], Row | None] = self._match if self._pattern else self._split
        received = self._now()
        for line in lines:
            try:
                text = line.decode(self._config.encoding).rstrip("\r")
            except UnicodeDecodeError:
                self._skip("undecodable", line.decode("latin-1"), path, out, received)
                continue
            if not text.strip():
                continue
            row = take(text, origin)
            time = None if row is None else self._time(row, origin, received)
            if row is None or time is None:
                self._skip("unmatched" if row is None else "untimed", text, path, out, received)
                continue
            self.counts["lines"] += bool(row)
            self._row(row, time, out)
        batch = Batch(
            np.array(out.tag, np.int32),
            np.array(out.time, np.int64),
            np.array(out.value, np.float64),
            np.array(out.quality, np.uint32),
        )
        return Reading(batch, tuple(out.events))

    # ------------------------------------------------------------------ one line

    def _match(self, text: str, origin: Origin) -> Row | None:  # noqa: ARG002 - as `_split`
        found = self._pattern.match(text) if self._pattern else None
        return None if found is None else found.groupdict()

    def _split(self, text: str, origin: Origin) -> Row | None:
        cells = self._cells(text)
        columns = self._config.columns or origin.columns
        if tuple(cells) == columns:
            return {}  # some programs write the names anew at each start
        if len(cells) != len(columns):
            return None
        return dict(zip(columns, cells, strict=True))

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader([text], delimiter=self._config.delimiter, strict=True), [])
        except csv.Error:
            return []

    def _time(self, row: Row, origin: Origin, received: Nanoseconds) -> Nanoseconds | None:
        parts = [row[name] for name in self._config.time if name in row]
        if not parts:
            return received
        time = self._clock.read(" ".join(part or "" for part in parts), origin.last)
        if time is not None:
            origin.last = time
        return time

    def _row(self, row: Row, time: Nanoseconds, out: _Columns) -> None:
        for binding in self._bindings:
            text = row.get(binding.address.column)
            if text is None or not (text := text.strip()):
                continue
            if binding.tag.kind is Kind.TEXT:
                if self._texts.get(binding.id) != text:
                    self._texts[binding.id] = text
                    out.events.append(Event(time, binding.tag.path, "text", text))
                continue
            value, quality = self._number(text, binding.tag, self._words[binding.id])
            out.tag.append(binding.id)
            out.time.append(time)
            out.value.append(value)
            out.quality.append(quality)

    def _number(self, text: str, tag: Tag, words: Mapping[str, float]) -> tuple[float, int]:
        if words and (code := words.get(text.lower())) is not None:
            return code, Status.GOOD
        if tag.kind is Kind.BOOLEAN and (switch := SWITCH.get(text.lower())) is not None:
            return switch, Status.GOOD
        foreign = "_" if self._config.decimal == "." else "_."  # 1.234 may be a thousand: no guess
        if any(sign in text for sign in foreign):
            return math.nan, Status.BAD_TYPE_MISMATCH
        try:
            value = float(text.replace(self._config.decimal, "."))
        except ValueError:
            return math.nan, Status.BAD_TYPE_MISMATCH
        return (
            (value, Status.GOOD) if math.isfinite(value) else (math.nan, Status.BAD_SENSOR_FAILURE)
        )

    def _skip(self, why: str, text: str, path: str, out: _Columns, time: Nanoseconds) -> None:
        self.counts[why] += 1
        if self._shown < SHOWN:
            self._shown += 1
            shown = text if len(text) <= EXCERPT else text[:EXCERPT] + "..."
            data = {"file": path, "why": why}
            event = Event(time, self._config.name, "unread-line", f"{why}: {shown!r}", 100, data)
            out.events.append(event)
