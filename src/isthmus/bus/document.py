"""Events and the catalogue of tags as frames of JSON: few, and read by people too.

Events are lines, an object each; a number that is not finite becomes null, a text longer than
65,536 characters is cut. The catalogue is one object: `tags`, with the id and what a tag has.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from isthmus.bus.envelope import FrameKind, seal, unseal
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Counter, Kind, Limits, Tag

MAX_TEXT = 65_536
MAX_EVENTS = 10_000


def encode_events(events: Sequence[Event]) -> bytes:
    """The frame of at most 10,000 events; ValueError where there are more."""
    if len(events) > MAX_EVENTS:
        raise ValueError(f"a frame holds {MAX_EVENTS} events, not {len(events)}: slice them")
    lines = [json.dumps(_event(event), ensure_ascii=False) for event in events]
    return seal(FrameKind.EVENTS, "\n".join(lines).encode("utf-8", "replace"))


def decode_events(data: bytes | memoryview) -> list[Event]:
    """The events of a frame; ProtocolError where it is damaged."""
    body = bytes(unseal(data, FrameKind.EVENTS))
    try:
        return [_to_event(json.loads(line)) for line in body.split(b"\n") if line]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"reading events: {type(error).__name__}: {error}") from error


def encode_catalogue(tags: Iterable[tuple[TagId, Tag]]) -> bytes:
    """The frame of the tags with their ids, as `Namespace.items` gives them."""
    described = [_tag(number, tag) for number, tag in tags]
    body = json.dumps({"tags": described}, ensure_ascii=False, separators=(",", ":"))
    return seal(FrameKind.CATALOGUE, body.encode("utf-8", "replace"))


def decode_catalogue(data: bytes | memoryview) -> list[tuple[TagId, Tag]]:
    """The tags of a frame with their ids; ProtocolError where it is damaged."""
    body = bytes(unseal(data, FrameKind.CATALOGUE))
    try:
        return [_to_tag(described) for described in json.loads(body)["tags"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"reading a catalogue: {type(error).__name__}: {error}") from error


# ---------------------------------------------------------------- events
def _event(event: Event) -> dict[str, Any]:
    return {
        "time": int(event.time),
        "path": event.path,
        "kind": event.kind,
        "text": _cut(event.text),
        "severity": event.severity,
        "data": {key: _scalar(value) for key, value in event.data.items()},
    }


def _to_event(found: dict[str, Any]) -> Event:
    data = found["data"]
    if not all(isinstance(value, str | float | int | None) for value in data.values()):
        raise TypeError("its data holds more than plain values")
    return Event(
        time=Nanoseconds(_whole(found["time"])),
        path=_text(found["path"]),
        kind=_text(found["kind"]),
        text=_text(found["text"]),
        severity=min(max(_whole(found["severity"]), 1), 1_000),
        data=data,
    )


def _scalar(value: str | float | None) -> str | float | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _cut(value) if isinstance(value, str) else value


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


# ---------------------------------------------------------------- tags
def _tag(number: TagId, tag: Tag) -> dict[str, Any]:
    """What differs from a plain tag, under the names of `Tag`'s fields."""
    described: dict[str, Any] = {"id": int(number), "path": tag.path}
    plain = Tag("")
    for name in ("unit", "deadband", "role", "description", "writable", "type", "title"):
        if (value := getattr(tag, name)) != getattr(plain, name):
            described[name] = value
    if tag.kind is not Kind.NUMBER:
        described["kind"] = tag.kind.value
    for name in ("range", "normal"):
        if (pair := getattr(tag, name)) is not None:
            described[name] = list(pair)
    if tag.limits != plain.limits:
        described["limits"] = asdict(tag.limits)
    if tag.legend:
        described["legend"] = {str(code): word for code, word in tag.legend.items()}
    if tag.counter is not None:
        described["counter"] = asdict(tag.counter)
    return described


def _to_tag(found: Mapping[str, Any]) -> tuple[TagId, Tag]:
    tag = Tag(
        path=_text(found["path"]),
        unit=_text(found.get("unit", "")),
        kind=Kind(found.get("kind", Kind.NUMBER)),
        range=_pair(found.get("range")),
        normal=_pair(found.get("normal")),
        limits=Limits(**found.get("limits", {})),
        deadband=float(found.get("deadband", 0.0)),
        legend={int(code): _text(word) for code, word in found.get("legend", {}).items()},
        counter=Counter(**found["counter"]) if "counter" in found else None,
        role=_text(found.get("role", "")),
        description=_text(found.get("description", "")),
        writable=bool(found.get("writable", False)),
        type=_text(found.get("type", "")),
        title=_text(found.get("title", "")),
    )
    return TagId(_whole(found["id"])), tag


def _pair(found: Sequence[float] | None) -> tuple[float, float] | None:
    if found is None:
        return None
    low, high = found
    return float(low), float(high)


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r:.40} is no text")
    return found


def _whole(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise TypeError(f"{found!r:.40} is no whole number")
    if not -(1 << 63) <= found < 1 << 63:
        raise ValueError(f"{found!r:.40} is beyond 64 bits")
    return found
