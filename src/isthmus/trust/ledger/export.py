"""Records for other systems: JSON lines, CEF (version 0), syslog (RFC 5424).

Whatever stands in a record, it stays one line and in its field: line ends and the marks of each
format are escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from isthmus import __version__
from isthmus.model.record import Kind
from isthmus.trust.ledger.line import Entry, moment

SEVERITY: Mapping[str, int] = {
    Kind.ACCESS: 6,
    Kind.ACTION: 5,
    Kind.POLICY: 5,
    Kind.ZONE: 5,
    Kind.CERTIFICATE: 4,
    Kind.ACCOUNT: 4,
    Kind.CONFIGURATION: 4,
    Kind.LOCK: 4,
    Kind.PERMIT: 4,
    Kind.SIGN_IN: 3,
    Kind.LEDGER: 2,
}
"""How severe a kind is to CEF, 0 to 10; a refusal is one more."""

LOG_AUDIT, NOTICE, WARNING = 13, 5, 4
ENTERPRISE = "isthmus@32473"  # RFC 5612: the number for examples, as we have none of our own
_SD = str.maketrans({"\\": "\\\\", '"': '\\"', "]": "\\]"})
_CEF_HEAD = str.maketrans({"\\": "\\\\", "|": "\\|"})
_CEF = str.maketrans({"\\": "\\\\", "=": "\\="})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who tells: this machine's name, and the plant's."""

    host: str
    plant: str


def json_line(entry: Entry, sender: Sender) -> str:
    """The record as one line of JSON."""
    return json.dumps(
        {
            "plant": sender.plant,
            "number": entry.number,
            "time": moment(entry.time),
            "plant_time": None if entry.plant is None else moment(entry.plant),
            "kind": entry.kind,
            "by": entry.by,
            "about": entry.about,
            "text": entry.text,
            "facts": dict(entry.facts),
            "hash": entry.hash.hex(),
        }
    )


def cef(entry: Entry, sender: Sender) -> str:
    """The record as the Common Event Format writes it."""
    severity = SEVERITY.get(entry.kind, 4) + (1 if entry.facts.get("allowed") is False else 0)
    head = ("CEF:0", "Isthmus", "isthmus", __version__, entry.kind, entry.text, str(severity))
    fields = {
        "rt": str(entry.time // 1_000_000),
        "dvchost": sender.host,
        "suser": entry.by,
        "msg": entry.text,
        "externalId": str(entry.number),
        "cs1Label": "about",
        "cs1": entry.about,
        "cs2Label": "facts",
        "cs2": json.dumps(dict(entry.facts), sort_keys=True),
        "cs3Label": "hash",
        "cs3": entry.hash.hex(),
        "cs4Label": "plant",
        "cs4": sender.plant,
    }
    before = "|".join(one_line(part).translate(_CEF_HEAD) for part in head)
    rest = " ".join(
        f"{key}={one_line(text).translate(_CEF)}" for key, text in fields.items() if text
    )
    return f"{before}|{rest}"


def syslog(entry: Entry, sender: Sender) -> str:
    """The record as one message of RFC 5424, facility 13 (log audit)."""
    refused = entry.facts.get("allowed") is False or entry.kind == Kind.ACCESS
    priority = LOG_AUDIT * 8 + (WARNING if refused else NOTICE)
    told = {
        "n": str(entry.number),
        "by": entry.by,
        "about": entry.about,
        "hash": entry.hash.hex(),
        "facts": json.dumps(dict(entry.facts), sort_keys=True),
    }
    data = " ".join(f'{key}="{one_line(text).translate(_SD)}"' for key, text in told.items())
    host = _name(sender.host, 255)
    head = f"<{priority}>1 {moment(entry.time)} {host} isthmus - {_name(entry.kind, 32)}"
    return f"{head} [{ENTERPRISE} {data}] {one_line(entry.text)}"


FORMATS: Mapping[str, Callable[[Entry, Sender], str]] = {
    "json": json_line,
    "cef": cef,
    "syslog": syslog,
}


def one_line(text: str) -> str:
    """`text` in printable ASCII, everything else as Python escapes it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each
        if each.isascii() and each.isprintable()
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def _name(text: str, longest: int) -> str:
    """`text` as PRINTUSASCII of RFC 5424 without spaces, `-` where nothing is left."""
    return "".join(each for each in text if "!" <= each <= "~")[:longest] or "-"
