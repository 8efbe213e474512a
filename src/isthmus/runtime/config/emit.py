"""Values as YAML text that `scalar` reads back as the same values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from isthmus.runtime.config.scalar import scalar

_PLAIN = re.compile(r"[A-Za-z0-9_/.+°-](?:[A-Za-z0-9_/.;=+°%µ²³ -]*[A-Za-z0-9_/.;=+°%µ²³-])?")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._:/-]*[A-Za-z0-9_/-]")
_OLD_BOOLEANS = frozenset({"y", "n", "yes", "no", "on", "off"})  # to readers of YAML 1.1
_RESERVED = ("- ", "---", "...")


def word(value: object) -> str:
    """One scalar, in quotes only where it would mean something else without."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
        return repr(value).removesuffix(".0")
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not text.startswith(_RESERVED) and text != "-"
    if (plain or _URL.fullmatch(text)) and isinstance(scalar(text), str):
        return f'"{text}"' if text.lower() in _OLD_BOOLEANS else text
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(letter: str) -> str:
    if letter in {'"', "\\"}:
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"


def flow(value: object) -> str:
    """A value on one line: `{unit: kW, range: [0, 60]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return word(value)


def block(entries: Mapping[str, object], indent: int) -> Iterator[str]:
    """Entries on lines of their own; mappings that hold only scalars stay on one line."""
    gap = " " * indent
    for key, value in entries.items():
        deep = isinstance(value, Mapping) and any(
            isinstance(item, Mapping | list) for item in value.values()
        )
        if isinstance(value, Mapping) and (deep or key == "tags") and value:
            yield f"{gap}{word(key)}:"
            yield from block(value, indent + 2)
        else:
            yield f"{gap}{word(key)}: {flow(value)}"
