"""The journal of alarms: each change is an event of history, told once, whatever dies meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.alarm import Priority
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.config.edit import write_whole
from isthmus.runtime.untold import Untold

KIND = "alarm"
LINK = "alarms"  # the name under which they are told to the stream
SEVERITY = {
    Priority.URGENT: 900,
    Priority.HIGH: 700,
    Priority.LOW: 400,
    Priority.DIAGNOSTIC: 200,
}
"""Severity of OPC UA Part 9, 1 to 1000, by priority."""
VERSION = 1

Facts = Mapping[str, str | float | int | bool | None]


@dataclass(slots=True)
class Kept:
    """What survives a restart: columns and notes by alarm, and what the stream does not have yet.

    Each event has a `number`: one that is told twice after a crash is the same.
    """

    file: Path
    columns: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    firsts: dict[str, str] = field(default_factory=dict)  # by group: the alarm that came first
    untold: Untold = field(default_factory=Untold)
    number: int = 0

    @classmethod
    def open(cls, file: Path) -> Kept:
        """What the file holds; nothing where there is none. StorageError where it is damaged."""
        if not file.exists():
            return cls(file)
        try:
            told = json.loads(file.read_text("utf-8"))
            return cls(
                _of_this_version(file, told["version"]),
                {str(name): [int(each) for each in row] for name, row in told["columns"].items()},
                told["notes"],
                told["firsts"],
                Untold.of(told["waiting"], int(told["dropped"]), KIND),
                int(told["number"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"reading {file}: {error}",
                hint="put a backup of it in place, or move it away: all alarms begin as normal",
            ) from error

    def tell(self, time: int, path: str, text: str, severity: int, facts: Facts) -> Event:
        """An event that waits for the stream."""
        self.number += 1
        event = Event(
            Nanoseconds(time), path, KIND, text, severity, {**facts, "number": self.number}
        )
        self.untold.tell(event)
        return event

    def save(self) -> None:
        """Write it all, so that after a crash the file is the old or the new one."""
        told = {
            "version": VERSION,
            "columns": self.columns,
            "notes": self.notes,
            "firsts": self.firsts,
            "waiting": self.untold.told(),
            "number": self.number,
            "dropped": self.untold.dropped,
        }
        write_whole(self.file, json.dumps(told, ensure_ascii=False).encode())


def _of_this_version(file: Path, version: object) -> Path:
    if version != VERSION:
        raise ValueError(f"its version is {version}, not {VERSION}")
    return file


def once(events: list[Event]) -> list[Event]:
    """The events, each told once, by time.

    A number alone is not enough: numbers begin anew where the file of states was moved away.
    """
    found = {
        (event.data.get("number", id(event)), event.path, int(event.time)): event
        for event in events
    }
    return sorted(found.values(), key=lambda event: (event.time, _number(event)))


def _number(event: Event) -> int:
    number = event.data.get("number")
    return number if isinstance(number, int) else 0
