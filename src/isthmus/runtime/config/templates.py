"""Types with what they inherit, and the tags that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from isthmus.model.measure import Driver
from isthmus.model.path import join
from isthmus.model.plantfile_driver import drivers
from isthmus.model.plantfile_equipment import Described, StateEntry, TagEntry, TypeEntry
from isthmus.model.state import BOOLEAN, LEGENDS
from isthmus.model.tag import FIGURE_UNITS, ROLES, Counter, Kind, Limits, Tag
from isthmus.model.unit import compatible
from isthmus.runtime.config.report import Loc, Report

MAX_PARENTS = 16


@dataclass(frozen=True, slots=True)
class Template:
    """What a piece of equipment has, and where in the file each of its tags is told last."""

    entry: Described = field(default_factory=Described)
    places: Mapping[str, Loc] = field(default_factory=dict)
    lineage: tuple[str, ...] = ()
    alarms: Mapping[str, Loc] = field(default_factory=dict)  # where each alarm is told last

    def refined(self, entry: Described, loc: Loc) -> Template:
        """This template with what `entry` adds or says otherwise."""
        tags = dict(self.entry.tags)
        for name, tag in entry.tags.items():
            base = tags.get(name)
            tags[name] = base.model_copy(update=_told(tag)) if base else tag
        told = {
            name: value for name, value in _told(entry).items() if name in Described.model_fields
        }
        told |= {"tags": tags, "alarms": {**self.entry.alarms, **entry.alarms}}
        places = {**self.places, **{name: (*loc, "tags", name) for name in entry.tags}}
        alarms = {**self.alarms, **{name: (*loc, "alarms", name) for name in entry.alarms}}
        made = self.entry.model_copy(update=told)
        return replace(self, entry=made, places=places, alarms=alarms)

    @property
    def idle_states(self) -> tuple[str, ...]:
        """The states in which power is base load."""
        return tuple(self.entry.energy.idle_states) if self.entry.energy else ()

    @property
    def baseline(self) -> tuple[date, date] | None:
        """The first and the last day of the energy baseline."""
        told = self.entry.energy.baseline if self.entry.energy else None
        return told.days if told else None

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """What moves its energy beside good pieces."""
        return drivers(self.entry.energy.drivers) if self.entry.energy else ()

    @property
    def movable(self) -> float:
        """By how many seconds its work may be moved."""
        return (self.entry.energy.movable if self.entry.energy else None) or 0.0

    def build_tags(self, path: str) -> tuple[Tag, ...]:
        """The tags of the equipment at `path`."""
        state = self.entry.state
        plain = (
            build_tag(
                join(path, name),
                tag,
                state=state if state is not None and state.source == name else None,
            )
            for name, tag in self.entry.tags.items()
        )
        kind = self.lineage[0] if self.lineage else ""
        return tuple(replace(tag, type=kind, title=self.entry.title) for tag in plain)


def _told(entry: Described | TagEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.model_fields_set}


def build_tag(path: str, entry: TagEntry, *, state: StateEntry | None = None) -> Tag:
    """The tag that `entry` describes; with `state` its type reads the machine's state from it."""
    name = path.rpartition("/")[2]
    role = entry.role or ("state" if state else name if name in ROLES else "")
    legend = dict(entry.legend or {})
    if state and not legend:
        own = {code: told.reason or told.state for code, told in state.states.items()}
        legend = own or dict(LEGENDS["packml"])
    kind = entry.kind or (Kind.ENUMERATION if legend else Kind.NUMBER)
    if legend == dict(BOOLEAN) and entry.kind is None:
        kind = Kind.BOOLEAN
    if kind is Kind.BOOLEAN and not legend:
        legend = dict(BOOLEAN)
    limits = entry.limits
    return Tag(
        path=path,
        unit=entry.unit,
        kind=kind,
        range=entry.range,
        normal=entry.normal,
        specification=entry.specification,
        limits=Limits(limits.low_low, limits.low, limits.high, limits.high_high)
        if limits
        else Limits(),
        deadband=entry.deadband,
        legend=legend,
        counter=Counter(entry.counter.wraps_at, entry.counter.resets) if entry.counter else None,
        role=role,
        description=entry.description,
        writable=entry.write is not None,
        write=entry.write.rules if entry.write is not None else None,
    )


