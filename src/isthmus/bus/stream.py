"""Streams as JetStream has them: their configuration, what they hold, where they end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isthmus.bus.port import StreamInfo, StreamSettings

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Last:
    """Where a stream ends: the last sequence, and the id of the last message if it is there."""

    seq: int
    id: str


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


def id_of(message: dict[str, Any]) -> str:
    """The id in the headers of a message that the server looked up."""
    headers = base64.b64decode(message.get("hdrs", "")).decode("utf-8", "replace")
    for line in headers.splitlines():
        key, _, value = line.partition(":")
        if key == "Nats-Msg-Id":
            return value.strip()
    return ""


def _window(settings: StreamSettings) -> float:
    """The duplicate window: the server takes none longer than the stream's age."""
    if settings.max_age_s:
        return min(settings.duplicate_window_s, settings.max_age_s)
    return settings.duplicate_window_s


def told(answer: dict[str, Any]) -> StreamInfo:
    """What the server says of a stream."""
    config, state = answer["config"], answer["state"]
    created = datetime.fromisoformat(answer["created"][:19]).isoformat()
    fraction = answer["created"][19:].rstrip("Z").lstrip(".").ljust(9, "0")[:9]
    last = state["last_seq"]
    return StreamInfo(
        name=config["name"],
        epoch=f"{config['name']}@{created}.{fraction}",
        first=state["first_seq"] if state["messages"] else last + 1,
        last=last,
        messages=state["messages"],
        bytes=state["bytes"],
    )
