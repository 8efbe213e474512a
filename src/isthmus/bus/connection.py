"""A connection to NATS that never gives up, and what it is worth at the moment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Sequence
from typing import Any, Protocol, Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from isthmus.bus.credentials import Credentials, client_context
from isthmus.bus.port import BusState, OnState, TlsFiles
from isthmus.model.errors import AbsentError, AuthError, LinkError

REQUEST_S = 5
_REFUSED = ("authorization", "authentication", "permissions violation")


class User(Protocol):
    """Whoever must know at once that the connection is lost."""

    @property
    def full(self) -> bool:
        """Whether it waits for room in its stream."""
        ...

    def interrupt(self, why: str) -> None:
        """The connection is gone, and all that was under way with it."""
        ...


class _Client(Client):
    """A client that says nothing to a server that leaves out the TLS we ask for.

    The server's greeting is not protected: whoever sits in between may take `tls_required` out.
    """

    def _connect_command(self) -> bytes:
        server = self._current_server
        wanted = self.options.get("tls") is not None or (server and server.uri.scheme == "tls")
        if wanted and not self._server_info.get("tls_required"):
            raise ssl.SSLError("the server does not ask for TLS: it is not ours")
        return bytes(super()._connect_command())


class Connection:
    """A connection to a NATS server or cluster that is made again whenever it is lost."""

    def __init__(self, on_state: OnState | None = None) -> None:
        self.client: Client = _Client()
        self.errors = 0
        self.last_error = ""
        self._refusal = ""
        self._on_state = on_state
        self._users: set[User] = set()
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
        inbox: str = "_INBOX",
    ) -> Self:
        """A connected bus, reconnecting for ever from then on.

        Raises LinkError where no server answers within `within` seconds, AuthError where one
        refuses us or we refuse it. `within` None returns at once and goes on trying: for a site
        that may be out of reach when an edge starts; `state` tells, publishers wait. Answers come
        on subjects below `inbox`, for a server that lets each client hear only its own.
        """
        made = cls(on_state)
        urls = [url] if isinstance(url, str) else list(url)
        joining = made._joining = asyncio.create_task(
            made._join(urls, tls, credentials or Credentials(), name=name, inbox_prefix=inbox),
            name="connect to the bus",
        )
        if within is None:
            return made
        refused = asyncio.create_task(made._refused.wait())
        try:
            await asyncio.wait(
                {joining, refused}, timeout=within, return_when=asyncio.FIRST_COMPLETED
            )
            made._check_joined(joining, refused, urls)
        except BaseException:
            await made.close()
            raise
        finally:
            refused.cancel()
        return made

    def _check_joined(
        self, joining: asyncio.Task[None], refused: asyncio.Task[bool], urls: list[str]
    ) -> None:
        if joining.done():
            joining.result()
            return
        kind = AuthError if refused.done() else LinkError
        why = self._refusal or self.last_error or "timed out"
        raise kind(
            f"connecting to the bus at {', '.join(urls)}: {why}",
            hint="is it running, and did this plant's authority issue our certificate?",
        )

    async def _join(
        self,
        urls: list[str],
        tls: TlsFiles | None,
        credentials: Credentials,
        **options: Any,  # noqa: ANN401 - of the NATS client
    ) -> None:
        if tls is not None:
            options["tls"] = client_context(tls)
            logging.getLogger("asyncio").addFilter(_no_riddles)
        if credentials.user:
            options |= {"user": credentials.user, "password": credentials.password}
        if credentials.token:
            options["token"] = credentials.token
        if credentials.file:
            options["user_credentials"] = credentials.file
        self._begun = True
        await self.client.connect(
            urls,
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
        self.tell("connected")

    # ------------------------------------------------------------ state
    @property
    def state(self) -> BusState:
        """Down where not connected, full where a publisher finds its stream full, else up."""
        if self._closed or not self._connected.is_set():
            return BusState.DOWN
        return BusState.FULL if any(user.full for user in self._users) else BusState.UP

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

    def tell(self, why: str) -> None:
        """Tell of a new state, once."""
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
            self._refusal = self._refusal or self.last_error  # a reset often follows
            self._refused.set()

    async def _disconnected(self) -> None:
        if self._closed or not self._connected.is_set():
            return
        self._connected.clear()
        self._lost.set()
        for user in self._users:
            user.interrupt("the connection to the bus is lost")
        self.tell(self.last_error or "connection lost")

    async def _reconnected(self) -> None:
        self._generation += 1
        self._lost = asyncio.Event()
        self._connected.set()
        self.tell("connected again")

    async def close(self) -> None:
        """Leave for good; does nothing when closed already."""
        self._closed = True
        self._lost.set()
        self._connected.set()  # whoever waits for it is told that it never comes
        for user in self._users:
            user.interrupt("the bus is closed")
        if self._joining is not None and not self._joining.done():
            self._joining.cancel()
            await asyncio.wait([self._joining])
        if self._begun:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self.client.close()
        self.tell("closed")

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        headers: dict[str, str] | None = None,
        within: float = REQUEST_S,
    ) -> Msg:
        """The answer to a request; LinkError where there is none or the connection is lost.

        AbsentError, which is one, says that it was not delivered.
        """
        if not self._connected.is_set() or self._closed:
            raise AbsentError(f"asking the bus for {subject}: not connected")
        asking = asyncio.ensure_future(
            self.client.request(subject, data, timeout=within, headers=headers)
        )
        losing = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({asking, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise LinkError(f"asking the bus for {subject}: the connection is lost")
            return asking.result()
        except nats.errors.NoRespondersError as error:
            raise AbsentError(f"asking the bus for {subject}: nobody listens") from error
        except (nats.errors.Error, OSError) as error:
            raise LinkError(f"asking the bus for {subject}: {error}") from error
        finally:
            for task in (asking, losing):
                task.cancel()
            await asyncio.gather(asking, losing, return_exceptions=True)

    def renew(self, tls: TlsFiles) -> None:
        """Show this certificate from the next connection on; AuthError where it is not usable."""
        self.client.options["tls"] = client_context(tls)

    def attach(self, user: User) -> None:
        """Tell `user` of a lost connection from now on."""
        self._users.add(user)

    def detach(self, user: User) -> None:
        """Tell `user` no more."""
        self._users.discard(user)

    @property
    def closed(self) -> bool:
        """Whether it was left for good."""
        return self._closed


def _no_riddles(record: logging.LogRecord) -> bool:
    """Python up to 3.11 says this of each connection that was raised to TLS and then closed."""
    return not record.getMessage().startswith("returning true from eof_received()")
