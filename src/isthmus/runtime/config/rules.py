"""The rules of a plant: where they look, what they read, and that none feeds itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.model.alarm import Priority
from isthmus.model.condition.condition import Condition, condition
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.path import Pattern, join
from isthmus.model.plant import Equipment
from isthmus.model.plantfile import PlantFile
from isthmus.model.plantfile_rule import RuleActionEntry, RuleEntry, RuleNotifyEntry, RuleWriteEntry
from isthmus.model.rule import Act, Notify, Place, Rule, Tell, WorkOrder, Write
from isthmus.model.tag import Tag
from isthmus.runtime.config.notify import recipients
from isthmus.runtime.config.report import Loc, Report
from isthmus.runtime.config.rule_inputs import Inputs, Surroundings
from isthmus.runtime.config.shifts import with_shifts

LEAST = 60.0  # seconds between two writes of a rule, where it says nothing of it
MOST_PLACES = 10_000  # of all rules together
MOST_FEEDS = 200


def rules(file: PlantFile, areas: Sequence[Equipment], report: Report) -> dict[str, Rule]:
    """The rules that the section `rules` declares; what is wrong with them is reported."""
    reader = Reader.of(file, areas, report)
    found = {
        name: made
        for name, entry in file.rules.items()
        if (made := reader.rule(name, entry, ("rules", name))) is not None
    }
    if sum(len(rule.places) for rule in found.values()) > MOST_PLACES:
        report.add(("rules",), f"the rules look at more than {MOST_PLACES} places", "name fewer")
    told = {feed.key for rule in found.values() for place in rule.places for feed in place.feeds}
    if len(told) > MOST_FEEDS:
        text = f"the rules ask for more than {MOST_FEEDS} key figures and counts"
        report.add(("rules",), text, "let several rules ask for the same")
    _circles(found, report)
    return found


class Nearby(Mapping[str, Tag]):
    """The tags that a condition at `equipment` can name: its own, and any by its path.

    A path is looked for beside the equipment, then above it, as interlocks do.
    """

    def __init__(self, equipment: Equipment, plant: Mapping[str, Tag]) -> None:
        self._own = {tag.name: tag for tag in equipment.tags}
        self._place, self._plant = equipment.path, plant
        self.paths: dict[str, str] = {}

    def __getitem__(self, name: str) -> Tag:
        tag = self._own.get(name) or self._above(name)
        if tag is None:
            raise KeyError(name)
        self.paths[name] = tag.path
        return tag

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._plant

    def __len__(self) -> int:
        return len(self._own) + len(self._plant)

    def _above(self, name: str) -> Tag | None:
        place = self._place
        while "/" in name:
            if (tag := self._plant.get(join(place, name))) is not None:
                return tag
            if not place:
                return None
            place = place.rpartition("/")[0]
        return None


@dataclass(slots=True)
class Reader:
    """Reads rules against a plant: its equipment, key figures, calendars and types."""

    around: Surroundings
    calendars: Collection[str]
    types: Collection[str]
    report: Report
    people: Collection[str] | None = None  # who can be told; not looked at where None

    @classmethod
    def of(cls, file: PlantFile, areas: Sequence[Equipment], report: Report) -> Self:
        """The reader of the rules of a plant file."""
        own = Catalogue.of(entry.kpi(name) for name, entry in file.kpis.items())
        equipment = [each for area in areas for each in area.walk()]
        around = Surroundings(equipment, own, join(file.enterprise, file.site), with_shifts(file))
        return cls(around, file.calendars, file.types, report, recipients(file))

    @property
    def _equipment(self) -> Sequence[Equipment]:
        return self.around.equipment

    def rule(self, name: str, entry: RuleEntry, loc: Loc) -> Rule | None:
        """The rule, None where a mistake was reported; `loc` is where it is written."""
        found = self._where(entry, loc)
        if entry.during and entry.during not in self.calendars:
            text = f"there is no calendar `{entry.during}`"
            self.report.unknown((*loc, "during"), text, entry.during, self.calendars)
        plant = {tag.path: tag for each in self._equipment for tag in each.tags}
        places = []
        for equipment in found:
            place = self._place(entry, Nearby(equipment, plant), equipment.path, loc)
            if place is None:
                return None  # the same mistake at each place is told once
            places.append(place)
        every = entry.at_most_every
        if any(action.write for action in entry.then):
            every = max(every, LEAST)
        return Rule(
            name,
            tuple(places),
            title=entry.title or name.replace("_", " "),
            mode=entry.mode,
            lasting=entry.lasting,
            at_most_every=every,
            during=entry.during,
            unknown=entry.unknown,
            text=entry.model_dump(mode="json", by_alias=True, exclude_none=True),
        )

    def _where(self, entry: RuleEntry, loc: Loc) -> list[Equipment]:
        root = self.around.root
        found, known = list(self._equipment), [each.path for each in self._equipment]
        if entry.at:
            exact = [each for each in found if each.path == entry.at]
            paths = set(Pattern.parse(entry.at).select(known, root))
            found = exact or [each for each in found if each.path in paths]
            if known and not found:
                text = f"no equipment is selected by `{entry.at}`"
                self.report.unknown((*loc, "at"), text, entry.at, known)
        if entry.type is not None:
            named = [each for each in found if each.type == entry.type]
            if found and not named:
                text = f"no equipment there is of type `{entry.type}`"
                self.report.unknown((*loc, "type"), text, entry.type, self.types)
            found = named
        return found

    def _place(self, entry: RuleEntry, tags: Nearby, path: str, loc: Loc) -> Place | None:
        told = Inputs(self.around, path, tags.paths)
        when = self._condition(entry.when, tags, told, (*loc, "when"), deadband=entry.deadband)
        until = None
        if entry.until is not None:
            until = self._condition(entry.until, tags, told, (*loc, "until"))
            if until is None:
                return None
        acts = [
            self._act(action, tags, (*loc, "then", number))
            for number, action in enumerate(entry.then)
        ]
        if when is None or None in acts:
            return None
        done = tuple(act for act in acts if act is not None)
        return Place(path, when, until, dict(tags.paths), done, tuple(told.feeds.values()))

    def _condition(
        self,
        text: str,
        tags: Nearby,
        told: Inputs,
        loc: Loc,
        *,
        deadband: str | float | None = None,
    ) -> Condition | None:
        try:
            return condition(text, tags, deadband=deadband, windows=True, told=told)
        except ConditionError as error:
            place = f", at character {error.at + 1} of `{text[:80]}`" if error.at else ""
            self.report.add(loc, f"{error}{place}, at {told.place}", error.hint)
            return None

    def _act(self, action: RuleActionEntry, tags: Nearby, loc: Loc) -> Act | None:
        if action.event is not None:
            return Tell(action.event.text, action.event.severity)
        if action.notify is not None:
            return self._notify(action.notify, (*loc, "notify"))
        if action.work_order is not None:
            wanted = action.work_order
            return WorkOrder(wanted.title, wanted.priority, wanted.text)
        return None if action.write is None else self._write(action.write, tags, loc)

    def _notify(self, wish: RuleNotifyEntry, loc: Loc) -> Notify:
        for name in wish.to if self.people is not None else ():
            if name not in (self.people or ()):
                text = f"there is nobody `{name}` to tell"
                self.report.unknown(loc, text, name, self.people or ())
        return Notify(tuple(wish.to), wish.text, Priority[wish.priority.upper()])

    def _write(self, wish: RuleWriteEntry, tags: Nearby, loc: Loc) -> Write | None:
        where, tag = (*loc, "write", "tag"), tags.get(wish.tag)
        if tag is None:
            self.report.unknown(where, f"there is no tag `{wish.tag}`", wish.tag, tags)
            return None
        if tag.write is None:
            hint = "say within which bounds: `write: {range: [0, 10]}` of the tag"
            self.report.add(where, f"{tag.path} may not be written", hint)
            return None
        bounds = tag.write.range
        if bounds is not None and not bounds[0] <= wish.value <= bounds[1]:
            text = f"{wish.value:g} is outside what may be written to {tag.path}"
            hint = f"it takes {bounds[0]:g} to {bounds[1]:g}"
            self.report.add((*loc, "write", "value"), text, hint)
            return None
        return Write(tag.path, wish.value, wish.reason, wish.permit)


def _circles(found: Mapping[str, Rule], report: Report) -> None:
    """Rules that feed themselves: what one writes, it reads, or another that leads back to it."""
    reads = {
        name: {path for place in rule.places for path in place.inputs()}
        for name, rule in found.items()
    }
    writes = {
        name: {act.path for place in rule.places for act in place.acts if isinstance(act, Write)}
        for name, rule in found.items()
    }
    after = {name: [other for other in found if writes[name] & reads[other]] for name in found}
    for name in found:
        way = _back(name, after)
        if way:
            chain = " -> ".join((*way, name))
            report.add(
                ("rules", name, "then"),
                f"the rule feeds itself: {chain}",
                "let it read something that no rule writes",
            )


def _back(name: str, after: Mapping[str, Sequence[str]]) -> list[str]:
    """A way from a rule back to itself, empty where there is none."""
    seen: set[str] = set()
    ways = [[name]]
    while ways:
        way = ways.pop()
        for follower in after[way[-1]]:
            if follower == name:
                return way
            if follower not in seen:
                seen.add(follower)
                ways.append([*way, follower])
    return []
