"""A rule with another condition, tried on history before anybody writes it into the plant file."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.errors import ConfigError
from isthmus.model.path import join
from isthmus.model.plant import Plant
from isthmus.model.plantfile_rule import RuleEntry
from isthmus.model.rule import Rule
from isthmus.runtime.config.document import Written
from isthmus.runtime.config.emit import flow
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.rule_inputs import Surroundings
from isthmus.runtime.config.rules import Reader

KEYS = ("when", "until", "deadband", "for", "at_most_every", "during", "unknown")
"""What of a rule can be tried otherwise; where it looks and what it does is as it is."""

_TIMES = frozenset({"for", "at_most_every"})


def tried(plant: Plant, rule: Rule, wish: Mapping[str, object]) -> Rule:
    """`rule` with what `wish` says instead; ConfigError with all mistakes where it means nothing.

    A wish that is empty takes the key away.
    """
    told = {
        key: f"{value} s" if key in _TIMES else value
        for key, value in rule.text.items()
        if key not in wish
    }
    told |= {key: value for key, value in wish.items() if value not in ("", None)}
    report = Report(Written("this condition", 1))
    made: Rule | None = None
    try:
        entry = RuleEntry.model_validate(told)
    except ValidationError as error:
        report.invalid(error, RuleEntry)
    else:
        around = Surroundings(
            list(plant.walk()),
            Catalogue.of(plant.kpis.values()),
            join(plant.enterprise, plant.site),
            [name for name, calendar in plant.calendars.items() if calendar.shifts],
        )
        types = {each.type for each in around.equipment}
        made = Reader(around, plant.calendars, types, report).rule(rule.name, entry, ())
    if made is None or report.mistakes:
        first = report.mistakes[0] if report.mistakes else None
        text = first.text if first else "the condition means nothing"
        raise ConfigError(text, hint=first.hint if first else "", mistakes=report.mistakes)
    return made


def change(rule: Rule, other: Rule) -> str:
    """What to write into the plant file so that `rule` becomes `other`; empty where it is that."""
    lines = []
    for key in KEYS:
        before, after = rule.text.get(key), other.text.get(key)
        if before != after:
            gone = f"    # without `{key}`"
            said = f"{after:g} s" if isinstance(after, float) and key in _TIMES else flow(after)
            lines.append(gone if after is None else f"    {key}: {said}")
    return "\n".join(["rules:", f"  {rule.name}:", *lines]) if lines else ""


def live(rule: Rule) -> str:
    """What to write into the plant file so that it acts; empty where it is there."""
    if rule.mode == "live":
        return ""
    return f"rules:\n  {rule.name}:\n    mode: live"
