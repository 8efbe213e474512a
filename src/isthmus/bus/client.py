"""A connection to the bus that never gives up, and what is reached through it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from isthmus.bus.consumer import Reader, consume
from isthmus.bus.credentials import Credentials, client_context
from isthmus.bus.jetstream import ask
from isthmus.bus.keyvalue import Bucket, open_bucket
from isthmus.bus.port import (
    BusState,
    Message,
    OnGap,
    OnState,
    StreamInfo,
    StreamSettings,
    TlsFiles,
)
from isthmus.bus.publisher import Publisher
from isthmus.bus.stream import configuration, looked_up, told
from isthmus.model.errors import AuthError, LinkError, StorageError

REQUEST_S = 5
_REFUSED = ("authorization", "authentication", "permissions violation")


class Bus:
    """One connection to a NATS server or cluster with JetStream."""

    def __init__(self, on_state: OnState | None = None) -> None:
        self.client = Client()
        self.errors = 0
        self.last_error = ""
        self._on_state = on_state
        self._publishers: list[Publisher] = []
        self._readers: set[Reader] = set()
        self._closed = self._begun = False
        self._joining: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._refused = asyncio.Event()
        self._lost = asyncio.Event()
        self._told: BusState | None = None
        self._generation = 0

    @classmethod
    async def connect(
        cls,
        url: str | Sequence[str],
        *,
        tls: TlsFiles | None = None,
        name: str = "isthmus",
        on_state: OnState | None = None,
        credentials: Credentials | None = None,
        within: float | None = 10.0,
    ) -> Bus:
        """A connected bus, reconnecting for ever from then on.

        Raises LinkError where no server answers within `within` seconds, AuthError where one
        refuses us or we refuse it. `within` None returns at once and goes on trying: for a site
        that may be out of reach when an edge starts; `state` tells, publishers wait.
        """
        bus = cls(on_state)
        urls = [url] if isinstance(url, str) else list(url)
        joining = bus._joining = asyncio.create_task(
            bus._join(urls, tls, name, credentials or Credentials()), name="connect to the bus"
        )
        if within is None:
            return bus
        refused = asyncio.create_task(bus._refused.wait())
        try:
            await asyncio.wait(
                {joining, refused}, timeout=within, return_when=asyncio.FIRST_COMPLETED
            )
            bus._check_joined(joining, refused, urls)
        except BaseException:
            await bus.close()
            raise
        finally:
            refused.cancel()
        return bus

    def _check_joined(
        self, joining: asyncio.Task[None], refused: asyncio.Task[bool], urls: list[str]
    ) -> None:
        if joining.done():
            joining.result()
            return
        kind = AuthError if refused.done() else LinkError
        raise kind(
            f"connecting to the bus at {', '.join(urls)}: {self.last_error or 'timed out'}",
            hint="is it running, and did this plant's authority issue our certificate?",
        )

    async def _join(
        self, urls: list[str], tls: TlsFiles | None, name: str, credentials: Credentials
    ) -> None:
        options: dict[str, Any] = {}
        if tls is not None:
            options["tls"] = client_context(tls)
        if credentials.user:
            options |= {"user": credentials.user, "password": credentials.password}
        if credentials.token:
            options["token"] = credentials.token
        if credentials.file:
            options["user_credentials"] = credentials.file
        self._begun = True
        await self.client.connect(
            urls,
            name=name,
            error_cb=self._erred,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,  # type: ignore[arg-type]
            ping_interval=5,
            max_outstanding_pings=2,
            pending_size=16 << 20,
            **options,
        )
        self._connected.set()
        self._tell("connected")

    # ------------------------------------------------------------ state
    @property
    def state(self) -> BusState:
        """Down where not connected, full where a publisher finds its stream full, else up."""
        if self._closed or not self._connected.is_set():
            return BusState.DOWN
        if any(publisher.stats.state is BusState.FULL for publisher in self._publishers):
            return BusState.FULL
        return BusState.UP

    @property
    def max_payload(self) -> int:
        """The largest message in bytes that the server takes."""
        return self.client.max_payload

    @property
    def generation(self) -> int:
        """How often the connection was made again."""
        return self._generation

    async def connected(self) -> None:
        """Return when there is a connection; LinkError where the bus is closed."""
        await self._connected.wait()
        if self._closed:
            raise LinkError("waiting for the bus: it is closed")

    def _tell(self, why: str) -> None:
        state = self.state
        if state is not self._told:
            self._told = state
            if self._on_state is not None:
                self._on_state(state, why)

    async def _erred(self, error: Exception) -> None:
        self.errors += 1
        self.last_error = str(error) or type(error).__name__
        half_open = self.client._transport  # noqa: SLF001 - it forgets that of a failed attempt
        if half_open is not None and not self.client.is_connected:
            half_open.close()  # type: ignore[no-untyped-call]
        text = self.last_error.lower()
        if isinstance(error, ssl.SSLError) or any(word in text for word in _REFUSED):
            self._refused.set()

    async def _disconnected(self) -> None:
        if self._closed or not self._connected.is_set():
            return
        self._connected.clear()
        self._lost.set()
        why = "the connection to the bus is lost"
        for publisher in self._publishers:
            publisher.interrupt(why)
        for reader in self._readers:
            reader.interrupt(why)
        self._tell(self.last_error or "connection lost")

    async def _reconnected(self) -> None:
        self._generation += 1
        self._lost = asyncio.Event()
        self._connected.set()
        self._tell("connected again")

    async def close(self) -> None:
        """Leave; publishers stop, readers end. Does nothing when closed already."""
        for publisher in list(self._publishers):
            await publisher.close()
        self._closed = True
        self._lost.set()
        self._connected.set()  # whoever waits for it is told that it never comes
        for reader in list(self._readers):
            reader.interrupt("the bus is closed")
        if self._joining is not None and not self._joining.done():
            self._joining.cancel()
            await asyncio.wait([self._joining])
        if self._begun:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self.client.close()
        self._tell("closed")

    async def request(
        self, subject: str, data: bytes, *, headers: dict[str, str] | None = None
    ) -> Msg:
        """The answer to a request; LinkError where there is none or the connection is lost."""
        if not self._connected.is_set() or self._closed:
            raise LinkError(f"asking the bus for {subject}: not connected")
        asking = asyncio.ensure_future(
            self.client.request(subject, data, timeout=REQUEST_S, headers=headers)
        )
        losing = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({asking, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise LinkError(f"asking the bus for {subject}: the connection is lost")
            return asking.result()
        except (nats.errors.Error, OSError) as error:
            raise LinkError(f"asking the bus for {subject}: {error}") from error
        finally:
            for task in (asking, losing):
                task.cancel()
            await asyncio.gather(asking, losing, return_exceptions=True)

    # ------------------------------------------------------------ streams
    async def stream(self, settings: StreamSettings) -> StreamInfo:
        """The stream of these settings, made or changed to them where it must be."""
        body = configuration(settings)
        try:
            known = await ask(self, f"STREAM.INFO.{settings.name}", {})
        except StorageError:
            return told(await ask(self, f"STREAM.CREATE.{settings.name}", body))
        config = known["config"]
        if any(config.get(key) != value for key, value in body.items()):
            known = await ask(self, f"STREAM.UPDATE.{settings.name}", {**config, **body})
        return told(known)

    async def info(self, stream: str) -> StreamInfo:
        """What the stream holds now; LinkError where the bus is away, StorageError if none."""
        return told(await ask(self, f"STREAM.INFO.{stream}", {}))

    async def message(self, stream: str, seq: int) -> Message | None:
        """The message of this sequence, None where the stream does not hold it."""
        try:
            return looked_up(await ask(self, f"STREAM.MSG.GET.{stream}", {"seq": seq}))
        except StorageError:
            return None

    async def purge(self, stream: str, *, before: int = 0) -> None:
        """Forget the messages below sequence `before`, or all.

        With `before` the last message always stays: it tells where its writer had got to.
        """
        body = {"seq": min(before, (await self.info(stream)).last)} if before else {}
        if body.get("seq") != 0:
            await ask(self, f"STREAM.PURGE.{stream}", body)

    # ------------------------------------------------------------ what goes in and out
    async def publisher(
        self, stream: str, *, max_bytes: int = 4 << 20, max_count: int = 1_000
    ) -> Publisher:
        """A publisher into `stream`, which should have no other writer at the same time.

        Waits for the first connection where there was none yet.
        """
        await self.connected()
        made = Publisher(
            self,
            stream,
            max_bytes=max_bytes,
            max_count=max_count,
            on_state=lambda: self._tell(made.stats.why),
        )
        self._publishers.append(made)
        await made.open()
        return made

    def forget(self, publisher: Publisher) -> None:
        """A publisher is closed."""
        if publisher in self._publishers:
            self._publishers.remove(publisher)

    def attach(self, reader: Reader) -> None:
        """Tell `reader` of a lost connection from now on."""
        self._readers.add(reader)

    def detach(self, reader: Reader) -> None:
        """Tell `reader` no more."""
        self._readers.discard(reader)

    @property
    def closed(self) -> bool:
        """Whether it was left for good."""
        return self._closed

    def consume(
        self,
        stream: str,
        start: int,
        *,
        batch: int = 1_000,
        max_bytes: int = 16 << 20,
        on_gap: OnGap | None = None,
        epoch: str = "",
    ) -> AsyncIterator[list[Message]]:
        """Messages from sequence `start` on, for ever, each once and in order.

        Survives reconnects and restarts of the server. `on_gap` hears of sequences that the
        stream no longer holds. Raises StorageError where the stream ends before `start - 1` or
        is not the one of `epoch`: it was made again or lost its end, so positions mean nothing.
        """
        return consume(
            self, stream, start, batch=batch, max_bytes=max_bytes, on_gap=on_gap, epoch=epoch
        )

    async def bucket(self, name: str, *, replicas: int = 1, max_bytes: int = 64 << 20) -> Bucket:
        """The bucket of this name, made where there is none."""
        return await open_bucket(self, name, replicas=replicas, max_bytes=max_bytes)
