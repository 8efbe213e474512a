"""Makes what was read durable, and room in the streams for what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from isthmus.historian.lake import Lake
from isthmus.model.errors import IsthmusError
from isthmus.runtime.intake import RETRY, Intake

MAINTAIN_SEALS = 16
LOOK = 0.25


async def seal_for_ever(lake: Lake, intakes: Sequence[Intake], pressed: Callable[[], bool]) -> None:
    """Seal when it is due, tend the table now and then, and make room in the streams.

    `pressed` tells that a stream is full: then sealing does not wait until it is due.
    """
    seals = 0
    while True:
        await asyncio.sleep(LOOK)
        if not lake.due() and not pressed():
            continue
        try:
            sealed = await asyncio.to_thread(lake.seal)
            if sealed is None:
                await asyncio.sleep(RETRY if pressed() else 0)
                continue
            seals += 1
            for intake in intakes:
                await intake.make_room()
            if seals % MAINTAIN_SEALS == 0:
                await asyncio.to_thread(lake.maintain)
        except IsthmusError as error:  # a disk or a bus in trouble: told, tried again
            intakes[0].note(str(error))
            await asyncio.sleep(RETRY)
