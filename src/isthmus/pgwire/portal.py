"""A query that is being answered: rows are fetched as the client takes them, and no sooner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from isthmus.pgwire.encode import rows
from isthmus.pgwire.error import CANCELLED, LIMIT, SqlError
from isthmus.pgwire.limits import Limits
from isthmus.pgwire.oid import Column, columns
from isthmus.pgwire.port import Answer, Plan

Encode = Callable[[pa.RecordBatch, Sequence[Column], Sequence[int]], bytes]


@dataclass(slots=True)
class Turns:
    """How many queries may be open at a time; the rest wait."""

    limits: Limits
    free: asyncio.Semaphore = field(init=False)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.limits.at_once)

    async def take(self) -> None:
        """Wait for a turn; SqlError where none comes in time."""
        self.waiting += 1
        try:
            async with asyncio.timeout(self.limits.wait):
                await self.free.acquire()
        except TimeoutError as error:
            raise SqlError(
                "53000",
                f"{self.limits.at_once} queries are being answered already",
                hint="try again, or allow more in `sql: {limits: {at_once: 8}}`",
            ) from error
        finally:
            self.waiting -= 1


class Stream:
    """The rows of one answer, in pieces that fit a client's wishes."""

    def __init__(
        self,
        plan: Plan,
        turns: Turns,
        *,
        seconds: float,
        told: pa.Schema | None = None,
        encode: Encode = rows,
    ) -> None:
        self._rows = encode
        self._plan, self._turns, self._seconds = plan, turns, seconds
        self._schema = plan.schema if told is None else told
        self.columns = columns(self._schema)
        self._answer: Answer | None = None
        self._rest: pa.RecordBatch | None = None
        self._holds = self._stopped = self._late = False
        self._used = 0.0
        self.sent = self.bytes = 0
        self.done = False

    async def begin(self) -> None:
        """Wait for a turn and start."""
        if self._answer is None and not self.done:
            if not self._plan.light:
                await self._turns.take()
                self._holds = True
            async with self._timed():
                self._answer = await asyncio.to_thread(self._plan.open)

    def cancel(self) -> None:
        """Stop it; its reader gets 57014."""
        self._stopped = True
        if self._answer is not None:
            self._answer.cancel()

    async def fetch(self, formats: Sequence[int], most: int) -> AsyncIterator[bytes]:
        """The messages of the next `most` rows, all where 0; `done` after the last."""
        await self.begin()
        left = most
        while not self.done and (not most or left):
            batch = await self._next()
            if batch is None:
                self.done = True
                break
            if most and batch.num_rows > left:
                self._rest = batch.slice(left)
                batch = batch.slice(0, left)
            left -= batch.num_rows
            self._count(batch.num_rows)
            async with self._timed():
                data = await asyncio.to_thread(self._encode, batch, formats)
            self.bytes += len(data)
            self._weigh()
            yield data
        if self.done:
            self.close()

    def _encode(self, batch: pa.RecordBatch, formats: Sequence[int]) -> bytes:
        return self._rows(conform(batch, self._schema), self.columns, formats)

    async def _next(self) -> pa.RecordBatch | None:
        if self._rest is not None:
            batch, self._rest = self._rest, None
            return batch
        assert self._answer is not None  # noqa: S101 - `begin` came before
        async with self._timed():
            return await asyncio.to_thread(self._answer.next)

    @asynccontextmanager
    async def _timed(self) -> AsyncIterator[None]:
        """Count the time that the engine works; what takes too long is stopped."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        left = self._seconds - self._used
        if self._stopped or left <= 0:
            raise self._why(None)
        stop = loop.call_later(left, self._expire)
        try:
            yield
        except SqlError as error:
            if error.state == CANCELLED:
                raise self._why(error) from error
            raise
        finally:
            stop.cancel()
            self._used += loop.time() - begin

    def _expire(self) -> None:
        self._late = True
        self.cancel()

    def _why(self, error: SqlError | None) -> SqlError:
        if self._late or not self._stopped:
            return SqlError(
                CANCELLED,
                f"canceling statement due to statement timeout ({self._seconds:g} s)",
                hint="ask for a shorter time or fewer tags, or aggregate",
            )
        return error or SqlError(CANCELLED, "canceling statement due to user request")

    def _count(self, number: int) -> None:
        self.sent += number
        if self.sent > self._turns.limits.rows:
            raise SqlError(
                LIMIT,
                f"the answer has more than {self._turns.limits.rows:,} rows",
                hint="aggregate or add a LIMIT; `sql: {limits: {rows: ...}}` allows more",
            )

    def _weigh(self) -> None:
        if self.bytes > self._turns.limits.result:
            raise SqlError(
                LIMIT,
                f"the answer has more than {self._turns.limits.result >> 20:,} MiB",
                hint="ask for fewer columns or rows, or aggregate",
            )

    def close(self) -> None:
        """Let go of the engine and of the turn, at once or as soon as the engine has stopped."""
        self.done = True
        self._rest = None
        answer, self._answer = self._answer, None
        held, self._holds = self._holds, False
        if answer is None:
            self._let_go(held=held)
            return
        answer.cancel()
        ending = asyncio.get_running_loop().run_in_executor(None, answer.close)
        ending.add_done_callback(lambda _: self._let_go(held=held))

    def _let_go(self, *, held: bool) -> None:
        if held:
            self._turns.free.release()


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """`batch` in the types that the client was told of."""
    if batch.schema.types == schema.types:
        return batch
    if len(batch.schema) != len(schema):
        raise SqlError("0A000", "cached plan must not change result type")
    arrays = []
    for array, told in zip(batch.columns, schema, strict=True):
        try:
            fits = array.type == told.type
            arrays.append(array if fits else pc.cast(array, told.type))
        except pa.ArrowInvalid as error:
            raise SqlError("22003", f"a value of {told.name!r} is no {told.type}") from error
        except pa.ArrowNotImplementedError as error:
            raise SqlError("0A000", "cached plan must not change result type") from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
