"""The notes that the shift before and this one left for a line."""

from __future__ import annotations

from isthmus.insight.accounting.calendar import shifts
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.scorecard.book import Note

BACK = 40 * 86_400 * 10**9  # ns; what was left before a shutdown is read after it
EIGHT = 8 * 3_600 * 10**9  # ns; a shift where no calendar tells any


def left_for(app: App, line: Equipment) -> list[Note]:
    """Notes first written about `line` since the shift before this one began, the newest first.

    Actions that are done or dropped are left out.
    """
    book = app.scorecard.book
    found = [note for note in book.all() if note.line == line.path and note.state == "open"]
    if not found:
        return []
    since, pace = _since(app, line), app.pace
    written = {note.number: book.history(note.number)[0].time for note in found}
    at = {number: pace.at(time) if pace else time for number, time in written.items()}
    return [note for note in found if at[note.number] >= since]


def _since(app: App, line: Equipment) -> Nanoseconds:
    records = app.records
    now, calendar = records.shift(line).start, records.calendar(line)
    if calendar is None:
        return Nanoseconds(now - EIGHT)
    over = shifts(calendar, Nanoseconds(now - BACK), now, records.zone)
    return max((each.start for each in over if each.end <= now), default=now)
