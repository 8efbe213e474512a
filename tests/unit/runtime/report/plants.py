"""Lines whose shift can be computed by hand, and what a report asks beside their history."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from zlib import compress, crc32

import numpy as np
from tests.unit.figures.memory import (
    COUNTERS,
    HOUR,
    LINE,
    START,
    MemoryHistory,
    S,
    line_of,
    records,
    unit,
)

from isthmus.insight.accounting.correction import Correction
from isthmus.model.event import Event
from isthmus.model.plant import Calendar, Equipment, Level, Plant, Shift, Step
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Counter, Namespace, Tag
from isthmus.runtime.figures.read import Records
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.compose import compose
from isthmus.runtime.report.period import period_of
from isthmus.runtime.stops.book import Book
from isthmus.runtime.stops.found import Around


def png(wide=8, high=8):
    """A whole PNG of one colour."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc32(kind + body))

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    rows = b"".join(b"\x00" + b"\x7a\x1f\x2b" * wide for _ in range(high))
    body = chunk(b"IHDR", head) + chunk(b"IDAT", compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


SHIFTS = Calendar("two", (Shift("early", 0, 480, frozenset(range(7))),))
ROLES = ("state", "cause", "good_count", "scrap_count", "energy")
EVERY = [*range(0, 28_800, 100), 28_799]
ROWS = {  # 8 h: 30 min down from 7,200 s on, 0.8 pc/s counted, 40 scrap, 80 kWh
    "filler/state": ([0, 7_200, 9_000], [6.0, 9.0, 6.0]),
    "filler/cause": ([0], [0.0]),
    "filler/good_count": (EVERY, [at * 0.8 for at in EVERY]),
    "filler/scrap_count": ([0, 28_799], [0.0, 40.0]),
    "filler/energy": (EVERY, [100 + at / 359.9875 for at in EVERY]),
}


@dataclass
class Told(MemoryHistory):
    """The same with events."""

    rows: dict
    happened: list[Event] = field(default_factory=list)

    def events(self, start, end, *, kinds=(), path=None, limit=10_000):
        return [
            each
            for each in self.happened
            if start <= each.time < end
            and (not kinds or each.kind in kinds)
            and (path is None or f"{each.path}/".startswith(f"{path}/"))
        ][-limit:]


def one_line(rows=None, *, hours=8, title="", **more):
    """A line of one filler, and its records."""
    line = replace(line_of(unit("filler", *ROLES), calendar="two"), title=title)
    return line, records(
        line, ROWS if rows is None else rows, end=hours * HOUR, calendar=SHIFTS, **more
    )


def two_lines(many=2):
    """A plant of an area with `many` lines; line n made n times as much scrap as the first."""
    lines, held, namespace = [], {}, Namespace()
    for place in range(1, many + 1):
        path = f"packaging/line{place}"
        tags = tuple(
            Tag(
                f"{path}/filler/{role}",
                counter=Counter(resets=True) if role in COUNTERS else None,
            )
            for role in ROLES
        )
        filler = Equipment(f"{path}/filler", Level.WORK_UNIT, tags=tags)
        lines.append(
            Equipment(
                path,
                Level.WORK_CENTER,
                children=(filler,),
                flow=(Step(filler.path),),
                ideal_rate=1.0,
                calendar="two",
            )
        )
    areas = (Equipment("packaging", Level.AREA, children=tuple(lines)),)
    plant = Plant("acme", "riverside", areas=areas, calendars={"two": SHIFTS})
    for tag in plant.tags():
        namespace.bind(tag)
        seconds, values = ROWS["/".join(tag.path.split("/")[-2:])]
        number, factor = namespace.id(tag.path), 1.0
        if tag.path.endswith("scrap_count"):
            factor = float(tag.path.split("/")[1][-1])
        times = START + np.asarray(seconds, np.int64) * S
        ids = np.full(len(times), number, np.int32)
        held[number] = Batch.of(ids, times, factor * np.asarray(values, float))
    known = Records(plant, namespace, Told(held), lambda: Nanoseconds(START + 8 * HOUR))
    return plant, known


def beside(known, folder, said=(), happened=(), **more):
    """What is told beside history: corrections, events, notes."""
    history = Told(known.historian.rows, list(happened))
    book = Book.open(folder, Reasons(DEFAULT))
    for each in said:
        book.correct(each)
    known = replace(known, historian=history, told=book.told, texts=history.events)
    return known, Beside(Around(known, book, history), history, **more)


def because(start, end, reason, comment=""):
    """A person said why the filler stood, seconds of the shift."""
    return Correction(
        *(0, f"{LINE}/filler", START + start * S, START + end * S, reason, "person:anna", 0),
        comment=comment,
    )


def made(place, known, besides, kind="shift", at=2 * HOUR):
    """The report of a place."""
    window = period_of(known, place, kind, Nanoseconds(START + at))
    return compose(known, place, kind, window, besides)


def table(report, title):
    """A table by its title."""
    return next(each for each in report.tables if each.title == title)


def value(report, title):
    """The value of a key figure."""
    return next(each.value for each in report.figures if each.title == title)
