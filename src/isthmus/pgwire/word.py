"""Words about the session: settings, transactions and cursors of SQL."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from isthmus.pgwire import reply
from isthmus.pgwire.error import (
    DUPLICATE_CURSOR,
    NO_CURSOR,
    NOT_SUPPORTED,
    SYNTAX,
    TOO_LARGE,
    SqlError,
)
from isthmus.pgwire.portal import Stream
from isthmus.pgwire.setting import assignment
from isthmus.pgwire.statement import Sort, Statement, statement
from isthmus.pgwire.token import Kind, Token

if TYPE_CHECKING:
    from isthmus.pgwire.session import Session

NO_BLOCK = "25P01"
IN_BLOCK = "25001"
FORWARD = {"forward", "next", "from", "in"}
BACKWARD = {"backward", "prior", "last", "absolute", "relative", "first"}


class SessionWords:
    """Does what is said about one session, and keeps its cursors."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.cursors: dict[str, tuple[Stream, bool]] = {}  # and whether it is held over the end

    async def do(self, one: Statement) -> None:
        """Do one of them and say so."""
        tag = await getattr(self, f"_{_METHODS[one.verb]}")(one.words)
        self._session.channel.say(reply.complete(tag))

    # ------------------------------------------------------------------ settings
    async def _set(self, words: Sequence[Token]) -> str:
        found = assignment(words)
        if found is None:
            return "SET"
        name, value = found
        if value.lower() == "default":
            self._session.settings.reset(name.lower())
            self._report([name])
        else:
            shown = self._session.settings.set(name, value)
            self._report([shown] if shown else [])
        return "SET"

    async def _reset(self, words: Sequence[Token]) -> str:
        name = "".join(token.word or token.text for token in words[1:])
        self._session.settings.reset("timezone" if name == "timezone" else name)
        self._report(["TimeZone", "DateStyle", "application_name"])
        return "RESET"

    def _report(self, names: Sequence[str]) -> None:
        for name in names:
            self._session.channel.say(reply.parameter(name, self._session.settings.get(name)))

    async def _discard(self, words: Sequence[Token]) -> str:
        what = words[-1].word
        if what == "all":
            if self._session.block.open:
                raise SqlError(IN_BLOCK, "DISCARD ALL cannot run inside a transaction block")
            self._session.settings.reset("all")
            self._session.forget()
            self.end()
        return f"DISCARD {what.upper()}"

    async def _deallocate(self, words: Sequence[Token]) -> str:
        name = words[-1].word
        if name == "all":
            self._session.forget()
            return "DEALLOCATE ALL"
        self._session.forget(name)
        return "DEALLOCATE"

    async def _unlisten(self, _: Sequence[Token]) -> str:
        return "UNLISTEN"

    # ------------------------------------------------------------------ transactions
    async def _begin(self, words: Sequence[Token]) -> str:
        block = self._session.block
        names = [token.word for token in words]
        if any(a == "read" and b == "write" for a, b in pairwise(names)):
            raise SqlError("25006", "history is read only here")
        if block.open:
            text = "there is already a transaction in progress"
            self._session.channel.say(reply.notice(IN_BLOCK, text))
        block.begin()
        return "BEGIN" if names[0] == "begin" else "START TRANSACTION"

    async def _commit(self, _: Sequence[Token]) -> str:
        return self._end_block("COMMIT")

    async def _rollback(self, words: Sequence[Token]) -> str:
        if any(token.word == "to" for token in words):
            if not self._session.block.open:
                raise SqlError(NO_BLOCK, "ROLLBACK TO can only be used in transaction blocks")
            self._session.block.resume()
            return "ROLLBACK"
        return self._end_block("ROLLBACK")

    def _end_block(self, tag: str) -> str:
        block = self._session.block
        if not block.open:
            text = "there is no transaction in progress"
            self._session.channel.say(reply.notice(NO_BLOCK, text))
        failed = block.status == "E"
        block.end()
        for name in [name for name, (_, held) in self.cursors.items() if not held]:
            self.cursors.pop(name)[0].close()
        return "ROLLBACK" if failed else tag

    async def _savepoint(self, words: Sequence[Token]) -> str:
        verb = words[0].word.upper()
        if not self._session.block.open:
            raise SqlError(NO_BLOCK, f"{verb} can only be used in transaction blocks")
        return verb

    # ------------------------------------------------------------------ cursors
    async def _declare(self, words: Sequence[Token]) -> str:
        session = self._session
        split = next((n for n, token in enumerate(words) if token.word == "for"), None)
        if split is None or len(words) < 4:  # noqa: PLR2004 - DECLARE name CURSOR FOR
            raise SqlError(SYNTAX, "DECLARE name CURSOR FOR query")
        name, options = words[1].word, [token.word for token in words[2:split]]
        held = "hold" in options and "without" not in options
        if not held and not session.block.open:
            raise SqlError(NO_BLOCK, "DECLARE CURSOR can only be used in transaction blocks")
        if name in self.cursors:
            raise SqlError(DUPLICATE_CURSOR, f'cursor "{name[:63]}" already exists')
        if len(self.cursors) >= session.limits.portals:
            raise SqlError(TOO_LARGE, f"{len(self.cursors)} cursors are open already")
        query = statement(words[split + 1 :] or words[:1])
        if query.sort is not Sort.QUERY:
            raise SqlError(SYNTAX, "DECLARE name CURSOR FOR query")
        plan = await session.plan(query)
        self.cursors[name] = Stream(plan, session.turns, seconds=session.seconds()), held
        return "DECLARE CURSOR"

    async def _fetch(self, words: Sequence[Token]) -> str:
        stream, most = self._which(words)
        session, before = self._session, stream.sent
        formats = [0] * len(stream.columns)
        session.channel.say(reply.description(stream.columns, formats))
        if most:
            await session.send(stream, formats, max(most, 0))
        return f"FETCH {stream.sent - before}"

    async def _move(self, words: Sequence[Token]) -> str:
        stream, most = self._which(words)
        before = stream.sent
        if most:
            async for _ in stream.fetch([0] * len(stream.columns), max(most, 0)):
                pass
        return f"MOVE {stream.sent - before}"

    def _which(self, words: Sequence[Token]) -> tuple[Stream, int]:
        """The cursor meant, and how many rows: all of them where below zero."""
        name = words[-1].word
        if name not in self.cursors:
            raise SqlError(NO_CURSOR, f'cursor "{name[:63]}" does not exist')
        most = 1
        for token in words[1:-1]:
            if token.kind is Kind.NUMBER and token.text.isdigit():
                most = int(token.text)
            elif token.word == "all":
                most = -1
            elif token.word in BACKWARD or token.sign("-"):
                raise SqlError(NOT_SUPPORTED, "cursors here only go forward")
            elif token.word not in FORWARD:
                raise SqlError(SYNTAX, f'syntax error at or near "{token.text[:40]}"')
        return self.cursors[name][0], most

    async def _close(self, words: Sequence[Token]) -> str:
        name = words[-1].word
        if name == "all":
            self.end()
            return "CLOSE CURSOR ALL"
        if name not in self.cursors:
            raise SqlError(NO_CURSOR, f'cursor "{name[:63]}" does not exist')
        self.cursors.pop(name)[0].close()
        return "CLOSE CURSOR"

    def end(self) -> None:
        """Close all cursors."""
        for stream, _ in self.cursors.values():
            stream.close()
        self.cursors.clear()


_METHODS = {
    "SET": "set",
    "RESET": "reset",
    "BEGIN": "begin",
    "START": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    "ABORT": "rollback",
    "SAVEPOINT": "savepoint",
    "RELEASE": "savepoint",
    "DISCARD": "discard",
    "DEALLOCATE": "deallocate",
    "DECLARE": "declare",
    "FETCH": "fetch",
    "MOVE": "move",
    "CLOSE": "close",
    "UNLISTEN": "unlisten",
}
