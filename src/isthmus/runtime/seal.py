"""Makes what was read durable, and room in the streams for what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from isthmus.historian.port import Historian
from isthmus.model.errors import IsthmusError
from isthmus.runtime.intake import RETRY, Intake

MAINTAIN_SEALS = 16
LOOK = 0.25

T = TypeVar("T")


async def seal_for_ever(
    historian: Historian, intakes: Sequence[Intake], pressed: Callable[[], bool]
) -> None:
    """Seal when it is due, tend the table now and then, and make room in the streams.

    `pressed` tells that a stream is full: then sealing does not wait until it is due, and what is
    sealed leaves the streams at once.
    """
    seals = 0
    while True:
        await asyncio.sleep(LOOK)
        full = pressed()
        if not historian.due() and not full:
            continue
        try:
            sealed = await whole(historian.seal)
            if sealed is not None or full:
                for intake in intakes:
                    await intake.make_room(full=full)
            if sealed is None:
                if historian.stats().state == "full":  # there may be something that can go
                    await whole(historian.maintain)
                await asyncio.sleep(RETRY if full else 0)
                continue
            seals += 1
            if seals % MAINTAIN_SEALS == 1:  # soon after the start, then now and then
                await whole(historian.maintain)
        except IsthmusError as error:  # a disk or a bus in trouble: told, tried again
            intakes[0].note(str(error))
            await asyncio.sleep(RETRY)


async def whole(work: Callable[[], T]) -> T:
    """What `work` gives, done in a thread, and to its end even where we are cancelled meanwhile.

    A historian must not be closed under a thread that still writes to it.
    """
    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise
