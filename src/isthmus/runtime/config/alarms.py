"""The alarms of equipment: conditions checked against its tags, and those of limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isthmus.model.alarm import AlarmDefinition, Priority
from isthmus.model.condition.condition import Condition, condition
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.plantfile_alarm import AlarmTerms
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.config.templates import Template

_SIGNS = {"low_low": "<", "low": "<", "high": ">", "high_high": ">"}


def alarms(template: Template, loc: Loc, report: Report) -> tuple[AlarmDefinition, ...]:
    """The alarms of what `template` describes; mistakes are reported where each is written."""
    tags = {tag.name: tag for tag in template.build_tags("")}
    found = {made.name: made for made in _of_limits(template, tags, loc, report)}
    for name, entry in template.entry.alarms.items():
        where = template.alarms.get(name, loc)
        if name in found:
            text = f"`{name}` is the name of an alarm of a limit already"
            report.add(where, text, "give it another name")
            continue
        when = _condition(entry.when, tags, entry, (*where, "when"), report)
        if when is None:
            continue
        priority = Priority[entry.priority.upper()]
        title = entry.title or name.replace("_", " ")
        found[name] = _definition(name, when, priority, title, entry, tags, where, report)
    return tuple(found.values())


def _of_limits(
    template: Template, tags: Mapping[str, Tag], loc: Loc, report: Report
) -> Iterator[AlarmDefinition]:
    for name, entry in template.entry.tags.items():
        if entry.alarm is None:
            continue
        where = (*template.places.get(name, loc), "alarm")
        tag = tags[name]
        given = [word for word in _SIGNS if getattr(tag.limits, word) is not None]
        if not given or tag.kind is not Kind.NUMBER:
            text = f"`{name}` has no limits that could be alarms"
            report.add(where, text, "give it some: `limits: {high: 80}`")
            continue
        for word in given:
            priority = entry.alarm.outer if "_" in word else entry.alarm.inner
            text = f'"{name}" {_SIGNS[word]} limits.{word}'
            when = _condition(text, tags, entry.alarm, where, report)
            if when is not None:
                title = f"{name} {word}".replace("_", " ")
                yield _definition(
                    *(f"{name}_{word}", when, Priority[priority.upper()], title),
                    *(entry.alarm, tags, where, report),
                )


def _definition(
    name: str,
    when: Condition,
    priority: Priority,
    title: str,
    entry: AlarmTerms,
    tags: Mapping[str, Tag],
    where: Loc,
    report: Report,
) -> AlarmDefinition:
    unless = None
    if entry.unless is not None:
        unless = _condition(entry.unless, tags, entry, (*where, "unless"), report, deadband=False)
    return AlarmDefinition(
        name,
        when,
        priority,
        unless,
        on_delay=entry.delay,
        off_delay=entry.off_delay,
        advice=entry.advice,
        consequence=entry.consequence,
        response=entry.response,
        latching=entry.latching,
        group=entry.group or "",
        shelve=0.0 if priority is Priority.URGENT else entry.shelve,
        title=title,
    )


def _condition(
    text: str,
    tags: Mapping[str, Tag],
    entry: AlarmTerms,
    where: Loc,
    report: Report,
    *,
    deadband: bool = True,
) -> Condition | None:
    try:
        return condition(text, tags, deadband=entry.deadband if deadband else None)
    except ConditionError as error:
        place = f", at character {error.at + 1} of `{text[:80]}`" if error.at else ""
        report.add(where, f"{error}{place}", error.hint)
        return None
