"""The bus of this installation: our own child with certificates of its own, or a cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from isthmus.bus.client import Bus
from isthmus.bus.credentials import Credentials
from isthmus.bus.port import BusState, Publishing
from isthmus.bus.server import Server
from isthmus.bus.server_state import ServerState
from isthmus.bus.settings import Client, ServerSettings
from isthmus.model.errors import IsthmusError
from isthmus.model.secret import Secret
from isthmus.runtime.settings import MB, Settings
from isthmus.runtime.trust.terms import authority_of
from isthmus.trust.pki.authority import Identity, PlantAuthority

log = logging.getLogger(__name__)

OURS = "isthmus"  # the common name of our own certificate
SERVER = "nats"
DAY = 86_400.0
LOOK = 1.0  # seconds until a certificate that was revoked is worth nothing
BESIDE_STREAMS = 256 * MB  # buckets, and what the store needs to work


@dataclass(slots=True, eq=False)
class LocalBus:
    """A connection that may do everything, and the server behind it where it is our child."""

    bus: Bus
    server: Server | None
    authority: PlantAuthority
    hosts: Sequence[str]
    shown: tuple[Identity, ...]  # ours, and the server's where it is our child
    clients: tuple[Client, ...] = (Client(OURS),)
    admitted: tuple[Client, ...] = field(default=())  # as the server knows them
    shut_out: Callable[[], frozenset[str]] = frozenset  # names of clients that zones keep away

    @classmethod
    async def open(
        cls,
        settings: Settings,
        name: str,
        *,
        clients: Sequence[Client] = (),
        hosts: Sequence[str] = (),
        edge_bytes: int = 0,
        zone: str = "",
        shut_out: Callable[[], frozenset[str]] = frozenset,
    ) -> Self:
        """The bus that `settings` ask for, connected.

        `clients` may connect besides us, with certificates of the plant's authority; `hosts` are
        names under which they reach the server; `edge_bytes` is what their streams may hold;
        `zone` is where the site stands. Those that `shut_out` names are kept away for as long as
        it does.
        Raises ConfigError, LinkError, AuthError or StorageError where it cannot run.
        """
        authority = authority_of(settings.folder, name, settings.pki)
        shown = [authority.client(OURS)]
        server = None
        known = (Client(OURS), *clients)
        admitted = subjects(known, authority, shut_out())
        if not settings.bus_url:
            shown.append(authority.server(SERVER, hosts))
            server = Server(
                ServerSettings(
                    settings.folder / settings.bus_path,
                    tls=shown[-1],
                    clients=admitted,
                    host=settings.bus_host,
                    port=settings.bus_port,
                    sync=settings.sync,
                    go_memory=settings.bus_memory,
                    max_file_store=settings.stream_bytes + edge_bytes + BESIDE_STREAMS,
                    zone=zone,
                )
            )
            await server.start()
        try:
            url = server.url if server else settings.bus_url
            login = _login(settings.bus_login) if settings.bus_url else None
            bus = await Bus.connect(url, tls=shown[0], credentials=login, name=name, on_state=_told)
            ours = tuple(hosts), tuple(shown), known, admitted
            return cls(bus, server, authority, *ours, shut_out)
        except BaseException:
            if server is not None:
                await server.stop()
            raise

    def state(self, *publishers: Publishing) -> Literal["up", "down", "full"]:
        """Whether the streams take what comes."""
        states = {self.bus.state, *(publisher.stats.state for publisher in publishers)}
        full = self.server is not None and self.server.state is ServerState.FULL
        if full or BusState.FULL in states:
            return "full"
        return "down" if BusState.DOWN in states else "up"

    def trouble(self, *publishers: Publishing) -> str:
        """Why the streams do not take what comes: of a full disk, how much is missing."""
        if self.server is not None and self.server.state is ServerState.FULL:
            return self.server.why
        found = (p.stats.why for p in publishers if p.stats.state is not BusState.UP)
        return next((why for why in found if why), self.bus.last_error)

    async def renew_for_ever(self) -> None:
        """Renew what is due, look often at what was revoked; a plant may run for years."""
        passed = 0.0
        every = min(DAY, self.authority.terms.life * DAY / 50)
        while True:
            await asyncio.sleep(wait := min(LOOK, every))
            passed += wait
            try:
                await self.keep_out()
                if passed >= every:
                    passed = 0.0
                    await self.renew()
                    await asyncio.to_thread(self.authority.published)
            except (IsthmusError, OSError) as error:
                log.warning("renewing certificates: %s; tried again", error)

    async def keep_out(self) -> None:
        """Let nobody in, and out who is in, whose certificates were revoked meanwhile."""
        now = await asyncio.to_thread(subjects, self.clients, self.authority, self.shut_out())
        if now == self.admitted:
            return
        before = {one.name: one.subject for one in self.admitted}
        changed = sorted(
            one.name for one in now if one.subject != before.get(one.name, one.subject)
        )
        was, are = _inside(self.admitted), _inside(now)
        gone, come = was - are, are - was
        if changed:
            log.warning("the certificates of %s were revoked", ", ".join(changed))
        if gone or come:
            log.warning("zones: the bus lets in %s, keeps out %s", _told_of(come), _told_of(gone))
        if OURS in changed:
            ours = await asyncio.to_thread(self.authority.client, OURS)
            self.bus.renew(ours)
            self.shown = (ours, *self.shown[1:])
        if self.server is not None:
            await self.server.admit(now)
        self.admitted = now

    def name(self, clients: Sequence[Client]) -> None:
        """Let these in besides us from the next look on, and nobody else."""
        self.clients = (Client(OURS), *clients)

    async def renew(self) -> None:
        """Renew the certificates that end soon, and have them shown from now on.

        Connections that are open stay so. Raises StorageError or AuthError.
        """
        mine, *others = self.shown
        ours = await asyncio.to_thread(self.authority.client, OURS)
        if ours != mine:
            self.bus.renew(ours)
            log.info("our certificate was renewed until %s", ours.ends.date())
        if self.server is not None:
            theirs = await asyncio.to_thread(self.authority.server, SERVER, self.hosts)
            if [theirs] != others:
                self.server.reload()
                log.info("the certificate of the bus was renewed until %s", theirs.ends.date())
            others = [theirs]
        self.shown = (ours, *others)

    async def close(self) -> None:
        """Leave the bus, then stop the server."""
        await self.bus.close()
        if self.server is not None:
            await self.server.stop()


def subjects(
    clients: Sequence[Client], authority: PlantAuthority, shut_out: frozenset[str] = frozenset()
) -> tuple[Client, ...]:
    """The clients as their certificates name them now: one revoked before is somebody else."""
    return tuple(
        replace(one, subject=authority.subject(one.name), barred=one.name in shut_out)
        for one in clients
    )


def _inside(clients: Sequence[Client]) -> set[str]:
    return {one.name for one in clients if not one.barred}


def _told_of(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nobody else"


def _login(kept: Secret | None) -> Credentials | None:
    """What `kept` lets us show: a credentials file of NATS, else a token; LinkError if none."""
    if kept is None:
        return None
    told = kept.reveal()
    if kept.file and "BEGIN NATS USER JWT" in told:
        return Credentials(file=kept.file)
    return Credentials(token=told)


def _told(state: BusState, why: str) -> None:
    if why == "closed":  # by us, at the end
        return
    log.log(logging.INFO if state is BusState.UP else logging.WARNING, "bus is %s: %s", state, why)
