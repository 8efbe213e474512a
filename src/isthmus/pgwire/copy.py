"""COPY to the client: what is copied, and its rows as PostgreSQL writes them in text and CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from isthmus.pgwire.encode import lines, texts
from isthmus.pgwire.error import BAD_VALUE, NOT_SUPPORTED, READ_ONLY, SYNTAX, SqlError
from isthmus.pgwire.oid import Column
from isthmus.pgwire.statement import Sort, Statement, statement
from isthmus.pgwire.token import Kind, Token

ESCAPES = {
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
ESCAPED = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))|''", re.DOTALL)
CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WRONG_DELIMITERS = '\\\r\n"abcdefghijklmnopqrstuvwxyz0123456789.'


@dataclass(frozen=True, slots=True)
class Copy:
    """A query whose rows are copied, and how they are written."""

    query: Statement
    csv: bool = False
    header: bool = False
    delimiter: str = ""
    null: str | None = None

    def encode(self, batch: pa.RecordBatch, columns: Sequence[Column], _: Sequence[int]) -> bytes:
        """The rows of a batch, a message for each."""
        parts = [texts(batch.column(number), one) for number, one in enumerate(columns)]
        return self._written(parts) if batch.num_rows else b""

    def names(self, columns: Sequence[Column]) -> bytes:
        """The line of the columns' names, empty where none is wanted."""
        parts = [pa.array([one.name], pa.large_string()) for one in columns]
        return self._written(parts) if self.header else b""

    def _written(self, parts: Sequence[pa.Array]) -> bytes:
        between = self.delimiter or ("," if self.csv else "\t")
        null = self.null if self.null is not None else "" if self.csv else "\\N"
        each = self._quoted if self.csv else self._escaped
        done = [each(part, between, null, alone=len(parts) == 1) for part in parts]
        joined = pc.binary_join_element_wise(
            *(pc.fill_null(part, null) for part in done), pa.scalar(between, pa.large_string())
        )
        return lines(joined)

    @staticmethod
    def _escaped(part: pa.Array, between: str, _: str, *, alone: bool) -> pa.Array:
        del alone
        for sign, word in ESCAPES.items():
            part = pc.replace_substring(part, sign, word)
        return part if between in ESCAPES else pc.replace_substring(part, between, "\\" + between)

    @staticmethod
    def _quoted(part: pa.Array, between: str, null: str, *, alone: bool) -> pa.Array:
        odd = pc.equal(part, null)
        if alone:
            odd = pc.or_(odd, pc.equal(part, "\\."))
        for sign in (between, '"', "\n", "\r"):
            odd = pc.or_(odd, pc.match_substring(part, sign))
        if not pc.any(odd).as_py():
            return part
        quote = pa.scalar('"', pa.large_string())
        inner = pc.replace_substring(part, '"', '""')
        empty = pa.scalar("", pa.large_string())
        return pc.if_else(odd, pc.binary_join_element_wise(quote, inner, quote, empty), part)


def copied(words: Sequence[Token]) -> Copy:
    """What a COPY statement copies; SqlError where it is none to the client."""
    at, depth = 1, 0
    while at < len(words) and (depth or words[at].word not in ("to", "from")):
        depth += words[at].sign("(") - words[at].sign(")")
        at += 1
    if at < len(words) and words[at].word == "from":
        raise SqlError(
            READ_ONLY,
            "cannot execute COPY FROM in a read-only transaction",
            hint="history is written by the plant alone; `isthmus import` takes old history in",
        )
    if at + 1 >= len(words) or at == 1:
        raise SqlError(SYNTAX, "COPY (query) TO STDOUT or COPY table TO STDOUT")
    if words[at + 1].word != "stdout":
        raise SqlError(
            "42501", "COPY writes to STDOUT alone", hint="`\\copy` of psql writes a file of yours"
        )
    return _options(Copy(statement(_query(words[1:at]))), words[at + 2 :])


def _query(said: Sequence[Token]) -> list[Token]:
    """The query in parentheses, or the one that reads the columns of a table."""
    if said[0].sign("("):
        inner = list(said[1:-1])
        if not said[-1].sign(")") or not inner or statement(inner).sort is not Sort.QUERY:
            raise SqlError(SYNTAX, "COPY copies a query or a table")
        return inner
    split = next((n for n, token in enumerate(said) if token.sign("(")), len(said))
    columns = list(said[split + 1 : -1]) or [Token(Kind.SIGN, "*")]
    select, source = (Token(Kind.WORD, word) for word in ("select", "from"))
    return [select, *columns, source, *said[:split]]


def _options(copy: Copy, said: Sequence[Token]) -> Copy:
    """`copy` with its options, in either of PostgreSQL's two ways to write them."""
    words = [one for one in said if not (one.word == "with" or one.text in ("(", ")", ","))]
    at = 0
    while at < len(words):
        name, value = words[at].word, words[at + 1] if at + 1 < len(words) else None
        at += 1
        if name == "format" and value is not None:
            name, at = value.word or _text(value), at + 1
        if name in ("csv", "text"):
            copy = replace(copy, csv=name == "csv")
        elif name == "header":
            said_so = value.word or value.text if value is not None else ""
            known = said_so in ("true", "on", "1", "false", "off", "0")
            copy, at = replace(copy, header=said_so not in ("false", "off", "0")), at + known
        elif name in ("delimiter", "null"):
            used = 2 if value is not None and value.word == "as" else 1
            text = _text(words[at + used - 1]) if at + used <= len(words) else ""
            copy, at = _with(copy, name, text), at + used
        else:
            raise SqlError(
                NOT_SUPPORTED,
                f'COPY option "{(name or words[at - 1].text)[:40]}" is not supported here',
                hint="format (text or csv), header, delimiter and null are",
            )
    return copy


def _with(copy: Copy, name: str, text: str) -> Copy:
    if name == "null":
        if "\n" in text or "\r" in text:
            raise SqlError(BAD_VALUE, "COPY null representation cannot use newline")
        return replace(copy, null=text)
    if len(text.encode()) != 1 or text in WRONG_DELIMITERS:
        raise SqlError(NOT_SUPPORTED, "COPY delimiter must be a single one-byte sign")
    return replace(copy, delimiter=text)


def _sign(found: re.Match[str]) -> str:
    """What stands for an escape in E'...': PostgreSQL's manual, 4.1.2.2."""
    hexadecimal, octal, letter = found.groups()
    if hexadecimal or octal:
        return chr(int(hexadecimal or octal, 16 if hexadecimal else 8) & 0xFF)
    return CONTROL.get(letter, letter) if letter else "'"


def _text(token: Token) -> str:
    if token.kind is not Kind.STRING:
        raise SqlError(SYNTAX, f'syntax error at or near "{token.text[:40]}"')
    if token.text[0] in "eE":
        return ESCAPED.sub(_sign, token.text[2:-1])
    return token.text[1:-1].replace("''", "'")
