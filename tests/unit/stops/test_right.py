"""How often the reason that is told for a stop is the one it had, on a line that says little.

The machines tell states and codes of faults, no causes; of two days people said why of some
stops. ISTHMUS_TRUTH_DAYS says how many days, ISTHMUS_TRUTH_SEED which; `--log-cli-level=INFO`
shows the shares.
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_left
from dataclasses import replace

import numpy as np
from tests.unit.figures.memory import LINE, START, S, line_of, records, unit
from tests.unit.stops import troubled

from isthmus.insight.accounting.correction import Correction
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.sample import Nanoseconds
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.stops.book import Book
from isthmus.runtime.stops.found import Around

DAYS = int(os.environ.get("ISTHMUS_TRUTH_DAYS", "4"))
LEARNED = 2  # days in which people said why
SAID, MISTAKEN = 0.6, 0.05  # of long own stops people explain, and wrongly
SAID_FROM = 60.0  # s
SEED = int(os.environ.get("ISTHMUS_TRUTH_SEED", "1"))
SAY = logging.getLogger(__name__)
REASONS = Reasons(DEFAULT)


class Events:
    """Events of a line, as a historian answers for them."""

    def __init__(self, every):
        self._every = {}
        for event in sorted(every, key=lambda event: event.time):
            self._every.setdefault(event.path, []).append(event)

    def events(self, start, end, *, kinds=(), path=None, limit=10_000):
        found = []
        for place, some in self._every.items():
            if place.startswith(f"{path}/"):
                first, last = (
                    bisect_left(some, at, key=lambda event: event.time) for at in (start, end)
                )
                found += [each for each in some[first:last] if each.kind in kinds]
        return sorted(found, key=lambda event: event.time)[-limit:]


def plant(machines, days, folder, seed):
    """The line, and where its stops are looked for."""
    chance = np.random.default_rng(seed)
    made = [unit(name, "state") for name in troubled.UNITS]
    product = Tag(f"{made[0].path}/product", kind=Kind.TEXT)
    made[0] = replace(made[0], tags=(*made[0].tags, product))
    line = line_of(*made)
    rows = {
        f"{name}/state": troubled.states(machine, days, chance)
        for name, machine in machines.items()
    }
    end = days * 86_400
    events = troubled.products(made[0].path, machines["saw"], START)
    for name, machine in machines.items():
        events += troubled.alarms(f"{LINE}/{name}", machine, START, chance, end)
    kept = records(line, rows, end=end * S)
    book = Book.open(folder, REASONS)
    return line, Around(replace(kept, told=book.told), book, Events(events))


def seconds(stop):
    return (stop.start - START) / S, (stop.end - START) / S


def learn(line, around, machines, seed):
    """What people say of the first days: most long stops of a machine's own, now and then wrong."""
    chance = np.random.default_rng(seed)
    names = [trouble.reason for trouble in troubled.TROUBLES]
    for found in around.stops(line, (START, Nanoseconds(START + LEARNED * 86_400 * S))):
        start, end = seconds(found.stop)
        why = machines[found.unit.name].why(start, end)
        if why not in names or end - start < SAID_FROM or chance.random() > SAID:
            continue
        said = str(chance.choice(names)) if chance.random() < MISTAKEN else why
        stop = found.stop
        around.book.correct(
            Correction(
                *(0, found.unit.path, stop.start, stop.end, said, "anna", stop.end),
                alarm=found.alarm,
                state=stop.state,
            )
        )


def judged(line, around, machines, days):
    """The stops of the days after: what each was, what was suggested, how long it took."""
    rows = []
    for day in range(LEARNED, days):
        span = tuple(Nanoseconds(START + each * 86_400 * S) for each in (day, day + 1))
        for found in around.stops(line, span):
            start, end = seconds(found.stop)
            if found.stop.start < span[0]:
                continue
            why = machines[found.unit.name].why(start, end)
            told = found.suggestion.reason if found.suggestion else ""
            rows.append((why, told, found.stop.seconds))
    return rows


def share(rows, level=lambda name: name.partition("/")[0]):
    """How many of the stops, and how much of their time, got the right first word of a reason."""
    right = [level(why) == level(told) for why, told, _ in rows]
    lasted = np.array([each for _, _, each in rows])
    return np.mean(right), (lasted * right).sum() / lasted.sum()


def test_the_reason_is_right_for_nine_stops_of_ten(tmp_path):
    """By number and by time: of what a machine stood for itself, and of what it waited for.

    Waits shorter than a piece takes are pace, and count by their time alone.
    """
    machines = troubled.simulated(DAYS, SEED)
    line, around = plant(machines, DAYS, tmp_path, SEED)
    learn(line, around, machines, SEED)
    rows = judged(line, around, machines, DAYS)
    waits = [row for row in rows if row[0] in ("starved", "blocked")]
    own = [row for row in rows if row[0] not in ("starved", "blocked", "")]
    assert {row[0] for row in own} == {*(each.reason for each in troubled.TROUBLES), "changeover"}
    long = [row for row in waits if row[2] >= troubled.IDEAL]
    for name, some in (("own stops", own), ("long waits", long), ("all waits", waits)):
        whole = share(some, level=str)
        text = "%s: %d, right %.3f by number, %.3f by time; to the last word %.3f, %.3f"
        SAY.info(text, name, len(some), *share(some), *whole)
    assert min(share(own)) >= 0.9
    assert min(share(long)) >= 0.9
    assert share(waits)[1] >= 0.9
