"""A host's STATE message (3.0.0, 6.4.30): JSON, retained, with the time of the connect."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostState:
    """Whether a host application is online, and since when (ms since 1970)."""

    online: bool
    timestamp: int

    def encode(self) -> bytes:
        """The payload of a birth or death certificate."""
        return json.dumps({"online": self.online, "timestamp": self.timestamp}).encode()

    @classmethod
    def parse(cls, payload: bytes) -> HostState | None:
        """What `payload` says; None where it is not a STATE payload of Sparkplug 3.0."""
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            return None
        if not isinstance(said, dict):
            return None
        online, timestamp = said.get("online"), said.get("timestamp")
        if not isinstance(online, bool) or isinstance(timestamp, bool):
            return None
        return cls(online, timestamp) if isinstance(timestamp, int) else None
