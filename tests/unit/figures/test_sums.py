"""Days of 23 and 25 hours, sums over children, and stops that people corrected: all add up."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S, line_of, records, unit

from isthmus.insight.accounting.calendar import instant, local_day
from isthmus.insight.accounting.correction import Correction
from isthmus.model.plant import Calendar, Equipment, Level, Shift
from isthmus.model.reason import DEFAULT, Reasons
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.elements import elements
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.stops.book import Book

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = frozenset(range(7))
NIGHT = Calendar("night", (Shift("night", 22 * 60, 6 * 60, DAILY),))
DAYS = 140  # of which one has 23 hours
EVERY = np.arange(0, DAYS * 86_400, 600)
ROLES = ("state", "good_count", "scrap_count", "energy")


def rows(name, pace=1.0):
    """A unit that runs all the while, makes 6 pieces and uses 2 kWh in ten minutes."""
    steps = EVERY / 600
    return {
        f"{name}/state": (EVERY, EVERY * 0 + 6.0),
        f"{name}/good_count": (EVERY, np.floor(6 * pace * steps)),
        f"{name}/scrap_count": (EVERY, np.floor(steps / 3)),
        f"{name}/energy": (EVERY, 2 * pace * steps),
    }


def night_line():
    units = [replace(unit(name, *ROLES), calendar="night") for name in ("saw", "press", "packer")]
    line = line_of(*units, ideal_rate=0.01, calendar="night")
    told = rows("saw") | rows("press", 0.5) | rows("packer", 1.5)
    kept = records(line, told, end=DAYS * 24 * HOUR, calendar=NIGHT, timezone="Europe/Berlin")
    return line, kept


def test_days_on_which_clocks_change_have_23_and_25_hours_of_time_pieces_and_energy():
    """31 March 2024 lacks an hour of the night shift; its day before and after do not."""
    line, kept = night_line()
    day = next(
        each
        for each in windows(kept, line, "day", START, Nanoseconds(START + DAYS * 24 * HOUR))
        if each.name == "2024-03-31"
    )
    found = elements(kept, line, [day]).columns
    hours = {name: found[name][0] / 3600 for name in ("CAL", "POT", "PBT", "APT")}
    assert hours == {"CAL": 23, "POT": 7, "PBT": 7, "APT": 7}  # 0 to 6 is five hours long
    assert found["GQ"][0] + found["SQ"][0] == found["PQ"][0]
    assert found["EN"][0] == pytest.approx(23 * 12 * 3)  # of three units; 1 + 0.5 + 1.5
    autumn = Nanoseconds(instant(local_day(Nanoseconds(1_729_900_000 * S), BERLIN), 0, BERLIN))
    long = list(windows(kept, line, "day", autumn, Nanoseconds(autumn + 60 * HOUR)))
    assert [(each.end - each.start) / HOUR for each in long] == [24, 25, 24]


def test_sums_over_children_are_the_parent_in_time_pieces_and_energy():
    line, kept = night_line()
    week = Window("", START, Nanoseconds(START + 7 * 24 * HOUR))
    parts = [elements(kept, each, [week]).columns for each in line.children]
    whole = elements(kept, line, [week], every=True).columns
    alone = elements(kept, line, [week]).columns
    area = Equipment("packaging", Level.AREA, children=(line,))
    for name in ("CAL", "POT", "PBT", "APT", "PQ", "GQ", "SQ", "EN"):
        assert whole[name][0] == pytest.approx(sum(part[name][0] for part in parts)), name
        assert elements(kept, area, [week]).columns[name][0] == alone[name][0], name
    assert alone["EN"][0] == pytest.approx(whole["EN"][0])  # a line's energy is that of its units
    assert whole["PQ"][0] > parts[0]["PQ"][0] > 0


def test_corrections_move_time_between_elements_and_leave_its_sum(tmp_path):
    """However many people cut and name a stop, each moment counts once; an undo takes all back."""
    line = line_of(unit("saw", "state", "cause"))
    states = {"saw/state": ([0, 3600, 9000], [6, 11, 6]), "saw/cause": ([0], [0])}
    reasons = Reasons(DEFAULT)
    book = Book.open(tmp_path, reasons)
    kept = records(line, states, end=4 * HOUR, told=book.told)
    whole = Window("", START, Nanoseconds(START + 4 * HOUR))
    names = ("APT", "AUST", "STARVED", "BLOCKED", "MICRO", "ADOT", "NOT", "UNKNOWN", "PMT")

    def times():
        found = elements(kept, line, [whole]).columns
        spent = {name: found[name][0] for name in names if found[name][0]}
        pauses = found["CAL"][0] - sum(found[name][0] for name in names)
        return spent, pauses

    def say(start, end, reason):
        place = f"{LINE}/saw"
        bounds = START + start * S, START + end * S
        return book.correct(Correction(0, place, *bounds, reason, "anna", START)).number

    before = times()
    assert before == ({"APT": 9000, "ADOT": 5400}, 0)
    numbers = [say(3600, 5000, "changeover"), say(4000, 6000, "starved")]
    numbers += [say(8000, 12_000, "no_order"), say(0, 3700, "break")]  # what ran stays so
    assert times() == (
        {"APT": 9000, "AUST": 300, "STARVED": 2000, "ADOT": 2000, "NOT": 1000},
        100,
    )
    for number in numbers:
        book.undo(number, "anna", START)
    assert times() == before
