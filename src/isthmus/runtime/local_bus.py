"""The bus of this installation: our own child with certificates of its own, or a cluster."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from isthmus.bus.client import Bus
from isthmus.bus.credentials import Credentials
from isthmus.bus.port import BusState, Publishing
from isthmus.bus.server import Server, ServerState
from isthmus.bus.settings import Client, ServerSettings
from isthmus.model.errors import IsthmusError
from isthmus.model.sample import Nanoseconds
from isthmus.model.secret import Secret
from isthmus.runtime.settings import MB, Settings
from isthmus.trust.pki.authority import Identity, PlantAuthority

log = logging.getLogger(__name__)

OURS = "isthmus"  # the common name of our own certificate
SERVER = "nats"
DAY = 86_400.0
BESIDE_STREAMS = 256 * MB  # buckets, and what the store needs to work


@dataclass(slots=True, eq=False)
class LocalBus:
    """A connection that may do everything, and the server behind it where it is our child."""

    bus: Bus
    server: Server | None
    authority: PlantAuthority
    hosts: Sequence[str]
    shown: tuple[Identity, ...]  # ours, and the server's where it is our child

    @classmethod
    async def open(
        cls,
        settings: Settings,
        name: str,
        *,
        clients: Sequence[Client] = (),
        hosts: Sequence[str] = (),
        edge_bytes: int = 0,
    ) -> Self:
        """The bus that `settings` ask for, connected.

        `clients` may connect besides us, with certificates of the plant's authority; `hosts` are
        names under which they reach the server; `edge_bytes` is what their streams may hold.
        Raises ConfigError, LinkError, AuthError or StorageError where it cannot run.
        """
        authority = authority_of(settings.folder, name)
        shown = [authority.client(OURS)]
        server = None
        if not settings.bus_url:
            shown.append(authority.server(SERVER, hosts))
            server = Server(
                ServerSettings(
                    settings.folder / settings.bus_path,
                    tls=shown[-1],
                    clients=(Client(OURS), *clients),
                    host=settings.bus_host,
                    port=settings.bus_port,
                    sync=settings.sync,
                    go_memory=settings.bus_memory,
                    max_file_store=settings.stream_bytes + edge_bytes + BESIDE_STREAMS,
                )
            )
            await server.start()
        try:
            url = server.url if server else settings.bus_url
            login = _login(settings.bus_login) if settings.bus_url else None
            bus = await Bus.connect(url, tls=shown[0], credentials=login, name=name, on_state=_told)
            return cls(bus, server, authority, tuple(hosts), tuple(shown))
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
        """Once a day renew what ends soon; a plant may run for years without a start."""
        while True:
            await asyncio.sleep(DAY)
            try:
                await self.renew()
            except (IsthmusError, OSError) as error:
                log.warning("renewing certificates: %s; tried again tomorrow", error)

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


def authority_of(folder: Path, name: str) -> PlantAuthority:
    """The authority of the installation whose data is in `folder`, made where there is none."""
    return PlantAuthority.open(folder / "pki", name, _wall)


def _login(kept: Secret | None) -> Credentials | None:
    """What `kept` lets us show: a credentials file of NATS, else a token; LinkError if none."""
    if kept is None:
        return None
    told = kept.reveal()
    if kept.file and "BEGIN NATS USER JWT" in told:
        return Credentials(file=kept.file)
    return Credentials(token=told)


def _wall() -> Nanoseconds:
    """Certificates live by the wall's clock, whatever the plant's does."""
    return Nanoseconds(time.time_ns())


def _told(state: BusState, why: str) -> None:
    if why == "closed":  # by us, at the end
        return
    log.log(logging.INFO if state is BusState.UP else logging.WARNING, "bus is %s: %s", state, why)
