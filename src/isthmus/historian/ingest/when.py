"""Which column of a file of a load tells the time, or which two: one the day, one its clock."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from isthmus.historian.ingest.csv_file import CsvFile
from isthmus.historian.ingest.form import detected
from isthmus.historian.ingest.shape import TIME
from isthmus.model.errors import ConfigError

CLOCKS = {"hour", "hours", "hr", "he", "time", "clock", "stunde", "uhrzeit", "zeit"}
SECONDS = {"second", "seconds", "sec", "secs", "sekunde", "sekunden"}
MIDNIGHT = r"[T ]\s*(0?0:00(:00([.,]0+)?)?|12:00(:00)? ?[Aa][Mm])$"
DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{8}|\d{1,2}-[A-Za-z]{3}-\d{2,4}")
CLOCK = re.compile(
    r"\d{1,2}(\.0+)?|\d{3,4}|\d{1,2}:\d\d(:\d\d([.,]\d+)?)?( ?[AaPp][Mm])?|\d{1,2} ?[AaPp][Mm]"
)
LOOK = 200  # rows
LOOK_FAR = 5_000  # rows, for a few of each time
ALIKE = 0.9  # of the rows of a day and its clock that must differ, of days alone that must not


@dataclass(frozen=True, slots=True)
class When:
    """The column of time; where it holds days alone, also that of the clock, if there is one."""

    date: str
    clock: str = ""

    @classmethod
    def of(cls, file: CsvFile, told: str, target: str) -> When:
        """What `told` names, one column or `DAY+CLOCK`, else what is found."""
        if told and told not in file.columns:
            day, joined, clock = told.partition("+")
            return _known(file, cls(day, clock) if joined else cls(told))
        sample = _sample(file)
        days = [name for name in file.columns if name != target and _days(sample[name])]
        days.sort(key=lambda name: name.lower() not in TIME)
        column = told or _found(file, sample, days, target)
        if days and column not in days and _clocks(sample[column]):
            return cls(days[0], column)
        if column not in days:
            return cls(column)
        for name in file.columns:
            words = set(re.findall(r"[^\W\d_]+", name.lower()))
            if name not in (target, column) and words & CLOCKS and _clocks(sample[name]):
                both = list(zip(sample[column], sample[name], strict=True))
                if _differ(both) >= ALIKE > _differ(sample[column]):
                    return cls(column, name)
        return cls(column)

    def __str__(self) -> str:
        return f"{self.date}+{self.clock}" if self.clock else self.date

    def cells(self, table: pa.Table) -> pa.Array:
        """The times of `table` as one column of text."""
        day = pc.utf8_trim_whitespace(table.column(self.date))
        if not self.clock:
            return day
        day = pc.replace_substring_regex(day, MIDNIGHT, "")
        clock = pc.utf8_trim_whitespace(table.column(self.clock))
        clock = pc.replace_substring_regex(clock, r"^(\d{1,2})([.]0+)?( ?[AaPp][Mm])?$", r"\1:00\3")
        clock = pc.replace_substring_regex(clock, r"^(\d{1,2})(\d\d)$", r"\1:\2")
        return pc.utf8_trim_whitespace(pc.binary_join_element_wise(day, clock, " "))

    def apart(self, file: CsvFile, target: str) -> str:
        """A column, such as of meters, whose few words tell apart the rows of each time."""
        sample = _sample(file, LOOK_FAR)
        told = [sample[name] for name in (self.date, self.clock) if name]
        times = list(zip(*told, strict=True))
        shared = len(times) - len(set(times))
        for name in file.columns:
            named = set(re.findall(r"[^\W\d_]+", name.lower()))
            if name in (target, self.date, self.clock) or named & SECONDS or not shared:
                continue
            words = sample[name]
            both = len(set(zip(times, words, strict=True)))
            most = max(Counter(times).values())
            if both >= ALIKE * len(times) and 1 < len(set(words)) <= 2 * most:
                return name
        return ""

    def hint(self, file: CsvFile, target: str) -> str:
        """What else may tell the time, where this one does not."""
        sample = _sample(file)
        rest = [name for name in file.columns if name not in (target, self.date, self.clock)]
        whole = [name for name in rest if _times(sample[name])]
        if whole:
            return f"--time '{whole[0]}' may be it"
        parts = [name for name in rest if _clocks(sample[name])]
        if parts and not self.clock:
            return f"--time '{self.date}+{parts[0]}' joins a day and its clock"
        if name := self.apart(file, target):
            return f"`{name}` does: of several meters in a file keep the rows of one"
        return (
            "name the column with --time; of several meters in a file keep the rows of one, and"
            " average those of a logger that tells no more of the time"
        )


def _known(file: CsvFile, when: When) -> When:
    for name in (when.date, when.clock):
        if name and name not in file.columns:
            raise ConfigError(
                f"{file.name} has no column `{name}`",
                hint="it has " + ", ".join(file.columns)[:300],
            )
    return when


def _found(file: CsvFile, sample: dict[str, list[str]], days: list[str], target: str) -> str:
    """By its name, else the first column whose cells are times."""
    low = {name.lower(): name for name in reversed(file.columns)}
    named = (low[word] for word in TIME if word in low and low[word] != target)
    times = (name for name in file.columns if name != target and _times(sample[name]))
    found = next(named, "") or next(times, "") or next(iter(days), "")
    if not found:
        raise ConfigError(
            f"{file.name}: no column is a time",
            hint="name it with --time; there are " + ", ".join(file.columns)[:300],
        )
    return found


def _sample(file: CsvFile, most: int = LOOK) -> dict[str, list[str]]:
    """The first cells of each column."""
    rows = file.first_rows(most)
    return {name: [row[at].strip() for row in rows] for at, name in enumerate(file.columns)}


def _times(cells: list[str]) -> bool:
    with suppress(ConfigError):
        return any(cells) and bool(detected(pa.array(cells)))
    return False


def _days(cells: list[str]) -> bool:
    return any(cells) and all(DAY.fullmatch(re.sub(MIDNIGHT, "", each)) for each in cells if each)


def _clocks(cells: list[str]) -> bool:
    return any(cells) and all(CLOCK.fullmatch(each) for each in cells if each)


def _differ(cells: list[str] | list[tuple[str, str]]) -> float:
    return len(set(cells)) / len(cells)
