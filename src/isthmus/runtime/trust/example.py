"""A permit for the demonstration, so that its one user can write at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from isthmus.model.access import OWNER
from isthmus.trust.permit.book import Request
from isthmus.trust.permit.permit import LONGEST, State

if TYPE_CHECKING:
    from isthmus.runtime.app import App

LEAD, ENGINEER = "person:mia", "person:jon"  # people of the demonstration, who have no account


def example_permit(app: App, path: str = "packaging/line1/filler/setpoint") -> None:
    """Four hours for the owner at the line's speed, as its shift lead would have asked for."""
    guard = app.trust.guard
    if guard is None:
        return
    now, book = time.time_ns(), guard.book
    if any(each.state(now) is State.ACTIVE and each.holder == OWNER for each in book.all()):
        return
    wish = Request(
        *(path, 90, 125, "try the line at other speeds", "DEMO-1", now, now + LONGEST),
        requested=LEAD,
        holder=OWNER,
    )
    book.approve(book.request(wish).number, ENGINEER)
