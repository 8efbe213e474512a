"""How far back a condition looks: windows, `for` and `lasted`, one inside the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from isthmus.model.condition.node import Compared, Constant, Lasting
from isthmus.model.condition.told import Lasted
from isthmus.model.condition.window import Counted, Windowed

MOST = 86_400.0  # seconds for which `lasted` alone makes it look back


def reach(part: object) -> float:
    """The seconds before a moment on which it rests whether `part` holds then."""
    inner = max(map(reach, _parts(part)), default=0.0)
    if isinstance(part, Lasting | Windowed | Counted):
        return inner + part.seconds
    if isinstance(part, Compared) and (_lasted(part.left) or _lasted(part.right)):
        sides = (part.left, part.right)
        told = [abs(each.value) for each in sides if isinstance(each, Constant)]
        return inner + min(max(told, default=0.0), MOST)
    return inner


def _parts(part: object) -> Iterator[object]:
    if is_dataclass(part) and not isinstance(part, type):
        for each in fields(part):
            found = getattr(part, each.name)
            yield from found if isinstance(found, tuple) else (found,)


def _lasted(part: object) -> bool:
    return isinstance(part, Lasted) or any(map(_lasted, _parts(part)))
