"""Values and qualities as others write them, made into numbers and OPC UA status codes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.model.errors import ConfigError
from isthmus.model.sample import Bools, Floats, Status, Uint32s

ABSENT = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "?"})
TRUTH = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}
STATES = {  # what historians export in place of a value
    "bad": Status.BAD,
    "bad input": Status.BAD_SENSOR_FAILURE,
    "no data": Status.BAD_NO_COMMUNICATION,
    "comm fail": Status.BAD_NO_COMMUNICATION,
    "i/o timeout": Status.BAD_TIMEOUT,
    "timeout": Status.BAD_TIMEOUT,
    "not connect": Status.BAD_NOT_CONNECTED,
    "not connected": Status.BAD_NOT_CONNECTED,
    "out of service": Status.BAD_OUT_OF_SERVICE,
    "scan off": Status.BAD_OUT_OF_SERVICE,
    "shutdown": Status.BAD_NOT_CONNECTED,
    "configure": Status.BAD_CONFIGURATION_ERROR,
    "pt created": Status.BAD_WAITING_FOR_INITIAL_DATA,
    "out of range": Status.BAD_OUT_OF_RANGE,
    "under range": Status.BAD_OUT_OF_RANGE,
    "over range": Status.BAD_OUT_OF_RANGE,
}
GRADES = {
    "good": Status.GOOD,
    "ok": Status.GOOD,
    "valid": Status.GOOD,
    "gut": Status.GOOD,
    "uncertain": Status.UNCERTAIN,
    "unsicher": Status.UNCERTAIN,
    "questionable": Status.UNCERTAIN,
    "suspect": Status.UNCERTAIN,
    "bad": Status.BAD,
    "invalid": Status.BAD,
    "schlecht": Status.BAD,
    "true": Status.GOOD,
    "false": Status.BAD,
}
WORDS = {Status.word(code).lower(): code for code in Status} | GRADES
CLASSIC = (Status.BAD, Status.UNCERTAIN, Status.BAD, Status.GOOD)  # bits 6 and 7 of OPC DA
BITS = 0xFFFF_FFFF
THOUSANDS = {  # of numbers of this decimal sign
    ".": (r"^[+-]?[1-9]\d{0,2}(,\d{3})+([.]\d*)?$", ","),
    ",": (r"^[+-]?[1-9]\d{0,2}([.]\d{3})+(,\d*)?$", "."),
}
OTHER = {"": "", ".": ",", ",": "."}  # the decimal sign beside a sign of thousands
ONE_GROUP = r"^[+-]?[1-9]\d{0,2}[.]\d{3}$"  # whose dot is that of others where commas are decimals
NUMBER = r"^[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?$"


class Values:
    """Cells to values: `absent` ones are no samples, states of historians are bad ones."""

    def __init__(self, *, decimal: str = "", parted: bool = False) -> None:
        """`decimal` is `.` or `,`, and then the other one may part thousands.

        Where it is empty, a comma counts as one in cells that hold no dot. `1.234` beside decimal
        commas makes no sense unless dots are said to part thousands (`parted`).
        """
        self._decimal = decimal
        self._doubt = decimal == "," and not parted

    @classmethod
    def of(cls, decimal: str, thousands: str) -> Values:
        """By both signs as people say them; one of them tells the other."""
        if thousands and thousands == decimal:
            raise ConfigError(
                f"`{decimal}` cannot part both thousands and decimals",
                hint="--thousands . goes with --decimal , and the other way round",
            )
        return cls(decimal=decimal or OTHER[thousands], parted=bool(thousands))

    def doubtful(self, column: pa.Array) -> Bools:
        """Which cells may be 1234 as well as 1.234."""
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if not self._doubt or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return np.zeros(len(column), np.bool_)
        doubt: Bools = _one_group(pc.utf8_trim_whitespace(column)).to_numpy(zero_copy_only=False)
        return doubt

    def read(
        self, column: pa.Array, legend: Mapping[str, float]
    ) -> tuple[Floats, Uint32s, Bools, Bools]:
        """Values, their qualities, which cells are empty, and which make no sense.

        `legend` has the words of the tag in lower case.
        """
        size = len(column)
        good = np.zeros(size, np.uint32)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if pa.types.is_null(kind):
            return np.full(size, np.nan), good, np.ones(size, np.bool_), np.zeros(size, np.bool_)
        if pa.types.is_boolean(kind):
            column = column.cast(pa.uint8())
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return self._text(pc.utf8_trim_whitespace(column.cast(pa.string())), legend)
        elif not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        ):
            return np.full(size, np.nan), good, np.zeros(size, np.bool_), np.ones(size, np.bool_)
        numbers = column.cast(pa.float64(), safe=False)
        value = numbers.fill_null(np.nan).to_numpy(zero_copy_only=False)
        return value, good, np.isnan(value), np.zeros(size, np.bool_)

    def _text(
        self, text: pa.Array, legend: Mapping[str, float]
    ) -> tuple[Floats, Uint32s, Bools, Bools]:
        size = len(text)
        quality = np.zeros(size, np.uint32)
        plain = self._dotted(text)
        fits = pc.match_substring_regex(plain, NUMBER).fill_null(False)
        if self._doubt:
            fits = pc.and_(fits, pc.invert(_one_group(text)))
        number = pc.if_else(fits, plain, None).cast(pa.float64())
        value = number.fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
        left = np.nonzero(~fits.to_numpy(zero_copy_only=False))[0]
        absent, wrong = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        if not len(left):
            return value, quality, absent, wrong
        words = text.take(pa.array(left)).fill_null("").dictionary_encode()
        place = words.indices.to_numpy(zero_copy_only=False)
        for number_, word in enumerate(words.dictionary.to_pylist()):
            rows, low = left[place == number_], word.lower()
            if low in legend:
                value[rows] = legend[low]
            elif low in ABSENT:
                absent[rows] = True
            elif low in TRUTH:
                value[rows] = TRUTH[low]
            elif low in STATES:
                quality[rows] = STATES[low]
            else:
                wrong[rows] = True
        return value, quality, absent, wrong

    def _dotted(self, text: pa.Array) -> pa.Array:
        if self._decimal:
            pattern, mark = THOUSANDS[self._decimal]
            parted = pc.match_substring_regex(text, pattern).fill_null(False)
            text = pc.if_else(parted, pc.replace_substring(text, mark, ""), text)
        if self._decimal == ".":
            return text
        comma = pc.replace_substring(text, ",", ".", max_replacements=1)
        if self._decimal == ",":
            return comma
        has = pc.and_(pc.match_substring(text, ","), pc.invert(pc.match_substring(text, ".")))
        return pc.if_else(has.fill_null(False), comma, text)


def _one_group(text: pa.Array) -> pa.Array:
    return pc.match_substring_regex(text, ONE_GROUP).fill_null(False)


def qualities(column: pa.Array, *, classic: bool = False) -> tuple[Uint32s, Bools]:
    """Status codes, and which cells hold none; empty ones are good.

    Numbers are status codes of OPC UA, or with `classic` those of OPC DA (192 good, 64
    uncertain, 0 bad).
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    words = column.cast(pa.string()).fill_null("").dictionary_encode()
    codes, wrong = [], []
    for word in words.dictionary.to_pylist():
        code = _code(word.strip().lower(), classic=classic)
        codes.append(code or 0)
        wrong.append(code is None)
    place = words.indices.to_numpy(zero_copy_only=False)
    if not codes:
        return np.empty(0, np.uint32), np.empty(0, np.bool_)
    return np.array(codes, np.uint32)[place], np.array(wrong, np.bool_)[place]


def _code(word: str, *, classic: bool) -> int | None:
    if not word:
        return int(Status.GOOD)
    if word in WORDS:
        return int(WORDS[word])
    try:
        number = int(word, 16) if word.startswith("0x") else int(float(word))
    except (ValueError, OverflowError):
        return None
    if classic:
        return int(CLASSIC[number >> 6 & 3])
    number &= BITS if number < 0 else -1  # those of an int32
    return number if 0 <= number <= BITS else None
