"""What a session can be set to: what clients set and ask for, and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from isthmus.pgwire.error import BAD_VALUE, NO_PARAMETER, NOT_ALLOWED, SqlError
from isthmus.pgwire.token import Kind, Token

SERVER_VERSION = "15.0"
REPORTED = (
    *("server_version", "server_encoding", "client_encoding", "application_name"),
    *("is_superuser", "session_authorization", "DateStyle", "IntervalStyle", "TimeZone"),
    *("integer_datetimes", "standard_conforming_strings", "default_transaction_read_only"),
    *("in_hot_standby",),
)
FIXED = {
    "server_version": SERVER_VERSION,
    "server_version_num": "150000",
    "server_encoding": "UTF8",
    "is_superuser": "off",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "in_hot_standby": "off",
    "transaction_read_only": "on",
    "default_transaction_read_only": "on",
    "lc_collate": "C.UTF-8",
    "lc_ctype": "C.UTF-8",
    "max_identifier_length": "63",
    "max_index_keys": "32",
    "block_size": "8192",
    "session_authorization": "",
}
DEFAULTS = {
    "client_encoding": "UTF8",
    "application_name": "",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "search_path": '"$user", public',
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_min_messages": "notice",
    "transaction_isolation": "repeatable read",
    "default_transaction_isolation": "repeatable read",
    "transaction_deferrable": "off",
    "default_transaction_deferrable": "off",
    "row_security": "on",
    "synchronize_seqscans": "on",
    "check_function_bodies": "on",
    "xmloption": "content",
    "geqo": "on",
    "jit": "off",
    "escape_string_warning": "on",
    "backslash_quote": "safe_encoding",
    "enable_seqscan": "on",
    "work_mem": "4MB",
    "tcp_keepalives_idle": "0",
    "optimize_bounded_sort": "on",
    "quote_all_identifiers": "off",
    "cursor_tuple_fraction": "0.1",
    "default_tablespace": "",
    "log_statement": "none",
}
UTF8 = {"utf8", "utf-8", "unicode"}
_SPAN = re.compile(r"(\d+)\s*(ms|s|min|h|d)?")
_MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "": 1}
MOST_VALUE = 256


@dataclass(slots=True)
class SessionSettings:
    """The settings of one session; names in small letters."""

    user: str
    values: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    start: dict[str, str] = field(default_factory=dict)  # what RESET goes back to

    def begin(self, parameters: dict[str, str]) -> None:
        """Take what the client wished for at its start; what is unknown is left out."""
        wished = {k: v for k, v in parameters.items() if k not in ("user", "database", "options")}
        for name, value in [*_options(parameters.get("options", "")), *wished.items()]:
            if name.lower() in DEFAULTS:
                self.set(name, value)
        self.start = dict(self.values)

    def get(self, name: str) -> str:
        """The value of a setting."""
        key = {"time zone": "timezone"}.get(name.lower(), name.lower())
        if key == "session_authorization":
            return self.user
        if key in FIXED:
            return FIXED[key]
        if key not in self.values:
            raise SqlError(NO_PARAMETER, f'unrecognized configuration parameter "{name[:64]}"')
        return self.values[key]

    def set(self, name: str, value: str) -> str:
        """Set it; the name as it is reported to the client, empty where it is not."""
        key = name.lower()
        value = value[:MOST_VALUE]
        if key in FIXED:
            self._fixed(key, value)
        elif key not in DEFAULTS and "." not in key:
            raise SqlError(NO_PARAMETER, f'unrecognized configuration parameter "{name[:64]}"')
        elif key in DEFAULTS:
            self.values[key] = self._checked(key, value)
        return next((shown for shown in REPORTED if shown.lower() == key), "")

    def _fixed(self, key: str, value: str) -> None:
        if key in ("transaction_read_only", "default_transaction_read_only"):
            if value.lower() in ("off", "false", "0", "no"):
                raise SqlError("25006", "history is read only here")
        elif value.lower() != FIXED[key].lower():
            raise SqlError(BAD_VALUE, f'parameter "{key}" cannot be changed to {value!r}')

    def _checked(self, key: str, value: str) -> str:
        if key == "client_encoding":
            if value.strip("'\"").lower() not in UTF8:
                raise SqlError(BAD_VALUE, f"the encoding {value!r} is not spoken, UTF8 is")
            return "UTF8"
        if key == "timezone":
            return _zone(value)
        if key == "datestyle" and not value.lower().startswith("iso"):
            raise SqlError(BAD_VALUE, f"the date style {value!r} is not spoken, ISO is")
        if key == "datestyle":
            return "ISO, MDY"
        if key == "intervalstyle" and value.lower() != "postgres":
            raise SqlError(BAD_VALUE, f"the interval style {value!r} is not spoken, postgres is")
        if key == "statement_timeout":
            milliseconds(value)
        return value

    def reset(self, name: str) -> None:
        """Set it as it was at the start of the session; all of them where `name` is `all`."""
        if name == "all":
            self.values = dict(self.start)
        elif name in self.start:
            self.values[name] = self.start[name]

    def timeout(self) -> float:
        """Seconds after which a statement shall end, 0 where the client sets none."""
        return milliseconds(self.values["statement_timeout"]) / 1000

    def schemas(self) -> list[str]:
        """Where names without a schema are looked for."""
        parts = (part.strip().strip("\"'") for part in self.values["search_path"].split(","))
        return [part for part in parts if part and part != "$user"]


def _options(text: str) -> list[tuple[str, str]]:
    """The settings in the startup option `-c name=value`."""
    return [
        (name.replace("-", "_"), value.replace("\\ ", " "))
        for name, value in re.findall(r"(?:-c\s*|--)([A-Za-z_.\-]+)=((?:\\.|\S)*)", text)
    ]


def milliseconds(text: str) -> int:
    """A span such as `30s` or `5000`, in milliseconds."""
    found = _SPAN.fullmatch(text.strip().strip("'"))
    if not found:
        raise SqlError(BAD_VALUE, f"{text!r} is no time; write `30s` or milliseconds")
    return int(found[1]) * _MILLISECONDS[found[2] or ""]


def _zone(text: str) -> str:
    name = text.strip().strip("'\"")
    if name.lower() in ("default", "local"):
        return "UTC"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        shift = re.fullmatch(r"(?:GMT|UTC)?([+-]?)0?0(?::?00)?", name)
        if shift:
            return "UTC"
        raise SqlError(BAD_VALUE, f"there is no time zone {name[:64]!r}") from error
    return name


def assignment(tokens: Sequence[Token]) -> tuple[str, str] | None:
    """Name and value of `SET [SESSION|LOCAL] name {TO|=} value`; None where nothing is to do."""
    words = list(tokens[1:])
    if words and words[0].word in ("session", "local"):
        words = words[1:]
    first = words[0].word if words else ""
    if first in ("transaction", "characteristics"):
        _no_writes(words)
        return None
    if first in ("role", "authorization"):
        if first == "role" and len(words) > 1 and words[-1].word in ("none", "default"):
            return None
        raise SqlError(NOT_ALLOWED, "a session stays the user's who signed in")
    if first == "time" and len(words) > 1 and words[1].word == "zone":
        return "timezone", _value(words[2:])
    if first == "names":
        return "client_encoding", _value(words[1:]) or "UTF8"
    split = next((n for n, t in enumerate(words) if t.sign("=") or t.word == "to"), None)
    if split is None or not split:
        raise SqlError("42601", "SET needs a name and a value")
    name = "".join(token.word or token.text for token in words[:split])
    return name, _value(words[split + 1 :])


def _no_writes(words: Sequence[Token]) -> None:
    names = [token.word for token in words]
    if any(a == "read" and b == "write" for a, b in pairwise(names)):
        raise SqlError("25006", "history is read only here")


def _value(words: Sequence[Token]) -> str:
    parts = []
    for token in words:
        text = token.text
        if token.kind is Kind.STRING:
            text = text[text.index("'") + 1 : -1].replace("''", "'") if "'" in text else text
        parts.append(token.word if token.kind is Kind.QUOTED else text)
    return "".join(", " if part == "," else part for part in parts)
