"""Panels of a Grafana dashboard, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isthmus.model.state import PACKML
from isthmus.model.tag import Tag
from isthmus.runtime.grafana.unit import grafana_unit

Json = dict[str, Any]
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "${ds}"}
WIDTH = 24
WEIGHED = 120_000  # ms of a stretch: charts of up to two days
RUN, STAND, BAD = "#3A4147", "#C2C5C8", "#8F959A"
STOPPED = frozenset({"stopped", "aborted", "held", "idle"})


def literal(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def paths_of(tags: Sequence[Tag]) -> str:
    """The paths of `tags` as a list of SQL."""
    return ", ".join(literal(tag.path) for tag in tags)


def trend(title: str, tags: Sequence[Tag], *, where: str = "") -> Json:
    """Means by time a pixel of `tags`, which share a unit; limits that all share as thresholds.

    A value weighs as long as it holds in the stretch, what held when the stretch began included;
    what is not good weighs nothing. Where stretches are longer than `WEIGHED`, each sample weighs
    the same: to know how long each of a year's holds takes more memory than a question may have.
    """
    read = f"from samples where $__timeFilter(time) and path in ({paths_of(tags)}){where}"
    spoke = "over (partition by path order by time)"
    end = "slot + $__interval_ms / 1000.0"
    sql = (
        "with told as (select time, equipment, value, good, "  # noqa: S608 - literals
        "extract(epoch from time) as spoken, $__timeGroup(time, $__interval) as slot, "
        f"extract(epoch from lead(time) {spoke}) as until, lag(value) {spoke} as held, "
        f"lag(good) {spoke} as known, lag(time) {spoke} as earlier {read} "
        f"and $__interval_ms <= {WEIGHED}), "
        f"part as (select slot, equipment, value, least(coalesce(until, {end}), {end}, "
        "extract(epoch from $__timeTo()::timestamptz)) - spoken as seconds from told where good "
        "union all select slot, equipment, held, spoken - slot from told "
        "where known and extract(epoch from earlier) < slot) "
        "select slot as time, equipment as metric, "
        "sum(value * seconds) / sum(seconds) as value from part "
        "group by 1, 2 having sum(seconds) > 0 union all "
        "select $__timeGroup(time, $__interval) as time, equipment as metric, "
        f"avg(value) as value {read} and good and $__interval_ms > {WEIGHED} "
        "group by 1, 2 order by 1, 2"
    )
    first = tags[0]
    defaults: Json = {
        "unit": grafana_unit(first.unit),
        "custom": {"lineInterpolation": "stepAfter", "lineWidth": 1, "spanNulls": False},
    }
    steps = thresholds(tags)
    if len(steps) > 1:
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"]["thresholdsStyle"] = {"mode": "line"}
    if first.range and all(tag.range == first.range for tag in tags):
        defaults["custom"]["axisSoftMin"], defaults["custom"]["axisSoftMax"] = first.range
    return _panel("timeseries", title, sql, defaults, description=first.description)


def thresholds(tags: Sequence[Tag]) -> list[Json]:
    """Grafana's steps for the limits of `tags` where all have the same; the first has no value."""
    limits = tags[0].limits
    steps: list[Json] = [{"color": RUN, "value": None}]
    if any(tag.limits != limits for tag in tags):
        return steps
    if limits.low_low is not None:
        steps[0] = {"color": "#C40F1F", "value": None}
        following = limits.low if limits.low is not None else limits.low_low
        if limits.low is not None:
            steps.append({"color": "#B4530A", "value": limits.low_low})
        steps.append({"color": RUN, "value": following})
    elif limits.low is not None:
        steps = [{"color": "#B4530A", "value": None}, {"color": RUN, "value": limits.low}]
    if limits.high is not None:
        steps.append({"color": "#B4530A", "value": limits.high})
    if limits.high_high is not None:
        steps.append({"color": "#C40F1F", "value": limits.high_high})
    return steps


