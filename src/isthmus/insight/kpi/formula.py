"""Formulas of key figures as people write them: `availability * effectiveness * quality_ratio`.

Names, numbers with or without a unit (`3`, `1 h`, `0.4 [kg/kWh]`), `+ - * / ( )`, `min`, `max`.
A formula is read into a tree; nothing of it is ever executed as a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_FORMULA = 1_000  # characters
MAX_WORDS = 200  # names, numbers and signs
MAX_DEPTH = 50
CHOICES = ("min", "max")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<name>[^\W\d]\w*)|(?P<unit>\[[^\[\]]*\])|(?P<sign>[-+*/(),%])|(?P<wrong>\S))"
)


class FormulaError(ValueError):
    """A formula that means nothing; `at` counts characters from 0, `hint` says what to write."""

    def __init__(self, message: str, *, at: int, hint: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Constant:
    """A number with its unit."""

    value: float
    unit: str
    at: int


@dataclass(frozen=True, slots=True)
class Named:
    """An element or another key figure."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of a part."""

    part: Node
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts joined by one of `+ - * /`."""

    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The least or the greatest of several parts."""

    word: str
    parts: tuple[Node, ...]
    at: int


Node = Constant | Named | Negative | Operation | Choice


def parse(text: str) -> Node:
    """The tree of a formula; FormulaError with the place where it is none."""
    if len(text) > MAX_FORMULA:
        raise FormulaError(
            f"a formula has at most {MAX_FORMULA} characters",
            at=MAX_FORMULA,
            hint="name parts of it as key figures of their own",
        )
    return _Reader(text).whole()


def names(node: Node) -> Iterator[Named]:
    """Every name in a tree, in the order of the text, as often as it is written."""
    match node:
        case Named():
            yield node
        case Negative(part=part):
            yield from names(part)
        case Operation(left=left, right=right):
            yield from names(left)
            yield from names(right)
        case Choice(parts=parts):
            for part in parts:
                yield from names(part)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Reads sums of products of factors, one token ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = [
            _Token(found.lastgroup or "", found[found.lastgroup or 0], found.start(found.lastgroup))
            for found in _TOKEN.finditer(text)
            if found.lastgroup
        ]
        if len(self._tokens) > MAX_WORDS:
            raise FormulaError(
                f"a formula has at most {MAX_WORDS} names, numbers and signs",
                at=self._tokens[MAX_WORDS].at,
                hint="name parts of it as key figures of their own",
            )
        self._end = _Token("end", "", len(text.rstrip()))
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        found = self._sum()
        if self._next.kind != "end":
            raise self._surprise("an operator")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else self._end

    def _take(self) -> _Token:
        token = self._next
        self._place += 1
        return token

    def _sum(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormulaError("too many brackets", at=self._next.at, hint="name parts of it")
        left = self._product()
        while self._next.text in ("+", "-"):
            sign = self._take()
            left = Operation(sign.text, left, self._product(), sign.at)
        self._depth -= 1
        return left

    def _product(self) -> Node:
        left = self._factor()
        while self._next.text in ("*", "/"):
            sign = self._take()
            left = Operation(sign.text, left, self._factor(), sign.at)
        return left

    def _factor(self) -> Node:
        signs = []
        while self._next.text == "-":
            signs.append(self._take())
        found = self._atom()
        return Negative(found, signs[0].at) if len(signs) % 2 else found

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            return self._number(self._take())
        if token.kind == "name":
            self._take()
            return self._choice(token) if self._next.text == "(" else Named(token.text, token.at)
        if token.text == "(":
            self._take()
            found = self._sum()
            self._require(")")
            return found
        raise self._surprise("a name, a number or `(`")

    def _number(self, token: _Token) -> Constant:
        unit = ""
        if self._next.kind in ("name", "unit") or self._next.text == "%":
            unit = self._take().text.strip("[] ")
        return Constant(float(token.text), unit, token.at)

    def _choice(self, token: _Token) -> Choice:
        if token.text not in CHOICES:
            raise FormulaError(
                f"there is no function `{token.text}`",
                at=token.at,
                hint=f"there are {' and '.join(CHOICES)}; a product needs `*`",
            )
        self._require("(")
        parts = [self._sum()]
        while self._next.text == ",":
            self._take()
            parts.append(self._sum())
        self._require(")")
        return Choice(token.text, tuple(parts), token.at)

    def _require(self, sign: str) -> None:
        if self._next.text != sign:
            raise self._surprise(f"`{sign}`")
        self._take()

    def _surprise(self, expected: str) -> FormulaError:
        token = self._next
        found = f"`{token.text}`" if token.text else "the end"
        return FormulaError(f"expected {expected}, not {found}", at=token.at, hint=_HINT)


_HINT = "write it like `GQ / PQ` or `(APT - IPT) / 1 h`"
