"""What an unquoted word of YAML means: the core schema of YAML 1.2 (10.3), and no more.

`no` and `on` are words, `12:30` and `2024-05-01` are text, `010` is ten, `1e3` is a thousand.
"""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_BASED = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{
        sign + word: float(sign + "inf")
        for sign in ("", "+", "-")
        for word in (".inf", ".Inf", ".INF")
    },
}


class WrittenInt(int):
    """An integer that remembers how it was written, such as `0042`."""

    written: str


class WrittenFloat(float):
    """A number that remembers how it was written, such as `1.10`."""

    written: str


Scalar = str | int | float | bool | None


def scalar(text: str) -> Scalar:
    """What the plain scalar `text` means; text where it is nothing else."""
    if text in _SPECIAL or text[:1] not in "+-.0123456789":
        return _SPECIAL.get(text, text)
    if _BASED.fullmatch(text):
        return int(text[2:], {"o": 8, "x": 16}[text[1]])
    if _INTEGER.fullmatch(text):
        whole = WrittenInt(text)
        whole.written = text
        return int(whole) if str(int(whole)) == text else whole
    if _FLOAT.fullmatch(text):
        number = WrittenFloat(text)
        number.written = text
        return float(number) if str(float(number)) == text else number
    return text
