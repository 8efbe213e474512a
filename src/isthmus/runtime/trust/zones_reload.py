"""The plant file's zones are read again on SIGHUP, while samples go on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING

from isthmus.model.errors import IsthmusError

if TYPE_CHECKING:
    from isthmus.runtime.app import App
    from isthmus.runtime.trust.zones import Zones

log = logging.getLogger(__name__)


async def follow(app: App, zones: Zones) -> None:
    """Read the zones again whenever SIGHUP says so; what is wrong in the file is told.

    In a terminal the signal means that its window is closed: there it ends the site, as ever.
    """
    asked = asyncio.Event()
    if not _from_a_terminal():
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    while True:
        await asked.wait()
        asked.clear()
        await reload(app, zones)


async def reload(app: App, zones: Zones) -> bool:
    """Let firewall, map and bus know the zones that the plant file has now; whether any changed."""
    file = app.settings.plant_file
    if file is None:
        return False
    try:
        changed = await asyncio.to_thread(zones.reload, file)
    except (IsthmusError, OSError) as error:
        log.error("reading zones again: %s; they stay as they were", error)  # noqa: TRY400
        return False
    if changed and app.local is not None:
        app.local.name(zones.clients())
    return changed


def _from_a_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # closed, or none
        return False
