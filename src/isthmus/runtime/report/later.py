"""Why an issued report may say something else by now, and which time that is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus.model.plant import Equipment
from isthmus.model.report import Kind, Plan
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.report.issue import Issue
from isthmus.runtime.report.scope import lines_of, scope_of

if TYPE_CHECKING:
    from isthmus.runtime.app import App

MOST = 100_000


def stirred(app: App, plan: Plan, issue: Issue) -> str:
    """Why an issue may say something else by now; empty where nothing speaks for it."""
    start, end = Nanoseconds(issue.start), Nanoseconds(issue.end)
    for line in lines_of(scope_of(app.plant, plan.scope)):
        derived = app.historian.kpis(start, end, path=line.path, limit=MOST)
        if any(each.computed > issue.made for each in derived):
            return "data came late"
        said = [each for each in app.stops.entries if each.made > issue.made]
        for each in said:
            about = each.said
            below = about is None or about.unit.startswith(f"{line.path}/")
            inside = about is None or (about.start < end and about.end > start)
            if below and inside:
                return "people told reasons"
    return ""


def again(records: Records, place: Equipment, kind: Kind, issue: Issue) -> Window:
    """The time that `issue` told, whatever the calendar says by now; unnamed where it has none."""
    span = Nanoseconds(issue.start), Nanoseconds(issue.end)
    found = windows(records, lines_of(place)[0], kind, *span)
    return next((one for one in found if (one.start, one.end) == span), Window("", *span))
