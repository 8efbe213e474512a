"""The plant file as JSON Schema, so that editors complete, explain and check it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from isthmus.model.plantfile import ConnectionEntry, PlantFile
from isthmus.model.plantfile_fields import Entry
from isthmus.model.ports import SourceConfig
from isthmus.runtime.config.links import PLACEHOLDER
from isthmus.runtime.config.parts import Parts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODE: JsonSchemaMode = "validation"
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}

Schema = dict[str, Any]


def schema(*, parts: Parts | None = None) -> Schema:
    """JSON Schema (draft 2020-12) of a whole plant file with the installed connectors' fields."""
    found = Parts() if parts is None else parts
    kinds = dict(found.usable())
    models: list[type[BaseModel]] = [PlantFile, ConnectionEntry]
    models += [model for kind in kinds.values() for model in (kind, kind.address)]
    refs, whole = models_json_schema([(model, _MODE) for model in models])
    defs: Schema = whole["$defs"]
    for name, kind in kinds.items():
        config, address = refs[kind, _MODE]["$ref"], refs[kind.address, _MODE]["$ref"]
        _finish_connection(defs[_name(config)], name, kind, address)
        _finish_address(defs[_name(address)])
    entry = defs[_name(refs[ConnectionEntry, _MODE]["$ref"])]
    entry["properties"]["kind"]["enum"] = list(found)
    entry["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
            "then": {"$ref": refs[kind, _MODE]["$ref"]},
        }
        for name, kind in kinds.items()
    ]
    root = defs.pop(_name(refs[PlantFile, _MODE]["$ref"]))
    made = {"$schema": DIALECT, **root, "title": "Isthmus plant file", "$defs": defs}
    for model in _entries(Entry):
        _explain(made if model is PlantFile else defs.get(model.__name__, {}), model)
    _tidy(made)
    return made


def _entries(model: type[Entry]) -> Iterator[type[Entry]]:
    for below in model.__subclasses__():
        yield below
        yield from _entries(below)


def _explain(made: Schema, model: type[BaseModel]) -> None:
    """Every field's own description, also where it only refers to another entry."""
    for key, info in model.model_fields.items():
        field = made.get("properties", {}).get(info.alias or key)
        if field is not None and info.description:
            field.setdefault("description", info.description)


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]


def _finish_connection(made: Schema, name: str, kind: type[SourceConfig], address: str) -> None:
    """What a file writes of a connection: its kind and tags besides the connector's fields."""
    fields = made.setdefault("properties", {})
    fields.pop("name", None)
    others = [key for key in made.get("required", []) if key not in {"name", "kind"}]
    made["required"] = ["kind", *others]
    fields["kind"] = {"const": name, "description": (kind.__doc__ or "").split("\n\n")[0]}
    fields["edge"] = {
        "type": "string",
        "description": ConnectionEntry.model_fields["edge"].description,
    }
    each = {
        "type": "object",
        "properties": {"each": {"description": "Template for every tag."}, **_chosen()},
        "required": ["each"],
        "additionalProperties": False,
    }
    fields["tags"] = {
        "type": "object",
        "description": "Addresses by tag path, or by equipment path for all of its tags.",
        "additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": address}, each]},
    }


def _finish_address(made: Schema) -> None:
    """What a file writes of an address: in a template, any field may hold a placeholder."""
    filled = {"type": "string", "pattern": PLACEHOLDER.pattern}
    fields = made.setdefault("properties", {})
    for key, field in fields.items():
        explained = {word: field.pop(word) for word in ("description", "default") if word in field}
        fields[key] = {"anyOf": [field, filled], **explained}
    fields.update(_chosen())


def _chosen() -> Schema:
    tags = {"type": "array", "items": {"type": "string"}}
    return {
        "only": {**tags, "description": "In a template: the tags that it is for."},
        "except": {**tags, "description": "In a template: the tags that it is not for."},
    }


def _tidy(made: Any) -> None:  # noqa: ANN401 - any JSON
    """Put bounds where they belong: at the number among the forms a value may have."""
    if isinstance(made, list):
        for item in made:
            _tidy(item)
    if not isinstance(made, dict):
        return
    for item in made.values():
        _tidy(item)
    bounds = {
        word: made.pop(key) for key, word in _BOUNDS.items() if key in made and "anyOf" in made
    }
    for form in made.get("anyOf", ()):
        if form.get("type") in {"number", "integer"}:
            form.update(bounds)