def resolve(types: Mapping[str, TypeEntry], known: set[str], report: Report) -> dict[str, Template]:
    """All types with what they inherit; `known` are also those whose shape is wrong."""
    found: dict[str, Template] = {}
    for name in types:
        _resolve(name, types, known, found, report)
    for name, template in found.items():
        check(template, ("types", name), report)
    return found


def _resolve(
    name: str,
    types: Mapping[str, TypeEntry],
    known: set[str],
    found: dict[str, Template],
    report: Report,
) -> None:
    chain: list[str] = []
    step: str | None = name
    while step is not None and step in types and step not in found:
        if step in chain:
            circle = " -> ".join([*chain[chain.index(step) :], step])
            report.add(("types", step, "extends"), f"types extend each other in a circle: {circle}")
            break
        chain.append(step)
        if len(chain) > MAX_PARENTS:
            text = f"`{name}` extends more than {MAX_PARENTS} types in a row"
            report.add(("types", name, "extends"), text, "a plant needs three or four")
            break
        parent = types[step].extends
        if parent is not None and parent not in types and parent not in known:
            loc = ("types", step, "extends")
            others = [other for other in types if other != step]
            report.unknown(loc, f"there is no type `{parent}` to extend", parent, others)
        step = parent
    for link in reversed(chain):
        base = found.get(types[link].extends or "", Template())
        made = base.refined(types[link], ("types", link))
        found[link] = replace(made, lineage=(link, *base.lineage))


def check(template: Template, loc: Loc, report: Report) -> None:
    """Report what the tags, states and watched names of a template have wrong together."""
    tags = template.entry.tags
    for name, tag in tags.items():
        _check_tag(name, tag, template.places.get(name, loc), report)
    if template.entry.state and tags and template.entry.state.source not in tags:
        source = template.entry.state.source
        report.unknown((*loc, "state", "from"), f"there is no tag `{source}`", source, tags)
    condition = template.entry.condition
    for key, names in (
        (("watch", condition.watch), ("regimes", condition.regimes)) if condition else ()
    ):
        for number, name in enumerate(names):
            if name not in tags:
                where = (*loc, "condition", key, number)
                report.unknown(where, f"there is no tag `{name}` to watch", name, tags)
    _check_idle_states(template, loc, report)


def _check_idle_states(template: Template, loc: Loc, report: Report) -> None:
    state = next((tag for tag in template.build_tags("") if tag.role == "state"), None)
    if state is None or not state.legend:
        return
    for number, word in enumerate(template.idle_states):
        if word not in state.legend.values():
            where = (*loc, "energy", "idle_states", number)
            text = f"the state has no word `{word}`"
            report.unknown(where, text, word, state.legend.values())


def _check_tag(name: str, tag: TagEntry, loc: Loc, report: Report) -> None:
    built = build_tag(name, tag)
    numeric = built.kind is Kind.NUMBER
    for key in ("unit", "range", "normal", "limits", "deadband", "counter"):
        if getattr(tag, key) and not numeric:
            text = f"`{name}` is of kind {built.kind}: it has no {key}"
            report.add((*loc, key), text, "leave it out, or make it `kind: number`")
    wanted = FIGURE_UNITS.get(built.role, "") if numeric and built.role != "speed" else ""
    if tag.unit and wanted and not compatible(tag.unit, wanted):
        text = f"`{name}` is {built.role} in `{tag.unit}`, which no figure can use"
        report.add((*loc, "unit"), text, f"write a unit like `{wanted}`, or another `role`")
    if tag.write is not None and built.kind is Kind.TEXT:
        report.add((*loc, "write"), f"`{name}` is text, and text cannot be written", "leave it out")
    if built.kind in {Kind.NUMBER, Kind.TEXT} and built.legend:
        text = f"`{name}` has a legend, so it is of kind enumeration, not {built.kind}"
        report.add((*loc, "kind"), text, "leave `kind` out")
    if built.kind is Kind.ENUMERATION and not built.legend:
        text = f"`{name}` is an enumeration without a legend"
        report.add((*loc, "kind"), text, "add one: `legend: {0: stopped, 1: running}`")
    if (
        tag.range
        and tag.normal
        and not tag.range[0] <= tag.normal[0] < tag.normal[1] <= tag.range[1]
    ):
        text = f"the normal band of `{name}` is not within its range"
        report.add((*loc, "normal"), text, "widen the range, or correct the band")
