"""What the page Energy is told of the day ahead: no total of a day that is known in part."""

from types import SimpleNamespace

import numpy as np
from tests.unit.figures.memory import HOUR, line_of, records, unit

from isthmus.web.energy_forecast import foreseen

SECONDS = np.arange(0, 14 * 86_400, 900)
BAD = 0x8000_0000


def told(known):
    """Of a line that draws 8 kW, in the hours that are `known` of each day."""
    quality = np.where(known(SECONDS / 3600 % 24), 0, BAD).astype(np.uint32)
    line = line_of(unit("filler", "power"))
    rows = {"filler/power": (SECONDS, np.full(len(SECONDS), 8.0), quality)}
    made = records(line, rows, end=14 * 24 * HOUR)
    return foreseen(SimpleNamespace(records=made, plant=made.plant, now=made.now), line)


def test_a_day_known_in_part_has_no_totals_and_says_why():
    found = told(lambda hour: (hour >= 6) & (hour < 22))
    assert found.kw.count(None) == 32
    assert set(found.kw) == {None, 8.0}
    assert (found.kwh, found.money, found.co2_kg) == (None, None, None)
    assert (found.peak_kw, found.peak_at) == (None, None)
    assert "32 of the 96 quarter hours are not known" in found.notes[0]


def test_a_day_known_as_a_whole_has_them():
    found = told(lambda hour: hour >= 0)
    assert (found.kwh, found.peak_kw) == (8 * 24, 8.0)
    assert not any("not known" in note for note in found.notes)
