"""Mistakes as they are found, each with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from isthmus.model.errors import Mistake
from isthmus.model.path import nearest
from isthmus.runtime.config.document import Written
from isthmus.runtime.config.emit import flow

Loc = tuple[str | int, ...]

MAX_NEAREST = 40
MAX_ERRORS = 1000  # of one shape; a file with more is not what was meant to be a plant
_QUOTED = re.compile(r"'([^']*)'")
_KNOWN_SHOWN = 12
_VALUE_SHOWN = 40
_MEMBERS = frozenset({"str", "int", "float", "bool", "SecretStr"})
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_SIMPLE = {
    "missing": "{name} is missing",
    "too_short": "{name} needs at least {min_length} of what it lists",
    "string_too_long": "{name} has more than {max_length} characters",
}
_EXPECTED = {
    "string_type": "text",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "finite_number": "a finite number",
}


@dataclass(slots=True)
class Report:
    """Collects the mistakes of one plant, whose values are `root`."""

    root: Written
    mistakes: list[Mistake] = field(default_factory=list)
    _told: set[Mistake] = field(default_factory=set)

    def add(self, loc: Sequence[str | int], text: str, hint: str = "") -> None:
        """One mistake at the value on the way `loc`."""
        place = self.root.at(loc)
        mistake = Mistake(place.file, place.line, text, hint)
        if mistake not in self._told:
            self._told.add(mistake)
            self.mistakes.append(mistake)

    def unknown(self, loc: Sequence[str | int], text: str, word: str, known: Iterable[str]) -> None:
        """`text` at `loc`, with the name in `known` that is nearest to `word` as the hint.

        After `MAX_NEAREST` mistakes the nearest is no longer looked for: it takes its time.
        """
        few = len(self.mistakes) < MAX_NEAREST
        self.add(loc, text, did_you_mean(word, known) if few else "")

    def invalid(
        self,
        error: ValidationError,
        model: type[BaseModel],
        loc: Loc = (),
        *,
        taken: Sequence[Loc] = (),
    ) -> None:
        """All that pydantic found wrong with the value at `loc`, read as `model`.

        `taken` are places from which wrong values were taken out before: what follows from that
        is left out.
        """
        for detail in error.errors(include_url=False)[:MAX_ERRORS]:
            where = written_steps(detail["loc"])
            gone = where[:-1] if detail["type"] == "missing" else where
            if any(place[: len(gone)] == gone for place in taken):
                continue
            text, hint = describe(detail, model)
            self.add((*loc, *where), text, hint)


def written_steps(loc: Loc) -> Loc:
    """`loc` without what pydantic puts between: `[key]`, and the members of unions."""
    return tuple(step for step in loc if "[" not in str(step) and step not in _MEMBERS)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint that names what was meant by `word`, or else what there is."""
    names = list(known)
    meant = nearest(word, names)
    if meant:
        return f"did you mean `{meant}`?"
    if not names:
        return ""
    shown = ", ".join(names[:_KNOWN_SHOWN])
    return f"known: {shown}" + (", ..." if len(names) > _KNOWN_SHOWN else "")


def describe(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Text and hint for one thing that pydantic found wrong in a `model`."""
    kind, value = detail["type"], detail["input"]
    loc = written_steps(detail["loc"])
    context: Mapping[str, Any] = detail.get("ctx") or {}
    name = next((str(step) for step in reversed(loc) if isinstance(step, str)), "")
    name = f"`{name[:_VALUE_SHOWN]}`" if name else "this"
    text, hint = f"{name}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", example(model, loc)
    if kind == "extra_forbidden":
        text = f"there is no key {name} here"
        hint = did_you_mean(str(loc[-1]), keys(model, loc[:-1]))
    elif kind in _SIMPLE:
        text = _SIMPLE[kind].format(name=name, **context)
    elif kind in {"value_error", "assertion_error"}:
        text, hint = str(context["error"]), str(getattr(context["error"], "hint", ""))
        text = text if "`" in text else f"{name}: {text}"
    elif kind in {"literal_error", "enum"}:
        expected = str(context.get("expected"))
        text = f"{name} cannot be {shown(value)}"
        words = _QUOTED.findall(expected)
        hint = did_you_mean(str(value), words) if words else f"it can be {expected}"
    elif kind == "string_pattern_mismatch":
        text = f"{name} cannot be {shown(value)}"
        hint = hint or f"its form is `{context['pattern']}`"
    elif kind in _BOUNDS:
        key, word = _BOUNDS[kind]
        text = f"{name} must be {word} {context[key]}, not {shown(value)}"
    elif kind in _EXPECTED:
        text = f"{name}: expected {_EXPECTED[kind]}, not {shown(value)}"
        if kind == "string_type" and isinstance(value, int | float):
            hint = "put it in quotes"
    return text, hint


def wrong_settings(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """All that is wrong with the settings of a `model` in one line, and the first hint."""
    told = [describe(detail, model) for detail in error.errors(include_url=False)[:MAX_ERRORS]]
    return "; ".join(text for text, _ in told), next((hint for _, hint in told if hint), "")


def shown(value: object) -> str:
    """`value` as a message shows it: short, and collections by their kind."""
    if isinstance(value, bool) or value is None:
        return {True: "`true`", False: "`false`", None: "nothing"}[value]
    if isinstance(value, Mapping):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(getattr(value, "written", value)).replace("\n", " ")
    return f"`{text[:_VALUE_SHOWN]}…`" if len(text) > _VALUE_SHOWN else f"`{text}`"


def keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the mapping at `loc` inside a `model` may have."""
    found = _model_at(model, loc)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items()]


def example(model: type[BaseModel], loc: Sequence[str | int]) -> str:
    """The first example that the field at `loc` gives, as a hint."""
    found = _model_at(model, loc[:-1])
    for name, info in found.model_fields.items() if found else ():
        if loc and loc[-1] in {name, info.alias} and info.examples:
            return f"write it like `{flow(info.examples[0])}`"
    return ""


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    """The class of entries at `loc` inside a `model`, where the way there is plain."""
    kind: Any = model
    for step in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _field(kind, str(step))
        else:
            inner = [arg for arg in get_args(kind) if arg is not type(None)]
            kind = inner[-1] if inner else None
        kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _field(model: type[BaseModel], key: str) -> Any:  # noqa: ANN401 - any annotation
    for name, info in model.model_fields.items():
        if key in {name, info.alias}:
            return info.annotation
    extras = get_args(get_type_hints(model).get("__pydantic_extra__"))
    return extras[-1] if extras else None


def _bare(kind: Any) -> Any:  # noqa: ANN401 - any annotation
    """`kind` without `Annotated` and without `None`."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
            continue
        members = [arg for arg in get_args(kind) if arg is not type(None)]
        kind = members[0]
    return kind
