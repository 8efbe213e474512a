"""The connection to one client: messages in, messages out, with back-pressure and time limits."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import suppress

from isthmus.pgwire import message, reply
from isthmus.pgwire.error import SqlError, broken
from isthmus.pgwire.limits import Limits

FLUSH = 64 << 10


class Channel:
    """Reads whole messages and gathers what is said until `flush`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits
    ) -> None:
        self.reader, self.writer, self.limits = reader, writer, limits
        self._waiting: list[bytes] = []
        self._bytes = 0
        self.encrypted = False

    @property
    def address(self) -> str:
        """Where the client is."""
        peer = self.writer.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    async def read(self, most: int, *, seconds: float) -> tuple[str, bytes]:
        """The next message; TimeoutError where none comes in time."""
        async with asyncio.timeout(seconds):
            return await message.read_message(self.reader, most)

    def say(self, *messages: bytes) -> None:
        """Send later, with `flush`."""
        self._waiting += messages
        self._bytes += sum(map(len, messages))

    async def flush(self) -> None:
        """Send all; a client that does not read is given up."""
        if self._waiting:
            self.writer.write(b"".join(self._waiting))
            self._waiting.clear()
            self._bytes = 0
        try:
            async with asyncio.timeout(self.limits.send):
                await self.writer.drain()
        except TimeoutError as error:
            self.writer.transport.abort()
            raise ConnectionAbortedError("the client does not read") from error

    async def relieve(self) -> None:
        """Send where much waits."""
        if self._bytes >= FLUSH:
            await self.flush()

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from here on; words that came before it are refused, not taken for safe."""
        if self.reader._buffer:  # type: ignore[attr-defined] # noqa: SLF001 - CVE-2021-23214
            raise broken("words before the TLS that was asked for")
        async with asyncio.timeout(self.limits.startup):
            await self.writer.start_tls(context)
        self.encrypted = True

    async def end(self, problem: SqlError | None = None) -> None:
        """Say why, if there is a reason, and hang up."""
        with suppress(OSError, RuntimeError, TimeoutError, asyncio.IncompleteReadError):
            if problem is not None:
                self.say(reply.error(problem))
            async with asyncio.timeout(5):
                await self.flush()
        with suppress(OSError, RuntimeError, TimeoutError):
            self.writer.close()
            async with asyncio.timeout(2):
                await self.writer.wait_closed()
        self.writer.transport.abort()


def endpoint_binding(certificate: bytes) -> bytes:
    """The channel binding `tls-server-end-point` (RFC 5929) of a certificate in DER."""
    return hashlib.sha256(certificate).digest()
