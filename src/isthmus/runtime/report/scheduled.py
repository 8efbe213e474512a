"""Scheduled reports: each once after its time, those missed as well, anew where data came late."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from isthmus.model.errors import ConfigError, IsthmusError, Refused, StorageError
from isthmus.model.report import Form, Plan, Report
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.catalogue import write_durably
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.report.beside import Beside
from isthmus.runtime.report.compose import compose
from isthmus.runtime.report.issue import (
    STATE,
    Issue,
    Kept,
    differences,
    essence,
    file_name,
    remembered,
    written_down,
)
from isthmus.runtime.report.later import again, stirred
from isthmus.runtime.report.message import message
from isthmus.runtime.report.period import BACK, DAY, called, whole
from isthmus.runtime.report.scope import lines_of, scope_of
from isthmus.runtime.report.written import written

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

SECOND = 10**9
LOOK = 2.0  # seconds between two looks at the plant's clock
AGAIN = 300 * SECOND  # ns of the plant's clock between two tries of one report
SOON = 30 * SECOND  # the same of a new one, as long as nothing is known of its time
MISSED = 20  # that are made up for after an absence; older ones are not
REVISE = 60.0  # seconds between two looks for what came late
SETTLE = 300 * SECOND  # ns after an issue before it is made anew: late data comes in swarms
REACH = 8 * DAY  # ns back from now in which issues are made anew
MOST_REVISIONS = 20
ALL = 100.0  # percent that is unknown


class Reports:
    """The reports of a plant, made in a thread, one at a time."""

    def __init__(self, app: App, beside: Callable[[], Beside] | None = None) -> None:
        self._app, self._folder = app, app.settings.folder
        self._beside = beside or (lambda: Beside.of(app))
        self._one = threading.Lock()
        self._unkept = ""  # why what was reported is not remembered
        self._waits: dict[tuple[str, str], str] = {}  # by work and plan, why it could not look
        try:
            found = remembered(self._folder)
        except StorageError as error:
            log.warning("%s; reports begin with the newest", error)
            self._unkept, found = str(error), {}
        self.kept = {name: found.get(name) or Kept(name) for name in app.plant.reports}

    # ------------------------------------------------------------------ what is told
    @property
    def trouble(self) -> str:
        """What keeps them from going on or from being remembered; empty where nothing does."""
        return self._unkept or next(iter(list(self._waits.values())), "")

    def due(self, plan: Plan) -> int:
        """When the next one is to be made (ns)."""
        records, now = self._app.records, self._app.now()
        place = scope_of(self._app.plant, plan.scope)
        window = whole(records, place, plan.what, now)
        if plan.what == "shift" and not window.name:  # between shifts: the next one's end
            window = whole(records, place, plan.what, window.end)
        return window.end + round(plan.wait * SECOND)

    def failing(self) -> list[Kept]:
        """Those whose newest try failed."""
        return [kept for kept in self.kept.values() if kept.error]

    def body(self, name: str, start: int, revision: int, form: Form) -> tuple[str, bytes]:
        """The name and the content of a file; ConfigError where there is none, or no more."""
        plan = self._plan(name)
        found = (each for each in self.kept[name].of(start) if each.revision == revision)
        file = next((each.files[form] for each in found if form in each.files), None)
        if file is None:
            raise ConfigError("there is no such report", hint="GET /api/reports lists them")
        try:
            return file, (self._folder / plan.to / file).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"reading {file}: {error.strerror}", hint="it was moved or deleted: make it anew"
            ) from error

    # ------------------------------------------------------------------ what is made
    async def run(self) -> None:
        """Make what is due, and anew what changed, until cancelled; a trouble is told once."""
        plans, looked = self._app.plant.reports.values(), time.monotonic()
        while plans:
            for plan in plans:
                await self._shielded(partial(self._attempt, "making", self._catch_up, plan))
            if time.monotonic() - looked >= REVISE:
                looked = time.monotonic()
                for plan in plans:
                    await self._shielded(partial(self._attempt, "revising", self.revise, plan))
            await asyncio.sleep(LOOK)

    def _attempt(self, what: str, work: Callable[[Plan], object], plan: Plan) -> None:
        """Do it; whatever is in the way is told once, and it is tried again."""
        key = what, plan.name
        try:
            work(plan)
        except (IsthmusError, OSError) as error:
            if key not in self._waits:
                log.warning("%s the report %s waits: %s", what, plan.name, error)
            self._waits[key] = f"{what} {plan.name}: {error}"
        except Exception as error:
            told = f"{what} {plan.name}: {_mistake(error)}"
            if self._waits.get(key) != told:
                log.exception("a mistake of ours in %s the report %s", what, plan.name)
            self._waits[key] = told
        else:
            self._waits.pop(key, None)

    async def _shielded(self, work: Callable[[], object]) -> None:
        """Work in a thread to its end: a historian must not be closed under one that reads it."""
        working = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait({working})
            raise

    def make(self, name: str, at: int | None = None) -> Issue:
        """The report of the newest time that is over, or of the one around `at`, made now.

        The issue that there is where that says the same; else its next revision.
        """
        plan, records = self._plan(name), self._app.records
        place = scope_of(self._app.plant, plan.scope)
        if at is not None:
            window = whole(records, place, plan.what, Nanoseconds(at))
            if window.end > records.now():
                hint = f"`isthmus report {plan.what}` tells it as far as it is"
                raise Refused("that time is not over", hint=hint)
        else:
            ended = self._ended(plan, 0)
            if not ended:
                raise Refused(f"no {plan.what} is over yet", hint="wait for its end")
            window = ended[-1]
        made = self._issue(plan, window, "it was asked for anew")
        assert made is not None  # noqa: S101 - one that is asked for is made, also where it is empty
        return made

    def revise(self, plan: Plan) -> None:
        """Make anew those of the last days whose figures or reasons are others by now."""
        app, kept, now = self._app, self.kept[plan.name], self._app.now()
        if kept.error and now < kept.tried + AGAIN:
            return
        for issue in kept.newest():
            if issue.end < now - REACH:
                return
            settled = now - issue.made >= SETTLE
            if settled and issue.revision < MOST_REVISIONS and (why := stirred(app, plan, issue)):
                place = scope_of(app.plant, plan.scope)
                if not self._try(plan, again(app.records, place, plan.what, issue), why):
                    return

    def _catch_up(self, plan: Plan) -> None:
        """Make each that is due, oldest first; one that fails waits for its turn."""
        kept = self.kept[plan.name]
        pause = AGAIN if kept.error else 0 if kept.until else SOON
        if kept.tried and self._app.now() < kept.tried + pause:
            return
        wait = round(plan.wait * SECOND)
        found = [one for one in self._ended(plan, kept.until) if one.end + wait <= self._app.now()]
        most = 1 if not kept.until else min(MISSED, plan.keep)  # a new plan begins with the newest
        due = found[-most:]
        for number, window in enumerate(due, 1):
            span = window.start, window.end
            issued = any((one.start, one.end) == span for one in kept.issues)
            if not issued and not self._try(plan, window, ""):
                return
            together = number < len(due) and due[number].end == window.end
            if kept.issues and not together:  # else nothing was known yet: it is asked again
                kept.until = max(kept.until, int(window.end))
                self._remember()

    def _ended(self, plan: Plan, after: int) -> list[Window]:
        """The shifts, days or weeks that ended after `after`, by their end; of some weeks."""
        records, now = self._app.records, self._app.now()
        line = lines_of(scope_of(self._app.plant, plan.scope))[0]
        reach = BACK[plan.what] * DAY * (MISSED + 8)
        since = Nanoseconds(max(0, after, now - reach))
        found = windows(records, line, plan.what, since, now)
        ended = [one for one in found if after < one.end <= now]
        return sorted(ended, key=lambda one: (one.end, one.start))

    def _try(self, plan: Plan, window: Window, why: str) -> bool:
        """Whether the report could be made; why not is told, and counted."""
        kept = self.kept[plan.name]
        kept.tried = self._app.now()
        try:
            self._issue(plan, window, why, empty=bool(kept.issues))
        except (IsthmusError, OSError) as error:
            if not kept.error:
                log.warning("making the report %s, tried again every 5 min: %s", plan.name, error)
            hint = getattr(error, "hint", "") or "is there space, and may `to` be written?"
            return self._failed(kept, str(error), hint)
        except Exception as error:
            told = _mistake(error)
            if kept.error != told:
                log.exception("a mistake of ours in making the report %s", plan.name)
            return self._failed(kept, told, "it is tried again every 5 min; the log tells where")
        return True

    def _failed(self, kept: Kept, error: str, hint: str) -> bool:
        kept.error, kept.hint, kept.failed = error, hint, kept.failed + 1
        self._remember()
        return False

    def _issue(self, plan: Plan, window: Window, why: str, *, empty: bool = True) -> Issue | None:
        """The issue of a time; None where it says nothing and that is not to be told (`empty`)."""
        with self._one:
            kept = self.kept[plan.name]
            place = scope_of(self._app.plant, plan.scope)
            records = self._app.records
            report = compose(records, place, plan.what, window, self._beside())
            if plan.title:
                title = f"{plan.title}: {called(records, plan.what, window)}"
                report = replace(report, title=title)
            said, before = essence(report), kept.of(window.start)
            if not empty and report.gaps >= ALL:
                return None
            other = differences(before[-1].essence, said) if before else ""
            if before and not other:
                before[-1].made = self._app.now()  # it was looked at, and still holds
                kept.error = kept.hint = ""
                self._remember()
                return before[-1]
            because = f"{why or 'its time is another'}: {other}" if before else ""
            issue = Issue(
                *(window.start, window.end, report.title, len(before) + 1),
                *(because, self._app.now(), {}, said),
            )
            self._write(plan, report, issue, kept)
            self._remember()
        self._tell(plan, report, issue)
        return issue

    def _write(self, plan: Plan, report: Report, issue: Issue, kept: Kept) -> None:
        """The files of an issue, each whole or not there; what no library can write is told."""
        report = replace(report, revision=issue.revision, because=issue.because)
        folder, trouble = self._folder / plan.to, None
        folder.mkdir(parents=True, exist_ok=True)
        for form in plan.forms:
            try:
                body = written(report, form)
            except ConfigError as error:
                trouble = error
                continue
            name = file_name(plan, issue.start, issue.revision, form)
            write_durably(folder / name, body)
            issue.files[form] = name
        if not issue.files and trouble:
            raise trouble
        kept.issues.append(issue)
        kept.made += 1
        kept.error = str(trouble) if trouble else ""
        kept.hint = trouble.hint if trouble else ""
        kept.failed += bool(trouble)
        self._forget(plan, kept, issue)

    def _forget(self, plan: Plan, kept: Kept, made: Issue) -> None:
        """Delete the files of the oldest beyond `keep` but that just `made`, with all revisions."""
        stay = {made.start, *(issue.start for issue in kept.newest()[: plan.keep])}
        for issue in [each for each in kept.issues if each.start not in stay]:
            for file in issue.files.values():
                with suppress(OSError):
                    (self._folder / plan.to / file).unlink()
            kept.issues.remove(issue)

    def _tell(self, plan: Plan, report: Report, issue: Issue) -> None:
        """Send it to those who wanted it, as files where they can carry them."""
        if not plan.notify:
            return
        files = {
            form: self.body(plan.name, issue.start, issue.revision, form) for form in issue.files
        }
        self._app.notify.tell(message(plan, report, issue, files), plan.notify)

    def _plan(self, name: str) -> Plan:
        plan = self._app.plant.reports.get(name)
        if plan is None:
            known = ", ".join(self._app.plant.reports) or "none in the plant file"
            raise ConfigError(f"there is no report `{name}`", hint=f"known: {known}")
        return plan

    def _remember(self) -> None:
        try:
            write_durably(self._folder / STATE, written_down(self.kept))
            self._unkept = ""
        except OSError as error:  # one may be made again after a restart, none is lost
            self._unkept = f"remembering what was reported: {error}"
            log.warning(self._unkept)


def _mistake(error: Exception) -> str:
    return f"a mistake of ours: {type(error).__name__}: {error}"
