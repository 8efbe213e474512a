"""Closed shifts of a line as elements, and which of them a goal looks at."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from isthmus.insight.scorecard.measure import MEASURES, added
from isthmus.model.errors import StorageError
from isthmus.model.kpi import KpiResult
from isthmus.model.plant import Calendar, Equipment, Level, Shift
from isthmus.model.sample import Nanoseconds
from isthmus.model.scorecard import Period
from isthmus.runtime.scorecard.board import DAY, known, within
from isthmus.runtime.scorecard.elements import Stretch, stretches
from isthmus.runtime.scorecard.looks import SITE, Looks

HOUR = 3_600 * 10**9
START = 1_790_000_000 * 10**9 // DAY * DAY
LINE = Equipment("hall/line1", Level.WORK_CENTER, ideal_rate=2.0)
SHIFTS = Calendar("two", (Shift("early", 0, 720, frozenset(range(7))),))
UTC = ZoneInfo("UTC")


class Table:
    """The table of derived values, from memory."""

    def __init__(self, rows):
        self.rows = rows

    def kpis(self, start, end, *, names=(), path=None, period="", versions=False, limit=0):
        return [
            row
            for row in self.rows
            if start <= row.start < end and row.period == period and row.kpi in names
        ]


def row(kpi, value, at, hours=8, path="hall/line1", period="shift", shift="early"):
    start = Nanoseconds(START + at * HOUR)
    return KpiResult(path, kpi, period, start, Nanoseconds(start + hours * HOUR), value, "", shift)


def read(rows, calendar=SHIFTS):
    return stretches(
        *(Table(rows), LINE, calendar, UTC), Nanoseconds(START), Nanoseconds(START + 9 * DAY)
    )


def test_each_shift_is_a_stretch_of_its_own():
    rows = [row("planned_busy", 100.0, 0), row("planned_busy", 200.0, 24), row("good", 7.0, 24)]
    first, second = read(rows)
    assert (first.name, first.end - first.start) == ("early", 8 * HOUR)
    assert first.sums["planned_busy"] == 100
    assert second.sums | {} == {"item_seconds": 0.5, "planned_busy": 200, "good": 7}


def test_without_a_calendar_hours_are_joined_to_local_days():
    rows = [row("planned_busy", 10.0, at, 1, period="hour", shift="") for at in (22, 23, 24)]
    assert [each.sums["planned_busy"] for each in read(rows, None)] == [20, 10]


def test_until_a_shift_has_closed_its_hours_stand_for_it():
    rows = [row("planned_busy", 10.0, at, 1, period="hour", shift="") for at in (1, 2)]
    assert [each.sums["planned_busy"] for each in read(rows)] == [20]
    rows.append(row("planned_busy", 100.0, 0))
    assert [each.sums["planned_busy"] for each in read(rows)] == [100]


def test_units_tell_how_much_is_known():
    rows = [
        row(kpi, value, 0, path=f"hall/line1/{unit}")
        for unit in ("filler", "packer")
        for kpi, value in (("planned_busy", 100.0), ("unknown", 5.0))
    ]
    (found,) = read(rows)
    assert MEASURES["data_availability"].of(found.sums) == pytest.approx(95.0)


def test_energy_goes_with_the_pieces_of_the_same_shifts_alone():
    rows = [
        *(row("energy", 50.0, 0), row("good", 1_000.0, 0)),
        *(row("energy", None, 24), row("good", 9_000.0, 24)),
        *(row("energy", 90.0, 48), row("good", 1_000.0, 48)),
    ]
    total = added([each.sums for each in read(rows)])
    assert MEASURES["energy_per_piece"].of(total) == pytest.approx(140 / 2_000)


def stretch(end, **sums):
    return Stretch(Nanoseconds(end - 8 * HOUR), Nanoseconds(end), "", sums)


@pytest.mark.parametrize(
    ("period", "ends"), [("shift", [9]), ("day", [9]), ("week", [4, 8, 9]), ("month", [1, 4, 8, 9])]
)
def test_which_stretches_a_goal_looks_at(period, ends):
    found = [stretch(START + at * DAY) for at in (1, 4, 8, 9)]
    chosen = within(found, Period(period), Nanoseconds(START + 9 * DAY + HOUR))
    assert [(each.end - START) // DAY for each in chosen] == ends


def test_known_is_weighted_by_planned_time():
    parts = [
        stretch(DAY, planned_busy=900.0, unknown=0.0),
        stretch(DAY, planned_busy=100.0, unknown=100.0),
    ]
    assert known(parts) == pytest.approx(0.9)
    assert known([]) == 1


def test_looks_are_added_up_by_stretch_and_survive(tmp_path):
    looks = Looks.open(tmp_path / "s" / "looks.json")
    one, two = ((Nanoseconds(at * HOUR), Nanoseconds((at + 8) * HOUR), "early") for at in (0, 8))
    looks.add(one, {SITE: {"silent": 2.0, "looks": 1.0, "findings": 3.0}})
    looks.add(one, {SITE: {"silent": 4.0, "looks": 1.0, "findings": 1.0}})
    looks.add(two, {SITE: {"findings": 0.0}, "hall/line1": {"benefit": 7.5}})
    looks.save()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="keeping the trends"):
        Looks(tmp_path / "file" / "looks.json").save()
    again = Looks.open(tmp_path / "s" / "looks.json")
    first, second = again.of(SITE, 0, 16 * HOUR)
    assert MEASURES["data_freshness"].of(first.sums) == pytest.approx(3.0)
    assert MEASURES["open_findings"].of(added([first.sums, second.sums])) == 0
    assert [each.sums for each in again.of("hall/line1", 0, 16 * HOUR)] == [{"benefit": 7.5}]
    assert again.of(SITE, 20 * HOUR, 30 * HOUR) == []


def test_damaged_looks_begin_anew(tmp_path, caplog):
    file = tmp_path / "looks.json"
    file.write_text("{", "utf-8")
    assert Looks.open(file).kept == []
    assert "begin anew" in caplog.text
