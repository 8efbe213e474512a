"""What people say of stops: kept, recorded, and figures computed again from it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from isthmus.insight.accounting.correction import Correction
from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.plant import Equipment
from isthmus.model.record import Kind
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.derive.window import HOUR
from isthmus.runtime.stops.book import Sent
from isthmus.runtime.stops.found import Around, Found
from isthmus.runtime.stops.whole import Telling

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

SNAP = 10**6  # ns: times travel as milliseconds
SETTLE = 30.0  # s between looks at stops that went on when a reason was given
LONGEST_COMMENT = 1_000


def around(app: App) -> Around:
    """Where the stops of a running plant are looked for."""
    return Around(app.records, app.stops, app.historian)


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a stop by name, and what else is worth knowing."""

    reason: str
    comment: str = ""


async def correct(
    app: App, unit: Equipment, moment: int, why: Why, by: str, sent: Sent
) -> Correction:
    """Say why `unit` stood at `moment`; Refused where it did not, or there is no such reason."""
    known, reason = app.stops.again(sent, by), why.reason
    if known is not None:
        return known
    if app.plant.reasons.reason(reason) is None:
        names = ", ".join(each.name for each in app.plant.reasons)
        raise Refused(f"there is no reason `{reason}`", hint=f"known: {names}")
    found = await asyncio.to_thread(_at, app, unit, moment)
    before = app.plant.reasons.words.get(found.stop.cause, "") if found.stop.cause else ""
    said = Correction(
        *(0, unit.path, found.stop.start, found.stop.end, reason),
        *(by, app.now(), before, why.comment.strip()[:LONGEST_COMMENT]),
        going=found.going,
        alarm=found.alarm,
        state=found.stop.state,
    )
    text = f"said why {unit.path} stood: {reason}"
    return await _keep(app, said, text, sent, (found.stop.start, found.stop.end))


async def split(app: App, unit: Equipment, moment: int, by: str, sent: Sent) -> Correction:
    """Cut the stop of `unit` in two at `moment`, so that each part can have a reason."""
    known = app.stops.again(sent, by)
    if known is not None:
        return known
    found = await asyncio.to_thread(_at, app, unit, moment)
    if moment - found.stop.start < SNAP:
        raise Refused(
            "there is nothing before that moment to cut off", hint="name a moment inside the stop"
        )
    said = Correction(
        *(0, unit.path, moment, found.stop.end, "", by, app.now()), state=found.stop.state
    )
    text = f"cut a stop of {unit.path} in two"
    return await _keep(app, said, text, sent, (found.stop.start, found.stop.end))


async def undo(app: App, number: int, by: str, sent: Sent) -> Correction:
    """Take back what was said; what was told before holds again."""
    known = app.stops.again(sent, by)
    if known is not None:
        return known
    found = app.stops.find(number)
    if found is not None:
        await _compute_again(app, found)
    taken = await asyncio.to_thread(
        app.stops.undo, number, by, app.now(), sent, partial(_taken_back, app, by)
    )
    await _compute_again(app, taken)
    return taken


def _taken_back(app: App, by: str, taken: Correction) -> None:
    app.trust.ledger.record(
        Kind.ANNOTATION,
        by,
        f"took back a reason of {taken.unit}: {taken.reason or 'cut in two'}",
        about=taken.unit,
        facts={"correction": taken.number, "reason": taken.reason, "before": taken.before},
    )


async def settle(app: App) -> None:
    """Let each reason that was given while a stop went on hold up to the stop's end."""
    for said in app.stops.going():
        unit = app.plant.equipment(said.unit)
        if unit is None:
            continue
        span = Nanoseconds(said.start), app.now()
        found = await asyncio.to_thread(around(app).stops, unit, span)
        stop = next((each for each in found if each.stop.start == said.start), None)
        if stop is not None and (stop.going or _dark(app, unit, stop.stop.end)):
            continue
        end = said.end if stop is None else stop.stop.end
        await asyncio.to_thread(app.stops.end, said.number, end, app.now())
        await _compute_again(app, said)


async def settle_for_ever(app: App) -> None:
    """The same while the plant runs."""
    while True:
        await asyncio.sleep(SETTLE)
        try:
            await settle(app)
        except IsthmusError as error:
            log.warning("ending reasons of stops: %s; tried again", error)


def _dark(app: App, unit: Equipment, time: int) -> bool:
    """Whether nothing is known of `unit` since `time`: it may stand still."""
    return Telling(app.records, unit).silent(time, app.now())


def _at(app: App, unit: Equipment, moment: int) -> Found:
    """The stop of `unit` at `moment`."""
    span = Nanoseconds(moment - SNAP), Nanoseconds(moment + SNAP)
    found = [
        each
        for each in around(app).stops(unit, span)
        if each.stop.start - SNAP <= moment < each.stop.end
    ]
    if not found:
        raise Refused(
            f"{unit.path} did not stand then, in planned time, as far as is known",
            hint="list its stops; what runs or is not known takes no reason",
        )
    return found[-1]


async def _keep(
    app: App, said: Correction, text: str, sent: Sent, stop: tuple[int, int]
) -> Correction:
    """Keep a word; that its figures are to be computed again is remembered before, and done after.

    So nothing that holds is without a record or without its figures, whatever fails between.
    """
    await _compute_again(app, said)
    record = partial(_said, app, text, sent)
    kept = await asyncio.to_thread(app.stops.correct, said, sent, stop, record)
    await _compute_again(app, kept)
    return kept


def _said(app: App, text: str, sent: Sent, kept: Correction) -> None:
    app.trust.ledger.record(
        Kind.ANNOTATION,
        kept.by,
        text,
        about=kept.unit,
        facts={
            "correction": kept.number,
            "reason": kept.reason,
            "before": kept.before,
            "comment": kept.comment,
            "start": kept.start,
            "end": kept.end,
            **({"waited_s": round(sent.waited, 1)} if sent.waited else {}),
        },
    )


async def _compute_again(app: App, said: Correction) -> None:
    """Mark the windows that the correction touches, so that their figures are computed again."""
    dirt = app.deriver.dirt
    line = next((each for each in app.plant.lines() if said.unit.startswith(f"{each.path}/")), None)
    if line is None:
        return
    async with dirt.order:
        end = max(said.end, app.now()) if said.going else said.end
        dirt.add(line.path, said.start // HOUR * HOUR, min(end, dirt.until))
        await dirt.keep()
        dirt.woken.set()
