"""Reports that are made by themselves: once each, whole, made up for, anew where data came late."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.figures.memory import HOUR, LINE, START, S
from tests.unit.runtime.report.plants import ROWS, because, beside, one_line

from isthmus.model.errors import ConfigError, Refused, StorageError
from isthmus.model.kpi import KpiResult
from isthmus.model.notice import Notice
from isthmus.model.plant import Calendar, Shift
from isthmus.model.report import Plan
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.report import scheduled
from isthmus.runtime.report.issue import STATE, differences, remembered
from isthmus.runtime.report.scheduled import MISSED, Reports

DAY = 24 * HOUR
SHIFT = Plan("line1-shift", "shift", LINE, "Handover", 900.0, ("html",))


class Plantlike:
    """What reports ask of a running plant, with a clock that is set by hand."""

    def __init__(self, folder, rows=None, *, plans=(SHIFT,), said=(), calendar=None):
        self.time = Nanoseconds(START + 9 * HOUR)
        _, known = one_line(rows)
        if calendar is not None:
            known = replace(known, plant=replace(known.plant, calendars={"two": calendar}))
        known, self.beside = beside(known, folder, said)
        plant = replace(known.plant, reports={plan.name: plan for plan in plans})
        self.records = replace(known, plant=plant, now=self.now)
        self.derived: list[KpiResult] = []
        self.told: list[tuple[Notice, tuple[str, ...]]] = []
        self.plant, self.stops = plant, self.beside.stops.book
        self.settings = SimpleNamespace(folder=folder)
        self.notify = SimpleNamespace(tell=lambda notice, to: self.told.append((notice, to)))
        self.historian = SimpleNamespace(kpis=lambda *_, **__: self.derived)

    def now(self):
        return self.time

    def reports(self):
        return Reports(self, self.asked)

    def asked(self):
        around = replace(self.beside.stops, records=self.records)
        return replace(self.beside, stops=around)

    def rewrite(self, rows):
        """History says something else, and derived values were computed anew."""
        _, known = one_line(rows)
        self.records.historian.rows.clear()
        self.records.historian.rows.update(known.historian.rows)
        start, end = Nanoseconds(START), Nanoseconds(START + HOUR)
        self.derived = [KpiResult(LINE, "good", "hour", start, end, 1.0, computed=self.time)]


def step(reports, name="line1-shift"):
    """What one look makes."""
    reports._catch_up(reports._plan(name))
    return reports.kept[name]


def repeated(days):
    """The same shift on each of so many days."""
    rows = {}
    for name, (seconds, values) in ROWS.items():
        last = max(values) if name.endswith(("count", "energy")) else 0.0
        rows[name] = (
            [at + day * 86_400 for day in range(days) for at in seconds],
            [value + day * last for day in range(days) for value in values],
        )
    return rows


def test_a_report_is_made_once_after_its_wait_and_survives_a_restart(tmp_path):
    app = Plantlike(tmp_path)
    app.time = Nanoseconds(START + 8 * HOUR + 600 * S)
    assert step(app.reports()).issues == [], "late data is waited for"
    app.time = Nanoseconds(START + 8 * HOUR + 901 * S)
    reports = app.reports()
    (issue,) = step(reports).issues
    assert (issue.start, issue.end, issue.revision) == (START, START + 8 * HOUR, 1)
    file = tmp_path / "reports" / "line1-shift-20231114T000000Z-r1.html"
    assert file.read_text().startswith("<!doctype html>")
    assert [each.name for each in file.parent.iterdir()] == [file.name], "no half a file is left"
    assert reports.body("line1-shift", START, 1, "html") == (file.name, file.read_bytes())
    again = app.reports()
    assert [each.title for each in step(again).issues] == ["Handover: early shift, Tue 2023-11-14"]
    assert step(again).made == 1


def test_those_missed_are_made_up_for_but_not_without_bound(tmp_path):
    app = Plantlike(tmp_path, repeated(2))
    assert len(step(app.reports()).issues) == 1
    app.time = Nanoseconds(START + 5 * DAY + 9 * HOUR)
    kept = step(app.reports())
    days = [(each.start - START) // DAY for each in kept.issues]
    assert days == [0, 1, 2, 3, 4, 5]
    app.time = Nanoseconds(START + 60 * DAY + 9 * HOUR)
    kept = step(app.reports())
    assert len(kept.issues) == 6 + MISSED
    assert kept.issues[-1].start == START + 60 * DAY


def test_a_plant_that_has_just_begun_has_no_report_of_nothing(tmp_path):
    app = Plantlike(tmp_path, {})
    reports = app.reports()
    assert step(reports).issues == []
    app.rewrite(ROWS)
    assert step(reports).issues == [], "not asked all the time"
    app.time = Nanoseconds(app.time + 31 * S)
    assert len(step(reports).issues) == 1, "history was filled meanwhile"
    with pytest.raises(Refused, match="not over"):
        reports.make("line1-shift", START + DAY)


def test_late_data_makes_a_revision_that_says_why(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    step(reports)
    reports.revise(SHIFT)
    assert len(reports.kept["line1-shift"].issues) == 1, "nothing stirred"
    app.time = Nanoseconds(app.time + 600 * S)
    app.rewrite({**ROWS, "filler/scrap_count": ([0, 28_799], [0.0, 90.0])})
    reports.revise(SHIFT)
    first, second = reports.kept["line1-shift"].issues
    assert (first.revision, second.revision) == (1, 2)
    assert second.because.startswith("data came late: ")
    assert "Scrap pieces is 90 pc, not 40 pc" in second.because
    name, body = reports.body("line1-shift", START, 2, "html")
    assert name.endswith("-r2.html")
    assert "Revision 2, because data came late" in body.decode()
    assert reports.body("line1-shift", START, 1, "html")[1] != body, "what was handed over stays"
    app.time = Nanoseconds(app.time + 600 * S)
    reports.revise(SHIFT)
    assert len(reports.kept["line1-shift"].issues) == 2


def test_derived_values_that_say_the_same_make_no_revision(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    step(reports)
    app.time = Nanoseconds(app.time + 600 * S)
    app.rewrite(ROWS)
    reports.revise(SHIFT)
    assert [each.revision for each in reports.kept["line1-shift"].issues] == [1]


def test_a_reason_that_is_told_later_makes_a_revision(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    step(reports)
    app.time = Nanoseconds(app.time + 600 * S)
    said = replace(because(7_200, 9_000, "breakdown/electrical"), made=int(app.time))
    app.stops.correct(said)
    reports.revise(SHIFT)
    assert reports.kept["line1-shift"].issues[-1].because == (
        "people told reasons: reasons of stops were told"
    )


def test_a_failure_is_told_counted_and_tried_again(tmp_path):
    app = Plantlike(tmp_path)
    (tmp_path / "reports").write_text("in the way")
    reports = app.reports()
    kept = step(reports)
    assert kept.failed == 1
    assert kept.error
    assert kept.hint
    assert reports.failing() == [kept]
    assert step(reports).failed == 1, "not tried again at once"
    (tmp_path / "reports").unlink()
    app.time = Nanoseconds(app.time + 301 * S)
    kept = step(reports)
    assert (len(kept.issues), kept.error, kept.failed) == (1, "", 1)


def test_a_missing_library_costs_its_form_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    plan = replace(SHIFT, forms=("html", "pdf"))
    app = Plantlike(tmp_path, plans=(plan,))
    reports = app.reports()
    kept = step(reports)
    assert list(kept.issues[0].files) == ["html"]
    assert "typst" in kept.error
    assert "pip install" in kept.hint
    with pytest.raises(ConfigError, match="no such report"):
        reports.body("line1-shift", START, 1, "pdf")


def test_revisions_go_on_while_a_library_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    plan = replace(SHIFT, forms=("html", "pdf"))
    app = Plantlike(tmp_path, plans=(plan,))
    reports = app.reports()
    assert step(reports).error
    app.time = Nanoseconds(app.time + 299 * S)
    app.rewrite({**ROWS, "filler/scrap_count": ([0, 28_799], [0.0, 90.0])})
    reports.revise(plan)
    assert len(reports.kept["line1-shift"].issues) == 1, "not tried again at once"
    app.time = Nanoseconds(app.time + 2 * S)
    reports.revise(plan)
    assert [one.revision for one in reports.kept["line1-shift"].issues] == [1, 2]


def test_one_made_by_hand_takes_no_place_of_those_that_wait(tmp_path):
    app = Plantlike(tmp_path, repeated(3))
    reports = app.reports()
    step(reports)
    (tmp_path / "reports").rename(tmp_path / "full")
    (tmp_path / "reports").write_text("the disk is full")
    app.time = Nanoseconds(START + 2 * DAY + 9 * HOUR)
    assert step(reports).error, "the second day waits"
    (tmp_path / "reports").unlink()
    (tmp_path / "full").rename(tmp_path / "reports")
    reports.make("line1-shift", START + 2 * DAY)
    app.time = Nanoseconds(app.time + 301 * S)
    issues = step(reports).issues
    assert [(one.start - START) // DAY for one in issues] == [0, 2, 1], "each once"
    assert [one.revision for one in issues] == [1, 1, 1]
    assert reports.kept["line1-shift"].until == START + 2 * DAY + 8 * HOUR


def test_shifts_that_end_together_are_all_made(tmp_path):
    every = frozenset(range(7))
    both = Calendar("two", (Shift("long", 0, 480, every), Shift("short", 240, 480, every)))
    app = Plantlike(tmp_path, repeated(2), calendar=both)
    reports, made = app.reports(), []
    step(reports)
    app.time = Nanoseconds(START + DAY + 9 * HOUR)
    write = reports._write

    def once(plan, report, issue, kept):
        if issue.start == START + DAY + 4 * HOUR and not made:
            made.append(issue)
            raise StorageError("the disk is full")
        write(plan, report, issue, kept)

    reports._write = once
    step(reports)
    app.time = Nanoseconds(app.time + 301 * S)
    assert [one.start - START - DAY for one in step(reports).issues[-2:]] == [0, 4 * HOUR]


def test_one_that_is_older_than_those_kept_stays_until_the_next(tmp_path):
    plan = replace(SHIFT, keep=1)
    app = Plantlike(tmp_path, repeated(3), plans=(plan,))
    app.time = Nanoseconds(START + 2 * DAY + 9 * HOUR)
    reports = app.reports()
    step(reports)
    old = reports.make("line1-shift", START)
    assert reports.body("line1-shift", START, 1, "html")[0] == old.files["html"]
    app.time = Nanoseconds(app.time + DAY)
    assert [(one.start - START) // DAY for one in step(reports).issues] == [3]
    assert len(list((tmp_path / "reports").iterdir())) == 1


def test_a_revision_tells_the_time_that_was_issued(tmp_path):
    """Where shifts overlap at hand-over the first that holds a moment is another."""
    every = frozenset(range(7))
    lap = Calendar("two", (Shift("early", 0, 500, every), Shift("late", 480, 960, every)))
    app = Plantlike(tmp_path, repeated(2), calendar=lap)
    app.time = Nanoseconds(START + 17 * HOUR)
    reports = app.reports()
    (first,) = step(reports).issues
    assert (first.start, first.end) == (START + 8 * HOUR, START + 16 * HOUR)
    assert "still runs" not in reports.body("line1-shift", first.start, 1, "html")[1].decode()
    app.time = Nanoseconds(app.time + 600 * S)
    rows = repeated(2)
    rows["filler/scrap_count"] = ([0, 50_000, 57_600], [0.0, 40.0, 130.0])
    app.rewrite(rows)
    reports.revise(SHIFT)
    issues = reports.kept["line1-shift"].issues
    assert [(one.start, one.end, one.revision) for one in issues] == [
        (first.start, first.end, 1),
        (first.start, first.end, 2),
    ]
    assert issues[1].title == first.title


def test_a_revision_tells_the_same_time_where_the_calendar_was_edited(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    step(reports)
    longer = Calendar("two", (Shift("early", 0, 540, frozenset(range(7))),))
    app.records = replace(app.records, plant=replace(app.records.plant, calendars={"two": longer}))
    app.time = Nanoseconds(app.time + 600 * S)
    app.rewrite({**ROWS, "filler/scrap_count": ([0, 28_799], [0.0, 90.0])})
    reports.revise(SHIFT)
    last = reports.kept["line1-shift"].issues[-1]
    assert (last.start, last.end, last.revision) == (START, START + 8 * HOUR, 2)
    assert "still runs" not in reports.body("line1-shift", START, 2, "html")[1].decode()


def test_a_short_trouble_of_history_is_told_once_and_tried_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(scheduled, "LOOK", 0.0)
    monkeypatch.setattr(scheduled, "REVISE", 0.0)
    app = Plantlike(tmp_path)
    reports, asked, seen = app.reports(), [], []

    def kpis(*_, **__):
        asked.append(1)
        seen.append(reports.trouble)
        if len(asked) < 4:
            raise StorageError("history is away")
        if len(asked) > 6:
            raise asyncio.CancelledError
        return []

    app.historian = SimpleNamespace(kpis=kpis)
    monkeypatch.setattr(scheduled, "SETTLE", -1)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(reports.run())
    assert len(reports.kept["line1-shift"].issues) == 1
    assert seen[1] == "revising line1-shift: history is away"
    assert seen[-1] == ""
    assert caplog.text.count("history is away") == 1


def test_a_mistake_of_ours_ends_no_reports_and_no_other_report(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(scheduled, "LOOK", 0.0)
    monkeypatch.setattr(scheduled, "REVISE", 0.0)
    app = Plantlike(tmp_path, plans=(SHIFT, replace(SHIFT, name="other")))
    reports, compose, looked = app.reports(), scheduled.compose, []

    def broken(*told):
        if not reports.kept["line1-shift"].failed:
            raise OverflowError("int too big to convert")
        return compose(*told)

    def ended(plan, after):
        looked.append(reports.trouble)
        if len(looked) in (3, 5):
            raise StopIteration
        if len(looked) > 8:
            raise asyncio.CancelledError
        return Reports._ended(reports, plan, after)

    monkeypatch.setattr(scheduled, "compose", broken)
    monkeypatch.setattr(reports, "_ended", ended)
    monkeypatch.setattr(scheduled, "AGAIN", 0)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(reports.run(), 30))
    assert [len(kept.issues) for kept in reports.kept.values()] == [1, 1]
    assert "making line1-shift: a mistake of ours: StopIteration: " in looked
    assert looked[-1] == ""
    assert caplog.text.count("OverflowError: int too big to convert") == 1
    assert caplog.text.count("a mistake of ours in making the report line1-shift") == 2
    assert "Traceback" in caplog.text


def test_so_many_stay(tmp_path):
    plan = replace(SHIFT, keep=2)
    app = Plantlike(tmp_path, repeated(2), plans=(plan,))
    reports = app.reports()
    for day in range(4):
        app.time = Nanoseconds(START + day * DAY + 9 * HOUR)
        kept = step(reports)
    assert [(each.start - START) // DAY for each in kept.issues] == [2, 3]
    assert len(list((tmp_path / "reports").iterdir())) == 2


def test_those_who_wanted_it_get_it_as_files(tmp_path):
    plan = replace(SHIFT, notify=("mail", "shift-lead"))
    app = Plantlike(tmp_path, plans=(plan,))
    step(app.reports())
    ((notice, to),) = app.told
    assert to == ("mail", "shift-lead")
    assert notice.kind == "report"
    assert notice.key == f"report/line1-shift/{START}/1"
    assert notice.title == "Handover: early shift, Tue 2023-11-14"
    assert "OEE index: " in notice.text
    assert [(each.name, each.media) for each in notice.attachments] == [
        ("line1-shift-20231114T000000Z-r1.html", "text/html")
    ]


def test_one_can_be_made_now_and_says_the_same_only_once(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    first = reports.make("line1-shift")
    assert reports.make("line1-shift", START + HOUR) is first
    app.rewrite({**ROWS, "filler/scrap_count": ([0, 28_799], [0.0, 90.0])})
    assert reports.make("line1-shift").because.startswith("it was asked for anew: ")
    with pytest.raises(ConfigError, match="no report `line2`") as error:
        reports.make("line2")
    assert "line1-shift" in error.value.hint


def test_a_damaged_memory_is_told_and_begins_anew(tmp_path):
    app = Plantlike(tmp_path)
    (tmp_path / STATE).write_text("{")
    reports = app.reports()
    assert STATE in reports.trouble
    assert len(step(reports).issues) == 1
    assert json.loads((tmp_path / STATE).read_text())["line1-shift"]["made"] == 1
    assert remembered(tmp_path)["line1-shift"].issues[0].title.startswith("Handover: ")
    assert reports.trouble == ""


def test_the_next_one_is_due_after_the_wait(tmp_path):
    app = Plantlike(tmp_path)
    reports = app.reports()
    assert reports.due(SHIFT) == START + DAY + 8 * HOUR + 900 * S, "between shifts: the next one"
    app.time = Nanoseconds(START + HOUR)
    assert reports.due(SHIFT) == START + 8 * HOUR + 900 * S


def test_differences_are_told_in_words():
    many = {f"figure {at}": "1" for at in range(5)}
    assert differences(many, many) == ""
    words = differences(many, dict.fromkeys(many, "2"))
    assert words.startswith("figure 0 is 2, not 1; figure 1 is 2")
    assert words.endswith(", and 2 more")
