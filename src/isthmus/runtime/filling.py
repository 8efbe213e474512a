"""A past that is filled in while a site runs: the demonstration's, through the stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import numpy as np

from isthmus.bus import document, frame
from isthmus.demo.history import Part
from isthmus.model.sample import Batch
from isthmus.runtime.alarm.alarms import BY_ITSELF
from isthmus.runtime.alarm.hindsight import Hindsight, journal
from isthmus.runtime.alarm.journal import LINK
from isthmus.runtime.app import App
from isthmus.runtime.demonstrated import seen
from isthmus.runtime.late import PAST

log = logging.getLogger(__name__)

ROWS = 20_000
EVENTS = 1_000  # in one message
TAKEN = 120.0  # seconds in which what was sent becomes history

Progress = Callable[[str, float], None]


async def fill(app: App, past: Sequence[Part], show: Progress) -> int:
    """Send `past`, weeks first, then a time of every second; the number of samples.

    Alarms and rules, which `app.judging` holds back, begin when all of it is history: what
    happened then is in the journal as it was judged then, and nothing of it is news today; what
    it left unseen asks for somebody still, unless somebody has done something with it meanwhile.
    """
    try:
        sent, last = await _send(app, past, show)
        async with asyncio.timeout(TAKEN):
            while app.intakes[0].position < last:
                await asyncio.sleep(0.05)
    except TimeoutError:
        log.warning("after %g s the past is not history yet; alarms and rules begin", TAKEN)
    finally:
        app.judging.set()
    return sent


async def _send(app: App, past: Sequence[Part], show: Progress) -> tuple[int, int]:
    """How many samples were sent, and the number of the last message in the stream."""
    sent, subject = 0, app.subjects.frame(PAST)
    total = sum(len(batch) for _, batch, _ in past) or 1
    alarms, came = Hindsight(app.plant, app.namespace, seen()), []
    begins = min((int(batch.time.min()) for _, batch, _ in past[1:] if len(batch)), default=0)
    alarms.start(begins, Batch.empty())
    acks = []
    for paths, batch, events in past:
        ids = np.array([app.namespace.id(path) for path in paths], dtype=float)
        own = ids[batch.tag]
        known = ~np.isnan(own)
        rows = Batch(own.astype(np.int32), batch.time, batch.value, batch.quality).where(known)
        for start in range(0, len(rows), ROWS):
            part = rows.slice(start, start + ROWS)
            acks.append(await app.publisher.publish(subject, frame.encode(part)))
        if events:
            data = document.encode_events(events)
            acks.append(await app.publisher.publish(app.subjects.events(PAST), data))
        if (until := int(rows.time.max(initial=0))) > begins:
            came += alarms.more(rows, until)
        sent += len(rows)
        show("filling in the day before", sent / total)
    told = journal(came, by=BY_ITSELF)
    for start in range(0, len(told), EVENTS):
        data = document.encode_events(told[start : start + EVENTS])
        acks.append(await app.publisher.publish(app.subjects.events(LINK), data))
    normal = {each.alarm.path for each in app.alarms.present() if not each.since}
    app.alarms.go_on({path: row for path, row in alarms.columns().items() if path in normal})
    return sent, max([ack.seq for ack in await asyncio.gather(*acks)], default=0)
