"""What a running plant knows of identity, rights, permits, certificates and zones."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from isthmus.model.plant import Plant
from isthmus.model.plantfile_sign_in import SignInEntry
from isthmus.model.sample import Clock
from isthmus.runtime.edge.renewal import Signing
from isthmus.runtime.stops.say import settle_for_ever
from isthmus.runtime.supply.apply import note_configuration
from isthmus.runtime.trust.certificates import Certificates
from isthmus.runtime.trust.forward import Forward, forward
from isthmus.runtime.trust.guard import Guard
from isthmus.runtime.trust.guarded import guard_of
from isthmus.runtime.trust.lend import borrowers, lend_all, lend_for_ever
from isthmus.runtime.trust.people import never_locks, open_identity, sign_in_settings
from isthmus.runtime.trust.record import keep_signed, open_ledger
from isthmus.runtime.trust.rights import Rights
from isthmus.runtime.trust.shown import look_for_ever
from isthmus.runtime.trust.wire import Wire, wires
from isthmus.runtime.trust.zones import Zones
from isthmus.runtime.trust.zones_reload import follow
from isthmus.trust.identity.identity import Identity
from isthmus.trust.ledger.ledger import Ledger

if TYPE_CHECKING:
    from isthmus.runtime.app import App


@dataclass(slots=True)
class Trust:
    """The parts of trust, opened in the order in which they need each other."""

    plant: Plant
    folder: Path
    now: Clock
    ledger: Ledger
    zones: Zones
    certificates: Certificates
    sign_in: SignInEntry
    identity: Identity
    rights: Rights
    guard: Guard | None = None  # once the plant runs
    forward: Forward | None = None  # once the plant runs, where records are sent

    @classmethod
    def open(cls, plant: Plant, folder: Path, now: Clock) -> Self:
        """The parts whose files are below `folder`; StorageError where one is damaged."""
        ledger = open_ledger(folder, plant.ledger, now)
        certificates = Certificates(plant, folder, ledger)
        lend_all(certificates)
        sign_in = sign_in_settings(plant)
        identity = open_identity(folder, ledger, sign_in)
        rights = Rights.open(plant, folder, ledger, identity.principals)
        identity.sessions.displays = lambda one: never_locks(one, sign_in, identity, rights.policy)
        return cls(
            plant,
            folder,
            now,
            ledger,
            Zones.open(plant, folder, ledger),
            certificates,
            sign_in,
            identity,
            rights,
        )

    def work(self, app: App) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """What goes on while the plant runs, each with its name; the caller starts and ends it."""
        self.guard = guard_of(app, self)
        yield "ledger", keep_signed(self.ledger, app)
        root = f"{self.plant.enterprise}/{self.plant.site}"
        self.forward = Forward.open(self.ledger, self.folder, self.plant.ledger, root)
        if self.forward is not None:
            yield "records for the collector", forward(self.forward)
        if borrowers(self.plant.run_by()):
            yield "certificates of connections", lend_for_ever(self.certificates)
        yield "certificates on wires", look_for_ever(self.certificates.shown, lambda: _wires(app))
        yield "edges' certificates", Signing(app, self.certificates).run()
        yield "configuration", note_configuration(app)
        yield "policy", self.rights.keep()
        yield "zones of the plant file", follow(app, self.zones)
        yield "reasons of stops", settle_for_ever(app)
        yield "sessions", self.identity.keep_for_ever()

    def close(self) -> None:
        """Close the files."""
        self.rights.close()
        self.identity.flush()
        self.ledger.close()


def _wires(app: App) -> list[Wire]:
    """The wires of a running site, those on which it listens itself as well."""
    server = app.local.server if app.local else None
    return wires(app.plant, app.settings.folder, server.url if server else "")