def states(title: str, tags: Sequence[Tag], *, where: str = "") -> Json:
    """A state timeline: a row a tag, its words as they changed, what held before included."""
    paths = paths_of(tags)
    before = "time >= $__timeFrom()::timestamptz - interval '1 day' and time < $__timeFrom()"
    sql = (
        "select time, equipment as metric, text as value from samples "  # noqa: S608 - literals
        f"where $__timeFilter(time) and path in ({paths}){where} "
        "union all select $__timeFrom()::timestamptz, equipment, arg_max(text, time) from samples "
        f"where {before} and path in ({paths}){where} group by equipment order by 1, 2"
    )
    words = dict.fromkeys(word for tag in tags for word in (tag.legend or PACKML).values())
    shades = {word: RUN if word == "execute" else STAND for word in words}
    shades |= {word: BAD for word in words if word in STOPPED}
    mapping = {
        word: {"color": shade, "index": place, "text": word.replace("_", " ")}
        for place, (word, shade) in enumerate(shades.items())
    }
    defaults = {
        "color": {"mode": "fixed", "fixedColor": STAND},
        "custom": {"fillOpacity": 90, "lineWidth": 0},
        "mappings": [{"type": "value", "options": mapping}],
    }
    made = _panel("state-timeline", title, sql, defaults, form="table")
    made["options"] = {"mergeValues": True, "showValue": "auto", "rowHeight": 0.85}
    made["transformations"] = [
        {"id": "partitionByValues", "options": {"fields": ["metric"], "keepFields": False}}
    ]
    return made


def counter(title: str, tags: Sequence[Tag], *, where: str = "") -> Json:
    """How much counters grew in each stretch: the steps up, a reset counts from zero."""
    sql = (
        "with told as (select time, equipment, value, lag(value) over "  # noqa: S608 - literals
        "(partition by path order by time) as held from samples where $__timeFilter(time) "
        f"and path in ({paths_of(tags)}){where} and good) "
        "select $__timeGroup(time, $__interval) as time, equipment as metric, "
        "sum(case when held is null then 0 when value >= held then value - held else value end) "
        "as value from told group by 1, 2 order by 1, 2"
    )
    defaults = {
        "unit": grafana_unit(tags[0].unit),
        "min": 0,
        "custom": {"drawStyle": "bars", "fillOpacity": 60, "lineWidth": 0},
    }
    return _panel("timeseries", title, sql, defaults, description=tags[0].description)


def table(title: str, sql: str) -> Json:
    """Rows as they come."""
    made = _panel("table", title, sql, {"custom": {"align": "auto"}}, form="table")
    made["options"] = {"showHeader": True, "cellHeight": "sm"}
    return made


def figures(title: str, sql: str) -> Json:
    """The newest value of each series, large."""
    defaults = {"unit": "percentunit", "decimals": 1, "color": {"mode": "fixed", "fixedColor": RUN}}
    made = _panel("stat", title, sql, defaults)
    made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"}
    return made


def _panel(
    kind: str,
    title: str,
    sql: str,
    defaults: Json,
    *,
    form: str = "time_series",
    description: str = "",
) -> Json:
    target = {
        "refId": "A",
        "datasource": SOURCE,
        "editorMode": "code",
        "format": form,
        "rawQuery": True,
        "rawSql": sql,
    }
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "targets": [target],
        "fieldConfig": {"defaults": defaults, "overrides": []},
    }


def placed(panels: Sequence[tuple[Json, int, int]]) -> list[Json]:
    """Panels with (width, height) in rows from left to right, each with its id and place."""
    found, x, y, tall = [], 0, 0, 0
    for number, (panel, width, height) in enumerate(panels, 1):
        if x + width > WIDTH:
            x, y, tall = 0, y + tall, 0
        place = {"x": x, "y": y, "w": width, "h": height}
        found.append({"id": number, **panel, "gridPos": place})
        x, tall = x + width, max(tall, height)
    return found
