"""The section `notify` of a plant file: that each name in it stands for somebody or something."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from isthmus.model.path import Pattern, join
from isthmus.model.plant import Equipment
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_channel import MailEntry
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.notify.calendar_file import CalendarFile

DAY = 86_400 * 10**9


def check_notify(file: PlantFile, areas: Sequence[Equipment], report: Report) -> None:
    """Report names that stand for nobody, or for two, and routes that select nothing."""
    entry, known = file.notify, recipients(file)
    for name, sections in _twice(file):
        text = f"`{name}` is the name of one of the {sections[0]} and of the {sections[1]}"
        report.add(("notify", sections[1], name), text, "give one of them another name")
    _check_people(file, report)
    _check_rotas(file, report)
    for name, escalation in entry.escalation.items():
        loc: Loc = ("notify", "escalation", name, "steps")
        for number, step in enumerate(escalation.steps):
            _names(step.to, known, (*loc, number, "to"), report)
            if number and step.after < escalation.steps[number - 1].after:
                text = f"step {number + 1} comes before step {number}"
                report.add((*loc, number, "after"), text, "`after` counts from the alarm")
    _check_routes(file, areas, known, report)
    _check_addressed(file, report)


def check_rota_files(file: PlantFile, report: Report) -> None:
    """Report calendar files that cannot be read where no turns stand in for them.

    They change without the plant file: what is wrong with one keeps no plant from running.
    """
    now, hint = time.time_ns(), "the file lies beside the plant file; `turns` stand in for it"
    for name, rota in file.notify.on_call.items():
        if not rota.file or rota.turns:
            continue
        loc: Loc = ("notify", "on_call", name, "file")
        path = Path(report.root.at(loc).file).parent / rota.file
        fault = CalendarFile(path, file.notify.people).fault(now, now + DAY, ZoneInfo("UTC"))
        if fault:
            report.add(loc, fault, hint)


def recipients(file: PlantFile) -> list[str]:
    """The names to which something can be told: channels, people, rotas, teams."""
    entry = file.notify
    return sorted({*entry.channels, *entry.people, *entry.on_call, *file.people.teams})


def _names(names: Iterable[str], known: Iterable[str], loc: Loc, report: Report) -> None:
    for name in names:
        if name not in known:
            report.unknown(loc, f"nobody is called `{name}`", name, known)


def _twice(file: PlantFile) -> Iterator[tuple[str, tuple[str, str]]]:
    entry, seen = file.notify, dict.fromkeys(file.people.teams, "teams")
    sections: dict[str, Iterable[str]] = {
        "channels": entry.channels,
        "people": entry.people,
        "on_call": entry.on_call,
        "escalation": entry.escalation,
    }
    for section, names in sections.items():
        for name in names:
            if name in seen:
                yield name, (seen[name], section)
            seen[name] = section


def _check_people(file: PlantFile, report: Report) -> None:
    entry = file.notify
    mails = [name for name, each in entry.channels.items() if each.kind == "mail"]
    for name, person in entry.people.items():
        loc: Loc = ("notify", "people", name)
        for channel in person.by:
            if channel not in entry.channels:
                text = f"there is no channel `{channel}`"
                report.unknown((*loc, "by"), text, channel, entry.channels)
        if person.mail is None and (not person.by or set(person.by) & set(mails)):
            report.add(
                loc, f"{name} has no mail address", "write `mail:`, or other channels in `by`"
            )
        elif not person.by and not mails:
            report.add(
                loc, f"no channel reaches {name}", "add one of `kind: mail`, or name one in `by`"
            )
    for name, team in file.people.teams.items():
        where: Loc = ("people", "teams", name, "notify")
        by_mail = team.notify.startswith("mailto:")
        if entry.channels and by_mail and not mails:
            report.add(where, "no channel is of `kind: mail`", "add one in `notify.channels`")
        elif entry.channels and team.notify and not by_mail and team.notify not in entry.channels:
            text = f"there is no channel `{team.notify}`"
            report.unknown(where, text, team.notify, entry.channels)


def _check_rotas(file: PlantFile, report: Report) -> None:
    people = file.notify.people
    for name, rota in file.notify.on_call.items():
        loc: Loc = ("notify", "on_call", name)
        for number, turn in enumerate(rota.turns):
            _names(turn.people, people, (*loc, "turns", number, "people"), report)
        for number, override in enumerate(rota.overrides):
            _names(override.who, people, (*loc, "overrides", number, "who"), report)
        if rota.calendar and rota.calendar not in file.calendars:
            text = f"there is no calendar `{rota.calendar}`"
            report.unknown((*loc, "calendar"), text, rota.calendar, file.calendars)


def _check_routes(
    file: PlantFile, areas: Sequence[Equipment], known: Sequence[str], report: Report
) -> None:
    paths = [each.path for area in areas for each in area.walk()]
    paths += [
        join(each.path, one.name) for area in areas for each in area.walk() for one in each.alarms
    ]
    root = join(file.enterprise, file.site)
    for name, route in file.notify.routes.items():
        loc: Loc = ("notify", "routes", name)
        _names(route.to, [*known, *file.notify.escalation], (*loc, "to"), report)
        for pattern in route.at:
            if paths and not Pattern.parse(pattern).select(paths, root):
                text = f"nothing is selected by `{pattern}`"
                report.unknown((*loc, "at"), text, pattern, paths)


def _check_addressed(file: PlantFile, report: Report) -> None:
    """Report who tells a channel of mail that names nobody to mail to."""
    entry = file.notify
    without = {
        name for name, each in entry.channels.items() if isinstance(each, MailEntry) and not each.to
    }
    for loc, names in _told(file):
        for name in sorted(without.intersection(names)):
            text = f"the channel `{name}` does not say to whom its mails go"
            hint = "give it `to: [shift@acme.example]`, or name people who have a `mail`"
            report.add(loc, text, hint)


def _told(file: PlantFile) -> Iterator[tuple[Loc, Iterable[str]]]:
    """Where a plant file names whom to tell, and the names there."""
    for name, route in file.notify.routes.items():
        yield ("notify", "routes", name, "to"), route.to
    for name, escalation in file.notify.escalation.items():
        for number, step in enumerate(escalation.steps):
            yield ("notify", "escalation", name, "steps", number, "to"), step.to
    for name, team in file.people.teams.items():
        yield ("people", "teams", name, "notify"), [team.notify]
    for name, rule in file.rules.items():
        for number, action in enumerate(rule.then):
            if action.notify is not None:
                yield ("rules", name, "then", number, "notify"), action.notify.to
    for name, plan in file.reports.items():
        yield ("reports", name, "notify"), plan.notify
