"""Times as people of the plant type and read them: in the plant's own zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from isthmus.cli.remote import Remote
from isthmus.model.errors import ConfigError


def zone(site: Remote) -> ZoneInfo:
    """The time zone of the plant."""
    return ZoneInfo(site.get("/api/plant")["timezone"])


def asked(site: Remote, text: str) -> dict[str, float]:
    """The moment that was asked for, as `at`; a time without a zone is in the plant's."""
    if not text:
        return {}
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        hint = 'write it like `"2026-12-24 22:00"`'
        raise ConfigError(f"`{text}` is no time", hint=hint) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone(site))
    return {"at": found.timestamp() * 1e3}


def minute(milliseconds: float, of: ZoneInfo) -> str:
    """What the clock of `of` shows, with the name of the zone."""
    return f"{datetime.fromtimestamp(milliseconds / 1e3, of):%Y-%m-%d %H:%M %Z}"
