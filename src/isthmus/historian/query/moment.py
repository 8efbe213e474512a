"""Times as people say them: `2026-11-26 06:00`, `yesterday`, `today 06:00`, `now-8h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from isthmus.historian.query.step import length, local_day, midnight
from isthmus.historian.settings import SECOND
from isthmus.model.errors import Refused
from isthmus.model.sample import Nanoseconds

HINT = "such as 2026-11-26T06:00, `today 06:00`, `yesterday`, now, now-8h"
FIRST, LAST = 0, 9_100_000_000 * SECOND  # 1970 to 2258: what nanoseconds in 64 bits hold
_AGO = re.compile(r"(now|today|yesterday)\s*(?:-\s*(.+))?")
_DAY = re.compile(r"(today|yesterday)\s+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DIGITS = re.compile(r"-?\d{9,19}")
_FRACTION = re.compile(r"(\.\d{6})(\d{1,3})")


def moment(said: str | datetime | float, zone: ZoneInfo, now: Nanoseconds) -> Nanoseconds:
    """The time that is `said`; without an offset it is of the plant's `zone`.

    A number is milliseconds since 1970, as everywhere in the HTTP API.
    """
    if isinstance(said, datetime):
        return _checked(_of(said, zone), said.isoformat())
    if isinstance(said, int | float):
        return _checked(_milliseconds(float(said)), f"{said}")
    text = said.strip()
    if _DIGITS.fullmatch(text) or re.fullmatch(r"-?\d+\.\d+", text):
        return _checked(_milliseconds(float(text)), text)
    if found := _DAY.fullmatch(text.casefold()):
        return _clock(found, zone, now, text)
    if found := _AGO.fullmatch(text.casefold()):
        return _checked(_ago(found, zone, now), text)
    try:
        rest = _FRACTION.search(text)
        plain = text.replace(rest[0], rest[1]) if rest else text
        return _checked(_of(datetime.fromisoformat(plain), zone) + _below(rest), text)
    except ValueError as error:
        raise Refused(f"`{text[:60]}` is no time", hint=HINT) from error


def _milliseconds(number: float) -> int:
    if not abs(number) <= LAST / 1e6:
        raise Refused(f"{number} is no time in milliseconds", hint=HINT)
    return round(number * 1e3) * 1_000


def _below(rest: re.Match[str] | None) -> int:
    """Nanoseconds beyond the microsecond."""
    return int(rest[2].ljust(3, "0")) if rest else 0


def _of(said: datetime, zone: ZoneInfo) -> int:
    local = said if said.tzinfo else said.replace(tzinfo=zone)
    apart = local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (apart // timedelta(microseconds=1)) * 1_000


def _clock(found: re.Match[str], zone: ZoneInfo, now: Nanoseconds, text: str) -> Nanoseconds:
    day = local_day(now, zone) - timedelta(days=found[1] == "yesterday")
    try:
        local = datetime(
            *(day.year, day.month, day.day, int(found[2]), int(found[3]), int(found[4] or 0)),
            tzinfo=zone,
        )
    except ValueError as error:
        raise Refused(f"`{text[:60]}` is no time of the day", hint=HINT) from error
    return Nanoseconds(_of(local, zone))


def _ago(found: re.Match[str], zone: ZoneInfo, now: Nanoseconds) -> int:
    day = local_day(now, zone) - timedelta(days=found[1] == "yesterday")
    start = int(now) if found[1] == "now" else midnight(day, zone)
    return start - (length(found[2]) if found[2] else 0)


def _checked(time: int, text: str) -> Nanoseconds:
    if not FIRST <= time <= LAST:
        raise Refused(f"`{text[:60]}` is not between 1970 and 2258", hint=HINT)
    return Nanoseconds(time)
