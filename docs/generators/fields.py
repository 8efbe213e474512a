"""The fields of a pydantic model as rows of a table."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from generators.markdown import ORIGIN, code, table
from isthmus.model.unit import Seconds

HEAD = ("field", "what", "values", "default", "example")
_SECONDS = typing.get_args(Seconds)[1:]
_WORDS: dict[type, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
}


def fields_table(model: type[BaseModel], *, skip: Iterable[str] = ()) -> str:
    """The table of the fields of `model` as a file writes them, in their order."""
    left = set(skip)
    rows = [
        _row(info.alias or name, info)
        for name, info in model.model_fields.items()
        if name not in left
    ]
    return table(HEAD, rows)


def _row(name: str, info: FieldInfo) -> tuple[str, str, str, str, str]:
    if info.is_required():
        default = "required"
    else:
        made = info.get_default(call_default_factory=True, validated_data={})
        default = "" if made is PydanticUndefined else _shown(made)
    example = code(info.examples[0]) if info.examples else ""
    values = " ".join(part for part in (_values(info.annotation, info), _bounds(info)) if part)
    return f"`{name}`", info.description or "", values, default, example


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, Enum):
        return code(str(value.value))
    if isinstance(value, bool | int | float | str):
        return code(value)
    return "none" if not value else code([str(item) for item in typing.cast("tuple[str]", value)])


def _values(kind: object, info: FieldInfo) -> str:
    if any(mark in _SECONDS for mark in info.metadata):
        return "seconds, or `250 ms`"
    return " or ".join(dict.fromkeys(word for word in _kinds(kind) if word))


def _kinds(kind: object) -> Iterator[str]:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        yield "seconds, or `250 ms`" if inner[1:] == _SECONDS else " or ".join(_kinds(inner[0]))
    elif origin in (typing.Union, types.UnionType):
        for each in inner:
            yield from _kinds(each)
    elif origin is typing.Literal:
        yield ", ".join(code(str(value)) for value in inner)
    elif origin in (tuple, list):
        yield "list" if origin is list or Ellipsis in inner else f"{len(inner)} numbers"
    elif origin is not None:
        secret = set(typing.get_args(inner[0])) == {"env", "file", "keyring"}
        yield ORIGIN if secret else "mapping"
    elif isinstance(kind, type):
        yield _plain(kind)


def _plain(kind: type) -> str:
    if issubclass(kind, Enum):
        return ", ".join(code(str(member.value)) for member in kind)
    if issubclass(kind, BaseModel):
        return ORIGIN if set(kind.model_fields) == {"env", "file", "keyring"} else ""
    return _WORDS.get(kind, "")


def _bounds(info: FieldInfo) -> str:
    signs = {Ge: ("from", "ge"), Gt: ("above", "gt"), Le: ("to", "le"), Lt: ("below", "lt")}
    words = []
    for mark in info.metadata:
        for sort, (word, attribute) in signs.items():
            if isinstance(mark, sort):
                words.append(f"{word} {getattr(mark, attribute)}")
    return " ".join(words)
