"""From a name in the plant file to the addresses it stands for at a moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from isthmus.insight.notify.rota import Duty, duties, on_call
from isthmus.model.plant import Plant
from isthmus.model.plantfile_channel import MailEntry
from isthmus.model.plantfile_notify import NotifyEntry
from isthmus.model.plantfile_oncall import RotaEntry
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify.calendar_file import CalendarFile
from isthmus.runtime.notify.message import Address

DAY = 86_400 * 10**9
LOOK = 60 * 10**9  # a file of many events takes its time
MAILTO = "mailto:"


@dataclass(frozen=True, slots=True)
class Lack:
    """What is wrong with a rota: why its file does not count, whether somebody is on call."""

    rota: str
    trouble: str
    manned: bool


@dataclass(slots=True)
class Whom:
    """Names and what they stand for; moments are of the wall's clock, days of the plant's zone."""

    plant: Plant
    entry: NotifyEntry
    folder: Path  # relative files are looked for here
    zone: ZoneInfo = field(init=False)
    files: dict[str, CalendarFile] = field(init=False)
    lacks: tuple[Lack, ...] = ()  # of the last look
    _looked: int = 0  # when that was

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.plant.timezone)
        self.files = {
            name: CalendarFile(self.folder / rota.file, self.entry.people)
            for name, rota in self.entry.on_call.items()
            if rota.file
        }

    @property
    def teams(self) -> Mapping[str, Mapping[str, Any]]:
        """The teams of the plant file."""
        found = self.plant.people.get("teams")
        return found if isinstance(found, Mapping) else {}

    def known(self, name: str) -> bool:
        """Whether somebody or something is of this name."""
        entry = self.entry
        return any(
            name in names for names in (entry.channels, entry.people, entry.on_call, self.teams)
        )

    def addresses(self, names: Iterable[str], at: int) -> list[Address]:
        """Where what is told to `names` at `at` goes, each address once."""
        found = [each for name in names for each in self._addresses(name, at)]
        return list(dict.fromkeys(found))

    def _addresses(self, name: str, at: int) -> list[Address]:
        entry = self.entry
        if name in entry.channels:
            return self._channel(name)
        if name in entry.people:
            return self._person(name)
        if name in entry.on_call:
            who, _ = self.on_call(name, at)
            return [each for person in who for each in self._person(person)]
        return self._team(name)

    def _person(self, name: str) -> list[Address]:
        person = self.entry.people.get(name)
        if person is None:
            return []
        found = []
        for channel in person.by or self._mails():
            kind = self.entry.channels[channel].kind
            if kind != "mail":
                found.append(Address(channel, name))
            elif person.mail:
                found.append(Address(channel, name, person.mail))
        return found

    def _team(self, name: str) -> list[Address]:
        team = self.teams.get(name)
        if team is None:
            return []
        where = str(team.get("notify") or "")
        if where.startswith(MAILTO):
            return [Address(each, name, where.removeprefix(MAILTO)) for each in self._mails()]
        if where:
            return self._channel(where, name) if where in self.entry.channels else []
        members = (str(each).removeprefix("person:") for each in team.get("members") or ())
        return [each for member in members for each in self._person(member)]

    def _channel(self, name: str, team: str = "") -> list[Address]:
        """A channel itself; mail goes to each of those it names by itself: one may be refused."""
        entry = self.entry.channels[name]
        if isinstance(entry, MailEntry):
            return [Address(name, team, each) for each in entry.to]
        return [Address(name, team)]

    def _mails(self) -> list[str]:
        return [name for name, each in self.entry.channels.items() if each.kind == "mail"]

    # ------------------------------------------------------------------ rotas
    def on_call(self, name: str, at: int) -> tuple[tuple[str, ...], str]:
        """Who is on call in the rota `name` at `at`, and why."""
        rota, moment = self.entry.on_call[name], Nanoseconds(at)
        events = self._events(name, at - DAY, at + DAY)
        return on_call(rota, moment, self.zone, holidays=self._holidays(rota), events=events)

    def duties(self, name: str, start: int, end: int) -> list[Duty]:
        """Who is on call in the rota `name` from `start` to `end`."""
        return duties(
            self.entry.on_call[name],
            *(Nanoseconds(start), Nanoseconds(end), self.zone),
            holidays=self._holidays(self.entry.on_call[name]),
            events=self._events(name, start, end),
        )

    def trouble(self, name: str) -> str:
        """Why the calendar file of a rota does not count, empty where it does."""
        return self.files[name].trouble if name in self.files else ""

    def faults(self, at: int) -> dict[str, str]:
        """Why calendar files cannot be read, by rota."""
        found = {
            name: file.fault(at - DAY, at + DAY, self.zone) for name, file in self.files.items()
        }
        return {name: fault for name, fault in found.items() if fault}

    def look(self, at: int) -> None:
        """See, once a minute, which rotas have a file that does not count, or name nobody.

        Turns say by their hours when they count: between them it is meant that nobody is on call.
        """
        if 0 <= at - self._looked < LOOK:
            return
        self._looked, found = at, []
        for name, rota in self.entry.on_call.items():
            who, _ = self.on_call(name, at)
            trouble = self.trouble(name)
            if trouble or not (who or rota.turns):
                found.append(Lack(name, trouble, bool(who)))
        self.lacks = tuple(found)

    def _events(self, name: str, start: int, end: int) -> list[Duty]:
        file = self.files.get(name)
        return file.duties(start, end, self.zone) if file is not None else []

    def _holidays(self, rota: RotaEntry) -> frozenset[date]:
        calendar = self.plant.calendars.get(rota.calendar)
        return calendar.holidays if calendar is not None else frozenset()


def unread(plant: Plant, folder: Path) -> list[str]:
    """What is to be said of calendar files that cannot be read and for which turns stand in."""
    if plant.notify is None:
        return []
    faults = Whom(plant, plant.notify, folder).faults(time.time_ns())
    return [f"rota `{name}`: {fault}; its turns count" for name, fault in faults.items()]
