"""A condition over the tags of a piece of equipment, checked against their kinds and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.model.condition.node import Proposition
from isthmus.model.condition.parse import parse
from isthmus.model.condition.reader import Reader
from isthmus.model.condition.syntax import ConditionError
from isthmus.model.condition.told import Told
from isthmus.model.condition.window import Window
from isthmus.model.tag import Tag
from isthmus.model.unit import Quantity, UnitError


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that can be evaluated: `inputs` are names of tags, `bounds` (name, bound).

    `lasting` counts its `for`s, of which each needs a place to remember since when it holds;
    `windows` are what it looks back over. An input that no tag tells is named as it is written.
    """

    text: str
    root: Proposition
    inputs: tuple[str, ...]
    bounds: tuple[tuple[str, str, str], ...]
    lasting: int
    windows: tuple[Window, ...] = ()
    aged: bool = False  # it asks how old what it looks at is


def condition(
    text: str,
    tags: Mapping[str, Tag],
    *,
    deadband: str | float | None = None,
    windows: bool = False,
    told: Told | None = None,
) -> Condition:
    """The condition that `text` writes over `tags`; ConditionError, with the place, if none.

    `windows` says whether it may look back over time; `told` knows what no tag tells.

    `deadband` is by how much a comparison must be wrong before it no longer holds: a number in
    the unit of what is compared, or one with its unit; that of the compared tag where None.
    """
    reader = Reader(tags, None if deadband is None else _deadband(deadband), told, windows)
    root = reader.test(parse(text), deadband=1.0)
    if isinstance(deadband, str) and not reader.used and Quantity.parse(deadband).unit.symbol:
        raise ConditionError(f"nothing in `{text}` is measured like the deadband `{deadband}`")
    names, bounds = tuple(reader.inputs), tuple(reader.bounds)
    more = reader.lasting, tuple(reader.windows), reader.aged
    return Condition(text, root, names, bounds, *more)


def _deadband(written: str | float) -> Quantity:
    try:
        found = Quantity.parse(str(written))
    except UnitError as error:
        raise ConditionError(str(error), hint=error.hint) from error
    if found.value < 0:
        raise ConditionError(f"the deadband `{written}` is below zero")
    return found
