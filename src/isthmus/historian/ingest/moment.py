"""Times as others write them, made into ns UTC; local times by the rules of their zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.historian.ingest.form import (
    EPOCH,
    ISO,
    ISO_FORM,
    LATEST,
    LOOK,
    SECOND,
    compact,
    detected,
    floats,
    parsed,
    unit,
    until_24,
)
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Bools, Int64s

Twice = Literal["order", "earlier", "later"]
EXCEL_DAY_0 = -2_209_161_600 * SECOND  # 1899-12-30
ZONED = r"(Z|\d[+-]\d\d:?\d\d|:\d\d([.]\d+)?[+-]\d\d)$"
HOUR = 3_600 * SECOND


@dataclass(slots=True)
class LocalTime:
    """Wall clocks of `zone` to UTC.

    An hour that comes twice in autumn is told apart by the order of the rows: it is the first
    until the time of the same tag steps back. `earlier` and `later` take all of it for one.
    """

    zone: str
    twice: Twice = "order"
    used: bool = False  # whether any time told no zone of its own
    _told: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(
                f"there is no time zone `{self.zone}`", hint="such as Europe/Berlin, or UTC"
            ) from error

    def utc(self, local: Int64s, key: Int64s) -> tuple[Int64s, Bools]:
        """`local` (ns) in UTC, and which of them no clock ever showed (the hour left out)."""
        self.used = self.used or len(local) > 0
        if self.zone == "UTC" or not len(local):
            return local, np.zeros(len(local), np.bool_)
        wall = pa.array(local).cast(pa.timestamp("ns"))
        early, late = (
            pc.assume_timezone(wall, self.zone, ambiguous=side, nonexistent="earliest")
            for side in ("earliest", "latest")
        )
        never = _numbers(pc.local_timestamp(early)) != local
        found, other = _numbers(early).copy(), _numbers(late)
        places = np.nonzero(found != other)[0]
        if self.twice == "later":
            found[places] = other[places]
        elif self.twice == "order":
            for place in places.tolist():
                if self._second(int(local[place]), int(key[place])):
                    found[place] = other[place]
        return found, never

    def _second(self, local: int, key: int) -> bool:
        """Whether this is the second time that the clock of `key` shows `local`."""
        last, second = self._told.get(key, (local - 1, False))
        if abs(local - last) > 3 * HOUR:  # another autumn
            second = False
        elif local <= last:
            second = True
        self._told[key] = local, second
        return second


def _numbers(times: pa.Array) -> Int64s:
    cast: Int64s = times.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return cast


@dataclass(slots=True)
class Moments:
    """Columns of time to ns UTC: Arrow's types, numbers since 1970, or text of one format.

    An empty `form` is found out from the first column that is read; `late` is whether any time
    was 24:00, which is the next day's midnight.
    """

    local: LocalTime
    form: str = ""
    late: bool = False

    def read(self, column: pa.ChunkedArray, key: Int64s) -> tuple[Int64s, Bools]:
        """Times and which of them are none; `key` tells tags apart for the rule of autumn."""
        one = column.combine_chunks()
        if isinstance(one, pa.ChunkedArray):
            one = pa.concat_arrays(one.chunks) if one.num_chunks else pa.array([], column.type)
        if pa.types.is_dictionary(one.type):
            one = one.dictionary_decode()
        kind = one.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return self._typed(one, key)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return self._text(pc.utf8_trim_whitespace(one.cast(pa.string())), key)
        if pa.types.is_integer(kind):
            self.form = self.form or compact(one.slice(0, LOOK).drop_null().cast(pa.string()))
            if "%" in self.form:
                return self._text(one.cast(pa.string()), key)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return self._count(one.cast(pa.float64(), safe=False), one)
        raise ConfigError(f"a column of type {kind} is no time", hint="name another: --time COLUMN")

    def _typed(self, times: pa.Array, key: Int64s) -> tuple[Int64s, Bools]:
        absent = times.is_null().to_numpy(zero_copy_only=False)
        zone = getattr(times.type, "tz", None)
        plain = times
        if not pa.types.is_timestamp(times.type) or times.type.unit != "ns":
            plain = times.cast(pa.timestamp("us", "UTC" if zone else None))
        scale = 1 if plain.type.unit == "ns" else 1_000
        count = _numbers(plain.fill_null(0))
        bad = absent | (np.abs(count) > LATEST // scale)
        found = np.where(bad, 0, count) * scale
        if zone is not None:
            return found, bad
        made, never = self.local.utc(found, key)
        return made, bad | never

    def _count(self, numbers: pa.Array, exact: pa.Array) -> tuple[Int64s, Bools]:
        value = numbers.fill_null(np.nan).to_numpy(zero_copy_only=False)
        bad = ~np.isfinite(value)
        safe = np.where(bad, 0.0, value)
        if self.form == "excel":  # days of a wall clock, to the millisecond that they hold
            wall = np.rint(safe * 86_400_000).astype(np.int64) * 10**6 + EXCEL_DAY_0
            made, never = self.local.utc(wall, np.zeros(len(wall), np.int64))
            return made, bad | never
        scale = EPOCH.get(self.form) or unit(safe[~bad])
        bad |= np.abs(safe) * scale > LATEST
        if pa.types.is_integer(exact.type):
            whole = exact.cast(pa.int64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False)
            return np.where(bad, 0, whole) * scale, bad
        return np.rint(np.where(bad, 0.0, safe) * scale).astype(np.int64), bad

    def _text(self, text: pa.Array, key: Int64s) -> tuple[Int64s, Bools]:
        if not self.form:
            self.form = detected(text)
        if self.form in EPOCH or self.form == "excel":
            whole = pc.match_substring_regex(text, r"^-?[0-8]?\d{1,18}$")
            exact = pc.if_else(whole, text, None).cast(pa.int64())
            numbers = floats(text)
            return self._count(
                numbers, exact if exact.null_count == numbers.null_count else numbers
            )
        text, later = until_24(text, self.form)
        self.late = self.late or later is not None
        later = np.zeros(len(text), np.int64) if later is None else later
        if self.form == ISO:
            return self._iso(text, later, key)
        return self._formatted(text, later, key)

    def _iso(self, text: pa.Array, later: Int64s, key: Int64s) -> tuple[Int64s, Bools]:
        fits = pc.match_substring_regex(text, ISO_FORM).fill_null(False)
        plain = pc.replace_substring_regex(text, r"\s*(UTC|z|Z)$", "Z")
        plain = pc.replace_substring_regex(plain, r"\s+([+-][\d:]+)$", r"\1")
        plain = pc.replace_substring(plain, ",", ".")
        zoned = pc.match_substring_regex(plain, ZONED).fill_null(False)
        time = np.zeros(len(text), np.int64)
        bad = ~fits.to_numpy(zero_copy_only=False)
        for mask, kind in (
            (zoned, pa.timestamp("ns", "UTC")),
            (pc.invert(zoned), pa.timestamp("ns")),
        ):
            places = np.nonzero(pc.and_(mask, fits).to_numpy(zero_copy_only=False))[0]
            if len(places):
                found, wrong = _cast(plain.take(pa.array(places)), kind)
                found = found + later[places]
                if kind.tz is None:
                    found, never = self.local.utc(found, key[places])
                    wrong |= never
                time[places], bad[places] = found, wrong
        return time, bad

    def _formatted(self, text: pa.Array, later: Int64s, key: Int64s) -> tuple[Int64s, Bools]:
        wall, bad = parsed(text, self.form)
        wall = wall + later
        if "%z" in self.form:
            return wall, bad
        made, never = self.local.utc(wall, key)
        return made, bad | never


def _cast(text: pa.Array, kind: pa.DataType) -> tuple[Int64s, Bools]:
    try:
        return _numbers(text.cast(kind)), np.zeros(len(text), np.bool_)
    except pa.ArrowInvalid:  # one of them is no time: find it
        time, bad = np.zeros(len(text), np.int64), np.zeros(len(text), np.bool_)
        for place in range(len(text)):
            try:
                time[place] = text.slice(place, 1).cast(kind).cast(pa.int64())[0].as_py()
            except pa.ArrowInvalid:
                bad[place] = True
        return time, bad
