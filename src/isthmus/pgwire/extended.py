"""The extended protocol: statements prepared once, bound to values, answered a part at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from isthmus.pgwire import message, oid, reply
from isthmus.pgwire.copy import copied
from isthmus.pgwire.encode import rows
from isthmus.pgwire.error import (
    DUPLICATE_CURSOR,
    DUPLICATE_STATEMENT,
    NO_CURSOR,
    NO_STATEMENT,
    NOT_SUPPORTED,
    SYNTAX,
    TOO_LARGE,
    SqlError,
    broken,
)
from isthmus.pgwire.oid import Column, columns
from isthmus.pgwire.parameter import absent, literal_of
from isthmus.pgwire.portal import Stream
from isthmus.pgwire.statement import Sort, Statement, statement
from isthmus.pgwire.token import statements, tokens

if TYPE_CHECKING:
    from isthmus.pgwire.session import Session

MOST_PARAMETERS = 65_535


@dataclass(slots=True)
class Prepared:
    """A statement with a name; `statement` is None where its text is empty."""

    statement: Statement | None
    types: tuple[int, ...]
    told: pa.Schema | None = None  # the columns that its client was told of


@dataclass(slots=True)
class Portal:
    """A statement bound to values; `stream` where it is a query."""

    statement: Statement | None
    formats: tuple[int, ...]
    stream: Stream | None = None
    shown: pa.RecordBatch | None = None  # what SHOW answers
    done: bool = False

    def columns(self) -> Sequence[Column]:
        """The columns of its rows, none where it has none."""
        if self.shown is not None:
            return columns(self.shown.schema)
        return self.stream.columns if self.stream else ()

    def codes(self) -> list[int]:
        """The format of each column."""
        count = len(self.columns())
        return [message.format_of(self.formats, number, count) for number in range(count)]


class Extended:
    """The prepared statements and portals of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.prepared: dict[str, Prepared] = {}
        self.portals: dict[str, Portal] = {}

    async def do(self, kind: str, body: bytes) -> None:
        """Do one message."""
        if kind == "P":
            self._parse(message.parse(body))
        elif kind == "B":
            await self._bind(message.bind(body))
        elif kind == "D":
            await self._describe(message.named(body))
        elif kind == "E":
            await self._execute(message.execute(body))
        else:
            self._close(message.named(body))
        await self._session.channel.relieve()

    def _parse(self, said: message.Parse) -> None:
        limits = self._session.limits
        if said.name and said.name in self.prepared:
            raise SqlError(
                DUPLICATE_STATEMENT, f'prepared statement "{said.name[:63]}" already exists'
            )
        if len(self.prepared) >= limits.statements and said.name not in self.prepared:
            raise SqlError(TOO_LARGE, f"{limits.statements} statements are prepared already")
        found = statements(tokens(said.query))
        if len(found) > 1:
            raise SqlError(SYNTAX, "cannot insert multiple commands into a prepared statement")
        one = statement(found[0]) if found else None
        if one is not None:
            self._session.block.allow(one)
            if one.sort is Sort.COPY:
                copied(one.words)
                raise SqlError(
                    NOT_SUPPORTED,
                    "COPY is not prepared here",
                    hint="say it as a simple query, as psql and `cursor.copy` of psycopg do",
                )
        count = max(one.parameters if one else 0, len(said.types))
        if count > MOST_PARAMETERS:
            raise SqlError(TOO_LARGE, f"{count} parameters, more than {MOST_PARAMETERS:,}")
        types = (*said.types, *[0] * (count - len(said.types)))
        types = tuple(0 if kind == oid.UNKNOWN.oid else kind for kind in types)
        self.prepared[said.name] = Prepared(one, types)
        self._session.channel.say(reply.PARSED)

    async def _bind(self, said: message.Bind) -> None:
        session, prepared = self._session, self._known(said.statement)
        if len(said.values) != len(prepared.types):
            raise broken(
                f"bind message supplies {len(said.values)} parameters, but prepared statement "
                f'"{said.statement[:63]}" requires {len(prepared.types)}'
            )
        if said.portal and said.portal in self.portals:
            raise SqlError(DUPLICATE_CURSOR, f'cursor "{said.portal[:63]}" already exists')
        if old := self.portals.pop("", None) if not said.portal else None:
            _end(old)
        if len(self.portals) >= session.limits.portals:
            raise SqlError(TOO_LARGE, f"{len(self.portals)} portals are open already")
        one = prepared.statement
        if one is not None:
            session.block.allow(one)
        count = len(said.values)
        literals = [
            literal_of(value, kind, message.format_of(said.formats, number, count))
            for number, (value, kind) in enumerate(zip(said.values, prepared.types, strict=True))
        ]
        portal = Portal(one, said.results)
        if one is not None and one.sort is Sort.SHOW:
            portal.shown = session.show(one)[0]
        elif one is not None and one.sort is not Sort.SESSION:
            plan = await session.plan(one, literals)
            portal.stream = Stream(
                plan, session.turns, seconds=session.seconds(), told=prepared.told
            )
        self.portals[said.portal] = portal
        session.channel.say(reply.BOUND)

    async def _describe(self, said: message.Named) -> None:
        say = self._session.channel.say
        if said.kind == "P" and (cursor := self._session.words.cursors.get(said.name)):
            say(reply.description(cursor[0].columns, [0] * len(cursor[0].columns)))
            return
        if said.kind == "P":
            portal = self._portal(said.name)
            told = portal.columns()
            say(reply.description(told, portal.codes()) if told else reply.NO_DATA)
            return
        prepared = self._known(said.name)
        one = prepared.statement
        schema: pa.Schema | None = None
        if one is not None:
            self._session.block.allow(one)
        if one is not None and one.sort is Sort.SHOW:
            schema = self._session.show(one)[0].schema
        elif one is not None and one.sort is not Sort.SESSION:
            absents = [absent(kind) for kind in prepared.types]
            schema = (await self._session.plan(one, absents)).schema
            prepared.told = schema
        say(reply.parameters([kind or oid.TEXT.oid for kind in prepared.types]))
        if schema is None:
            say(reply.NO_DATA)
            return
        told = columns(schema)
        say(reply.description(told, [0] * len(told)))

    async def _execute(self, said: message.Execute) -> None:
        session, portal = self._session, self._portal(said.portal)
        one = portal.statement
        if one is None:
            session.channel.say(reply.EMPTY)
            return
        session.block.allow(one)
        if portal.shown is not None:
            told = portal.columns()
            session.channel.say(rows(portal.shown, told, portal.codes()), reply.complete("SHOW"))
        elif portal.stream is not None:
            before = portal.stream.sent
            await session.send(portal.stream, portal.codes(), said.rows)
            if portal.stream.done:
                session.channel.say(reply.complete(session.tag(one, portal.stream.sent - before)))
            else:
                session.channel.say(reply.SUSPENDED)
        elif portal.done:
            raise SqlError("55000", f'portal "{said.portal[:63]}" cannot be run')
        else:
            portal.done = True
            await session.words.do(one)

    def _close(self, said: message.Named) -> None:
        if said.kind == "S":
            self.prepared.pop(said.name, None)
        elif (portal := self.portals.pop(said.name, None)) is not None:
            _end(portal)
        self._session.channel.say(reply.CLOSED)

    def _known(self, name: str) -> Prepared:
        if name not in self.prepared:
            raise SqlError(NO_STATEMENT, f'prepared statement "{name[:63]}" does not exist')
        return self.prepared[name]

    def _portal(self, name: str) -> Portal:
        if name not in self.portals:
            raise SqlError(NO_CURSOR, f'portal "{name[:63]}" does not exist')
        return self.portals[name]

    def forget(self, name: str | None = None) -> None:
        """Forget one prepared statement, or all."""
        if name is None:
            self.prepared.clear()
        elif self.prepared.pop(name, None) is None:
            raise SqlError(NO_STATEMENT, f'prepared statement "{name[:63]}" does not exist')

    def end_block(self) -> None:
        """Close the portals, which live no longer than their transaction."""
        for portal in self.portals.values():
            _end(portal)
        self.portals.clear()

    def end(self) -> None:
        """Let go of all."""
        self.end_block()
        self.prepared.clear()


def _end(portal: Portal) -> None:
    if portal.stream is not None:
        portal.stream.close()
