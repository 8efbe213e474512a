"""The sinks that are installed, and those that a plant file tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from pydantic import ValidationError

from isthmus.model.path import Pattern, nearest
from isthmus.model.plantfile_sink import SinkEntry
from isthmus.model.sink import SinkConfig
from isthmus.runtime.config.parts import PartError, install_line
from isthmus.runtime.config.report import Loc, Report

GROUP = "isthmus.sinks"
OURS = {
    "clickhouse": "isthmus.egress.clickhouse.config:ClickHouse",
    "kafka": "isthmus.egress.kafka.config:Kafka",
}


def installed() -> dict[str, EntryPoint]:
    """The sinks by kind, ours and those of other distributions."""
    ours = {kind: EntryPoint(kind, where, GROUP) for kind, where in OURS.items()}
    return ours | {entry.name: entry for entry in entry_points(group=GROUP)}


def sink_class(kind: str) -> type[SinkConfig]:
    """The class of `kind`; PartError says what to install where it cannot be had."""
    known = installed()
    if kind not in known:
        near = nearest(kind, known)
        told = "installed: " + ", ".join(sorted(known))
        raise PartError(
            f"no sink is of kind `{kind}`", hint=f"did you mean `{near}`? {told}" if near else told
        )
    try:
        found = known[kind].load()
    except ModuleNotFoundError as error:
        line = install_line(kind, error.name or "", known[kind].dist)
        raise PartError(
            f"sinks of kind `{kind}` need `{error.name}`, which is not installed",
            hint=f"install it: {line}",
        ) from error
    if not (isinstance(found, type) and issubclass(found, SinkConfig)):
        raise PartError(f"loading the sink `{kind}` ({known[kind].value}): it is no SinkConfig")
    return found


def sinks(
    entries: Mapping[str, SinkEntry], paths: Iterable[str], root: str, report: Report
) -> dict[str, SinkConfig]:
    """The sinks whose settings are right; all else is reported."""
    made, known = {}, list(paths)
    for name, entry in entries.items():
        loc: Loc = ("sinks", name)
        try:
            kind = sink_class(entry.kind)
        except PartError as error:
            report.add((*loc, "kind"), str(error), error.hint)
            continue
        if "name" in (entry.model_extra or {}):
            report.add((*loc, "name"), f"a sink's key is its name: `{name}`")
            continue
        try:
            config = kind.model_validate({**(entry.model_extra or {}), "name": name})
        except ValidationError as error:
            report.invalid(error, kind, loc)
            continue
        for pattern in config.tags:
            if not Pattern.parse(pattern).select(known, root):
                report.unknown((*loc, "tags"), f"no tag is at `{pattern}`", pattern, known)
        made[name] = config
    return made
