"""What a client may say: messages of protocol 3.0, each read within the bounds of its length."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from isthmus.pgwire.error import broken

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80_877_103, 80_877_104, 80_877_102
PROTOCOL_3 = 3 << 16
MOST_STARTUP = 10_000
MOST_PASSWORD = 4_096
MOST_COLUMNS = 32_767


@dataclass(frozen=True, slots=True)
class Startup:
    """The first words: the protocol's version and what the client wants to be called."""

    minor: int
    parameters: dict[str, str]
    unknown: tuple[str, ...]  # options of later protocols that we do not know


@dataclass(frozen=True, slots=True)
class Cancel:
    """A wish to stop what another connection runs."""

    process: int
    secret: int


@dataclass(frozen=True, slots=True)
class Encrypt:
    """A wish for TLS, or for GSSAPI."""

    gss: bool


@dataclass(frozen=True, slots=True)
class Parse:
    """Prepare `query` under `name`; `types` are the parameters', 0 where the client leaves it."""

    name: str
    query: str
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bind:
    """Open `portal` on `statement` with values; formats are 0 for text and 1 for binary."""

    portal: str
    statement: str
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Describe or close a statement (S) or a portal (P)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Execute:
    """Send the rows of `portal`, at most `rows` of them, all where 0."""

    portal: str
    rows: int


class Fields:
    """The parts of one message's body, in order; what runs over its end is an error."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def left(self) -> int:
        """The bytes that were not read."""
        return len(self._body) - self._at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size < 0 or size > self.left:
            raise broken("a message is shorter than it says")
        part = self._body[self._at : self._at + size]
        self._at += size
        return part

    def int16(self) -> int:
        """A signed integer of 16 bits."""
        return int(struct.unpack(">h", self.take(2))[0])

    def int32(self) -> int:
        """A signed integer of 32 bits."""
        return int(struct.unpack(">i", self.take(4))[0])

    def count(self) -> int:
        """How many parts follow; PostgreSQL sends it unsigned."""
        return int(struct.unpack(">H", self.take(2))[0])

    def text(self) -> str:
        """A string that ends with a zero byte, in UTF-8."""
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise broken("a string in a message does not end")
        raw = self.take(end - self._at)
        self._at += 1
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise broken("a string in a message is not UTF-8") from error

    def end(self) -> None:
        """Nothing may be left."""
        if self.left:
            raise broken("a message is longer than its parts")


async def read_startup(stream: asyncio.StreamReader) -> Startup | Cancel | Encrypt:
    """The packet that begins a connection; it has no type."""
    size = int.from_bytes(await stream.readexactly(4))
    if not 8 <= size <= MOST_STARTUP:  # noqa: PLR2004 - the length and a code
        raise broken("the first packet has no length that a client of PostgreSQL sends")
    return startup(await stream.readexactly(size - 4))


def startup(body: bytes) -> Startup | Cancel | Encrypt:
    """What the body of the first packet says."""
    fields = Fields(body)
    code = fields.int32()
    if code in (SSL_REQUEST, GSS_REQUEST):
        fields.end()
        return Encrypt(code == GSS_REQUEST)
    if code == CANCEL_REQUEST:
        found = Cancel(fields.int32(), fields.int32())
        fields.end()
        return found
    if code >> 16 != PROTOCOL_3 >> 16:
        raise broken(f"protocol {code >> 16}.{code & 0xFFFF} is not spoken here, 3.0 is")
    parameters: dict[str, str] = {}
    while (name := fields.text()) != "":
        parameters[name] = fields.text()
    fields.end()
    unknown = tuple(name for name in parameters if name.startswith("_pq_."))
    return Startup(code & 0xFFFF, parameters, unknown)


async def read_message(stream: asyncio.StreamReader, most: int) -> tuple[str, bytes]:
    """The type and the body of the next message, none longer than `most`."""
    head = await stream.readexactly(5)
    size = int.from_bytes(head[1:], signed=True)
    if size < 4:  # noqa: PLR2004 - the length counts itself
        raise broken(f"a message of length {size}")
    if size - 4 > most:
        raise broken(f"a message of {size:,} bytes, more than the {most:,} allowed")
    return chr(head[0]), await stream.readexactly(size - 4)


def parse(body: bytes) -> Parse:
    """A Parse message."""
    fields = Fields(body)
    name, query = fields.text(), fields.text()
    types = tuple(fields.int32() & 0xFFFF_FFFF for _ in range(fields.count()))
    fields.end()
    return Parse(name, query, types)


def bind(body: bytes) -> Bind:
    """A Bind message."""
    fields = Fields(body)
    portal, statement = fields.text(), fields.text()
    formats = _formats(fields)
    values: list[bytes | None] = []
    for _ in range(fields.count()):
        size = fields.int32()
        values.append(None if size == -1 else fields.take(size))
    results = _formats(fields)
    fields.end()
    return Bind(portal, statement, formats, tuple(values), results)


def _formats(fields: Fields) -> tuple[int, ...]:
    found = tuple(fields.int16() for _ in range(fields.count()))
    if any(code not in (0, 1) for code in found):
        raise broken("a format is neither text nor binary")
    return found


def named(body: bytes) -> Named:
    """A Describe or Close message."""
    fields = Fields(body)
    kind, name = fields.take(1).decode("latin-1"), fields.text()
    fields.end()
    if kind not in ("S", "P"):
        raise broken("neither a statement nor a portal is meant")
    return Named(kind, name)


def execute(body: bytes) -> Execute:
    """An Execute message."""
    fields = Fields(body)
    found = Execute(fields.text(), max(fields.int32(), 0))
    fields.end()
    return found


def query(body: bytes) -> str:
    """A Query message."""
    fields = Fields(body)
    text = fields.text()
    fields.end()
    return text


def sasl_initial(body: bytes) -> tuple[str, bytes]:
    """The mechanism chosen and the client's first words."""
    fields = Fields(body)
    mechanism, size = fields.text(), fields.int32()
    first = b"" if size == -1 else fields.take(size)
    fields.end()
    return mechanism, first


def format_of(formats: tuple[int, ...], number: int, count: int) -> int:
    """The format of part `number` of `count`: one code for each, one for all, or none (text)."""
    if len(formats) not in (0, 1, count):
        raise broken(f"{len(formats)} formats for {count} parts")
    if not formats:
        return 0
    return formats[0] if len(formats) == 1 else formats[number]
