"""Modbus messages on a TCP connection (Modbus Messaging on TCP/IP Implementation Guide V1.0b).

What keeps it safe: a wrong protocol id or length ends the connection, for nothing behind it can
be trusted; an unknown transaction id is thrown away and never matched to another request.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from isthmus.model.errors import LinkError

HEADER = struct.Struct(">HHHBB")
LONGEST = 254  # the length field of the largest message: unit and 253 bytes of PDU
READS = frozenset({1, 2, 3, 4})  # function codes
QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux
STRAYS = 1000  # answers in a row that nobody asked for, after which the peer is given up


class Failure(IntEnum):
    """Why a request has no answer: exception codes of the standard (7), and ours above them."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4
    ACKNOWLEDGE = 5
    SERVER_DEVICE_BUSY = 6
    MEMORY_PARITY_ERROR = 8
    GATEWAY_PATH_UNAVAILABLE = 10
    GATEWAY_TARGET_FAILED = 11
    UNKNOWN_EXCEPTION = 256
    TIMEOUT = 257
    MALFORMED = 258

    @property
    def words(self) -> str:
        """For people: `illegal data address`."""
        return self.name.replace("_", " ").lower()


EXCEPTIONS = {int(failure): failure for failure in Failure if failure < Failure.UNKNOWN_EXCEPTION}

Answer = bytes | Failure


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `size` is that of the answer's PDU without the function code."""

    unit: int
    pdu: bytes
    size: int

    @classmethod
    def read(cls, unit: int, function: int, start: int, count: int) -> Request:
        """Read `count` places from `start` (function codes 1 to 4)."""
        size = 2 * count if function in {3, 4} else (count + 7) // 8
        return cls(unit, struct.pack(">BHH", function, start, count), 1 + size)

    def counted(self, payload: bytes) -> bool:
        """Whether the byte count that an answer to a read begins with is its true one."""
        return self.pdu[0] not in READS or payload[0] == self.size - 1


