"""Connections that show the plant's certificate to their device: `identity: plant`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from isthmus.model.errors import IsthmusError
from isthmus.model.plant import Connection
from isthmus.model.ports import SourceConfig
from isthmus.runtime.subject import level
from isthmus.runtime.trust.certificates import Certificates
from isthmus.trust.pki.files import write_private, write_public

log = logging.getLogger(__name__)

LOOK = 60.0


def borrowers(connections: Mapping[str, Connection]) -> list[SourceConfig]:
    """The settings of those that show the plant's certificate."""
    asks = (link.config for link in connections.values())
    return [config for config in asks if getattr(config, "identity", "") == "plant"]


def lend(certificate: Path, key: Path, state: Path) -> None:
    """Lay the certificate and its key where the connection whose folder is `state` looks."""
    state.mkdir(parents=True, exist_ok=True)
    shown, secret = state / "plant.crt", state / "plant.key"
    with suppress(OSError):
        same = shown.read_bytes() == certificate.read_bytes()
        if same and secret.read_bytes() == key.read_bytes():
            return
    write_private(secret, key.read_bytes())
    write_public(shown, certificate.read_bytes())


def lend_all(papers: Certificates) -> None:
    """Give each connection of the site that asks a certificate `link.NAME`, renewed where due."""
    for config in borrowers(papers.plant.run_by()) if papers.plant else ():
        made = papers.authority.client(f"link.{level(config.name).replace('%', '.')}"[:63])
        lend(made.certificate, made.key, papers.folder / "links" / level(config.name))


def lend_of_edge(
    connections: Mapping[str, Connection], certificate: Path, key: Path, links: Path
) -> None:
    """Give each connection of an edge that asks the edge's own certificate."""
    for config in borrowers(connections):
        lend(certificate, key, links / level(config.name))


async def lend_for_ever(papers: Certificates) -> None:
    """Renew what is lent; a connection shows it the next time that it connects."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            await asyncio.to_thread(lend_all, papers)
        except (IsthmusError, OSError) as error:
            log.warning("renewing certificates of connections: %s; tried again", error)
