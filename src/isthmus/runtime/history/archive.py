"""Moves old days to the archive, in a thread of its own, so that a slow store holds up nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from isthmus.runtime.seal import whole

LOOK = 60.0


@runtime_checkable
class Archives(Protocol):
    """A historian that can move old days elsewhere."""

    def move_old(self, stop: Callable[[], bool] = ...) -> int:
        """Move old days until `stop`; how many went."""
        ...


async def archive_for_ever(historian: Archives, stop: Callable[[], bool]) -> None:
    """Move what is old enough now and then; stops between two days when `stop` says so."""
    while True:
        await asyncio.sleep(LOOK)
        await whole(lambda: historian.move_old(stop))
