"""Dashboards of a plant: one over all lines, and one for each line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from isthmus.model.plant import Equipment, Plant
from isthmus.model.tag import Kind, Tag
from isthmus.runtime.grafana.panel import (
    SOURCE,
    Json,
    counter,
    figures,
    literal,
    placed,
    states,
    table,
    trend,
)

SCHEMA = 39  # of Grafana 10.2
LONGEST_UID = 40
MOST_PANELS = 60
CHOSEN = " and equipment in (${unit:sqlstring})"


def dashboards(plant: Plant) -> dict[str, Json]:
    """All dashboards by the name of their file, without ending."""
    lines = list(plant.lines())
    names = _names(lines)
    found = {"overview": _overview(plant, lines, names)}
    return found | {name: _line(plant, line, name) for line, name in zip(lines, names, strict=True)}


def uid(plant: Plant, name: str) -> str:
    """What Grafana knows a dashboard or source of this plant by, the same each time."""
    text = re.sub(r"[^a-zA-Z0-9_-]", "-", f"isthmus-{plant.site}-{name}".rstrip("-"))
    if len(text) <= LONGEST_UID:
        return text
    return f"{text[:31]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _names(lines: Sequence[Equipment]) -> list[str]:
    short = [line.name for line in lines]
    return [
        line.path.replace("/", "-")
        if short.count(line.name) > 1 or line.name == "overview"
        else line.name
        for line in lines
    ]


def _overview(plant: Plant, lines: Sequence[Equipment], names: Sequence[str]) -> Json:
    every = [tag for line in lines for unit in line.walk() for tag in unit.tags]
    paths = ", ".join(literal(line.path) for line in lines) or "''"
    oee = (
        "select until as time, path as metric, value from kpi where $__timeFilter(until) "  # noqa: S608
        f"and kpi = 'oee_index' and period = 'hour' and path in ({paths}) order by 1, 2"
    )
    happened = (
        "select time, path, kind, text, severity from events where $__timeFilter(time) "
        "and kind <> 'text' order by time desc limit 200"
    )
    panels = [(figures("OEE", oee), 24, 5)]
    panels += [
        (states(_title(line), found), 24, 2 + len(found))
        for line in lines
        if (found := _states(line))
    ]
    power = [tag for tag in every if (tag.role or tag.name) == "power" and _number(tag)]
    panels += [(trend(f"Power, {unit}", tags), 24, 9) for unit, tags in _by_unit(power)]
    panels.append((table("What happened", happened), 24, 10))
    links = [
        {"type": "link", "title": _title(line), "url": f"/d/{uid(plant, name)}", "keepTime": True}
        for line, name in zip(lines, names, strict=True)
    ]
    return _dashboard(plant, "overview", f"{plant.site}: overview", panels, links=links)


def _line(plant: Plant, line: Equipment, name: str) -> Json:
    units = [unit for unit in line.walk() if unit.tags]
    tags = [tag for unit in units for tag in unit.tags]
    panels: list[tuple[Json, int, int]] = []
    if found := _states(line):
        panels.append((states("States", found, where=CHOSEN), 24, 3 + len(found)))
    for title, alike in _alike(tag for tag in tags if _number(tag))[:MOST_PANELS]:
        draw = counter if alike[0].counter else trend
        panels.append((draw(title, alike, where=CHOSEN), 12, 8))
    back = {
        "type": "link", "title": "Overview", "url": f"/d/{uid(plant, 'overview')}", "keepTime": True
    }  # fmt: skip
    choice = _choice([unit.path for unit in units])
    title = f"{plant.site}: {_title(line)}"
    return _dashboard(plant, name, title, panels, links=[back], variables=[choice])


def _states(line: Equipment) -> list[Tag]:
    return [tag for unit in line.walk() if (tag := unit.tag("state")) and tag.kind is not Kind.TEXT]


def _number(tag: Tag) -> bool:
    return tag.kind is Kind.NUMBER and not tag.legend


def _alike(tags: Iterable[Tag]) -> list[tuple[str, list[Tag]]]:
    """Tags of one name and unit together: `speed` of every unit in one picture."""
    groups: dict[tuple[str, str, bool], list[Tag]] = {}
    for tag in tags:
        groups.setdefault((tag.name, tag.unit, tag.counter is not None), []).append(tag)
    return [(name.replace("_", " ").capitalize(), group) for (name, _, _), group in groups.items()]


def _by_unit(tags: Iterable[Tag]) -> list[tuple[str, list[Tag]]]:
    groups: dict[str, list[Tag]] = {}
    for tag in tags:
        groups.setdefault(tag.unit, []).append(tag)
    return list(groups.items())


def _title(line: Equipment) -> str:
    return line.title or line.path


def _choice(paths: Sequence[str]) -> Json:
    """The variable `unit`: any of the line's equipment, all at first."""
    options = [
        {"text": path.rpartition("/")[2], "value": path, "selected": False} for path in paths
    ]
    return {
        "type": "custom",
        "name": "unit",
        "label": "Equipment",
        "query": ", ".join(f"{option['text']} : {option['value']}" for option in options),
        "multi": True,
        "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"], "selected": True},
        "options": [{"text": "All", "value": "$__all", "selected": True}, *options],
    }


def _dashboard(
    plant: Plant,
    name: str,
    title: str,
    panels: Sequence[tuple[Json, int, int]],
    *,
    links: Sequence[Json] = (),
    variables: Sequence[Json] = (),
) -> Json:
    source: dict[str, Any] = {
        "type": "datasource",
        "name": "ds",
        "label": "Plant",
        "query": SOURCE["type"],
        "current": {"text": f"Isthmus {plant.site}", "value": uid(plant, ""), "selected": True},
        "hide": 2,
    }
    return {
        "id": None,
        "uid": uid(plant, name),
        "title": title,
        "description": "Made by `isthmus grafana dashboards` from the plant file.",
        "tags": ["isthmus", plant.site],
        "timezone": plant.timezone,
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-8h", "to": "now"},
        "templating": {"list": [source, *variables]},
        "annotations": {"list": []},
        "links": list(links),
        "panels": placed(panels),
    }
