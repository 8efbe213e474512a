"""The SQL endpoint of a running site: a thread of its own, so that no query delays intake."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.historian.port import Historian
from isthmus.historian.queries import Queries
from isthmus.model.errors import ConfigError, IsthmusError
from isthmus.model.plant import Plant
from isthmus.model.tag import Namespace
from isthmus.pgwire.channel import endpoint_binding
from isthmus.pgwire.limits import Limits
from isthmus.pgwire.server import Counts, PgServer
from isthmus.runtime.sql.database import SqlGate
from isthmus.runtime.sql.users import SqlUsers, made_password
from isthmus.runtime.trust.terms import authority_of, terms_of
from isthmus.trust.pki.authority import Identity, write_private
from isthmus.trust.policy.policy import Policy

log = logging.getLogger(__name__)

FOLDER = "sql"  # of the data folder: users, and where the endpoint answers
ADDRESS, DATABASE = "address", "database"
TRIES = 20
READER = "reader"  # of the demonstration
OFF = "this history is kept by another database"
DAY = 86_400.0
AGAIN = 10.0
LOOK = 60.0  # seconds until a renewed certificate is shown


State = Literal["off", "starting", "listening", "waiting", "ended"]


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """Where the endpoint listens, and what it bears."""

    host: str
    port: int
    exact: bool  # whether no other port will do
    hosts: tuple[str, ...]
    limits: Limits
    memory: int
    window: int  # nanoseconds

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> SqlSettings:
        """What the section `sql` of a plant file says; port 0 is any that is free."""
        host, _, port = str(section.get("listen") or "127.0.0.1:5433").rpartition(":")
        wished = dict(section.get("limits") or {})
        memory = int(wished.pop("memory", 256 << 20))
        window = round(wished.pop("window", 7 * DAY) * 1e9)
        for key in ("result", "rows"):
            if key in wished:
                wished[key] = int(wished[key])
        hosts = tuple(str(name) for name in section.get("hosts") or ())
        return cls(
            host=host.strip("[]"),
            port=int(port),
            exact=not section.get("near"),
            hosts=hosts,
            limits=Limits(**wished),
            memory=memory,
            window=window,
        )


class SqlEndpoint:
    """Answers clients of PostgreSQL while the site runs."""

    def __init__(
        self,
        plant: Plant,
        namespace: Namespace,
        historian: Historian,
        folder: Path,
        policy: Callable[[], Policy],
    ) -> None:
        self.settings = SqlSettings.of(plant.sql or {})
        self.folder = folder / FOLDER
        self.address = ""
        self.server: PgServer | None = None
        self.state: State = "starting"
        self.trouble = self.hint = ""
        self._data, self._policy = folder, policy
        self._plant, self._namespace, self._historian = plant, namespace, historian
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._context: ssl.SSLContext | None = None
        self._shown = b""  # the certificate that clients see

    @classmethod
    def of(
        cls,
        plant: Plant,
        namespace: Namespace,
        historian: Historian,
        folder: Path,
        policy: Callable[[], Policy],
    ) -> SqlEndpoint | None:
        """The endpoint that the plant file asks for, None where it asks for none."""
        return None if plant.sql is None else cls(plant, namespace, historian, folder, policy)

    @property
    def counts(self) -> Counts:
        """What the endpoint has seen."""
        return self.server.counts if self.server else Counts()

    @property
    def running(self) -> int:
        """Queries that are being answered at this moment."""
        return self.server.running if self.server else 0

    def _note(self, state: State, trouble: str = "", hint: str = "") -> None:
        self.state, self.trouble, self.hint = state, trouble, hint

    async def run(self) -> None:
        """Answer until cancelled."""
        if not isinstance(self._historian, Queries):
            self._note("off", OFF, "connect your tools to that one, and take `sql` out of the file")
            log.warning("the SQL endpoint is off: %s; %s", self.trouble, self.hint)
            return
        listening = await self._bound()
        host, port = listening.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / ADDRESS).write_text(self.address, "ascii")
        (self.folder / DATABASE).write_text(self._plant.site, "utf-8")
        thread = threading.Thread(
            target=self._thread, args=(listening, self._historian), name="sql", daemon=True
        )
        thread.start()
        try:
            while True:
                await asyncio.sleep(LOOK)
                try:
                    await asyncio.to_thread(self._renew)
                except (IsthmusError, OSError) as error:
                    log.warning("renewing the certificate of SQL: %s; tried again", error)
        finally:
            with suppress(OSError):
                (self.folder / ADDRESS).unlink()
            self._stop()
            await asyncio.to_thread(thread.join, 10)

    async def _bound(self) -> socket.socket:
        """The socket to listen on; where another program has it, as soon as it lets go."""
        said = False
        while True:
            try:
                return bind(self.settings)
            except ConfigError as error:
                if not said:
                    log.error("%s; %s; trying again until it is free", error, error.hint)  # noqa: TRY400
                said = True
                self._note("waiting", str(error), error.hint)
            await asyncio.sleep(AGAIN)

    def _stop(self) -> None:
        loop, serving = self._loop, self._serving
        if loop is not None and serving is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(serving.cancel)

    def _identity(self) -> Identity:
        authority = authority_of(self._data, self._plant.site, terms_of(self._plant.pki))
        host = self.settings.host
        named = () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104 - asked, not bound
        return authority.server("sql", (*named, *self.settings.hosts))

    def _thread(self, listening: socket.socket, queries: Queries) -> None:
        try:
            asyncio.run(self._serve(listening, queries))
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._note("ended", f"the SQL endpoint ended: {error}", "the log says more; restart")
            log.exception("the SQL endpoint ended; the rest of the site goes on")
        finally:
            listening.close()

    async def _serve(self, listening: socket.socket, queries: Queries) -> None:
        limits = self.settings.limits
        self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
        workers = ThreadPoolExecutor(limits.at_once + 8, thread_name_prefix="sql")
        self._loop.set_default_executor(workers)
        identity = await asyncio.to_thread(self._identity)
        context = self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(identity.certificate, identity.key)
        self._shown = identity.certificate.read_bytes()
        certificate = x509.load_pem_x509_certificate(self._shown)
        binding = endpoint_binding(certificate.public_bytes(Encoding.DER))
        users = SqlUsers(self.folder)
        bounds = {"memory": self.settings.memory, "window": self.settings.window}
        gate = SqlGate(self._plant, self._namespace, queries, users, policy=self._policy, **bounds)
        self.server = PgServer(gate, limits, tls=context, binding=binding)
        self._note("listening")
        try:
            await self.server.serve(listening)
        finally:
            gate.close()

    def _renew(self) -> None:
        """Take a fresh certificate in time, also one that a person asked for."""
        identity = self._identity()
        told = identity.certificate.read_bytes()
        if self._context is not None and self.server is not None and told != self._shown:
            self._shown = told
            certificate = x509.load_pem_x509_certificate(told)
            self._context.load_cert_chain(identity.certificate, identity.key)
            self.server.bind(endpoint_binding(certificate.public_bytes(Encoding.DER)))


def demonstrate_sql(plant: Plant, folder: Path) -> Plant:
    """The plant with any free port, and a user `reader` whose password lies in the data folder."""
    if plant.sql is None:
        return plant
    users = SqlUsers(folder / FOLDER)
    if READER not in users.all():
        word = made_password()
        users.add(READER, word)
        write_private(users.folder / f"{READER}.password", word.encode())
    return replace(plant, sql={**plant.sql, "near": True})


def bind(settings: SqlSettings) -> socket.socket:
    """The port that is wished for; the first free one after it where any will do."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    ports = range(settings.port, settings.port + (1 if settings.exact else TRIES))
    last: OSError | None = None
    for port in ports:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, port))
            listening.listen()  # else the system gives the port to two that start together
        except OSError as error:
            listening.close()
            last = error
        else:
            return listening
    raise ConfigError(
        f"listening for SQL on {settings.host}:{settings.port}: {last}",
        hint="another program has it: set `sql: {listen: 127.0.0.1:5434}`",
    )
