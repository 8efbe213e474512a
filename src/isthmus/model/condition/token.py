"""The words of a condition: numbers with their units, names, and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from isthmus.model.condition.syntax import ConditionError
from isthmus.model.unit import Unit, UnitError

MOST = 2_000  # characters
MOST_WORDS = 300
KEYWORDS = frozenset({"and", "or", "not", "in", "for"})
_NUMBER = re.compile(r"(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(r'"([^"]*)"' + r"|'([^']*)'")
_SIGN = re.compile(r"<=|>=|==|!=|[-+*/()<>,.]")
_UNIT = re.compile(r"[^\W\d_%°{]?[\w%°²³{}]*(?:[/.*·](?=[^\W\d_%{°])[\w%°²³{}]+)*")
_PER = re.compile(r"/[^\W\d_][\w²³]*(?:[/.*·](?=[^\W\d_])[\w²³]+)*")
_MEANT = {"=": "==", "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Token:
    """One word: what it is, how it is written, where it begins; a number has its unit."""

    kind: Literal["number", "name", "quoted", "sign", "keyword", "end"]
    text: str
    at: int
    unit: str = ""


def tokens(text: str) -> list[Token]:
    """The words of `text`, an `end` last; ConditionError where a character belongs to none."""
    if len(text) > MOST:
        raise ConditionError(f"a condition has at most {MOST} characters")
    found: list[Token] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token, place = _next(text, place)
        found.append(token)
        if len(found) > MOST_WORDS:
            hint = "split it into several"
            raise ConditionError(f"a condition has at most {MOST_WORDS} words", at=place, hint=hint)
    return [*found, Token("end", "", len(text))]


def _next(text: str, place: int) -> tuple[Token, int]:
    if number := _NUMBER.match(text, place):
        unit, end = _unit(text, number.end())
        return Token("number", number[0].replace("_", ""), place, unit), end
    if name := _NAME.match(text, place):
        word = name[0]
        kind: Literal["keyword", "name"] = "keyword" if word in KEYWORDS else "name"
        return Token(kind, word, place), name.end()
    if quoted := _QUOTED.match(text, place):
        return Token("quoted", quoted[1] or quoted[2] or "", place), quoted.end()
    if sign := _SIGN.match(text, place):
        return Token("sign", sign[0], place), sign.end()
    wrong = text[place : place + 2] if text[place : place + 2] in _MEANT else text[place]
    meant = _MEANT.get(wrong)
    hint = f"write `{meant}`" if meant else ""
    raise ConditionError(f"`{wrong}` has no meaning here", at=place, hint=hint)


def _unit(text: str, place: int) -> tuple[str, int]:
    """The unit behind a number, which may stand after one space: `80 degC`, `120/min`."""
    per = _PER.match(text, place)
    if per and _known(per[0]):
        return per[0], per.end()
    start = place
    while start < len(text) and text[start] == " ":
        start += 1
    if start == len(text) or not (text[start].isalpha() or text[start] in "%°{"):
        return "", place
    found = _UNIT.match(text, start)
    word = found[0] if found else ""
    if not word or _first(word) in KEYWORDS:
        return "", place
    if not _known(word):
        try:
            Unit.parse(word)
        except UnitError as error:
            raise ConditionError(str(error), at=start, hint=error.hint) from error
    return word, start + len(word)


def _first(word: str) -> str:
    found = _NAME.match(word)
    return found[0] if found else ""


def _known(word: str) -> bool:
    try:
        Unit.parse(word)
    except UnitError:
        return False
    return True
