"""What other processes may look up on the bus: the catalogue, and the last values of each link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from isthmus.bus import document, frame
from isthmus.model.errors import IsthmusError
from isthmus.runtime.subject import level

if TYPE_CHECKING:
    from isthmus.bus.port import Backbone
    from isthmus.runtime.app import App

EVERY = 2.0


async def share_for_ever(app: App, bus: Backbone) -> None:
    """Put the catalogue once and last values every two seconds, where they changed.

    Bucket `catalogue`, key `tags`; bucket `last`, one key a link, a frame of one row a tag.
    A bus that is away is no loss here: the next turn puts what is then true.
    """
    shared: dict[str, int] = {}
    named = False
    while True:
        try:
            if not named:
                keys = await bus.bucket("catalogue")
                await keys.put("tags", document.encode_catalogue(app.namespace.items()))
                named = True
            last = await bus.bucket("last")
            for name, link in app.links.items():
                rows = app.live.since(shared.get(name, 0), link.ids)
                if len(rows):
                    shared[name] = app.live.stamp
                    await last.put(level(name), frame.encode(app.live.last(link.ids)))
        except IsthmusError:
            named = False
        await asyncio.sleep(EVERY)
