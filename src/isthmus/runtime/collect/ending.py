"""Ending tasks for sure, also those that lose a cancellation on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN = 12.0  # seconds after which it is asked again: a link that closes takes 10 at most


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` and wait until they have ended, whatever they end with.

    On Python 3.11 `asyncio.wait_for` loses a cancellation where its answer comes at that very
    moment, and libraries of devices use it: such a task goes on, and is cancelled again.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)
