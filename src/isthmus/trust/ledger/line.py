"""One line of the ledger: canonical JSON that names the hash of the line before, and its own.

`hash` is SHA-256 over the hash before and the line without its own: whoever changes one byte has
to change every line after it, and every signature. Text is ASCII with everything else escaped, so
that no text can end a line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

from isthmus.model.record import Fact
from isthmus.model.sample import Nanoseconds

GENESIS = bytes(32)
"""What the first line names as the hash before it."""

MOST_TEXT = 4_000
MOST_FACTS = 100
_OWN = len(',"hash":""}') + 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its place in the chain, when, what sort, who, what, about what.

    `time` is the wall's clock (ns UTC), `plant` the plant's where that is another. `kind` is one
    of `isthmus.model.record.Kind`, as text, for a later version may know more.
    """

    number: int
    time: Nanoseconds
    kind: str
    by: str
    text: str
    about: str
    facts: Mapping[str, Fact]
    plant: Nanoseconds | None
    previous: bytes
    hash: bytes


def write(
    number: int,
    time: int,
    kind: str,
    by: str,
    text: str,
    about: str,
    facts: Mapping[str, Fact],
    plant: int | None,
    previous: bytes,
) -> tuple[bytes, bytes]:
    """The line, without its end, and its hash."""
    record: dict[str, object] = {
        "about": _short(about),
        "by": _short(by),
        "facts": {_short(str(key)): _fact(value) for key, value in _few(facts)},
        "kind": kind,
        "n": number,
        "previous": previous.hex(),
        "text": _short(text),
        "time": moment(time),
    }
    if plant is not None:
        record["plant"] = moment(plant)
    body = _write(record).encode("ascii")
    own = sha256(previous + body).digest()
    return body[:-1] + b',"hash":"' + own.hex().encode("ascii") + b'"}', own


def read(line: bytes) -> Entry | None:
    """The record of a line whose hash fits what it says; None where a byte of it was changed."""
    body, own = line[:-_OWN] + b"}", line[-_OWN:]
    try:
        record = json.loads(body)
        previous = bytes.fromhex(record["previous"])
        found = sha256(previous + body).digest()
        if own != b',"hash":"' + found.hex().encode("ascii") + b'"}':
            return None
        return Entry(
            number=record["n"],
            time=instant(record["time"]),
            kind=record["kind"],
            by=record["by"],
            text=record["text"],
            about=record["about"],
            facts=record["facts"],
            plant=instant(record["plant"]) if "plant" in record else None,
            previous=previous,
            hash=found,
        )
    except (ValueError, KeyError, TypeError):
        return None


def moment(time: int) -> str:
    """`time` (ns UTC) as RFC 3339 writes it, to the microsecond."""
    seconds, rest = divmod(time // 1_000, 1_000_000)
    return f"{_second(seconds)}.{rest:06d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def instant(text: str) -> Nanoseconds:
    """The time (ns UTC) that `moment` wrote; ValueError where it is none."""
    since = datetime.fromisoformat(text) - _EPOCH
    return Nanoseconds(
        ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
    )


def _few(facts: Mapping[str, Fact]) -> list[tuple[str, Fact]]:
    return list(facts.items())[:MOST_FACTS]


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _fact(value: Fact) -> Fact:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    return _short(value) if isinstance(value, str) else value
