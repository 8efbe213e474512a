"""The plant file, from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generators.markdown import ORIGIN, code, page, sentence, table
from isthmus.model.plantfile_fields import Entry
from isthmus.runtime.config import schema

SECTIONS = [
    "PlantFile",
    "AccessEntry",
    "GrantEntry",
    "DenyEntry",
    "Role",
    "Right",
    "WritesEntry",
    "WriteMode",
    "WriteEntry",
    "Need",
    "Risk",
    "LedgerEntry",
    "AreaEntry",
    "LineEntry",
    "UnitEntry",
    "ModuleEntry",
    "TypeEntry",
    "TagEntry",
    "Kind",
    "LimitsEntry",
    "CounterEntry",
    "WriteEntry",
    "StateEntry",
    "StateIsEntry",
    "ReasonEntry",
    "SubReasonEntry",
    "Category",
    "FlowEntry",
    "AlarmEntry",
    "RuleEntry",
    "RuleMode",
    "Unknown",
    "RuleActionEntry",
    "NotifyEntry",
    "MailEntry",
    "WebhookEntry",
    "MqttChannelEntry",
    "TeamsEntry",
    "SlackEntry",
    "PersonEntry",
    "RotaEntry",
    "TurnEntry",
    "OverrideEntry",
    "EscalationEntry",
    "StepEntry",
    "RouteEntry",
    "FloodEntry",
    "EnergyEntry",
    "BaselineEntry",
    "ConditionEntry",
    "CalendarEntry",
    "ConnectionEntry",
    "EdgeEntry",
    "ZoneEntry",
    "ConduitEntry",
    "PeopleEntry",
    "TeamEntry",
    "ErpEntry",
    "HistoryEntry",
    "KeepEntry",
    "ExportEntry",
    "KeepWhereEntry",
    "ArchiveEntry",
    "BackupEntry",
    "SinkEntry",
    "BusEntry",
    "WebEntry",
    "SignInEntry",
]


def render() -> str:
    """The page."""
    made = schema()
    entries = {"PlantFile": made, **made["$defs"]}
    listed = [name for name in SECTIONS if name in entries]
    listed += sorted(name for name in entries if name in _own() - set(listed))
    intro = (
        "The grammar of a plant file: one file, or a folder of `*.yaml` read in the order of "
        "their names. `isthmus schema` prints the same as JSON Schema for editors; the guide is "
        "[The plant file](../guides/plant-file.md). A key that is not listed is a mistake, except "
        "where names are chosen by you. Fields of connections are in [Connectors](connectors.md)."
    )
    return page("Plant file", intro, *(_entry(name, entries[name]) for name in listed))


def _own() -> set[str]:
    """The names of all entries that belong to the grammar itself, not to a connector."""
    found, edge = set(), [Entry]
    while edge:
        below = edge.pop().__subclasses__()
        found |= {model.__name__ for model in below}
        edge += below
    return found


def title(name: str) -> str:
    """The heading of an entry: its class's name without the ending."""
    return "The whole file" if name == "PlantFile" else name.removesuffix("Entry")


def _entry(name: str, entry: dict[str, Any]) -> str:
    required = set(entry.get("required", ()))
    rows = [
        (
            f"`{key}`",
            str(field.get("description", "")),
            _any(field),
            "required" if key in required else _default(field),
        )
        for key, field in entry.get("properties", {}).items()
    ]
    parts = [f"## {title(name)}", sentence(str(entry.get("description", "")))]
    if rows:
        parts.append(table(("key", "what", "values", "default"), rows))
    if "enum" in entry:
        parts.append("One of " + ", ".join(code(str(word)) for word in entry["enum"]) + ".")
    more = entry.get("additionalProperties")
    if isinstance(more, dict):
        parts.append(f"Any other key is a name of your own; its value: {_any(more)}.")
    elif more:
        parts.append("Further keys depend on its `kind`.")
    return "\n\n".join(parts)


def _default(field: dict[str, Any]) -> str:
    made = field.get("default")
    return code(made) if made not in (None, "", [], {}) else ""


def _any(field: dict[str, Any]) -> str:
    """All forms that a value may have; what may be text may be a number, too, kept as written."""
    forms = list(dict.fromkeys(form for form in _forms(field) if form))
    if {"text", "integer", "number"} <= set(forms):
        forms = [form for form in forms if form not in {"integer", "number"}]
    return " or ".join(forms)


def _forms(field: dict[str, Any]) -> Iterator[str]:
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        if name == "Secret":
            yield ORIGIN
            return
        yield f"[{title(name)}](#{title(name).lower()})"
    elif "anyOf" in field:
        for each in field["anyOf"]:
            yield from _forms(each)
    elif "enum" in field:
        yield ", ".join(code(str(word)) for word in field["enum"])
    elif "const" in field:
        yield code(field["const"])
    elif field.get("type") == "array":
        inner = field.get("items") or {}
        yield "list of " + (_any(inner) or "values") if inner else "list"
    elif field.get("type") == "object":
        more = field.get("additionalProperties")
        inner = _any(more) if isinstance(more, dict) else ""
        yield f"names, each with {inner}" if inner else "mapping"
    else:
        words = {"string": "text", "boolean": "`true`, `false`", "null": ""}
        yield words.get(str(field.get("type", "")), str(field.get("type", "")))
