"""What a statement is by its first words: a query, a word about the session, or a write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from isthmus.pgwire.error import NOT_SUPPORTED, READ_ONLY, SYNTAX, SqlError
from isthmus.pgwire.token import Kind, Token, bare


class Sort(Enum):
    """What is to be done with a statement."""

    QUERY = "query"
    EXPLAIN = "explain"
    SHOW = "show"
    COPY = "copy"
    SESSION = "session"  # set, reset, transactions, cursors: nothing to read


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and what it is; `verb` is its first word in capitals."""

    tokens: tuple[Token, ...]
    sort: Sort
    verb: str

    @property
    def words(self) -> list[Token]:
        """Its tokens without spaces."""
        return bare(self.tokens)

    @property
    def parameters(self) -> int:
        """The greatest number of a parameter in it."""
        return max(
            (int(token.text[1:6]) for token in self.tokens if token.kind is Kind.PARAMETER),
            default=0,
        )


QUERIES = {"SELECT", "WITH", "VALUES", "TABLE", "FROM"}
SESSION = {
    *("SET", "RESET", "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT"),
    *("RELEASE", "DISCARD", "DEALLOCATE", "DECLARE", "FETCH", "MOVE", "CLOSE", "UNLISTEN"),
}
WRITES = {
    *("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "GRANT"),
    *("REVOKE", "COMMENT", "VACUUM", "ANALYZE", "REINDEX", "CLUSTER", "REFRESH", "IMPORT"),
    *("LOCK", "NOTIFY", "REASSIGN", "SECURITY", "CALL", "DO"),
}
OTHERS = {"LISTEN", "PREPARE", "EXECUTE", "LOAD", "CHECKPOINT"}


def statement(tokens: Sequence[Token]) -> Statement:
    """The statement of these tokens; SqlError where it is none that may be said here."""
    first = next(token for token in tokens if token.kind is not Kind.SPACE)
    verb = first.word.upper() if first.kind is Kind.WORD else ""
    if verb in QUERIES or first.sign("("):
        return Statement(tuple(tokens), Sort.QUERY, "SELECT")
    if verb == "EXPLAIN":
        return Statement(tuple(tokens), Sort.EXPLAIN, verb)
    if verb == "SHOW":
        return Statement(tuple(tokens), Sort.SHOW, verb)
    if verb == "COPY":
        return Statement(tuple(tokens), Sort.COPY, verb)
    if verb in SESSION:
        return Statement(tuple(tokens), Sort.SESSION, verb)
    if verb in WRITES:
        raise SqlError(
            READ_ONLY,
            f"cannot execute {verb} in a read-only transaction",
            hint="history is written by the plant alone; this endpoint reads",
        )
    if verb in OTHERS:
        raise SqlError(NOT_SUPPORTED, f"{verb} is not supported here", hint="use SELECT")
    raise SqlError(SYNTAX, f'syntax error at or near "{first.text[:40]}"', position=first.at + 1)


def explained(words: Sequence[Token]) -> list[Token]:
    """What EXPLAIN explains; SqlError for ANALYZE, which would run it."""
    at = 1
    if at < len(words) and words[at].sign("("):
        while at < len(words) and not words[at].sign(")"):
            _refuse_analyze(words[at])
            at += 1
        at += 1
    while at < len(words) and words[at].word in ("analyze", "verbose"):
        _refuse_analyze(words[at])
        at += 1
    rest = list(words[at:])
    if not rest:
        raise SqlError(SYNTAX, "EXPLAIN explains a query")
    return rest


def _refuse_analyze(token: Token) -> None:
    if token.word == "analyze":
        raise SqlError(NOT_SUPPORTED, "EXPLAIN ANALYZE is not supported here")
