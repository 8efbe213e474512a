"""Comments, decisions and actions of the scorecard: each version is kept, with who wrote it.

The file only grows: a line is one version of one note. Every version is in the ledger first.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, Self, get_args

from isthmus.model.errors import ConfigError, Refused
from isthmus.model.record import Kind, Recorder
from isthmus.runtime.lines import add_line

log = logging.getLogger(__name__)

Sort = Literal["comment", "decision", "action"]
State = Literal["open", "done", "dropped"]
Side = Literal["", "ot", "it"]
LONGEST = 2_000  # characters
VERSIONS = 1_000  # of one note


@dataclass(frozen=True, slots=True)
class Note:
    """One version of a note: `by` wrote it at `time` (ns of the wall).

    It is about a `goal`, the `line` at that path, or neither.
    `who`, `side`, `due` and `state` are of actions: who does it, of which side, until when.
    """

    number: int
    version: int
    kind: Sort
    text: str
    by: str
    time: int
    goal: str = ""
    who: str = ""
    side: Side = ""
    due: str = ""
    state: State = "open"
    line: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be another in the next version of a note; None leaves it."""

    text: str | None = None
    who: str | None = None
    side: Side | None = None
    due: str | None = None
    state: State | None = None


NOTHING = Change()


@dataclass(slots=True)
class Book:
    """All notes, the versions of each oldest first; safe for several threads."""

    file: Path
    recorder: Recorder
    wall: Callable[[], int] = time.time_ns
    versions: dict[int, list[Note]] = field(default_factory=dict)
    damaged: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, file: Path, recorder: Recorder, wall: Callable[[], int] = time.time_ns) -> Self:
        """The book in `file`; a line that cannot be read is counted in `damaged` and passed over.

        A last line that a power cut left unfinished is cut off: nobody was told that it is kept.
        """
        made = cls(file, recorder, wall)
        body = file.read_bytes() if file.exists() else b""
        whole = body[: body.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                note = Note(**json.loads(line))
                _check(note)
            except (ValueError, TypeError, AttributeError, Refused) as error:
                made.damaged += 1
                log.warning("reading the notes of the scorecard in %s: %s", file, error)
            else:
                made.versions.setdefault(note.number, []).append(note)
        if len(whole) < len(body):
            os.truncate(file, len(whole))
        return made

    def all(self) -> list[Note]:
        """The newest version of each note, the newest note first."""
        with self._guard:
            return [self.versions[number][-1] for number in sorted(self.versions, reverse=True)]

    def history(self, number: int) -> list[Note]:
        """All versions of one note, oldest first; ConfigError where there is none."""
        with self._guard:
            return list(self._of(number))

    def write(
        self,
        kind: Sort,
        text: str,
        by: str,
        goal: str = "",
        change: Change = NOTHING,
        line: str = "",
    ) -> Note:
        """A new note; `change` gives what an action has beside its text."""
        with self._guard:
            number = max(self.versions, default=0) + 1
            made = Note(number, 1, kind, text.strip(), by, self.wall(), goal, line=line)
            return self._keep(_changed(made, change))

    def change(self, number: int, by: str, change: Change, version: int | None = None) -> Note:
        """The next version of a note; Refused where it is no longer at `version`."""
        with self._guard:
            found = self._of(number)[-1]
            if version is not None and version != found.version:
                text = f"note {number} is at version {found.version} now, by {found.by}"
                raise Refused(text, hint="look at it again, then change it")
            if found.version >= VERSIONS:
                raise Refused(f"note {number} has {VERSIONS} versions", hint="write a new one")
            next_ = replace(found, version=found.version + 1, by=by, time=self.wall())
            return self._keep(_changed(next_, change))

    def _of(self, number: int) -> list[Note]:
        found = self.versions.get(number)
        if found is None:
            raise ConfigError(f"there is no note {number}", hint="see `isthmus scorecard show`")
        return found

    def _keep(self, note: Note) -> Note:
        """On disk, and in the ledger before that."""
        _check(note)
        told = "wrote" if note.version == 1 else f"changed to version {note.version}"
        facts = {"kind": note.kind, "goal": note.goal, "state": note.state, "due": note.due}
        text = f"{told} {note.kind} {note.number}: {note.text[:200]}"
        self.recorder.record(
            Kind.SCORECARD, note.by, text, about=note.goal or note.line, facts=facts
        )
        add_line(self.file, asdict(note), "keeping a note of the scorecard in")
        self.versions.setdefault(note.number, []).append(note)
        return note


def _changed(note: Note, change: Change) -> Note:
    told = {name: value for name, value in asdict(change).items() if value is not None}
    return replace(note, **{name: value.strip() for name, value in told.items()})


def _check(note: Note) -> None:
    if not note.text:
        raise Refused("nothing is said", hint="write what was found, decided or is to be done")
    if len(note.text) > LONGEST:
        raise Refused(f"it has {len(note.text)} characters", hint=f"{LONGEST} are the most")
    words = (note.kind, Sort), (note.state, State), (note.side, Side)
    if any(word not in get_args(known) for word, known in words):
        raise Refused(f"there is no {note.kind} that is {note.state}, of side `{note.side}`")
    if note.kind != "action" and (note.who or note.side or note.due or note.state != "open"):
        raise Refused(f"a {note.kind} is not to be done by anybody", hint="write an action instead")
    if note.due:
        try:
            date.fromisoformat(note.due)
        except ValueError as error:
            raise Refused(
                f"`{note.due[:20]}` is no day", hint="write it like 2026-12-31"
            ) from error
