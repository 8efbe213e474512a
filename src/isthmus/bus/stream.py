"""Streams as JetStream has them: their configuration, what they hold, where they end."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from isthmus.bus.port import Message, StreamInfo, StreamSettings
from isthmus.model.sample import Nanoseconds

_SECOND = 1_000_000_000


def configuration(settings: StreamSettings) -> dict[str, Any]:
    """What the server is told of a stream."""
    return {
        "name": settings.name,
        "subjects": list(settings.subjects),
        "retention": "limits",
        "storage": "file",
        "discard": settings.discard,
        "max_bytes": settings.max_bytes or -1,
        "max_age": round(settings.max_age_s * _SECOND),
        "duplicate_window": round(_window(settings) * _SECOND),
        "num_replicas": settings.replicas,
        "allow_direct": True,
    }


def looked_up(answer: dict[str, Any]) -> Message:
    """A message that the server looked up by its sequence or subject."""
    found = answer["message"]
    raw = base64.b64decode(found.get("hdrs", "")).decode("utf-8", "replace")
    pairs = (line.partition(":") for line in raw.splitlines()[1:] if line)
    return Message(
        int(found["seq"]),
        found["subject"],
        base64.b64decode(found.get("data", "")),
        Nanoseconds(_nanoseconds(found["time"])),
        {key: value.strip() for key, _, value in pairs},
    )


def _nanoseconds(text: str) -> int:
    """A time of RFC 3339 in UTC with up to nine decimals, as the server writes it."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * _SECOND + int(fraction.ljust(9, "0")[:9] or 0)


def _window(settings: StreamSettings) -> float:
    """The duplicate window: the server takes none longer than the stream's age."""
    if settings.max_age_s:
        return min(settings.duplicate_window_s, settings.max_age_s)
    return settings.duplicate_window_s


def told(answer: dict[str, Any]) -> StreamInfo:
    """What the server says of a stream."""
    config, state = answer["config"], answer["state"]
    last = state["last_seq"]
    return StreamInfo(
        name=config["name"],
        epoch=f"{config['name']}@{_nanoseconds(answer['created'])}",
        first=state["first_seq"] if state["messages"] else last + 1,
        last=last,
        messages=state["messages"],
        bytes=state["bytes"],
    )
