"""What goes on beside the data path: alarms, rules, deriving, messages, files, the scorecard."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from isthmus.runtime.alarm.device import AtDevice

if TYPE_CHECKING:
    from isthmus.runtime.app import App


def work(app: App) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    """Each piece of work with its name; the caller starts and ends it."""
    yield from app.trust.work(app)
    yield "alarms", app.alarms.run(app)
    yield "devices' alarms", AtDevice(app).run()
    yield "rules", app.rules.run()
    yield "notify", app.notify.run()
    yield "late", app.late.run(app.tell)
    yield "derive", app.deriver.run()
    yield "exports", app.exports.run()
    yield "scorecard", app.scorecard.run()
    yield "reports", app.reports.run()
