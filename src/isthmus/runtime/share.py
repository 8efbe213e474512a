"""What other processes may look up on the bus: the catalogue, and the last values of each link."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from isthmus.bus import document, frame
from isthmus.model.errors import IsthmusError
from isthmus.runtime.subject import level

if TYPE_CHECKING:
    from isthmus.bus.port import Backbone, Keys
    from isthmus.runtime.app import App

EVERY = 2.0
AGAIN = 60.0  # until names are told again to readers, who hear and cannot look up
TAGS = 5_000


async def share_for_ever(app: App, bus: Backbone) -> None:
    """Put the catalogue once and last values every two seconds, where they changed.

    Bucket `catalogue`, keys `tags`, `tags.1`, ... of 5,000 tags each; bucket `last`, one key a
    link (`name`, `name.1`, ... where it has very many tags), a frame of one row a tag.
    Where readers of other zones hear it, the catalogue comes again each minute.
    A bus that is away is no loss here: the next turn puts what is then true.
    """
    shared: dict[str, int] = {}
    named, since = 0, 0.0
    while True:
        try:
            late = bool(app.trust.zones.plant.readers) and time.monotonic() - since > AGAIN
            if named < len(app.namespace) or late:
                await _names(app, await bus.bucket("catalogue"))
                named, since = len(app.namespace), time.monotonic()
            last = await bus.bucket("last")
            for name, link in app.links.items():
                if not len(app.live.since(shared.get(name, 0), link.ids)):
                    continue
                shared[name] = app.live.stamp
                for number, part in enumerate(frame.slices(app.live.last(link.ids))):
                    key = f"{level(name)}.{number}" if number else level(name)
                    await last.put(key, frame.encode(part))
        except IsthmusError:
            named = 0
        await asyncio.sleep(EVERY)


async def _names(app: App, keys: Keys) -> None:
    tags = list(app.namespace.items())
    for number, start in enumerate(range(0, len(tags), TAGS)):
        key = f"tags.{number}" if number else "tags"
        await keys.put(key, document.encode_catalogue(tags[start : start + TAGS]))
