"""What a decoded JSON value means as a number, a time or a quality."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from isthmus.model.sample import Nanoseconds, Status
from isthmus.model.tag import Kind, Tag

BOOLEANS = {
    "true": 1.0,
    "false": 0.0,
    "on": 1.0,
    "off": 0.0,
    "yes": 1.0,
    "no": 0.0,
    "1": 1.0,
    "0": 0.0,
}
UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = 1 << 62  # ns; the year 2116
QUALITIES = {
    "good": Status.GOOD, "ok": Status.GOOD, "uncertain": Status.UNCERTAIN, "bad": Status.BAD,
    "stale": Status.UNCERTAIN_LAST_USABLE_VALUE,
}  # fmt: skip
LONGEST_WORD = 256  # characters; no number and no word of a legend is longer
# OPC DA 3.0, 6.8: bits 6 and 7 of the low byte are the quality, what is above is the vendor's.
DA_SEVERITY = (Status.BAD, Status.UNCERTAIN, Status.BAD, Status.GOOD)
STALE = 500  # Sparkplug's third quality; no OPC DA code is that large


def number_of(value: object, tag: Tag, codes: Mapping[str, float]) -> tuple[float, int]:
    """`value` as float64 with its quality: NaN and bad where it is not what `tag` holds.

    Numbers and booleans are themselves; text is a number, an on/off word of a boolean tag, or a
    word of the legend (`codes`: word in lower case to code).
    """
    if type(value) is float and math.isfinite(value):
        return value, Status.GOOD
    if isinstance(value, str):
        return _number_of_text(value, tag, codes)
    if value is None:
        return math.nan, Status.BAD
    if not isinstance(value, bool | int | float):
        return math.nan, Status.BAD_TYPE_MISMATCH
    try:
        return _finite(float(value))
    except OverflowError:
        return math.nan, Status.BAD_OUT_OF_RANGE


def _number_of_text(text: str, tag: Tag, codes: Mapping[str, float]) -> tuple[float, int]:
    word = text.strip().lower() if len(text) <= LONGEST_WORD else ""
    if word in codes:
        return codes[word], Status.GOOD
    if tag.kind is Kind.BOOLEAN and word in BOOLEANS:
        return BOOLEANS[word], Status.GOOD
    try:
        return _finite(float(word))
    except ValueError:
        return math.nan, Status.BAD_TYPE_MISMATCH


def _finite(number: float) -> tuple[float, int]:
    return (number, Status.GOOD) if math.isfinite(number) else (math.nan, Status.BAD_OUT_OF_RANGE)


def words_of(tag: Tag) -> dict[str, float]:
    """The legend of `tag` turned around: word in lower case to code."""
    return {word.lower(): float(code) for code, word in tag.legend.items()}


def time_reader(layout: str) -> Callable[[object], Nanoseconds | None]:
    """What reads a time written in `layout`: a unit of `UNITS`, a strptime format, or nothing.

    With nothing, a number is in the unit its size tells (seconds until the year 5138), a text is
    ISO 8601. A text without an offset is UTC. The reader answers None where it cannot read.
    """

    def read(value: object) -> Nanoseconds | None:
        try:
            if layout in UNITS:
                return _from_number(_number(value), UNITS[layout])
            if isinstance(value, str) and layout:
                return _from_datetime(datetime.strptime(value.strip(), layout))  # noqa: DTZ007
            if isinstance(value, str) and not _numeric(value.strip()):
                return _from_datetime(datetime.fromisoformat(value.strip()))
            return _guessed(_number(value))
        except (ValueError, TypeError, OverflowError):
            return None

    return read


def _numeric(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("a time is a number or a text")
    if not isinstance(value, str):
        return value
    return int(value) if value.strip().isdigit() else float(value)


def _guessed(value: float) -> Nanoseconds | None:
    size = abs(value)
    unit = "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"  # noqa: PLR2004
    return _from_number(value, UNITS[unit])


def _from_number(value: float, factor: int) -> Nanoseconds | None:
    if isinstance(value, int):
        time = value * factor
        return Nanoseconds(time) if 0 < time < LATEST else None
    if not math.isfinite(value):
        return None
    # whole units stay exact: a float64 holds no nanoseconds of this century
    whole = math.floor(value)
    time = whole * factor + round((value - whole) * factor)
    return Nanoseconds(time) if 0 < time < LATEST else None


def _from_datetime(moment: datetime) -> Nanoseconds | None:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    time = (aware - EPOCH) // MICROSECOND * 1000
    return Nanoseconds(time) if 0 < time < LATEST else None


def quality_of(value: object, codes: str) -> int | None:
    """The StatusCode that `value` means; None where it means none.

    Words and booleans mean what they say; numbers are OPC DA's (192 good, 64 uncertain, 0 bad;
    500 stale, as Sparkplug writes) or, with `codes` "opcua", StatusCodes themselves.
    """
    if isinstance(value, bool):
        return Status.GOOD if value else Status.BAD
    if isinstance(value, str):
        word = value.strip().lower().removeprefix("quality").strip(":_ ")
        if not word.isdecimal() or len(word) > 10:  # noqa: PLR2004 - digits of a 32-bit number
            return QUALITIES.get(word)
        value = int(word)
    if not isinstance(value, int) or not 0 <= value < 1 << 32:
        return None
    if codes == "opcua":
        return value
    if value == STALE:
        return Status.UNCERTAIN_LAST_USABLE_VALUE
    return DA_SEVERITY[value >> 6 & 3]
