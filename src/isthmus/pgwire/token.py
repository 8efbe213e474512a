"""SQL cut into tokens, by PostgreSQL's rules; joined again they are the text that came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from isthmus.pgwire.error import SYNTAX, SqlError


class Kind(Enum):
    """What a token is."""

    SPACE = "space"  # comments too
    WORD = "word"  # a key word or a name without quotes
    QUOTED = "quoted name"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    SIGN = "sign"  # an operator or punctuation


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL and where it stood."""

    kind: Kind
    text: str
    at: int = 0

    @property
    def word(self) -> str:
        """The name or key word it is, in small letters where it had no quotes; else empty."""
        if self.kind is Kind.WORD:
            return self.text.lower()
        if self.kind is Kind.QUOTED:
            return self.text[1:-1].replace('""', '"')
        return ""

    def sign(self, text: str) -> bool:
        """Whether it is this sign."""
        return self.kind is Kind.SIGN and self.text == text


_PIECES = (
    (Kind.SPACE, r"\s+|--[^\r\n]*"),
    (Kind.STRING, r"[eE]'(?:[^'\\]|\\.|'')*'|[bBxXnN]?'(?:[^']|'')*'"),
    (Kind.QUOTED, r'"(?:[^"]|"")+"'),
    (Kind.WORD, r"[^\W\d][\w$]*"),
    (Kind.NUMBER, r"0[xX][0-9a-fA-F]+|(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?"),
    (Kind.PARAMETER, r"\$\d+"),
    (Kind.SIGN, r"::|:=|\.\.|<=|>=|<>|!=|!~~\*|!~~|~~\*|!~\*|!~|~~|~\*|->>|->|\|\||[^\s\w\"'$]"),
)
_PIECE = re.compile("|".join(f"(?P<{kind.name}>{form})" for kind, form in _PIECES), re.DOTALL)
_DOLLAR = re.compile(r"\$(?:[^\W\d]\w*)?\$")
_COMMENT = re.compile(r"/\*|\*/")


def tokens(text: str) -> list[Token]:
    """All tokens of `text`; SqlError where a quote or a comment does not end."""
    return list(_cut(text))


def _cut(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if text.startswith("/*", at):
            end = _comment_end(text, at)
            yield Token(Kind.SPACE, text[at:end], at)
        elif (quote := _DOLLAR.match(text, at)) is not None:
            end = text.find(quote[0], quote.end())
            if end < 0:
                raise SqlError(SYNTAX, "unterminated dollar-quoted string", position=at + 1)
            end += len(quote[0])
            yield Token(Kind.STRING, text[at:end], at)
        elif (found := _PIECE.match(text, at)) is not None:
            end = found.end()
            yield Token(Kind[str(found.lastgroup)], found[0], at)
        else:
            what = "quoted string" if text[at] == "'" else "text"
            raise SqlError(SYNTAX, f"unterminated {what} at or near {text[at]!r}", position=at + 1)
        at = end


def _comment_end(text: str, at: int) -> int:
    """Comments nest."""
    depth = 0
    for found in _COMMENT.finditer(text, at):
        depth += 1 if found[0] == "/*" else -1
        if not depth:
            return found.end()
    raise SqlError(SYNTAX, "unterminated /* comment", position=at + 1)


def statements(every: Sequence[Token]) -> list[list[Token]]:
    """The statements between semicolons; empty ones are left out."""
    found: list[list[Token]] = [[]]
    for token in every:
        if token.sign(";"):
            found.append([])
        else:
            found[-1].append(token)
    return [part for part in found if any(token.kind is not Kind.SPACE for token in part)]


def bare(every: Sequence[Token]) -> list[Token]:
    """Without spaces and comments."""
    return [token for token in every if token.kind is not Kind.SPACE]


def join(every: Sequence[Token]) -> str:
    """The text of tokens."""
    return "".join(token.text for token in every)


def literal(text: str) -> str:
    """`text` as a string of SQL, which nothing in it can leave."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """`text` as a quoted name of SQL."""
    return '"' + text.replace('"', '""') + '"'
