"""One signed-in session: what the client says is answered in order, errors end a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pyarrow as pa

from isthmus.pgwire import message, reply
from isthmus.pgwire.block import Block
from isthmus.pgwire.channel import Channel
from isthmus.pgwire.copy import Copy, copied
from isthmus.pgwire.dialect import rewrite
from isthmus.pgwire.error import IDLE, STOPPED, SYNTAX, SqlError, broken
from isthmus.pgwire.extended import Extended
from isthmus.pgwire.limits import Limits
from isthmus.pgwire.oid import columns
from isthmus.pgwire.parameter import absent
from isthmus.pgwire.port import Database, Plan
from isthmus.pgwire.portal import Stream, Turns
from isthmus.pgwire.setting import REPORTED, SessionSettings
from isthmus.pgwire.statement import Sort, Statement, explained, statement
from isthmus.pgwire.token import Token, statements, tokens
from isthmus.pgwire.word import SessionWords

EXTENDED = frozenset("PBDEC")


class Session:
    """Answers one client until it leaves, is idle too long, or the server stops."""

    def __init__(
        self,
        channel: Channel,
        database: Database,
        settings: SessionSettings,
        turns: Turns,
        key: tuple[int, int],
    ) -> None:
        self.channel, self.database, self.settings = channel, database, settings
        self.turns, self.key = turns, key
        self.block = Block()
        self.running: Stream | None = None
        self.words = SessionWords(self)
        self._extended = Extended(self)

    @property
    def limits(self) -> Limits:
        """The endpoint's bounds."""
        return self.channel.limits

    def cancel(self) -> None:
        """Stop what runs, if anything does."""
        if self.running is not None:
            self.running.cancel()

    async def run(self) -> None:
        """Answer until the client leaves."""
        say = self.channel.say
        for name in REPORTED:
            say(reply.parameter(name, self.settings.get(name)))
        say(reply.key(*self.key), reply.ready(self.block.status))
        await self.channel.flush()
        skipping = False
        try:
            while True:
                kind, body = await self._read()
                if kind == "X":
                    return
                if kind == "S":
                    message.Fields(body).end()
                    skipping = False
                    self._synced()
                    say(reply.ready(self.block.status))
                    await self.channel.flush()
                elif kind == "Q":
                    skipping = False
                    await self._simple(message.query(body))
                elif not skipping:
                    skipping = not await self._attempt(kind, body)
        finally:
            self.close()

    async def _read(self) -> tuple[str, bytes]:
        limits = self.limits
        open_ = self.block.open or self._extended.portals or self.words.cursors
        seconds = limits.idle_open if open_ else limits.idle
        try:
            return await self.channel.read(limits.message, seconds=seconds)
        except TimeoutError as error:
            state = "25P03" if open_ else IDLE
            raise SqlError(
                state, f"terminating connection: idle for {seconds:g} s", fatal=True
            ) from error

    async def _attempt(self, kind: str, body: bytes) -> bool:
        """Do one message of the extended protocol; False where it failed."""
        try:
            if kind == "H":
                await self.channel.flush()
            elif kind in EXTENDED:
                await self._extended.do(kind, body)
            elif kind in "dcf":  # words of a COPY that is not going on: PostgreSQL ignores them
                pass
            else:
                raise broken(f"a message of the type {kind!r}, which there is not")
        except SqlError as error:
            if error.fatal:
                raise
            self.fail(error)
            return False
        return True

    def forget(self, name: str | None = None) -> None:
        """Forget one prepared statement, or all."""
        self._extended.forget(name)

    def fail(self, error: SqlError) -> None:
        """Tell the client of an error that the session survives."""
        self.block.fail()
        self.channel.say(reply.error(error))

    def _synced(self) -> None:
        if not self.block.open:
            self._extended.end_block()

    # ------------------------------------------------------------------ simple queries
    async def _simple(self, text: str) -> None:
        try:
            found = statements(tokens(text))
            if not found:
                self.channel.say(reply.EMPTY)
            for part in found:
                await self.do(statement(part))
        except SqlError as error:
            if error.fatal:
                raise
            self.fail(error)
        self._synced()
        self.channel.say(reply.ready(self.block.status))
        await self.channel.flush()

    async def do(self, one: Statement) -> None:
        """Do one statement and tell of it in text."""
        self.block.allow(one)
        if one.sort is Sort.SHOW:
            self.table(*self.show(one))
        elif one.sort is Sort.SESSION:
            await self.words.do(one)
        elif one.sort is Sort.COPY:
            await self._copy(copied(one.words))
        else:
            stream = Stream(await self.plan(one), self.turns, seconds=self.seconds())
            formats = [0] * len(stream.columns)
            self.channel.say(reply.description(stream.columns, formats))
            await self.send(stream, formats, 0)
            self.channel.say(reply.complete(self.tag(one, stream.sent)))

    async def _copy(self, copy: Copy) -> None:
        plan = await self.plan(copy.query)
        stream = Stream(plan, self.turns, seconds=self.seconds(), encode=copy.encode)
        self.channel.say(reply.copying(len(stream.columns)), copy.names(stream.columns))
        await self.send(stream, [0] * len(stream.columns), 0)
        self.channel.say(reply.COPIED, reply.complete(f"COPY {stream.sent}"))

    async def plan(self, one: Statement, literals: Sequence[str] = ()) -> Plan:
        """How a query is answered with these values of its parameters."""
        words: Sequence[Token] = one.words
        explain = one.sort is Sort.EXPLAIN
        if explain:
            words = explained(words)
            if statement(words).sort is not Sort.QUERY:
                raise SqlError(SYNTAX, "EXPLAIN explains a query")

        def parameter(number: int) -> str:
            return literals[number - 1] if number <= len(literals) else absent(0)

        database = self.database
        sql = rewrite(words, parameter, database.functions, database.name)
        zone = self.settings.get("timezone")
        schemas = self.settings.schemas()
        return await asyncio.to_thread(
            database.plan, sql, zone=zone, schemas=schemas, explain=explain
        )

    async def send(self, stream: Stream, formats: Sequence[int], most: int) -> None:
        """Send the next rows of an answer."""
        self.running = stream
        try:
            async with aclosing(stream.fetch(formats, most)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    self.channel.say(piece)
                    await self.channel.relieve()
        except BaseException:
            stream.close()
            raise
        finally:
            self.running = None

    def seconds(self) -> float:
        """How long a statement may take: the client may shorten it, not lengthen it."""
        wished = self.settings.timeout()
        return min(wished, self.limits.statement) if wished else self.limits.statement

    @staticmethod
    def tag(one: Statement, sent: int) -> str:
        """The word of completion."""
        return "EXPLAIN" if one.sort is Sort.EXPLAIN else f"SELECT {sent}"

    def show(self, one: Statement) -> tuple[pa.RecordBatch, str]:
        """What SHOW answers."""
        names = [token.word or token.text for token in one.words[1:]]
        name = " ".join(names) if names[:1] == ["time"] else "".join(names)
        if name == "transactionisolationlevel":
            name = "transaction_isolation"
        if name == "all":
            every = sorted({*self.settings.values, *self.settings.start})
            values = [self.settings.get(key) for key in every]
            return pa.record_batch({"name": every, "setting": values}), "SHOW"
        shown = next((known for known in REPORTED if known.lower() == name.lower()), name.lower())
        shown = "TimeZone" if name == "time zone" else shown
        return pa.record_batch({shown: [self.settings.get(name)]}), "SHOW"

    def table(self, batch: pa.RecordBatch, tag: str) -> None:
        """Tell a small table of text."""
        from isthmus.pgwire.encode import rows  # noqa: PLC0415 - for it alone

        told = columns(batch.schema)
        formats = [0] * len(told)
        self.channel.say(
            reply.description(told, formats), rows(batch, told, formats), reply.complete(tag)
        )

    def close(self) -> None:
        """Let go of everything that is open."""
        if self.running is not None:
            self.running.close()
        self._extended.end()
        self.words.end()

    @staticmethod
    def stopped() -> SqlError:
        """Why a session ends when the plant does."""
        return SqlError(STOPPED, "terminating connection due to administrator command", fatal=True)
