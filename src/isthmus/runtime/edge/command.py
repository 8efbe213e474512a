"""What a site asks an edge to write, and what the edge answers: two small JSON documents.

Times are of the edge's own clock since it started, which its `session` names. So no two clocks have
to agree, and what waited on the way through a restart or a sleep is out of time, not late.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from isthmus.model.errors import ProtocolError

MOST = 8_192  # bytes
MAX_TEXT = 1_000
LIFE = 5.0  # seconds from the edge's answer until what it may be asked expires


class State(StrEnum):
    """What an edge may answer."""

    READY = "ready"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Ask(StrEnum):
    """What is asked: whether it could be written now, or to write it."""

    READY = "ready"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Command:
    """A value for a tag, in its unit; `number` is the action's, carried out once, before `until`.

    `session` and `until` are empty where it is only asked whether the edge is ready.
    """

    ask: Ask
    path: str
    value: float
    number: str = ""
    session: str = ""
    until: float = 0.0
    reason: str = ""
    by: str = ""

    def encode(self) -> bytes:
        """This command as JSON."""
        return _encoded(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The command that a site encoded; ProtocolError where it is none."""
        told = _decoded(data, "a command")
        try:
            return cls(
                *(Ask(told["ask"]), _text(told, "path"), _number(told["value"])),
                *(_text(told, "number"), _text(told, "session"), _number(told["until"])),
                *(_text(told, "reason"), _text(told, "by")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"reading a command: {error!r:.200}") from error


@dataclass(frozen=True, slots=True)
class Reply:
    """What the edge says: `ready`, or how the last step went, with its session and its clock."""

    state: str
    session: str
    clock: float
    after: float | None = None
    said: str = ""
    blind: bool = False

    def encode(self) -> bytes:
        """This reply as JSON."""
        return _encoded(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The reply that an edge encoded; ProtocolError where it is none."""
        told = _decoded(data, "the reply of an edge")
        try:
            after = None if told["after"] is None else _number(told["after"])
            state = State(told["state"])
            return cls(
                *(state.value, _text(told, "session"), _number(told["clock"]), after),
                *(_text(told, "said"), told["blind"] is True),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"reading the reply of an edge: {error!r:.200}") from error


def _encoded(told: Command | Reply) -> bytes:
    body = {name: _short(value) for name, value in asdict(told).items()}
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _short(value: object) -> object:
    """What JSON can tell of `value`: no endless text, no number that is none."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _decoded(data: bytes, what: str) -> dict[str, Any]:
    if len(data) > MOST:
        raise ProtocolError(f"reading {what}: {len(data)} bytes, and {MOST} is the most")
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"reading {what}: {error!r:.200}") from error
    if not isinstance(told, dict):
        raise ProtocolError(f"reading {what}: it is no object")
    return told


def _text(told: dict[str, Any], key: str) -> str:
    found = told[key]
    if not isinstance(found, str):
        raise TypeError(f"`{key}` is no text")
    return found[:MAX_TEXT]


def _number(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TypeError(f"{found!r:.50} is no number")
    number = float(found) if abs(found) < 2**1023 else math.inf
    if not math.isfinite(number):
        raise ValueError("a number that is none")
    return number
