"""An edge's certificate, renewed over its uplink: asked for, signed by the site, tried, shown.

The edge's key never leaves it. Request and answer lie in the edge's own bucket at the site, which
no other edge can read or write. The old certificate is shown until the new one has been let in, and
a connection that is open stays so: nothing that waits for the site is touched.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.bus.client import Bus
from isthmus.bus.edge import EdgeAccess
from isthmus.bus.port import Keys, TlsFiles
from isthmus.model.errors import IsthmusError, LinkError, Refused
from isthmus.runtime.edge.identity import CarriedIdentity, newest
from isthmus.trust.pki.asked import Asking
from isthmus.trust.pki.files import write_public

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.trust.certificates import Certificates

log = logging.getLogger(__name__)

REQUEST, ANSWER = "certificate-request", "certificate"  # keys in an edge's bucket
FOLDER = "identity"  # of an edge's data folder: what was renewed
LOOK, SOON, OFTEN = 60.0, 2.0, 0.5  # seconds
PATIENCE = 60.0
MOST = 16_384  # bytes of a request
APART = 300.0  # seconds between two certificates of one edge


@dataclass(slots=True)
class Renewal:
    """Keeps the identity of an edge; `run` in a task."""

    access: EdgeAccess
    site: Bus
    identity: CarriedIdentity
    folder: Path  # where a renewed one is kept
    url: str
    carried: Path
    on_change: Callable[[CarriedIdentity], None]  # told of each that is shown
    renewed: int = 0

    async def run(self) -> None:
        """Take what is newer in the folders, ask the site when it is due; for ever."""
        wait = SOON
        while True:
            await asyncio.sleep(wait)
            wait = max(OFTEN, min(LOOK, self.identity.left / 50))
            try:
                await self.look()
            except (IsthmusError, OSError, ValueError) as error:
                log.warning("renewing our certificate: %s; the one of before is shown", error)

    async def look(self) -> None:
        """Show the newest identity, renewed first where that is due."""
        name = self.access.name
        found = await asyncio.to_thread(self._newest)
        if found.shown != self.identity.shown:  # a person carried another one here
            self._show(found)
        if self.identity.due:
            asking = Asking.of(self.access.identity, self.identity.shown.subject)
            chain, ca = await self._ask(asking.text)
            draft = self.folder / "draft"
            draft.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_public(draft / "ca.crt", ca)
            asking.keep(draft, name, chain, draft / "ca.crt")
            await self._try(CarriedIdentity.of(draft, name))
            asking.keep(self.folder, name, chain, draft / "ca.crt")
            shutil.rmtree(draft)
            self._show(CarriedIdentity.of(self.folder, name))
            self.renewed += 1
            log.info("our certificate was renewed for %.1f days", self.identity.left / 86_400)

    def _newest(self) -> CarriedIdentity:
        with suppress(IsthmusError):
            return newest(
                CarriedIdentity.of(self.carried, self.access.name), self.folder, self.access.name
            )
        return self.identity

    def _show(self, identity: CarriedIdentity) -> None:
        self.site.renew(identity)
        self.identity = identity
        self.on_change(identity)

    async def _ask(self, request: str) -> tuple[bytes, bytes]:
        """What the site signed, and its authority; LinkError where it says nothing in time."""
        keys = await self.site.bucket(self.access.bucket)
        await keys.put(REQUEST, request.encode("ascii"))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            entry = await keys.get(ANSWER)
            told = json.loads(entry.value) if entry and entry.value else {}
            if told.get("request") == _digest(request.encode("ascii")):
                if "error" in told:
                    raise Refused(f"the site signs nothing for us: {told['error']}")
                return str(told["chain"]).encode("ascii"), str(told["ca"]).encode("ascii")
            await asyncio.sleep(OFTEN)
        raise LinkError("the site does not answer", hint="is it of the same version?")

    async def _try(self, identity: TlsFiles) -> None:
        """Raise where the site does not let `identity` in."""
        probe = await Bus.connect(
            self.url, tls=identity, name=f"{self.access.name} renewed", inbox=self.access.inbox
        )
        try:
            await probe.info(self.access.stream)
        finally:
            await probe.close()


@dataclass(slots=True)
class Signing:
    """The site's side: answers what its edges ask for; `run` in a task."""

    app: App
    certificates: Certificates
    clock: Callable[[], float] = time.monotonic
    _signed: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look into each edge's bucket, for ever."""
        while True:
            await asyncio.sleep(OFTEN * 2)
            for view in self.app.edges.values():
                if self.app.local is None:
                    break
                try:
                    keys = await self.app.local.bus.bucket(view.access.bucket)
                    await self.answer(view.access, keys)
                except (IsthmusError, OSError, ValueError) as error:
                    log.warning("signing for %s: %s", view.edge.name, error)

    async def answer(self, access: EdgeAccess, keys: Keys) -> None:
        """Sign what `access` asks for and was not answered, at most once in five minutes."""
        entry = await keys.get(REQUEST)
        if entry is None or not entry.value or len(entry.value) > MOST:
            return
        digest = _digest(entry.value)
        before = await keys.get(ANSWER)
        if before and before.value and json.loads(before.value).get("request") == digest:
            return
        apart = min(APART, self.certificates.authority.terms.carried * 86_400 / 10)
        if self.clock() - self._signed.get(access.name, -apart) < apart:
            return
        told = {"request": digest}
        try:
            chain = await asyncio.to_thread(
                self.certificates.renew_edge, access.name, access.identity, entry.value
            )
            told["chain"] = chain.decode("ascii")
            told["ca"] = self.certificates.authority.ca.read_text("ascii")
        except Refused as error:
            told["error"] = str(error)
        self._signed[access.name] = self.clock()
        await keys.put(ANSWER, json.dumps(told).encode("ascii"))


def _digest(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()
