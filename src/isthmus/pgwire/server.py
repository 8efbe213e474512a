"""The listening endpoint: connections within bounds, each signed in and answered by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import ssl
from collections import Counter
from dataclasses import dataclass, field, replace

from isthmus.pgwire.channel import Channel
from isthmus.pgwire.error import INTERNAL, PROTOCOL, TOO_MANY, SqlError
from isthmus.pgwire.guess import Guesses
from isthmus.pgwire.limits import Limits
from isthmus.pgwire.message import Cancel, Startup
from isthmus.pgwire.port import Gate
from isthmus.pgwire.portal import Turns
from isthmus.pgwire.session import Session
from isthmus.pgwire.setting import SessionSettings
from isthmus.pgwire.signin import Door

log = logging.getLogger(__name__)

BACKLOG = 256
LOOK = 2.0  # seconds between looks at whether the users of open sessions are still users
GONE = (OSError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError, ConnectionError)


@dataclass(slots=True)
class Counts:
    """What the endpoint has seen since its start."""

    accepted: int = 0
    signed_in: int = 0
    refused: int = 0  # wrong passwords
    crowded: int = 0  # turned away: too many
    broken: int = 0  # clients that do not speak the protocol
    cancelled: int = 0
    dismissed: int = 0  # sessions of users who were removed meanwhile
    users: Counter[str] = field(default_factory=Counter)  # signed in at this moment


class PgServer:
    """Answers clients of PostgreSQL on one socket; `serve` until cancelled."""

    def __init__(
        self,
        gate: Gate,
        limits: Limits,
        *,
        tls: ssl.SSLContext | None = None,
        binding: bytes = b"",
    ) -> None:
        self.limits, self.counts = limits, Counts()
        self._gate = gate
        self._door = Door(gate, tls, binding, Guesses(), secrets.token_bytes(32))
        self._turns = Turns(limits)
        self._sessions: dict[tuple[int, int], tuple[Session, asyncio.Task[None]]] = {}
        self._strangers: dict[asyncio.Task[None], Channel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0

    def bind(self, binding: bytes) -> None:
        """Take the channel binding of a new certificate."""
        self._door = replace(self._door, binding=binding)

    async def serve(self, listening: socket.socket) -> None:
        """Answer all who come, until cancelled; then end every session."""
        server = await asyncio.start_server(
            self._accept, sock=listening, backlog=BACKLOG, limit=64 << 10
        )
        try:
            while True:
                await asyncio.sleep(LOOK)
                await self._dismiss()
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            if self._tasks:
                await asyncio.wait(list(self._tasks), timeout=5)

    async def _dismiss(self) -> None:
        """End the sessions of users who are no longer, or who may see something else now."""
        open_ = list(self._sessions.values())
        gone = await asyncio.to_thread(
            lambda: [task for session, task in open_ if not session.database.current()]
        )
        for task in gone:
            task.cancel()
        self.counts.dismissed += len(gone)

    @property
    def running(self) -> int:
        """Queries that are being answered or wait for their turn, at this moment."""
        return sum(session.running is not None for session, _ in list(self._sessions.values()))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - of this very coroutine
        self.counts.accepted += 1
        channel = Channel(reader, writer, self.limits)
        if len(self._strangers) >= self.limits.strangers:  # who came first had most time
            oldest = next(iter(self._strangers))
            self._strangers.pop(oldest).writer.transport.abort()
            oldest.cancel()
            self.counts.crowded += 1
        self._strangers[task] = channel
        self._tasks.add(task)
        try:
            await self._guarded(channel, task)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._strangers.pop(task, None)
            self._tasks.discard(task)

    async def _guarded(self, channel: Channel, task: asyncio.Task[None]) -> None:
        """One connection; whatever it does ends it alone."""
        problem: SqlError | None = None
        try:
            await self._connection(channel, task)
        except SqlError as error:
            problem = error
            self.counts.broken += error.state == PROTOCOL
        except GONE:
            pass
        except asyncio.CancelledError:
            problem = Session.stopped()
            if not channel.writer.transport.is_closing():
                await channel.end(problem)
            raise
        except Exception:
            log.exception("a session of the SQL endpoint failed")
            problem = SqlError(INTERNAL, "this is a mistake of ours", fatal=True)
        await channel.end(problem)

    async def _connection(self, channel: Channel, task: asyncio.Task[None]) -> None:
        try:
            async with asyncio.timeout(self.limits.startup):
                said = await self._door.welcome(channel)
                if isinstance(said, Cancel):
                    self._cancel(said)
                    return
                user = await self._door.prove(channel, said)
        except SqlError as error:
            self.counts.refused += error.state.startswith("28")
            raise
        self._strangers.pop(task, None)
        await self._session(channel, said, user, task)

    async def _session(
        self, channel: Channel, said: Startup, user: str, task: asyncio.Task[None]
    ) -> None:
        self._admit(user)
        self.counts.users[user] += 1
        self.counts.signed_in += 1
        key = self._key()
        try:
            name = said.parameters.get("database", "") or user
            database = await asyncio.to_thread(self._gate.database, user, name)
            settings = SessionSettings(user)
            settings.begin(said.parameters)
            session = Session(channel, database, settings, self._turns, key)
            self._sessions[key] = session, task
            await session.run()
        finally:
            self._sessions.pop(key, None)
            self.counts.users[user] -= 1
            self.counts.users += Counter()  # forget who is gone

    def _admit(self, user: str) -> None:
        limits, here = self.limits, self.counts.users
        if here.total() >= limits.connections:
            self.counts.crowded += 1
            raise SqlError(
                TOO_MANY,
                f"sorry, too many clients already ({limits.connections})",
                hint="close some, or allow more in `sql: {limits: {connections: 200}}`",
                fatal=True,
            )
        if here[user] >= limits.user_connections:
            self.counts.crowded += 1
            raise SqlError(
                TOO_MANY,
                f'too many connections for user "{user[:64]}" ({limits.user_connections})',
                hint="close some; a pool of a few is enough",
                fatal=True,
            )

    def _key(self) -> tuple[int, int]:
        self._number = self._number % 0x7FFF_FFFF + 1
        return self._number, secrets.randbits(32)

    def _cancel(self, said: Cancel) -> None:
        found = self._sessions.get((said.process & 0xFFFF_FFFF, said.secret & 0xFFFF_FFFF))
        if found is not None:
            self.counts.cancelled += 1
            found[0].cancel()
