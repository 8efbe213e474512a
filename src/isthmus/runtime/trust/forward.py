"""Records sent to a collector of syslog while the site runs, in order, from where it left off."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isthmus.model.errors import IsthmusError, StorageError
from isthmus.model.record import Kind
from isthmus.runtime.trust.record import sender
from isthmus.trust.ledger.export import FORMATS, Sender
from isthmus.trust.ledger.follow import Place, follow
from isthmus.trust.ledger.ledger import OURS, Ledger
from isthmus.trust.ledger.send import Collector
from isthmus.trust.pki.files import write_private

log = logging.getLogger(__name__)

FILE = "trust/forward.json"  # of the data folder: how far each collector has them
BATCH = 500  # records at once
LOOK = 1.0  # seconds until new records are sent
LONGEST = 60.0  # seconds between two tries
PLACES = 10  # collectors whose places are kept


@dataclass(slots=True)
class Forward:
    """What goes to one collector, how far, and what is wrong with it."""

    ledger: Ledger
    file: Path
    to: str
    form: str
    ca: Path | None
    who: Sender
    place: Place = field(default_factory=Place)
    sent: int = 0  # since the start
    missed: int = 0  # removed or damaged before they were sent, since the start
    trouble: str = ""
    since: float = 0.0  # of the trouble, wall
    _collector: Collector | None = None

    @classmethod
    def open(
        cls, ledger: Ledger, folder: Path, said: Mapping[str, object], plant: str
    ) -> Forward | None:
        """What the section `ledger` asks to be sent; None where it asks nothing."""
        wish = said.get("send")
        if not isinstance(wish, Mapping) or not wish.get("to"):
            return None
        ca = str(wish.get("ca") or "")
        made = cls(
            *(ledger, folder / FILE, str(wish["to"]), str(wish.get("format") or "syslog")),
            *(folder / ca if ca else None, sender(plant)),
        )
        known = made._places().get(made.to)
        if known is None:
            text = f"records are sent to {made.to} from now on"
            ledger.record(Kind.LEDGER, OURS, text, about=made.to, facts={"format": made.form})
        made.place = known or Place()
        return made

    @property
    def waiting(self) -> int:
        """How many records the collector does not have yet."""
        return max(0, self.ledger.count - self.place.number)

    async def run(self) -> None:
        """Send what is new, for ever; after trouble again, later and later up to a minute."""
        pause = LOOK
        while True:
            try:
                more = await asyncio.to_thread(self.step)
            except IsthmusError as error:
                if not self.trouble:
                    log.warning("%s; records wait, and it is tried again", error)
                    self.since = time.time()
                self.trouble = str(error)
                pause = min(LONGEST, 2 * pause)
            else:
                if self.trouble:
                    log.info("records reach %s again", self.to)
                self.trouble, pause = "", LOOK
                if more:
                    continue
            await asyncio.sleep(pause)

    def step(self) -> bool:
        """Send a batch; whether it was full. LinkError where the collector takes none."""
        found = follow(self.ledger.folder, self.place, self.ledger.durable)
        steps = list(itertools.islice(found, BATCH))
        if not steps:
            return False
        if self._collector is None:
            self._collector = Collector(self.to, self.ca)
        self._collector.send([FORMATS[self.form](step.entry, self.who) for step in steps])
        self.place = steps[-1].place
        self.sent += len(steps)
        self.missed += sum(step.missed for step in steps)
        self._keep()
        return len(steps) == BATCH

    def close(self) -> None:
        """Hang up."""
        if self._collector is not None:
            self._collector.close()

    def _places(self) -> dict[str, Place]:
        try:
            held = json.loads(self.file.read_text("utf-8"))
            return {str(to): Place(**place) for to, place in held.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning(
                "reading %s: %s; all records that are kept are sent again", self.file, error
            )
            return {}

    def _keep(self) -> None:
        places = {to: place for to, place in self._places().items() if to != self.to}
        places = dict([*places.items()][1 - PLACES :]) | {self.to: self.place}
        told = {to: asdict(place) for to, place in places.items()}
        try:
            write_private(self.file, json.dumps(told, indent=1).encode())
        except OSError as error:
            raise StorageError(
                f"writing {self.file}: {error}", hint="free space on the disk"
            ) from error


async def forward(sending: Forward) -> None:
    """Send until cancelled; what came last is sent after the next start."""
    try:
        await sending.run()
    finally:
        sending.close()