class Transport(asyncio.Protocol):
    """One connection: pipelines requests, at most so many in flight, and matches the answers."""

    def __init__(self, *, in_flight: int, timeout: float) -> None:
        self.counts: Counter[str] = Counter()
        self._in_flight, self._timeout = in_flight, timeout
        self._loop = asyncio.get_running_loop()
        self._wire: asyncio.Transport | None = None
        self._socket: socket.socket
        self._gone: str | None = None
        self._buffer = b""
        self._tid = 0
        self._strays = 0
        self._waiting: dict[int, tuple[int, float]] = {}  # transaction id: place, time of sending
        self._requests: Sequence[Request] = ()
        self._answers: list[Answer] = []
        self._unsent: deque[int] = deque()
        self._open = 0  # requests without answer yet
        self._done: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle
        self._lost = asyncio.Event()

    async def exchange(self, requests: Sequence[Request]) -> list[Answer]:
        """The answer to each request, in their order; one exchange at a time.

        An answer is the PDU behind its function code, of the size that the request expects.
        Raises LinkError when the connection is lost meanwhile.
        """
        if self._gone is not None or self._wire is None:
            raise LinkError(self._gone or "the connection was never made")
        if not requests:
            return []
        self._requests = requests
        self._answers = [Failure.TIMEOUT] * len(requests)
        self._unsent = deque(range(len(requests)))
        self._open = len(requests)
        done = self._done = self._loop.create_future()
        self._timer = self._loop.call_later(self._timeout, self._expire)
        try:
            self._send()
            await done
            return self._answers
        finally:
            self._timer.cancel()
            self._done = None
            self._waiting.clear()
            self._unsent.clear()

    @property
    def alive(self) -> bool:
        """Whether requests can still be sent."""
        return self._wire is not None and self._gone is None

    async def close(self) -> None:
        """End the connection and return when its socket is gone; an exchange raises LinkError."""
        self._fail("the connection was closed")
        if self._wire is not None:
            await self._lost.wait()

    # -------------------------------------------------------------- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection; asyncio and uvloop both switch Nagle's algorithm off."""
        self._wire = cast("asyncio.Transport", transport)
        self._socket = transport.get_extra_info("socket")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits."""
        self._fail(str(exc) if exc else "the device closed the connection")
        self._wire = None
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        """Take every whole message; keep the rest, which is never longer than one message."""
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        while size - at >= HEADER.size:
            tid, protocol, length, unit, function = HEADER.unpack_from(buffer, at)
            if protocol or not 3 <= length <= LONGEST:  # noqa: PLR2004 - unit, function, one byte
                self.counts["framing"] += 1
                self._fail("the peer does not frame its answers as Modbus TCP")
                return
            end = at + 6 + length
            if end > size:
                break
            self._take(tid, unit, function, buffer[at + 8 : end])
            if self._gone is not None:
                return
            at = end
        self._buffer = buffer[at:]
        if QUICKACK is not None and self._waiting and not self._unsent:
            # A device that gathers small answers (Nagle) holds the next one back until this one is
            # acknowledged, which we would do with our next request; but there is none.
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    # -------------------------------------------------------------- inside

    def _take(self, tid: int, unit: int, function: int, payload: bytes) -> None:
        place, _ = self._waiting.pop(tid, (-1, 0.0))
        if place < 0:
            self.counts["stray"] += 1
            self._strays += 1
            if self._strays >= STRAYS:
                self._fail(f"the peer sent {STRAYS} answers that nobody asked for")
            return
        self._strays = 0
        request = self._requests[place]
        asked = request.pdu[0]
        if unit != request.unit:
            self._settle(place, Failure.MALFORMED)
        elif function == asked | 0x80 and len(payload) == 1:
            self._settle(place, EXCEPTIONS.get(payload[0], Failure.UNKNOWN_EXCEPTION))
        elif function != asked or len(payload) != request.size or not request.counted(payload):
            self._settle(place, Failure.MALFORMED)
        else:
            self._settle(place, payload)
        if self._unsent:
            self._send()

    def _settle(self, place: int, answer: Answer) -> None:
        if answer is Failure.MALFORMED:
            self.counts["malformed"] += 1
        elif answer is Failure.TIMEOUT:
            self.counts["timeout"] += 1
        self._answers[place] = answer
        self._open -= 1
        if not self._open and self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _send(self) -> None:
        if self._wire is None or self._gone is not None:
            return
        out: list[bytes] = []
        sent = self._loop.time()
        while self._unsent and len(self._waiting) < self._in_flight:
            place = self._unsent.popleft()
            request = self._requests[place]
            self._tid = tid = self._tid % 0xFFFF + 1
            self._waiting[tid] = (place, sent)
            out.append(struct.pack(">HHHB", tid, 0, 1 + len(request.pdu), request.unit))
            out.append(request.pdu)
        if out:
            self._wire.write(b"".join(out))

    def _expire(self) -> None:
        """Give up what waited too long, and what else was to be asked of the same units."""
        now = self._loop.time()
        late = [tid for tid, (_, sent) in self._waiting.items() if sent + self._timeout <= now]
        silent = set()
        for tid in late:
            place, _ = self._waiting.pop(tid)
            silent.add(self._requests[place].unit)
            self._settle(place, Failure.TIMEOUT)
        for place in [place for place in self._unsent if self._requests[place].unit in silent]:
            self._unsent.remove(place)
            self._settle(place, Failure.TIMEOUT)
        if self._unsent:
            self._send()
        if self._waiting:
            oldest = next(iter(self._waiting.values()))[1]
            self._timer = self._loop.call_at(oldest + self._timeout, self._expire)

    def _fail(self, why: str) -> None:
        if self._gone is None:
            self._gone = why
        if self._wire is not None:
            self._wire.abort()
        if self._done is not None and not self._done.done():
            self._done.set_exception(LinkError(self._gone))
