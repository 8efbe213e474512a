"""What operators of the demonstration did before it was started: said why it stood, saw alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle

import numpy as np

from isthmus.demo.history import Part
from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.insight.accounting.correction import Correction
from isthmus.insight.series import Series
from isthmus.model.plant import Equipment, Plant
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import Cause
from isthmus.runtime.alarm.hindsight import Seen
from isthmus.runtime.alarm.present import Alarm
from isthmus.runtime.figures.read import units
from isthmus.runtime.stops.book import Book

PEOPLE = ("person:anna", "person:ben", "person:chris")
LONG = 300 * 10**9  # ns from which on a stop waits for a reason
LATER = 120 * 10**9  # ns after its end in which it gets one
OPEN = 3  # of the long stops, the newest wait still
UNSEEN = 6  # of the alarms every so many nobody acknowledged
SHORT = 6  # of the short ones every so many got a word
WEEK = 7 * 86_400 * 10**9  # ns before the end of which nobody said anything

JAMS = {
    "filler": ("micro_stop/bottle", "micro_stop/bottle", "material/caps"),
    "capper": ("micro_stop/cap", "micro_stop/cap", "adjustment/torque"),
    "labeller": ("micro_stop/film", "material/film_reel", "adjustment/position"),
    "packer": ("micro_stop/carton", "material/cartons", "micro_stop/carton"),
    "palletiser": ("micro_stop/pallet", "material/pallets", "micro_stop/pallet"),
}
BROKE = ("breakdown/drive", "breakdown/sensor", "breakdown/valve", "breakdown/bearing")
COMMENTS = ("", "third time with this lot", "", "cleaned the chute", "", "told maintenance")


@dataclass(frozen=True, slots=True)
class Stood:
    """A stop by own fault; `told` is the word that the machine had for it."""

    unit: str
    start: int
    end: int
    state: int
    told: str

    def said(
        self, reason: str, by: str, after: int, comment: str = "", *, before: str
    ) -> Correction:
        """A word about it, `after` ns from its end."""
        return Correction(
            *(0, self.unit, self.start, self.end, reason, by, self.end + after, before, comment),
            state=self.state,
        )


def say(book: Book, plant: Plant, past: Sequence[Part]) -> int:
    """Write into `book` what was said of the stops of `past`; how many words.

    The newest long stops wait for a reason still. Every third word is mended by another person,
    every seventh taken back.
    """
    found = (each for line in plant.lines() for unit in units(line) for each in _stood(unit, past))
    stood = sorted(found, key=lambda each: each.end)
    stood = [each for each in stood if each.end > stood[-1].end - WEEK]
    long = [each for each in stood if each.end - each.start >= LONG]
    short = [each for each in stood if each.end - each.start < LONG][::SHORT]
    choices = {name: cycle(names) for name, names in JAMS.items()}
    broke, people, comments = cycle(BROKE), cycle(PEOPLE), cycle(COMMENTS)
    told = sorted((*long[:-OPEN], *short), key=lambda each: each.end)
    for place, each in enumerate(told, start=1):
        jams = choices.get(each.unit.rpartition("/")[2])
        reason = next(broke) if each.told == "breakdown" or jams is None else next(jams)
        by, comment = next(people), next(comments)
        if place % 3 == 0:
            book.correct(each.said("people", by, LATER // 2, before=each.told))
            book.correct(each.said(reason, next(people), LATER, comment, before="people"))
            continue
        said = book.correct(each.said(reason, by, LATER, comment, before=each.told))
        if place % 7 == 0:
            book.undo(said.number, next(people), each.end + 2 * LATER)
    return len(book.entries)


def _stood(unit: Equipment, past: Sequence[Part]) -> Iterator[Stood]:
    state, cause = unit.tag("state"), unit.tag("cause")
    if state is None or cause is None or not past:
        return
    accounts = Accounts.of(_series(past, state.path), _series(past, cause.path))
    for each in accounts.episodes()[1:-1]:
        if each.look is Look.STOP:
            broken = Cause.BREAKDOWN in accounts.cause[each.first : each.last]
            told = "breakdown" if broken else "micro_stop"
            yield Stood(unit.path, each.start, each.end, int(accounts.state[each.first]), told)


def _series(past: Sequence[Part], path: str) -> Series:
    """The values that `past` has of the tag at `path`."""
    times, values = [], []
    for paths, batch, _ in past:
        mine = batch.tag == paths.index(path)
        times.append(batch.time[mine])
        values.append(batch.value[mine])
    time = np.concatenate(times)
    end = Nanoseconds(max(int(batch.time.max()) for _, batch, _ in past if len(batch)))
    start = Nanoseconds(int(time[0])) if len(time) else end
    return Series(time, np.concatenate(values), start, end)


def seen() -> Seen:
    """Who acknowledges an alarm, and when: all but every sixth, within two minutes."""
    people, number = cycle(PEOPLE), count(1)

    def by(_alarm: Alarm, time: int) -> tuple[int, str] | None:
        place = next(number)
        late = (15 + 37 * place % 100) * 10**9
        return None if place % UNSEEN == 0 else (time + late, next(people))

    return by
